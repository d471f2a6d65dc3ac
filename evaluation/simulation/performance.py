"""Performance: how the estimates of many simulated studies stand to the truth.

Every figure is itself an estimate from so many studies and comes with its own interval or error.
Which numbers have a truth is said in `targets.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from evaluation.simulation.targets import Target, Truth
from evaluation.statistics.intervals import not_estimable, wilson_bounds
from study.records import Estimate

UNIT = "study"


@dataclass(frozen=True)
class Performance:
    """What the studies made of one target."""

    target: Target
    truth: Truth
    n_studies: int
    n_estimated: int
    """Studies that gave a value."""
    n_intervals: int
    """Studies that gave an interval; coverage, power and width are of these."""
    mean: float | None
    """Of the values; None where no study gave one."""
    bias: float | None
    """Mean − truth, in the unit of the target."""
    bias_error: float | None
    """Monte-Carlo standard error of the bias; None with fewer than two values."""
    coverage: Estimate
    """Share of intervals that hold the truth."""
    power: Estimate | None
    """Share of intervals that exclude "no effect"; None where the target has no such value."""
    mean_width: float | None
    """Of the intervals, in the unit of the target."""

    @property
    def share_not_estimable(self) -> float:
        """Studies that gave no value, of all."""
        return 1 - self.n_estimated / self.n_studies


def measure_performance(
    truths: Mapping[Target, Truth],
    studies: Sequence[Mapping[Target, Estimate]],
    seed: int,
    level: float = 0.95,
) -> tuple[Performance, ...]:
    """Hold the estimates of all studies against the truths.

    Args:
        studies: at least one; by target, what each found.
        seed: of the studies, for the record.
        level: of the intervals around coverage and power.
    Returns:
        One per target, in the order of `truths`.
    """
    return tuple(
        _measure(target, truth, [study[target] for study in studies], seed, level)
        for target, truth in truths.items()
    )


def _measure(
    target: Target, truth: Truth, estimates: Sequence[Estimate], seed: int, level: float
) -> Performance:
    values = np.array([one.value for one in estimates if one.value is not None])
    bounds = np.array(
        [(one.low, one.high) for one in estimates if one.low is not None and one.high is not None]
    ).reshape(-1, 2)
    low, high = bounds.T
    n_values = len(values)
    mean = float(values.mean()) if n_values else None
    power = None
    if truth.no_effect is not None:
        excludes = (low > truth.no_effect) | (high < truth.no_effect)
        power = _share(excludes, seed, level)
    return Performance(
        target=target,
        truth=truth,
        n_studies=len(estimates),
        n_estimated=n_values,
        n_intervals=len(bounds),
        mean=mean,
        bias=None if mean is None else mean - truth.value,
        bias_error=float(values.std(ddof=1)) / n_values**0.5 if n_values > 1 else None,
        coverage=_share((low <= truth.value) & (truth.value <= high), seed, level),
        power=power,
        mean_width=float((high - low).mean()) if len(bounds) else None,
    )


def _share(happened: NDArray[np.bool_], seed: int, level: float) -> Estimate:
    n = len(happened)
    if not n:
        return not_estimable("no study gave an interval", UNIT, level)
    share = float(happened.mean())
    low, high = wilson_bounds(share, n, float(ndtri((1 + level) / 2)))
    return Estimate(share, low, high, level, n, n, UNIT, "Wilson over simulated studies", seed)
