"""Remarks: skips and problem reports, in the rater's words. The only writer of `remarks`.

Rows are added, never changed. A sheet that is skipped comes back once, later; skipped again it
is not offered to this rater any more, and its replies go to the auditors, as they do when a text
is reported. Check pairs, rewrites and sentences are no replies of the study: what is said of
them is listed for the owner, by `overview.py`. An `Assignment` in a signature is the proof that the sheet is the caller's own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

import duckdb

from audit_app.flags import raise_by_rater
from audit_app.forms import check_choice
from audit_app.given_sheets import SKIPS
from audit_app.ratings import check_key, check_text
from audit_app.seating import Seating
from study.records import Assignment

RemarkKind = Literal["skip", "problem"]
SkipReason = Literal["unclear", "distressing", "not_my_field", "technical", "other"]
ProblemReason = Literal["display", "text", "question", "other"]

_SKIP_WORDS: dict[str, str] = {
    "unclear": "it is not understandable",
    "distressing": "it is distressing",
    "not_my_field": "it is outside the rater's field",
    "technical": "for a technical reason",
    "other": "for another reason",
}


@dataclass(frozen=True)
class RemarkWords:
    """What a rater says, as it came from the browser: `check_remark` looks at it."""

    kind: RemarkKind
    reason: str
    """One of `SkipReason` or `ProblemReason`, by kind."""
    text: str
    """In the rater's own words; may be empty, at most 2,000 characters."""


@dataclass(frozen=True)
class Remark:
    """A remark as it is stored."""

    token: str
    kind: RemarkKind
    number: int
    """The how-manieth of its kind about this sheet, from 1."""


def check_remark(words: RemarkWords, idempotency_key: str) -> None:
    """Let pass what `save_remark` can store; called before its job is queued.

    Raises:
        BadInput: the reason is not one of those allowed, or the text cannot be stored.
    """
    reasons = SkipReason if words.kind == "skip" else ProblemReason
    check_choice("reason", words.reason, get_args(reasons))
    check_text("text", words.text)
    check_key(idempotency_key)


_SELECT_BY_KEY = """
    SELECT token, kind, number
    FROM remarks
    WHERE idempotency_key = $idempotency_key
"""

_SELECT_LAST_NUMBER = """
    SELECT
        coalesce(max(m.number), 0) AS last_number,
        EXISTS (SELECT 1 FROM ratings AS r WHERE r.token = $token) AS is_rated
    FROM remarks AS m
    WHERE m.token = $token AND m.kind = $kind
"""

_INSERT_REMARK = """
    INSERT INTO remarks (token, kind, number, reason, text, idempotency_key, remarked_at)
    VALUES ($token, $kind, $number, $reason, $text, $idempotency_key, $remarked_at)
"""


def save_remark(
    cursor: duckdb.DuckDBPyConnection,
    seating: Seating,
    assignment: Assignment,
    words: RemarkWords,
    idempotency_key: str,
    now: datetime,
) -> Remark | None:
    """Store a remark, as part of a commit; nothing here refuses, so no forged one spoils it.

    Args:
        words: as `check_remark` let them pass.
        idempotency_key: of this sheet alone, drawn once per submit.
    Returns:
        What is stored under the key, unchanged when it was there before; None for a skip that
        cannot be, since the sheet is rated or was skipped twice.
    """
    row = cursor.execute(_SELECT_BY_KEY, {"idempotency_key": idempotency_key}).fetchone()
    if row is not None:
        return Remark(*row)
    about = {"token": assignment.token, "kind": words.kind}
    last = cursor.execute(_SELECT_LAST_NUMBER, about).fetchone()
    assert last is not None
    number, is_rated = last[0] + 1, last[1]
    if words.kind == "skip" and (is_rated or number > SKIPS):
        return None
    said = {"number": number, "reason": words.reason, "text": words.text}
    cursor.execute(
        _INSERT_REMARK, about | said | {"idempotency_key": idempotency_key, "remarked_at": now}
    )
    if words.kind == "skip":
        seating.note_skipped(cursor, assignment.token, number, now)
    if (words.kind, number) == ("skip", SKIPS) or (words.kind, words.reason) == ("problem", "text"):
        raise_by_rater(cursor, _replies_of(cursor, assignment), _flag_reason(words), now)
    return Remark(assignment.token, words.kind, number)


_SELECT_REPLIES = """
    SELECT first_response_id, second_response_id
    FROM pairs
    WHERE pair_id = $pair_id
"""


def _replies_of(cursor: duckdb.DuckDBPyConnection, assignment: Assignment) -> Sequence[Any]:
    if assignment.form == "reply":
        return (assignment.subject_id,)
    if assignment.form == "pair":
        row = cursor.execute(_SELECT_REPLIES, {"pair_id": assignment.subject_id}).fetchone()
        return row or ()
    return ()


def _flag_reason(words: RemarkWords) -> str:
    kind = (
        f"A rater skipped it twice: {_SKIP_WORDS[words.reason]}."
        if words.kind == "skip"
        else "A rater reported a problem with the text."
    )
    return f"{kind} In the rater's words: “{words.text}”" if words.text.strip() else kind
