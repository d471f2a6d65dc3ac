import numpy as np
import pytest

from evaluation.statistics.linear_shares import (
    combine,
    covariance,
    difference_estimate,
    share_estimate,
    subtract,
    variance,
    weighted_share,
)
from evaluation.statistics.proportions import paired_difference, rate

ITEMS = np.array([0, 0, 1, 1, 2, 2])
VALUES = np.array([1.0, 1, 1, 0, 0, 0])
EQUAL = np.ones(6)


def test_equal_weights_give_the_clustered_rate():
    ours = share_estimate(weighted_share(VALUES, EQUAL, ITEMS, 3), "", 0.95)
    theirs = rate(VALUES, ITEMS)
    assert (ours.value, ours.low, ours.high) == pytest.approx(
        (theirs.value, theirs.low, theirs.high)
    )


def test_a_weighted_share_by_hand():
    # weights 3, 1, 1, 1: mean 3/6; deviations times weights over 6: 3/12 − 1/12, −1/12 − 1/12
    share = weighted_share(
        np.array([1.0, 0, 0, 0]), np.array([3.0, 1, 1, 1]), np.array([0, 0, 1, 1]), 2
    )
    assert share.value == pytest.approx(1 / 2)
    assert share.additions == pytest.approx([1 / 6, -1 / 6])
    # two items: (1/36 + 1/36) · 2
    assert variance(share) == pytest.approx(1 / 9)
    # Kish: 6² / (9 + 1 + 1 + 1)
    assert share.n_effective == pytest.approx(3)


def test_a_value_without_weight_is_left_out():
    share = weighted_share(np.array([1.0, np.nan]), np.array([1.0, 0.0]), np.array([0, 1]), 2)
    assert (share.value, share.n, share.n_units) == (1.0, 1, 1)


def test_the_difference_of_two_shares_of_the_same_items_is_the_paired_one():
    other = np.array([0.0, 1, 0, 0, 1, 0])
    a, b = (weighted_share(values, EQUAL, ITEMS, 3) for values in (VALUES, other))
    ours = difference_estimate(subtract(a, b), "", 0.95)
    theirs = paired_difference(VALUES, other, ITEMS)
    assert (ours.value, ours.low, ours.high) == pytest.approx(
        (theirs.value, theirs.low, theirs.high)
    )


def test_a_share_of_one_hides_a_spread():
    share = weighted_share(EQUAL, EQUAL, ITEMS, 3)
    # three items and one more on each side: 4/5 · 1/5 / 5
    assert (share.value, covariance(share, share)) == (1.0, 0.0)
    assert variance(share) == pytest.approx(4 / 125)
    assert variance(combine(2.0, 6, 3, (2.0, share))) == pytest.approx(16 / 125)


def test_one_item_gives_no_interval():
    share = weighted_share(VALUES, EQUAL, np.zeros(6, dtype=int), 1)
    estimate = share_estimate(share, "", 0.95)
    assert (estimate.value, estimate.low) == (0.5, None)
    assert "only one item" in estimate.method
    assert difference_estimate(subtract(share, share), "", 0.95).low is None
