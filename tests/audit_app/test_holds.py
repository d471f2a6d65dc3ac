from datetime import timedelta

import pytest

from audit_app.holds import (
    count_holds,
    hold_back,
    hold_back_replies,
    list_holds,
    release,
    tell_pairs,
)
from evaluation.blinding_lint import LINTER
from study.database import transaction
from study.errors import BadInput


def lint_all(con, now):
    with transaction(con) as cursor:
        return hold_back(cursor, now)


@pytest.fixture
def offenders(con, rows, noon):
    """Three replies to one prompt: one breaks two rules, one none, one was cut."""
    rows.add_prompt("A")
    rows.add_response("A", "warm", "assistant\nAs an AI, I feel for you.")
    rows.add_response("A", "original", "It is Canberra.")
    rows.add_response("A", "cold", "It is the city of")
    con.execute("UPDATE response_attempts SET finish_reason = 'length' WHERE arm = 'cold'")
    assert lint_all(con, noon) == 3


def test_replies_that_break_a_rule_are_listed_with_their_prompt_and_what_was_found(con, offenders):
    cut, speaking = list_holds(con)
    assert (cut.response_id, cut.rules, cut.excerpts) == (
        "cold response A",
        ("truncation",),
        ("It is the city of",),
    )
    assert speaking.rules == ("self_identification", "template_residue")
    assert speaking.prompt_text == "question A"
    assert speaking.reply_text == "assistant\nAs an AI, I feel for you."
    assert "As an AI, I" in speaking.excerpts[0]
    assert not cut.is_released
    assert not speaking.is_released


def test_rules_are_counted_and_those_that_hold_nothing_too(con, offenders):
    assert count_holds(con) == {
        "self_identification": 1,
        "template_residue": 1,
        "truncation": 1,
        "error_text": 0,
    }


def test_pairs_are_told_with_those_that_no_rater_is_given(con, rows, noon):
    assert tell_pairs(con) == "0 in all"
    rows.add_pairs(3)
    assert tell_pairs(con) == "3 in all"
    con.execute(
        "UPDATE response_attempts SET finish_reason = 'length' WHERE prompt_id <> 'prompt 00'"
    )
    lint_all(con, noon)
    assert tell_pairs(con).startswith("3 in all, 2 held back")
    # a pair is given again once both of its replies are released
    release(con, "warm response 01", "harmless", "owner", noon)
    assert tell_pairs(con).startswith("3 in all, 2 held back")
    release(con, "original response 01", "harmless", "owner", noon)
    assert tell_pairs(con).startswith("3 in all, 1 held back")


def test_linting_again_holds_nothing_twice(con, offenders, noon):
    before = con.execute("SELECT * FROM holds ORDER BY ALL").fetchall()
    assert lint_all(con, noon + timedelta(days=1)) == 0
    assert con.execute("SELECT * FROM holds ORDER BY ALL").fetchall() == before
    assert {row[3] for row in before} == {LINTER}


def test_what_an_older_linter_held_stays_and_a_newer_one_adds_to_it(con, rows, noon):
    rows.add_prompt("A")
    rows.add_response("A", "warm", "assistant\nAs an AI, I feel for you.")
    old = ("warm response A", "template_residue", "assistant As an AI", "lint-1", noon)
    con.execute("INSERT INTO holds VALUES (?, ?, ?, ?, ?)", old)
    assert lint_all(con, noon + timedelta(days=1)) == 1
    found = con.execute("SELECT rule, excerpt, linter FROM holds ORDER BY rule").fetchall()
    assert found[0][::2] == ("self_identification", LINTER)
    assert found[1] == old[1:4]


def test_a_released_reply_stays_on_record_and_counts_no_more(con, offenders, noon):
    release(con, "cold response A", " It ends well enough. ", "owner-1", noon)
    held, released = list_holds(con)
    assert (held.is_released, released.is_released) == (False, True)
    assert released.rules == ("truncation",)
    assert count_holds(con)["truncation"] == 0
    assert con.execute("SELECT released_by, reason FROM hold_releases").fetchall() == [
        ("owner-1", "It ends well enough.")
    ]
    assert lint_all(con, noon) == 0


@pytest.mark.parametrize(
    ("response_id", "reason", "message"),
    [
        ("original response A", "It is fine.", "expected a reply that is held"),
        ("nobody's", "It is fine.", "expected a reply that is held"),
        ("warm response A", "  ", "expected a reason"),
    ],
)
def test_a_release_that_makes_no_sense_is_refused(
    con, offenders, noon, response_id, reason, message
):
    with pytest.raises(BadInput, match=message):
        release(con, response_id, reason, "owner-1", noon)
    assert con.execute("SELECT count(*) FROM hold_releases").fetchone() == (0,)


def test_a_reply_is_released_once(con, offenders, noon):
    release(con, "cold response A", "It ends well.", "owner-1", noon)
    with pytest.raises(BadInput, match="was released by owner-1 before"):
        release(con, "cold response A", "Once more.", "owner-2", noon)


def test_replies_that_failed_have_nothing_to_lint(con, noon):
    failed = {"response_id": "r1", "text": None, "finish_reason": None}
    empty = {"response_id": "r2", "text": " ", "finish_reason": "stop"}
    with transaction(con) as cursor:
        assert hold_back_replies(cursor, [failed, empty], noon) == 1
    assert con.execute("SELECT response_id, rule FROM holds").fetchall() == [("r2", "error_text")]


def test_what_is_listed_names_no_arm(con, offenders):
    assert {field for held in list_holds(con) for field in vars(held)} == {
        "response_id",
        "prompt_text",
        "reply_text",
        "rules",
        "excerpts",
        "is_released",
    }


def test_an_app_that_starts_lints_twenty_thousand_replies_once(con, rows, noon):
    rows.add_prompt("A")
    con.execute(
        """INSERT INTO response_attempts (response_id, prompt_id, served_model_id, arm, sample,
            text, finish_reason, failure, n_tokens, seconds, created_at)
        SELECT 'r' || i, 'prompt A', 'warm', 'warm', i,
            repeat('I hear you, and that sounds hard. The answer is Canberra. ', 8)
                || CASE WHEN i % 10 = 0 THEN '<|im_end|>' ELSE '' END,
            'stop', NULL, 90, 1.0, '2026-03-01'
        FROM range(20000) replies (i)"""
    )
    for n_new in (2000, 0):
        assert lint_all(con, noon) == n_new
