"""Meter agreement: does a meter, or a judge, hear the warmer reply where people hear it?

A meter gives each pair a number, such as the difference of SocioT warmth, and a judge a
preference; both are an opinion about the pair. Arrays come in, coded for the compared arm, from
wherever such opinions are kept.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.statistics.columns import Floats
from evaluation.statistics.intervals import Ids, Values, check_values, not_estimable
from evaluation.statistics.preferences import UNIT, win_rate
from evaluation.statistics.resampling import (
    Indices,
    Parts,
    Sample,
    bca_bounds,
    leave_out,
    random_bundles,
    resample,
)
from study.errors import BadInput, BadTable
from study.records import Estimate

# Items are drawn one by one up to here, since the draws hold a table of items by items.
_MOST_ITEMS = 2_000
# Times that pairs count, held at once: 16 MB, of which some copies are made.
_MOST_CELLS = 2_000_000
_AUC_UNIT = "item"


@dataclass(frozen=True)
class MeterAgreement:
    """How far opinions about pairs agree with what people said."""

    share: Estimate
    """Share of ratings that say what the opinion says; a rating or opinion that calls both replies
    equal agrees half."""
    auc: Estimate
    """Chance that of a pair in which most people chose the arm, and one in which most chose the
    original, the first has the higher opinion; a half when opinions tell nothing."""
    n_ties: int
    """Ratings, of those compared, that call both replies equally warm."""
    n_undecided: int
    """Ratings, of those compared, of a pair whose opinion is 0."""
    n_without_opinion: int
    """Ratings of a pair of which there is no opinion: left out."""
    n_without_majority: int
    """Pairs, of those compared, whose ratings are balanced: they do not enter the AUC."""


@dataclass(frozen=True)
class Opinions:
    """What a meter or a judge says of pairs."""

    pair_ids: Ids
    """Shape (n_pairs,), each once."""
    values: Values
    """Shape (n_pairs,); above 0 the compared arm's reply is the warmer, below 0 the original's, 0
    neither; NaN where there is none."""


@dataclass(frozen=True)
class RatedPairs:
    """What people say of pairs, one entry per rating."""

    pair_ids: Ids
    preferences: Values
    """1.0 compared arm, 0.5 tie, 0.0 the original."""
    item_ids: Ids
    rater_ids: Ids


def agreement_with_people(
    opinions: Opinions,
    ratings: RatedPairs,
    seed: int,
    resamples: int = 1000,
    level: float = 0.95,
) -> MeterAgreement:
    """Compare opinions with the ratings of the same pairs.

    The share has the interval of `win_rate`, clustered on item and rater. The AUC is that of pairs
    by people's majority, with a BCa interval of resampled items.

    Args:
        seed: of the resamples.
    Raises:
        BadTable: arrays of unequal length, a pair with two opinions, a preference other than 0,
            0.5 and 1, or an infinite opinion.
        BadInput: fewer than one resample, or a level that is not between 0 and 1.
    Source: Hanley and McNeil 1982 for the AUC.
    """
    _check(opinions, ratings, resamples, level)
    opinion = _opinion_of_ratings(opinions, ratings)
    known = ~np.isnan(opinion)
    compared = RatedPairs(
        ratings.pair_ids[known],
        ratings.preferences[known],
        ratings.item_ids[known],
        ratings.rater_ids[known],
    )
    return _compare(compared, opinion[known], int((~known).sum()), seed, resamples, level)


def _compare(
    ratings: RatedPairs,
    opinion: Floats,
    n_without_opinion: int,
    seed: int,
    resamples: int,
    level: float,
) -> MeterAgreement:
    if not len(opinion):
        none = not_estimable("no pair has both a rating and an opinion", UNIT, level)
        return MeterAgreement(none, none, 0, 0, n_without_opinion, 0)
    # a rating's distance from a tie, turned towards the opinion
    agrees = 0.5 + (ratings.preferences - 0.5) * np.sign(opinion)
    _, first, pair = np.unique(ratings.pair_ids, return_index=True, return_inverse=True)
    majority = np.sign(np.bincount(pair, weights=ratings.preferences - 0.5))
    decided = majority != 0
    return MeterAgreement(
        share=win_rate(agrees, ratings.item_ids, ratings.rater_ids, level),
        auc=area_under_curve(
            opinion[first][decided],
            majority[decided] > 0,
            ratings.item_ids[first][decided],
            seed,
            resamples,
            level,
        ),
        n_ties=int((ratings.preferences == 0.5).sum()),
        n_undecided=int((opinion == 0).sum()),
        n_without_opinion=n_without_opinion,
        n_without_majority=int((~decided).sum()),
    )


def area_under_curve(
    opinions: Values,
    chose_arm: NDArray[np.bool_],
    item_ids: Ids,
    seed: int,
    resamples: int = 1000,
    level: float = 0.95,
) -> Estimate:
    """Chance that a pair in which most people chose the arm has the higher opinion of two.

    The other is a pair in which most chose the original; equal opinions count half.

    Args:
        opinions, chose_arm, item_ids: shape (n_pairs,).
    Returns:
        In [0, 1], with a BCa interval of resampled items; n counts pairs. Raters are not drawn
        anew: the interval is for other items rated by the same people.
    Source: Hanley and McNeil 1982, doi 10.1148/radiology.143.1.7063747; the Mann–Whitney U over
        its largest value.
    """
    if not len(opinions):
        return not_estimable("no pair has a majority", _AUC_UNIT, level)
    if chose_arm.all() or not chose_arm.any():
        chosen = "arm" if chose_arm.all() else "original"
        reason = f"most people chose the {chosen} in every pair that has a majority"
        return not_estimable(reason, _AUC_UNIT, level)
    pairs = _sort_pairs(opinions, chose_arm)
    items, item = np.unique(item_ids, return_inverse=True)
    n_parts = min(len(items), _MOST_ITEMS)
    part = random_bundles(len(items), n_parts, seed)[item] if len(items) > n_parts else item
    part = part[pairs.order]
    parts = Parts(np.eye(n_parts), np.ones(n_parts, np.int64), len(items), len(items) > n_parts)

    def areas(times: Floats) -> Floats:
        step = max(1, _MOST_CELLS // len(part))
        starts = range(0, len(times), step)
        return np.concatenate([_areas(pairs, times[i : i + step][:, part]) for i in starts])

    value = float(_areas(pairs, np.ones((1, len(opinions))))[0])
    left_out = leave_out(parts, areas) if len(parts.times) <= resamples else None
    sample = Sample(parts, value, left_out, is_graded=True, unit=_AUC_UNIT)
    bounds = bca_bounds(resample(parts, areas, seed, resamples), sample, level)
    return Estimate(
        value=value,
        low=bounds.low,
        high=bounds.high,
        level=level,
        n=len(opinions),
        n_units=len(items),
        unit=_AUC_UNIT,
        method=f"area under the curve; {bounds.method}",
        seed=seed,
    )


@dataclass(frozen=True)
class _SortedPairs:
    """Pairs from the lowest opinion to the highest."""

    order: Indices
    """Shape (n_pairs,); where each was before."""
    first: Indices
    """Shape (n_opinions,); where each different opinion begins."""
    chose_arm: NDArray[np.bool_]
    """Shape (n_pairs,)."""


def _sort_pairs(opinions: Values, chose_arm: NDArray[np.bool_]) -> _SortedPairs:
    order = np.argsort(opinions, kind="stable")
    _, first = np.unique(opinions[order], return_index=True)
    return _SortedPairs(order, first, chose_arm[order])


def _areas(pairs: _SortedPairs, weights: Floats) -> Floats:
    """The areas where each pair counts so many times, NaN where either side has none.

    Args:
        weights: shape (n_samples, n_pairs), in the order of the pairs.
    """
    of_arm, of_original = (
        np.add.reduceat(weights * side, pairs.first, axis=1)
        for side in (pairs.chose_arm, ~pairs.chose_arm)
    )
    below = np.cumsum(of_original, axis=1) - of_original / 2
    possible = of_arm.sum(axis=1) * of_original.sum(axis=1)
    areas = np.full(len(weights), np.nan)
    np.divide((of_arm * below).sum(axis=1), possible, out=areas, where=possible > 0)
    return areas


def _opinion_of_ratings(opinions: Opinions, ratings: RatedPairs) -> Floats:
    """The opinion about each rating's pair, shape (n_ratings,); NaN where there is none."""
    order = np.argsort(opinions.pair_ids)
    place = np.searchsorted(opinions.pair_ids, ratings.pair_ids, sorter=order)
    found = np.full(len(ratings.pair_ids), np.nan)
    if not len(order):
        return found
    nearest = order[np.minimum(place, len(order) - 1)]
    is_same = opinions.pair_ids[nearest] == ratings.pair_ids
    found[is_same] = opinions.values[nearest][is_same]
    return found


def _check(opinions: Opinions, ratings: RatedPairs, resamples: int, level: float) -> None:
    if resamples < 1:
        raise BadInput(f"expected at least one resample, got {resamples}; 1000 is usual")
    given = opinions.values[~np.isnan(opinions.values)]
    check_values(given, level=level)
    check_values(
        ratings.preferences, ratings.pair_ids, ratings.item_ids, ratings.rater_ids, level=level
    )
    if len(opinions.pair_ids) != len(opinions.values):
        raise BadTable(
            f"expected one opinion for each pair, got {len(opinions.values)} of "
            f"{len(opinions.pair_ids)}; pass NaN where there is none"
        )
    names, times = np.unique(opinions.pair_ids, return_counts=True)
    if len(names) < len(opinions.pair_ids):
        raise BadTable(
            f"expected one opinion for each pair, got {times.max()} of {names[times.argmax()]}; "
            "pass the one that counts"
        )
