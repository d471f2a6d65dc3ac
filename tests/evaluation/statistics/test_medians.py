import numpy as np
import pytest

from evaluation.statistics.medians import median, median_by_item


def test_the_median_lies_between_quantiles_of_its_clustered_share():
    # below the median, by item 1 to 4: yes yes no no, for both raters. Item sums of residuals are
    # ±1, rater sums 0, each alone ±½: (4 · 4/3 + 0 − 2 · 8/7) / 8² = 1/21
    items, raters = np.tile([1, 2, 3, 4], 2), np.repeat([1, 2], 4)
    seconds = np.array([1.0, 2, 5, 6, 3, 4, 7, 8])
    estimate = median(seconds, items, raters, level=0.5)
    # half of t with one degree of freedom lies within ±1; there Wilson's interval of a half with
    # variance V is 1/2 ± sqrt(V / (1 + 4 V)) = 1/2 ± sqrt(1/25)
    half = 1 / 5
    assert estimate.value == 4.5
    assert estimate.low == pytest.approx(1 + 7 * (0.5 - half))
    assert estimate.high == pytest.approx(1 + 7 * (0.5 + half))
    assert estimate.method.startswith("quantiles at the bounds of the share below the median")


def test_a_median_of_equal_values_claims_no_certainty():
    estimate = median(np.full(4, 9.0), np.array([1, 1, 2, 2]), np.array([1, 2, 1, 2]), 0.95)
    assert (estimate.value, estimate.low) == (9.0, None)
    assert estimate.method == "no interval: all values are equal"


def test_the_median_of_one_rater_has_no_interval():
    estimate = median(np.array([3.0, 5.0]), np.array([1, 2]), np.array([1, 1]), 0.95)
    assert (estimate.value, estimate.low) == (4.0, None)
    assert estimate.method == "no interval: only one rater"


def test_the_median_over_items_lies_between_quantiles_of_its_share():
    # five items with a value each: two below, one at the median, so a share of 1/2; the variance
    # over items is that of independent values or less, so that n is 5. t with 4 degrees at
    # 0.95 is 2.776, and Wilson's interval of a half 1/2 ± t / (2 sqrt(5 + t²)) = 1/2 ± 0.3892
    estimate = median_by_item(np.array([50.0, 10, 40, 20, 30]), np.arange(5), 0.95)
    assert estimate.value == 30.0
    assert estimate.low == pytest.approx(10 + 40 * (0.5 - 0.3892), abs=0.01)
    assert estimate.high == pytest.approx(10 + 40 * (0.5 + 0.3892), abs=0.01)
    assert (estimate.n, estimate.n_units, estimate.unit) == (5, 5, "item")


def test_the_median_of_no_values_says_so():
    estimate = median_by_item(np.array([]), np.array([], dtype=int), 0.95)
    assert (estimate.value, estimate.method) == (None, "not estimable: no values")
