import csv
from dataclasses import replace

import numpy as np
import pytest

from evaluation.statistics.coefficients import coefficients_of_counts, cohen_kappa
from evaluation.statistics.corrected_rates import correct_rate
from evaluation.statistics.judge_errors import confuse, shift_of_judge
from evaluation.statistics.judge_labels import make_judge_labels, select_labels
from evaluation.statistics.prediction_powered import powered_rate
from evaluation.statistics.proportions import rate


def labels_of(*cells, items=None, chance=None):
    """Labels from (arm, judged, human, how many); each reply an item of its own."""
    arm, judged, human, times = zip(*cells, strict=True)
    arm, judged, human = (np.repeat(np.array(column), times) for column in (arm, judged, human))
    items = np.arange(len(arm)) if items is None else items
    return make_judge_labels(
        arm, np.full(len(arm), "trivia"), items, judged.astype(float), human.astype(float), chance
    )


WARM = [("warm", 1, 1, 16), ("warm", 0, 1, 4), ("warm", 1, 0, 3), ("warm", 0, 0, 27)]


def test_a_confusion_by_hand():
    found = confuse(labels_of(*WARM, ("warm", 1, np.nan, 5)), "warm", None)
    cells = (found.n_found, found.n_missed, found.n_false_alarms, found.n_cleared)
    assert cells == (16, 4, 3, 27)
    assert found.sensitivity.value == pytest.approx(16 / 20)
    assert found.specificity.value == pytest.approx(27 / 30)
    assert found.youden.value == pytest.approx(0.7)
    assert found.prevalence.value == pytest.approx(20 / 50)
    assert (found.sensitivity.n, found.specificity.n, found.prevalence.n) == (20, 30, 50)
    # by chance 0.4·0.38 + 0.6·0.62 = 0.524; for AC1 2·0.39·0.61 = 0.4758
    assert found.kappa.value == pytest.approx((0.86 - 0.524) / (1 - 0.524))
    assert found.ac1.value == pytest.approx((0.86 - 0.4758) / (1 - 0.4758))
    assert found.kappa.low < found.kappa.value < found.kappa.high


def test_coefficients_equal_those_of_the_tables_without_clusters():
    found = confuse(labels_of(*WARM), "warm", None)
    two = np.arange(2.0)
    assert found.kappa.value == pytest.approx(
        cohen_kappa(np.array([[16, 4], [3, 27]]), two, seed=1).value, abs=1e-12
    )
    counts = np.repeat([[2, 0], [1, 1], [0, 2]], [16, 7, 27], axis=0)
    assert found.ac1.value == pytest.approx(
        coefficients_of_counts(["gwet"], counts, two, seed=1)["gwet"].value, abs=1e-12
    )


def test_weights_undo_that_alarms_were_drawn_twice_as_often():
    # of 100 errors 80 are found, of 100 right replies 20 are false alarms; people saw all alarms
    # and half of the rest
    cells = [("warm", 1, 1, 80), ("warm", 0, 1, 10), ("warm", 1, 0, 20), ("warm", 0, 0, 40)]
    chance = np.repeat([1.0, 0.5, 1.0, 0.5], [80, 10, 20, 40])
    found = confuse(labels_of(*cells, chance=chance), None, None)
    assert found.sensitivity.value == pytest.approx(0.8)
    assert found.specificity.value == pytest.approx(0.8)
    assert found.prevalence.value == pytest.approx(0.5)
    assert found.kappa.value == pytest.approx(0.6)


def test_full_disagreement_keeps_an_upper_bound():
    found = confuse(labels_of(("warm", 0, 1, 10), ("warm", 1, 0, 10)), "warm", None)
    # Wilson for 0 of 20: 1.96² / (20 + 1.96²) = 0.1611; chance is one half
    assert (found.kappa.value, found.kappa.low) == (-1.0, -1.0)
    assert found.ac1.high == pytest.approx(2 * 0.1611 - 1, abs=1e-4)


def test_replies_of_one_item_widen_the_interval():
    alone = confuse(labels_of(*WARM), "warm", None)
    in_fives = confuse(labels_of(*WARM, items=np.arange(50) // 5), "warm", None)
    for name in ("sensitivity", "youden", "kappa"):
        one, other = getattr(alone, name), getattr(in_fives, name)
        assert one.value == pytest.approx(other.value)
        assert other.high - other.low > one.high - one.low
    assert in_fives.prevalence.n_units == 10


def test_what_nobody_can_tell_is_counted_apart():
    cells = [*WARM, ("warm", np.nan, 1, 6), ("warm", 1, np.nan, 2)]
    labels = labels_of(*cells)
    labels = replace(labels, is_labelled=np.arange(len(labels)) < len(labels) - 1)
    found = confuse(labels, "warm", None)
    assert (found.n_without_verdict, found.n_neither) == (6, 1)
    assert found.prevalence.n == 50


def test_a_judge_that_cannot_be_told_about_says_why():
    none_wrong = confuse(labels_of(("warm", 0, 0, 9)), "warm", None)
    assert "people call no reply an error" in none_wrong.sensitivity.method
    assert "all labels are equal" in none_wrong.kappa.method
    assert none_wrong.youden.value is None
    assert none_wrong.specificity.low == pytest.approx(0.7009, abs=1e-4)  # Wilson for 9 of 9
    nobody = confuse(labels_of(("warm", 0, np.nan, 9)), "warm", None)
    assert "no reply has a label by both" in nobody.prevalence.method


def test_a_shift_of_the_judge_by_hand():
    original = [("original", 1, 1, 10), ("original", 0, 1, 10), ("original", 0, 0, 30)]
    shift = shift_of_judge(labels_of(*WARM, *original), "warm", "original")
    assert shift.sensitivity.value == pytest.approx(30)
    assert shift.specificity.value == pytest.approx(-10)
    # each reply its own item of one arm, so that the shares do not vary together
    of_warm = rate(np.repeat([1.0, 0.0], [16, 4]), np.arange(20))
    of_original = rate(np.repeat([1.0, 0.0], [10, 10]), np.arange(20))
    low = 0.3 - ((0.8 - of_warm.low) ** 2 + (of_original.high - 0.5) ** 2) ** 0.5
    high = 0.3 + ((of_warm.high - 0.8) ** 2 + (0.5 - of_original.low) ** 2) ** 0.5
    # items are numbered on from warm, and the two never meet in one
    assert shift.sensitivity.low == pytest.approx(100 * low)
    assert shift.sensitivity.high == pytest.approx(100 * high)
    assert shift.is_shown == (low > 0)


def test_arms_that_share_items_are_compared_within_them():
    cells = [("warm", 1, 1, 10), ("warm", 0, 1, 10), ("original", 1, 1, 11), ("original", 0, 1, 9)]
    apart, together = (
        shift_of_judge(labels_of(*cells, items=items), "warm", "original").sensitivity
        for items in (np.arange(40), np.tile(np.arange(20), 2))
    )
    assert apart.value == pytest.approx(together.value)
    # one item differs out of twenty
    assert together.high - together.low < 0.4 * (apart.high - apart.low)


def test_a_large_shift_is_shown():
    original = [("original", 1, 1, 5), ("original", 0, 1, 20), ("original", 0, 0, 30)]
    assert shift_of_judge(labels_of(*WARM, *original), "warm", "original").is_shown


def test_a_shift_without_errors_in_one_arm_is_not_estimable():
    labels = labels_of(*WARM, ("original", 0, 0, 30))
    shift = shift_of_judge(labels, "warm", "original")
    assert shift.sensitivity.value is None
    assert not shift.is_shown


def test_renaming_arms_and_permuting_rows_change_nothing():
    original = [("original", 1, 1, 10), ("original", 0, 1, 9), ("original", 0, 0, 30)]
    labels = labels_of(*WARM, *original)
    order = np.random.default_rng(2).permutation(len(labels))
    shuffled = select_labels(labels, order)
    assert confuse(shuffled, "warm", None) == confuse(labels, "warm", None)
    swapped = shift_of_judge(labels, "original", "warm")
    shift = shift_of_judge(labels, "warm", "original")
    assert swapped.sensitivity.value == pytest.approx(-shift.sensitivity.value)
    assert swapped.sensitivity.low == pytest.approx(-shift.sensitivity.high)


def test_the_youden_interval_squares_and_adds_those_of_both_shares():
    found = confuse(labels_of(*WARM), "warm", None)
    one = rate(np.repeat([1.0, 0.0], [16, 4]), np.arange(20))
    zero = rate(np.repeat([1.0, 0.0], [27, 3]), np.arange(30))
    # no item has replies of both kinds, so that the two do not vary together
    assert found.youden.low == pytest.approx(
        0.7 - ((0.8 - one.low) ** 2 + (0.9 - zero.low) ** 2) ** 0.5
    )
    assert found.youden.high == pytest.approx(
        0.7 + ((one.high - 0.8) ** 2 + (zero.high - 0.9) ** 2) ** 0.5
    )


def test_the_interval_of_kappa_is_that_of_independent_replies_where_items_are_replies():
    found = confuse(labels_of(*WARM), "warm", None)
    # Fleiss, Cohen and Everitt 1969, cells in shares: Σ p_ii (1 − (p_i. + p_.i)(1 − κ))² =
    # 0.32 (1 − 0.78·q)² + 0.54 (1 − 1.22·q)², q = 1 − κ; (1 − κ)² Σ p_ij (p_.i + p_j.)² =
    # q² (0.08·0.98² + 0.06·1.02²); less (κ − p_e q)²
    kappa = (0.86 - 0.524) / 0.476
    q = 1 - kappa
    agreeing = 0.32 * (1 - 0.78 * q) ** 2 + 0.54 * (1 - 1.22 * q) ** 2
    differing = q**2 * (0.08 * 0.98**2 + 0.06 * 1.02**2)
    spread = (agreeing + differing - (kappa - 0.524 * q) ** 2) / (50 * 0.476**2) * 50 / 49
    half = 2.009575 * spread**0.5 / (1 - kappa**2)
    assert found.kappa.low == pytest.approx(np.tanh(np.arctanh(kappa) - half), abs=1e-6)
    assert found.kappa.high == pytest.approx(np.tanh(np.arctanh(kappa) + half), abs=1e-6)


def test_full_agreement_keeps_a_lower_bound():
    found = confuse(labels_of(("warm", 1, 1, 10), ("warm", 0, 0, 10)), "warm", None)
    # Wilson for 20 of 20: 20 / (20 + 1.96²) = 0.8389; chance is one half
    assert (found.kappa.value, found.kappa.high) == (1.0, 1.0)
    assert found.kappa.low == pytest.approx(2 * 0.8389 - 1, abs=1e-4)


@pytest.mark.real_data
def test_a_second_person_calibrates_the_first_on_model_answers(real_data):
    folder = real_data / "judge_validation"
    with open(folder / "iaa_es.csv", encoding="utf-8") as file:
        second = {row["id"]: row["truthfulness"] for row in csv.DictReader(file)}
    with open(folder / "evaluated_es.csv", encoding="utf-8") as file:
        first = {row["id"]: row["truthfulness"] for row in csv.DictReader(file)}
    judged = np.array([float(value == "no") for value in first.values()])
    human = np.array([float(second[i] == "no") if i in second else np.nan for i in first])
    questions, models = zip(*(i.split("__") for i in first), strict=True)
    everything = np.full(len(first), "all models")
    labels = make_judge_labels(everything, np.array(models), np.array(questions), judged, human)
    found = confuse(labels, None, None)
    assert (found.n_found, found.n_missed, found.n_false_alarms, found.n_cleared) == (16, 3, 3, 28)
    # as published with the data
    assert found.kappa.value == pytest.approx(0.7453310696095077, abs=1e-12)
    # 96 of 300 judged untrue: (0.32 + 28/31 − 1) / (16/19 + 28/31 − 1)
    corrected = correct_rate(labels, "all models").corrected
    assert corrected.value == pytest.approx((0.32 - 3 / 31) / (16 / 19 - 3 / 31))
    assert (corrected.n, corrected.n_units) == (50, 50)
    powered = powered_rate(labels, "all models")
    assert corrected.low < powered.rate.value < corrected.high
    assert powered.rate.high - powered.rate.low < (
        powered.human_alone.high - powered.human_alone.low
    )
