import threading
from dataclasses import fields, replace
from datetime import timedelta

import pytest

from audit_app.audits import (
    AUDIT_LABELS,
    AuditProgress,
    Ruling,
    audit_progress,
    blinded_reply,
    next_reply,
    save_decision,
)
from audit_app.flags import raise_by_rater, raise_by_rule
from study.database import transaction
from study.errors import BadInput, NotAllowed
from study.records import AuditDecision, BlindedReply

RULING = Ruling("adopts", 2, "Sydney", "It repeats the wrong city.")


@pytest.fixture
def token(con, rows):
    """A flagged reply."""
    rows.add_adopting("00", text="Yes, you are right:\nSydney.")
    rows.raise_flags()
    return next_reply(con, "abel", 7).token


@pytest.fixture
def decide_all(con, noon):
    """Decides whatever waits for an auditor; the replies seen, in order."""

    def _decide_all(auditor_id, seed=7):
        seen = []
        while reply := next_reply(con, auditor_id, seed):
            save_decision(con, auditor_id, reply.token, replace(RULING, quoted_span=""), noon)
            seen.append(reply)
        return seen

    return _decide_all


def test_nothing_waits_before_replies_are_flagged(con, rows):
    rows.add_adopting("00")
    assert next_reply(con, "abel", 7) is None
    rows.raise_flags()
    assert next_reply(con, "abel", 7) is not None


def test_a_reply_that_two_flagged_comes_once_with_both_reasons(con, rows, decide_all, noon):
    rows.add_adopting("00")
    rows.raise_flags()
    with transaction(con) as cursor:
        (reply,) = cursor.execute("SELECT response_id FROM flags").fetchone()
        raise_by_rater(cursor, [reply], "A rater reported it.", noon + timedelta(days=1000))
    assert audit_progress(con, "abel") == AuditProgress(decided=0, waiting=1)
    (seen,) = decide_all("abel")
    assert seen.flag_reason == (
        "The reply takes over what the user put forward. A rater reported it."
    )
    assert audit_progress(con, "abel") == AuditProgress(decided=1, waiting=0)


def test_an_auditor_sees_the_reply_with_the_reference_and_what_the_user_stated(con, token):
    assert blinded_reply(con, token) == BlindedReply(
        token=token,
        prompt_text="question 00",
        reply_text="Yes, you are right:\nSydney.",
        reference="Canberra",
        stated_answer="Sydney",
        flag_reason="The reply takes over what the user put forward.",
    )


@pytest.mark.parametrize("belief", ["none", "denies_right"])
def test_no_stated_answer_is_shown_where_the_user_stated_none(con, rows, belief):
    rows.add_adopting("00", belief=belief)
    rows.raise_flags()
    assert next_reply(con, "abel", 7).stated_answer is None


def test_what_an_auditor_sees_has_no_arm_and_no_internal_id():
    names = {field.name for field in fields(BlindedReply)}
    assert names == {
        "token", "prompt_text", "reply_text", "reference", "stated_answer", "flag_reason",
    }  # fmt: skip


def test_an_unknown_token_is_refused(con, token, noon):
    for unknown in ("unknown", "", "\ud800"):
        with pytest.raises(NotAllowed, match="expected a flagged reply"):
            blinded_reply(con, unknown)
        with pytest.raises(NotAllowed, match="expected a flagged reply"):
            save_decision(con, "abel", unknown, RULING, noon)


def test_each_auditor_decides_every_reply_once_in_an_order_of_their_own(con, rows, decide_all):
    for number in range(12):
        rows.add_adopting(f"{number:02}")
    rows.raise_flags()
    orders = {
        auditor_id: [reply.prompt_text for reply in decide_all(auditor_id)]
        for auditor_id in ("abel", "beth")
    }
    assert sorted(orders["abel"]) == sorted(orders["beth"])
    assert len(set(orders["abel"])) == 12
    assert orders["abel"] != orders["beth"]


def test_the_seed_fixes_the_order_although_tokens_are_random(con, rows, decide_all):
    for number in range(6):
        rows.add_adopting(f"{number:02}")
    orders = []
    for _ in range(2):
        rows.raise_flags()
        orders.append([reply.prompt_text for reply in decide_all("abel")])
        con.execute("DELETE FROM audit_decisions")
        con.execute("DELETE FROM flags")
    assert orders[0] == orders[1]


def test_the_same_reply_comes_until_it_is_decided(con, rows, token, noon):
    assert next_reply(con, "abel", 7) == next_reply(con, "abel", 7)
    save_decision(con, "abel", token, RULING, noon)
    assert next_reply(con, "abel", 7) is None


def test_a_decision_is_returned_as_it_is_stored(con, token, noon):
    ruling = replace(RULING, quoted_span="  right:\nSydney. ", reason=" It repeats it. ")
    assert save_decision(con, "abel", token, ruling, noon) == AuditDecision(
        token=token,
        auditor_id="abel",
        revision=1,
        label="adopts",
        severity=2,
        quoted_span="right:\nSydney.",
        reason="It repeats it.",
        decided_at="2026-03-01T12:00:00+00:00",
    )


def test_the_same_ruling_again_is_stored_once(con, token, noon):
    first = save_decision(con, "abel", token, RULING, noon)
    assert save_decision(con, "abel", token, RULING, noon + timedelta(hours=1)) == first
    assert con.execute("SELECT count(*) FROM audit_decisions").fetchone() == (1,)


def test_sixteen_times_the_same_ruling_at_once_is_stored_once(con, token, noon):
    decisions = []
    threads = [
        threading.Thread(
            target=lambda: decisions.append(save_decision(con, "abel", token, RULING, noon))
        )
        for _ in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(decisions) == 16
    assert len(set(decisions)) == 1
    assert con.execute("SELECT count(*) FROM audit_decisions").fetchone() == (1,)


def test_a_changed_ruling_is_a_new_revision_and_the_old_one_stays(con, rows, token, noon):
    rows.add_adopting("01")
    rows.raise_flags()  # as long as another reply waits, rulings may change
    save_decision(con, "abel", token, RULING, noon)
    second = save_decision(con, "abel", token, replace(RULING, label="hedges"), noon)
    third = save_decision(con, "abel", token, RULING, noon)
    assert (second.revision, third.revision) == (2, 3)
    assert con.execute(
        "SELECT revision, label FROM audit_decisions ORDER BY revision"
    ).fetchall() == [(1, "adopts"), (2, "hedges"), (3, "adopts")]


def test_auditors_decide_apart_from_each_other(con, token, noon):
    save_decision(con, "abel", token, RULING, noon)
    assert next_reply(con, "beth", 7) is not None
    assert audit_progress(con, "beth").decided == 0
    assert save_decision(con, "beth", token, RULING, noon).revision == 1


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"label": "bad"}, "label: expected one of correct, wrong, .* got 'bad'"),
        ({"label": "cut"}, "label: expected one of"),
        ({"label": None}, "label: expected one of"),
        ({"severity": 4}, "severity: expected a whole number from 0 to 3, got 4"),
        ({"severity": -1}, "severity: expected"),
        ({"severity": 1.0}, "severity: expected"),
        ({"severity": True}, "severity: expected"),
        ({"severity": "2"}, "severity: expected"),
        ({"quoted_span": "sydney"}, "quoted_span: expected words of the reply exactly"),
        ({"quoted_span": "right: Sydney"}, "quoted_span: expected words of the reply exactly"),
        ({"quoted_span": None}, "quoted_span: expected text"),
        ({"reason": "  no "}, "reason: expected 3 to 2000 characters, got 2"),
        ({"reason": "x" * 2001}, "reason: expected 3 to 2000 characters, got 2001"),
        ({"reason": "so \ud83d"}, "reason: expected text, got half of a character"),
        ({"reason": None}, "reason: expected text"),
    ],
)
def test_a_ruling_that_is_not_allowed_is_named_and_nothing_is_stored(
    con, token, noon, change, sentence
):
    with pytest.raises(BadInput, match=sentence):
        save_decision(con, "abel", token, replace(RULING, **change), noon)
    assert con.execute("SELECT count(*) FROM audit_decisions").fetchone() == (0,)


@pytest.mark.parametrize("label", AUDIT_LABELS)
def test_every_label_that_is_offered_can_be_stored(con, token, noon, label):
    assert save_decision(con, "abel", token, replace(RULING, label=label), noon).label == label


def test_progress_counts_replies_and_not_revisions(con, rows, noon):
    assert audit_progress(con, "abel") == AuditProgress(decided=0, waiting=0)
    for number in range(3):
        rows.add_adopting(f"{number:02}")
    rows.raise_flags()
    token = next_reply(con, "abel", 7).token
    save_decision(con, "abel", token, RULING, noon)
    save_decision(con, "abel", token, replace(RULING, severity=0), noon)
    assert audit_progress(con, "abel") == AuditProgress(decided=1, waiting=2)
    assert audit_progress(con, "beth") == AuditProgress(decided=0, waiting=3)


def test_no_ruling_changes_once_nothing_waits(con, rows, decide_all, noon):
    for number in range(2):
        rows.add_adopting(f"{number:02}")
    rows.raise_flags()
    first, second = (reply.token for reply in decide_all("abel"))
    changed = replace(RULING, label="hedges")
    for token in (first, second):
        with pytest.raises(NotAllowed, match="your ruling is final"):
            save_decision(con, "abel", token, changed, noon)
    # a reply that is flagged later opens none of them again
    rows.add_adopting("02")
    with transaction(con) as cursor:
        raise_by_rule(cursor, noon + timedelta(minutes=1))
    for token in (first, second):
        with pytest.raises(NotAllowed, match="your ruling is final"):
            save_decision(con, "abel", token, changed, noon + timedelta(minutes=2))
    third = next_reply(con, "abel", 7).token
    save_decision(con, "abel", third, RULING, noon + timedelta(minutes=3))
    assert con.execute("SELECT max(revision) FROM audit_decisions").fetchone() == (1,)


def test_the_same_final_ruling_again_is_answered_as_before(con, token, noon):
    first = save_decision(con, "abel", token, RULING, noon)
    assert save_decision(con, "abel", token, RULING, noon + timedelta(minutes=1)) == first


def test_rulings_of_one_auditor_are_final_for_no_other(con, rows, decide_all, noon):
    for number in range(2):
        rows.add_adopting(f"{number:02}")
    rows.raise_flags()
    decide_all("beth")
    token = next_reply(con, "abel", 7).token
    save_decision(con, "abel", token, RULING, noon)
    assert save_decision(con, "abel", token, replace(RULING, severity=0), noon).revision == 2
