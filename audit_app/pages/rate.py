"""The rater's page: one blinded pair, two questions, and nothing from which an arm could be told.

The card's template is `assets/rate.html`, its behaviour `assets/rate.js`. Which pair comes next, what a rating may
hold and whose it is, the domain modules decide.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import duckdb
import gradio as gr
from fastapi import APIRouter, HTTPException, Request, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from audit_app.assignment import blinded_pair, next_pair, rater_progress
from audit_app.drafts import read_draft, save_draft
from audit_app.pages.frame import (
    NO_CHANGE_TEXT,
    Card,
    CardValue,
    build_card_page,
    sentence_for,
)
from audit_app.ratings import Answers, save_rating
from audit_app.sign_in import require_role, signed_in_as
from study.errors import BadInput, NotAllowed, StudyError
from study.records import BlindedPair

_log = logging.getLogger(__name__)

Short = Annotated[str, Field(max_length=200)]
Clock = Callable[[], datetime]


class _FromBrowser(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class Submission(_FromBrowser):
    """A submitted card, in shape but not yet in content checked."""

    token: Short
    warmer: Short
    more_accurate: Short
    reason: Annotated[str, Field(max_length=10_000)]
    seconds: Annotated[float, Field(ge=0)]
    layout: Short
    idempotency_key: Short
    attempt: int
    """Counts the submits of one page, so that the page knows which one an answer is for."""


class Draft(_FromBrowser):
    """Answers that are chosen but not submitted."""

    token: Short
    answers: dict[Short, Annotated[str, Field(max_length=10_000)]]


@dataclass(frozen=True)
class RatingDesk:
    """What the rater's page works with; no settings of the study, since they name arms."""

    con: duckdb.DuckDBPyConnection
    seed: int
    raters_per_pair: int
    clock: Clock
    more_to_come: Callable[[], bool]
    """Whether pairs may still be added to the study."""


def build_rate_page(desk: RatingDesk) -> gr.Blocks:
    """The page at /rate, for annotators."""
    card = Card(
        title="Rate",
        role="annotator",
        name="rate",
        start="warmthAuditRate",
        show=lambda rater_id: _next_card(desk, rater_id),
        submit=lambda rater_id, submitted: _submit(desk, rater_id, submitted),
    )
    return build_card_page(desk.con, card)


def build_draft_router(con: duckdb.DuckDBPyConnection, clock: Clock) -> APIRouter:
    """The route by which the page keeps unsent answers; no Gradio event, to stay light."""
    router = APIRouter(include_in_schema=False)

    @router.post("/rate/draft")
    def keep_draft(draft: Draft, request: Request) -> Response:
        try:
            rater = require_role(con, signed_in_as(request.session, "annotator"), "annotator")
            save_draft(con, rater.rater_id, draft.token, draft.answers, clock())
        except NotAllowed as error:
            raise HTTPException(403, "this pair is not yours") from error
        except BadInput as error:
            raise HTTPException(422, "these answers cannot be kept") from error
        return Response(status_code=204)

    return router


def _submit(desk: RatingDesk, rater_id: str, submitted: Any) -> CardValue:
    try:
        sent = Submission.model_validate(submitted)
    except ValidationError as error:
        raise gr.Error(NO_CHANGE_TEXT, print_exception=False) from error
    answers = Answers(sent.warmer, sent.more_accurate, sent.reason, sent.seconds, sent.layout)
    try:
        rating = save_rating(
            desk.con, rater_id, sent.token, answers, sent.idempotency_key, desk.clock()
        )
    except NotAllowed as error:
        raise gr.Error(str(error), print_exception=False) from error
    except StudyError as error:
        _log.warning("a rating was refused: %s", error)
        pair = blinded_pair(desk.con, sent.token, rater_id)
        return _card(desk, rater_id, pair) | {
            "problem": sentence_for(error),
            "attempt": sent.attempt,
        }
    saved = datetime.fromisoformat(rating.rated_at).strftime("Saved %H:%M:%S UTC")
    return _next_card(desk, rater_id) | {"saved": saved, "attempt": sent.attempt}


def _next_card(desk: RatingDesk, rater_id: str) -> CardValue:
    """What the browser gets to show: a pair, or why there is none."""
    pair = next_pair(desk.con, rater_id, desk.seed, desk.raters_per_pair, desk.clock())
    if pair is not None:
        return _card(desk, rater_id, pair)
    done = rater_progress(desk.con, rater_id, desk.raters_per_pair).done
    view = "waiting" if desk.more_to_come() or done == 0 else "done"
    return {"view": view, "done": done}


def _card(desk: RatingDesk, rater_id: str, pair: BlindedPair) -> CardValue:
    progress = rater_progress(desk.con, rater_id, desk.raters_per_pair)
    return {
        "view": "pair",
        "token": pair.token,
        "number": progress.done + 1,
        "total": max(progress.available, progress.done + 1),
        "prompt": pair.prompt_text,
        "left": pair.left_text,
        "right": pair.right_text,
        "answers": read_draft(desk.con, rater_id, pair.token),
    }
