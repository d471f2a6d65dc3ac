"""Planned replies: what a number of items can show of a gap in error rate between two arms.

Works on numbers set down before there is a study. Both arms answer the same prompts, and prompts
of one item have something in common; the gap itself is computed in `gaps.py`, the search for
sizes is in `planning.py`.
"""

import math
from dataclasses import dataclass

from evaluation.statistics.planning import (
    MOST_ITEMS,
    NEARLY_NONE,
    Aim,
    check_aim,
    check_range,
    fewest,
    power_of,
    smallest,
)
from study.errors import BadInput, TooFewUnits


@dataclass(frozen=True)
class PlannedReplies:
    """What is known beforehand of the replies whose errors are compared."""

    prompts_per_item: int
    """Conditions under which each item is asked."""
    error_rate: float
    """Of the original, among its scored replies."""
    arm_correlation: float
    """Of the errors of both arms on one prompt."""
    item_correlation: float
    """Of the differences, arm − original, on two prompts of one item."""
    scored_share: float = 1.0
    """Of each arm's replies; the others refuse, hedge or are cut, and tell of no error."""


def gap_error(gap_pp: float, n_items: int, plan: PlannedReplies) -> float:
    """Standard error of the mean difference in errors over prompts scored in both arms.

    σ²/(I m) × (1 + (k − 1) s² ρ), with σ² = v_arm + v_original − 2 r √(v_arm v_original) and
    v = p(1 − p): of k prompts per item m = k s² are scored in both arms, and each of those has
    (k − 1) s² others beside it.

    Args:
        gap_pp: the true gap, in percentage points.
    Returns:
        In percentage points.
    Raises:
        BadInput: the gap leads to an error rate outside 0 to 1, or the errors of such rates
            cannot have that much in common.
    Source: Miller 2024, arXiv:2411.00640, for paired and clustered differences; Kish 1965 for
        clusters of unequal size.
    """
    _check_replies(plan)
    original = plan.error_rate
    check_range("--gap, in percentage points", gap_pp, -100 * original, 100 * (1 - original))
    arm = min(max(original + gap_pp / 100, 0.0), 1.0)
    variances = arm * (1 - arm), original * (1 - original)
    shared = plan.arm_correlation * math.sqrt(variances[0] * variances[1])
    # two errors happen together at most as often as the rarer one
    if shared > min(arm, original) - arm * original + 1e-12:
        most = (min(arm, original) - arm * original) / math.sqrt(variances[0] * variances[1])
        raise BadInput(
            f"arm correlation: expected at most {most:.3f}, which is what error rates of "
            f"{original:g} and {arm:g} allow, got {plan.arm_correlation:g}; lower it"
        )
    scored = plan.scored_share**2
    n_prompts = n_items * plan.prompts_per_item * scored
    design_effect = 1 + (plan.prompts_per_item - 1) * scored * plan.item_correlation
    return 100 * math.sqrt((sum(variances) - 2 * shared) / n_prompts * design_effect)


def gap_power(gap_pp: float, n_items: int, plan: PlannedReplies, level: float = 0.95) -> float:
    """Chance that the interval of a gap in error rate excludes zero.

    Args:
        gap_pp: the true gap, in percentage points.
    Returns:
        In [0, 1], by the noncentral t distribution with one degree less than there are items
        with a prompt that was scored in both arms.
    Raises:
        TooFewUnits: fewer than two such items.
    Source: `gap_error`.
    """
    _check_replies(plan)
    lost = (1 - plan.scored_share**2) ** plan.prompts_per_item
    n_units = n_items * (1 - lost)
    if n_units < 2:
        raise TooFewUnits(
            f"expected at least two items scored in both arms, got {n_units:.1f} of {n_items}; "
            "plan for more"
        )
    return power_of(gap_pp, gap_error(gap_pp, n_items, plan), n_units - 1, level)


def items_for_gap(gap_pp: float, plan: PlannedReplies, aim: Aim) -> int:
    """The fewest items that show a gap in error rate.

    Args:
        gap_pp: the true gap, in percentage points.
    Raises:
        BadInput: the gap is zero, or so small that a million items do not show it.
    """
    check_aim(aim)
    _check_replies(plan)
    if gap_pp == 0:
        raise BadInput("gap: expected percentage points other than 0, which is no effect to find")
    lost = (1 - plan.scored_share**2) ** plan.prompts_per_item

    def power(n_items: int) -> float:
        return 0.0 if n_items * (1 - lost) < 2 else gap_power(gap_pp, n_items, plan, aim.level)

    n_items = fewest(power, aim.power)
    if n_items is None:
        raise BadInput(
            f"gap: expected one that {MOST_ITEMS} items can show, got {gap_pp:g} percentage "
            "points; aim at a larger one"
        )
    return n_items


def detectable_gap(n_items: int, plan: PlannedReplies, aim: Aim) -> float | None:
    """The smallest gap above zero that is found with the power aimed at, in percentage points.

    Returns:
        None where no gap is: fewer than two items, or too few to find any.
    """
    check_aim(aim)
    _check_replies(plan)
    lost = (1 - plan.scored_share**2) ** plan.prompts_per_item
    if n_items * (1 - lost) < 2:
        return None
    highest = _widest_gap(plan)
    return smallest(lambda gap: gap_power(gap, n_items, plan, aim.level), 0.0, highest, aim.power)


def _widest_gap(plan: PlannedReplies) -> float:
    """Percentage points up to which the arms' errors can have so much in common."""
    # √(odds of the original / odds of the arm) is the most; so the arm's odds are at most
    # those of the original over the correlation squared
    odds = plan.error_rate / (1 - plan.error_rate)
    squared = plan.arm_correlation**2
    highest = 1 - NEARLY_NONE if squared == 0 else odds / (odds + squared)
    return 100 * (min(highest, 1 - NEARLY_NONE) - plan.error_rate)


def _check_replies(plan: PlannedReplies) -> None:
    check_range("prompts_per_item", plan.prompts_per_item, 1, MOST_ITEMS)
    for name in ("arm_correlation", "item_correlation"):
        check_range(name, getattr(plan, name), 0, 1)
    check_range("error_rate", plan.error_rate, NEARLY_NONE, 1 - NEARLY_NONE)
    check_range("scored_share", plan.scored_share, NEARLY_NONE, 1)
