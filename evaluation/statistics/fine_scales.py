"""Alpha on scales of very many values, such as a slider, times or free text.

A coincidence matrix of all values would not fit: of 4,907 values the package asks for 359 GiB.
Alpha needs less. Nominal disagreement needs how often each value occurs; interval disagreement
the number, sum and sum of squares of each item's ratings; ordinal disagreement is interval
disagreement of midranks; ratio disagreement alone needs every two values, so their number is
limited. Tests hold all four equal to the package.
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from evaluation.statistics.agreement import (
    ALL_EQUAL,
    NOTHING_TWICE,
    Agreement,
    Floats,
    LevelOfMeasurement,
    note_on_ratings,
)
from evaluation.statistics.codes import Codes, Indices
from evaluation.statistics.intervals import Bounds, not_estimable
from evaluation.statistics.resampling import (
    Parts,
    Sample,
    bca_bounds,
    caution_of_few,
    random_bundles,
    why_too_few,
)
from study.records import Estimate

UNIT = "item"
COARSE = 20
"""Values up to which `alpha_of_counts` is quicker."""
MOST_VALUES_OF_RATIO = 5_000
_MOST_BUNDLES = 2_000
# The skew that leaving items out corrects for is no longer seen with more items
_MOST_LEFT_OUT = 500
_MOST_CELLS = 20_000_000
# Where each resample is a pass over all ratings, a large table gets fewer: a minute otherwise
_LARGE = 200_000
_RESAMPLES_OF_LARGE = 200


@dataclass(frozen=True)
class _Paired:
    """Ratings of the items that were rated at least twice."""

    item: Indices
    """Shape (n,); from 0 to n_items − 1."""
    value: Indices
    domain: Floats
    n_items: int

    def __len__(self) -> int:
        return len(self.item)

    @property
    def n_of_item(self) -> Floats:
        """Ratings of each item, shape (n_items,)."""
        return np.bincount(self.item, minlength=self.n_items).astype(np.float64)


def alpha_of_fine_codes(
    codes: Codes,
    level_of_measurement: LevelOfMeasurement,
    seed: int,
    resamples: int = 1000,
    level: float = 0.95,
) -> Agreement:
    """Krippendorff's alpha with a BCa interval from resampled items.

    Returns:
        As `agreement.alpha_of_counts`. Not estimable too for a ratio scale of more than
        `MOST_VALUES_OF_RATIO` values.
    Source: Krippendorff 2011; for the interval scale Krippendorff 2013, "Content Analysis", 12.3.
    """
    n_of_item = np.bincount(codes.item, minlength=len(codes.items))
    n_rated = int((n_of_item > 0).sum())
    paired = _pair(codes, n_of_item >= 2)
    reason = _why_undefined(paired, level_of_measurement)
    if reason:
        note = f"Alpha is not estimable: {reason}."
        return Agreement(not_estimable(reason, UNIT, level), n_rated, len(paired), note)
    n_bundles = min(paired.n_items, _MOST_BUNDLES)
    bundle = random_bundles(paired.n_items, n_bundles, seed)
    parts = Parts(
        np.zeros((n_bundles, 0)),
        np.ones(n_bundles, dtype=np.int64),
        paired.n_items,
        is_bundled=n_bundles < paired.n_items,
    )
    if len(paired) > _LARGE and level_of_measurement != "interval":
        resamples = min(resamples, _RESAMPLES_OF_LARGE)
    random = np.random.default_rng(seed)
    alphas: list[Floats] = []
    step = max(1, _MOST_CELLS // max(len(paired), len(paired.domain)))
    for start in range(0, resamples, step):
        size = min(step, resamples - start)
        drawn = random.multinomial(n_bundles, np.full(n_bundles, 1 / n_bundles), size=size)
        alphas.append(_alphas(paired, drawn[:, bundle].astype(np.float64), level_of_measurement))
    value = float(_alphas(paired, np.ones((1, paired.n_items)), level_of_measurement)[0])
    left_out = None
    if paired.n_items <= _MOST_LEFT_OUT:
        left_out = _alphas(paired, 1 - np.eye(paired.n_items), level_of_measurement)
    is_graded = level_of_measurement != "nominal"
    caution = caution_of_few(parts, UNIT) if is_graded else ""
    sample = Sample(parts, value, left_out, is_graded, UNIT, caution)
    too_few = why_too_few(parts, UNIT)
    bounds = Bounds(None, None, too_few)
    if not too_few:
        bounds = bca_bounds(np.concatenate(alphas), sample, level)
    estimate = Estimate(
        value=value,
        low=bounds.low,
        high=bounds.high,
        level=level,
        n=len(paired),
        n_units=paired.n_items,
        unit=UNIT,
        method=f"Krippendorff's alpha, {level_of_measurement}; {bounds.method}",
        seed=seed,
    )
    note = note_on_ratings(len(paired), paired.n_items, n_rated)
    return Agreement(estimate, n_rated, len(paired), note)


def _pair(codes: Codes, is_pairable: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> _Paired:
    kept = is_pairable[codes.item]
    _, item = np.unique(codes.item[kept], return_inverse=True)
    found, value = np.unique(codes.value[kept], return_inverse=True)
    return _Paired(item, value, codes.domain[found], int(is_pairable.sum()))


def _why_undefined(paired: _Paired, level_of_measurement: LevelOfMeasurement) -> str:
    if not paired.n_items:
        return NOTHING_TWICE
    if len(paired.domain) < 2:
        return ALL_EQUAL
    if level_of_measurement == "ratio" and len(paired.domain) > MOST_VALUES_OF_RATIO:
        return (
            f"a ratio scale needs every two values, and {len(paired.domain)} values are more than "
            f"{MOST_VALUES_OF_RATIO}; round them, or take the interval level"
        )
    return ""


def _alphas(paired: _Paired, weights: Floats, level_of_measurement: LevelOfMeasurement) -> Floats:
    """Alpha when each item occurs as often as its weight; weights of shape (n_samples, n_items)."""
    n = weights @ paired.n_of_item
    if level_of_measurement == "ordinal":
        pairs = [_ordinal(paired, weight) for weight in weights]
        observed, expected = np.array(pairs).T
    elif level_of_measurement == "interval":
        x = paired.domain[paired.value] - paired.domain.mean()
        observed = weights @ _spread_of_items(paired, x)
        sums = weights @ np.bincount(paired.item, x, minlength=paired.n_items)
        squares = weights @ np.bincount(paired.item, x**2, minlength=paired.n_items)
        expected = 2 * (n * squares - sums**2)
    else:
        observed, expected = _by_values(paired, weights, level_of_measurement, n)
    alphas = np.full(len(weights), np.nan)
    np.divide((n - 1) * observed, expected, out=alphas, where=expected > 0)
    return 1 - alphas


def _spread_of_items(paired: _Paired, x: Floats) -> Floats:
    """Σ (x − y)² over the ordered pairs of ratings of each item, over their number less one."""
    m = paired.n_of_item
    sums = np.bincount(paired.item, x, minlength=paired.n_items)
    squares = np.bincount(paired.item, x**2, minlength=paired.n_items)
    spread: Floats = np.maximum(0.0, 2 * (m * squares - sums**2)) / (m - 1)
    return spread


def _ordinal(paired: _Paired, weight: Floats) -> tuple[float, float]:
    n_c = np.bincount(paired.value, weight[paired.item], minlength=len(paired.domain))
    midranks = np.cumsum(n_c) - n_c / 2
    n = n_c.sum()
    midranks -= n / 2
    observed = weight @ _spread_of_items(paired, midranks[paired.value])
    sums, squares = n_c @ midranks, n_c @ midranks**2
    return float(observed), float(2 * (n * squares - sums**2))


def _by_values(
    paired: _Paired, weights: Floats, level_of_measurement: LevelOfMeasurement, n: Floats
) -> tuple[Floats, Floats]:
    ones = np.ones(len(paired))
    shape = (paired.n_items, len(paired.domain))
    of_item = sparse.csr_array((ones, (paired.item, paired.value)), shape=shape)
    n_c = weights @ of_item
    m = paired.n_of_item
    if level_of_measurement == "nominal":
        same = np.asarray(of_item.multiply(of_item).sum(axis=1)) - m
        return weights @ ((m * (m - 1) - same) / (m - 1)), n**2 - (n_c**2).sum(axis=1)
    sums = np.add.outer(paired.domain, paired.domain)
    differences = np.subtract.outer(paired.domain, paired.domain)
    delta2 = np.divide(differences, sums, out=np.zeros_like(sums), where=sums != 0) ** 2
    observed = np.zeros(paired.n_items)
    step = max(1, _MOST_CELLS // len(paired.domain))
    for start in range(0, paired.n_items, step):
        some = of_item[start : start + step]
        observed[start : start + step] = (some @ delta2 * some.toarray()).sum(axis=1)
    return weights @ (observed / (m - 1)), ((n_c @ delta2) * n_c).sum(axis=1)
