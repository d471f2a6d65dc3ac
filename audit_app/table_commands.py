"""Subcommands for a table from anywhere, without a study; `cli.py` puts them beside the others."""

import json
from pathlib import Path
from typing import Annotated, Literal

import typer

from audit_app.options import show_tables

commands = typer.Typer()

FileArgument = Annotated[
    Path, typer.Argument(help="CSV with a header, JSONL or Parquet.", show_default=False)
]
JsonOption = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]
SeedOption = Annotated[int, typer.Option("--seed", min=0, help="Of the resampling.")]


@commands.command()
def agreement(
    file: FileArgument,
    item: Annotated[str, typer.Option("--item", help="Column: what was rated.")],
    rater: Annotated[str, typer.Option("--rater", help="Column: who rated.")],
    value: Annotated[str, typer.Option("--value", help="Column: the rating; empty if missing.")],
    level: Annotated[
        Literal["nominal", "ordinal", "interval", "ratio"],
        typer.Option("--level", help="What the values are; names are nominal, 1-5 is ordinal."),
    ] = "nominal",
    seed: SeedOption = 0,
    as_json: JsonOption = False,
) -> None:
    """How far raters agree beyond chance, in any table with one rating per row.

    Krippendorff's alpha, percent agreement, Fleiss' kappa, Gwet's AC, Brennan-Prediger and, with
    two raters, Cohen's kappa, each with a 95 % interval from resampled items; then which raters
    and items stand out. docs/statistics.md has the keys of --json.

    Example: warmth-audit agreement ratings.csv --item reply --rater who --value score --level ordinal
    """
    from evaluation.outside_tables import read_outside_table
    from evaluation.statistics.codes import read_codes
    from evaluation.statistics.table_agreement import agreement_of_table
    from evaluation.table_reports import agreement_as_json, agreement_as_tables

    table = read_outside_table(file, [item, rater, value])
    table.refuse_empty([item, rater])
    given = table.present([value])
    columns = table.columns
    codes = read_codes(columns[item][given], columns[rater][given], columns[value][given], level)
    found = agreement_of_table(codes, level, seed)
    n_missing = int((~given).sum())
    if as_json:
        typer.echo(json.dumps(agreement_as_json(found, n_missing, seed), indent=2))
    else:
        show_tables(agreement_as_tables(found, n_missing, seed))
