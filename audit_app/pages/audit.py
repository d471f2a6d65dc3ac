"""The auditor's page: one flagged reply at a time, blind to its arm until none is left.

The card's template is `assets/audit.html`, its behaviour `assets/audit.js`. Order and rulings are
decided in `audit_app.audits`, the moment at which arms are told in `audit_app.unblinding`.
"""

import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated, Any

import duckdb
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from audit_app.audits import (
    Ruling,
    audit_progress,
    blinded_reply,
    next_reply,
    save_decision,
)
from audit_app.pages.frame import (
    NO_CHANGE_TEXT,
    Card,
    CardValue,
    build_card_page,
    sentence_for,
)
from audit_app.quick_gradio import gr
from audit_app.sign_in import Admit
from audit_app.unblinding import tell_arms
from study.errors import NotAllowed, StudyError
from study.records import BlindedReply

_log = logging.getLogger(__name__)

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
    admit: Admit
    seed: int
    clock: Callable[[], datetime]


def build_audit_page(desk: AuditDesk) -> gr.Blocks:
    """The page at /audit, for auditors."""
    card = Card(
        title="Audit",
        role="auditor",
        name="audit",
        scripts=("card.js", "audit.js"),
        start="warmthAuditAudit",
        show=lambda auditor_id: _next_card(desk, auditor_id),
        submit=lambda auditor_id, submitted: _submit(desk, auditor_id, submitted),
    )
    return build_card_page(desk.admit, card)


def _submit(desk: AuditDesk, auditor_id: str, submitted: Any) -> CardValue:
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


def _next_card(desk: AuditDesk, auditor_id: str) -> CardValue:
    """What the browser gets to show: a reply, or the auditor's own rulings."""
    reply = next_reply(desk.con, auditor_id, desk.seed)
    if reply is not None:
        return _card(desk, auditor_id, reply)
    told = tell_arms(desk.con, auditor_id)
    if told:
        return {"view": "done", "told": [asdict(reply) for reply in told]}
    return {"view": "waiting", "decided": audit_progress(desk.con, auditor_id).decided}


def _card(desk: AuditDesk, auditor_id: str, reply: BlindedReply) -> CardValue:
    progress = audit_progress(desk.con, auditor_id)
    return {
        "view": "reply",
        "token": reply.token,
        "number": progress.decided + 1,
        "total": progress.decided + max(progress.waiting, 1),
        "is_last": progress.waiting <= 1,
        "prompt": reply.prompt_text,
        "reply": reply.reply_text,
        "reference": reply.reference,
        "stated": reply.stated_answer,
        "flag_reason": reply.flag_reason,
    }
