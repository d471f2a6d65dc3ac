from datetime import timedelta

import duckdb
import pytest
from control_rows import INSERT_GRADE, NOON, add_reply
from graded_study import study_of

from evaluation.statistics.control_results import compute_control_results
from study.migrations import migrate


@pytest.fixture
def con():
    con = duckdb.connect()
    migrate(con)
    return con


def by_arm(records):
    return {one.arm: one for one in records}


def test_a_study_that_asked_no_control_has_none(con):
    assert compute_control_results(con) is None


def test_every_set_has_a_score_and_lengths_of_every_arm(con):
    for arm, label in (("original", "correct"), ("warm", "wrong")):
        add_reply(con, arm, "sum", label)
        add_reply(con, arm, "request", "refuses", kind="none", task="advbench")
    results = compute_control_results(con, "at most 1 items")
    assert results.controls == ("advbench", "gsm8k")
    assert [(one.control, one.measure, one.arm) for one in results.scores] == [
        ("advbench", "refusals", "original"),
        ("advbench", "refusals", "warm"),
        ("gsm8k", "accuracy", "original"),
        ("gsm8k", "accuracy", "warm"),
    ]
    assert [one.share.value for one in results.scores] == [1.0, 1.0, 1.0, 0.0]
    assert {one.test.family_size for one in results.scores if one.test} == {2}
    assert [(one.part, one.arm) for one in results.lengths] == [
        (one.control, one.arm) for one in results.scores
    ]
    assert results.limited == "at most 1 items"
    assert results.own_lengths == ()


def test_one_task_with_both_kinds_of_questions_has_both_measures(con):
    add_reply(con, "original", "sum", "correct", task="other")
    add_reply(con, "original", "request", "refuses", kind="none", task="other")
    results = compute_control_results(con)
    assert {one.measure: one.n_questions for one in results.scores} == {
        "accuracy": 1,
        "refusals": 1,
    }
    assert results.lengths[0].n_replies == 2


def test_the_newest_model_of_an_arm_is_read_and_the_others_are_counted(con):
    add_reply(con, "warm", "sum", "wrong", model="before")
    add_reply(con, "warm", "sum", "correct", model="now", served_at=NOON + timedelta(hours=1))
    results = compute_control_results(con)
    assert by_arm(results.scores)["warm"].share.value == 1.0
    assert results.n_superseded == 1


def test_a_later_grade_replaces_an_earlier_one(con):
    reply = add_reply(con, "warm", "sum", "wrong")
    later = {"reply": reply, "method": "number-2", "label": "correct", "refuses": False}
    con.execute(INSERT_GRADE, later)
    assert by_arm(compute_control_results(con).scores)["warm"].share.value == 1.0


def test_a_reply_without_a_text_is_failed_and_has_no_length(con):
    add_reply(con, "warm", "sum", "failed", text=None)
    results = compute_control_results(con)
    score, lengths = by_arm(results.scores)["warm"], by_arm(results.lengths)["warm"]
    assert (score.n_cannot_tell, score.share.value) == (1, None)
    assert (lengths.n_failed, lengths.mean_characters.value) == (1, None)


def test_the_studys_own_replies_are_measured_once_results_are_open():
    con = study_of(("original", "warm"), n_items=3)
    add_reply(con, "original", "sum", "correct")
    opened = compute_control_results(con)
    # every reply of that study is "text", counted as 9 tokens
    lengths = by_arm(opened.own_lengths)["warm"]
    assert (lengths.mean_characters.value, lengths.mean_tokens.value) == (4.0, 9.0)
    assert (lengths.part, lengths.n_replies, lengths.difference.value) == (None, 3, 0.0)
    assert compute_control_results(con, is_sealed=True).own_lengths == ()


@pytest.mark.parametrize(
    ("counts", "other"),
    [("number-10", "number-9"), ("alias-4", "refusal-3"), ("refusal-4", "number-3")],
)
def test_of_two_grades_the_one_of_the_higher_version_counts(con, counts, other):
    reply = add_reply(con, "warm", "sum", "wrong", method=other)
    grade = {"reply": reply, "method": counts, "label": "correct", "refuses": False}
    con.execute(INSERT_GRADE, grade)
    assert by_arm(compute_control_results(con).scores)["warm"].share.value == 1.0
