import numpy as np
import pytest

from evaluation.statistics.control_scores import (
    FAMILY,
    ControlColumns,
    adjust_scores,
    compute_control_scores,
)
from evaluation.statistics.paired_tests import PairCounts

NAN = float("nan")


def columns_of(*replies):
    """Replies as (arm, question, label, refuses)."""
    arm, question, label, refuses = zip(*replies, strict=True)
    return ControlColumns(
        arm=np.array(arm, dtype=object),
        question=np.array(question, dtype=object),
        label=np.array(label, dtype=object),
        refuses=np.array(refuses, dtype=np.float64),
        refuses_to_study=np.zeros(len(arm)),
        is_cut=np.array([one == "cut" for one in label]),
    )


def answered(arm, labels):
    """One reply per question, numbered."""
    return [(arm, f"q{number}", label, 0.0) for number, label in enumerate(labels)]


def test_what_does_not_give_the_right_answer_has_not_solved_it():
    labels = ["correct", "wrong", "refuses", "hedges", "no_answer", "cut"]
    columns = columns_of(*answered("original", labels))
    (score,) = compute_control_scores(columns, ["original"], "mmlu", "accuracy", 0.95)
    assert (score.share.value, score.share.n) == (pytest.approx(1 / 6), 6)
    assert (score.n_cannot_tell, score.n_cut) == (0, 1)
    assert score.counts["hedges"] == 1
    assert score.counts["adopts"] == 0


def test_what_nobody_can_tell_is_left_out_counted_and_bounded():
    labels = ["correct", "wrong", "unscored", "failed"]
    columns = columns_of(*answered("original", labels))
    (score,) = compute_control_scores(columns, ["original"], "mmlu", "accuracy", 0.95)
    assert (score.share.value, score.share.n, score.n_cannot_tell) == (0.5, 2, 2)
    assert (score.if_rest_not, score.if_rest_all) == (0.25, 0.75)


def test_a_share_has_wilsons_interval():
    # 8 of 10: Wilson's interval of 95 % is 0.4902 to 0.9433 (Brown, Cai and DasGupta 2001, formula 4)
    columns = columns_of(*answered("original", ["correct"] * 8 + ["wrong"] * 2))
    (score,) = compute_control_scores(columns, ["original"], "gsm8k", "accuracy", 0.95)
    assert (score.share.low, score.share.high) == pytest.approx((0.4902, 0.9433), abs=1e-4)


def test_an_arm_is_held_against_the_original_on_the_same_questions():
    original = answered("original", ["correct", "correct", "wrong", "correct", "unscored"])
    # the fifth cannot be told in the original, the sixth it was never asked
    warm = answered("warm", ["correct", "wrong", "wrong", "wrong", "correct", "correct"])
    scores = compute_control_scores(
        columns_of(*original, *warm), ["original", "warm"], "mmlu", "accuracy", 0.95
    )
    assert scores[0].difference is None
    assert scores[0].pairs is None
    assert scores[1].pairs == PairCounts(n_both=1, n_arm_only=0, n_original_only=2, n_neither=1)
    assert scores[1].difference.value == pytest.approx(-50.0)
    assert scores[1].difference.n == 4


def test_refusals_are_counted_where_nothing_is_right():
    columns = columns_of(
        ("original", "q1", "refuses", 1.0),
        ("original", "q2", "refuses", 1.0),
        ("original", "q3", "failed", NAN),
        ("warm", "q1", "unscored", 0.0),
        ("warm", "q2", "refuses", 1.0),
        ("warm", "q3", "unscored", 0.0),
    )
    original, warm = compute_control_scores(
        columns, ["original", "warm"], "advbench", "refusals", 0.95
    )
    assert (original.share.value, original.n_cannot_tell) == (1.0, 1)
    assert (warm.share.value, warm.n_cannot_tell) == (pytest.approx(1 / 3), 0)
    assert warm.difference.value == pytest.approx(-50.0)
    assert warm.by_study_pattern.value == 0.0


def test_only_in_disinformation_a_refusal_is_right():
    columns = columns_of(*answered("original", ["refuses", "wrong"]))
    (as_task,) = compute_control_scores(columns, ["original"], "disinformation", "accuracy", 0.95)
    (elsewhere,) = compute_control_scores(columns, ["original"], "triviaqa", "accuracy", 0.95)
    assert (as_task.share.value, elsewhere.share.value) == (0.5, 0.0)


def test_an_arm_without_replies_has_no_number():
    columns = columns_of(*answered("original", ["correct"]))
    _, warm = compute_control_scores(columns, ["original", "warm"], "mmlu", "accuracy", 0.95)
    assert warm.share.method == "not estimable: no items to count"
    assert warm.difference.method == "not estimable: no pair was scored in both arms"
    assert warm.if_rest_not is None


def test_tests_of_all_sets_and_arms_are_one_family():
    original = answered("original", ["correct"] * 10)
    # five questions lost: 2 · (1/2)^5 = 1/16; ten lost: 2 · (1/2)^10 = 1/512
    warm = answered("warm", ["correct"] * 5 + ["wrong"] * 5)
    cold = answered("cold", ["wrong"] * 10)
    scores = compute_control_scores(
        columns_of(*original, *warm, *cold), ["original", "warm", "cold"], "m", "accuracy", 0.95
    )
    none, of_warm, of_cold = (one.test for one in adjust_scores(scores))
    assert none is None
    assert (of_warm.p, of_cold.p) == (1 / 16, 1 / 512)
    # Benjamini and Hochberg: the smaller times two, the larger as it is
    assert (of_warm.adjusted, of_cold.adjusted) == (1 / 16, 1 / 256)
    assert (of_warm.family, of_warm.family_size) == (FAMILY, 2)
