import numpy as np
import pytest

from evaluation.statistics.columns import LengthColumns
from evaluation.statistics.intervals import Span, mean_by_unit
from evaluation.statistics.reply_lengths import (
    adjust_lengths,
    compute_reply_lengths,
    length_difference,
    mean_length,
    p_of_mean,
)

NAN = float("nan")


def columns_of(arm, prompts, characters, items=None, tokens=None):
    n = len(prompts)
    return LengthColumns(
        arm=np.full(n, arm, dtype=object),
        prompt=np.array(prompts, dtype=object),
        item=np.array(items if items is not None else prompts),
        n_characters=np.array(characters, dtype=np.float64),
        n_tokens=np.array(tokens if tokens is not None else [NAN] * n, dtype=np.float64),
        is_cut=np.zeros(n, dtype=bool),
    )


def both(one, other):
    names = ("arm", "prompt", "item", "n_characters", "n_tokens", "is_cut")
    return LengthColumns(*(np.concatenate([getattr(one, n), getattr(other, n)]) for n in names))


def test_a_mean_has_a_t_interval_over_items():
    # 10, 20, 30: mean 20, variance of the mean 100/3, t with two degrees of freedom 4.302653
    found = mean_length(np.array([10.0, 20, 30]), np.array([1, 2, 3]), 0.95)
    assert found.value == 20.0
    assert found.high == pytest.approx(20 + 4.302653 * (100 / 3) ** 0.5, abs=1e-4)
    assert found.low == 0.0  # no length is below zero


def test_replies_of_one_item_count_as_one():
    values = np.array([10.0, 10, 30, 30])
    together = mean_length(values, np.array([1, 1, 2, 2]), 0.95)
    apart = mean_length(values, np.array([1, 2, 3, 4]), 0.95)
    assert together.n_units == 2
    assert together.high > apart.high


def test_equal_lengths_claim_no_certainty():
    found = mean_length(np.array([7.0, 7.0]), np.array([1, 2]), 0.95)
    assert (found.value, found.low, found.method) == (
        7.0,
        None,
        "no interval: all lengths are equal",
    )


def test_a_difference_is_over_prompts_that_both_answered():
    original = columns_of("original", ["a", "b", "c"], [100, 200, NAN])
    warm = columns_of("warm", ["a", "b", "c", "d"], [110, 230, 500, 500])
    found = length_difference(warm, original, 0.95).estimate
    # +10 and +30: mean 20, variance of the mean 100, t with one degree of freedom 12.7062
    assert (found.value, found.n) == (20.0, 2)
    assert found.high == pytest.approx(20 + 127.062, abs=1e-2)


def test_several_replies_to_a_prompt_are_averaged():
    original = columns_of("original", ["a", "a", "b"], [100, 200, 50])
    warm = columns_of("warm", ["a", "b", "b"], [100, 10, 30])
    # 100 − 150 and 20 − 50
    assert length_difference(warm, original, 0.95).estimate.value == -40.0


def test_the_p_value_is_that_of_a_paired_t_test():
    # differences 1, 2, 3, 4, 5: t = 3 / sqrt(2.5 / 5) = 4.2426 with 4 degrees of freedom,
    # p = 0.013236 (R: t.test(1:5))
    original = columns_of("original", list("abcde"), [10] * 5)
    warm = columns_of("warm", list("abcde"), [11, 12, 13, 14, 15])
    assert p_of_mean(length_difference(warm, original, 0.95)) == pytest.approx(0.013236, abs=1e-6)
    # the level of the interval behind it changes nothing
    assert p_of_mean(length_difference(warm, original, 0.5)) == pytest.approx(0.013236, abs=1e-6)


def test_the_p_value_of_a_mean_whose_interval_is_cut_at_0_is_that_of_the_whole_one():
    # 0, 0, 0, 0, 5: mean 1, standard error 1, so t = 1 with 4 degrees of freedom,
    # p = 0.373901 (R: 2 * pt(-1, 4))
    values = np.array([0.0, 0, 0, 0, 5])
    found = mean_by_unit(values, np.arange(5), "item", 0.95, Span(0.0, np.inf))
    assert (found.estimate.low, found.stderr) == (0.0, pytest.approx(1.0))
    assert p_of_mean(found) == pytest.approx(0.373901, abs=1e-6)


def test_lengths_of_an_arm_say_what_was_left_out():
    original = columns_of("original", ["a", "b"], [10, 20], tokens=[3, NAN])
    warm = columns_of("warm", ["a", "b"], [12, NAN], tokens=[4, NAN])
    of_original, of_warm = compute_reply_lengths(
        both(original, warm), ["original", "warm"], "mmlu", 0.95
    )
    assert (of_original.n_failed, of_original.n_uncounted) == (0, 1)
    assert (of_warm.n_replies, of_warm.n_failed, of_warm.n_uncounted) == (2, 1, 0)
    assert (of_warm.mean_tokens.value, of_warm.median_characters.value) == (4.0, 12.0)
    assert of_original.difference is None
    assert of_warm.p is None  # one prompt has no spread


def test_adjusted_tests_carry_the_name_and_size_of_their_family():
    original = columns_of("original", list("abc"), [10, 10, 10])
    warm = columns_of("warm", list("abc"), [11, 12, 13])
    lengths = compute_reply_lengths(both(original, warm), ["original", "warm"], "mmlu", 0.95)
    none, test = (one.test for one in adjust_lengths([*lengths], "lengths"))
    assert none is None
    assert (test.p, test.family, test.family_size) == (lengths[1].p, "lengths", 1)
