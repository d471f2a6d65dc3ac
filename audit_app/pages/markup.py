"""HTML that the owner's page is made of. Every text that comes from elsewhere is escaped here.

What each part of the page says is in `owner_parts.py`. The result is the value of a `gr.HTML`
with Gradio's own template, which puts it in as it is; it must not become part of an
`html_template` (see `frame.py`).
"""

import base64
from collections.abc import Iterable, Sequence
from html import escape

from audit_app.stages import HeardStage
from evaluation.drawing import NARROW, WIDE, Shape
from evaluation.figure_files import figure_as_png
from evaluation.formats import Table
from evaluation.plots import Plot
from evaluation.sections import Section
from study.settings import Settings

NO_RESULTS = """<div class="wa-sheet"><section class="wa-part"><h2>Results</h2>
<p>There is nothing to analyse yet. Once the models have answered, error rates appear here;
once people have rated pairs, so do their preferences and how well they agree. Every number
comes with its interval and with what it counts.</p></section></div>"""

SIGN_OUT = """<div class="wa-sheet"><form class="wa-leave" method="post" action="/sign-out">
<button class="wa-quiet">Sign out</button></form></div>"""

_NO_STAGE = """<p>No stage has reported since this app started. Stages report when
<code>warmth-audit run</code> or a single stage runs against this study.</p>"""


_DOWNLOAD = """<p><a href="/owner/export/report.html">Download this as one HTML file</a>, which needs
nothing else.</p>"""

_NARROW_PAGE = "(max-width: 720px)"
"""As in `app.css`, which lets no picture be wider than such a page."""

_PLACES = ("Progress", "People", "Held-back replies", "State", "Results", "Exports")


def title_html(settings: Settings) -> str:
    """The study's name, what it is to find out, and the way to the parts of the page."""
    links = "".join(f'<li><a href="#{_anchor(place)}">{place}</a></li>' for place in _PLACES)
    return (
        f'<div class="wa-sheet"><h1>{escape(settings.name)}</h1>'
        f"<p>{escape(settings.question)}</p>"
        f'<nav aria-label="Parts of this page"><ul class="wa-nav">{links}</ul></nav></div>'
    )


def stages_html(stages: Sequence[HeardStage]) -> str:
    """What each stage last said, and since when one at work has said nothing."""
    if not stages:
        return part_html("Stages", _NO_STAGE)
    rows = [_stage_cells(stage) for stage in stages]
    return part_html(
        "Stages", table_html("Stages", ("Stage", "State", "Done", "What", "Time"), rows)
    )


def link_html(link: str, days: int) -> str:
    """A sign-in link in a field of its own, to be copied from there."""
    return (
        '<div class="wa-sheet"><label class="wa-field"><span>Send this link to one person only; '
        f'it works for {days} days</span><input type="text" readonly value="{escape(link)}">'
        "</label></div>"
    )


def results_html(heads: Iterable[str], sections: Iterable[Section]) -> str:
    """The report's sections: figures with their numbers, every table with its note, a download."""
    told = "".join(note_html(head) for head in heads)
    return part_html("Results", told + _DOWNLOAD + "".join(map(_section, sections)))


def said_html(sentence: str, *, is_problem: bool = False) -> str:
    """What became of a click: read out when it appears."""
    look = "wa-problem" if is_problem else "wa-saved"
    return f'<div class="wa-sheet"><p class="{look}" role="alert">{escape(sentence)}</p></div>'


def part_html(title: str, content: str) -> str:
    """One part of the page under its heading; `content` is HTML."""
    return (
        f'<div class="wa-sheet"><section class="wa-part" id="{_anchor(title)}">'
        f"<h2>{escape(title)}</h2>{content}</section></div>"
    )


def list_html(lines: Iterable[str]) -> str:
    """Sentences, one beneath the other."""
    return f'<ul class="wa-places">{"".join(f"<li>{escape(line)}</li>" for line in lines)}</ul>'


def note_html(text: str) -> str:
    """A paragraph in small print."""
    return f'<p class="wa-note">{escape(text)}</p>'


def table_html(
    name: str, columns: Sequence[str], rows: Iterable[Sequence[str]], *, is_long: bool = False
) -> str:
    """A table that scrolls within its own box, by keys too; a long one downwards as well."""
    box = "wa-wide wa-tall" if is_long else "wa-wide"
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return (
        f'<div class="{box}" tabindex="0" role="region" aria-label="{escape(name)}"><table><thead>'
        f"<tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table></div>"
    )


def _anchor(title: str) -> str:
    return title.lower().replace(" ", "-")


def _stage_cells(stage: HeardStage) -> tuple[str, ...]:
    said = stage.progress
    state = "done before" if said.state == "skipped" else said.state
    return (
        said.stage,
        f"no news since {stage.heard_at:%H:%M:%S} UTC" if stage.is_silent else state,
        f"{said.done} of {said.total}" if said.total else str(said.done or ""),
        said.note,
        f"{said.seconds:.0f} s" if said.seconds else "",
    )


def _section(section: Section) -> str:
    said = "".join(f"<p>{escape(sentence)}</p>" for sentence in section.said)
    # folded, since two dozen open tables make a page of forty screens on a phone
    tables = "".join(
        f"<details><summary><h4>{escape(table.title)}</h4></summary>"
        f"{_noted_table(table.title, table)}</details>"
        for table in section.tables
    )
    figures = "".join(map(_figure, section.plots))
    return f"<h3>{escape(section.title)}</h3>{said}{figures}{tables}"


def _noted_table(name: str, table: Table) -> str:
    return table_html(name, table.columns, table.rows) + note_html(table.note)


def _figure(plot: Plot) -> str:
    numbers = _noted_table(f"Numbers of the figure: {plot.title}", plot.data)
    return (
        f"<figure><figcaption><h4>{escape(plot.title)}</h4>{note_html(plot.note)}</figcaption>"
        f'<div class="wa-wide" tabindex="0" role="region" aria-label="Figure: {escape(plot.title)}">'
        f'<picture><source media="{_NARROW_PAGE}" srcset="{_drawn(plot, NARROW)}">'
        f'<img alt="{escape(plot.alt_text)}" src="{_drawn(plot, WIDE)}"></picture></div>'
        f"<details><summary>The numbers of this figure</summary>{numbers}</details></figure>"
    )


def _drawn(plot: Plot, shape: Shape) -> str:
    """The address of a drawing that holds the drawing itself."""
    picture = base64.b64encode(figure_as_png(plot.draw(shape))).decode()
    return f"data:image/png;base64,{picture}"
