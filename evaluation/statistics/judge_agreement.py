"""Judge agreement: kappa and AC1 of a judge and people, clustered by item.

`coefficients.py` has the same values for raters who are alike, and resamples replies one by one.
Here replies of an item depend on each other and count by weight, and the interval is drawn on
Fisher's scale: with 40 to 200 labelled replies percentiles of resampled items held the true value
in 88 to 94 % of studies, this one in 95 to 98 %.
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from evaluation.statistics.columns import Floats
from evaluation.statistics.intervals import not_estimable, wilson_bounds
from evaluation.statistics.linear_shares import UNIT, combine, quantile, variance, weighted_share
from study.records import Estimate

Coefficient = Literal["kappa", "ac1"]
_NAMES: dict[Coefficient, str] = {"kappa": "Cohen's kappa", "ac1": "Gwet's AC1"}


def agree_beyond_chance(
    coefficient: Coefficient,
    judged: Floats,
    human: Floats,
    weights: Floats,
    item_ids: NDArray[np.str_],
    level: float = 0.95,
) -> Estimate:
    """How far judge and people agree beyond chance.

    Args:
        judged, human: shape (n,); 1.0 error, 0.0 right.
        weights: shape (n,); above 0.
        item_ids: shape (n,).
    Returns:
        At most 1; 0 is chance. The interval is t on Fisher's scale by the delta method; where both
        agree on all replies it is from Wilson's bound for the share on which they could differ.
    Source: Cohen 1960; Gwet 2008; Fisher 1921 for the scale.
    """
    if not len(human):
        return not_estimable("no reply has a label by both", UNIT, level)
    if np.ptp(np.concatenate([human, judged])) == 0:
        reason = "all labels are equal, so agreement cannot be told from chance"
        return not_estimable(reason, UNIT, level)
    items, item = np.unique(item_ids, return_inverse=True)
    h, j, both = (
        weighted_share(values, weights, item, len(items))
        for values in (human, judged, human * judged)
    )
    p_a = 1 - h.value - j.value + 2 * both.value
    middle = (h.value + j.value) / 2
    if coefficient == "kappa":
        p_e = h.value * j.value + (1 - h.value) * (1 - j.value)
        p_e_by_h, p_e_by_j = 2 * j.value - 1, 2 * h.value - 1
    else:
        p_e = 2 * middle * (1 - middle)
        p_e_by_h = p_e_by_j = 1 - 2 * middle
    by_p_a, by_p_e = 1 / (1 - p_e), (p_a - 1) / (1 - p_e) ** 2
    found = combine(
        (p_a - p_e) / (1 - p_e),
        h.n,
        h.n_units,
        (by_p_e * p_e_by_h - by_p_a, h),
        (by_p_e * p_e_by_j - by_p_a, j),
        (2 * by_p_a, both),
    )
    value, n_units = found.value, found.n_units
    name = _NAMES[coefficient]
    if n_units < 2:
        method = f"{name}; no interval: only one {UNIT}"
        return Estimate(value, None, None, level, found.n, n_units, UNIT, method, None)
    if (human == judged).all():
        least, _ = wilson_bounds(1.0, n_units, float(ndtri((1 + level) / 2)))
        low, high = (least - p_e) / (1 - p_e), 1.0
        method = f"{name}; Wilson on {n_units} items, since both agree on all replies"
    else:
        half = quantile(found, level) * variance(found) ** 0.5 / (1 - value**2)
        low, high = (float(np.tanh(np.arctanh(value) + side * half)) for side in (-1, 1))
        method = f"{name}; on Fisher's scale, clustered on {UNIT}, t with {n_units - 1} degrees of freedom"
    return Estimate(value, low, high, level, found.n, n_units, UNIT, method, None)
