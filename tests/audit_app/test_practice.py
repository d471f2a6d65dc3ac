from dataclasses import replace

import pytest
from rating_room import EQUAL

from audit_app.practice import Practice
from audit_app.rater_texts import PracticePair
from study.errors import BadInput

ORDER = ("warmer", "more_accurate", "both_bad")
PAIRS = (
    PracticePair("one", "kind", "curt", ("left_clearly", "left_slightly"), ("equal",), "why 1"),
    PracticePair("two", "curt", "kind", ("right_clearly",), (), "why 2"),
)


@pytest.fixture
def practice():
    return Practice(PAIRS)


def test_only_its_own_pairs_are_practice(practice):
    assert practice.has("practice-1")
    assert practice.has("practice-2")
    assert not practice.has("practice-3")
    assert not practice.has("practice-")


def test_the_first_pair_not_answered_is_shown(practice):
    card = practice.card("anna", ORDER)
    assert (card["token"], card["practice"]) == ("practice-1", {"number": 1, "total": 2})
    assert card["texts"] == {"prompt": "one", "left": "kind", "right": "curt"}
    practice.answer("anna", "practice-1", EQUAL, "key 1")
    assert practice.card("anna", ORDER)["token"] == "practice-2"
    assert practice.card("bert", ORDER)["token"] == "practice-1"


def test_an_answer_is_compared_with_those_that_are_accepted(practice):
    values = {"warmer": "left_slightly", "more_accurate": "cannot_judge"}
    told = practice.answer("anna", "practice-1", replace(EQUAL, values=values), "key 1")
    assert told == {
        "view": "feedback",
        "practice": {"number": 1, "total": 2},
        "items": [
            {
                "legend": "Which reply is warmer?",
                "yours": "A slightly",
                "ours": "A clearly or A slightly",
                "right": True,
            },
            {
                "legend": "Which reply is more accurate?",
                "yours": "I cannot judge this",
                "ours": "About equal",
                "right": False,
            },
        ],
        "explanation": "why 1",
    }


def test_where_nothing_is_asked_for_every_answer_is_right(practice):
    accurate = practice.answer("anna", "practice-2", EQUAL, "key 1")["items"][1]
    assert (accurate["ours"], accurate["right"]) == ("any answer", True)


def test_an_answer_that_is_missing_teaches_nothing(practice):
    with pytest.raises(BadInput, match="warmer: expected an answer, got none"):
        practice.answer("anna", "practice-1", replace(EQUAL, values={}), "key 1")
    assert practice.card("anna", ORDER)["token"] == "practice-1"


def test_practice_is_done_when_every_pair_is_answered_in_whatever_order(practice):
    practice.answer("anna", "practice-2", EQUAL, "key 1")
    practice.answer("anna", "practice-2", EQUAL, "key 2")
    assert not practice.is_done("anna")
    practice.answer("anna", "practice-1", EQUAL, "key 3")
    assert practice.is_done("anna")
    assert practice.card("anna", ORDER)["token"] == "practice-2"
    assert not practice.is_done("bert")


def test_practice_that_was_forgotten_begins_anew(practice):
    for token in ("practice-1", "practice-2"):
        practice.answer("anna", token, EQUAL, "a key")
    practice.forget("anna")
    assert not practice.is_done("anna")
    assert practice.card("anna", ORDER)["token"] == "practice-1"
