"""The subcommands that run one stage each; `cli.py` puts them beside the others."""

import json
from typing import Annotated

import typer
from rich.table import Table

from audit_app.options import (
    DEMO_FOLDER,
    AppOption,
    DtypeOption,
    EndpointOption,
    StudyOption,
    TokenOption,
    open_job,
    terminal,
)
from study.errors import BadInput, MissingStage
from study.folder import StudyFolder
from study.settings import read_environment, read_settings

commands = typer.Typer()


@commands.command()
def train(
    study: StudyOption = DEMO_FOLDER,
    arm: Annotated[
        list[str] | None, typer.Option("--arm", help="Train this arm only; may be repeated.")
    ] = None,
    app: AppOption = None,
    token: TokenOption = None,
) -> None:
    """Train the adapters of a study's arms: one LoRA run each, resumable.

    Example: warmth-audit train --study studies/demo --arm warm
    """
    from audit_app.training_stage import train_arms

    environment = read_environment()
    with open_job(StudyFolder(study), environment, app, token) as job:
        arms = arm or list(job.settings.trained_arms)
        for name in arms:
            if name not in job.settings.trained_arms:
                raise BadInput(
                    f"study.toml has no trained arm {name!r}; it has "
                    f"{', '.join(job.settings.trained_arms)}"
                )
        train_arms(job, environment.cache.expanduser(), arms)


@commands.command()
def adapters(
    study: StudyOption = DEMO_FOLDER,
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable output.")] = False,
) -> None:
    """List the adapters beside a study, which share a folder, and check what TGI could serve.

    Exit status 1 when one could not be served. Example: warmth-audit adapters --json
    """
    from audit_app.training_stage import check_adapters

    folder = StudyFolder(study)
    read_settings(folder.settings)
    checks = check_adapters(folder)
    if as_json:
        typer.echo(json.dumps(checks, indent=2))
    else:
        table = Table("arm", "steps", "loss", "seconds", "folder", "problems")
        for check in checks:
            problems = "; ".join(check["problems"]) or "none"
            loss = f"{check['first_loss']:.2f} → {check['last_loss']:.2f}"
            table.add_row(
                check["arm"],
                str(check["steps"]),
                loss,
                f"{check['seconds']:.0f}",
                check["folder"],
                problems,
            )
        terminal.print(table)
    if not checks:
        raise MissingStage(f"{study} has no adapter yet; run `warmth-audit train --study {study}`")
    if any(check["problems"] for check in checks):
        raise typer.Exit(1)


@commands.command()
def generate(
    study: StudyOption = DEMO_FOLDER,
    endpoint: EndpointOption = None,
    dtype: DtypeOption = "auto",
    limit: Annotated[
        int | None,
        typer.Option("--limit", min=1, help="Ask this many prompts; the rest another time."),
    ] = None,
    app: AppOption = None,
    token: TokenOption = None,
) -> None:
    """Ask every arm every prompt; replies that are there already are not asked again.

    Replies are graded and paired as they come, so that rating can begin.

    Example: warmth-audit generate --endpoint http://localhost:8080
    """
    from audit_app.pipeline import store_questions
    from audit_app.run import Endpoint, ask_arms
    from audit_app.training_stage import plan_training

    environment = read_environment()
    with open_job(StudyFolder(study), environment, app, token) as job:
        cache = environment.cache.expanduser()
        plan = plan_training(job.settings, cache, job.report)
        models = Endpoint(tuple(endpoint or ()), environment.endpoint_key)
        ask_arms(job, store_questions(job), plan, models, dtype, cache, limit)


@commands.command()
def grade(
    study: StudyOption = DEMO_FOLDER, app: AppOption = None, token: TokenOption = None
) -> None:
    """Grade every reply that has no grade, by rule: right, wrong, adopts, refuses, cut.

    Example: warmth-audit grade --study studies/demo
    """
    from audit_app.pipeline import grade_missing

    with open_job(StudyFolder(study), read_environment(), app, token, reads_content=False) as job:
        grade_missing(job)


@commands.command()
def pairs(
    study: StudyOption = DEMO_FOLDER, app: AppOption = None, token: TokenOption = None
) -> None:
    """Draw blinded pairs for every prompt that has none.

    Example: warmth-audit pairs --study studies/demo
    """
    from audit_app.pipeline import pair_missing

    with open_job(StudyFolder(study), read_environment(), app, token, reads_content=False) as job:
        pair_missing(job)
