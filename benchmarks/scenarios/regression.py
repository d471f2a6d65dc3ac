"""Logistic regression: terms and effects in percentage points, with items and without.

Shares follow the model exactly, also where replies of one item go together, since
`draw_outcomes` keeps them. Every item gets every condition, so that effects have one truth.
"""

from collections.abc import Iterator
from itertools import product

import numpy as np

from evaluation.statistics.error_cells import ErrorCells, Factor
from evaluation.statistics.intervals import not_estimable
from evaluation.statistics.logit import NotFitted, fit_logit, terms_of
from evaluation.statistics.marginal_effects import differences_in_differences, marginal_effects
from scenarios import Scenario, Study
from scenarios.made_outcomes import draw_outcomes
from study.records import Estimate

TASKS = 4
LEVELS = {
    "arm": ("original", "warm"),
    "context": ("none", "sad"),
    "belief": ("none", "asserts_wrong"),
    "model": ("large", "small"),
}
CONDITIONS = np.array(list(product(range(2), repeat=4)))
TERMS = {
    "arm[warm]": 0.3,
    "context[sad]": 0.1,
    "belief[asserts_wrong]": 0.4,
    "model[small]": 0.5,
    "arm[warm]:context[sad]": 0.25,
    "arm[warm]:belief[asserts_wrong]": 0.15,
}
OF_TASKS = (0.0, 0.3, -0.3, 0.6)


def scenarios() -> Iterator[Scenario]:
    for n_items in (20, 100, 500):
        for intercept, share in ((-2.9, "rare"), (-0.9, "middling")):
            chances = _chances(n_items, intercept)
            for icc in (0.0, 0.2):
                setting = f"{n_items} items, {share} errors, ICC {icc}"
                truths = _truths(chances, "by item")
                yield Scenario(setting, truths, _study(chances, icc, "by item"))
            setting = f"{n_items} items, {share} errors, ICC 0"
            truths = _truths(chances, "independent")
            yield Scenario(setting, truths, _study(chances, 0.0, "independent"))


def _chances(n_items: int, intercept: float) -> np.ndarray:
    """Shape (n_items, n_conditions)."""
    arm, context, belief, model = CONDITIONS.T
    columns = (arm, context, belief, model, arm * context, arm * belief)
    log_odds = (
        sum(value * column for value, column in zip(TERMS.values(), columns, strict=True))
        + np.array(OF_TASKS)[np.arange(n_items) % TASKS, None]
    )
    chances: np.ndarray = 1 / (1 + np.exp(-(intercept + log_odds)))
    return chances


def _gap(chances: np.ndarray, rows: np.ndarray) -> float:
    warm = CONDITIONS[:, 0] == 1
    return 100 * float(chances[:, rows & warm].mean() - chances[:, rows & ~warm].mean())


def _truths(chances: np.ndarray, how: str) -> dict[str, float]:
    of_all = np.ones(len(CONDITIONS), dtype=np.bool_)
    sad, belief = CONDITIONS[:, 1] == 1, CONDITIONS[:, 2] == 1
    found = {
        "term_arm": TERMS["arm[warm]"],
        "term_arm_context": TERMS["arm[warm]:context[sad]"],
        "term_task": OF_TASKS[1],
        "effect": _gap(chances, of_all),
        "effect_in_context": _gap(chances, sad),
        "effect_did": _gap(chances, belief) - _gap(chances, ~belief),
    }
    return {f"{name}, {how}": value for name, value in found.items()}


def _study(chances: np.ndarray, icc: float, how: str) -> Study:
    n_items = len(chances)
    item = np.repeat(np.arange(n_items), len(CONDITIONS))
    factors = [
        Factor(name, levels, np.tile(CONDITIONS[:, place], n_items))
        for place, (name, levels) in enumerate(LEVELS.items())
    ]
    factors.append(Factor("task", ("a", "b", "c", "d"), item % TASKS))

    def study(random: np.random.Generator):
        errors = draw_outcomes(random, chances, icc).reshape(-1)
        items = item if how == "by item" else None
        cells = ErrorCells(tuple(factors), np.ones(len(errors)), errors, items)
        return {f"{name}, {how}": (found,) for name, found in _estimates(cells).items()}

    return study


def _estimates(cells: ErrorCells) -> dict[str, Estimate]:
    names = {
        "term_arm": "arm[warm]",
        "term_arm_context": "arm[warm]:context[sad]",
        "term_task": "task[b]",
    }
    try:
        fit = fit_logit(cells)
    except NotFitted as error:
        none = not_estimable(str(error), "item")
        effects = ("effect", "effect_in_context", "effect_did")
        return dict.fromkeys((*names, *effects), none)
    terms = {term.name: term for term in terms_of(fit)}
    found = {}
    for name, of_fit in names.items():
        term = terms[of_fit]
        if term.odds_ratio_ci is None:
            found[name] = not_estimable(term.method, "item")
            continue
        low, high = np.log(term.odds_ratio_ci)
        found[name] = Estimate(
            term.log_odds, float(low), float(high), 0.95, fit.n, fit.n_items or fit.n, "", "", None
        )
    effects = {(one.condition.context, one.condition.belief): one for one in marginal_effects(fit)}
    found["effect"] = effects[None, None].effect
    found["effect_in_context"] = effects["sad", None].effect
    found["effect_did"] = differences_in_differences(fit)[0].effect
    return found
