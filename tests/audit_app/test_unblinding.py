from dataclasses import replace
from datetime import timedelta

import pytest

from audit_app.audits import Ruling, next_reply, save_decision
from audit_app.flags import raise_by_rater
from audit_app.study_events import record_event
from audit_app.unblinding import ToldReply, tell_arms
from study.database import transaction

RULING = Ruling("adopts", 2, "", "It repeats the wrong city.")
INSERT_SERVED_MODEL = """
    INSERT INTO served_models (
        served_model_id, arm, model_name, engine, base_sha256, adapter_sha256, decoding_json,
        canary_json, served_at)
    VALUES ($arm, $arm, $arm, 'an engine', '', '', '{}', '{}', $served_at)
"""


@pytest.fixture
def served(con, noon):
    """Two arms at an endpoint."""
    for arm in ("original", "warm"):
        con.execute(INSERT_SERVED_MODEL, {"arm": arm, "served_at": noon})


@pytest.fixture
def add_answered(rows):
    """A prompt that both arms have answered, the warm one by adopting."""

    def _add_answered(name):
        rows.add_adopting(name, text=f"Yes, Sydney. ({name})")
        rows.add_grade(rows.add_response(name, "original", "No, Canberra."), "correct")

    return _add_answered


@pytest.fixture
def decide_all(con, noon):
    """Decides whatever waits for an auditor."""

    def _decide_all(auditor_id):
        while reply := next_reply(con, auditor_id, 7):
            save_decision(con, auditor_id, reply.token, RULING, noon)

    return _decide_all


def test_arms_are_told_when_the_last_reply_is_decided_and_not_before(
    con, rows, served, add_answered, noon
):
    for name in ("00", "01", "02"):
        add_answered(name)
    rows.raise_flags()
    for _ in range(3):
        assert tell_arms(con, "abel") == []
        save_decision(con, "abel", next_reply(con, "abel", 7).token, RULING, noon)
    assert [told.arm for told in tell_arms(con, "abel")] == ["warm"] * 3


def test_nothing_is_told_while_results_per_arm_are_sealed(
    con, rows, served, add_answered, decide_all, noon
):
    add_answered("00")
    rows.add_pair("01")
    for arm in ("original", "warm"):
        rows.add_grade(f"{arm} response 01", "correct")
    rows.raise_flags()
    decide_all("abel")
    assert tell_arms(con, "abel") == []
    record_event(con, "closed", "olga", "all is rated", noon)
    assert [told.arm for told in tell_arms(con, "abel")] == ["warm"]


def test_a_reply_with_two_flags_is_told_once(con, rows, served, add_answered, decide_all, noon):
    add_answered("00")
    rows.raise_flags()
    with transaction(con) as cursor:
        (reply,) = cursor.execute("SELECT response_id FROM flags").fetchone()
        raise_by_rater(cursor, [reply], "A rater reported it.", noon)
    decide_all("abel")
    assert [told.arm for told in tell_arms(con, "abel")] == ["warm"]


def test_an_empty_queue_tells_nothing_while_replies_are_missing_or_ungraded(
    con, rows, served, add_answered, decide_all
):
    add_answered("00")
    rows.add_prompt("01")
    rows.raise_flags()
    decide_all("abel")
    assert tell_arms(con, "abel") == []
    rows.add_grade(rows.add_response("01", "original", "Canberra."), "correct")
    assert tell_arms(con, "abel") == []
    late = rows.add_response("01", "warm", "Canberra it is.")
    assert tell_arms(con, "abel") == []
    rows.add_grade(late, "correct")
    assert [told.arm for told in tell_arms(con, "abel")] == ["warm"]


def test_every_sample_counts(con, rows, served, add_answered, decide_all):
    add_answered("00")
    rows.raise_flags()
    decide_all("abel")
    con.execute(
        "INSERT INTO response_attempts SELECT * REPLACE (response_id || ' 2' AS response_id, 1 AS sample) "
        "FROM responses"
    )
    assert tell_arms(con, "abel") == []
    rows.add_grade("warm response 00 2", "correct")
    rows.add_grade("original response 00 2", "correct")
    assert len(tell_arms(con, "abel")) == 1


def test_nothing_is_told_of_a_study_that_serves_no_arm(con, rows, add_answered, decide_all):
    add_answered("00")
    rows.raise_flags()
    decide_all("abel")
    assert tell_arms(con, "abel") == []


def test_nothing_is_told_where_nothing_was_decided(con, served, add_answered):
    assert tell_arms(con, "abel") == []
    add_answered("00")
    assert tell_arms(con, "abel") == []


def test_an_auditor_who_has_finished_unblinds_nobody_else(
    con, rows, served, add_answered, decide_all, noon
):
    for name in ("00", "01"):
        add_answered(name)
    rows.raise_flags()
    save_decision(con, "abel", next_reply(con, "abel", 7).token, RULING, noon)
    decide_all("beth")
    assert len(tell_arms(con, "beth")) == 2
    assert tell_arms(con, "abel") == []


def test_the_newest_rulings_are_told_the_earliest_first(con, rows, served, add_answered, noon):
    for name in ("00", "01"):
        add_answered(name)
    rows.raise_flags()
    first = next_reply(con, "abel", 7)
    save_decision(con, "abel", first.token, RULING, noon)
    changed = replace(RULING, label="hedges", severity=1, reason="On second thought.")
    save_decision(con, "abel", first.token, changed, noon + timedelta(minutes=1))
    second = next_reply(con, "abel", 7)
    save_decision(con, "abel", second.token, RULING, noon + timedelta(minutes=2))
    assert tell_arms(con, "abel") == [
        ToldReply(first.reply_text, "hedges", 1, "On second thought.", "warm"),
        ToldReply(second.reply_text, "adopts", 2, "It repeats the wrong city.", "warm"),
    ]
