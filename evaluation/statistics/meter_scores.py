"""Scores of a meter: their mean, how they rank two texts, and what length alone would do.

Arrays come in, from a study's replies or from any table. Whether people hear what a meter says is
in `meter_agreement.py`.
"""

from dataclasses import dataclass

import numpy as np

from evaluation.statistics.intervals import (
    Ids,
    Values,
    check_values,
    mean_by_unit,
)
from evaluation.statistics.meter_agreement import area_under_curve
from evaluation.statistics.proportions import UNIT, rate
from study.records import Estimate


@dataclass(frozen=True)
class Ranking:
    """How a number per text puts the first text of pairs above the second."""

    paired_share: Estimate
    """Share of pairs in which the first text has the higher number, equal ones counting half: the
    area under the curve of paired data."""
    pooled_auc: Estimate
    """Chance that a first text has a higher number than the second text of any pair."""
    mean_difference: Estimate
    """First − second, in the unit of the number."""
    n_equal: int
    """Pairs with equal numbers."""


def mean_score(scores: Values, item_ids: Ids, level: float = 0.95) -> Estimate:
    """Mean of scores, or of differences of scores, with a cluster-t interval by item.

    Args:
        scores, item_ids: shape (n,).
    Raises:
        BadTable: arrays of unequal length, or a score that is no number.
    Source: Liang and Zeger 1986.
    """
    return mean_by_unit(scores, item_ids, UNIT, level, noun="score").estimate


def higher_share(differences: Values, item_ids: Ids, level: float = 0.95) -> Estimate:
    """Share of differences above zero, those of zero counting half; Wilson's interval by item.

    Args:
        differences, item_ids: shape (n,).
    Raises:
        BadTable: arrays of unequal length, or a difference that is no number.
    """
    return rate((np.sign(differences) + 1) / 2, item_ids, level)


def rank_pairs(
    first: Values, second: Values, item_ids: Ids, seed: int, level: float = 0.95
) -> Ranking:
    """Whether first texts rank above second ones, within their pair and over all pairs.

    Args:
        first, second, item_ids: shape (n_pairs,); pairs of one item depend on each other.
        seed: of the resampling of items behind the pooled area.
    Raises:
        BadTable: arrays of unequal length, or a number that is none.
    """
    check_values(first, second, item_ids, level=level)
    differences = first - second
    return Ranking(
        paired_share=higher_share(differences, item_ids, level),
        pooled_auc=area_under_curve(
            np.concatenate([first, second]),
            np.arange(2 * len(first)) < len(first),
            np.concatenate([item_ids, item_ids]),
            seed,
            level=level,
        ),
        mean_difference=mean_score(differences, item_ids, level),
        n_equal=int((differences == 0).sum()),
    )
