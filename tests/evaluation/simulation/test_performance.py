"""Bias, coverage and power of estimates that were written down."""

import pytest

from evaluation.simulation.performance import measure_performance
from evaluation.simulation.targets import Target, Truth
from evaluation.statistics.intervals import not_estimable
from study.records import Estimate

GAP = Target("gap_pp", "warm")


def estimate(value, low, high):
    return Estimate(value, low, high, 0.95, 10, 10, "item", "by hand", None)


def measure(truth, *estimates):
    (found,) = measure_performance({GAP: truth}, [{GAP: one} for one in estimates], seed=3)
    return found


def test_bias_is_the_mean_less_the_truth_with_its_error():
    found = measure(Truth(4, 0), estimate(5, 2, 8), estimate(7, 5, 9), estimate(6, 3, 9))
    assert (found.mean, found.bias) == (6, 2)
    # values 5, 7, 6 have a standard deviation of 1
    assert found.bias_error == pytest.approx(1 / 3**0.5)
    assert found.mean_width == pytest.approx((6 + 4 + 6) / 3)


def test_coverage_and_power_are_shares_of_intervals_with_their_own():
    found = measure(Truth(4, 0), *[estimate(5, 2, 8)] * 8, estimate(7, 5, 9), estimate(1, -2, 4))
    assert found.coverage.value == pytest.approx(0.9)
    # Wilson for 9 of 10, a textbook case: 0.5958 to 0.9821
    assert found.coverage.low == pytest.approx(0.5958, abs=1e-4)
    assert found.coverage.high == pytest.approx(0.9821, abs=1e-4)
    assert (found.coverage.n, found.coverage.unit, found.coverage.seed) == (10, "study", 3)
    assert found.power.value == pytest.approx(0.9)


def test_a_rate_has_no_power():
    assert measure(Truth(0.3, None), estimate(0.3, 0.2, 0.4)).power is None


def test_studies_without_a_value_are_counted_and_left_out():
    none = not_estimable("no replies yet", "item")
    only_value = estimate(5, None, None)
    found = measure(Truth(4, 0), none, only_value, estimate(5, 3, 8), none)
    assert (found.n_studies, found.n_estimated, found.n_intervals) == (4, 2, 1)
    assert found.share_not_estimable == 0.5
    assert found.coverage.n == 1


def test_no_study_with_a_value_leaves_nothing_to_tell():
    found = measure(Truth(4, 0), not_estimable("no replies yet", "item"))
    assert (found.mean, found.bias, found.bias_error, found.mean_width) == (None,) * 4
    assert found.coverage.value is None
    assert found.coverage.method == "not estimable: no study gave an interval"
