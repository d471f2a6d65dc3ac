import base64
import json
import threading
from datetime import UTC, datetime, timedelta

import pytest
from itsdangerous import URLSafeSerializer

from audit_app.links import (
    is_used,
    is_void,
    make_link_token,
    read_link_token,
    renew_link,
    use_link,
)
from audit_app.raters import invite, restore, revoke
from study.errors import BadInput, NotAllowed

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
DAY_S = 24 * 3600.0


def test_a_link_says_whom_it_was_made_for():
    token = make_link_token("secret", "anna", "auditor", NOW)
    link = read_link_token("secret", token, DAY_S, NOW + timedelta(hours=23))
    assert (link.rater_id, link.role, link.works_once) == ("anna", "auditor", False)
    assert token.isascii()
    assert "/" not in token


def test_who_has_a_link_can_read_it():
    payload = make_link_token("secret", "anna", "auditor", NOW).split(".")[0]
    content = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert (content["rater"], content["role"], content["once"]) == ("anna", "auditor", False)


def test_no_two_links_of_a_person_are_equal():
    tokens = {make_link_token("secret", "anna", "annotator", NOW) for _ in range(50)}
    ids = {read_link_token("secret", token, DAY_S, NOW).link_id for token in tokens}
    assert len(tokens) == len(ids) == 50
    # 16 random bytes are 22 letters of base64
    assert {len(link_id) for link_id in ids} == {22}


def test_the_signature_has_256_bits():
    signature = make_link_token("secret", "anna", "auditor", NOW).rsplit(".", 1)[1]
    assert len(base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))) == 32


def test_a_link_expires_on_the_second():
    token = make_link_token("secret", "anna", "auditor", NOW)
    assert read_link_token("secret", token, DAY_S, NOW + timedelta(days=1))
    with pytest.raises(NotAllowed, match="expired; ask"):
        read_link_token("secret", token, DAY_S, NOW + timedelta(days=1, seconds=1))


@pytest.mark.parametrize("spoil", ["", "x", "eyJyYXRlciI6ICJhbm5hIn0", "ü", "a.b", "." * 99])
def test_what_is_no_link_is_refused(spoil: str):
    with pytest.raises(NotAllowed, match="not complete"):
        read_link_token("secret", spoil, DAY_S, NOW)


def test_a_link_of_another_study_or_of_an_older_form_is_refused():
    token = make_link_token("another secret", "anna", "auditor", NOW)
    old = {"rater": "anna", "role": "auditor", "made_at": int(NOW.timestamp())}
    sha1 = URLSafeSerializer("secret", salt="sign-in link").dumps(old)
    for wrong in (token, str(sha1)):
        with pytest.raises(NotAllowed, match="not complete"):
            read_link_token("secret", wrong, DAY_S, NOW)


def test_no_letter_of_a_link_can_be_changed():
    token = make_link_token("secret", "anna", "annotator", NOW)
    # the last letter holds 4 bits of the signature and 2 that count for nothing
    for place in range(len(token) - 1):
        other = "A" if token[place] != "A" else "B"
        with pytest.raises(NotAllowed):
            read_link_token("secret", token[:place] + other + token[place + 1 :], DAY_S, NOW)


def test_a_link_that_works_once_is_used_up_by_one_of_sixteen(con):
    token = make_link_token("secret", "olga", "owner", NOW, once=True)
    link = read_link_token("secret", token, DAY_S, NOW)
    assert link.works_once
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.append(use_link(con, link, NOW))) for _ in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [False] * 15 + [True]
    rows = con.execute("SELECT link_id, rater_id, used_at FROM used_links").fetchall()
    assert rows == [(link.link_id, "olga", NOW)]
    other = make_link_token("secret", "olga", "owner", NOW, once=True)
    assert use_link(con, read_link_token("secret", other, DAY_S, NOW), NOW)
    assert is_used(con, link)


def opened(token):
    return read_link_token("secret", token, DAY_S, NOW + timedelta(hours=1))


def test_a_new_link_voids_those_before_it_even_of_the_same_second(con):
    invite(con, "annotator", NOW, "anna")
    old = opened(make_link_token("secret", "anna", "annotator", NOW))
    other = opened(make_link_token("secret", "abel", "annotator", NOW))
    assert not is_void(con, old)
    first = opened(renew_link(con, "secret", "anna", "olga", NOW + timedelta(milliseconds=5)))
    assert (first.rater_id, first.role, first.works_once) == ("anna", "annotator", False)
    assert (is_void(con, old), is_void(con, first), is_void(con, other)) == (True, False, False)
    second = opened(renew_link(con, "secret", "anna", "otto", NOW + timedelta(milliseconds=6)))
    assert (is_void(con, first), is_void(con, second)) == (True, False)
    rows = con.execute("SELECT rater_id, number, renewed_by FROM link_renewals ORDER BY number")
    assert rows.fetchall() == [("anna", 1, "olga"), ("anna", 2, "otto")]


def test_a_link_of_before_the_end_of_access_stays_void_when_access_is_restored(con):
    invite(con, "annotator", NOW, "anna")
    leaked = opened(make_link_token("secret", "anna", "annotator", NOW))
    revoke(con, "anna", "The link is on a forum.", "olga", NOW + timedelta(minutes=1))
    with pytest.raises(NotAllowed, match="anna is let in no more; restore"):
        renew_link(con, "secret", "anna", "olga", NOW + timedelta(minutes=2))
    restore(con, "anna", "She asked for it.", "olga", NOW + timedelta(minutes=3))
    assert is_void(con, leaked)
    assert not is_void(
        con, opened(renew_link(con, "secret", "anna", "olga", NOW + timedelta(minutes=4)))
    )


def test_only_annotators_and_auditors_of_the_study_get_links_anew(con):
    invite(con, "owner", NOW, "olga")
    with pytest.raises(BadInput, match="expected somebody who was invited, got 'nobody'"):
        renew_link(con, "secret", "nobody", "olga", NOW)
    with pytest.raises(NotAllowed, match="olga is an owner, whose links work once"):
        renew_link(con, "secret", "olga", "olga", NOW)
    assert con.execute("SELECT count(*) FROM link_renewals").fetchone() == (0,)
