"""The subcommands that run one stage each; `cli.py` puts them beside the others. Long by their options."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.table import Table

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
    read_name_pairs,
    show_tables,
    terminal,
)
from study.errors import BadInput, MissingStage
from study.folder import StudyFolder
from study.settings import PACKAGED, ItemSource, read_environment, read_settings

if TYPE_CHECKING:
    from audit_app.batch_stage import BatchEndpoint, BatchServer
    from audit_app.run import Sharing

commands = typer.Typer()


@commands.command()
def items(
    source: Annotated[
        str | None, typer.Argument(help="packaged, a file, a folder or a hub id.")
    ] = None,
    study: Annotated[
        Path | None, typer.Option("--study", help="In place of a source: those of this study.")
    ] = None,
    set_name: Annotated[
        str | None, typer.Option("--set", help="Name of the set, if its columns do not tell.")
    ] = None,
    config: Annotated[str | None, typer.Option("--config", help="Of a hub id.")] = None,
    split: Annotated[str | None, typer.Option("--split", help="Of a hub id or a folder.")] = None,
    revision: Annotated[str | None, typer.Option("--revision", help="Of a hub id.")] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="Draw this many, evenly over tasks.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of draws and made answers.")] = 0,
    keep_suspicious: Annotated[
        bool, typer.Option("--keep-suspicious", help="Keep what can be asked in spite of doubts.")
    ] = False,
    show: Annotated[int, typer.Option("--show", min=0, help="Print so many items.")] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable output.")] = False,
) -> None:
    """Show what a set of questions gives: counts, suspicious items, made wrong answers.

    docs/items.md has the sets, their columns, the rules and the keys of --json.

    Example: warmth-audit items TruthfulQA.csv --limit 100
    """
    from audit_app.named_files import locate_files
    from evaluation.items.overview import items_as_json, items_as_tables
    from evaluation.items.sets import draw_items, read_items

    given = (source, set_name, config, split, revision, limit)
    if study is None:
        sources: str | tuple[ItemSource, ...] = (
            ItemSource(
                source=source or PACKAGED,
                set=set_name,
                config=config,
                split=split,
                revision=revision,
            ),
        )
    elif any(value is not None for value in given) or keep_suspicious or seed:
        raise BadInput("--study takes everything from study.toml; give it alone, or a source")
    else:
        settings = locate_files(read_settings(StudyFolder(study).settings), study, ("evaluation",))
        asked, seed, limit = settings.evaluation, settings.seed, settings.evaluation.item_limit
        sources, keep_suspicious = asked.items, asked.keep_suspicious
    item_set = read_items(sources, seed, keep_suspicious=keep_suspicious)
    drawn = draw_items(item_set.items, limit, seed)
    if as_json:
        typer.echo(json.dumps(items_as_json(item_set, drawn), indent=2, ensure_ascii=False))
    else:
        show_tables(items_as_tables(item_set, drawn, seed, show))


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
        to_train = job.settings.arms_to_train
        arms = arm or list(to_train)
        for name in arms:
            if name not in to_train:
                raise BadInput(
                    f"study.toml has no arm {name!r} to train; it has "
                    f"{', '.join(to_train) or 'none'}"
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


# long by its options, which typer reads from the signature
@commands.command()
def generate(
    study: StudyOption = DEMO_FOLDER,
    endpoint: EndpointOption = None,
    trust_model_id: TrustOption = False,
    dtype: DtypeOption = "auto",
    limit: Annotated[
        int | None,
        typer.Option("--limit", min=1, help="Ask this many prompts; the rest another time."),
    ] = None,
    ask_failed_again: AgainOption = False,
    write_batch: Annotated[
        Path | None,
        typer.Option(
            "--write-batch",
            help="Write what is missing as batch files, one for each model; ask nobody.",
        ),
    ] = None,
    read_batch: Annotated[
        list[Path] | None,
        typer.Option("--read-batch", help="Take in a file that a batch has written; repeatable."),
    ] = None,
    batch_for: Annotated[
        Literal["vllm", "openai"],
        typer.Option("--batch-for", help="Who is to answer: vLLM, or a provider's batch API."),
    ] = "vllm",
    base_name: Annotated[
        str | None, typer.Option("--base-name", help="The base's name where the batch runs.")
    ] = None,
    arm_name: Annotated[
        list[str] | None,
        typer.Option(
            "--arm-name",
            help="ARM=NAME of an adapter where the batch runs, if not ARM; repeatable.",
        ),
    ] = None,
    engine: Annotated[
        str | None,
        typer.Option("--engine", help='What answers the batch, such as "vllm 0.33.0 bf16".'),
    ] = None,
    ray: Annotated[
        str | None,
        typer.Option(
            "--ray",
            help="Share the asking among the workers of a Ray cluster: local, auto or HOST:PORT.",
        ),
    ] = None,
    shards: Annotated[
        int | None,
        typer.Option(
            "--shards", min=1, max=999, help="Parts that a worker asks at a time; else 4 a worker."
        ),
    ] = None,
    app: AppOption = None,
    token: TokenOption = None,
) -> None:
    """Ask every arm every prompt; replies that are there already are not asked again.

    Replies are graded and paired as they come, so that rating can begin.

    A failure stays until --ask-failed-again asks once more; a reply then counts in its place.

    Example: warmth-audit generate --endpoint http://localhost:8080
    """
    from audit_app.pipeline import grade_missing, pair_missing, store_questions
    from audit_app.run import Endpoint, adapters_of, ask_arms
    from audit_app.training_stage import plan_training

    names = read_name_pairs("--arm-name", arm_name)
    batch = _batch_endpoint(write_batch, read_batch, batch_for, base_name, names, engine)
    if batch is not None and trust_model_id:
        raise BadInput(
            "--trust-model-id is about a running endpoint, and a batch has none; leave it out"
        )
    if read_batch and ask_failed_again:
        raise BadInput(
            "--ask-failed-again goes with --write-batch; what a batch answers is read as it was "
            "asked, leave it out"
        )
    sharing = _sharing(ray, shards, has_endpoint=bool(endpoint), has_batch=batch is not None)
    environment = read_environment()
    with open_job(StudyFolder(study), environment, app, token) as job:
        cache = environment.cache.expanduser()
        plan = plan_training(job.located, cache, job.report)
        questions = store_questions(job)
        if batch is None:
            models = Endpoint(tuple(endpoint or ()), environment.endpoint_key, trust_model_id)
            ask_arms(
                job,
                questions,
                plan,
                models,
                dtype,
                cache,
                limit,
                sharing,
                failed_again=ask_failed_again,
            )
        else:
            from audit_app.batch_stage import read_replies, write_requests

            adapters = adapters_of(job, plan)
            if write_batch is not None:
                write_requests(
                    job,
                    questions,
                    plan,
                    adapters,
                    batch,
                    write_batch,
                    limit,
                    failed_again=ask_failed_again,
                )
                return
            if read_batch:
                read_replies(job, questions, plan, adapters, batch, read_batch)
        # what a run that broke off has left in the study
        grade_missing(job)
        pair_missing(job)


def _sharing(
    ray: str | None, shards: int | None, *, has_endpoint: bool, has_batch: bool
) -> "Sharing | None":
    """Whose workers ask; None when this process does."""
    from audit_app.run import Sharing

    if ray is None:
        if shards is not None:
            raise BadInput("--shards goes with --ray, whose workers ask them; give both or neither")
        return None
    if has_batch:
        raise BadInput("a batch is asked by its provider; give it without --ray")
    if not has_endpoint:
        raise BadInput(
            "--ray shares the asking of servers that run already; name them with --endpoint"
        )
    return Sharing(ray, shards)


def _batch_endpoint(
    write_batch: Path | None,
    read_batch: list[Path] | None,
    batch_for: "BatchServer",
    base_name: str | None,
    names: dict[str, str],
    engine: str | None,
) -> "BatchEndpoint | None":
    """Who answers the batch; None when there is none."""
    from audit_app.batch_stage import BatchEndpoint

    if write_batch is None and not read_batch:
        if base_name or names or engine:
            raise BadInput(
                "--base-name, --arm-name and --engine say who answers a batch; give them with "
                "--write-batch or --read-batch"
            )
        return None
    if write_batch is not None and read_batch:
        raise BadInput("--write-batch and --read-batch are two steps; give one of them")
    if not base_name or not engine:
        raise BadInput(
            "a batch has nobody to ask: give --base-name, the base's name there, and --engine, "
            "what answers, with its version and number format"
        )
    return BatchEndpoint(batch_for, base_name, engine, names)


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
