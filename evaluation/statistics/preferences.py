"""Preferences: in what share of ratings one side was preferred.

The values are coded for an arm or for a side by the caller (`tables.py`); here they are numbers.
"""

from dataclasses import replace

import numpy as np

from evaluation.statistics.intervals import (
    SHARE,
    TWO_WAYS,
    TWO_WAYS_FAILED,
    Ids,
    Values,
    bounds_by_item_and_rater,
    check_values,
    count_of,
    index_units,
    not_estimable,
    share_bounds,
    share_bounds_by_unit,
    two_way_variance,
)
from study.errors import BadTable
from study.records import Estimate

UNIT = "item and rater"
# Widths that were computed in different orders differ by less than this.
_EQUAL = 1e-12


def win_rate(preferences: Values, item_ids: Ids, rater_ids: Ids, level: float = 0.95) -> Estimate:
    """Share of ratings in which the compared arm was preferred, a tie counting half.

    Ratings of one item depend on each other, and so do ratings by one rater: the standard
    error clusters on both, and the interval is Wilson's on the effective sample size, with t of
    min(items, raters) − 1 degrees of freedom. When all ratings are equal the spread is zero and
    Wilson's interval on min(items, raters) units takes its place. With no rating the value is
    None; with one rater or one item there is a value and no interval. `method` says which.

    Args:
        preferences: shape (n_ratings,); 1.0 compared arm, 0.5 tie, 0.0 the other.
        item_ids, rater_ids: shape (n_ratings,).
        level: of the interval.
    Returns:
        A proportion in [0, 1]; n counts ratings, n_units is min(items, raters).
    Raises:
        BadTable: arrays of unequal length, or a value other than 0, 0.5 and 1.
    Source: Cameron, Gelbach and Miller 2011, doi 10.1198/jbes.2010.07136.
    """
    check_values(preferences, item_ids, rater_ids, level=level)
    if not np.isin(preferences, (0.0, 0.5, 1.0)).all():
        raise BadTable(
            f"expected preferences of 0, 0.5 or 1, got {np.unique(preferences)}; code a tie as 0.5"
        )
    return mean_share(preferences, item_ids, rater_ids, level)


def win_rate_over_models(
    preferences: Values, item_ids: Ids, rater_ids: Ids, models: Ids, level: float = 0.95
) -> Estimate:
    """As `win_rate`, over several models, each with raters of its own.

    The models would be the same in another sample, so that how far their shares lie apart is no
    error of the mean over them: two ways cluster what is left within each. Where the ratings of a
    model are all equal nothing is seen within it, and the interval of `win_rate`, in which models
    are a spread of raters and which is wider, stands.

    Args:
        preferences, item_ids, rater_ids, models: shape (n_ratings,).
        level: of the interval.
    Returns:
        A proportion in [0, 1]; n counts ratings, n_units is min(items, raters); t has min(items − 1,
        raters − models) degrees of freedom. No interval where a model has one rater.
    Raises:
        BadTable: arrays of unequal length, or a value other than 0, 0.5 and 1.
    Source: as `win_rate`; strata as in Korn and Graubard 1998, Survey Methodology 24:193.
    """
    found = win_rate(preferences, item_ids, rater_ids, level)
    model, rater = index_units(models), index_units(rater_ids)
    if found.value is None or found.low is None or model.n == 1:
        return found
    raters_of = np.bincount(np.unique(model.index * rater.n + rater.index) // rater.n)
    if raters_of.min() < 2:
        return replace(found, low=None, high=None, method="no interval: a model has only one rater")
    means = np.bincount(model.index, weights=preferences) / np.bincount(model.index)
    within = preferences - means[model.index]
    spread = np.bincount(model.index, weights=within**2)
    if spread.min() < _EQUAL:
        return found
    variance = two_way_variance(within, item_ids, rater_ids)
    # each model's mean takes a degree of freedom of its raters
    of_means = (rater.n - 1) / (rater.n - model.n)
    degrees = min(index_units(item_ids).n - 1, rater.n - model.n)
    how = TWO_WAYS_FAILED if variance.is_fallback else TWO_WAYS
    bounds = share_bounds(
        preferences,
        variance.value * of_means,
        degrees,
        level,
        f"clustered {how}, within models, t with {count_of(degrees, 'degree')} of freedom",
    )
    return replace(found, low=bounds.low, high=bounds.high, method=bounds.method)


def left_share(chose_left: Values, item_ids: Ids, rater_ids: Ids, level: float = 0.95) -> Estimate:
    """Share of ratings that call the left reply warmer, a tie counting half.

    As `win_rate`, unless clustering by rater alone gives the wider interval. Sides are balanced
    within a pair, so that its ratings differ more than by chance and the two-way variance is too
    small: in 250 drawn studies of 40 items and 12 raters two ways held the share in 92.0 %, by rater
    alone in 95.2 %.

    Args:
        chose_left, item_ids, rater_ids: shape (n_ratings,).
    Raises:
        BadTable: arrays of unequal length, or a value other than 0, 0.5 and 1.
    """
    two_ways = win_rate(chose_left, item_ids, rater_ids, level)
    if two_ways.low is None or two_ways.high is None:
        return two_ways
    by_rater = share_bounds_by_unit(chose_left, rater_ids, "rater", level)
    assert by_rater.low is not None, "two ways need several raters too"
    assert by_rater.high is not None, "two ways need several raters too"
    if by_rater.high - by_rater.low <= two_ways.high - two_ways.low + _EQUAL:
        return two_ways
    return replace(
        two_ways,
        low=by_rater.low,
        high=by_rater.high,
        n_units=len(np.unique(rater_ids)),
        unit="rater",
        method=by_rater.method,
    )


def mean_share(values: Values, item_ids: Ids, rater_ids: Ids, level: float = 0.95) -> Estimate:
    """Mean of values between 0 and 1 that share items and raters, with the interval of `win_rate`.

    Args:
        values, item_ids, rater_ids: shape (n_ratings,).
    Returns:
        A proportion in [0, 1]; n counts ratings, n_units is min(items, raters).
    Raises:
        BadTable: arrays of unequal length, or a NaN.
    """
    check_values(values, item_ids, rater_ids, level=level)
    if not len(values):
        return not_estimable("no ratings yet", UNIT, level)
    item, rater = index_units(item_ids), index_units(rater_ids)
    bounds = bounds_by_item_and_rater(values, item.index, rater.index, SHARE, level)
    return Estimate(
        value=float(values.mean()),
        low=bounds.low,
        high=bounds.high,
        level=level,
        n=len(values),
        n_units=min(item.n, rater.n),
        unit=UNIT,
        method=bounds.method,
        seed=None,
    )
