"""Sizes for a gap in error rate: by hand, against statsmodels, and against drawn replies."""

from dataclasses import replace

import numpy as np
import pytest
from statsmodels.stats.power import TTestPower

from evaluation.statistics.planned_replies import (
    PlannedReplies,
    detectable_gap,
    gap_error,
    gap_power,
    items_for_gap,
)
from evaluation.statistics.planning import Aim
from evaluation.statistics.proportions import paired_difference
from study.errors import BadInput, TooFewUnits

ONE_PROMPT = PlannedReplies(1, 0.3, 0.5, 0.0)
FOUR_PROMPTS = PlannedReplies(
    prompts_per_item=4,
    error_rate=0.3,
    arm_correlation=0.5,
    item_correlation=0.2,
    scored_share=0.9,
)


def test_the_error_of_a_paired_difference():
    # 0.4 × 0.6 + 0.3 × 0.7 − 2 × 0.5 × √(0.24 × 0.21) = 0.45 − 0.22450 = 0.22550; of 100 items
    assert gap_error(10, 100, ONE_PROMPT) == pytest.approx(100 * (0.22550 / 100) ** 0.5, rel=1e-5)


def test_prompts_of_one_item_and_lost_replies_widen_it():
    # 0.81 of prompts are scored twice: 324 of 400, each with 3 × 0.81 others: 1 + 2.43 × 0.2
    expected = 100 * (0.22550 / 324 * 1.486) ** 0.5
    assert gap_error(10, 100, FOUR_PROMPTS) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(("gap", "n"), [(10, 60), (5, 400), (-8, 90)])
def test_one_prompt_per_item_has_the_power_of_a_paired_t_test(gap, n):
    effect = gap / (gap_error(gap, n, ONE_PROMPT) * n**0.5)
    power = gap_power(gap, n, ONE_PROMPT)
    assert power == pytest.approx(TTestPower().power(effect, n, 0.05), abs=1e-9)


def test_the_fewest_items_reach_the_power_and_one_less_does_not():
    needed = items_for_gap(5, FOUR_PROMPTS, Aim(0.9))
    assert gap_power(5, needed, FOUR_PROMPTS) >= 0.9 > gap_power(5, needed - 1, FOUR_PROMPTS)


def test_what_can_be_detected_is_what_the_items_were_for():
    needed = items_for_gap(5, FOUR_PROMPTS, Aim(0.9))
    found = detectable_gap(needed, FOUR_PROMPTS, Aim(0.9))
    assert found == pytest.approx(5, abs=0.02)
    assert found <= 5


def test_arms_that_always_err_together_show_any_gap():
    alike = replace(ONE_PROMPT, arm_correlation=1.0)
    assert detectable_gap(50, alike, Aim()) is None
    with pytest.raises(BadInput, match=r"arm correlation: expected at most 0\.802"):
        # √(0.3 × 0.6 / (0.7 × 0.4)) = 0.802
        gap_error(10, 50, alike)


def test_two_scored_items_are_the_least():
    assert detectable_gap(1, ONE_PROMPT, Aim()) is None
    with pytest.raises(TooFewUnits, match=r"got 1\.0 of 1"):
        gap_power(10, 1, ONE_PROMPT)


@pytest.mark.parametrize(
    ("gap", "changes", "message"),
    [
        (0, {}, "gap: expected percentage points other than 0"),
        (80, {}, "--gap, in percentage points: expected -30 to 70, got 80"),
        (-31, {}, "--gap, in percentage points: expected -30 to 70, got -31"),
        (float("nan"), {}, "--gap, in percentage points: expected -30 to 70, got nan"),
        (5, {"error_rate": 0.0}, "error_rate: expected 1e-06 to 0.999999, got 0"),
        (5, {"scored_share": 0.0}, "scored_share: expected"),
        (5, {"item_correlation": -0.1}, "item_correlation: expected 0 to 1"),
        (0.01, {}, "gap: expected one that 1000000 items can show"),
    ],
)
def test_numbers_that_cannot_be_are_refused(gap, changes, message):
    with pytest.raises(BadInput, match=message):
        items_for_gap(gap, replace(ONE_PROMPT, **changes), Aim())


def draw_errors(random, rates, n_items, n_prompts, from_item, from_prompt):
    """Errors of two arms, which happen where a number from 0 to 1 is below the arm's rate.

    With given chances an arm's number is that of the item or the prompt, which is the other
    arm's too, else its own.
    """
    shape = (n_items, n_prompts)
    of_item, of_prompt = random.random((n_items, 1)), random.random(shape)
    errors = []
    for rate in rates:
        drawn = random.random(shape)
        number = np.where(drawn < from_item + from_prompt, of_prompt, random.random(shape))
        number = np.where(drawn < from_item, of_item, number)
        errors.append((number < rate).astype(float))
    return errors


@pytest.mark.parametrize("n_items", [30, 80])
def test_power_is_what_drawn_studies_have(n_items):
    rates, from_item, from_prompt, scored = (0.4, 0.3), 0.5, 0.3, 0.9
    v_arm, v_original, both = 0.24, 0.21, 0.3 * 0.6
    # on one prompt both take one number with chance 0.5² + 0.3²; then they err together as often
    # as the rarer error, 0.3, against 0.12 by chance
    arm_correlation = 0.34 * both / (v_arm * v_original) ** 0.5
    variance = v_arm + v_original - 2 * 0.34 * both
    # of two prompts, each pair of the four replies takes the item's number with chance 0.25
    item_correlation = 0.25 * (v_arm + v_original - 2 * both) / variance
    plan = PlannedReplies(4, 0.3, arm_correlation, item_correlation, scored)
    random = np.random.default_rng(20260302)
    n_studies, n_found = 2000, 0
    items = np.repeat(np.arange(n_items), 4)
    for _ in range(n_studies):
        arm, original = draw_errors(random, rates, n_items, 4, from_item, from_prompt)
        kept = (random.random((2, n_items * 4)) < scored).all(axis=0)
        gap = paired_difference(arm.ravel()[kept], original.ravel()[kept], items[kept])
        n_found += not gap.low <= 0 <= gap.high
    planned = gap_power(10, n_items, plan)
    noise = (planned * (1 - planned) / n_studies) ** 0.5
    assert n_found / n_studies == pytest.approx(planned, abs=3 * noise + 0.01)
