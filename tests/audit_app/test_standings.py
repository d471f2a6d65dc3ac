from concurrent.futures import ThreadPoolExecutor

import pytest

from audit_app.raters import invite
from audit_app.standings import Standings
from study.errors import BadInput, NotAllowed

WHY = "The owner's reason."


@pytest.fixture
def standings(con, noon):
    invite(con, "annotator", noon, "anna")
    return Standings(con)


def test_who_has_the_role_comes_in_and_nobody_else(standings):
    assert standings.require("anna", "annotator").rater_id == "anna"
    for rater_id, role in (("anna", "auditor"), ("nobody", "annotator"), (None, "annotator")):
        with pytest.raises(NotAllowed, match="open your own link again"):
            standings.require(rater_id, role)


def test_access_ends_and_begins_at_once_though_standings_are_remembered(standings, noon):
    standings.require("anna", "annotator")
    standings.revoke("anna", WHY, "olga", noon)
    with pytest.raises(NotAllowed, match="Your access to this study has ended"):
        standings.require("anna", "annotator")
    standings.restore("anna", WHY, "olga", noon)
    assert standings.require("anna", "annotator").rater_id == "anna"


def test_who_is_invited_later_is_known_at_once(con, standings, noon):
    with pytest.raises(NotAllowed):
        standings.require("bert", "annotator")
    invite(con, "annotator", noon, "bert")
    assert standings.require("bert", "annotator").rater_id == "bert"


def test_a_change_that_is_refused_changes_nothing(standings, noon):
    with pytest.raises(BadInput, match="reason: expected 1 to 2000 characters"):
        standings.revoke("anna", " ", "olga", noon)
    assert standings.require("anna", "annotator").rater_id == "anna"


def test_nobody_who_looks_while_access_ends_brings_it_back(con, standings, noon):
    names = [f"rater-{n}" for n in range(40)]
    for name in names:
        invite(con, "annotator", noon, name)

    def look(name):
        for _ in range(5):
            try:
                standings.require(name, "annotator")
            except NotAllowed:
                return

    with ThreadPoolExecutor(4) as pool:
        looks = [pool.submit(look, name) for name in names]
        for name in names:
            standings.revoke(name, WHY, "olga", noon)
        for one in looks:
            one.result()
    for name in names:
        with pytest.raises(NotAllowed):
            standings.require(name, "annotator")
