"""The subcommand that asks every arm the control sets; `cli.py` puts it beside the others."""

import errno
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from audit_app.options import (
    DEMO_FOLDER,
    AgainOption,
    AppOption,
    DtypeOption,
    EndpointOption,
    StudyOption,
    TokenOption,
    TrustOption,
    open_job,
    show_tables,
    terminal,
)
from study.errors import BadInput, DiskFull, MissingStage
from study.folder import StudyFolder
from study.settings import read_environment, read_settings

if TYPE_CHECKING:
    from audit_app.control_stage import ControlArms
    from evaluation.statistics.control_results import ControlResults

commands = typer.Typer()


@commands.command()
def controls(
    study: StudyOption = DEMO_FOLDER,
    endpoint: EndpointOption = None,
    trust_model_id: TrustOption = False,
    dtype: DtypeOption = "auto",
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit", min=1, help="Ask this many questions of each set; the rest another time."
        ),
    ] = None,
    ask_failed_again: AgainOption = False,
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable output.")] = False,
    app: AppOption = None,
    token: TokenOption = None,
) -> None:
    r"""Ask every arm the control sets of \[controls] in study.toml: has it lost more than its tone?

    Questions solved, requests refused and lengths per arm, each beside the original; replies that
    are there already are not asked again. Tables come to lie in controls/ of the study's folder.

    Example: warmth-audit controls --study studies/demo --limit 20
    """
    from audit_app.control_stage import ask_controls, store_control_questions, tell_control_arms
    from audit_app.run import Endpoint, adapters_of
    from audit_app.study_report import compute_controls
    from audit_app.training_stage import plan_training
    from evaluation.controls.questions import check_names_sets

    folder, environment = StudyFolder(study), read_environment()
    # the study's own items may take long to come from the hub
    check_names_sets(read_settings(folder.settings).controls)
    shown = Console(stderr=True) if as_json else terminal
    with open_job(folder, environment, app, token, shown=shown) as job:
        cache = environment.cache.expanduser()
        found = store_control_questions(job)
        plan = plan_training(job.located, cache, job.report)
        models = Endpoint(tuple(endpoint or ()), environment.endpoint_key, trust_model_id)
        adapters = adapters_of(job, plan)
        ask_controls(
            job,
            found,
            plan,
            adapters,
            models,
            dtype,
            cache,
            limit,
            failed_again=ask_failed_again,
        )
        with job.access.reading() as con:
            results = compute_controls(con)
        arms = tell_control_arms(job.settings)
    if results is None:
        raise MissingStage(
            f"no arm of {study} has answered a control question; run the command again"
        )
    _show(results, arms, folder, as_json)


def _show(
    results: "ControlResults", arms: "ControlArms", folder: StudyFolder, as_json: bool
) -> None:
    from evaluation.control_tables import controls_as_json, controls_as_tables

    tree = controls_as_json(results) | {
        "control_arms": {"present": list(arms.present), "missing": list(arms.missing)}
    }
    _save(results, tree, folder.controls)
    if as_json:
        typer.echo(json.dumps(tree, indent=2))
        return
    show_tables(controls_as_tables(results))
    for sentence in _sentences(results, arms):
        terminal.print(escape(sentence))
    terminal.print(f"Tables: {folder.controls}", soft_wrap=True)


def _save(results: "ControlResults", tree: dict[str, Any], folder: Path) -> None:
    """Write the tables as CSV and everything as JSON, in place of what an earlier run wrote."""
    from evaluation.control_tables import controls_as_tables
    from evaluation.figure_files import table_as_csv

    try:
        folder.mkdir(parents=True, exist_ok=True)
        _replace(folder / "controls.json", json.dumps(tree, indent=2) + "\n")
        for table in controls_as_tables(results):
            words = "".join(sign if sign.isalnum() else " " for sign in table.title.lower())
            file = folder / f"{'-'.join(words.split())}.csv"
            _replace(file, table_as_csv(table))
    except OSError as error:
        is_full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        kind = DiskFull if is_full else BadInput
        remedy = "free some space" if is_full else "make it a folder that you may write to"
        raise kind(
            f"{folder} could not be written ({error.strerror}); {remedy} and run the command again, "
            "what was asked is in the study"
        ) from error


def _replace(file: Path, text: str) -> None:
    """Write a file whole, or leave it as it was."""
    draft = file.with_name(f".{file.name}.partial")
    try:
        draft.write_text(text, encoding="utf-8", newline="")
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)


def _sentences(results: "ControlResults", arms: "ControlArms") -> list[str]:
    """What stands below the tables: the control arms, and what is not shown yet."""
    said = [f"Control arms of this study: {', '.join(arms.present) or 'none'}."]
    if arms.missing:
        said.append(
            f"Not among its arms: {', '.join(arms.missing)}. With them study.toml would say "
            f"{arms.line}; arms are fixed once one was asked, so write it into the study.toml of a "
            "new folder beside this one, where `warmth-audit run` trains what is missing and takes "
            "the adapters that are there."
        )
    if not results.own_lengths:
        said.append(
            "Lengths of the study's own replies are told once results per arm are open, and there "
            "are replies."
        )
    return said
