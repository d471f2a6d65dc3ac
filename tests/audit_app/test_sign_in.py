from datetime import UTC, datetime, timedelta

import duckdb
import pytest

from audit_app.raters import invite
from audit_app.sign_in import (
    make_link_token,
    read_link_token,
    require_role,
    roles_of,
    signed_in_as,
)
from study.errors import NotAllowed

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
DAY_S = 24 * 3600.0


def test_a_link_says_whom_it_was_made_for():
    token = make_link_token("secret", "anna", "auditor", NOW)
    holder = read_link_token("secret", token, DAY_S, NOW + timedelta(hours=23))
    assert (holder.rater_id, holder.role) == ("anna", "auditor")
    assert token.isascii()
    assert "/" not in token


def test_a_link_expires_on_the_second():
    token = make_link_token("secret", "anna", "auditor", NOW)
    assert read_link_token("secret", token, DAY_S, NOW + timedelta(days=1))
    with pytest.raises(NotAllowed, match="expired; ask"):
        read_link_token("secret", token, DAY_S, NOW + timedelta(days=1, seconds=1))


@pytest.mark.parametrize("spoil", ["", "x", "eyJyYXRlciI6ICJhbm5hIn0", "ü"])
def test_what_is_no_link_is_refused(spoil: str):
    with pytest.raises(NotAllowed, match="not complete"):
        read_link_token("secret", spoil, DAY_S, NOW)


def test_a_link_of_another_study_or_with_one_letter_changed_is_refused():
    token = make_link_token("another secret", "anna", "auditor", NOW)
    with pytest.raises(NotAllowed):
        read_link_token("secret", token, DAY_S, NOW)
    own = make_link_token("secret", "anna", "annotator", NOW)
    changed = own.replace(own[5], "A" if own[5] != "A" else "B", 1)
    with pytest.raises(NotAllowed):
        read_link_token("secret", changed, DAY_S, NOW)


def test_one_browser_holds_one_sign_in_per_role():
    session = {"annotator": "anna", "owner": "olga", "auditor": 7}
    assert signed_in_as(session, "annotator") == "anna"
    assert signed_in_as(session, "auditor") is None
    assert roles_of(session) == ("annotator", "owner")


def test_a_role_is_looked_up_anew_at_every_call(con: duckdb.DuckDBPyConnection):
    invite(con, "annotator", NOW, "anna")
    assert require_role(con, "anna", "annotator").rater_id == "anna"
    for rater_id, role in (("anna", "auditor"), ("nobody", "annotator"), (None, "owner")):
        with pytest.raises(NotAllowed, match="link"):
            require_role(con, rater_id, role)  # type: ignore[arg-type]
