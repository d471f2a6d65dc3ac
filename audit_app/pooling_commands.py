"""The subcommand that tells several studies together, one per base model; `cli.py` puts it beside the
others."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from audit_app.options import folder_of, open_job, show_tables, terminal
from study.errors import BadInput
from study.folder import StudyFolder
from study.settings import read_environment

if TYPE_CHECKING:
    from audit_app.pooled_studies import OpenStudy

commands = typer.Typer()


@commands.command()
def pool(
    study_files: Annotated[
        list[Path],
        typer.Argument(
            metavar="STUDY.TOML...",
            help="Two or more studies, each of another base model: their study.toml, or folders.",
        ),
    ],
    paper_compat: Annotated[
        bool, typer.Option("--paper-compat", help="Count errors as the study of 2025 did.")
    ] = False,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the resampling.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable output.")] = False,
    as_html: Annotated[
        bool, typer.Option("--html", help="Write one HTML file that needs nothing else.")
    ] = False,
    to: Annotated[
        Path, typer.Option("--to", help="Folder for it, with figures and tables beside it.")
    ] = Path("pooled-report"),
) -> None:
    """Tell several studies together, by base model: warmth heard, gaps, adoption and a regression.

    An item that several models were asked is one cluster of every interval. Results per arm must be
    open in all of them. With --html forest plots by model lie in one file. docs/statistics.md tells what
    the numbers mean.

    Example: warmth-audit pool studies/llama studies/qwen studies/mistral
    """
    from audit_app.pooled_studies import put_together
    from evaluation.pooled_reports import pooled_as_json, pooled_as_tables
    from evaluation.statistics.outcomes import OURS, PAPER_COMPAT
    from evaluation.statistics.pooled_studies import pool_studies

    if as_json and as_html:
        raise BadInput("--json prints and --html writes a file; give one of them")
    folders = [folder_of(file) for file in study_files]
    if len({folder.root.resolve() for folder in folders}) < max(2, len(folders)):
        raise BadInput(
            f"expected at least two different studies, got {', '.join(map(str, study_files))}; name "
            "each once"
        )
    studies = [_read_study(folder) for folder in folders]
    tables, notes = put_together(studies)
    found = pool_studies(tables, PAPER_COMPAT if paper_compat else OURS, seed)
    if as_html:
        from audit_app.pooled_page import build_pooled_page
        from audit_app.report_page import read_versions
        from evaluation.html_report import write_report

        page = build_pooled_page(found, notes, studies, read_versions(), datetime.now(UTC))
        terminal.print(f"Report: {write_report(to, page)}", soft_wrap=True)
    elif as_json:
        typer.echo(json.dumps(pooled_as_json(found, notes), indent=2))
    else:
        show_tables(pooled_as_tables(found, notes))


def _read_study(folder: StudyFolder) -> "OpenStudy":
    from audit_app.pooled_studies import open_study

    with (
        open_job(folder, read_environment(), None, None, reads_content=False) as job,
        job.access.reading() as con,
    ):
        return open_study(con, job.settings)
