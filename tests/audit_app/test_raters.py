import threading
from datetime import timedelta

import pytest

from audit_app.raters import (
    Standing,
    invite,
    list_raters,
    read_standing,
    restore,
    revoke,
    revoked_raters,
)
from study.errors import BadInput, NotAllowed
from study.records import Rater


def test_an_invited_rater_is_found_again(con, noon):
    rater = invite(con, "annotator", noon, "anna")
    assert rater == Rater("anna", "annotator", "2026-03-01T12:00:00+00:00")
    assert read_standing(con, "anna") == Standing(rater, is_revoked=False)


def test_a_second_invitation_keeps_the_first(con, noon):
    first = invite(con, "auditor", noon, "anna")
    assert invite(con, "auditor", noon + timedelta(days=1), "anna") == first
    assert list_raters(con) == [first]


def test_an_id_has_one_role(con, noon):
    first = invite(con, "annotator", noon, "anna")
    with pytest.raises(NotAllowed, match="anna was invited as annotator and cannot be owner too"):
        invite(con, "owner", noon, "anna")
    assert list_raters(con) == [first]


def test_ids_are_drawn_at_random_when_none_is_given(con, noon):
    drawn = {invite(con, "annotator", noon).rater_id for _ in range(20)}
    assert len(drawn) == 20
    assert all(len(rater_id) == 16 for rater_id in drawn)


def test_raters_are_listed_in_the_order_of_their_invitations(con, noon):
    invite(con, "annotator", noon + timedelta(minutes=1), "anna")
    invite(con, "owner", noon, "olga")
    invite(con, "auditor", noon + timedelta(minutes=1), "abel")
    assert [rater.rater_id for rater in list_raters(con)] == ["olga", "abel", "anna"]


@pytest.mark.parametrize("stranger", ["nobody", "", "a b", "\ud800"])
def test_a_stranger_is_nobody(con, stranger):
    assert read_standing(con, stranger) is None


@pytest.mark.parametrize("rater_id", ["", "anna@example.org", "Anna Maier", "a" * 65, "anna\n"])
def test_an_id_that_could_be_a_name_or_an_address_is_refused(con, noon, rater_id):
    with pytest.raises(BadInput, match="rater_id: expected 1 to 64 letters"):
        invite(con, "annotator", noon, rater_id)
    assert list_raters(con) == []


def test_an_unknown_role_is_refused(con, noon):
    with pytest.raises(
        BadInput, match="role: expected one of annotator, auditor, owner, got 'boss'"
    ):
        invite(con, "boss", noon, "anna")


def test_sixteen_invitations_at_once_make_one_rater(con, noon):
    invited = []
    threads = [
        threading.Thread(target=lambda: invited.append(invite(con, "annotator", noon, "anna")))
        for _ in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert invited == list_raters(con) * 16


def states(con):
    return con.execute(
        "SELECT rater_id, revision, state, reason, changed_by, changed_at FROM rater_states "
        "ORDER BY rater_id, revision"
    ).fetchall()


def test_who_is_revoked_can_be_restored_and_both_are_on_record(con, noon):
    invite(con, "annotator", noon, "anna")
    later = noon + timedelta(hours=1)
    revoke(con, "anna", " Answers at random. ", "olga", noon)
    assert read_standing(con, "anna").is_revoked
    assert revoked_raters(con) == {"anna"}
    restore(con, "anna", "It was another person.", "otto", later)
    assert not read_standing(con, "anna").is_revoked
    assert revoked_raters(con) == frozenset()
    assert states(con) == [
        ("anna", 1, "revoked", "Answers at random.", "olga", noon),
        ("anna", 2, "active", "It was another person.", "otto", later),
    ]


def test_one_persons_end_is_not_anothers(con, noon):
    invite(con, "annotator", noon, "anna")
    invite(con, "annotator", noon, "abel")
    revoke(con, "anna", "Asked to leave.", "olga", noon)
    assert not read_standing(con, "abel").is_revoked


def test_an_invitation_does_not_bring_a_revoked_person_back(con, noon):
    invite(con, "annotator", noon, "anna")
    revoke(con, "anna", "Asked to leave.", "olga", noon)
    invite(con, "annotator", noon, "anna")
    assert read_standing(con, "anna").is_revoked


@pytest.mark.parametrize(
    ("change", "rater_id", "reason", "sentence"),
    [
        (revoke, "nobody", "Why.", "expected somebody who was invited, got 'nobody'"),
        (revoke, "gone", "Why.", "gone is revoked already; nothing was changed"),
        (restore, "anna", "Why.", "anna is active already; nothing was changed"),
        (revoke, "anna", " ", "reason: expected 1 to 2000 characters, got 0"),
        (revoke, "anna", "x" * 2001, "reason: expected 1 to 2000 characters, got 2001"),
    ],
)
def test_a_change_that_makes_no_sense_is_refused(con, noon, change, rater_id, reason, sentence):
    invite(con, "annotator", noon, "anna")
    invite(con, "annotator", noon, "gone")
    revoke(con, "gone", "Asked to leave.", "olga", noon)
    before = states(con)
    with pytest.raises(BadInput, match=sentence):
        change(con, rater_id, reason, "olga", noon)
    assert states(con) == before


def test_a_study_keeps_an_owner(con, noon):
    invite(con, "owner", noon, "olga")
    invite(con, "annotator", noon, "anna")
    with pytest.raises(NotAllowed, match="cannot end their own access"):
        revoke(con, "olga", "Done here.", "olga", noon)
    with pytest.raises(NotAllowed, match="olga is the study's last owner"):
        revoke(con, "olga", "Done here.", "the terminal", noon)
    invite(con, "owner", noon, "otto")
    revoke(con, "otto", "Left the team.", "olga", noon)
    # otto counts no more
    with pytest.raises(NotAllowed, match="olga is the study's last owner"):
        revoke(con, "olga", "Done here.", "otto", noon)
    assert revoked_raters(con) == {"otto"}


def test_of_two_owners_who_revoke_each_other_one_stays(con, noon):
    invite(con, "owner", noon, "olga")
    invite(con, "owner", noon, "otto")
    refused = []

    def try_to(rater_id, by):
        try:
            revoke(con, rater_id, "A quarrel.", by, noon)
        except NotAllowed:
            refused.append(rater_id)

    threads = [threading.Thread(target=try_to, args=("olga", "otto"))]
    threads.append(threading.Thread(target=try_to, args=("otto", "olga")))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == len(revoked_raters(con)) == 1
