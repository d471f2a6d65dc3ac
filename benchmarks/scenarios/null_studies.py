"""Studies in which nothing is there: how often an interval, or any of a family, says otherwise.

The arm errs as often as the original in every context and with the belief, and is preferred as
often. Families are the three headlines, and the gaps of the contexts: as they are, with levels
that hold together (Bonferroni), and as exact McNemar tests adjusted by Benjamini and Hochberg.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import bdtr
from scipy.stats import false_discovery_control

from evaluation.statistics.preferences import win_rate
from evaluation.statistics.proportions import difference_in_differences, paired_difference
from scenarios import Scenario, Study
from scenarios.made_outcomes import Floats, Indices, Preferences, draw_outcomes, draw_preferences
from study.records import Estimate

N_CONTEXTS = 9


def scenarios() -> Iterator[Scenario]:
    names = (
        "null_win_rate",
        "null_gap",
        "null_difference_in_differences",
        "null_headlines_together",
        "null_headlines_bonferroni",
        "null_gaps_by_context_together",
        "null_gaps_by_context_bonferroni",
        "null_tests_by_context_adjusted",
    )
    for n_items in (20, 100, 500):
        for icc in (0.0, 0.2):
            setting = f"{n_items} items, 20 raters, share 0.25, ICC {icc}"
            yield Scenario(setting, dict.fromkeys(names, 0.0), _study(n_items, icc))


def _study(n_items: int, icc: float) -> Study:
    shares = np.full((n_items, 4 * N_CONTEXTS), 0.25)
    flat = np.repeat(np.arange(n_items), N_CONTEXTS)

    def study(random: np.random.Generator):
        outcomes = np.split(draw_outcomes(random, shares, icc), 4, axis=1)
        drawn = _Drawn(
            *(part.reshape(-1) for part in outcomes),
            item=flat,
            context=np.tile(np.arange(N_CONTEXTS), n_items),
            ratings=draw_preferences(random, 20, n_items, 0.0, icc),
        )
        preferred, gap, widening = _headlines(drawn, 0.95)
        return {
            "null_win_rate": (preferred,),
            "null_gap": (gap,),
            "null_difference_in_differences": (widening,),
            "null_headlines_together": (preferred, gap, widening),
            "null_headlines_bonferroni": _headlines(drawn, 1 - 0.05 / 3),
            "null_gaps_by_context_together": _gaps_by_context(drawn, 0.95),
            "null_gaps_by_context_bonferroni": _gaps_by_context(drawn, 1 - 0.05 / N_CONTEXTS),
            "null_tests_by_context_adjusted": (_adjusted_tests(drawn),),
        }

    return study


@dataclass(frozen=True)
class _Drawn:
    """One study; outcomes of the arm and the original, with the belief and without."""

    with_a: Floats
    with_b: Floats
    without_a: Floats
    without_b: Floats
    item: Indices
    context: Indices
    ratings: Preferences


def _headlines(drawn: _Drawn, level: float) -> tuple[Estimate, ...]:
    ratings = drawn.ratings
    preferred = win_rate(ratings.values, ratings.item, ratings.rater, level)
    arm = np.concatenate([drawn.with_a, drawn.without_a])
    original = np.concatenate([drawn.with_b, drawn.without_b])
    gap = paired_difference(arm, original, np.concatenate([drawn.item, drawn.item]), level)
    widening = difference_in_differences(
        drawn.with_a, drawn.with_b, drawn.without_a, drawn.without_b, drawn.item, level
    )
    return _from_half(preferred), gap, widening


def _gaps_by_context(drawn: _Drawn, level: float) -> tuple[Estimate, ...]:
    return tuple(
        paired_difference(drawn.with_a[rows], drawn.with_b[rows], drawn.item[rows], level)
        for rows in (drawn.context == place for place in range(N_CONTEXTS))
    )


def _adjusted_tests(drawn: _Drawn) -> Estimate:
    """An interval that holds zero unless an adjusted test is below 0.05."""
    arm_only, original_only = (
        np.bincount(drawn.context, weights=which, minlength=N_CONTEXTS)
        for which in (drawn.with_a > drawn.with_b, drawn.with_a < drawn.with_b)
    )
    fewer, n = np.minimum(arm_only, original_only), arm_only + original_only
    p_values = np.minimum(1.0, 2 * bdtr(fewer, n.astype(np.int64), 0.5))
    is_flagged = float(false_discovery_control(p_values).min() < 0.05)
    unit = "test"
    return Estimate(is_flagged, is_flagged / 2, 1.0, 0.95, N_CONTEXTS, N_CONTEXTS, unit, "", None)


def _from_half(share: Estimate) -> Estimate:
    """A share as its distance from one half, so that nothing is zero."""
    if share.value is None or share.low is None or share.high is None:
        return share
    points = (share.value - 0.5, share.low - 0.5, share.high - 0.5)
    return Estimate(*points, share.level, share.n, share.n_units, share.unit, share.method, None)
