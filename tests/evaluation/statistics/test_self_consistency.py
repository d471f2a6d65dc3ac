import numpy as np
import pytest

from evaluation.statistics.proportions import rate
from evaluation.statistics.self_consistency import (
    NO_ANSWER,
    compute_self_consistency,
    compute_swap_flips,
)
from study.errors import BadTable


def test_flips_by_hand():
    #           same  same  left twice ×3     right  to equal  equal  none
    first = np.array([1, 0, 1, 1, 1, 0, 0.5, 0.5, np.nan])
    second = np.array([0, 1, 1, 1, 1, 0, 1, 0.5, 1])
    items = np.arange(9)
    found = compute_swap_flips(first, second, items)
    assert found.flipped.value == pytest.approx(5 / 8)
    assert found.chose_left.value == pytest.approx(3 / 4)
    assert (found.n_left, found.n_right, found.n_to_or_from_equal) == (3, 1, 1)
    assert (found.n_unanswered, found.flipped.n, found.chose_left.n) == (1, 8, 4)
    expected = rate(np.array([0.0, 0, 1, 1, 1, 1, 1, 0]), items[:8])
    assert (found.flipped.low, found.flipped.high) == (expected.low, expected.high)


def test_swapping_the_order_of_both_rounds_changes_nothing():
    random = np.random.default_rng(5)
    first, second = (random.choice([0, 0.5, 1], 40) for _ in range(2))
    items = np.arange(40) // 2
    assert compute_swap_flips(first, second, items) == compute_swap_flips(second, first, items)


def test_a_steady_judge_has_no_side():
    found = compute_swap_flips(np.array([1.0, 0, 1]), np.array([0.0, 1, 0]), np.arange(3))
    assert found.flipped.value == 0
    assert "in no pair" in found.chose_left.method
    nobody = compute_swap_flips(np.array([np.nan]), np.array([1.0]), np.arange(1))
    assert "no pair was answered both ways" in nobody.flipped.method


def test_another_code_than_a_side_is_refused():
    with pytest.raises(BadTable, match=r"got -1.0 at position 0"):
        compute_swap_flips(np.array([-1.0]), np.array([1.0]), np.arange(1))


def test_self_consistency_by_hand():
    answers = np.array([["a", "a", "a"], ["a", "a", "b"], ["b", "b", ""], ["a", "", ""]])
    found = compute_self_consistency(answers, np.arange(4), seed=1)
    # 3 of 3, 1 of 3 and 1 of 1 pairs agree
    assert found.agreeing.value == pytest.approx((1 + 1 / 3 + 1) / 3)
    assert found.unanimous.value == pytest.approx(2 / 3)
    # o_ab = o_ba = 2/2 from the second input; n_a 5, n_b 3: 1 − 7·2/(2·5·3)
    assert found.agreement.alpha.value == pytest.approx(1 - 14 / 30)
    assert (found.n_answers, found.n_unreadable, found.n_answered_once) == (9, 3, 1)


def test_answers_given_once_tell_nothing():
    found = compute_self_consistency(np.array([["a", NO_ANSWER]] * 3), np.arange(3), seed=1)
    assert "no input was answered twice" in found.agreeing.method
    assert found.agreement.alpha.value is None
    empty = compute_self_consistency(np.full((2, 2), NO_ANSWER), np.arange(2), seed=1)
    assert empty.agreement.alpha.value is None


def test_answers_without_items_are_refused():
    with pytest.raises(BadTable, match="one item per input"):
        compute_self_consistency(np.array([["a", "a"]]), np.arange(2), seed=1)
