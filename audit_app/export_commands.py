"""The subcommand that hands a study's ratings on; `cli.py` puts it beside the others."""

from pathlib import Path
from typing import Annotated

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
from study.settings import read_environment

commands = typer.Typer()


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
    push: Annotated[
        str | None, typer.Option("--push", help="Send the dataset to a hub as ORG/NAME, private.")
    ] = None,
    public: Annotated[bool, typer.Option("--public", help="Make the pushed dataset public.")] = (
        False
    ),
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
        terminal.print(f"Pushed: {push_dataset(to, push, is_public=public)}", soft_wrap=True)
