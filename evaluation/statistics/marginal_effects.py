"""Effects of a regression in percentage points: what an arm changes, were all replies its own.

For every reply in a condition the fitted chance of an error is taken with the arm and with the
reference, all else as it was; their mean difference is the average marginal effect, with the
delta method's error. This is the study's "counterfactual mean difference".
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from evaluation.statistics.columns import Condition
from evaluation.statistics.error_cells import ARM, Floats
from evaluation.statistics.intervals import Span, not_estimable
from evaluation.statistics.likelihood import probabilities
from evaluation.statistics.logit import Fit, clustered_error, half_width, without_rounding
from study.records import Estimate

_EFFECT = Span(-100.0, 100.0)
_DIFFERENCE = Span(-200.0, 200.0)


@dataclass(frozen=True)
class MarginalEffect:
    """How much more often an arm errs than the reference, by the regression."""

    arm: str
    condition: Condition
    """Whose replies it is the mean over; a part that is None is pooled over."""
    effect: Estimate
    """Percentage points; clustered by item where items are known."""
    se: float | None
    """Standard error in percentage points, replies taken as independent, as published."""
    se_clustered: float | None


@dataclass(frozen=True)
class _Linear:
    """A quantity made of the coefficients, and its gradient."""

    value: float
    gradient: Floats
    n: float


def marginal_effects(fit: Fit, level: float = 0.95) -> tuple[MarginalEffect, ...]:
    """Of each arm but the reference: over all replies, in each context and with each belief.

    Returns:
        Percentage points, their intervals within [−100, 100]; no interval where all items answer
        alike, which `method` says.
    """
    conditions = [Condition(None, None)]
    for factor in fit.design.factors:
        if factor.name == "context":
            conditions += [Condition(name, None) for name in factor.levels]
        if factor.name == "belief":
            conditions += [Condition(None, name) for name in factor.levels]
    return tuple(
        _effect(fit, arm, condition, level)
        for arm in range(1, _n_arms(fit))
        for condition in conditions
    )


def differences_in_differences(fit: Fit, level: float = 0.95) -> tuple[MarginalEffect, ...]:
    """How much larger an arm's effect is with each belief than with the first one of the factor.

    The difference of two marginal effects, as they are reported, with the error of their
    difference.

    Returns:
        Percentage points, their intervals within [−200, 200].
    """
    belief = next((factor for factor in fit.design.factors if factor.name == "belief"), None)
    if belief is None:
        return ()
    found = []
    for arm in range(1, _n_arms(fit)):
        without = _difference(fit, arm, Condition(None, belief.levels[0]))
        for name in belief.levels[1:]:
            condition = Condition(None, name)
            with_belief = _difference(fit, arm, condition)
            if isinstance(with_belief, str) or isinstance(without, str):
                reason = with_belief if isinstance(with_belief, str) else str(without)
                found.append(_not_told(fit, arm, condition, reason, level))
                continue
            both = _Linear(
                with_belief.value - without.value,
                with_belief.gradient - without.gradient,
                with_belief.n + without.n,
            )
            found.append(_as_effect(fit, arm, condition, both, _DIFFERENCE, level))
    return tuple(found)


def _n_arms(fit: Fit) -> int:
    arm = next((factor for factor in fit.design.factors if factor.name == ARM), None)
    return 1 if arm is None else len(arm.levels)


def _effect(fit: Fit, arm: int, condition: Condition, level: float) -> MarginalEffect:
    linear = _difference(fit, arm, condition)
    if isinstance(linear, str):
        return _not_told(fit, arm, condition, linear, level)
    return _as_effect(fit, arm, condition, linear, _EFFECT, level)


def _difference(fit: Fit, arm: int, condition: Condition) -> _Linear | str:
    """The difference, or why it cannot be told."""
    design = fit.design
    arms = next(factor for factor in design.factors if factor.name == ARM)
    rows = np.ones(len(design.n), dtype=np.bool_)
    for name, wanted in (("context", condition.context), ("belief", condition.belief)):
        if wanted is not None:
            factor = next(factor for factor in design.factors if factor.name == name)
            rows &= factor.index == factor.levels.index(wanted)
    for place in (arm, 0):
        if not design.n[rows & (arms.index == place)].sum():
            return f"no scored replies of {arms.levels[place]} there"
    weights = design.n[rows] / design.n[rows].sum()
    value, gradient = 0.0, np.zeros(len(fit.coefficients))
    for place, sign in ((arm, 1), (0, -1)):
        x = design.columns({ARM: place})[rows]
        p = probabilities(x, fit.coefficients)
        value += sign * float(weights @ p)
        gradient += sign * ((weights * p * (1 - p)) @ x)
    return _Linear(value, gradient, float(design.n[rows].sum()))


def _as_effect(
    fit: Fit, arm: int, condition: Condition, linear: _Linear, span: Span, level: float
) -> MarginalEffect:
    independent = float(linear.gradient @ fit.covariance @ linear.gradient)
    se = 100 * independent**0.5
    se_clustered = None
    half: float | None = float(ndtri((1 + level) / 2)) * se
    n_units, unit = int(linear.n), "reply"
    method = "delta method, replies taken as independent"
    if fit.n_items is not None:
        if fit.covariance_by_item is not None:
            variance = float(linear.gradient @ fit.covariance_by_item @ linear.gradient)
            se_clustered = 100 * clustered_error(variance, independent)
        half, method = half_width(se_clustered, fit.n_items, level)
        n_units, unit = fit.n_items, "item"
        method = method if half is None else f"delta method, {method}"
    value = without_rounding(100 * linear.value)
    low = None if half is None else max(span.lowest, value - half)
    high = None if half is None else min(span.highest, value + half)
    estimate = Estimate(value, low, high, level, int(linear.n), n_units, unit, method, None)
    return MarginalEffect(_arm_name(fit, arm), condition, estimate, se, se_clustered)


def _not_told(
    fit: Fit, arm: int, condition: Condition, reason: str, level: float
) -> MarginalEffect:
    unit = "reply" if fit.n_items is None else "item"
    return MarginalEffect(
        _arm_name(fit, arm), condition, not_estimable(reason, unit, level), None, None
    )


def _arm_name(fit: Fit, arm: int) -> str:
    arms = next(factor for factor in fit.design.factors if factor.name == ARM)
    return arms.levels[arm]
