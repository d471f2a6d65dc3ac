"""What the rater's page gets to show, as plain values that go to the browser as they are.

Everything in a card is seen by the rater: nothing comes in here but blinded sheets, the rater's
own answers and counts. Which card is due is decided in `desk.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

from audit_app.forms import Question, describe_answers, questions_of
from audit_app.ratings import OwnRating, answers_of
from study.records import (
    BlindedPair,
    BlindedResponse,
    BlindedRewrite,
    BlindedSentence,
    Form,
    Sheet,
)

RatingCard = dict[str, Any]
"""What the browser gets; `view` says which part of the page that is."""

START: RatingCard = {"view": "go", "to": "/start/"}
FINISH: RatingCard = {"view": "go", "to": "/finish/"}
PAUSED: RatingCard = {
    "view": "paused",
    "text": "The study is paused at the moment. Everything that you submitted is saved; this page "
    "goes on by itself when the study does.",
}


@dataclass(frozen=True)
class Place:
    """Where a sheet stands in a rater's work."""

    number: int
    total: int
    minutes_left: int | None = None
    """None while too few sheets are rated to tell."""
    break_due: bool = False
    can_undo: bool = False
    changing: bool = False
    """The sheet is rated already, and was opened again."""


def sheet_card(
    form: Form, sheet: Sheet, order: Sequence[str], place: Place, answers: Mapping[str, str]
) -> RatingCard:
    """One sheet with its questions.

    Args:
        order: of the questions, as `question_order` gives it to this rater.
        answers: what was chosen before, with `reason` and `seconds`; empty for a fresh sheet.
    """
    asked = sorted(questions_of(form, sheet), key=lambda question: order.index(question.name))
    boxes = [question for question in asked if not question.is_needed]
    return {
        "view": "sheet",
        "token": sheet.token,
        "form": form,
        "practice": None,
        "texts": _texts_of(sheet),
        "questions": [_question(question) for question in asked if question.is_needed],
        "checkbox": {"name": boxes[0].name, "label": boxes[0].legend} if boxes else None,
        "answers": dict(answers),
        **asdict(place),
    }


def mine_card(ratings: Sequence[OwnRating]) -> RatingCard:
    """All that a rater has rated, to open any of it again."""
    return {
        "view": "mine",
        "ratings": [
            {
                "token": own.rating.token,
                "number": own.number,
                "form": own.rating.form,
                "excerpt": own.excerpt,
                "answers": describe_answers(own.rating.form, answers_of(own.rating)),
                "rated_at": own.rating.rated_at,
            }
            for own in ratings
        ],
    }


@cache
def _question(question: Question) -> dict[str, Any]:
    return {
        "name": question.name,
        "legend": question.legend,
        "kind": question.kind,
        "choices": [asdict(choice) for choice in question.choices],
    }


def _texts_of(sheet: Sheet) -> dict[str, str | None]:
    match sheet:
        case BlindedPair():
            return {
                "prompt": sheet.prompt_text,
                "left": sheet.left_text,
                "right": sheet.right_text,
            }
        case BlindedResponse():
            return {
                "prompt": sheet.prompt_text,
                "reply": sheet.reply_text,
                "reference": sheet.reference,
                "stated": sheet.stated_answer,
            }
        case BlindedRewrite():
            return {
                "user": sheet.user_text,
                "source": sheet.source_text,
                "rewritten": sheet.rewritten_text,
            }
        case BlindedSentence():
            return {"context": sheet.text}
