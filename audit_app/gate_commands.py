"""The subcommand that holds a study to its limits; `cli.py` puts it beside the others."""

import json
from pathlib import Path
from typing import Annotated

import typer

from audit_app.options import AppOption, TokenOption, folder_of, open_job, show_tables
from study.settings import read_environment

commands = typer.Typer()


@commands.command()
def gate(
    study_file: Annotated[
        Path, typer.Argument(metavar="STUDY.TOML", help="A study's study.toml, or its folder.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable output.")] = False,
    app: AppOption = None,
    token: TokenOption = None,
) -> None:
    r"""Hold a study to the limits in \[gate] of its study.toml: exit status 0 if all are kept, else 1.

    Limits are held against the worse bound of each interval, or against the value alone with
    judge_by = "value". Failed: the value itself is beyond its limit; not shown: only the bound is.
    What could not be told does not pass either; while results are sealed that is every limit of an
    arm.

    Example: warmth-audit gate studies/demo/study.toml --json
    """
    from audit_app.study_report import check_study_gate
    from evaluation.gate import gate_as_json, gate_as_table, has_passed
    from evaluation.responses import describe_limits

    folder = folder_of(study_file)
    with open_job(folder, read_environment(), app, token, reads_content=False) as job:
        limits = job.settings.gate
        with job.access.reading() as con:
            checks = check_study_gate(con, job.settings)
            limited = describe_limits(con, job.settings)
    if as_json:
        typer.echo(json.dumps(gate_as_json(limits, checks, job.settings.limited), indent=2))
    else:
        show_tables([gate_as_table(limits, checks, limited)])
    raise typer.Exit(0 if has_passed(checks) else 1)
