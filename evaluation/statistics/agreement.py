"""Agreement of raters beyond chance: Krippendorff's alpha with an interval.

The value comes from the package `krippendorff`; the formula written out here serves the
resamples, and samples of more than a hundred thousand items, and tests hold both equal. Alpha
depends on an item only through its coincidences, which add up, so that `resampling.py` draws them quickly. Symbols
follow Krippendorff, "Computing Krippendorff's Alpha-Reliability", 2011. Other coefficients are in
`coefficients.py`, scales of very many values in `fine_scales.py`.
"""

from dataclasses import dataclass
from typing import Literal, get_args

import krippendorff
import numpy as np
from numpy.typing import NDArray

from evaluation.statistics.intervals import Bounds, Ids, count_of, not_estimable
from evaluation.statistics.resampling import (
    FEWEST_TOLD,
    Parts,
    Sample,
    bca_bounds,
    bounds_of_full_agreement,
    bounds_of_full_disagreement,
    caution_of_alike,
    caution_of_few,
    collapse,
    is_worst,
    leave_out,
    resample,
    why_too_few,
)
from study.errors import BadInput, BadTable
from study.records import Estimate

LevelOfMeasurement = Literal["nominal", "ordinal", "interval", "ratio"]
Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

NOTHING_TWICE = "nothing was rated twice, so there is nothing to compare"
ALL_EQUAL = "all ratings are equal, so agreement cannot be told from chance"
# One call takes as long as a thousand resamples of a million items
_MOST_ITEMS_OF_PACKAGE = 100_000


@dataclass(frozen=True)
class Agreement:
    """Alpha, and what it was computed from."""

    alpha: Estimate
    n_items: int
    """Items rated at least once; pairs or inputs where those are rated."""
    n_pairable: int
    """Ratings of items that were rated at least twice; only these tell about agreement."""
    note: str
    """In words: what is behind the number, or why there is none."""


def alpha_of_counts(
    counts: Counts,
    domain: Floats,
    level_of_measurement: LevelOfMeasurement,
    seed: int,
    resamples: int = 1000,
    level: float = 0.95,
    cluster_ids: Ids | None = None,
    unit: str = "item",
) -> Agreement:
    """Krippendorff's alpha with a BCa interval from resampled items, or clusters of them.

    Args:
        counts: shape (n_items, n_values); how many raters gave each item each value. What is
            rated may be pairs or inputs as well.
        domain: shape (n_values,); the values, rising.
        level_of_measurement: nominal, ordinal, interval or ratio.
        resamples: how many times items or clusters are drawn with replacement.
        cluster_ids: shape (n_items,); those of one cluster are drawn together. None draws them
            one by one.
        unit: what is drawn, for the record.
    Returns:
        Alpha, at most 1; 0 is chance. The value is None, and the note says why, when no item
        has two ratings or all pairable ratings are equal. There is no interval, and `method` says
        why, for fewer than three items, or fewer than three unlike the commonest kind.
    Raises:
        BadTable: counts is not a table of that shape, or cluster_ids has another length.
        BadInput: an unknown level of measurement, or fewer than one resample.
    Source: Krippendorff 2011.
    """
    check_counts(counts, domain, level_of_measurement, resamples, level, cluster_ids)
    if cluster_ids is None:
        vectors, times = unique_vectors(counts)
    else:
        vectors, times = counts, np.ones(len(counts), dtype=np.int64)
    coded = vectors.sum(axis=1)
    n_items = int(times[coded > 0].sum())
    pairable = coded >= 2
    kept, times = vectors[pairable], times[pairable]
    n_pairable = int(coded[pairable] @ times)
    reason = why_undefined(kept, n_items)
    if reason:
        note = f"Alpha is not estimable: {reason}."
        return Agreement(not_estimable(reason, unit, level), n_items, n_pairable, note)
    n_values = len(domain)
    additions = _coincidences(kept).reshape(-1, n_values**2)
    if cluster_ids is None:
        parts = collapse(additions, seed, times=times)
    else:
        parts = collapse(additions, seed, cluster_ids[pairable])

    def alphas(sums: Floats) -> Floats:
        matrices = sums.reshape(-1, n_values, n_values)
        return alphas_of_coincidences(matrices, domain, level_of_measurement)

    n_twice = int(times.sum())
    if n_twice <= _MOST_ITEMS_OF_PACKAGE:
        items = np.repeat(kept, times, axis=0)
        value = _alpha_of_package(items, domain, level_of_measurement)
    else:
        value = float(alphas(parts.total)[0])
    worst = _worst_alpha(parts.total.reshape(n_values, n_values), domain, level_of_measurement)
    bounds = _bounds_without_spread(parts, value, worst, unit, level)
    if bounds is None:
        is_graded = level_of_measurement != "nominal"
        caution = caution_of_alike(parts, unit)
        if level_of_measurement == "ratio":
            caution = caution or caution_of_few(parts, unit)
        sample = Sample(parts, value, leave_out(parts, alphas), is_graded, unit, caution)
        bounds = bca_bounds(resample(parts, alphas, seed, resamples), sample, level)
    estimate = Estimate(
        value=value,
        low=bounds.low,
        high=bounds.high,
        level=level,
        n=n_pairable,
        n_units=parts.n_units,
        unit=unit,
        method=f"Krippendorff's alpha, {level_of_measurement}; {bounds.method}",
        seed=seed,
    )
    return Agreement(estimate, n_items, n_pairable, note_on_ratings(n_pairable, n_twice, n_items))


def note_on_ratings(n_pairable: int, n_twice: int, n_items: int) -> str:
    """What alpha is computed from, in words."""
    return f"{count_of(n_pairable, 'rating')} of the {n_twice:,} rated at least twice, of {n_items:,} rated."


def _bounds_without_spread(
    parts: Parts, value: float, worst: float, unit: str, level: float
) -> Bounds | None:
    """The interval where resamples show no spread, or too little to go by; None where they do."""
    if value == 1 and parts.n_units >= FEWEST_TOLD:
        return bounds_of_full_agreement(parts.n_units, worst, unit, level)
    if too_few := why_too_few(parts, unit):
        return Bounds(None, None, too_few)
    if is_worst(value, worst):
        return bounds_of_full_disagreement(parts.n_units, worst, unit, level)
    return None


def alphas_of_coincidences(
    coincidences: Floats, domain: Floats, level_of_measurement: LevelOfMeasurement
) -> Floats:
    """Alpha of each coincidence matrix.

    Args:
        coincidences: shape (n_samples, n_values, n_values).
        domain: shape (n_values,).
    Returns:
        Shape (n_samples,); NaN where all ratings are equal, since no disagreement is expected then.
    Source: Krippendorff 2011, section D: alpha = 1 − (n − 1) Σ o_ck δ²_ck / Σ n_c n_k δ²_ck.
    """
    n_c = coincidences.sum(axis=2)
    n = n_c.sum(axis=1)
    delta2 = _squared_differences(n_c, domain, level_of_measurement)
    observed = (coincidences * delta2).sum(axis=(1, 2))
    expected = (n_c[:, :, None] * n_c[:, None, :] * delta2).sum(axis=(1, 2))
    alphas = np.full(len(coincidences), np.nan)
    defined = expected > 0
    alphas[defined] = 1 - (n[defined] - 1) * observed[defined] / expected[defined]
    return alphas


def _worst_alpha(
    coincidences: Floats, domain: Floats, level_of_measurement: LevelOfMeasurement
) -> float:
    """Alpha if every two ratings of an item were the values farthest apart that occur."""
    n_c = coincidences.sum(axis=1)
    n, occurs = float(n_c.sum()), n_c > 0
    delta2 = _squared_differences(n_c[None], domain, level_of_measurement)[0]
    expected = float(n_c @ delta2 @ n_c) / (n * (n - 1))
    farthest = float(delta2[np.ix_(occurs, occurs)].max())
    return 1.0 - farthest / expected


def _alpha_of_package(
    counts: Counts, domain: Floats, level_of_measurement: LevelOfMeasurement
) -> float:
    return float(
        krippendorff.alpha(
            value_counts=counts, value_domain=domain, level_of_measurement=level_of_measurement
        )
    )


def _squared_differences(
    n_c: Floats, domain: Floats, level_of_measurement: LevelOfMeasurement
) -> Floats:
    if level_of_measurement == "nominal":
        return 1.0 - np.eye(len(domain))[None]
    if level_of_measurement == "interval":
        return ((domain[:, None] - domain[None, :]) ** 2)[None]
    if level_of_measurement == "ratio":
        sums = domain[:, None] + domain[None, :]
        differences = domain[:, None] - domain[None, :]
        return (np.divide(differences, sums, out=np.zeros_like(sums), where=sums != 0) ** 2)[None]
    # the sum of n_g from c to k, less half of both ends, is the distance of their midranks
    midranks = np.cumsum(n_c, axis=1) - n_c / 2
    ranks: Floats = (midranks[:, :, None] - midranks[:, None, :]) ** 2
    return ranks


def _coincidences(counts: Counts) -> Floats:
    # o_ck of one item: pairs of its ratings c and k, over the number of its ratings less one
    n_values = counts.shape[1]
    pairs = counts[:, :, None] * counts[:, None, :] - counts[:, :, None] * np.eye(n_values)[None]
    o_ck: Floats = pairs / (counts.sum(axis=1) - 1)[:, None, None]
    return o_ck


def unique_vectors(counts: Counts) -> tuple[Counts, Counts]:
    """Distinct rows of counts, and how often each occurs: shapes (n_distinct, n_values), (n_distinct,)."""
    if not counts.size:
        return counts, np.ones(len(counts), dtype=np.int64)
    bases = counts.max(axis=0) + 1
    n_codes = np.prod(bases.astype(np.float64))
    if n_codes > 2**62:
        return np.unique(counts, axis=0, return_counts=True)
    # a row is a number with one digit per value: numbers sort many times as quickly as rows
    codes = np.ravel_multi_index(tuple(counts.T), tuple(bases))
    if n_codes <= 4 * len(counts):
        n_of_code = np.bincount(codes)
        found = np.flatnonzero(n_of_code)
        times = n_of_code[found]
    else:
        found, times = np.unique(codes, return_counts=True)
    return np.stack(np.unravel_index(found, tuple(bases)), axis=1), times


def why_undefined(kept: Counts, n_items: int) -> str:
    """Why agreement beyond chance cannot be told from the counts of pairable items; empty if it can."""
    if n_items == 0:
        return "no ratings yet"
    if not len(kept):
        return NOTHING_TWICE
    if (kept.sum(axis=0) > 0).sum() < 2:
        return ALL_EQUAL
    return ""


def check_counts(
    counts: Counts,
    domain: Floats,
    level_of_measurement: LevelOfMeasurement,
    resamples: int,
    level: float,
    cluster_ids: Ids | None = None,
) -> None:
    """Refuse counts that are none, and options that cannot be meant.

    Raises:
        BadTable: counts is not a table of items by values, or cluster_ids has another length.
        BadInput: an unknown level of measurement, fewer than one resample, or a level of the
            interval that is not between 0 and 1.
    """
    if level_of_measurement not in get_args(LevelOfMeasurement):
        raise BadInput(
            f"expected a level of measurement out of {', '.join(get_args(LevelOfMeasurement))}, got {level_of_measurement!r}"
        )
    if resamples < 1 or not 0 < level < 1:
        raise BadInput(
            f"expected at least one resample and a level between 0 and 1, got {resamples} and {level}"
        )
    if counts.ndim != 2 or counts.shape[1] != len(domain):
        raise BadTable(
            f"expected counts of items by {len(domain)} values, got shape {counts.shape}"
        )
    if cluster_ids is not None and np.shape(cluster_ids) != (len(counts),):
        raise BadTable(
            f"expected one cluster for each of {len(counts)} items, got shape {np.shape(cluster_ids)}"
        )
