"""The rater's page: one blinded sheet at a time, and nothing from which an arm could be told.

The card's template is `assets/rate.html`, its behaviour `assets/rate.js`. What the browser may send
is checked in shape here; what a rater gets to see, and whose anything is, `desk.py` decides.
"""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from audit_app.desk import RatingDesk
from audit_app.pages.frame import (
    NO_CHANGE_TEXT,
    Card,
    CardValue,
    build_card_page,
    sentence_for,
)
from audit_app.quick_gradio import gr
from audit_app.ratings import Answers
from audit_app.remarks import RemarkWords
from audit_app.sign_in import signed_in_as
from audit_app.standings import Standings
from audit_app.web_guard import Answer
from study.errors import BadInput, NotAllowed, StudyError

_log = logging.getLogger(__name__)

Short = Annotated[str, Field(max_length=200)]
Long = Annotated[str, Field(max_length=10_000)]


class _FromBrowser(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class _Action(_FromBrowser):
    attempt: int
    """Counts what one page sends, so that the page knows which one an answer is for."""


class Rate(_Action):
    """A submitted sheet, in shape but not yet in content checked."""

    action: Literal["rate"]
    token: Short
    answers: dict[Short, Short]
    reason: Long
    seconds: Annotated[float, Field(ge=0)]
    layout: Short
    idempotency_key: Short


class Remark(_Action):
    """A skip or a problem report."""

    action: Literal["skip", "problem"]
    token: Short
    reason: Short
    text: Long
    idempotency_key: Short


class Reopen(_Action):
    """The wish to change one of the own ratings."""

    action: Literal["reopen"]
    token: Short


class Look(_Action):
    """The wish to see something else: the last rating, all of them, or what is due."""

    action: Literal["undo", "mine", "next"]


Action = Rate | Remark | Reopen | Look
_ACTION: TypeAdapter[Action] = TypeAdapter(Annotated[Action, Field(discriminator="action")])


class Draft(_FromBrowser):
    """Answers that are chosen but not submitted."""

    token: Short
    answers: dict[Short, Long]
    tab: Short


class Activity(_FromBrowser):
    """A sign that a page is open."""

    token: Short | None
    tab: Short
    active: bool
    """Somebody was at the page, in view, within the last minute."""


def build_rate_page(standings: Standings, desk: RatingDesk) -> gr.Blocks:
    """The page at /rate, for annotators."""
    card = Card(
        title="Rate",
        role="annotator",
        name="rate",
        scripts=("card.js", "clock.js", "contact.js", "sheet.js", "views.js", "rate.js"),
        start="warmthAuditRate",
        show=desk.show,
        submit=lambda rater_id, sent: _answer(desk, rater_id, sent),
    )
    return build_card_page(standings.require, card)


def build_rate_routes(standings: Standings, desk: RatingDesk) -> Mapping[str, Answer]:
    """What the page sends by itself: drafts and signs of life, several to each submit.

    Coroutines, since nothing here waits but for the disk, and for the guard to answer with, since
    the way through FastAPI costs more than all the rest.
    """

    async def keep_draft(request: Request) -> Response:
        rater_id = annotator(request)
        draft = Draft.model_validate_json(await request.body())
        kept = desk.keep_draft(rater_id, draft.token, draft.answers, draft.tab)
        await asyncio.wrap_future(kept)
        return Response(status_code=204)

    async def hear(request: Request) -> Response:
        rater_id = annotator(request)
        activity = Activity.model_validate_json(await request.body())
        pulse = desk.hear(rater_id, activity.token, activity.tab, activity.active)
        return JSONResponse(asdict(pulse))

    def annotator(request: Request) -> str:
        rater_id = signed_in_as(request.session, "annotator")
        try:
            return standings.require(rater_id, "annotator").rater_id
        except NotAllowed as error:
            raise _Ended(str(error)) from error

    return {"/rate/draft": _refusing(keep_draft), "/rate/activity": _refusing(hear)}


class _Ended(NotAllowed):
    """The caller is let in no more, whatever was asked for."""


def _refusing(answer: Answer) -> Answer:
    async def answer_or_refuse(request: Request) -> Response:
        try:
            if request.method != "POST":
                return _refusal(405, "expected a POST")
            return await answer(request)
        except _Ended:
            return _refusal(403, "your access has ended", reason="ended")
        except NotAllowed:
            return _refusal(403, "this is not yours", reason="somebody_else")
        except (ValidationError, BadInput):
            return _refusal(422, "these answers cannot be kept")
        except StudyError:
            return _refusal(507, "the study could not store it")

    return answer_or_refuse


def _refusal(status: int, sentence: str, **more: str) -> Response:
    return JSONResponse({"detail": sentence, **more}, status)


def _answer(desk: RatingDesk, rater_id: str, sent: Any) -> CardValue:
    try:
        action = _ACTION.validate_python(sent)
    except ValidationError as error:
        raise gr.Error(NO_CHANGE_TEXT, print_exception=False) from error
    try:
        card = _act(desk, rater_id, action)
    except NotAllowed as error:
        raise gr.Error(str(error), print_exception=False) from error
    except StudyError as error:
        _log.warning("a rater's submit was refused: %s", error)
        card = _unchanged(desk, rater_id, action) | {"problem": sentence_for(error)}
    return card | {"attempt": action.attempt}


def _act(desk: RatingDesk, rater_id: str, action: Action) -> CardValue:
    match action:
        case Rate():
            answers = Answers(action.answers, action.reason, action.seconds, action.layout)
            return desk.rate(rater_id, action.token, answers, action.idempotency_key)
        case Remark():
            words = RemarkWords(action.action, action.reason, action.text)
            return desk.remark(rater_id, action.token, words, action.idempotency_key)
        case Reopen():
            return desk.reopen(rater_id, action.token)
        case Look(action="undo"):
            return desk.undo(rater_id)
        case Look(action="mine"):
            return desk.mine(rater_id)
        case _:
            return desk.show(rater_id)


def _unchanged(desk: RatingDesk, rater_id: str, action: Action) -> CardValue:
    """What the rater had before a refused action."""
    if isinstance(action, Look):
        return desk.show(rater_id)
    return desk.show_again(rater_id, action.token)
