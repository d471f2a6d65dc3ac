"""Proportions and their differences, clustered by item.

The conditions of one item share its difficulty, so items are the independent units. Which
replies count, and what an outcome is, lives in `outcomes.py`. Where every item has one pair, as in
a single cell, `paired_tests.py` has the interval of counts.
"""

import numpy as np

from evaluation.statistics.intervals import (
    Bounds,
    Ids,
    Span,
    Values,
    bounds_by_unit,
    check_values,
    index_units,
    not_estimable,
    share_bounds_by_unit,
)
from evaluation.statistics.resampling import (
    Floats,
    Sample,
    bca_bounds,
    caution_of_alike,
    collapse,
    leave_out,
    resample,
)
from study.records import Estimate

UNIT = "item"


def rate(outcomes: Values, item_ids: Ids, level: float = 0.95) -> Estimate:
    """Share of outcomes, with Wilson's interval on the effective sample size by item.

    When all outcomes are equal, such as 0 of n, that size is not known and the number of items
    takes its place. None of a value or an interval is explained in `method`.

    Args:
        outcomes: shape (n,), in [0, 1]; 1.0 where the event happened.
        item_ids: shape (n,).
    Returns:
        A proportion in [0, 1]; n counts outcomes, n_units items.
    Raises:
        BadTable: arrays of unequal length, or a NaN.
    Source: `intervals.share_bounds_by_unit`.
    """
    check_values(outcomes, item_ids, level=level)
    if not len(outcomes):
        return not_estimable("no outcomes", UNIT, level)
    bounds = share_bounds_by_unit(outcomes, item_ids, UNIT, level)
    return _estimate(outcomes, item_ids, bounds, scale=1.0, level=level)


def paired_difference(
    outcomes_a: Values, outcomes_b: Values, item_ids: Ids, level: float = 0.95
) -> Estimate:
    """Mean of a − b over prompts that both arms answered, in percentage points.

    Args:
        outcomes_a, outcomes_b: shape (n_prompts,), in [0, 1]; each arm's outcome on one prompt.
        item_ids: shape (n_prompts,).
    Returns:
        Percentage points in [−100, 100], with a cluster-t interval by item; n counts prompts.
        When all differences are equal, Wilson bounds the share of items that could differ.
    Raises:
        BadTable: arrays of unequal length, or a NaN.
    """
    check_values(outcomes_a, outcomes_b, level=level)
    return _mean_points(outcomes_a - outcomes_b, item_ids, Span(-1.0, 1.0), level)


def resampled_difference(
    outcomes_a: Values,
    outcomes_b: Values,
    item_ids: Ids,
    seed: int,
    resamples: int = 1000,
    level: float = 0.95,
) -> Estimate:
    """Mean of a − b as in `paired_difference`, with a BCa interval of resampled items.

    With 4 prompts each and gaps that differ by item it held the true gap in 95.7 % of 600 drawn
    studies of 24 items, 94.2 of 60 and 94.5 of 200, where cluster-t held it in 95.7, 94.3 and 95.0.
    Plain percentiles held it in 91.6 % of 1,000 studies of 24 items.

    Args:
        outcomes_a, outcomes_b: shape (n_prompts,), in [0, 1]; each arm's outcome on one prompt.
        item_ids: shape (n_prompts,); all prompts of an item are drawn together.
        seed: of the drawing.
    Returns:
        Percentage points in [−100, 100]; n counts prompts. Items of one mean have no interval,
        since every sample of them has it too.
    Raises:
        BadTable: arrays of unequal length, or a NaN.
    Source: `resampling.bca_bounds`; Field and Welsh 2007, doi 10.1111/j.1467-9868.2007.00593.x,
        for clusters.
    """
    check_values(outcomes_a, outcomes_b, item_ids, level=level)
    if not len(outcomes_a):
        return not_estimable("no outcomes", UNIT, level)
    differences = outcomes_a - outcomes_b
    parts = collapse(
        np.stack([differences, np.ones(len(differences))], axis=1), seed, cluster_ids=item_ids
    )
    means = resample(parts, _mean_of_sums, seed, resamples)
    left_out = leave_out(parts, _mean_of_sums)
    caution = caution_of_alike(parts, UNIT)
    sample = Sample(parts, float(differences.mean()), left_out, True, UNIT, caution)
    bounds = bca_bounds(means, sample, level)
    return _estimate(differences, item_ids, bounds, scale=100.0, level=level, seed=seed)


def difference_in_differences(
    with_a: Values,
    with_b: Values,
    without_a: Values,
    without_b: Values,
    item_ids: Ids,
    level: float = 0.95,
) -> Estimate:
    """How much larger the gap a − b is with a stated belief than without, in percentage points.

    Args:
        with_a, with_b: shape (n,), in [0, 1]; outcomes of both arms where the belief is stated.
        without_a, without_b: shape (n,); the same item and context without it.
        item_ids: shape (n,).
    Returns:
        Percentage points in [−200, 200], with a cluster-t interval by item; n counts matched
        sets of the four outcomes.
    Raises:
        BadTable: arrays of unequal length, or a NaN.
    """
    for other in (with_b, without_a, without_b):
        check_values(with_a, other, level=level)
    differences = (with_a - with_b) - (without_a - without_b)
    return _mean_points(differences, item_ids, Span(-2.0, 2.0), level)


def _mean_points(values: Values, item_ids: Ids, span: Span, level: float) -> Estimate:
    check_values(values, item_ids, level=level)
    if not len(values):
        return not_estimable("no outcomes", UNIT, level)
    bounds = bounds_by_unit(values, item_ids, UNIT, span, level)
    return _estimate(values, item_ids, bounds, scale=100.0, level=level)


def _mean_of_sums(sums: Floats) -> Floats:
    """From sums of differences and of prompts, shape (n_samples, 2), to their mean difference."""
    means: Floats = sums[:, 0] / sums[:, 1]
    return means


def _estimate(
    values: Values,
    item_ids: Ids,
    bounds: Bounds,
    scale: float,
    level: float,
    seed: int | None = None,
) -> Estimate:
    return Estimate(
        value=float(values.mean()) * scale,
        low=None if bounds.low is None else bounds.low * scale,
        high=None if bounds.high is None else bounds.high * scale,
        level=level,
        n=len(values),
        n_units=index_units(item_ids).n,
        unit=UNIT,
        method=bounds.method,
        seed=seed,
    )
