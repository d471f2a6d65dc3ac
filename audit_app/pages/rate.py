"""The rater's page: one blinded pair, two questions, and nothing from which an arm could be told.

The card is one component whose value is everything the browser learns. Its template is
`assets/rate.html`, its behaviour `assets/rate.js`. Which pair comes next, what a rating may
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
    PRIVATE,
    asset_text,
    new_blocks,
    script_tag,
    sentence_for,
)
from audit_app.ratings import Answers, save_rating
from audit_app.sign_in import caller, require_role, signed_in_as
from study.errors import BadInput, NotAllowed, StudyError
from study.records import BlindedPair
from study.settings import Settings

_log = logging.getLogger(__name__)
_CHECK_EVERY_S = 5
_ON_LOAD = "warmthAuditRate(element, trigger, props, watch);"

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
    """What the rater's page works with."""

    con: duckdb.DuckDBPyConnection
    settings: Settings
    clock: Clock
    more_to_come: Callable[[], bool]
    """Whether pairs may still be added to the study."""


def build_rate_page(desk: RatingDesk) -> gr.Blocks:
    """The page at /rate, for annotators."""

    def show(request: gr.Request) -> dict[Any, Any]:
        rater = caller(desk.con, request, "annotator")
        return shown(_next_card(desk, rater.rater_id))

    def submit(event: gr.EventData, request: gr.Request) -> dict[Any, Any]:
        rater = caller(desk.con, request, "annotator")
        return shown(_submit(desk, rater.rater_id, event._data))

    def shown(value: dict[str, Any]) -> dict[Any, Any]:
        return {card: value, timer: gr.Timer(active=value["view"] == "waiting")}

    page = new_blocks("Rate")
    with page:
        card = gr.HTML(
            value={"view": "loading"},
            html_template=asset_text("rate.html"),
            js_on_load=_ON_LOAD,
            head=script_tag("card.js") + script_tag("rate.js"),
            apply_default_css=False,
        )
        timer = gr.Timer(_CHECK_EVERY_S, active=False)
        page.load(show, outputs=[card, timer], **PRIVATE)
        timer.tick(show, outputs=[card, timer], **PRIVATE)
        card.submit(submit, outputs=[card, timer], **PRIVATE)
    return page


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


def _submit(desk: RatingDesk, rater_id: str, submitted: Any) -> dict[str, Any]:
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


def _next_card(desk: RatingDesk, rater_id: str) -> dict[str, Any]:
    """What the browser gets to show: a pair, or why there is none."""
    settings = desk.settings
    pair = next_pair(
        desk.con, rater_id, settings.seed, settings.rating.raters_per_pair, desk.clock()
    )
    if pair is not None:
        return _card(desk, rater_id, pair)
    done = rater_progress(desk.con, rater_id, settings.rating.raters_per_pair).done
    view = "waiting" if desk.more_to_come() or done == 0 else "done"
    return {"view": view, "done": done}


def _card(desk: RatingDesk, rater_id: str, pair: BlindedPair) -> dict[str, Any]:
    progress = rater_progress(desk.con, rater_id, desk.settings.rating.raters_per_pair)
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
