"""Logistic models of choice: what goes with the compared arm being called warmer.

A rating is 1, ½ or 0 and the model one of its mean, so that a tie counts half here as it does in
the plain share. Whatever is made of the coefficients has its error from what each rating adds to
it, clustered on item and rater by `intervals.py`. Which terms a model has, and what is told of
it, is in `confounders.py`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from evaluation.statistics.columns import Floats
from evaluation.statistics.intervals import (
    Bounds,
    Ids,
    Span,
    Values,
    bounds_by_item_and_rater,
    check_values,
    not_estimable,
)
from evaluation.statistics.likelihood import maximise_likelihood, probabilities
from evaluation.statistics.logit import INTERCEPT, NotFitted
from evaluation.statistics.preferences import UNIT
from study.errors import BadTable
from study.records import Estimate

_ANYWHERE = Span(-np.inf, np.inf)
# Equal values that were computed in different orders differ by less than this.
_EQUAL = 1e-9


@dataclass(frozen=True)
class ChoiceFit:
    """A fitted model of choice."""

    names: tuple[str, ...]
    """Of the terms, the intercept first."""
    x: Floats
    """Shape (n_ratings, n_terms)."""
    coefficients: Floats
    """Log-odds, shape (n_terms,)."""
    additions: Floats
    """Shape (n_ratings, n_terms); n_ratings times what each rating adds to the coefficients."""
    item_ids: Ids
    rater_ids: Ids

    def place(self, name: str) -> int:
        """Where a term stands."""
        return self.names.index(name)


@dataclass(frozen=True)
class Quantity:
    """Something made of the coefficients."""

    value: float
    gradient: Floats
    """Shape (n_terms,)."""
    own: Floats | float = 0.0
    """Shape (n_ratings,); how far it would be from the value were all ratings like each, with the
    coefficients as they are; 0 where it does not depend on which ratings there are."""


def fit_choices(
    preferences: Values, terms: Mapping[str, Values], item_ids: Ids, rater_ids: Ids
) -> ChoiceFit:
    """Fit the log-odds of the compared arm being chosen, ties counting half.

    Args:
        preferences: shape (n_ratings,); 1.0 compared arm, 0.5 tie, 0.0 the other.
        terms: by name, shape (n_ratings,) each; the intercept comes by itself.
        item_ids, rater_ids: shape (n_ratings,).
    Raises:
        BadTable: arrays of unequal length, a NaN, or a preference outside 0 to 1.
        NotFitted: the ratings do not determine the model; the message is the reason alone.
    Source: Papke and Wooldridge 1996, fractional logit.
    """
    for column in (preferences, *terms.values()):
        check_values(column, item_ids, rater_ids, level=0.95)
    if ((preferences < 0) | (preferences > 1)).any():
        raise BadTable(
            f"expected preferences from 0 to 1, got {np.unique(preferences)}; code a tie as 0.5"
        )
    _refuse_undetermined(preferences, terms)
    names = (INTERCEPT, *terms)
    x = np.column_stack([np.ones(len(preferences)), *terms.values()])
    units = _standard_units(x)
    if np.linalg.matrix_rank(x @ units) < len(names):
        raise NotFitted(f"{' and '.join(terms)} cannot be told apart")
    maximum = maximise_likelihood(x @ units, np.ones(len(x)), preferences)
    if maximum.information is None:
        raise NotFitted(
            f"{' and '.join(terms)} tell the choice without exception, so that odds ratios are "
            "infinite"
        )
    beta = units @ maximum.coefficients
    residuals = preferences - probabilities(x, beta)
    if np.abs(residuals).max() < _EQUAL:
        raise NotFitted("the model meets every rating, so that its error cannot be told")
    inverse = units @ np.linalg.inv(maximum.information) @ units.T
    additions = len(x) * (residuals[:, None] * x) @ inverse
    return ChoiceFit(names, x, beta, additions, item_ids, rater_ids)


def _refuse_undetermined(preferences: Values, terms: Mapping[str, Values]) -> None:
    n = len(preferences)
    if not n:
        raise NotFitted("no ratings yet")
    if np.ptp(preferences) < _EQUAL:
        raise NotFitted("all ratings are equal")
    for name, column in terms.items():
        if np.ptp(column) < _EQUAL:
            raise NotFitted(f"{name} is the same in all ratings")
    if n <= len(terms) + 1:
        n_terms = len(terms) + 1
        raise NotFitted(f"{n} ratings are too few for a model of {n_terms} coefficients")


def _standard_units(x: Floats) -> Floats:
    """What turns a design into one whose terms have mean 0 and spread 1, shape (n_terms, n_terms).

    A coefficient on its way to infinity is known by its size, which depends on units.
    """
    means, spreads = x[:, 1:].mean(axis=0), x[:, 1:].std(axis=0)
    units = np.diag(np.concatenate([[1.0], 1 / spreads]))
    units[0, 1:] = -means / spreads
    return units


def coefficient(fit: ChoiceFit, name: str) -> Quantity:
    """A term's log-odds."""
    gradient = np.zeros(len(fit.names))
    gradient[fit.place(name)] = 1.0
    return Quantity(float(fit.coefficients[fit.place(name)]), gradient)


def mean_chance(fit: ChoiceFit, x: Floats) -> Quantity:
    """The mean of the fitted chances over the rows of a design, shape (n_rows, n_terms)."""
    p = probabilities(x, fit.coefficients)
    return Quantity(float(p.mean()), (p * (1 - p)) @ x / len(x))


def chance_of_ratings(fit: ChoiceFit, designs: Sequence[Floats]) -> Quantity:
    """The mean of the fitted chances over the ratings, each in several designs in turn.

    Other ratings would have other terms, and its error counts that.

    Args:
        designs: shape (n_ratings, n_terms) each.
    """
    means = [mean_chance(fit, x) for x in designs]
    value = float(np.mean([mean.value for mean in means]))
    chances = np.mean([probabilities(x, fit.coefficients) for x in designs], axis=0)
    return Quantity(value, np.mean([mean.gradient for mean in means], axis=0), chances - value)


def difference_of(one: Quantity, other: Quantity) -> Quantity:
    """One less the other."""
    return Quantity(one.value - other.value, one.gradient - other.gradient, one.own - other.own)


def estimate_log_odds(fit: ChoiceFit, quantity: Quantity, level: float) -> Estimate:
    """Log-odds as they are."""
    return _estimate(fit, quantity, level, float, "")


def estimate_odds_ratio(fit: ChoiceFit, quantity: Quantity, level: float) -> Estimate:
    """The odds ratio of log-odds; its bounds are theirs."""
    return _estimate(fit, quantity, level, _odds, "")


def estimate_share(fit: ChoiceFit, quantity: Quantity, level: float) -> Estimate:
    """A share; its bounds are made on the log-odds, so that they stay between 0 and 1."""
    spread = quantity.value * (1 - quantity.value)
    if spread < _EQUAL:
        return not_estimable("the ratings are too far from what the share is told for", UNIT, level)
    middle = float(logit(quantity.value))
    on_log_odds = Quantity(middle, quantity.gradient / spread, quantity.own / spread)
    how = "delta method on the log-odds, "
    return _estimate(fit, on_log_odds, level, lambda log_odds: float(expit(log_odds)), how)


def estimate_points(fit: ChoiceFit, quantity: Quantity, level: float) -> Estimate:
    """A difference of shares in percentage points; its bounds are kept within ±100."""
    return _estimate(fit, quantity, level, _points, "delta method, ")


def _points(difference: float) -> float:
    return 100 * min(1.0, max(-1.0, difference))


def _odds(log_odds: float) -> float:
    # with two raters t is 12.7, and a bound can pass the largest number there is
    return float(np.exp(np.clip(log_odds, -700, 700)))


def _estimate(
    fit: ChoiceFit, quantity: Quantity, level: float, show: Callable[[float], float], how: str
) -> Estimate:
    bounds = _bounds(fit, quantity, level)
    return Estimate(
        value=show(quantity.value),
        low=None if bounds.low is None else show(bounds.low),
        high=None if bounds.high is None else show(bounds.high),
        level=level,
        n=len(fit.x),
        n_units=min(len(np.unique(fit.item_ids)), len(np.unique(fit.rater_ids))),
        unit=UNIT,
        method=bounds.method if bounds.low is None else how + bounds.method,
        seed=None,
    )


def _bounds(fit: ChoiceFit, quantity: Quantity, level: float) -> Bounds:
    """The interval of a mean whose values are the quantity and what each rating adds to it.

    With G/(G − 1) of `intervals.py` the factor is G/(G − 1) · (N − 1)/(N − K), each way of
    clustering with its own G, which is that of statsmodels.
    """
    n, n_terms = fit.x.shape
    values = fit.additions @ quantity.gradient * ((n - 1) / (n - n_terms)) ** 0.5 + quantity.own
    if np.ptp(values) < _EQUAL:
        return Bounds(None, None, "no interval: no rating moves the value")
    return bounds_by_item_and_rater(
        quantity.value + values, fit.item_ids, fit.rater_ids, _ANYWHERE, level
    )
