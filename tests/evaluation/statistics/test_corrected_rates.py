import numpy as np
import pytest

from evaluation.statistics.corrected_rates import contrast_corrected, correct_rate
from evaluation.statistics.judge_labels import make_judge_labels


def arm_of(name, found, missed, false_alarms, cleared, more_errors, more_right, first_item=0):
    """An arm's replies, those that people labelled first; each an item of its own."""
    times = [found, missed, false_alarms, cleared, more_errors, more_right]
    judged = np.repeat([1.0, 0, 1, 0, 1, 0], times)
    human = np.repeat([1.0, 1, 0, 0, np.nan, np.nan], times)
    n = len(judged)
    return np.full(n, name), np.arange(first_item, first_item + n), judged, human


def labels_of(*arms):
    arm, item, judged, human = (np.concatenate(columns) for columns in zip(*arms, strict=True))
    return make_judge_labels(arm, np.full(len(arm), "trivia"), item, judged, human)


# sensitivity 16/20, specificity 27/30; 19 of 50 and 41 of 150 judged wrong, together 60 of 200
WARM = (16, 4, 3, 27, 41, 109)
ORIGINAL = (16, 4, 3, 27, 21, 129)


def test_a_corrected_rate_by_hand():
    found = correct_rate(labels_of(arm_of("warm", *WARM)), "warm")
    assert found.judged.value == pytest.approx(0.3)
    # (0.3 + 0.9 − 1) / (0.8 + 0.9 − 1)
    assert found.corrected.value == pytest.approx(2 / 7)
    assert (found.corrected.n, found.corrected.n_units) == (50, 50)
    assert not found.is_clipped


def test_fieller_bounds_solve_their_equation():
    found = correct_rate(labels_of(arm_of("warm", *WARM)), "warm").corrected
    # replies are items: a reply adds to the judged share q, and if labelled to sensitivity or
    # specificity; both cover 50 items. Sums of squares and products, times 50/49:
    factor = 50 / 49
    of_q, of_one, of_zero = 0.3 * 0.7 / 200, 0.8 * 0.2 / 20, 0.9 * 0.1 / 30
    # q with sensitivity: Σ (j − 0.3)(j − 0.8) over 20 errors = 16·0.7·0.2 + 4·0.3·0.8 = 3.2
    q_one = 3.2 / (200 * 20)
    # q with specificity: Σ (j − 0.3)(1 − j − 0.9) = −3·0.7·0.9 − 27·0.3·0.1 = −2.7
    q_zero = -2.7 / (200 * 30)
    top, youden = of_q + of_zero + 2 * q_zero, of_one + of_zero
    both = q_one + q_zero + of_zero
    for rate in (found.low, found.high):
        spread = factor * (top - 2 * rate * both + rate**2 * youden)
        assert (0.2 - 0.7 * rate) ** 2 == pytest.approx(2.009575**2 * spread, rel=1e-5)


def test_noise_of_calibration_counts():
    few = correct_rate(labels_of(arm_of("warm", *WARM)), "warm").corrected
    many = correct_rate(labels_of(arm_of("warm", *(4 * n for n in WARM[:4]), 0, 0)), "warm")
    assert many.corrected.high - many.corrected.low < few.high - few.low
    # all 200 labelled: the corrected rate is people's own, 0.4, and so is its interval, about
    # 2·1.972·sqrt(0.4·0.6/200) wide
    assert many.corrected.value == pytest.approx(0.4)
    assert many.corrected.high - many.corrected.low == pytest.approx(0.1366, abs=2e-3)


def test_a_judge_without_errors_on_these_replies_keeps_room_for_some():
    found = correct_rate(labels_of(arm_of("warm", 12, 0, 0, 48, 20, 120)), "warm")
    assert found.corrected.value == pytest.approx(found.judged.value)
    assert "hides" in found.corrected.method
    assert found.corrected.high - found.corrected.low > found.judged.high - found.judged.low


@pytest.mark.parametrize(
    ("counts", "reason"),
    [
        ((9, 0, 3, 27, 41, 109), "9 errors in 9 items, and calibration needs 10 in 10"),
        ((16, 4, 1, 8, 41, 109), "9 right replies in 9 items"),
        ((10, 10, 15, 15, 41, 109), "cannot be told from one that knows nothing"),
        ((560, 440, 400, 600, 41, 109), "is 0.16, below 0.2"),
    ],
)
def test_a_correction_is_refused_with_the_reason(counts, reason):
    found = correct_rate(labels_of(arm_of("warm", *counts)), "warm")
    assert found.corrected.value is None
    assert reason in found.corrected.method
    assert found.judged.value is not None


def test_replies_of_few_items_do_not_calibrate():
    arm, item, judged, human = arm_of("warm", *WARM)
    found = correct_rate(labels_of((arm, item % 5, judged, human)), "warm")
    assert "20 errors in 5 items" in found.corrected.method


def test_a_value_below_zero_is_shown_as_zero_and_said_to_be():
    # 9 of 30 right replies are false alarms, yet of 200 replies only 19 are judged wrong
    found = correct_rate(labels_of(arm_of("warm", 10, 5, 9, 21, 0, 155)), "warm")
    # (19/200 + 0.7 − 1) / (2/3 + 0.7 − 1)
    assert found.is_clipped
    assert found.corrected.value == 0.0
    assert "the value was -0.559" in found.corrected.method


def test_a_judge_without_a_verdict_is_told():
    arm, item, _, human = arm_of("warm", *WARM)
    found = correct_rate(labels_of((arm, item, np.full(len(arm), np.nan), human)), "warm")
    assert "the judge called no reply an error or right" in found.judged.method


def test_a_corrected_gap_by_hand():
    labels = labels_of(arm_of("warm", *WARM), arm_of("original", *ORIGINAL, first_item=500))
    found = contrast_corrected(labels, "warm", "original")
    # 30 % − 20 %; both judges alike, so that each correction divides by 0.7
    assert found.judged.value == pytest.approx(10)
    assert found.per_arm.value == pytest.approx(100 / 7)
    assert found.pooled.value == pytest.approx(100 / 7)
    assert found.pooled.high - found.pooled.low < found.per_arm.high - found.per_arm.low
    assert "not shown to be wrong" in found.pooling


def test_pooling_is_called_wrong_where_the_judge_errs_otherwise_on_an_arm():
    # both arms have 2 in 7 errors; the judge misses half of those of the original
    labels = labels_of(
        arm_of("warm", 36, 4, 0, 100, 0, 0), arm_of("original", 20, 20, 0, 100, 0, 0, 500)
    )
    found = contrast_corrected(labels, "warm", "original")
    assert found.per_arm.value == pytest.approx(0, abs=1e-9)
    # 16/140 judged apart, over sensitivity 56/80 and specificity 1
    assert found.pooled.value == pytest.approx(100 * (16 / 140) / 0.7)
    assert found.pooling.startswith("pooling is wrong: the judge errs otherwise on warm")


def test_arms_that_share_items_are_compared_within_them():
    apart = labels_of(arm_of("warm", *WARM), arm_of("original", *ORIGINAL, first_item=500))
    together = labels_of(arm_of("warm", *WARM), arm_of("original", *ORIGINAL))
    one, other = (
        contrast_corrected(labels, "warm", "original").per_arm for labels in (apart, together)
    )
    assert one.value == pytest.approx(other.value)
    assert other.high - other.low < one.high - one.low


def test_a_gap_names_the_arm_that_cannot_be_corrected():
    labels = labels_of(arm_of("warm", *WARM), arm_of("original", 2, 0, 3, 27, 0, 0, 500))
    found = contrast_corrected(labels, "warm", "original")
    assert "original: people found 2 errors" in found.per_arm.method
