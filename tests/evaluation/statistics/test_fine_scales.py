import krippendorff
import numpy as np
import pytest

from evaluation.statistics.codes import read_codes
from evaluation.statistics.fine_scales import MOST_VALUES_OF_RATIO, alpha_of_fine_codes

LEVELS = ("nominal", "ordinal", "interval", "ratio")


def table_of(n_items, n_values, seed):
    """Four raters who mostly agree, and a fifth of the ratings missing: raters by items."""
    random = np.random.default_rng(seed)
    truth = random.integers(1, n_values + 1, n_items)
    guesses = random.integers(1, n_values + 1, (4, n_items))
    ratings = np.where(random.random((4, n_items)) < 0.6, truth, guesses).astype(float)
    ratings[random.random(ratings.shape) < 0.2] = np.nan
    return ratings


def codes_of(ratings):
    rater, item = np.nonzero(~np.isnan(ratings))
    return read_codes(item, rater, ratings[rater, item], "interval")


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("n_values", [3, 40, 400])
def test_alpha_equals_the_package(level, n_values):
    ratings = table_of(80, n_values, seed=n_values)
    found = alpha_of_fine_codes(codes_of(ratings), level, seed=1, resamples=50)
    expected = krippendorff.alpha(ratings, level_of_measurement=level)
    assert found.alpha.value == pytest.approx(expected, abs=1e-12)
    assert found.alpha.low < expected < found.alpha.high
    n_of_item = (~np.isnan(ratings)).sum(axis=0)
    assert (found.n_items, found.n_pairable) == (
        (n_of_item > 0).sum(),
        n_of_item[n_of_item > 1].sum(),
    )


def test_many_items_are_drawn_in_bundles():
    random = np.random.default_rng(2)
    truth = random.normal(size=5000)
    ratings = np.stack([truth + random.normal(size=5000) for _ in range(2)])
    estimate = alpha_of_fine_codes(codes_of(ratings), "interval", seed=1).alpha
    assert "of 5000 items in 2000 random bundles" in estimate.method
    # alpha of two noisy readings is their correlation, here a half; Fisher's interval for it
    assert estimate.value == pytest.approx(0.5, abs=0.04)
    assert estimate.high - estimate.low == pytest.approx(4 * 0.75 / 5000**0.5, rel=0.15)


def test_few_items_on_a_fine_scale_say_that_the_interval_is_short():
    random = np.random.default_rng(3)
    for n_items, is_told in ((20, True), (50, False)):
        truth = random.normal(size=n_items)
        ratings = np.stack([truth + random.normal(size=n_items) for _ in range(2)])
        method = alpha_of_fine_codes(codes_of(ratings), "interval", seed=1).alpha.method
        assert ("likely too short, since there are only 20 items" in method) == is_told


def test_a_ratio_scale_of_too_many_values_is_explained():
    values = np.arange(2.0, 2 * MOST_VALUES_OF_RATIO + 4)
    codes = read_codes(np.arange(len(values)) // 2, np.arange(len(values)) % 2, values, "ratio")
    estimate = alpha_of_fine_codes(codes, "ratio", seed=1).alpha
    assert estimate.value is None
    assert "take the interval level" in estimate.method


def test_equal_and_single_codes_are_explained():
    equal = alpha_of_fine_codes(codes_of(np.ones((2, 4))), "interval", seed=1).alpha
    assert "all ratings are equal" in equal.method
    single = alpha_of_fine_codes(codes_of(np.arange(4.0)[None]), "interval", seed=1).alpha
    assert "nothing was rated twice" in single.method
