"""Linear shares: weighted shares, each with what every item adds to it.

Sums and ratios of shares of the same items keep how they vary together: what an item adds to them
is a sum of what it adds to each. A share of 0 or 1 shows no spread; `unseen_variance` says how much
it may hide. Intervals are by item. Who is right, judge or people, is not known here.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit

from evaluation.statistics.columns import Floats
from evaluation.statistics.intervals import Bounds, wilson_bounds
from study.records import Estimate

UNIT = "item"
# Residuals that cancel leave about this much.
_ROUNDING = 1e-24


@dataclass(frozen=True)
class LinearShare:
    """A share, or a function of shares, as a sum over items."""

    value: float
    additions: Floats
    """Shape (n_items,); what each item adds to the deviation from the true value."""
    unseen: float
    """Variance that equal outcomes hide, beside that of `additions`."""
    n: int
    """Replies with a weight."""
    n_effective: float
    """Replies of equal weight that would tell as much, if replies were independent; infinite for a
    function of shares, which may tell more than any of them."""
    n_units: int
    """Items among them."""


def weighted_share(
    values: Floats, weights: Floats, item: NDArray[np.intp], n_items: int
) -> LinearShare:
    """The weighted mean of values in [0, 1].

    Args:
        values, weights: shape (n,); a weight of 0 leaves a value out. At least one is above 0.
        item: shape (n,); index of each value's item, below `n_items`.
    Source: Hájek 1971 for the mean; Kish 1965 for the effective number.
    """
    used = weights > 0
    values, weights, item = values[used], weights[used], item[used]
    total = weights.sum()
    mean = float(weights @ values) / float(total)
    n_units = len(np.unique(item))
    unseen = 0.0
    if np.ptp(values) == 0:
        mean, unseen = float(values[0]), _unseen_variance(float(values[0]), n_units)
    deviations = weights * (values - mean) / total
    additions: Floats = np.bincount(item, deviations, n_items).astype(np.float64)
    return LinearShare(
        value=mean,
        additions=additions,
        unseen=unseen,
        n=int(used.sum()),
        n_effective=float(total**2 / (weights @ weights)),
        n_units=n_units,
    )


def combine(value: float, n: int, n_units: int, *terms: tuple[float, LinearShare]) -> LinearShare:
    """A function of shares of which only its value and its slopes are told.

    Args:
        n, n_units: replies and items that it is said to count.
        terms: the slope at the values of the shares, and the share.
    Source: the delta method.
    """
    return LinearShare(
        value=value,
        additions=np.sum([slope * share.additions for slope, share in terms], axis=0),
        unseen=float(sum(slope**2 * share.unseen for slope, share in terms)),
        n=n,
        n_effective=np.inf,
        n_units=n_units,
    )


def subtract(a: LinearShare, b: LinearShare) -> LinearShare:
    """a − b, with as many items as the one that has fewer."""
    n_units = min(a.n_units, b.n_units)
    return combine(a.value - b.value, a.n + b.n, n_units, (1.0, a), (-1.0, b))


def covariance(a: LinearShare, b: LinearShare) -> float:
    """Of two shares of the same items, clustered by item, without what is unseen."""
    n_units = min(a.n_units, b.n_units)
    return float(a.additions @ b.additions) * n_units / max(1, n_units - 1)


def variance(share: LinearShare) -> float:
    """Of a share, clustered by item, with what is unseen."""
    return covariance(share, share) + share.unseen


def quantile(share: LinearShare, level: float) -> float:
    """Of t with one degree of freedom less than items."""
    return float(stdtrit(share.n_units - 1, (1 + level) / 2))


def share_estimate(share: LinearShare, how: str, level: float) -> Estimate:
    """A share in [0, 1], with Wilson's interval on the effective number of replies.

    What leaves [0, 1] is clipped there. With equal weights it is `proportions.rate`.
    """
    value = min(1.0, max(0.0, share.value))
    lead = f"{how}; " if how else ""
    if share.n_units < 2:
        return _estimate(share, value, None, f"{lead}no interval: only one {UNIT}", level)
    seen = covariance(share, share)
    if value in (0.0, 1.0) or seen <= _ROUNDING:
        n, z = float(share.n_units), float(ndtri((1 + level) / 2))
        why = f"Wilson on {share.n_units} items, since no spread is to be seen"
    else:
        n = min(share.n_effective, value * (1 - value) / seen)
        z = quantile(share, level)
        why = f"Wilson on the effective n, {_clustered(share)}"
    return _estimate(share, value, wilson_bounds(value, n, z), lead + why, level)


def square_and_add(a: LinearShare, b: LinearShare, sign: int, level: float) -> Bounds:
    """The interval of a + b, or of a − b where sign is −1, from Wilson's intervals of both shares.

    Args:
        a, b: shares of the same items; what they vary together is counted.
    Returns:
        Bounds as wide as the distances from each share to its own bounds, squared and added; they
        stay honest at shares near 0 and 1, where a t interval does not.
    Source: Newcombe 1998, doi 10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I,
        method 10; Zou and Donner 2008, doi 10.1002/sim.3095, for shares that vary together.
    """
    one, other = (share_estimate(share, "", level) for share in (a, b))
    if one.low is None or one.high is None or other.low is None or other.high is None:
        return Bounds(None, None, f"no interval: one of the two shares has only one {UNIT}")
    spread = (covariance(a, a) * covariance(b, b)) ** 0.5
    together = min(1.0, max(-1.0, sign * covariance(a, b) / spread)) if spread else 0.0
    below, above = other.low, other.high
    if sign < 0:
        below, above = above, below
    middle = a.value + sign * b.value
    low = middle - _length(a.value - one.low, abs(b.value - below), together)
    high = middle + _length(one.high - a.value, abs(above - b.value), together)
    method = f"Wilson's bounds of both shares, squared and added, clustered on {UNIT}"
    least, most = (0.0, 2.0) if sign > 0 else (-1.0, 1.0)
    return Bounds(max(least, low), min(most, high), method)


def _length(a: float, b: float, correlation: float) -> float:
    return float(max(0.0, a**2 + b**2 + 2 * correlation * a * b) ** 0.5)


def difference_estimate(share: LinearShare, how: str, level: float) -> Estimate:
    """A difference of shares in percentage points, within [−100, 100], with a t interval."""
    lead = f"{how}; " if how else ""
    if share.n_units < 2:
        return _points(share, None, f"{lead}no interval: only one {UNIT}", level)
    half = quantile(share, level) * variance(share) ** 0.5
    bounds = (max(-1.0, share.value - half), min(1.0, share.value + half))
    method = lead + _clustered(share)
    if share.unseen:
        method += ", with room for errors that a share of 0 or 1 hides"
    return _points(share, bounds, method, level)


def _points(
    share: LinearShare, bounds: tuple[float, float] | None, method: str, level: float
) -> Estimate:
    clipped = min(1.0, max(-1.0, share.value))
    points = None if bounds is None else (100 * bounds[0], 100 * bounds[1])
    return _estimate(share, 100 * clipped, points, method, level)


def _estimate(
    share: LinearShare, value: float, bounds: tuple[float, float] | None, method: str, level: float
) -> Estimate:
    low, high = (None, None) if bounds is None else bounds
    return Estimate(value, low, high, level, share.n, share.n_units, UNIT, method, None)


def _clustered(share: LinearShare) -> str:
    return f"clustered on {UNIT}, t with {share.n_units - 1} degrees of freedom"


def _unseen_variance(share: float, n_units: int) -> float:
    # one more unit on each side, as Lang and Reiczigel 2014 do for sensitivity and specificity
    moved = (n_units * share + 1) / (n_units + 2)
    return moved * (1 - moved) / (n_units + 2)
