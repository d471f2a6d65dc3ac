"""Logistic regression of errors on arm, context, belief, task and model, from cells of counts.

Replies with equal factors are one cell, so that a fit costs as much as the cells. Covariances are
given twice: as if replies were independent, which is what the study published, and clustered by
item, from the scores that each item adds. What a fit cannot tell, since cells are empty or an arm
always errs, is left out in words. A covariate, such as the length of replies, makes a cell of each
row. Effects in percentage points are in `marginal_effects.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import ndtri, stdtrit

from evaluation.statistics.error_cells import ARM, ErrorCells, Factor, Floats, Indices
from evaluation.statistics.intervals import ONE_ITEM
from evaluation.statistics.likelihood import maximise_likelihood, probabilities
from study.errors import StudyError

INTERCEPT = "intercept"
_CROSSED = ("context", "belief")
ALL_ALIKE = "no interval: all items answer alike, so that none shows how far others would differ"
# What residuals that cancel within items leave of the variance of independent replies is below this.
_ROUNDING = 1e-12


class NotFitted(StudyError):
    """A regression that the data do not determine; the message says why."""


@dataclass(frozen=True)
class Covariate:
    """A number that replies have, and that is held equal."""

    name: str
    """Of its term."""
    values: Floats
    """Shape (n_rows,) as it is handed in, shape (n_cells,) in a design."""


@dataclass(frozen=True)
class Design:
    """The columns of a regression, over the cells that occur."""

    names: tuple[str, ...]
    """Of the terms, such as `intercept`, `arm[warm]` and `arm[warm]:belief[asserts_wrong]`."""
    factors: tuple[Factor, ...]
    """With `index` over cells, shape (n_cells,)."""
    n: Floats
    """Shape (n_cells,)."""
    errors: Floats
    cell: Indices
    """Shape (n_rows,); the cell of each row of the table."""
    left_out: tuple[str, ...]
    """Terms that no reply tells about, each with the reason."""
    kept: NDArray[np.intp]
    """Which of all columns are terms."""
    covariate: Covariate | None
    """None where all terms are factors."""

    def columns(self, replace: dict[str, int] | None = None) -> Floats:
        """The design, shape (n_cells, n_terms), with some factors set to one level everywhere."""
        replaced = {
            factor.name: np.full(len(self.n), place)
            for factor in self.factors
            for name, place in (replace or {}).items()
            if factor.name == name
        }
        factors = [
            Factor(factor.name, factor.levels, replaced.get(factor.name, factor.index))
            for factor in self.factors
        ]
        return _all_columns(factors, len(self.n), self.covariate)[1][:, self.kept]


@dataclass(frozen=True)
class Fit:
    """A fitted regression."""

    design: Design
    coefficients: Floats
    """Log-odds, shape (n_terms,)."""
    covariance: Floats
    """Shape (n_terms, n_terms); replies taken as independent."""
    covariance_by_item: Floats | None
    """Clustered by item; None where items are not known or there is only one."""
    n_items: int | None
    n: int
    """Replies."""


@dataclass(frozen=True)
class Term:
    """One coefficient of a regression."""

    name: str
    log_odds: float
    se: float
    """Replies taken as independent, as published."""
    se_clustered: float | None
    """Clustered by item; None where items are not known."""
    odds_ratio: float
    odds_ratio_ci: tuple[float, float] | None
    """By the clustered error where there is one; None where `method` says why."""
    method: str
    """How the interval was made, or why there is none."""


def terms_of(fit: Fit, level: float = 0.95) -> tuple[Term, ...]:
    """The coefficients with their errors."""
    by_item = fit.covariance_by_item
    found = []
    for place, name in enumerate(fit.design.names):
        value, se = (
            without_rounding(float(fit.coefficients[place])),
            fit.covariance[place, place] ** 0.5,
        )
        clustered = None
        half: float | None = float(ndtri((1 + level) / 2)) * se
        method = "Wald, replies taken as independent"
        if fit.n_items is not None:
            if by_item is not None:
                clustered = clustered_error(float(by_item[place, place]), float(se**2))
            half, method = half_width(clustered, fit.n_items, level)
            method = method if half is None else f"Wald, {method}"
        ci = None if half is None else (float(np.exp(value - half)), float(np.exp(value + half)))
        found.append(Term(name, value, float(se), clustered, float(np.exp(value)), ci, method))
    return tuple(found)


def clustered_error(variance: float, independent: float) -> float:
    """The standard error of a variance by item; 0.0 where it is rounding alone.

    Args:
        independent: the variance of the same quantity, replies taken as independent.
    """
    return 0.0 if variance <= _ROUNDING * independent else float(variance**0.5)


def half_width(clustered: float | None, n_items: int, level: float) -> tuple[float | None, str]:
    """Half of an interval by item and how it is made, or None and why there is none.

    Args:
        clustered: the standard error; None where there is only one item.
    """
    if clustered is None:
        return None, ONE_ITEM
    if not clustered:
        # a width of zero would claim certainty
        return None, ALL_ALIKE
    half = float(stdtrit(n_items - 1, (1 + level) / 2)) * clustered
    return half, f"clustered on item, t with {n_items - 1} degrees of freedom"


def without_rounding(value: float) -> float:
    """The value, or 0.0 for what is left of equal terms that were taken from each other."""
    return 0.0 if abs(value) < _ROUNDING else value


def make_design(cells: ErrorCells, covariate: Covariate | None = None) -> Design:
    """The terms that replies tell about: arm, its products with context and belief, and the rest.

    Factors of one level have no term. A term whose cells are empty, or that repeats others, is
    left out and named.

    Args:
        covariate: of the rows of `cells`; each of them is a cell then.
    """
    factors = [factor for factor in cells.factors if len(factor.levels) > 1]
    flat = np.zeros(len(cells.n), dtype=np.intp)
    if covariate is not None:
        flat = np.arange(len(cells.n))
    elif factors:
        shape = tuple(len(factor.levels) for factor in factors)
        flat = np.ravel_multi_index(tuple(factor.index for factor in factors), shape)
    n = np.bincount(flat, weights=cells.n)
    errors = np.bincount(flat, weights=cells.errors)
    occurring = np.flatnonzero(n > 0)
    place = np.full(len(n), -1, dtype=np.intp)
    place[occurring] = np.arange(len(occurring))
    row = np.zeros(len(n), dtype=np.intp)
    row[flat] = np.arange(len(flat))  # any row of a cell tells its levels
    row = row[occurring]
    of_cells = tuple(Factor(factor.name, factor.levels, factor.index[row]) for factor in factors)
    if covariate is not None:
        covariate = Covariate(covariate.name, covariate.values[row])
    names, columns = _all_columns(of_cells, len(occurring), covariate)
    kept, left_out = _independent(names, columns)
    return Design(
        tuple(names[column] for column in kept),
        of_cells,
        n[occurring].astype(np.float64),
        errors[occurring].astype(np.float64),
        place[flat],
        left_out,
        kept,
        covariate,
    )


def _all_columns(
    factors: Sequence[Factor], n_cells: int, covariate: Covariate | None
) -> tuple[list[str], Floats]:
    names, columns = [INTERCEPT], [np.ones(n_cells)]
    single: dict[str, list[tuple[str, Floats]]] = {}
    for factor in factors:
        single[factor.name] = [
            (f"{factor.name}[{level}]", (factor.index == place).astype(np.float64))
            for place, level in enumerate(factor.levels)
            if place > 0
        ]
    for terms in single.values():
        names += [name for name, _ in terms]
        columns += [column for _, column in terms]
    for crossed in _CROSSED:
        for (arm, a), (other, b) in product(single.get(ARM, []), single.get(crossed, [])):
            names.append(f"{arm}:{other}")
            columns.append(a * b)
    if covariate is not None:
        names.append(covariate.name)
        columns.append(covariate.values)
    return names, np.stack(columns, axis=1)


def _independent(names: Sequence[str], columns: Floats) -> tuple[NDArray[np.intp], tuple[str, ...]]:
    """Columns that are no combination of those before them, and why others are left out."""
    kept: list[int] = []
    left_out = []
    basis = np.zeros((len(columns), 0))
    for number, name in enumerate(names):
        column = columns[:, number]
        rest = column - basis @ (basis.T @ column)
        rest -= basis @ (basis.T @ rest)  # once more, against rounding
        size = float(np.linalg.norm(rest))
        if size > 1e-9 * max(1.0, float(np.linalg.norm(column))):
            kept.append(number)
            basis = np.column_stack([basis, rest / size])
        elif not column.any():
            left_out.append(f"{name}: no reply is in that cell")
        else:
            left_out.append(f"{name}: it cannot be told from the terms before it")
    return np.array(kept, dtype=np.intp), tuple(left_out)


def fit_logit(cells: ErrorCells, covariate: Covariate | None = None) -> Fit:
    """Fit error ~ arm × context + arm × belief + task + model, over the factors that the table has.

    Args:
        cells: at least one scored reply.
        covariate: one more term, by the rows of `cells`.
    Raises:
        NotFitted: no scored replies, all replies alike, or a term whose replies all err or all do not,
            so that its odds ratio is infinite.
    Source: `likelihood.py` for the fit; Liang and Zeger 1986 for clusters, with the
        factor G/(G − 1) · (N − 1)/(N − K) of statsmodels.
    """
    if not cells.n.sum():
        raise NotFitted("the regression is not estimable because no reply is scored")
    design = make_design(cells, covariate)
    _refuse_alike(design)
    x = design.columns()
    maximum = maximise_likelihood(x, design.n, design.errors)
    beta = maximum.coefficients
    if maximum.information is None:
        raise NotFitted(_why_infinite(x, beta, design))
    covariance: Floats = np.linalg.inv(maximum.information).astype(np.float64)
    by_item, n_items = None, None
    if cells.item is not None:
        by_item, n_items = _clustered(cells, design, x, beta, covariance)
    return Fit(design, beta, covariance, by_item, n_items, int(cells.n.sum()))


def _refuse_alike(design: Design) -> None:
    for alike, what in ((0.0, "no reply errs"), (design.n.sum(), "every reply errs")):
        if design.errors.sum() == alike:
            raise NotFitted(f"the regression is not estimable because {what}")


def _why_infinite(x: Floats, beta: Floats, design: Design) -> str:
    """Name the terms whose replies are all alike; else the one that grows."""
    separated = []
    for number, name in enumerate(design.names):
        inside = x[:, number] != 0
        n, errors = design.n[inside].sum(), design.errors[inside].sum()
        if name != INTERCEPT and errors in (0, n):
            separated.append(f"{'none' if errors == 0 else 'all'} of the {n:.0f} replies in {name}")
    if separated:
        return (
            f"the regression is not estimable because {' and '.join(separated)} "
            f"{'errs' if len(separated) == 1 else 'err'}, so that odds ratios are infinite"
        )
    grown = design.names[int(np.abs(beta).argmax())]
    return (
        "the regression is not estimable because its terms separate errors from right replies "
        f"completely: the odds ratio of {grown} grows without end"
    )


def _clustered(
    cells: ErrorCells, design: Design, x: Floats, beta: Floats, covariance: Floats
) -> tuple[Floats | None, int]:
    assert cells.item is not None, "asked for where items are known"
    used = cells.n > 0
    residuals = (cells.errors - cells.n * probabilities(x, beta)[design.cell])[used]
    _, item = np.unique(cells.item[used], return_inverse=True)
    n_items = int(item.max()) + 1
    if n_items < 2:
        return None, n_items
    shape = (n_items, len(x))
    of_item = sparse.csr_array((residuals, (item, design.cell[used])), shape=shape)
    scores = of_item @ x
    total, n_terms = cells.n.sum(), x.shape[1]
    factor = n_items / (n_items - 1) * (total - 1) / max(1.0, total - n_terms)
    return covariance @ (scores.T @ scores) @ covariance * factor, n_items
