"""Interim results as tables and JSON, beside `report.py`: for as long as the arms are sealed.

Nothing is computed here; every number comes from `statistics/interim.py`, its words from
`formats.py`.
"""

from dataclasses import asdict
from typing import Any

from evaluation.check_tables import context_table, repeat_table
from evaluation.formats import (
    Table,
    count_of,
    format_agreement,
    format_share,
    level_of,
    make_table,
    methods_of,
)
from evaluation.statistics.interim import InterimResults

JSON_FORMAT = "warmth-audit interim 1"
POOLED_AGREEMENT = "Agreement on which reply is warmer"
"""Not `Agreement on warmth`, which is coded for the arm and shown once results are open."""
OTHER_AGREEMENT = (
    "Coded for the first reply of each pair, whichever arm gave it: the agreement by arm, shown once "
    "results are open, is another number and mostly lower."
)


def interim_as_json(results: InterimResults) -> dict[str, Any]:
    """The interim results for other programs, at full precision.

    Keys: `format`, `seed`, `level`, `agreement` with `alpha`, `n_items` (pairs that were rated),
    `n_pairable` and `note`; `left_share`; `n_ratings`, `n_raters`, `n_items`, `n_pairs`,
    `n_of_warmth` (ratings of warmth pairs, which are pooled with the others here), `n_cannot_judge`, `n_left_out`, `n_surplus`; `repeat_consistency` and `context_checks` as in
    `results_as_json`, which also says what an estimate holds.
    """
    return {"format": JSON_FORMAT, **asdict(results)}


def interim_as_tables(results: InterimResults, limited: str | None = None) -> list[Table]:
    """The interim results for people: tables that name no arm."""
    tables = [
        _rating_table(results, limited),
        repeat_table(results.repeat_consistency, limited),
    ]
    if results.context_checks:
        tables.append(context_table(results.context_checks, limited))
    return tables


def _rating_table(results: InterimResults, limited: str | None) -> Table:
    raters = f"ratings by {count_of(results.n_raters, 'rater')}"
    columns = {
        POOLED_AGREEMENT: [format_agreement(results.agreement)],
        "Left reply called warmer": [format_share(results.left_share, raters)],
        "Could not judge accuracy": [f"{results.n_cannot_judge} of {results.n_ratings}"],
        "Rated so far": [
            f"{count_of(results.n_pairs, 'pair')} of {count_of(results.n_items, 'item')}"
        ],
    }
    note = (
        f"Over all arms together; {level_of(results.level)}"
        f"{methods_of((results.agreement.alpha, results.left_share))}; seed {results.seed}. "
        f"{POOLED_AGREEMENT}: {OTHER_AGREEMENT} Equal counts half; a share near 50 % says that the side does not matter. Left out: "
        f"{results.n_left_out} ratings of pairs without the original, or of replies by a model "
        f"that was served before the newest of its arm. Surplus among the rest: {results.n_surplus}."
    )
    if results.n_of_warmth:
        note += (
            f" {results.n_of_warmth} of the ratings are of warmth pairs, which are told apart once "
            "results are open."
        )
    return make_table("What can be known while people rate", columns, note, limited)
