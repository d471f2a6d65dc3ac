"""Sizes for a preference share: by hand, against statsmodels, and against drawn ratings."""

from dataclasses import replace

import numpy as np
import pytest
from statsmodels.stats.power import TTestPower

from evaluation.statistics.planned_ratings import (
    PlannedRatings,
    detectable_preference,
    items_for_preference,
    preference_error,
    preference_power,
    size_of_ratings,
)
from evaluation.statistics.planning import Aim
from evaluation.statistics.preferences import win_rate
from study.errors import BadInput, TooFewUnits

ONE_EACH = PlannedRatings(1, 1, 1, 0.0, 0.0)
SHARED = PlannedRatings(
    pairs_per_item=2,
    raters_per_pair=3,
    pairs_per_rater=30,
    item_correlation=0.1,
    rater_correlation=0.05,
)


def test_pairs_raters_and_ratings_follow_from_the_items():
    # 50 items × 2 pairs × 3 raters = 300 ratings, 30 for each of 10 raters
    size = size_of_ratings(50, SHARED)
    assert (size.n_items, size.n_pairs, size.n_raters, size.n_ratings) == (50, 100, 10, 300)


def test_a_rater_who_could_rate_all_is_still_not_alone():
    # 4 items × 2 pairs × 3 raters = 24 ratings: one rater's load, but a pair needs three people
    assert size_of_ratings(4, SHARED).n_raters == 3


def test_the_error_grows_with_what_items_and_raters_have_in_common():
    # of each rating 5 others are of its item and 29 of its rater: 1 + 5 × 0.1 + 29 × 0.05 = 2.95
    size = size_of_ratings(50, SHARED)
    assert preference_error(0.6, size, SHARED) == pytest.approx((0.24 / 300 * 2.95) ** 0.5)


def test_ties_make_ratings_vary_less():
    # shares of 1, ½ and 0 are 0.5, 0.2 and 0.3: mean 0.6, variance 0.5 + 0.05 − 0.36 = 0.19
    with_ties = replace(ONE_EACH, tie_share=0.2)
    size = size_of_ratings(100, with_ties)
    assert preference_error(0.6, size, with_ties) == pytest.approx((0.19 / 100) ** 0.5)


@pytest.mark.parametrize(("share", "n"), [(0.6, 50), (0.6, 200), (0.75, 12), (0.4, 199)])
def test_ratings_without_anything_in_common_have_the_power_of_a_t_test(share, n):
    effect = (share - 0.5) / (share * (1 - share)) ** 0.5
    power = preference_power(share, size_of_ratings(n, ONE_EACH), ONE_EACH)
    assert power == pytest.approx(TTestPower().power(effect, n, 0.05), abs=1e-9)


def test_the_fewest_items_reach_the_power_and_one_less_does_not():
    needed = items_for_preference(0.6, SHARED, Aim(0.8))
    assert preference_power(0.6, needed, SHARED) >= 0.8
    one_less = size_of_ratings(needed.n_items - 1, SHARED)
    assert preference_power(0.6, one_less, SHARED) < 0.8
    # statsmodels: 0.1 of one half, sd √0.24, needs 190.1 independent ratings
    assert items_for_preference(0.6, ONE_EACH, Aim(0.8)).n_items == 191


def test_what_can_be_detected_is_what_the_sizes_were_made_for():
    size = items_for_preference(0.6, SHARED, Aim(0.8))
    found = detectable_preference(size, SHARED, Aim(0.8))
    assert found == pytest.approx(0.6, abs=0.002)
    assert found <= 0.6


def test_few_raters_cannot_be_made_up_for_by_items():
    few = replace(SHARED, n_raters=4)
    with pytest.raises(
        TooFewUnits, match=r"got 4, with whom 1,000,000 items reach a power of 0\.\d\d; plan"
    ):
        items_for_preference(0.6, few, Aim(0.8))


def test_two_units_of_each_are_the_least():
    alone = replace(SHARED, raters_per_pair=1, n_raters=1)
    size = size_of_ratings(20, alone)
    assert detectable_preference(size, alone, Aim()) is None
    with pytest.raises(TooFewUnits, match="at least two items and two raters"):
        preference_power(0.6, size, alone)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"item_correlation": 1.5}, "item_correlation: expected 0 to 1, got 1.5"),
        ({"raters_per_pair": 0}, "raters_per_pair: expected 1"),
        ({"n_raters": 2}, "raters: expected at least 3"),
        ({"tie_share": 0.9}, "ties: expected at most 0.8"),
    ],
)
def test_numbers_that_cannot_be_are_refused(changes, message):
    with pytest.raises(BadInput, match=message):
        items_for_preference(0.6, replace(SHARED, **changes), Aim())


def test_no_effect_is_nothing_to_plan_for():
    with pytest.raises(BadInput, match=r"other than 0\.5"):
        items_for_preference(0.5, SHARED, Aim())
    with pytest.raises(BadInput, match=r"more than 0\.05"):
        items_for_preference(0.6, SHARED, Aim(power=0.04))


def draw_ratings(random, share, n_items, n_raters, per_item, from_item, from_rater):
    """Ratings that copy their item's or their rater's coin with a given chance, else toss one.

    Two ratings of an item agree beyond chance when both copy: correlation from_item²; likewise
    of a rater. The share is exact.
    """
    items = np.repeat(np.arange(n_items), per_item)
    raters = np.concatenate(
        [random.permutation(n_raters)[:per_item] for _ in range(n_items)]
        if per_item < n_raters
        else [np.arange(n_raters)] * n_items
    )
    coins = [random.random(n) < share for n in (n_items, n_raters, len(items))]
    drawn = random.random(len(items))
    copied = np.where(drawn < from_item, coins[0][items], coins[2])
    of_rater = (drawn >= from_item) & (drawn < from_item + from_rater)
    return np.where(of_rater, coins[1][raters], copied).astype(float), items, raters


@pytest.mark.parametrize(("share", "n_items", "n_raters"), [(0.65, 40, 20), (0.62, 60, 30)])
def test_power_is_what_drawn_studies_have(share, n_items, n_raters):
    # a quarter of the ratings copies the item, a fifth the rater: correlations 1/16 and 1/25
    plan = PlannedRatings(1, 6, 1, 1 / 16, 1 / 25, n_raters=n_raters)
    random = np.random.default_rng(20260301)
    n_studies = 2000
    n_found = 0
    for _ in range(n_studies):
        found = win_rate(*draw_ratings(random, share, n_items, n_raters, 6, 0.25, 0.2))
        n_found += not found.low <= 0.5 <= found.high
    planned = preference_power(share, size_of_ratings(n_items, plan), plan)
    noise = (planned * (1 - planned) / n_studies) ** 0.5
    assert n_found / n_studies == pytest.approx(planned, abs=3 * noise + 0.01)
