import numpy as np
import pytest

from evaluation.statistics.intervals import wilson_bounds
from evaluation.statistics.proportions import (
    difference_in_differences,
    paired_difference,
    rate,
    resampled_difference,
)
from study.errors import BadTable

Z = 1.959964
Z2 = 3.8414588


def test_a_rate_of_single_replies_equals_hand_arithmetic():
    # mean 1/4, residuals −1/4 −1/4 3/4 −1/4: squares 3/4, over 4², times 4/3 = 1/16; the
    # binomial variance is 3/64, so n_eff = 4·(3/64)/(4/64) = 3
    estimate = rate(np.array([0.0, 0.0, 1.0, 0.0]), np.array([1, 2, 3, 4]), level=0.5)
    t2 = 0.7648923**2  # t(0.75, 3)
    middle, half = 1 / 4 + t2 / 6, (t2 * (1 / 16 + t2 / 36)) ** 0.5
    assert estimate.value == 0.25
    assert estimate.low == pytest.approx((middle - half) / (1 + t2 / 3))
    assert estimate.high == pytest.approx((middle + half) / (1 + t2 / 3))


def test_replies_of_one_item_count_as_one_unit():
    # item sums of residuals around 1/2 are ±1: squares 2, over 8², times 2 = 1/16 against 1/32
    # of independent replies, so n_eff = 8/2; t(0.75, 1) = 1
    outcomes = np.array([1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0])
    estimate = rate(outcomes, np.repeat([1, 2], 4), level=0.5)
    # around 1/2, half is sqrt(1/16 + 1/64) / (1 + 1/4)
    assert estimate.high == pytest.approx(0.5 + (5 / 64) ** 0.5 / 1.25)
    assert estimate.low == pytest.approx(0.5 - (5 / 64) ** 0.5 / 1.25)
    assert (estimate.n, estimate.n_units, estimate.unit) == (8, 2, "item")
    assert estimate.method == (
        "Wilson on the effective n, clustered on item, t with 1 degree of freedom"
    )


@pytest.mark.parametrize(("n_with_errors", "times"), [(1, 5), (3, 1), (10, 5), (19, 5)])
def test_the_interval_of_a_rate_holds_it_and_stays_within_0_and_1(n_with_errors, times):
    outcomes = np.zeros((20, 5))
    outcomes[:n_with_errors, :times] = 1
    estimate = rate(outcomes.ravel(), np.repeat(np.arange(20), 5))
    assert 0 < estimate.low < estimate.value < estimate.high < 1


def test_none_of_n_falls_back_to_wilson_on_items():
    estimate = rate(np.zeros(12), np.repeat([1, 2, 3, 4], 3))
    assert (estimate.value, estimate.low) == (0.0, 0.0)
    assert estimate.high == pytest.approx(Z2 / (4 + Z2), rel=1e-6)
    assert estimate.method == "Wilson on 4 units, since all values are equal"
    assert estimate.high == pytest.approx(wilson_bounds(0, 4, Z)[1], rel=1e-6)


def test_residuals_that_cancel_within_each_item_do_not_claim_certainty():
    estimate = rate(np.array([1.0, 0.0, 0.0, 1.0, 1.0, 0.0]), np.array([1, 1, 2, 2, 3, 3]))
    # the design effect is taken as 1, n_eff = 6; t(0.975, 2) = 4.3026527
    t2 = 4.3026527**2
    half = (t2 / 24 + (t2 / 12) ** 2) ** 0.5 / (1 + t2 / 6)
    assert estimate.low == pytest.approx(0.5 - half)


def test_one_item_has_a_rate_and_no_interval():
    estimate = rate(np.array([1.0, 0.0]), np.array([5, 5]))
    assert (estimate.value, estimate.low, estimate.high) == (0.5, None, None)
    assert estimate.method == "no interval: only one item"


def test_no_outcomes_are_not_estimable():
    estimate = rate(np.array([]), np.array([], dtype=int))
    assert (estimate.value, estimate.method) == (None, "not estimable: no outcomes")


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611), (29, 29, 0.8830, 1)],
)
def test_wilson_equals_the_published_values(k, n, low, high):
    # Newcombe 1998, Statistics in Medicine 17:857, table I
    assert wilson_bounds(k / n, n, Z) == pytest.approx((low, high), abs=5e-5)


def test_a_paired_difference_equals_hand_arithmetic():
    warm = np.array([0.0, 1.0, 1.0])
    original = np.array([0.0, 0.0, 1.0])
    # differences 0 1 0, mean 1/3; squares of residuals 6/9, over 3², times 3/2 = 1/9
    estimate = paired_difference(warm, original, np.array([1, 2, 3]), level=0.5)
    assert estimate.value == pytest.approx(100 / 3)
    # t(0.75, 2) = 0.8164966
    assert estimate.high == pytest.approx(100 / 3 * (1 + 0.8164966))
    assert (estimate.n, estimate.n_units) == (3, 3)


def test_arms_that_never_differ_could_still_differ_a_little():
    estimate = paired_difference(np.array([1.0, 0.0]), np.array([1.0, 0.0]), np.array([1, 2]))
    # Wilson for 0 of 2 items: z²/(2 + z²) of them could differ by all of ±100 pp
    assert estimate.value == 0.0
    assert estimate.high == pytest.approx(100 * Z2 / (2 + Z2), rel=1e-6)
    assert estimate.low == pytest.approx(-estimate.high)


def test_the_difference_in_differences_equals_hand_arithmetic():
    # with the belief +1 0 +1, without 0 +1 0: differences 1 −1 1, mean 1/3
    estimate = difference_in_differences(
        with_a=np.array([1.0, 1.0, 1.0]),
        with_b=np.array([0.0, 1.0, 0.0]),
        without_a=np.array([0.0, 1.0, 1.0]),
        without_b=np.array([0.0, 0.0, 1.0]),
        item_ids=np.array([1, 2, 3]),
        level=0.5,
    )
    assert estimate.value == pytest.approx(100 / 3)
    # residuals 2/3 −4/3 2/3: squares 24/9, over 9, times 3/2 = 4/9
    assert estimate.low == pytest.approx(100 * (1 / 3 - 0.8164966 * 2 / 3))


def test_arrays_of_unequal_length_are_refused():
    one, two = np.array([1.0]), np.array([1.0, 0.0])
    with pytest.raises(BadTable, match="one length"):
        paired_difference(two, one, np.array([1, 2]))
    with pytest.raises(BadTable, match="one length"):
        difference_in_differences(two, two, two, one, np.array([1, 2]))
    with pytest.raises(BadTable, match="nan"):
        paired_difference(two, np.array([np.nan, 0.0]), np.array([1, 2]))


def test_swapping_the_arms_flips_the_sign_and_nothing_else():
    random = np.random.default_rng(4)
    a, b = random.random(40).round(1), random.random(40).round(1)
    items = np.repeat(np.arange(10), 4)
    straight, flipped = paired_difference(a, b, items), paired_difference(b, a, items)
    assert flipped.value == pytest.approx(-straight.value)
    assert flipped.low == pytest.approx(-straight.high)


def test_the_bootstrap_of_two_items_equals_hand_arithmetic():
    # item 1 has differences 1 1, item 2 a 0: samples are 1, 2/3 and 0, with chances 1/4 1/2 1/4
    # and a fifth of the way out they are wide already, since one degree of freedom is not much
    narrow = resampled_difference(
        np.array([1.0, 1.0, 0.0]), np.zeros(3), np.array([1, 1, 2]), seed=3, level=0.05
    )
    assert narrow.value == pytest.approx(200 / 3)
    # both ends are 2/3, and a width of zero would claim certainty
    assert (narrow.low, narrow.high) == (None, None)
    assert narrow.method == "no interval: resamples hardly differ"
    wide = resampled_difference(
        np.array([1.0, 1.0, 0.0]), np.zeros(3), np.array([1, 1, 2]), seed=3, level=0.9
    )
    assert (wide.low, wide.high) == (0, 100)
    assert (wide.n, wide.n_units, wide.seed) == (3, 2, 3)
    assert wide.method == (
        "BCa percentiles of 1000 resamples of 2 items, widened to t with 1 degree of freedom"
        "; likely too short, since there are only 2 items"
    )


def test_the_bootstrap_agrees_with_the_cluster_t_interval_where_items_are_many():
    random = np.random.default_rng(1)
    items = np.repeat(np.arange(400), 4)
    chance = np.repeat(random.random(400), 4)
    a = (random.random(1600) < chance).astype(float)
    b = (random.random(1600) < 0.8 * chance).astype(float)
    found = resampled_difference(a, b, items, seed=5, resamples=4000)
    expected = paired_difference(a, b, items)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=0.25)


def test_equal_differences_and_single_items_have_no_bootstrap():
    equal = resampled_difference(np.ones(3), np.zeros(3), np.array([1, 2, 3]), seed=1)
    assert (equal.value, equal.low) == (100, None)
    assert equal.method == "no interval: resamples all have the same value"
    one = resampled_difference(np.array([1.0, 0.0]), np.zeros(2), np.array([1, 1]), seed=1)
    assert (one.low, one.method) == (None, "no interval: only one item")
    none = resampled_difference(np.array([]), np.array([]), np.array([]), seed=1)
    assert none.method == "not estimable: no outcomes"
