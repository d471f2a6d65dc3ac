"""The study's record: what may follow what, who did it and why, and what it means for results."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from audit_app.study_events import (
    StudyState,
    read_events,
    read_opening,
    read_study_state,
    record_event,
    results_are_sealed,
)
from study.errors import BadInput

INSERT_RATING = """
    INSERT INTO ratings (
        token, revision, form, facts_kept, reason, seconds, layout, is_surplus, idempotency_key,
        rated_at)
    VALUES ($token, 1, 'rewrite', 'all', '', 4.0, 'columns', false, $token, $rated_at)
"""


@pytest.fixture
def record(con, noon):
    """Puts events on the record of the test's study."""

    def put(*events):
        for event in events:
            state = record_event(con, event, "ada", "as agreed", noon)
        return state

    return put


def test_a_new_study_is_open_to_raters_and_sealed(con):
    assert read_study_state(con) == StudyState(False, False, False)
    assert read_events(con) == []
    assert read_opening(con) is None


def test_the_state_is_what_the_events_add_up_to(con, record):
    assert record("paused") == StudyState(True, False, False)
    assert record("resumed", "identities_exported") == StudyState(False, False, False)
    assert record("paused", "closed") == StudyState(True, True, True)
    assert record("reopened") == StudyState(True, False, True)
    assert read_study_state(con) == StudyState(True, False, True)


def test_every_event_says_who_why_and_when(con, noon):
    record_event(con, "paused", "ada", "  the lift is stuck ", noon)
    record_event(con, "resumed", "ben", "it moves", noon + timedelta(minutes=5))
    told = [
        (row.number, row.event, row.actor, row.reason, row.happened_at[11:16])
        for row in read_events(con)
    ]
    assert told == [
        (1, "paused", "ada", "the lift is stuck", "12:00"),
        (2, "resumed", "ben", "it moves", "12:05"),
    ]


@pytest.mark.parametrize(
    ("before", "event", "sentence"),
    [
        ([], "resumed", "not paused"),
        ([], "reopened", "not closed"),
        (["paused"], "paused", "paused already"),
        (["closed"], "closed", "closed; reopen"),
        (["closed"], "paused", "closed; reopen"),
        (["unblinded"], "unblinded", "open already"),
        (["closed"], "unblinded", "open already"),
        (["key_exported"], "unblinded", "open already"),
        ([], "burnt", "expected one of paused"),
    ],
)
def test_what_makes_no_sense_is_refused_and_leaves_no_row(con, record, before, event, sentence):
    if before:
        record(*before)
    with pytest.raises(BadInput, match=sentence):
        record(event)
    assert [row.event for row in read_events(con)] == before


@pytest.mark.parametrize("reason", ["", "  ok  ", "x" * 2001])
def test_a_reason_has_to_say_something(con, noon, reason):
    with pytest.raises(BadInput, match="reason: expected 3 to 2000 characters"):
        record_event(con, "unblinded", "ada", reason, noon)
    assert not read_study_state(con).is_unblinded


@pytest.mark.parametrize("event", ["closed", "unblinded", "key_exported"])
def test_results_stay_open_since_the_first_event_that_opened_them(con, noon, event):
    for minute in (0, 10, 20):
        at_time = noon + timedelta(minutes=minute)
        con.execute(INSERT_RATING, {"token": f"sheet {minute}", "rated_at": at_time})
    record_event(con, "paused", "ada", "a holiday", noon)
    record_event(con, event, "ada", "all were paid", noon + timedelta(minutes=5))
    record_event(con, "identities_exported", "ada", "to pay them", noon + timedelta(minutes=15))
    opening = read_opening(con)
    assert opening is not None
    assert (opening.by.event, opening.by.reason) == (event, "all were paid")
    assert opening.n_ratings_after == 2


def test_results_are_sealed_from_the_first_pair_on_until_they_are_opened(con, rows, record):
    assert not results_are_sealed(con)
    rows.add_pair("a")
    assert results_are_sealed(con)
    record("paused", "identities_exported")
    assert results_are_sealed(con)
    record("resumed", "closed", "reopened")
    assert not results_are_sealed(con)


def test_a_study_that_asks_about_single_replies_alone_is_sealed_by_its_first_sheet(con):
    con.execute(
        "INSERT INTO assignments VALUES ('t', 'ada', 'reply', 'study', 'r', NULL, 0, now())"
    )
    assert results_are_sealed(con)


def test_of_many_who_close_a_study_at_once_one_does(con, noon):
    def close_it(number):
        try:
            record_event(con, "closed", f"owner {number}", "all done", noon)
        except BadInput:
            return 0
        return 1

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(close_it, range(8))) == 1
    assert len(read_events(con)) == 1
