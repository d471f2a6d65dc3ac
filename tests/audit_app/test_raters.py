import threading
from datetime import timedelta

import pytest

from audit_app.raters import get_rater, invite, list_raters
from study.errors import BadInput, NotAllowed
from study.records import Rater


def test_an_invited_rater_is_found_again(con, noon):
    rater = invite(con, "annotator", noon, "anna")
    assert rater == Rater("anna", "annotator", "2026-03-01T12:00:00+00:00")
    assert get_rater(con, "anna") == rater


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
    assert get_rater(con, stranger) is None


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
