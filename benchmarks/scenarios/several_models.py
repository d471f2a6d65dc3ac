"""Shares and gaps over three models that were asked the same items; each has raters of its own.

An item is heard and answered alike by all models in part; the truth is the mean over these models.
"""

from collections.abc import Iterator

import numpy as np

from evaluation.statistics.preferences import win_rate, win_rate_over_models
from evaluation.statistics.proportions import paired_difference
from scenarios import Scenario, Study
from scenarios.made_outcomes import (
    draw_outcomes,
    draw_preferences,
    mean_of_preference,
    share_of_mean,
)

N_CONTEXTS = 4
N_RATERS = 12
SHARES = (0.6, 0.75, 0.85)
GAPS = (0.0, 0.06, 0.12)
# of the variance of an opinion; an item's own holds as much in all models
DEPENDENCE = 0.1


def scenarios() -> Iterator[Scenario]:
    means = [mean_of_preference(share) for share in SHARES]
    truth = float(np.mean([share_of_mean(mean) for mean in means]))
    for n_items in (20, 40, 200):
        setting = f"{n_items} items, 12 raters of each of three models"
        truths = {"share_of_models": truth, "share_of_models_as_raters": truth}
        yield Scenario(setting, truths, _ratings(n_items, means))
        for share in (0.05, 0.35):
            setting = f"{n_items} items, three models, share {share}, gaps 0 to 12 pp"
            truths = {"gap_of_models": 100 * float(np.mean(GAPS))}
            yield Scenario(setting, truths, _replies(n_items, share))


def _ratings(n_items: int, means: list[float]) -> Study:
    def study(random: np.random.Generator):
        common = DEPENDENCE**0.5 * random.normal(size=n_items)
        drawn = [
            draw_preferences(random, N_RATERS, n_items, mean, DEPENDENCE, common) for mean in means
        ]
        rater = np.concatenate([N_RATERS * place + one.rater for place, one in enumerate(drawn)])
        values, item = (
            np.concatenate([getattr(one, name) for one in drawn]) for name in ("values", "item")
        )
        model = np.repeat(np.arange(len(means)), len(drawn[0].values))
        return {
            "share_of_models": (win_rate_over_models(values, item, rater, model),),
            # what it would be if models were taken for a spread of raters; nobody is shown it
            "share_of_models_as_raters": (win_rate(values, item, rater),),
        }

    return study


def _replies(n_items: int, share: float) -> Study:
    gaps = np.repeat(GAPS, N_CONTEXTS)
    shares = np.tile(np.concatenate([share + gaps, np.full(len(gaps), share)]), (n_items, 1))
    item = np.repeat(np.arange(n_items), len(gaps))

    def study(random: np.random.Generator):
        of_arm, of_original = np.split(draw_outcomes(random, shares, 0.2), 2, axis=1)
        found = paired_difference(of_arm.reshape(-1), of_original.reshape(-1), item)
        return {"gap_of_models": (found,)}

    return study
