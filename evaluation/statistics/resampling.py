"""Resampling: percentile intervals of whatever depends on units only through sums over them.

Units that add the same are alike, so equal additions are collapsed and multinomials drawn over
them: that is the plain bootstrap, only quicker, and its cost does not grow with the number of
units. Where too many units differ, they are first put into bundles at random, and bundles drawn;
the interval then says so.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from evaluation.statistics.intervals import Bounds, Ids, index_units

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Indices = NDArray[np.intp]

Statistic = Callable[[Floats], Floats]
"""From sums, shape (n_samples, n_sums), to one value per sample; NaN where it is undefined."""

# Multinomial counts held at once: 80 MB.
_MAX_DRAWN = 10_000_000
# More different units than this go into bundles: the normal limit has long come by then.
_MAX_DIFFERENT = 5_000


@dataclass(frozen=True)
class Parts:
    """What units add, equal ones collapsed."""

    sums: Floats
    """Shape (n_parts, n_sums)."""
    times: Ints
    """Shape (n_parts,); how many units, or bundles of units, add just this."""
    n_units: int
    is_bundled: bool

    @property
    def total(self) -> Floats:
        """The sums of the sample as it is, shape (1, n_sums)."""
        total: Floats = (self.times @ self.sums)[None]
        return total


def collapse(
    additions: Floats, seed: int, cluster_ids: Ids | None = None, times: Ints | None = None
) -> Parts:
    """What is resampled.

    Args:
        additions: shape (n_units, n_sums); what each unit adds.
        seed: of the bundles.
        cluster_ids: shape (n_units,); units of one cluster are drawn together. None draws each.
        times: shape (n_units,); how many units each row stands for; only without clusters.
    """
    if cluster_ids is not None:
        clusters = index_units(cluster_ids)
        additions = sum_by(additions, clusters.index, clusters.n)
    if times is None:
        additions, times = np.unique(additions, axis=0, return_counts=True)
    if len(additions) <= _MAX_DIFFERENT:
        return Parts(additions, times, int(times.sum()), is_bundled=False)
    return _bundle(additions, times, seed)


def sum_by(additions: Floats, group: Indices, n_groups: int) -> Floats:
    """Sums of rows by group, shape (n_groups, n_sums)."""
    columns = [np.bincount(group, weights=column, minlength=n_groups) for column in additions.T]
    return np.stack(columns, axis=1) if columns else np.zeros((n_groups, 0))


def _bundle(additions: Floats, times: Ints, seed: int) -> Parts:
    n_units = int(times.sum())
    bundle = random_bundles(n_units, _MAX_DIFFERENT, seed)
    part = np.repeat(np.arange(len(times)), times)
    shape = (_MAX_DIFFERENT, len(times))
    n_in_bundle = sparse.csr_array((np.ones(n_units), (bundle, part)), shape=shape)
    return Parts(
        n_in_bundle @ additions, np.ones(_MAX_DIFFERENT, dtype=np.int64), n_units, is_bundled=True
    )


def random_bundles(n_units: int, n_bundles: int, seed: int) -> Indices:
    """A bundle for each unit at random, shape (n_units,); sizes differ by one at most."""
    bundle = np.arange(n_units) % n_bundles
    np.random.default_rng(seed).shuffle(bundle)
    return bundle


def resample(parts: Parts, statistic: Statistic, seed: int, resamples: int) -> Floats:
    """The statistic of samples drawn with replacement, shape (resamples,)."""
    n_drawn = int(parts.times.sum())
    random = np.random.default_rng(seed)
    values = []
    step = max(1, _MAX_DRAWN // max(1, len(parts.times)))
    for start in range(0, resamples, step):
        size = min(step, resamples - start)
        drawn = random.multinomial(n_drawn, parts.times / n_drawn, size=size)
        values.append(statistic(drawn @ parts.sums))
    return np.concatenate(values)


def percentile_bounds(values: Floats, parts: Parts, unit: str, level: float) -> Bounds:
    """The interval between the percentiles of resampled values, or why there is none."""
    if parts.n_units < 2:
        return Bounds(None, None, f"no interval: only one {unit}")
    defined = values[~np.isnan(values)]
    n_undefined = len(values) - len(defined)
    if len(defined) < len(values) / 2:
        reason = f"in {n_undefined} of {len(values)} resamples there was no variation"
        return Bounds(None, None, f"no interval: {reason}")
    low, high = np.quantile(defined, [(1 - level) / 2, (1 + level) / 2])
    method = f"percentiles of {len(values)} resamples of {parts.n_units} {unit}s"
    if parts.is_bundled:
        method += f" in {len(parts.times)} random bundles"
    if n_undefined:
        method += f", {n_undefined} of them left out since they had no variation"
    return Bounds(float(low), float(high), method)
