"""The command `warmth`: a meter scores the replies of a study, or the texts of any table."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from audit_app.options import (
    DEMO_FOLDER,
    AppOption,
    TokenOption,
    open_job,
    show_tables,
    terminal,
)
from study.errors import BadInput
from study.folder import StudyFolder
from study.records import MeterMode
from study.settings import PACKAGED, read_environment

commands = typer.Typer()


# long by its options, which typer reads from the signature
@commands.command()
def warmth(
    file: Annotated[
        Path | None, typer.Argument(help="CSV with a header, JSON, JSONL or Parquet.")
    ] = None,
    text: Annotated[
        str | None, typer.Option("--text", help="Column of FILE: the texts to score.")
    ] = None,
    against: Annotated[
        str | None,
        typer.Option("--against", help="Column of FILE: texts that should be less warm."),
    ] = None,
    item: Annotated[
        str | None, typer.Option("--item", help="Column of FILE: rows of one item go together.")
    ] = None,
    study: Annotated[
        Path | None, typer.Option("--study", help="Score the replies of a study; studies/demo.")
    ] = None,
    mode: Annotated[
        MeterMode,
        typer.Option("--mode", help="manner; SocioT masked; or SocioT paper, as released."),
    ] = "manner",
    meter: Annotated[
        str, typer.Option("--meter", help="packaged, a hub id such as gpt2, or a folder.")
    ] = PACKAGED,
    seed: Annotated[
        int | None,
        typer.Option("--seed", min=0, help="Of dropout and resampling; the study's own, else 0."),
    ] = None,
    passes: Annotated[
        int | None,
        typer.Option("--passes", min=1, help="Draws of dropout a text in mode paper, if any; 100."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable output.")] = False,
    app: AppOption = None,
    token: TokenOption = None,
) -> None:
    """How warm replies or texts sound to a language model.

    Of a study every reply that has no score is scored, and `report` tells whether people hear the
    same. Of a file the texts of a column; with --against also the share of rows in which the
    first text scores higher. docs/validity.md has how well it ranks, docs/statistics.md the keys of --json.

    Example: warmth-audit warmth pairs.jsonl --text warm --against plain --item prompt
    """
    from evaluation.warmth import PAPER_PASSES

    if mode != "paper":
        _refuse({"--passes": passes}, f"goes with --mode paper, got {mode}; leave it out")
    passes = PAPER_PASSES if passes is None else passes
    if file is None:
        given = {"--text": text, "--against": against, "--item": item, "--json": as_json or None}
        _refuse(given, "goes with a FILE; name one, or leave it out")
        _score_study(StudyFolder(study or DEMO_FOLDER), mode, meter, seed, passes, app, token)
        return
    _refuse(
        {"--study": study, "--app": app, "--token": token},
        "goes without a FILE; leave out the one or the other",
    )
    if text is None:
        raise BadInput(f"expected --text, the column of {file.name} to score; name it")
    columns = [text] if against is None else [text, against]
    _score_file(file, columns, item, mode, meter, seed or 0, passes, as_json)


def _refuse(given: Mapping[str, object], why: str) -> None:
    for option, value in given.items():
        if value is not None:
            raise BadInput(f"{option} {why}")


def _score_study(
    folder: StudyFolder,
    mode: MeterMode,
    meter: str,
    seed: int | None,
    passes: int,
    app: str | None,
    token: str | None,
) -> None:
    from audit_app.warmth_stage import find_meter, score_replies, see_replies

    environment = read_environment()
    with open_job(folder, environment, app, token, reads_content=False) as job:
        see_replies(job)
        found = find_meter(meter, environment.cache.expanduser(), job.report)
        score_replies(job, found, mode, job.settings.seed if seed is None else seed, passes)


def _score_file(
    file: Path,
    columns: list[str],
    item: str | None,
    mode: MeterMode,
    meter: str,
    seed: int,
    passes: int,
    as_json: bool,
) -> None:
    from rich.console import Console

    from audit_app.terminal import TerminalReport
    from audit_app.warmth_stage import find_meter
    from evaluation.meter_tables import texts_as_json, texts_as_tables
    from evaluation.outside_tables import read_outside_table
    from evaluation.text_scores import score_columns

    table = read_outside_table(file, [*columns, *([item] if item else [])])
    # what is printed goes into files: progress stays out of it
    with TerminalReport(Console(stderr=True) if as_json else terminal) as report:
        found = find_meter(meter, read_environment().cache.expanduser(), report)
        scored = score_columns(table, columns, item, found, mode, seed, passes, report)
    if as_json:
        typer.echo(json.dumps(texts_as_json(scored), indent=2))
    else:
        show_tables(texts_as_tables(scored.warmth))
