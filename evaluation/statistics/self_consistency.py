"""Self-consistency: does a judge say the same again, and does the side that it sees first sway it?

People have no part in this: a judge may agree with itself and be wrong. Intervals are by item, since
a hard item makes all its answers waver.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluation.statistics.agreement import Agreement, alpha_of_counts
from evaluation.statistics.columns import Floats
from evaluation.statistics.intervals import not_estimable
from evaluation.statistics.proportions import UNIT, rate
from study.errors import BadTable
from study.records import Estimate

NO_ANSWER = ""
"""An answer that could not be read."""
_LEFT, _EQUAL, _RIGHT = 1.0, 0.5, 0.0


@dataclass(frozen=True)
class SwapFlips:
    """What swapping the sides of a pair does to a judge's answer."""

    flipped: Estimate
    """Share of pairs in which the judge no longer chose the same reply; equal is the same as equal
    alone."""
    chose_left: Estimate
    """Of the pairs in which it chose the same side both times, and so the other reply: the share
    in which that was the left. One half where the side draws neither way."""
    n_left: int
    """Pairs in which it chose the left both times."""
    n_right: int
    """Pairs in which it chose the right both times."""
    n_to_or_from_equal: int
    """Pairs in which it said equal once."""
    n_unanswered: int
    """Pairs without an answer the one time or the other; in no share here."""


@dataclass(frozen=True)
class SelfConsistency:
    """How often a judge answers the same input with the same."""

    agreeing: Estimate
    """Share of agreeing pairs of answers to one input, averaged over inputs."""
    unanimous: Estimate
    """Share of inputs whose answers are all the same."""
    agreement: Agreement
    """Krippendorff's alpha of the answers."""
    n_answers: int
    n_unreadable: int
    """Answers that could not be read; in no share here."""
    n_answered_once: int
    """Inputs with fewer than two answers that could be read; in no share here."""


def compute_swap_flips(
    chose_left: Floats, chose_left_swapped: Floats, item_ids: NDArray[Any], level: float = 0.95
) -> SwapFlips:
    """Compare answers to pairs with the answers to the same pairs, sides swapped.

    Args:
        chose_left: shape (n_pairs,); 1.0 the left reply, 0.5 equal, 0.0 the right one, NaN no
            answer; as the judge saw the sides.
        chose_left_swapped: shape (n_pairs,); the same where the other reply lay left.
        item_ids: shape (n_pairs,).
    Raises:
        BadTable: arrays of unequal length, or another value.
    """
    _check_sides(chose_left, chose_left_swapped, item_ids)
    answered = ~np.isnan(chose_left + chose_left_swapped)
    first, second = chose_left[answered], chose_left_swapped[answered]
    items = item_ids[answered]
    same_side = (first == second) & (first != _EQUAL)
    flipped = (first != 1 - second).astype(np.float64)
    left = rate((first[same_side] == _LEFT).astype(np.float64), items[same_side], level)
    if not same_side.any():
        left = not_estimable("the judge chose the same side both times in no pair", UNIT, level)
    return SwapFlips(
        flipped=rate(flipped, items, level)
        if len(items)
        else not_estimable("no pair was answered both ways", UNIT, level),
        chose_left=left,
        n_left=int((same_side & (first == _LEFT)).sum()),
        n_right=int((same_side & (first == _RIGHT)).sum()),
        n_to_or_from_equal=int(((first == _EQUAL) != (second == _EQUAL)).sum()),
        n_unanswered=int((~answered).sum()),
    )


def compute_self_consistency(
    answers: NDArray[np.str_],
    item_ids: NDArray[Any],
    seed: int,
    resamples: int = 1000,
    level: float = 0.95,
) -> SelfConsistency:
    """How far answers to the same input agree.

    Args:
        answers: shape (n_inputs, n_times); `NO_ANSWER` where there is none that could be read.
        item_ids: shape (n_inputs,); inputs of one item depend on each other.
        seed: of alpha's interval.
    Raises:
        BadTable: arrays that do not belong together.
    """
    if answers.ndim != 2 or np.shape(item_ids) != (len(answers),):
        raise BadTable(
            f"expected answers of inputs by times and one item per input, got shapes "
            f"{answers.shape} and {np.shape(item_ids)}"
        )
    values = np.unique(answers[answers != NO_ANSWER])
    counts = (answers[:, :, None] == values).sum(axis=1).astype(np.int64)
    n_read = counts.sum(axis=1)
    kept = n_read >= 2
    agreeing, unanimous = (
        not_estimable("no input was answered twice", UNIT, level) for _ in range(2)
    )
    if kept.any():
        shares = _agreeing_shares(counts[kept])
        agreeing = rate(shares, item_ids[kept], level)
        unanimous = rate((shares == 1).astype(np.float64), item_ids[kept], level)
    domain = np.arange(len(values), dtype=np.float64)
    return SelfConsistency(
        agreeing=agreeing,
        unanimous=unanimous,
        agreement=alpha_of_counts(
            counts, domain, "nominal", seed, resamples, level, cluster_ids=item_ids
        ),
        n_answers=int(n_read.sum()),
        n_unreadable=int((answers == NO_ANSWER).sum()),
        n_answered_once=int((~kept).sum()),
    )


def _agreeing_shares(counts: NDArray[np.int64]) -> Floats:
    """Share of agreeing pairs of answers, per input."""
    n = counts.sum(axis=1)
    shares: Floats = (counts * (counts - 1)).sum(axis=1) / (n * (n - 1))
    return shares


def _check_sides(first: Floats, second: Floats, item_ids: NDArray[Any]) -> None:
    shapes = [np.shape(array) for array in (first, second, item_ids)]
    if any(shape != (len(first),) for shape in shapes):
        raise BadTable(
            f"expected flat arrays of one length, got shapes {shapes}; pass one per pair"
        )
    for values in (first, second):
        bad = ~(np.isnan(values) | np.isin(values, (_LEFT, _EQUAL, _RIGHT)))
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            raise BadTable(
                f"expected 1 left, 0.5 equal, 0 right or NaN, got {values[row]} at position {row}; "
                "code the answer for the side"
            )
