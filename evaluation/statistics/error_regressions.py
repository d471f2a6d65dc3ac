"""Error regressions: what an arm changes, all else equal, in the replies of one study.

The study behind this product fitted error ~ arm + task and reported one effect in percentage
points, with and without the length of replies held equal. Both stand here, and the same with the
arm's products with context and belief. A study has one base model, so that model is no factor; over
several studies it is, in `pooled_studies.py`. The fit itself is in `logit.py`, effects in
`marginal_effects.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from evaluation.statistics.columns import Floats
from evaluation.statistics.error_cells import ARM, ErrorCells, Factor, make_factor
from evaluation.statistics.logit import Covariate, NotFitted, Term, fit_logit, terms_of
from evaluation.statistics.marginal_effects import (
    MarginalEffect,
    differences_in_differences,
    marginal_effects,
)
from evaluation.statistics.outcomes import ErrorDefinition
from evaluation.statistics.reply_codes import Coded, CodedReplies
from study.records import ORIGINAL

LOG_LENGTH = "log_length"
_CROSSED = ("context", "belief")


@dataclass(frozen=True)
class ErrorRegression:
    """One regression of errors on the arms, or why there is none."""

    formula: str
    """In words, such as `error ~ arm + task`."""
    terms: tuple[Term, ...]
    """Log-odds and odds ratios, with both errors."""
    effects_pp: tuple[MarginalEffect, ...]
    """What each arm changes, in percentage points: over all replies, and where the formula has
    them, in each context and with each belief."""
    difference_in_differences_pp: tuple[MarginalEffect, ...]
    """How much larger the effect is with a belief, where the formula has beliefs."""
    n: int
    """Replies."""
    n_items: int
    left_out: tuple[str, ...]
    """Terms that no reply tells about, each with the reason."""
    reason: str
    """Why there is no fit; empty where there is one."""


@dataclass(frozen=True)
class ErrorRegressions:
    """The regressions of one study by one definition of an error, over the same replies."""

    main: ErrorRegression
    """On arm and task."""
    crossed: ErrorRegression | None
    """On arm × context, arm × belief and task; None where there is one context and one belief."""
    with_length: ErrorRegression
    """`main` with the standardised logarithm of the reply's length: its term is `log_length`."""
    mean_characters: dict[str, float]
    """Length of the replies by arm."""


def compute_error_regressions(
    replies: CodedReplies, definition: ErrorDefinition, level: float
) -> ErrorRegressions:
    """Fit all regressions of a study.

    Source: the length as in the study's robustness check; its logarithm is of characters + 1,
        less its mean and over its standard deviation.
    """
    errors = replies.errors(definition)
    scored = ~np.isnan(errors)
    replies, errors = replies.select(scored), errors[scored]
    reason = _why_no_regression(replies)
    if reason:
        main, with_length = (
            _not_fitted(formula, replies, reason)
            for formula in ("error ~ arm + task", f"error ~ arm + task + {LOG_LENGTH}")
        )
        return ErrorRegressions(main, None, with_length, _mean_lengths(replies))
    cells = _make_cells(replies, errors)
    few = replace(
        cells, factors=tuple(factor for factor in cells.factors if factor.name not in _CROSSED)
    )
    is_crossed = any(len(f.levels) > 1 for f in cells.factors if f.name in _CROSSED)
    return ErrorRegressions(
        main=_regress(few, replies, level),
        crossed=_regress(cells, replies, level) if is_crossed else None,
        with_length=_regress_with_length(few, replies, level),
        mean_characters=_mean_lengths(replies),
    )


def _make_cells(replies: CodedReplies, errors: Floats) -> ErrorCells:
    """Each scored reply as a row."""
    columns = {
        ARM: replies.arm,
        "task": replies.cell.task,
        "context": replies.cell.context,
        "belief": replies.cell.belief,
    }
    factors = tuple(_make_factor(name, column) for name, column in columns.items())
    return ErrorCells(factors, np.ones(len(replies)), errors, replies.item)


def _make_factor(name: str, column: Coded) -> Factor:
    n = np.bincount(column.index, minlength=len(column.names))
    levels = [level for level, times in zip(column.names, n, strict=True) if times]
    place = np.cumsum(n > 0) - 1
    return make_factor(name, levels, place[column.index], ORIGINAL)


def _regress(
    cells: ErrorCells, replies: CodedReplies, level: float, covariate: Covariate | None = None
) -> ErrorRegression:
    formula = _formula(cells, () if covariate is None else (covariate.name,))
    try:
        fit = fit_logit(cells, covariate)
    except NotFitted as error:
        return _not_fitted(formula, replies, str(error))
    return ErrorRegression(
        formula=formula,
        terms=terms_of(fit, level),
        effects_pp=marginal_effects(fit, level),
        difference_in_differences_pp=differences_in_differences(fit, level),
        n=fit.n,
        n_items=len(np.unique(replies.item)),
        left_out=fit.design.left_out,
        reason="",
    )


def _regress_with_length(cells: ErrorCells, replies: CodedReplies, level: float) -> ErrorRegression:
    lengths = np.log1p(_lengths(replies))
    if np.ptp(lengths) == 0:
        reason = "the regression is not estimable because all replies have the same length"
        return _not_fitted(_formula(cells, (LOG_LENGTH,)), replies, reason)
    standardised = (lengths - lengths.mean()) / lengths.std()
    return _regress(cells, replies, level, Covariate(LOG_LENGTH, standardised))


def _lengths(replies: CodedReplies) -> Floats:
    lengths: Floats = np.nan_to_num(replies.n_characters, nan=0.0)
    return lengths


def _mean_lengths(replies: CodedReplies) -> dict[str, float]:
    lengths = _lengths(replies)
    arms = sorted(_arms_of(replies), key=lambda arm: (arm != ORIGINAL, arm))
    return {arm: float(lengths[replies.arm.rows_of(arm)].mean()) for arm in arms}


def _arms_of(replies: CodedReplies) -> set[str]:
    return {replies.arm.names[code] for code in np.unique(replies.arm.index)}


def _why_no_regression(replies: CodedReplies) -> str:
    arms = _arms_of(replies)
    if not arms:
        return "the regression is not estimable because no reply was scored"
    if ORIGINAL not in arms:
        return "the regression is not estimable because no reply of the original was scored"
    if len(arms) == 1:
        return "the regression is not estimable because no reply of another arm was scored"
    return ""


def _not_fitted(formula: str, replies: CodedReplies, reason: str) -> ErrorRegression:
    n_items = len(np.unique(replies.item))
    return ErrorRegression(formula, (), (), (), len(replies), n_items, (), reason)


def _formula(cells: ErrorCells, more: Sequence[str]) -> str:
    names = [factor.name for factor in cells.factors if len(factor.levels) > 1]
    terms = [f"{ARM} × {name}" if name in _CROSSED else name for name in names]
    return f"error ~ {' + '.join([*terms, *more])}"
