"""The report as one HTML file: it needs no network, no script and no other file.

The template and its style lie in `templates/`. Every text is escaped there; markup comes from
`figure_files.py` alone. What may be told while a study is sealed is decided by who makes the page
record.
"""

import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from evaluation.drawing import FILE, NARROW, WIDE
from evaluation.figure_files import figure_as_png, figure_as_svg, rows_as_csv, table_as_csv
from evaluation.findings import KeyFigure
from evaluation.plots import Plot
from evaluation.sections import Section
from study.errors import BadInput

HTML_FILE = "report.html"
FIGURES = "figures"
_KINDS = (".svg", ".png", ".csv")
_LONGEST_ANCHOR = 60
_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class MethodNote:
    """One thing that must be known to repeat or doubt the numbers."""

    name: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class ReportPage:
    """All that stands on the page, in order."""

    name: str
    question: str
    is_sealed: bool
    findings: tuple[str, ...]
    key_figures: tuple[KeyFigure, ...]
    sections: tuple[Section, ...]
    methods: tuple[MethodNote, ...]
    made_at: str
    limited: str | None


@dataclass(frozen=True)
class _Figure:
    """A plot drawn for the page."""

    wide: Markup
    narrow: Markup


def render_report(page: ReportPage) -> str:
    """The whole file as text."""
    return _render(page, _draw(page))


def _draw(page: ReportPage) -> dict[str, _Figure]:
    return {
        plot.slug: _Figure(_svg(plot, is_narrow=False), _svg(plot, is_narrow=True))
        for section in page.sections
        for plot in section.plots
    }


def _render(page: ReportPage, figures: Mapping[str, _Figure]) -> str:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["anchor"] = _anchor
    style = Markup((_TEMPLATES / "report.css").read_text(encoding="utf-8"))
    return environment.get_template("report.html").render(page=page, figures=figures, style=style)


def write_report(folder: Path, page: ReportPage) -> Path:
    """Write the HTML file, and beside it every figure as SVG and PNG and every table as CSV.

    An earlier report in the folder is replaced as a whole; when anything fails it stays.

    Returns:
        The HTML file.
    Raises:
        BadInput: the folder holds something other than a report, or cannot be written.
    """
    _check_is_ours(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    except OSError as error:
        raise BadInput(
            f"{folder} cannot be written ({error.strerror}); name another folder with --to"
        ) from error
    try:
        _fill(draft, page)
        _put_in_place(draft, folder)
    except BaseException:  # at Ctrl-C too nothing half-written stays
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return folder / HTML_FILE


def _fill(folder: Path, page: ReportPage) -> None:
    drawn, figures = _draw(page), folder / FIGURES
    figures.mkdir()
    for section in page.sections:
        for plot in section.plots:
            (figures / f"{plot.slug}.svg").write_text(drawn[plot.slug].wide, encoding="utf-8")
            (figures / f"{plot.slug}.png").write_bytes(figure_as_png(plot.draw(FILE)))
            numbers = rows_as_csv(plot.number_columns, plot.numbers)
            _write_csv(figures / f"{plot.slug}.csv", numbers)
        for number, table in enumerate(section.tables, start=1):
            name = f"table-{number:02}-{_anchor(table.title)}.csv"
            _write_csv(figures / name, table_as_csv(table))
    (folder / HTML_FILE).write_text(_render(page, drawn), encoding="utf-8")


def _check_is_ours(folder: Path) -> None:
    if not folder.exists():
        return
    strange = (
        [folder]
        if not folder.is_dir()
        else [path for path in folder.iterdir() if not _is_ours(path)]
    )
    if strange:
        raise BadInput(
            f"expected a new or empty folder, or one with an earlier report, got {folder}, which "
            f"holds {strange[0].name}; name another with --to"
        )


def _is_ours(path: Path) -> bool:
    if path.name == FIGURES and path.is_dir():
        return all(inner.suffix in _KINDS and inner.is_file() for inner in path.iterdir())
    return path.name == HTML_FILE and path.is_file()


def _put_in_place(draft: Path, folder: Path) -> None:
    """Take the place of an earlier report, which comes back if that fails."""
    draft.chmod(0o777 & ~_umask())
    if not folder.exists():
        draft.rename(folder)
        return
    earlier = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent)) / "earlier"
    folder.rename(earlier)
    try:
        draft.rename(folder)
    except BaseException:  # at Ctrl-C too the earlier report comes back
        earlier.rename(folder)
        raise
    finally:
        shutil.rmtree(earlier.parent, ignore_errors=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _write_csv(file: Path, text: str) -> None:
    with file.open("w", encoding="utf-8", newline="") as stream:
        stream.write(text)


def _svg(plot: Plot, *, is_narrow: bool) -> Markup:
    figure = plot.draw(NARROW if is_narrow else WIDE)
    slug = f"{plot.slug}-narrow" if is_narrow else plot.slug
    # the XML writer escaped every text in it
    return Markup(figure_as_svg(figure, slug, plot.title, plot.alt_text))


def _anchor(title: str) -> str:
    words = "".join(sign if sign.isalnum() and sign.isascii() else " " for sign in title.lower())
    # a title may hold an arm's name, which may be of any length; no file's may
    return "-".join(words.split())[:_LONGEST_ANCHOR].rstrip("-")
