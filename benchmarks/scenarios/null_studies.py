"""Studies in which nothing is there: how often an interval, or any of a family, says otherwise.

The arm errs as often as the original in every context and with the belief, and is preferred as
often. The first three families are the headlines one by one; the last are all of them together.
"""

from collections.abc import Iterator

import numpy as np

from evaluation.statistics.preferences import win_rate
from evaluation.statistics.proportions import difference_in_differences, paired_difference
from scenarios import Scenario, Study
from scenarios.made_outcomes import draw_outcomes, draw_preferences
from study.records import Estimate

N_CONTEXTS = 9


def scenarios() -> Iterator[Scenario]:
    names = (
        "null_win_rate",
        "null_gap",
        "null_difference_in_differences",
        "null_headlines_together",
        "null_gaps_by_context_together",
    )
    for n_items in (20, 100, 500):
        for icc in (0.0, 0.2):
            setting = f"{n_items} items, 20 raters, share 0.25, ICC {icc}"
            yield Scenario(setting, dict.fromkeys(names, 0.0), _study(n_items, icc))


def _study(n_items: int, icc: float) -> Study:
    shares = np.full((n_items, 4 * N_CONTEXTS), 0.25)
    flat = np.repeat(np.arange(n_items), N_CONTEXTS)

    def study(random: np.random.Generator):
        parts = np.split(draw_outcomes(random, shares, icc), 4, axis=1)
        with_a, with_b, without_a, without_b = (part.reshape(-1) for part in parts)
        ratings = draw_preferences(random, 20, n_items, 0.0, icc)
        preferred = _from_half(win_rate(ratings.values, ratings.item, ratings.rater))
        a, b = np.concatenate([with_a, without_a]), np.concatenate([with_b, without_b])
        gap = paired_difference(a, b, np.concatenate([flat, flat]))
        widening = difference_in_differences(with_a, with_b, without_a, without_b, flat)
        context = np.tile(np.arange(N_CONTEXTS), n_items)
        by_context = tuple(
            paired_difference(with_a[rows], with_b[rows], flat[rows])
            for rows in (context == place for place in range(N_CONTEXTS))
        )
        return {
            "null_win_rate": (preferred,),
            "null_gap": (gap,),
            "null_difference_in_differences": (widening,),
            "null_headlines_together": (preferred, gap, widening),
            "null_gaps_by_context_together": by_context,
        }

    return study


def _from_half(share: Estimate) -> Estimate:
    """A share as its distance from one half, so that nothing is zero."""
    if share.value is None or share.low is None or share.high is None:
        return share
    points = (share.value - 0.5, share.low - 0.5, share.high - 0.5)
    return Estimate(*points, share.level, share.n, share.n_units, share.unit, share.method, None)
