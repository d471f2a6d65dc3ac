"""Error cells: how many replies of an arm erred, by condition and item, and rates made of them.

Rows with equal factors are one row of counts, so that ten million replies cost as much as the
cells that they fall into. What an error is was decided before. Regressions are in `logit.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit

from evaluation.statistics.coded_columns import CodedColumn, encode_column
from evaluation.statistics.intervals import ONE_ITEM, not_estimable, wilson_bounds
from study.errors import BadTable
from study.records import Estimate

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

ARM = "arm"
BY_CHANCE = frozenset({"", "none", "no", "neutral", "false", "0", "control", "baseline"})
"""Names of the level that a factor is compared with, where it has one of them."""


@dataclass(frozen=True)
class Factor:
    """One way in which replies differ: arm, model, task, context or belief."""

    name: str
    levels: tuple[str, ...]
    """The one that others are compared with first."""
    index: Indices
    """Shape (n_rows,), into `levels`."""


@dataclass(frozen=True)
class ErrorCells:
    """Rows of counts."""

    factors: tuple[Factor, ...]
    """The arm first."""
    n: Floats
    """Shape (n_rows,); scored replies."""
    errors: Floats
    """Shape (n_rows,); those of them that erred."""
    item: Indices | None
    """Shape (n_rows,), numbers from 0; None where the table does not tell items."""
    n_unscored: Floats | None = None
    """Shape (n_rows,); replies without a score, which are in no rate. None where none are known."""

    @property
    def arm(self) -> Factor:
        """What is compared."""
        return self.factors[0]

    def factor(self, name: str) -> Factor | None:
        """A factor by its name, None where the table does not have it."""
        return next((factor for factor in self.factors if factor.name == name), None)

    def rows_of(self, levels: dict[str, int]) -> Indices:
        """Which rows have these levels, by factor."""
        if len(levels) == len(self.factors):
            by_cell, code = self._by_cell, self._code([levels[one.name] for one in self.factors])
            start, end = np.searchsorted(by_cell.codes, [code, code + 1])
            return by_cell.order[start:end]
        rows = np.ones(len(self.n), dtype=np.bool_)
        for name, level in levels.items():
            factor = self.factor(name)
            assert factor is not None, "callers name factors of the table"
            rows &= factor.index == level
        return np.flatnonzero(rows)

    @cached_property
    def _by_cell(self) -> "_ByCell":
        # a table of a thousand cells is asked for each: looking through all rows took most time
        codes = self._code([factor.index for factor in self.factors])
        order = np.argsort(codes, kind="stable")
        return _ByCell(order, codes[order])

    def _code(self, places: Sequence[Any]) -> Any:
        """One number per combination of levels, of one or of each row."""
        code: Any = 0
        for factor, place in zip(self.factors, places, strict=True):
            code = code * len(factor.levels) + place
        return code


@dataclass(frozen=True)
class _ByCell:
    """Rows in the order of their cells."""

    order: Indices
    """Shape (n_rows,)."""
    codes: Indices
    """Shape (n_rows,), rising; the cell of each."""


def count_errors(
    columns: Mapping[str, NDArray[Any] | CodedColumn],
    reference: str,
    n: Floats,
    errors: Floats,
    item: NDArray[Any] | CodedColumn | None = None,
    n_unscored: Floats | None = None,
) -> ErrorCells:
    """Cells out of columns of text, coded or not.

    Args:
        columns: by factor, the arm first, shape (n_rows,) each.
        reference: the arm that others are compared with.
        n, errors: shape (n_rows,); 1 and 0 or 1 where each row is a reply.
        item: shape (n_rows,); None where items are not known.
        n_unscored: shape (n_rows,); replies beside `n` that have no score.
    Raises:
        BadTable: more errors than replies in a row, or the reference is not among the arms.
    """
    wrong = (errors < 0) | (errors > n) | ~np.isfinite(n + errors)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise BadTable(
            f"expected errors from 0 up to the number of replies, got {errors[row]:g} of "
            f"{n[row]:g} in row {row + 1} of the cells; correct the counts"
        )
    factors = [_factor(name, column, reference) for name, column in columns.items()]
    index = None if item is None else encode_column(item).index
    return ErrorCells(
        tuple(factors), n.astype(np.float64), errors.astype(np.float64), index, n_unscored
    )


def _factor(name: str, column: NDArray[Any] | CodedColumn, reference: str) -> Factor:
    coded = encode_column(column)
    return make_factor(name, coded.levels, coded.index, reference)


def make_factor(name: str, levels: Sequence[str], index: Indices, reference: str) -> Factor:
    """A factor with the level that others are compared with first.

    Args:
        levels: those that occur, in alphabetical order.
        index: shape (n_rows,), into `levels`.
        reference: the arm that others are compared with.
    Raises:
        BadTable: the reference is not among the arms.
    """
    if name == ARM:
        if reference not in levels:
            raise BadTable(
                f"expected an arm {reference!r} to compare with, got {', '.join(map(repr, levels))}; "
                "name one of those as reference"
            )
        first = reference
    else:
        first = next((level for level in levels if level.strip().lower() in BY_CHANCE), levels[0])
    order = sorted(range(len(levels)), key=lambda place: levels[place] != first)
    place_of = np.argsort(order)
    return Factor(name, tuple(levels[place] for place in order), place_of[index])


@dataclass(frozen=True)
class CellRate:
    """How often one arm erred where other factors have given levels."""

    levels: dict[str, str]
    """By factor; those that are not named are pooled."""
    n_errors: int
    n: int
    rate: Estimate
    """A proportion, its interval clustered by item where items are known."""
    wilson: tuple[float, float] | None
    """Wilson's interval as if replies were independent; None without replies."""
    n_unscored: int
    """Replies there without a score."""
    if_unscored_right: float | None
    """The rate if each of those were right; None where there are none."""
    if_unscored_wrong: float | None
    """The same if each were wrong."""


def cell_rate(cells: ErrorCells, levels: dict[str, int], level: float = 0.95) -> CellRate:
    """The error rate of an arm, pooled over the factors that `levels` does not name.

    Args:
        levels: index of the level, by factor.
    """
    rows = cells.rows_of(levels)
    n, errors = float(cells.n[rows].sum()), float(cells.errors[rows].sum())
    names = {name: _level_name(cells, name, place) for name, place in levels.items()}
    n_unscored = 0.0 if cells.n_unscored is None else float(cells.n_unscored[rows].sum())
    if_right = if_wrong = None
    if n_unscored:
        if_right, if_wrong = ((errors + wrong) / (n + n_unscored) for wrong in (0.0, n_unscored))
    if not n:
        none = not_estimable("no scored replies", _unit(cells), level)
        return CellRate(names, 0, 0, none, None, int(n_unscored), if_right, if_wrong)
    share = errors / n
    z = float(ndtri((1 + level) / 2))
    wilson = wilson_bounds(share, n, z)
    method, n_units = "Wilson, replies taken as independent", int(n)
    bounds: tuple[float, float] | None = wilson
    if cells.item is not None:
        # an item without a scored reply tells nothing, and is no unit
        rows = rows[cells.n[rows] > 0]
        residuals = cells.errors[rows] - share * cells.n[rows]
        sums = _sums_by_item(cells.item[rows], residuals)
        n_units = len(sums)
        bounds, method = _bounds_by_item(share, n, sums, level)
    low, high = bounds if bounds is not None else (None, None)
    rate = Estimate(share, low, high, level, int(n), n_units, _unit(cells), method, None)
    return CellRate(names, int(errors), int(n), rate, wilson, int(n_unscored), if_right, if_wrong)


def _bounds_by_item(
    share: float, n: float, sums: Floats, level: float
) -> tuple[tuple[float, float] | None, str]:
    n_items = len(sums)
    if n_items < 2:
        return None, ONE_ITEM
    if share in (0, 1):
        bounds = wilson_bounds(share, n_items, float(ndtri((1 + level) / 2)))
        return bounds, f"Wilson on {n_items} items, since all replies are alike"
    variance = float(sums @ sums) / n**2 * n_items / (n_items - 1)
    n_effective = n / max(1.0, variance / (share * (1 - share) / n))
    quantile = float(stdtrit(n_items - 1, (1 + level) / 2))
    method = (
        f"Wilson on the effective n, clustered on item, t with {n_items - 1} degrees of freedom"
    )
    return wilson_bounds(share, n_effective, quantile), method


def cell_difference(
    cells: ErrorCells, arm: int, levels: dict[str, int], level: float = 0.95
) -> Estimate:
    """How much more often an arm errs than the reference, in percentage points.

    With items the standard error is that of the difference of both rates, clustered by item,
    with t: it is the paired one where both arms answered the same prompts, and holds where they
    did not. Without items it is Newcombe's interval for independent replies.

    Args:
        levels: index of the level, by factor other than the arm.
    Returns:
        Percentage points in [−100, 100]; n counts replies of both arms.
    Source: Newcombe 1998, doi 10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I,
        method 10; for clusters the linearised difference of two ratios.
    """
    unit = _unit(cells)
    both = [cells.rows_of(levels | {ARM: place}) for place in (arm, 0)]
    n_a, n_b = (float(cells.n[rows].sum()) for rows in both)
    for n, place in ((n_a, arm), (n_b, 0)):
        if not n:
            return not_estimable(f"no scored replies of {cells.arm.levels[place]}", unit, level)
    p_a, p_b = (
        float(cells.errors[rows].sum()) / n for rows, n in zip(both, (n_a, n_b), strict=True)
    )
    n_units = int(n_a + n_b)
    bounds: tuple[float, float] | None
    if cells.item is None:
        bounds = newcombe_bounds(p_a, n_a, p_b, n_b, level)
        method = "Newcombe, replies taken as independent"
    else:
        both = [rows[cells.n[rows] > 0] for rows in both]
        additions = [
            sign * (cells.errors[rows] - p * cells.n[rows]) / n
            for rows, p, n, sign in zip(both, (p_a, p_b), (n_a, n_b), (1, -1), strict=True)
        ]
        items = cells.item[np.concatenate(both)]
        sums = _sums_by_item(items, np.concatenate(additions))
        n_units = len(sums)
        bounds, method = _difference_bounds(p_a, n_a, p_b, n_b, sums, level)
    low, high = bounds if bounds is not None else (None, None)
    return Estimate(
        100 * (p_a - p_b),
        None if low is None else 100 * low,
        None if high is None else 100 * high,
        level,
        int(n_a + n_b),
        n_units,
        unit,
        method,
        None,
    )


def _difference_bounds(
    p_a: float, n_a: float, p_b: float, n_b: float, sums: Floats, level: float
) -> tuple[tuple[float, float] | None, str]:
    n_items = len(sums)
    if n_items < 2:
        return None, ONE_ITEM
    variance = float(sums @ sums) * n_items / (n_items - 1)
    if variance < 1e-20:
        bounds = newcombe_bounds(p_a, min(n_a, n_items), p_b, min(n_b, n_items), level)
        return bounds, f"Newcombe on {n_items} items, since all of them are alike"
    half = float(stdtrit(n_items - 1, (1 + level) / 2)) * variance**0.5
    method = f"clustered on item, t with {n_items - 1} degrees of freedom"
    return (max(-1.0, p_a - p_b - half), min(1.0, p_a - p_b + half)), method


def newcombe_bounds(
    p_a: float, n_a: float, p_b: float, n_b: float, level: float = 0.95
) -> tuple[float, float]:
    """Newcombe's hybrid score interval of p_a − p_b for independent samples; in proportions.

    Source: Newcombe 1998, method 10.
    """
    z = float(ndtri((1 + level) / 2))
    (low_a, high_a), (low_b, high_b) = wilson_bounds(p_a, n_a, z), wilson_bounds(p_b, n_b, z)
    gap = p_a - p_b
    low = gap - ((p_a - low_a) ** 2 + (high_b - p_b) ** 2) ** 0.5
    high = gap + ((high_a - p_a) ** 2 + (p_b - low_b) ** 2) ** 0.5
    return low, high


def _sums_by_item(item: Indices, values: Floats) -> Floats:
    """Sums of values by item, for the items that occur."""
    sums: Floats = np.bincount(item, weights=values).astype(np.float64)
    return sums[np.bincount(item) > 0]


def _level_name(cells: ErrorCells, name: str, place: int) -> str:
    factor = cells.factor(name)
    assert factor is not None, "callers name factors of the table"
    return factor.levels[place]


def _unit(cells: ErrorCells) -> str:
    return "reply" if cells.item is None else "item"


def margins(cells: ErrorCells) -> list[dict[str, int]]:
    """What rates are told of, the arm left out: all together, each level of each factor, each cell."""
    others = cells.factors[1:]
    found: list[dict[str, int]] = [{}]
    for factor in others:
        found += [{factor.name: place} for place in range(len(factor.levels))]
    if len(others) > 1:
        unscored = 0.0 if cells.n_unscored is None else cells.n_unscored
        found += _occurring_cells(others, cells.n + unscored)
    return found


def _occurring_cells(factors: Sequence[Factor], n: Floats) -> list[dict[str, int]]:
    rows = np.stack([factor.index for factor in factors], axis=1)[n > 0]
    names = [factor.name for factor in factors]
    return [dict(zip(names, map(int, row), strict=True)) for row in np.unique(rows, axis=0)]
