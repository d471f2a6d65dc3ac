"""Coefficients of agreement beside alpha: percent, Fleiss, Gwet, Brennan–Prediger, Cohen.

Each is (p_a − p_e) / (1 − p_e) and differs from the others in p_e alone, what is expected by
chance. All but Cohen's take any number of raters per item, and p_a and p_e are functions of sums
over items, so that `resampling.py` gives their intervals. Symbols follow Gwet, "Handbook of
Inter-Rater Reliability", 2014; the package irrCAC of R computes the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from evaluation.statistics.agreement import (
    ALL_EQUAL,
    Counts,
    Floats,
    LevelOfMeasurement,
    check_counts,
    unique_vectors,
    why_undefined,
)
from evaluation.statistics.intervals import Bounds, Ids, not_estimable
from evaluation.statistics.resampling import (
    FEWEST_TOLD,
    Parts,
    Sample,
    Statistic,
    bca_bounds,
    bounds_of_full_agreement,
    bounds_of_full_disagreement,
    caution_of_agreeing,
    caution_of_alike,
    caution_of_few,
    collapse,
    draw_sums,
    is_worst,
    leave_out,
    why_too_few,
)
from study.errors import BadTable
from study.records import Estimate

Coefficient = Literal["percent", "fleiss", "gwet", "brennan_prediger"]
Weights = Literal["identity", "ordinal", "quadratic", "ratio"]

UNIT = "item"
NAMES: dict[Coefficient, str] = {
    "percent": "percent agreement",
    "fleiss": "Fleiss' kappa",
    "gwet": "Gwet's AC",
    "brennan_prediger": "Brennan and Prediger's coefficient",
}
WEIGHTS_OF_LEVEL: dict[LevelOfMeasurement, Weights] = {
    "nominal": "identity",
    "ordinal": "ordinal",
    "interval": "quadratic",
    "ratio": "ratio",
}


def agreement_weights(domain: Floats, weights: Weights) -> Floats:
    """How far two values agree: 1 for equal ones, down to 0 for those farthest apart.

    Args:
        domain: shape (n_values,), rising.
    Returns:
        Shape (n_values, n_values), symmetric.
    Raises:
        BadTable: ratio weights of negative values.
    Source: Gwet 2014, chapter 3.
    """
    n = len(domain)
    if weights == "identity":
        return np.eye(n, dtype=np.float64)
    if weights == "ordinal":
        steps = np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
        apart = steps * (steps + 1) / 2
    elif weights == "quadratic":
        apart = np.subtract.outer(domain, domain) ** 2
    else:
        if (domain < 0).any():
            raise BadTable(
                f"expected values of a ratio scale, 0 or more, got {domain.min():g}; choose "
                "another level of measurement"
            )
        sums = np.add.outer(domain, domain)
        differences = np.subtract.outer(domain, domain)
        apart = np.divide(differences, sums, out=np.zeros_like(sums), where=sums > 0) ** 2
    agreement: Floats = 1 - apart / (apart.max() or 1.0)
    return agreement


def coefficients_of_counts(
    wanted: Sequence[Coefficient],
    counts: Counts,
    domain: Floats,
    seed: int,
    weights: Weights = "identity",
    resamples: int = 1000,
    level: float = 0.95,
    cluster_ids: Ids | None = None,
) -> dict[Coefficient, Estimate]:
    """Coefficients with BCa intervals from the same resampled items, or clusters of them.

    Args:
        counts: shape (n_items, n_values); how many raters gave each item each value.
        domain: shape (n_values,); the values that could be given, rising.
        weights: how far different values agree; identity is not at all.
        cluster_ids: shape (n_items,); those of one cluster are drawn together. None draws them
            one by one.
    Returns:
        Each at most 1; 0 is chance, for percent agreement no agreement at all. n counts the ratings
        of items rated at least twice. The value is None, and `method` says why, when no item
        has two ratings, or all ratings are equal and the coefficient corrects for chance. Fleiss'
        kappa has no interval, as alpha, where fewer than three items are unlike the commonest.
    Raises:
        BadTable: counts is not a table of that shape.
        BadInput: fewer than one resample, or a level that is not between 0 and 1.
    Source: Fleiss 1971; Gwet 2008; Brennan and Prediger 1981; for missing ratings Gwet 2014.
    """
    check_counts(counts, domain, "nominal", resamples, level, cluster_ids)
    if cluster_ids is None:
        vectors, times = unique_vectors(counts)
    else:
        vectors, times = counts, np.ones(len(counts), dtype=np.int64)
    n_rated = vectors.sum(axis=1)
    is_rated, is_pairable = n_rated > 0, n_rated >= 2
    reason = why_undefined(vectors[is_pairable], int(is_rated.sum()))
    table = agreement_weights(domain, weights)
    additions = _additions(vectors[is_rated], table)
    if cluster_ids is None:
        parts = collapse(additions, seed, times=times[is_rated])
    else:
        parts = collapse(additions, seed, cluster_ids[is_rated])
    draws = _Draws(parts, seed, resamples)
    n = int(n_rated[is_pairable] @ times[is_pairable])
    found = {}
    for coefficient in wanted:
        if reason and not (coefficient == "percent" and n):
            found[coefficient] = not_estimable(reason, UNIT, level)
        else:
            drawn = _of_one(
                coefficient, weights, draws, table, is_clustered=cluster_ids is not None
            )
            how = NAMES[coefficient] + ("" if weights == "identity" else f", {weights} weights")
            found[coefficient] = _estimate(drawn, how, n, level)
    return found


def _of_one(
    coefficient: Coefficient,
    weights: Weights,
    draws: "_Draws",
    table: Floats,
    *,
    is_clustered: bool,
) -> "_Resampled":
    parts = draws.parts

    def statistic(sums: Floats) -> Floats:
        return _coefficients(coefficient, sums, table)

    disagreeing = parts.total * np.array([1.0, 0.0] + [1.0] * len(table))
    return _Resampled(
        draws,
        statistic,
        # several items together agree by degrees, whatever the weights
        is_graded=weights != "identity" or is_clustered,
        worst=float(statistic(disagreeing)[0]),
        caution=_caution(coefficient, weights, parts),
        too_few=why_too_few(parts, UNIT) if coefficient == "fleiss" else "",
    )


def _caution(coefficient: Coefficient, weights: Weights, parts: Parts) -> str:
    # what the others expect by chance hardly depends on how often rare values occur
    if coefficient == "fleiss":
        return caution_of_alike(parts, UNIT)
    if weights == "identity" or parts.is_bundled:
        return ""
    is_disputed = parts.sums[:, 1] < parts.sums[:, 0] - 1e-12
    n_disputed = int(parts.times[is_disputed].sum())
    return caution_of_agreeing(n_disputed, UNIT) or caution_of_few(parts, UNIT)


def cohen_kappa(
    confusion: Counts,
    domain: Floats,
    seed: int,
    weights: Weights = "identity",
    resamples: int = 1000,
    level: float = 0.95,
    by_cluster: Counts | None = None,
) -> Estimate:
    """Kappa of two raters, with a BCa interval from resampled items, or clusters of them.

    Args:
        confusion: shape (n_values, n_values); items by the first rater's value and the second's.
        domain: shape (n_values,).
        weights: how far different values agree; quadratic is the usual weighted kappa.
        by_cluster: shape (n_clusters, n_values²); the confusion of each cluster of items, which are
            drawn together. None draws items one by one.
    Returns:
        At most 1; 0 is chance. n counts items; None where chance alone would agree always.
    Source: Cohen 1960, and 1968 for weights.
    """
    table = agreement_weights(domain, weights)
    n_items = int(confusion.sum())
    if not n_items:
        return not_estimable("no item was rated by both raters", UNIT, level)
    if len(np.flatnonzero(confusion.sum(axis=0) + confusion.sum(axis=1))) < 2:
        return not_estimable(ALL_EQUAL, UNIT, level)
    if by_cluster is None:
        times = confusion.reshape(-1)
        parts = collapse(np.eye(confusion.size)[times > 0], seed, times=times[times > 0])
    else:
        parts = collapse(by_cluster.astype(np.float64), seed)

    def statistic(sums: Floats) -> Floats:
        shares = sums.reshape(-1, *confusion.shape)
        shares = shares / shares.sum(axis=(1, 2), keepdims=True)
        p_a = (shares * table).sum(axis=(1, 2))
        return _beyond_chance(p_a, _chance_of_two(shares, table))

    is_weighted = weights != "identity"
    how = "Cohen's kappa" + (f", {weights} weights" if is_weighted else "")
    by_chance = _chance_of_two(confusion[None] / n_items, table)
    worst = float(_beyond_chance(np.zeros(1), by_chance)[0])
    drawn = _Resampled(
        _Draws(parts, seed, resamples),
        statistic,
        is_weighted or by_cluster is not None,
        worst,
        caution_of_alike(parts, UNIT) or (caution_of_few(parts, UNIT) if is_weighted else ""),
        why_too_few(parts, UNIT),
    )
    return _estimate(drawn, how, n_items, level)


def _chance_of_two(shares: Floats, weights: Floats) -> Floats:
    by_chance: Floats = np.einsum("si,sj,ij->s", shares.sum(axis=2), shares.sum(axis=1), weights)
    return by_chance


@dataclass(frozen=True)
class _Draws:
    """Resamples of what items add, drawn when the first coefficient asks for them."""

    parts: Parts
    seed: int
    resamples: int

    @cached_property
    def sums(self) -> Floats:
        """Shape (resamples, n_sums)."""
        return np.concatenate(list(draw_sums(self.parts, self.seed, self.resamples)))


@dataclass(frozen=True)
class _Resampled:
    """What an interval is made from."""

    draws: _Draws
    statistic: Statistic
    is_graded: bool
    """Values agree by degrees."""
    worst: float
    """The coefficient if no item agreed at all."""
    caution: str
    """What is said beside the interval; empty where nothing is."""
    too_few: str
    """Why there is no interval, of kappas; empty where there is one."""


def _additions(vectors: Counts, weights: Floats) -> Floats:
    """Of each item: whether it is pairable, how far its raters agree, and its shares of values."""
    n = vectors.sum(axis=1)
    pairs = n * (n - 1)
    agreeing = (vectors * (vectors @ weights - 1)).sum(axis=1)
    agreement = np.divide(agreeing, pairs, out=np.zeros(len(n)), where=pairs > 0)
    return np.column_stack([pairs > 0, agreement, vectors / n[:, None]])


def _coefficients(coefficient: Coefficient, sums: Floats, weights: Floats) -> Floats:
    n_pairable, agreement, of_values = sums[:, 0], sums[:, 1], sums[:, 2:]
    p_a = np.full(len(sums), np.nan)
    np.divide(agreement, n_pairable, out=p_a, where=n_pairable > 0)
    if coefficient == "percent":
        return p_a
    shares = of_values / of_values.sum(axis=1, keepdims=True)
    n_values = len(weights)
    if coefficient == "fleiss":
        p_e = np.einsum("si,sj,ij->s", shares, shares, weights)
    elif coefficient == "gwet":
        spread = (shares * (1 - shares)).sum(axis=1)
        p_e = weights.sum() / (n_values * (n_values - 1)) * spread
    else:
        p_e = np.full(len(sums), weights.sum() / n_values**2)
    return _beyond_chance(p_a, p_e)


def _beyond_chance(p_a: Floats, p_e: Floats) -> Floats:
    # chance that leaves nothing is a rounding error away from 1
    possible = p_e < 1 - 1e-12
    values = np.full(len(p_a), np.nan)
    np.divide(p_a - p_e, 1 - p_e, out=values, where=possible)
    return values


def _estimate(drawn: _Resampled, how: str, n: int, level: float) -> Estimate:
    parts, statistic = drawn.draws.parts, drawn.statistic
    value = float(statistic(parts.total)[0])
    if value == 1 and (parts.n_units >= FEWEST_TOLD or not drawn.too_few):
        bounds = bounds_of_full_agreement(parts.n_units, drawn.worst, UNIT, level)
    elif drawn.too_few:
        bounds = Bounds(None, None, drawn.too_few)
    elif is_worst(value, drawn.worst):
        bounds = bounds_of_full_disagreement(parts.n_units, value, UNIT, level)
    else:
        left_out = leave_out(parts, statistic)
        sample = Sample(parts, value, left_out, drawn.is_graded, UNIT, drawn.caution)
        bounds = bca_bounds(statistic(drawn.draws.sums), sample, level)
    return Estimate(
        value=value,
        low=bounds.low,
        high=bounds.high,
        level=level,
        n=n,
        n_units=parts.n_units,
        unit=UNIT,
        method=f"{how}; {bounds.method}",
        seed=drawn.draws.seed,
    )
