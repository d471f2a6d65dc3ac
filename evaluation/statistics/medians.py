"""Medians of values that share items, or items and raters.

Bounds are the quantiles at the bounds of the share of values up to the median, which is clustered
as any other share. Source: Woodruff 1952, doi 10.1080/01621459.1952.10483443.
"""

from dataclasses import replace

import numpy as np

from evaluation.statistics.columns import Floats
from evaluation.statistics.intervals import Ids, Values, check_values, not_estimable
from evaluation.statistics.preferences import UNIT, mean_share
from evaluation.statistics.proportions import UNIT as ITEM
from evaluation.statistics.proportions import rate
from study.records import Estimate


def median(values: Values, item_ids: Ids, rater_ids: Ids, level: float) -> Estimate:
    """The median of values that share items and raters.

    Args:
        values, item_ids, rater_ids: shape (n,).
    Returns:
        In the unit of the values.
    Raises:
        BadTable: arrays of unequal length, or a NaN.
    """
    check_values(values, item_ids, rater_ids, level=level)
    if not len(values):
        return not_estimable("no ratings yet", UNIT, level)
    return _at_share(values, mean_share(_below_median(values), item_ids, rater_ids, level))


def median_by_item(values: Values, item_ids: Ids, level: float) -> Estimate:
    """The median of values that share items.

    Args:
        values, item_ids: shape (n,).
    Returns:
        In the unit of the values.
    Raises:
        BadTable: arrays of unequal length, or a NaN.
    """
    check_values(values, item_ids, level=level)
    if not len(values):
        return not_estimable("no values", ITEM, level)
    return _at_share(values, rate(_below_median(values), item_ids, level))


def _below_median(values: Values) -> Floats:
    # half of the values at the median count as below it, so that ties do not move the middle
    middle = float(np.median(values))
    return np.asarray((values < middle) + 0.5 * (values == middle), dtype=np.float64)


def _at_share(values: Values, below: Estimate) -> Estimate:
    """The median, between the quantiles at the bounds of the share below it."""
    middle = float(np.median(values))
    if below.low is None or below.high is None:
        return replace(below, value=middle)
    if values.min() == values.max():
        equal = "no interval: all values are equal"
        return replace(below, value=middle, low=None, high=None, method=equal)
    low, high = (float(bound) for bound in np.quantile(values, [below.low, below.high]))
    method = f"quantiles at the bounds of the share below the median, {below.method}"
    return replace(below, value=middle, low=low, high=high, method=method)
