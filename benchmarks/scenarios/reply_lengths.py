"""Effects of an arm with the length of replies held equal.

Errors are logistic in the arm, the task and the logarithm of the length, and the arm's replies are
shorter, as the study found them. The effect's truth is over the lengths that both arms have.
"""

from collections.abc import Iterator

import numpy as np
from scipy.special import expit, ndtri

from evaluation.statistics.error_cells import ARM, ErrorCells, Factor
from evaluation.statistics.intervals import not_estimable
from evaluation.statistics.logit import Covariate, NotFitted, fit_logit, terms_of
from evaluation.statistics.marginal_effects import marginal_effects
from scenarios import Scenario, Study
from scenarios.made_outcomes import Floats, draw_outcomes
from study.records import Estimate

N_CONDITIONS = 4
OF_ARM, OF_LENGTH = 0.4, -0.5
_OF_TASKS = (0.0, 0.5)
# Logarithms: a fifth shorter; a spread of half is that of free text.
_SHORTER, _SPREAD = -0.2, 0.5
_QUANTILES = ndtri((np.arange(2000) + 0.5) / 2000)
_NAMES = ("effect_at_equal_length", "term_arm_at_equal_length", "term_length")


def scenarios() -> Iterator[Scenario]:
    for n_items in (20, 200):
        for name, intercept, of_arm in (
            ("middling errors, arm errs more", -1.0, OF_ARM),
            ("middling errors, nothing to find", -1.0, 0.0),
            ("rare errors, arm errs more", -2.7, OF_ARM),
        ):
            setting = f"{n_items} items, {name}"
            truths = _truths(intercept, of_arm)
            yield Scenario(setting, truths, _study(n_items, intercept, of_arm))


def _truths(intercept: float, of_arm: float) -> dict[str, float]:
    lengths = _SPREAD * np.concatenate([_QUANTILES, _QUANTILES + _SHORTER / _SPREAD])
    log_odds = intercept + OF_LENGTH * lengths[:, None] + np.array(_OF_TASKS)
    effect = 100 * float((expit(log_odds + of_arm) - expit(log_odds)).mean())
    values = (effect, of_arm, OF_LENGTH * float(lengths.std()))
    return dict(zip(_NAMES, values, strict=True))


def _study(n_items: int, intercept: float, of_arm: float) -> Study:
    item = np.repeat(np.arange(n_items), 2 * N_CONDITIONS)
    arm = np.tile(np.repeat([0, 1], N_CONDITIONS), n_items)
    task = item % 2
    factors = (
        Factor(ARM, ("original", "warm"), arm),
        Factor("task", ("a", "b"), task),
    )

    def study(random: np.random.Generator):
        lengths = _SHORTER * arm + _SPREAD * random.normal(size=len(item))
        chances = expit(intercept + of_arm * arm + OF_LENGTH * lengths + np.array(_OF_TASKS)[task])
        errors = draw_outcomes(random, chances.reshape(n_items, -1), 0.2).reshape(-1)
        cells = ErrorCells(factors, np.ones(len(errors)), errors, item)
        standardised = (lengths - lengths.mean()) / lengths.std()
        return {name: (one,) for name, one in _estimates(cells, standardised).items()}

    return study


def _estimates(cells: ErrorCells, lengths: Floats) -> dict[str, Estimate]:
    try:
        fit = fit_logit(cells, Covariate("log_length", lengths))
    except NotFitted as error:
        return dict.fromkeys(_NAMES, not_estimable(str(error), "item"))
    terms = {term.name: term for term in terms_of(fit)}
    of_terms = []
    for name in ("arm[warm]", "log_length"):
        term = terms[name]
        if term.odds_ratio_ci is None:
            of_terms.append(not_estimable(term.method, "item"))
            continue
        low, high = (float(np.log(bound)) for bound in term.odds_ratio_ci)
        n_items = fit.n_items or fit.n
        of_terms.append(
            Estimate(term.log_odds, low, high, 0.95, fit.n, n_items, "item", term.method, None)
        )
    effect = marginal_effects(fit)[0].effect
    return dict(zip(_NAMES, (effect, *of_terms), strict=True))
