"""Shares by item and rater: pairs that raters compare, repeats, and what is heard in sentences.

With few items or raters too; and shares of raters, each asked once.
"""

from collections.abc import Iterator

import numpy as np

from evaluation.statistics.intervals import share_of_units
from evaluation.statistics.preferences import win_rate
from scenarios import Scenario, Study
from scenarios.made_outcomes import (
    draw_outcomes,
    draw_preferences,
    mean_of_preference,
    share_of_mean,
)


def scenarios() -> Iterator[Scenario]:
    for n_raters in (12, 20, 60):
        for n_items in (20, 100, 500):
            for dependence in (0.0, 0.2):
                for share in (0.5, 0.75, 0.95):
                    mean = mean_of_preference(share)
                    setting = f"{n_raters} raters, {n_items} items, share {share}, dependence {dependence}"
                    study = _study(n_raters, n_items, mean, dependence)
                    yield Scenario(setting, {"win_rate": share_of_mean(mean)}, study)
    yield from _of_few()
    for n_raters in (12, 20):
        for share in (0.7, 0.9):
            setting = f"{n_raters} raters, four repeats each, share {share}"
            yield Scenario(setting, {"repeats": share}, _repeats(n_raters, share))
            setting = f"{n_raters} raters, 5 items, sentences that all hear, share {share}"
            yield Scenario(setting, {"context_heard": share}, _sentences(n_raters, share))
    for n_raters in (12, 20, 60):
        for share in (0.5, 0.7):
            setting = f"{n_raters} raters, share {share}"
            yield Scenario(setting, {"style_guesses": share}, _guesses(n_raters, share))


def _of_few() -> Iterator[Scenario]:
    for n_raters, n_items in ((4, 40), (12, 5), (12, 10)):
        for share in (0.5, 0.75):
            mean = mean_of_preference(share)
            setting = f"{n_raters} raters, {n_items} items, share {share}, dependence 0.1"
            study = _study(n_raters, n_items, mean, 0.1)
            yield Scenario(setting, {"win_rate_of_few": share_of_mean(mean)}, _named(study))


def _study(n_raters: int, n_items: int, mean: float, dependence: float) -> Study:
    def study(random: np.random.Generator):
        drawn = draw_preferences(random, n_raters, n_items, mean, dependence)
        return {"win_rate": (win_rate(drawn.values, drawn.item, drawn.rater),)}

    return study


def _named(study: Study) -> Study:
    return lambda random: {"win_rate_of_few": study(random)["win_rate"]}


def _repeats(n_raters: int, share: float) -> Study:
    """Each rater meets four pairs again, of as many items as there are repeats or a few less."""
    rater = np.repeat(np.arange(n_raters), 4)
    shares = np.full((n_raters, 4), share)

    def study(random: np.random.Generator):
        is_same = draw_outcomes(random, shares, 0.1).reshape(-1)
        item = random.integers(6 * n_raters, size=len(rater))
        return {"repeats": (win_rate(is_same, item, rater),)}

    return study


def _sentences(n_raters: int, share: float) -> Study:
    """Every rater reads all five sentences of a context, and some sentences are plainer."""
    item = np.tile(np.arange(5), n_raters)
    rater = np.repeat(np.arange(n_raters), 5)
    shares = np.full((5, n_raters), share)

    def study(random: np.random.Generator):
        heard = draw_outcomes(random, shares, 0.05).T.reshape(-1)
        return {"context_heard": (win_rate(heard, item, rater),)}

    return study


def _guesses(n_raters: int, share: float) -> Study:
    def study(random: np.random.Generator):
        n_warmer = int(random.binomial(n_raters, share))
        return {"style_guesses": (share_of_units(n_warmer, n_raters, "rater", 0.95),)}

    return study
