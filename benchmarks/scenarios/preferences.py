"""Win rates: pairs of replies that raters compare, items and raters both drawn."""

from collections.abc import Iterator

import numpy as np

from evaluation.statistics.preferences import win_rate
from scenarios import Scenario, Study
from scenarios.made_outcomes import draw_preferences, mean_of_preference, share_of_mean


def scenarios() -> Iterator[Scenario]:
    for n_raters in (12, 20, 60):
        for n_items in (20, 100, 500):
            for dependence in (0.0, 0.2):
                for share in (0.5, 0.75, 0.95):
                    mean = mean_of_preference(share)
                    setting = f"{n_raters} raters, {n_items} items, share {share}, dependence {dependence}"
                    study = _study(n_raters, n_items, mean, dependence)
                    yield Scenario(setting, {"win_rate": share_of_mean(mean)}, study)


def _study(n_raters: int, n_items: int, mean: float, dependence: float) -> Study:
    def study(random: np.random.Generator):
        drawn = draw_preferences(random, n_raters, n_items, mean, dependence)
        return {"win_rate": (win_rate(drawn.values, drawn.item, drawn.rater),)}

    return study
