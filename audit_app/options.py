"""What the commands share: their options, the terminal, and the way into the study they name.

Imports of what a command works with stay inside functions: `--help` answers at once.
"""

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich import table as rich_table
from rich.console import Console
from rich.markup import escape

from study.errors import BadInput, StudyError
from study.folder import StudyFolder
from study.settings import Environment, read_settings

if TYPE_CHECKING:
    from audit_app.pipeline import Job
    from evaluation.formats import Table

DEMO_FOLDER = Path("studies/demo")

# tables are read in files too, where nothing says how wide a line may be
terminal = Console(width=None if sys.stdout.isatty() else 140)

StudyOption = Annotated[
    Path, typer.Option("--study", help="Folder of the study.", show_default=True)
]
PortOption = Annotated[
    int | None,
    typer.Option("--port", min=1, max=65535, help="Port of the app; WARMTH_AUDIT_PORT, else 7860."),
]
HostOption = Annotated[
    str | None,
    typer.Option("--host", help="Address to listen at; WARMTH_AUDIT_HOST, else 127.0.0.1."),
]
AppOption = Annotated[
    str | None,
    typer.Option("--app", help="Address of the app that holds the study, if it runs elsewhere."),
]
TokenOption = Annotated[
    str | None, typer.Option("--token", help="Owner's token of that app; else WARMTH_AUDIT_TOKEN.")
]
EndpointOption = Annotated[
    list[str] | None,
    typer.Option(
        "--endpoint",
        help="A running TGI, vLLM or local server, once for each of its replicas; without it one "
        "is started here. Its key, where it asks for one: WARMTH_AUDIT_ENDPOINT_KEY.",
    ),
]
TrustOption = Annotated[
    bool,
    typer.Option(
        "--trust-model-id",
        help="The endpoint serves the study's base, though it calls it by another name.",
    ),
]
AgainOption = Annotated[
    bool,
    typer.Option(
        "--ask-failed-again",
        help="Ask once more for what has failed before; the failures stay on record.",
    ),
]
DtypeOption = Annotated[
    Literal["auto", "bf16", "fp32"],
    typer.Option("--dtype", help="Number format of the local server; auto takes the faster one."),
]


@contextmanager
def open_job(
    folder: StudyFolder,
    environment: Environment,
    app: str | None,
    token: str | None,
    *,
    reads_content: bool = True,
    shown: Console = terminal,
) -> "Iterator[Job]":
    """The study of a command, with whatever holds it found.

    Args:
        reads_content: whether the command works with items, conversations and wordings, which
            then must be those that the study began with.
        shown: where progress goes; not to standard output where other programs read that.
    Raises:
        BadSettings: study.toml is missing or broken, or says otherwise than when the study began.
        StudyLocked: a process that is no app holds the study.
        NotAllowed: an app elsewhere is named without a token.
    """
    from audit_app.access import find_access
    from audit_app.named_files import locate_files
    from audit_app.pipeline import Job, read_content
    from audit_app.terminal import BothReports, TerminalReport

    settings = read_settings(folder.settings)
    content = read_content(locate_files(settings, folder.root)) if reads_content else None
    access = find_access(folder, settings, app, token or environment.token, content)
    with closing(access), TerminalReport(shown) as on_terminal:
        report = BothReports(on_terminal, access.report)
        try:
            yield Job(folder, settings, access, report)
        except KeyboardInterrupt:
            report.fail("stopped; run it again to go on from here")
            raise
        except StudyError as error:
            report.fail(str(error))
            raise


def folder_of(study_file: Path) -> StudyFolder:
    """The folder of a study that is named by its study.toml, or by itself.

    Raises:
        BadInput: the file has another name.
    """
    if study_file.is_dir():
        return StudyFolder(study_file)
    folder = StudyFolder(study_file.parent)
    if study_file.name != folder.settings.name:
        raise BadInput(
            f"expected a file called {folder.settings.name}, beside which its study lies, got "
            f"{study_file}; name that file or its folder"
        )
    return folder


def draw_table(content: "Table") -> rich_table.Table:
    """A table of results for a terminal, without its note; its cells are no markup."""
    shown = rich_table.Table(*content.columns, title=content.title, title_justify="left")
    for row in content.rows:
        shown.add_row(*map(escape, row))
    return shown


def show_tables(tables: "Iterable[Table]") -> None:
    """Print tables of results, each with its note below; their cells are no markup."""
    for content in tables:
        terminal.print(draw_table(content))
        terminal.print(f"[dim]{escape(content.note)}[/]\n")


def read_name_pairs(option: str, given: Sequence[str] | None) -> dict[str, str]:
    """NAME=NAME arguments; the last = parts them, since names of models may have one.

    Raises:
        BadInput: one is none, or a name is given twice.
    """
    found = {}
    for text in given or ():
        before, separator, after = text.rpartition("=")
        if not separator or not before.strip() or not after.strip():
            raise BadInput(f"{option} expects NAME=NAME, got {text!r}; write both names")
        if before.strip() in found:
            raise BadInput(f"{option} names {before.strip()!r} twice; leave one out")
        found[before.strip()] = after.strip()
    return found
