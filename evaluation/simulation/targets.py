"""Targets: the numbers of a study whose truth is known, and what its results say of them.

A truth is a mean over all items, prompts and raters that could have been drawn, not over those
that were: it is what intervals clustered on items and raters are about.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from evaluation.simulation.designs import ARMS, WARM
from evaluation.simulation.reply_chances import adoption_rate
from evaluation.simulation.studies import Chances
from evaluation.statistics.columns import Condition
from evaluation.statistics.error_rates import ASSERTS_WRONG, OVERALL
from evaluation.statistics.gaps import NO_BELIEF
from evaluation.statistics.results import StudyResults
from study.records import ORIGINAL, Estimate

TargetName = Literal[
    "warm_share",
    "left_share",
    "alpha",
    "error_rate",
    "gap_pp",
    "adoption_rate",
    "difference_in_differences_pp",
]


@dataclass(frozen=True)
class Target:
    """A number that the analysis gives."""

    name: TargetName
    arm: str | None = None
    """None where it is of no arm: the share of left replies."""
    condition: Condition = OVERALL

    @property
    def is_headline(self) -> bool:
        """It stands for the whole study, or for all prompts with a stated belief."""
        return self.condition == OVERALL or self.name in (
            "adoption_rate",
            "difference_in_differences_pp",
        )


@dataclass(frozen=True)
class Truth:
    """What a target is in truth."""

    value: float
    """In the unit of the target's estimates."""
    no_effect: float | None
    """The value that says there is nothing to find; None for a rate, which has none."""


def find_truths(chances: Chances) -> dict[Target, Truth]:
    """The truth of every target of a design, headlines first in each kind."""
    design = chances.design
    conditions = design.conditions
    cells = [OVERALL, *(conditions if len(conditions) > 1 else ())]
    truths = {
        Target("warm_share", WARM): Truth(design.ratings.preference, 0.5),
        Target("left_share"): Truth(chances.ratings.left_share, 0.5),
    }
    if chances.ratings.alpha is not None:
        truths[Target("alpha", WARM)] = Truth(chances.ratings.alpha, 0.0)

    def mean_rate(arm: str, cell: Condition) -> float:
        rates = [design.error_rate(arm, one) for one in conditions if _is_in(one, cell)]
        return sum(rates) / len(rates)

    for arm in ARMS:
        for cell in cells:
            truths[Target("error_rate", arm, cell)] = Truth(mean_rate(arm, cell), None)
    within = [Condition(None, belief) for belief in design.beliefs if len(cells) > 1]
    within += [Condition(context, None) for context in design.contexts if len(cells) > 1]
    for cell in dict.fromkeys([OVERALL, *within, *cells]):
        gap = 100 * (mean_rate(WARM, cell) - mean_rate(ORIGINAL, cell))
        truths[Target("gap_pp", WARM, cell)] = Truth(gap, 0.0)
    if ASSERTS_WRONG in design.beliefs:
        stated = Condition(None, ASSERTS_WRONG)
        for arm in ARMS:
            rate = adoption_rate(design, arm)
            truths[Target("adoption_rate", arm, stated)] = Truth(rate, None)
    for belief in design.beliefs:
        if NO_BELIEF in design.beliefs and belief != NO_BELIEF:
            target = Target("difference_in_differences_pp", WARM, Condition(None, belief))
            truths[target] = Truth(design.replies.belief_widening_pp, 0.0)
    return truths


def find_estimates(results: StudyResults) -> Mapping[Target, Estimate]:
    """What a study's results say of every target."""
    found = {Target("left_share"): results.left_share}
    for preference in results.preferences:
        found[Target("warm_share", preference.arm)] = preference.warm_share
        found[Target("alpha", preference.arm)] = preference.agreement.alpha
    for rate in results.error_rates:
        found[Target("error_rate", rate.arm, rate.condition)] = rate.rate
    for gap in results.gaps:
        found[Target("gap_pp", gap.arm, gap.condition)] = gap.difference
    for adoption in results.adoption:
        stated = Condition(None, adoption.belief)
        found[Target("adoption_rate", adoption.arm, stated)] = adoption.rate
    for effect in results.belief_effects:
        target = Target("difference_in_differences_pp", effect.arm, Condition(None, effect.belief))
        found[target] = effect.difference
    return found


def _is_in(condition: Condition, cell: Condition) -> bool:
    return cell.context in (None, condition.context) and cell.belief in (None, condition.belief)
