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
MissingOption = Annotated[
    list[str] | None,
    typer.Option("--missing", help="A text that stands for a missing value; may be repeated."),
]
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
    missing: MissingOption = None,
    seed: SeedOption = 0,
    as_json: JsonOption = False,
) -> None:
    """How far raters agree beyond chance, in any table with one rating per row.

    Krippendorff's alpha, percent agreement, Fleiss' kappa, Gwet's AC, Brennan-Prediger and, with
    two raters, Cohen's kappa, each with a 95 % interval from resampled items; then which raters
    and items stand out. docs/statistics.md has the keys of --json.

    Example: warmth-audit agreement ratings.csv --item reply --rater who --value score --level ordinal
    """
    from evaluation.agreement_reports import agreement_as_json, agreement_as_tables
    from evaluation.outside_tables import read_outside_table
    from evaluation.statistics.codes import read_codes
    from evaluation.statistics.table_agreement import agreement_of_table

    table = read_outside_table(file, [item, rater, value])
    table.refuse_empty([item, rater])
    table = table.with_missing(value, missing or ())
    given = table.present([value])
    columns = table.columns
    codes = read_codes(columns[item][given], columns[rater][given], columns[value][given], level)
    found = agreement_of_table(codes, level, seed)
    n_missing = int((~given).sum())
    if as_json:
        typer.echo(json.dumps(agreement_as_json(found, n_missing, seed), indent=2))
    else:
        show_tables(agreement_as_tables(found, n_missing, seed))


@commands.command("error-rates")
def error_rates(
    file: FileArgument,
    error: Annotated[
        str, typer.Option("--error", help="Column: 1 or 0 per reply; with --n, errors out of n.")
    ],
    arm: Annotated[str, typer.Option("--arm", help="Column: which model version replied.")],
    reference: Annotated[
        str, typer.Option("--reference", help="The arm that others are compared with.")
    ],
    n: Annotated[
        str | None, typer.Option("--n", help="Column: replies, where rows are counts.")
    ] = None,
    model: Annotated[str | None, typer.Option("--model", help="Column: base model.")] = None,
    task: Annotated[str | None, typer.Option("--task", help="Column: task or set.")] = None,
    context: Annotated[
        str | None, typer.Option("--context", help="Column: emotion or the like; none if plain.")
    ] = None,
    belief: Annotated[
        str | None, typer.Option("--belief", help="Column: stated belief; none if there is none.")
    ] = None,
    item: Annotated[
        str | None, typer.Option("--item", help="Column: the question; makes intervals clustered.")
    ] = None,
    missing: MissingOption = None,
    as_json: JsonOption = False,
) -> None:
    """Error rates by arm, differences in percentage points and a logistic regression, of any table.

    One row per reply, or counts. An empty error cell is a reply without a score: left out and
    counted. With --item every interval is clustered by item; without it replies count as
    independent, and the output says so. docs/statistics.md has the keys of --json.

    Example: warmth-audit error-rates replies.csv --error wrong --arm arm --reference original --item question
    """
    from evaluation.error_counts import ErrorColumns, read_error_counts
    from evaluation.error_reports import MissingCells, errors_as_json, errors_as_tables
    from evaluation.statistics.error_cells import count_errors
    from evaluation.statistics.table_errors import errors_of_table

    named = {"arm": arm, "model": model, "task": task, "context": context, "belief": belief}
    factors = {name: column for name, column in named.items() if column is not None}
    counts = read_error_counts(file, ErrorColumns(error, factors, n, item, tuple(missing or ())))
    cells = count_errors(
        counts.factors, reference, counts.n, counts.errors, counts.item, counts.n_unscored
    )
    found = errors_of_table(cells)
    missing_cells = MissingCells(counts.n_missing, counts.n_missing_levels)
    if as_json:
        typer.echo(json.dumps(errors_as_json(found, missing_cells), indent=2))
    else:
        show_tables(errors_as_tables(found, missing_cells))


@commands.command("judge-check")
def judge_check(
    file: FileArgument,
    judge: Annotated[
        str,
        typer.Option("--judge", help="Column: 1 if the judge calls the reply an error; else 0."),
    ],
    human: Annotated[
        str,
        typer.Option("--human", help="Column: the same by people; empty if nobody labelled it."),
    ],
    arm: Annotated[
        str | None, typer.Option("--arm", help="Column: which model version replied.")
    ] = None,
    reference: Annotated[
        str | None, typer.Option("--reference", help="The arm that others are compared with.")
    ] = None,
    task: Annotated[str | None, typer.Option("--task", help="Column: task or set.")] = None,
    item: Annotated[
        str | None, typer.Option("--item", help="Column: the question; makes intervals clustered.")
    ] = None,
    chance: Annotated[
        str | None,
        typer.Option("--chance", help="Column: with what chance people were given the reply."),
    ] = None,
    again: Annotated[
        list[str] | None,
        typer.Option("--again", help="Column: the judge asked again; may be repeated."),
    ] = None,
    missing: MissingOption = None,
    seed: SeedOption = 0,
    as_json: JsonOption = False,
) -> None:
    """How a judge errs beside people, and error rates corrected for it, of any table of replies.

    One row per reply; an empty cell is no verdict of the judge, or a reply that nobody labelled.
    People must have been given replies at random, all of an arm with one chance or each with that of
    --chance. Where too few are labelled, or the judge is too poor, rates are not corrected and the
    reason is told. docs/statistics.md has the keys of --json.

    Example: warmth-audit judge-check labels.csv --judge gpt --human label --arm arm --reference original --item question
    """
    from evaluation.judge_tables import judge_as_json, judge_as_tables
    from evaluation.outside_tables import read_outside_table
    from evaluation.verdicts import JudgeColumns, check_verdicts

    columns = JudgeColumns(judge, human, arm, reference, task, item, chance, tuple(again or ()))
    table = read_outside_table(file, columns.names)
    for name in (judge, human, *columns.again):
        table = table.with_missing(name, missing or ())
    found = check_verdicts(table, columns, seed)
    if as_json:
        typer.echo(json.dumps(judge_as_json(found), indent=2))
    else:
        show_tables(judge_as_tables(found))


@commands.command("swap-flips")
def swap_flips(
    file: FileArgument,
    first: Annotated[
        str,
        typer.Option("--first", help="Column: left, equal or right, as the judge saw the pair."),
    ],
    swapped: Annotated[
        str, typer.Option("--swapped", help="Column: the same where the other reply lay left.")
    ],
    item: Annotated[
        str | None, typer.Option("--item", help="Column: the question; makes intervals clustered.")
    ] = None,
    missing: MissingOption = None,
    as_json: JsonOption = False,
) -> None:
    """How often a judge changes its answer when the sides of a pair are swapped, of any table.

    One row per pair. An empty cell is no answer: in no share, and counted.

    Example: warmth-audit swap-flips pairs.csv --first gpt --swapped gpt_swapped --item question
    """
    from evaluation.judge_tables import swap_table, swaps_as_json
    from evaluation.outside_tables import read_outside_table
    from evaluation.verdicts import flip_sides

    table = read_outside_table(file, [first, swapped, *([item] if item else [])])
    for name in (first, swapped):
        table = table.with_missing(name, missing or ())
    found = flip_sides(table, first, swapped, item)
    if as_json:
        typer.echo(json.dumps(swaps_as_json(found), indent=2))
    else:
        show_tables([swap_table(found, None)])
