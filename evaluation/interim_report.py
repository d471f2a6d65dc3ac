"""Interim results as a table and JSON, beside `report.py`: for as long as the arms are sealed.

Nothing is computed here; every number comes from `statistics/interim.py`, its words from
`formats.py`.
"""

from dataclasses import asdict
from typing import Any

from evaluation.formats import count_of, format_agreement, format_share
from evaluation.report import Table
from evaluation.statistics.interim import InterimResults

JSON_FORMAT = "warmth-audit interim 1"


def interim_as_json(results: InterimResults) -> dict[str, Any]:
    """The interim results for other programs, at full precision.

    Keys: `format`, `seed`, `level`, `agreement` with `alpha`, `n_items` (pairs that were rated),
    `n_pairable` and `note`; `left_share`; `n_ratings`, `n_raters`, `n_items`, `n_pairs`,
    `n_cannot_judge`, `n_left_out`. An estimate has the keys that `results_as_json` names.
    """
    return {"format": JSON_FORMAT, **asdict(results)}


def interim_as_table(results: InterimResults) -> Table:
    """The interim results for people, in one table that names no arm."""
    raters = f"ratings by {count_of(results.n_raters, 'rater')}"
    rows = (
        ("Agreement on warmth", format_agreement(results.agreement)),
        ("Left reply called warmer", format_share(results.left_share, raters)),
        ("Could not judge accuracy", f"{results.n_cannot_judge} of {results.n_ratings} ratings"),
        (
            "Rated so far",
            f"{count_of(results.n_pairs, 'pair')} of {count_of(results.n_items, 'item')}",
        ),
    )
    told = (results.agreement.alpha, results.left_share)
    methods = [estimate.method for estimate in told if estimate.low is not None]
    note = (
        f"Over all arms together. {100 * results.level:g} % intervals"
        f"{': ' if methods else ''}{'; '.join(methods)}; seed {results.seed}. Equal counts half; a share near 50 % says that the side does not matter. "
        f"Left out: {results.n_left_out} ratings of pairs without the original, or of replies by a "
        "model that was served before the newest of its arm."
    )
    return Table("What can be known so far", ("What", "So far"), rows, note)
