import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from evaluation.statistics.checkpoint_rule import (
    FEWEST_MESSAGES,
    apply_rule,
    measure_warmth,
)
from study.errors import BadTable

# ten messages: each checkpoint is warmer than the original by its mean ± 0.3 in turn
TURNS = np.tile([0.3, -0.3], 5)
ORIGINAL = np.linspace(-1, 1, 10)
# by hand: sum of squares 10 × 0.09, so the variance of the mean is 0.9 / 10² × 10 / 9 = 0.01
STDERR = 0.1


def measured(*means, epochs=(0.5, 1, 2, 4), spread=TURNS):
    scores = np.array([ORIGINAL + mean + spread for mean in means])
    return measure_warmth(epochs[: len(means)], scores, ORIGINAL)


def test_warmth_is_the_mean_difference_from_the_original_on_the_same_messages():
    (point,) = measured(0.2)
    assert point.warmth.value == pytest.approx(0.2)
    assert point.stderr == pytest.approx(STDERR)
    # 2.262157 is the 97.5 % quantile of t with 9 degrees of freedom, from any table
    assert point.warmth.low == pytest.approx(0.2 - 2.262157 * STDERR, abs=1e-6)
    assert point.warmth.high == pytest.approx(0.2 + 2.262157 * STDERR, abs=1e-6)
    assert (point.warmth.n, point.warmth.unit) == (10, "message")


def test_the_first_within_one_standard_error_of_the_warmest_is_taken():
    # the warmest is 0.5 with an error of 0.1: 0.39 is too cold, 0.41 is not
    assert apply_rule("first_within_one_se", measured(0.39, 0.41, 0.5, 0.45)).epochs == 1
    assert apply_rule("first_within_one_se", measured(0.41, 0.3, 0.5)).epochs == 0.5
    assert apply_rule("first_within_one_se", measured(0.1, 0.2, 0.5)).epochs == 2
    assert apply_rule("first_within_one_se", measured(0.1, 0.5)).bar == pytest.approx(0.4)


def test_the_warmest_is_taken_and_of_equals_the_first():
    assert apply_rule("best", measured(0.1, 0.5, 0.45)).epochs == 1
    assert apply_rule("best", measured(0.5, 0.5, 0.5)).epochs == 0.5


def test_the_last_is_taken_whatever_was_measured():
    assert apply_rule("last", measured(0.5, 0.1)).epochs == 1
    nothing = measure_warmth((1, 2), np.zeros((2, 0)), np.zeros(0))
    assert apply_rule("last", nothing).epochs == 2
    assert nothing[0].warmth.value is None


@pytest.mark.parametrize("rule", ["first_within_one_se", "best"])
def test_a_choice_between_one_or_by_few_messages_cannot_be_told(rule):
    one = apply_rule(rule, measured(0.5))
    assert (one.epochs, one.reason) == (None, "could not tell: only one checkpoint was kept")
    n = FEWEST_MESSAGES - 1
    scores = np.array([ORIGINAL[:n] + 0.1 + TURNS[:n], ORIGINAL[:n] + 0.2 + TURNS[:n]])
    few = apply_rule(rule, measure_warmth((1, 2), scores, ORIGINAL[:n]))
    assert few.epochs is None
    assert few.reason == "could not tell: 9 messages scored for all, at least 10 are needed"


def test_messages_that_all_differ_by_the_same_show_no_error():
    points = measured(0.1, 0.2, spread=np.zeros(10))
    assert points[0].stderr is None
    assert points[0].warmth.low is None
    found = apply_rule("first_within_one_se", points)
    assert (found.epochs, found.reason) == (
        None,
        "could not tell: the warmest has no standard error",
    )


def test_it_is_said_when_the_one_taken_is_not_shown_to_be_warmer():
    caution = "not shown to be warmer than the original"
    assert caution in apply_rule("best", measured(0.1, 0.2)).reason
    assert caution not in apply_rule("best", measured(0.1, 0.3)).reason


def test_scores_that_do_not_belong_together_are_refused():
    with pytest.raises(BadTable, match="2 checkpoints by 10 messages"):
        measure_warmth((1, 2), np.zeros((1, 10)), ORIGINAL)
    with pytest.raises(BadTable, match="finite"):
        measure_warmth((1,), np.full((1, 10), np.nan), ORIGINAL)


@given(
    scores=arrays(np.float64, (4, 12), elements=st.floats(-3, 3)),
    shift=st.floats(-5, 5),
)
def test_the_one_taken_is_warm_enough_and_no_earlier_one_is(scores, shift):
    epochs = (0.5, 1.0, 2.0, 4.0)
    points = measure_warmth(epochs, scores, np.zeros(12))
    found = apply_rule("first_within_one_se", points)
    best = apply_rule("best", points)
    means = {point.epochs: point.warmth.value for point in points}
    assert means[best.epochs] == max(means.values())
    if found.epochs is not None:
        assert found.epochs <= best.epochs
        earlier = [mean for epoch, mean in means.items() if epoch < found.epochs]
        assert all(mean < found.bar <= means[found.epochs] for mean in earlier)
    # what is added to every score, the original's too, changes no choice that is not on the edge
    moved = measure_warmth(epochs, scores + shift, np.full(12, shift))
    assert [one.warmth.value for one in moved] == pytest.approx(list(means.values()), abs=1e-9)
