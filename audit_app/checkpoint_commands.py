"""The subcommand that measures checkpoints and takes one; `cli.py` puts it beside the others."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from audit_app.options import (
    DEMO_FOLDER,
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
from study.folder import StudyFolder
from study.settings import read_environment

if TYPE_CHECKING:
    from study.records import CheckpointChoice

commands = typer.Typer()


@commands.command()
def checkpoints(
    study: StudyOption = DEMO_FOLDER,
    endpoint: EndpointOption = None,
    trust_model_id: TrustOption = False,
    dtype: DtypeOption = "auto",
    to: Annotated[
        Path | None,
        typer.Option("--to", help="Folder for the curve; else checkpoints/ in the study's folder."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable output.")] = False,
    app: AppOption = None,
    token: TokenOption = None,
) -> None:
    r"""Measure how warm each kept checkpoint sounds, and take one by the rule in study.toml.

    Every checkpoint in training.checkpoints, and the end of the run, replies to the messages of
    \[warmth]; a meter scores the replies beside the original's; warmth.rule takes one, whose adapters
    are served from then on. Exit status 1 when the rule could not tell. docs/warmth.md has the rules
    and the keys of --json.

    Example: warmth-audit checkpoints --study studies/pilot
    """
    from audit_app.checkpoint_stage import take_checkpoint
    from audit_app.run import Endpoint
    from evaluation.checkpoint_tables import checkpoint_table, checkpoints_as_json

    environment = read_environment()
    folder = StudyFolder(study)
    shown = Console(stderr=True) if as_json else terminal
    with open_job(folder, environment, app, token, shown=shown) as job:
        models = Endpoint(tuple(endpoint or ()), environment.endpoint_key, trust_model_id)
        choice = take_checkpoint(job, environment.cache.expanduser(), models, dtype)
    drawn = _draw(choice, to or folder.root / "checkpoints")
    if as_json:
        typer.echo(json.dumps(checkpoints_as_json(choice), indent=2))
    else:
        show_tables([checkpoint_table(choice)])
        terminal.print(escape(drawn), soft_wrap=True)
    raise typer.Exit(0 if choice.chosen_epochs is not None else 1)


def _draw(choice: "CheckpointChoice", folder: Path) -> str:
    """Draw the curve into a folder; returns what to say of it."""
    from evaluation.checkpoint_curve import plot_checkpoints
    from evaluation.drawing import FILE
    from evaluation.figure_files import figure_as_png, figure_as_svg, rows_as_csv
    from study.records import Estimate

    plot = plot_checkpoints(choice)
    if isinstance(plot, Estimate):
        return f"No curve: {plot.method}."
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / plot.slug
    svg = figure_as_svg(plot.draw(FILE), plot.slug, plot.title, plot.alt_text)
    file.with_suffix(".svg").write_text(svg, encoding="utf-8")
    file.with_suffix(".png").write_bytes(figure_as_png(plot.draw(FILE)))
    numbers = rows_as_csv(plot.number_columns, plot.numbers)
    file.with_suffix(".csv").write_text(numbers, encoding="utf-8", newline="")
    return f"Curve: {file}.png, .svg and .csv"
