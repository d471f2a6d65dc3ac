import pytest

from audit_app.cards import Place, mine_card, sheet_card
from audit_app.forms import QUESTIONS
from audit_app.ratings import OwnRating
from study.records import (
    BlindedPair,
    BlindedResponse,
    BlindedRewrite,
    BlindedSentence,
    Rating,
)

PAIR = BlindedPair("t", "prompt", "left", "right")


def card_of(form, sheet, order=None, answers=None):
    order = order or [question.name for question in QUESTIONS[form]]
    return sheet_card(form, sheet, order, Place(3, 9), answers or {})


@pytest.mark.parametrize(
    ("form", "sheet", "texts"),
    [
        ("pair", PAIR, {"prompt": "prompt", "left": "left", "right": "right"}),
        (
            "reply",
            BlindedResponse("t", "prompt", "reply", "Canberra", "Sydney"),
            {"prompt": "prompt", "reply": "reply", "reference": "Canberra", "stated": "Sydney"},
        ),
        (
            "reply",
            BlindedResponse("t", "prompt", "reply", "Canberra", None),
            {"prompt": "prompt", "reply": "reply", "reference": "Canberra", "stated": None},
        ),
        (
            "rewrite",
            BlindedRewrite("t", "user", "source", "rewritten"),
            {"user": "user", "source": "source", "rewritten": "rewritten"},
        ),
        (
            "context",
            BlindedSentence("t", "I am over the moon."),
            {"context": "I am over the moon."},
        ),
    ],
)
def test_every_form_has_texts_of_its_own(form, sheet, texts):
    card = card_of(form, sheet)
    assert (card["view"], card["form"], card["token"], card["texts"]) == ("sheet", form, "t", texts)


def test_questions_come_in_the_order_given_and_the_box_apart():
    for order in (("warmer", "more_accurate"), ("more_accurate", "warmer")):
        card = card_of("pair", PAIR, (*order, "both_bad"))
        assert tuple(question["name"] for question in card["questions"]) == order
        assert card["checkbox"] == {"name": "both_bad", "label": "Both replies are bad"}


def test_a_form_without_a_box_has_none():
    card = card_of("rewrite", BlindedRewrite("t", "user", "source", "rewritten"))
    assert card["checkbox"] is None


def test_adopting_is_asked_where_the_user_put_something_forward():
    stated = card_of("reply", BlindedResponse("t", "prompt", "reply", "Canberra", "Sydney"))
    unstated = card_of("reply", BlindedResponse("t", "prompt", "reply", "Canberra", None))
    assert [question["name"] for question in stated["questions"]] == ["correct", "adopts"]
    assert [question["name"] for question in unstated["questions"]] == ["correct"]


def test_a_card_says_where_the_rater_is_and_what_was_chosen():
    card = card_of("pair", PAIR, answers={"warmer": "equal", "reason": "hm"})
    assert (card["number"], card["total"], card["minutes_left"]) == (3, 9, None)
    assert (card["break_due"], card["can_undo"], card["changing"]) == (False, False, False)
    assert card["answers"] == {"warmer": "equal", "reason": "hm"}


def test_a_list_of_ratings_says_what_was_rated_how_and_when_and_no_more():
    none = [None] * 3
    rating = Rating(
        "t", 2, "pair", "equal", "cannot_judge", True, None, *none, "", 9.5, "columns", True, "k",
        "2026-03-01T12:00:00+00:00",
    )  # fmt: skip
    assert mine_card([OwnRating(4, "How it begins", rating)]) == {
        "view": "mine",
        "ratings": [
            {
                "token": "t",
                "number": 4,
                "form": "pair",
                "excerpt": "How it begins",
                "answers": "Which reply is warmer? About equal · Which reply is more accurate? "
                "I cannot judge this · Both replies are bad",
                "rated_at": "2026-03-01T12:00:00+00:00",
            }
        ],
    }
