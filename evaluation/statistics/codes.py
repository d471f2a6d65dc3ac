"""Codes: who gave which item which value, as numbers, whatever they are called.

What `agreement.py` and `coefficients.py` count is made here, and what needs to know the raters
is told here: two raters against each other, each rater left out in turn, items in dispute.
"""

from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluation.statistics.agreement import Counts, Floats, LevelOfMeasurement, alpha_of_counts
from evaluation.statistics.coefficients import cohen_kappa
from study.errors import BadTable

Indices = NDArray[np.intp]

MOST_PAIRS_OF_RATERS = 300


@dataclass(frozen=True)
class Codes:
    """One entry per rating that says something."""

    item: Indices
    """Shape (n,), into `items`; so are the others."""
    rater: Indices
    value: Indices
    items: tuple[str, ...]
    raters: tuple[str, ...]
    values: tuple[str, ...]
    """What could be given, as it was written; rising."""
    domain: Floats
    """Shape (n_values,); the values as numbers, their place where they are none."""
    cluster: Indices | None = None
    """Shape (n_items,); items of one cluster are drawn together. None draws them one by one."""

    def __len__(self) -> int:
        return len(self.item)

    def counts(self) -> Counts:
        """How many raters gave each item each value, shape (n_items, n_values)."""
        shape = (len(self.items), len(self.values))
        cells = np.bincount(self.item * shape[1] + self.value, minlength=shape[0] * shape[1])
        return cells.reshape(shape).astype(np.int64)

    def without(self, rater: int) -> "Codes":
        """All ratings but those of one rater."""
        kept = self.rater != rater
        return Codes(
            self.item[kept],
            self.rater[kept],
            self.value[kept],
            self.items,
            self.raters,
            self.values,
            self.domain,
            self.cluster,
        )


def read_codes(
    items: NDArray[Any],
    raters: NDArray[Any],
    values: NDArray[Any],
    level_of_measurement: LevelOfMeasurement,
) -> Codes:
    """Ratings as numbers.

    Args:
        items, raters, values: shape (n,), texts or numbers; no missing ones.
        level_of_measurement: all but nominal need values that are numbers.
    Raises:
        BadTable: arrays of unequal length, a value that is no number where one is needed, or a
            rater who rated an item twice.
    """
    if not len(items) == len(raters) == len(values):
        raise BadTable(
            f"expected as many items as raters and values, got {len(items)}, {len(raters)} and "
            f"{len(values)}"
        )
    item_names, item = np.unique(_texts(items), return_inverse=True)
    rater_names, rater = np.unique(_texts(raters), return_inverse=True)
    if level_of_measurement == "nominal":
        names, value = np.unique(_texts(values), return_inverse=True)
        domain = np.arange(len(names), dtype=np.float64)
    else:
        domain, value = np.unique(_numbers(values), return_inverse=True)
        names = np.array([f"{number:g}" for number in domain])
    refuse_repeated(item * max(1, len(rater_names)) + rater, items, raters)
    return Codes(
        item,
        rater,
        value,
        tuple(map(str, item_names)),
        tuple(map(str, rater_names)),
        tuple(str(name) for name in names),
        domain,
    )


def _texts(cells: NDArray[Any]) -> NDArray[np.str_]:
    return np.array([str(cell) for cell in cells], dtype=np.str_)


def _numbers(values: NDArray[Any]) -> Floats:
    try:
        numbers = values.astype(np.float64)
    except ValueError:
        bad = next(value for value in values if not _is_number(value))
        raise BadTable(
            f"expected numbers to rate with, got {str(bad)!r:.80}; correct the cell, or leave it "
            "empty if the rating is missing; --level nominal is for answers that are names"
        ) from None
    if not np.isfinite(numbers).all():
        bad = values[int(np.flatnonzero(~np.isfinite(numbers))[0])]
        raise BadTable(
            f"expected finite numbers, got {str(bad)!r:.80}; leave the cell of a missing rating empty"
        )
    return numbers


def _is_number(value: object) -> bool:
    try:
        float(str(value))
    except ValueError:
        return False
    return True


def refuse_repeated(keys: Indices, items: NDArray[Any], raters: NDArray[Any]) -> None:
    """Refuse a rater who rated an item twice.

    Raises:
        BadTable: there is one; the message names the first.
    """
    found, first, n = np.unique(keys, return_index=True, return_counts=True)
    if len(found) < len(keys):
        row = first[n > 1].min()
        raise BadTable(
            f"expected one rating per item and rater, got {n[n > 1].max()} by rater "
            f"{str(raters[row])!r:.80} on item {str(items[row])!r:.80}; keep the one that counts"
        )


@dataclass(frozen=True)
class LeftOut:
    """Alpha when one rater's ratings are left out."""

    rater: str
    alpha: float | None
    """None where it cannot be told without them."""


def leave_one_out(codes: Codes, level_of_measurement: LevelOfMeasurement) -> tuple[LeftOut, ...]:
    """Alpha without each rater in turn: one whose absence lifts it rates unlike the others."""
    found = []
    for number, rater in enumerate(codes.raters):
        counts = codes.without(number).counts()
        agreement = alpha_of_counts(counts, codes.domain, level_of_measurement, 0, resamples=1)
        found.append(LeftOut(rater, agreement.alpha.value))
    return tuple(found)


@dataclass(frozen=True)
class RaterPair:
    """Two raters against each other."""

    first: str
    second: str
    n_items: int
    """Items that both rated."""
    percent_agreement: float | None
    kappa: float | None
    """Cohen's, unweighted; None where it cannot be told."""


def rater_pairs(codes: Codes) -> tuple[RaterPair, ...]:
    """Every two raters against each other.

    Raises:
        BadTable: more than `MOST_PAIRS_OF_RATERS` pairs, which nobody reads.
    """
    n = len(codes.raters)
    if n * (n - 1) // 2 > MOST_PAIRS_OF_RATERS:
        raise BadTable(
            f"expected at most {MOST_PAIRS_OF_RATERS} pairs of raters, got {n} raters; compare fewer"
        )
    found = []
    for first, second in combinations(range(n), 2):
        confusion = confusion_of(codes, first, second)
        n_items = int(confusion.sum())
        kappa = cohen_kappa(confusion, codes.domain, 0, resamples=1)
        share = float(np.trace(confusion) / n_items) if n_items else None
        found.append(
            RaterPair(codes.raters[first], codes.raters[second], n_items, share, kappa.value)
        )
    return tuple(found)


def confusion_of(codes: Codes, first: int, second: int) -> Counts:
    """Items by the value that each of two raters gave, shape (n_values, n_values)."""
    n_values = len(codes.values)
    _, cells = _cells_of(codes, first, second)
    return np.bincount(cells, minlength=n_values**2).reshape(n_values, n_values).astype(np.int64)


def confusions_by_cluster(codes: Codes, first: int, second: int) -> Counts | None:
    """The same of each cluster, shape (n_clusters, n_values²); None where items have none."""
    if codes.cluster is None:
        return None
    n_cells = len(codes.values) ** 2
    items, cells = _cells_of(codes, first, second)
    clusters, cluster = np.unique(codes.cluster[items], return_inverse=True)
    counted = np.bincount(cluster * n_cells + cells, minlength=len(clusters) * n_cells)
    return counted.reshape(len(clusters), n_cells).astype(np.int64)


def _cells_of(codes: Codes, first: int, second: int) -> tuple[Indices, Indices]:
    """Items that both raters rated, and of each its place in the flat confusion."""
    given = np.full((2, len(codes.items)), -1, dtype=np.intp)
    for place, rater in enumerate((first, second)):
        rows = codes.rater == rater
        given[place, codes.item[rows]] = codes.value[rows]
    both = (given >= 0).all(axis=0)
    return np.flatnonzero(both), given[0, both] * len(codes.values) + given[1, both]


def disagreement_by_item(codes: Codes) -> Floats:
    """Share of each item's pairs of ratings that differ; shape (n_items,), NaN below two ratings."""
    counts = codes.counts()
    n = counts.sum(axis=1)
    pairs = n * (n - 1)
    same = (counts * (counts - 1)).sum(axis=1)
    shares = np.full(len(n), np.nan)
    np.divide(pairs - same, pairs, out=shares, where=pairs > 0)
    return shares
