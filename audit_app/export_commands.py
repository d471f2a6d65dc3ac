"""The subcommands that hand on what a study has: its ratings, and its prompts as a benchmark;
`cli.py` puts them beside the others."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from audit_app.options import (
    DEMO_FOLDER,
    AppOption,
    StudyOption,
    TokenOption,
    open_job,
    terminal,
)
from study.folder import StudyFolder
from study.settings import read_environment, read_settings

if TYPE_CHECKING:
    from evaluation.benchmark_export import AskedPrompt
    from study.settings import Environment

commands = typer.Typer()

PushOption = Annotated[
    str | None, typer.Option("--push", help="Send the dataset to a hub as ORG/NAME, private.")
]
PublicOption = Annotated[bool, typer.Option("--public", help="Make the pushed dataset public.")]


@commands.command()
def export(
    to: Annotated[Path, typer.Option("--to", help="A new or empty folder for the dataset.")],
    study: StudyOption = DEMO_FOLDER,
    key: Annotated[
        str | None,
        typer.Option("--key", help="Also the unblinding key; why, for the study's record."),
    ] = None,
    identities: Annotated[
        str | None,
        typer.Option("--identities", help="Also who the raters are; why, for the record."),
    ] = None,
    push: PushOption = None,
    public: PublicOption = False,
    app: AppOption = None,
    token: TokenOption = None,
) -> None:
    """Write the ratings as a dataset: CSV, Parquet and a card, under codes that name nobody.

    Key and identities go into a folder of their own beside it, named ...-owner-only, which is
    never pushed.

    Example: warmth-audit export --to exports/demo --key "analysis after closing"
    """
    from audit_app.dataset import push_dataset, write_dataset
    from audit_app.exports import check_free, write_owner_files, write_whole

    environment = read_environment()
    folder = StudyFolder(study)
    owner_token = token or environment.token or folder.owner_token()
    owner_only = to.with_name(to.name + "-owner-only")
    # first of all: what goes on the record opens results, and nobody can take it back
    check_free(to)
    if key is not None or identities is not None:
        check_free(owner_only)
    with open_job(folder, environment, app, token, reads_content=False) as job:
        if key is not None:
            job.access.record_event("key_exported", key)
        if identities is not None:
            job.access.record_event("identities_exported", identities)
        with job.access.reading() as con:
            write_whole(to, lambda draft: write_dataset(con, job.settings, owner_token, draft))
            if key is not None or identities is not None:
                write_whole(
                    owner_only,
                    lambda draft: write_owner_files(
                        con, owner_token, draft, key is not None, identities is not None
                    ),
                )
                terminal.print(f"For the owner only: {owner_only}", soft_wrap=True)
    terminal.print(f"Dataset: {to}", soft_wrap=True)
    if push is not None:
        pushed = push_dataset(to, push, "Ratings, blinded", is_public=public)
        terminal.print(f"Pushed: {pushed}", soft_wrap=True)


@commands.command()
def benchmark(
    to: Annotated[Path, typer.Option("--to", help="A new or empty folder for the benchmark.")],
    study: StudyOption = DEMO_FOLDER,
    push: PushOption = None,
    public: PublicOption = False,
    app: AppOption = None,
    token: TokenOption = None,
) -> None:
    """Write a study's prompts as a benchmark of warmth under fragile emotional contexts.

    JSONL with a card, and a task of Inspect AI. Ask two models with it, and `warmth-audit import`
    makes a study of their logs. Nothing in it tells of replies, arms or raters.

    Example: warmth-audit benchmark --study studies/demo --to exports/demo-prompts
    """
    from audit_app.dataset import push_dataset
    from audit_app.exports import write_whole
    from evaluation.benchmark_export import WrittenBenchmark, write_benchmark

    folder, environment = StudyFolder(study), read_environment()
    settings = read_settings(folder.settings)
    asked = _read_asked(folder, environment, app, token)
    written: list[WrittenBenchmark] = []
    write_whole(to, lambda draft: written.append(write_benchmark(asked, settings, draft)))
    left_out = f", {written[0].n_left_out} left out" if written[0].n_left_out else ""
    terminal.print(
        f"Benchmark: {to}, {written[0].n_prompts} prompts of {written[0].n_items} items{left_out}",
        soft_wrap=True,
    )
    if push is not None:
        pushed = push_dataset(to, push, "Prompts of a study", is_public=public)
        terminal.print(f"Pushed: {pushed}", soft_wrap=True)


def _read_asked(
    folder: StudyFolder, environment: "Environment", app: str | None, token: str | None
) -> "list[AskedPrompt]":
    """What the study has asked; before that, what its settings will have it ask."""
    from audit_app.named_files import locate_files
    from audit_app.pipeline import read_questions
    from evaluation.benchmark_export import AskedPrompt, read_asked

    if app is not None or folder.database.exists():
        with (
            open_job(folder, environment, app, token, reads_content=False) as job,
            job.access.reading() as con,
        ):
            if asked := read_asked(con):
                return asked
    questions = read_questions(locate_files(read_settings(folder.settings), folder.root))
    return [AskedPrompt(one, questions.items[one.item_id]) for one in questions.prompts]
