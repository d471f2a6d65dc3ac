"""Fatigue: do ratings change along a rater's way through the study?

Each rater's ratings are put in the order in which they came, over all arms, and cut into
quarters, so that raters who did more weigh no other quarter more. Who tires chooses the same
side, takes less time, and agrees less with others.
"""

from dataclasses import dataclass

import numpy as np

from evaluation.statistics.columns import Floats, Ints, PreferenceTable, Rows, select_rows
from evaluation.statistics.intervals import Ids, Values, not_estimable
from evaluation.statistics.medians import median
from evaluation.statistics.preferences import UNIT, left_share, mean_share, win_rate
from study.records import Estimate

N_QUARTERS = 4
_N_ANSWERS = 3


@dataclass(frozen=True)
class Quarter:
    """A quarter of every rater's ratings."""

    quarter: int
    """1 the first."""
    left_share: Estimate
    """Share of ratings that call the left reply warmer, equal counting half."""
    warm_share: Estimate
    """The same for the compared arm's reply."""
    median_seconds: Estimate
    agreement: Estimate
    """Mean share of a pair's other ratings, of any quarter, that say what a rating says: arm
    warmer, equal, or original warmer; of ratings whose pair has others."""


@dataclass(frozen=True)
class Fatigue:
    """The ratings of one arm by quarter of each rater's order."""

    quarters: tuple[Quarter, ...]
    """Four, in order."""
    n_too_few: int
    """Ratings of the arm by raters with fewer than four ratings, who have no quarters."""


def compute_fatigue(everything: PreferenceTable, rows: Rows, level: float) -> Fatigue:
    """How the ratings of one arm change.

    Args:
        everything: the ratings of all arms.
        rows: shape (n_ratings,); those of the arm.
    """
    quarter = quarters_of(everything)[rows]
    table = select_rows(everything, rows)
    agreeing = agreement_with_others(table.pair, table.warmer)
    quarters = []
    for number in range(1, N_QUARTERS + 1):
        part = select_rows(table, quarter == number)
        compared = (quarter == number) & ~np.isnan(agreeing)
        quarters.append(
            Quarter(
                quarter=number,
                left_share=left_share(part.chose_left, part.item, part.rater, level),
                warm_share=win_rate(part.warmer, part.item, part.rater, level),
                median_seconds=median(part.seconds, part.item, part.rater, level),
                agreement=_mean_agreement(
                    agreeing[compared], table.item[compared], table.rater[compared], level
                ),
            )
        )
    return Fatigue(tuple(quarters), int((quarter == 0).sum()))


def quarters_of(table: PreferenceTable) -> Ints:
    """The quarter of its rater's order that each rating is in.

    Returns:
        Shape (n_ratings,); 1 to 4, and 0 for raters with fewer than four ratings.
    """
    order = np.lexsort((table.position, table.rated_at_s, table.rater))
    _, start, n_of = np.unique(table.rater[order], return_index=True, return_counts=True)
    rank = np.arange(len(table)) - np.repeat(start, n_of)
    n = np.repeat(n_of, n_of)
    quarter = np.empty(len(table), dtype=np.int64)
    quarter[order] = np.where(n < N_QUARTERS, 0, 1 + N_QUARTERS * rank // np.maximum(n, 1))
    return quarter


def agreement_with_others(pair_ids: Ids, preferences: Values) -> Floats:
    """Share of a pair's other ratings that say the same.

    Args:
        pair_ids, preferences: shape (n_ratings,); a preference is 0, 0.5 or 1.
    Returns:
        Shape (n_ratings,), in [0, 1]; NaN where the pair has no other rating.
    """
    pairs, pair = np.unique(pair_ids, return_inverse=True)
    answer = (2 * preferences).astype(np.intp)
    counts = np.zeros((len(pairs), _N_ANSWERS))
    np.add.at(counts, (pair, answer), 1)
    n_others = counts.sum(axis=1)[pair] - 1
    n_same = counts[pair, answer] - 1
    shares: Floats = np.divide(n_same, n_others, out=np.full(len(pair), np.nan), where=n_others > 0)
    return shares


def _mean_agreement(values: Values, item_ids: Ids, rater_ids: Ids, level: float) -> Estimate:
    if not len(values):
        return not_estimable("no pair was rated twice", UNIT, level)
    return mean_share(values, item_ids, rater_ids, level)
