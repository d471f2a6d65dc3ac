"""The auditor's page: one flagged reply at a time, blind to its arm until none is left.

The card is one component whose value is everything the browser learns. Its template is
`assets/audit.html`, its behaviour `assets/audit.js`. Order, rulings and the moment at which
arms are told are decided in `audit_app.audits`.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import duckdb
import gradio as gr
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from audit_app.audits import (
    Ruling,
    audit_progress,
    blinded_reply,
    my_decisions,
    next_reply,
    save_decision,
)
from audit_app.pages.frame import (
    NO_CHANGE_TEXT,
    PRIVATE,
    asset_text,
    new_blocks,
    script_tag,
    sentence_for,
)
from audit_app.sign_in import caller
from study.errors import NotAllowed, StudyError
from study.records import BlindedReply

_log = logging.getLogger(__name__)
_CHECK_EVERY_S = 5
_ON_LOAD = "warmthAuditAudit(element, trigger, props, watch);"

Short = Annotated[str, Field(max_length=200)]
Long = Annotated[str, Field(max_length=10_000)]


class Submission(BaseModel):
    """A submitted ruling, in shape but not yet in content checked."""

    model_config = ConfigDict(extra="forbid", strict=True)

    token: Short
    label: Short
    severity: int
    quoted_span: Long
    reason: Long
    attempt: int
    """Counts the submits of one page, so that the page knows which one an answer is for."""


@dataclass(frozen=True)
class AuditDesk:
    """What the auditor's page works with."""

    con: duckdb.DuckDBPyConnection
    seed: int
    clock: Callable[[], datetime]
    more_to_come: Callable[[], bool]
    """Whether replies may still be flagged by a stage at work."""


def build_audit_page(desk: AuditDesk) -> gr.Blocks:
    """The page at /audit, for auditors."""

    def show(request: gr.Request) -> dict[Any, Any]:
        auditor = caller(desk.con, request, "auditor")
        return shown(_next_card(desk, auditor.rater_id))

    def submit(event: gr.EventData, request: gr.Request) -> dict[Any, Any]:
        auditor = caller(desk.con, request, "auditor")
        return shown(_submit(desk, auditor.rater_id, event._data))

    def shown(value: dict[str, Any]) -> dict[Any, Any]:
        return {card: value, timer: gr.Timer(active=value["view"] == "waiting")}

    page = new_blocks("Audit")
    with page:
        card = gr.HTML(
            value={"view": "loading"},
            html_template=asset_text("audit.html"),
            js_on_load=_ON_LOAD,
            head=script_tag("card.js") + script_tag("audit.js"),
            apply_default_css=False,
        )
        timer = gr.Timer(_CHECK_EVERY_S, active=False)
        page.load(show, outputs=[card, timer], **PRIVATE)
        timer.tick(show, outputs=[card, timer], **PRIVATE)
        card.submit(submit, outputs=[card, timer], **PRIVATE)
    return page


def _submit(desk: AuditDesk, auditor_id: str, submitted: Any) -> dict[str, Any]:
    try:
        sent = Submission.model_validate(submitted)
    except ValidationError as error:
        raise gr.Error(NO_CHANGE_TEXT, print_exception=False) from error
    ruling = Ruling(sent.label, sent.severity, sent.quoted_span, sent.reason)
    try:
        decision = save_decision(desk.con, auditor_id, sent.token, ruling, desk.clock())
    except NotAllowed as error:
        raise gr.Error(str(error), print_exception=False) from error
    except StudyError as error:
        _log.warning("a ruling was refused: %s", error)
        reply = blinded_reply(desk.con, sent.token)
        return _card(desk, auditor_id, reply) | {
            "problem": sentence_for(error),
            "attempt": sent.attempt,
        }
    saved = datetime.fromisoformat(decision.decided_at).strftime("Saved %H:%M:%S UTC")
    return _next_card(desk, auditor_id) | {"saved": saved, "attempt": sent.attempt}


def _next_card(desk: AuditDesk, auditor_id: str) -> dict[str, Any]:
    """What the browser gets to show: a reply, or the auditor's own rulings."""
    reply = next_reply(desk.con, auditor_id, desk.seed)
    if reply is not None:
        return _card(desk, auditor_id, reply)
    if desk.more_to_come():
        # the queue is empty for the moment only: arms told now would unblind what comes next
        decided = audit_progress(desk.con, auditor_id).decided
        return {"view": "waiting", "decided": decided}
    return {"view": "done", "decisions": _decisions(desk, auditor_id)}


def _card(desk: AuditDesk, auditor_id: str, reply: BlindedReply) -> dict[str, Any]:
    progress = audit_progress(desk.con, auditor_id)
    return {
        "view": "reply",
        "token": reply.token,
        "number": progress.decided + 1,
        "total": progress.decided + max(progress.waiting, 1),
        "prompt": reply.prompt_text,
        "reply": reply.reply_text,
        "reference": reply.reference,
        "stated": reply.stated_answer,
        "flag_reason": reply.flag_reason,
    }


def _decisions(desk: AuditDesk, auditor_id: str) -> list[dict[str, Any]]:
    return [
        {
            "reply": blinded_reply(desk.con, decided.token).reply_text,
            "label": decided.label,
            "severity": decided.severity,
            "reason": decided.reason,
            "arm": decided.arm,
        }
        for decided in my_decisions(desk.con, auditor_id)
    ]
