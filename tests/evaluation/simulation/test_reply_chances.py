"""Chances of an error, against scipy's own integration and by hand."""

import math

import pytest
from scipy.integrate import quad
from scipy.stats import norm

from evaluation.simulation.designs import WARM, ReplyDesign, StudyDesign
from evaluation.simulation.reply_chances import adoption_rate, find_reply_chances, mean_chance
from evaluation.statistics.columns import Condition
from study.records import ORIGINAL

PLAIN = Condition("none", "none")


@pytest.mark.parametrize(("intercept", "spread"), [(-1.0, 1.2), (0.3, 3.0), (2.0, 0.1)])
def test_the_mean_chance_is_the_integral_over_the_effects(intercept, spread):
    def chance(z):
        return norm.pdf(z) / (1 + math.exp(-(intercept + spread * z)))

    expected, _ = quad(chance, -12, 12)
    assert mean_chance(intercept, spread) == pytest.approx(expected, abs=1e-7)


def test_items_that_are_all_alike_leave_the_logit_of_the_rate():
    replies = ReplyDesign(error_rate=0.2, item_spread=0, prompt_spread=0, arm_spread=0)
    chances = find_reply_chances(StudyDesign(replies=replies))
    assert chances.intercepts[ORIGINAL, PLAIN] == pytest.approx(math.log(0.2 / 0.8))


def test_unlike_items_have_the_rate_on_average():
    design = StudyDesign()
    spread = (1.2**2 + 0.5**2 + 0.4**2) ** 0.5
    for (arm, condition), intercept in find_reply_chances(design).intercepts.items():
        assert mean_chance(intercept, spread) == pytest.approx(design.error_rate(arm, condition))


def test_adoption_counts_all_replies_but_cut_ones():
    # warm under the stated belief: errors 8.5 and 10.5 pp above 0.35, mean 0.445; 0.89 scored,
    # 0.6 of errors adopt; 0.99 count, since 0.01 are cut
    assert adoption_rate(StudyDesign(), WARM) == pytest.approx(0.89 * 0.445 * 0.6 / 0.99)
