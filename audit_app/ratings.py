"""Ratings: what one rater said about one blinded pair. The only writer of `ratings`.

Rows are never updated: a rater who changes their mind adds a revision, and the newest counts.
A submit that is sent twice under one idempotency key is stored once. Left and right are as
the rater saw them; only the statistics know what stood there. Which pair comes next is
decided in `assignment.py`.
"""

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, get_args

import duckdb

from audit_app.assignment import check_ownership
from study.database import transaction
from study.errors import BadInput, NotAllowed
from study.records import Accuracy, Preference, Rating

Layout = Literal["columns", "stacked"]

MAX_REASON_CHARACTERS = 2000
_MAX_KEY_CHARACTERS = 100


@dataclass(frozen=True)
class Answers:
    """What a rater submits, as it came from the browser: nothing is checked yet."""

    warmer: str
    """One of `Preference`."""
    more_accurate: str
    """One of `Accuracy`."""
    reason: str
    """In the rater's own words; may be empty, at most 2,000 characters."""
    seconds: float
    """Time the pair was visible before the submit, over refreshes; hidden time does not count."""
    layout: str
    """How the page showed the replies: `columns` or `stacked`."""


_SELECT_BY_KEY = """
    SELECT
        token, revision, warmer, more_accurate, reason, seconds, layout, idempotency_key, rated_at
    FROM ratings
    WHERE idempotency_key = $idempotency_key
"""

_SELECT_LAST_REVISION = "SELECT coalesce(max(revision), 0) FROM ratings WHERE token = $token"

_INSERT_RATING = """
    INSERT INTO ratings (
        token, revision, warmer, more_accurate, reason, seconds, layout, idempotency_key,
        rated_at)
    VALUES (
        $token, $revision, $warmer, $more_accurate, $reason, $seconds, $layout,
        $idempotency_key, $rated_at)
"""


def save_rating(
    con: duckdb.DuckDBPyConnection,
    rater_id: str,
    token: str,
    answers: Answers,
    idempotency_key: str,
    now: datetime,
) -> Rating:
    """Store a rating; when this returns, it is on the disk.

    Args:
        idempotency_key: drawn by the page once per submit. A key that is stored already
            answers with its rating, unchanged; a new key on a rated pair adds a revision.
    Raises:
        BadInput: an answer is missing or not one of those allowed; the message names it.
        NotAllowed: the pair is not this rater's, or the key belongs to another pair.
    """
    _check_answers(answers)
    _check_key(idempotency_key)
    with transaction(con) as cursor:
        check_ownership(cursor, token, rater_id)
        row = cursor.execute(_SELECT_BY_KEY, {"idempotency_key": idempotency_key}).fetchone()
        if row is None:
            row = _add_revision(cursor, token, answers, idempotency_key, now)
    if row[0] != token:
        raise NotAllowed(
            "expected an idempotency key of this pair, got one that was used for another; "
            "reload the page and submit again"
        )
    return _as_rating(row)


def _add_revision(
    cursor: duckdb.DuckDBPyConnection,
    token: str,
    answers: Answers,
    idempotency_key: str,
    now: datetime,
) -> tuple[Any, ...]:
    last = cursor.execute(_SELECT_LAST_REVISION, {"token": token}).fetchone()
    assert last is not None
    row = {
        "token": token,
        "revision": last[0] + 1,
        "warmer": answers.warmer,
        "more_accurate": answers.more_accurate,
        "reason": answers.reason,
        "seconds": float(answers.seconds),
        "layout": answers.layout,
        "idempotency_key": idempotency_key,
        "rated_at": now,
    }
    cursor.execute(_INSERT_RATING, row)
    return tuple(row.values())


def _check_answers(answers: Answers) -> None:
    _check_choice("warmer", answers.warmer, get_args(Preference))
    _check_choice("more_accurate", answers.more_accurate, get_args(Accuracy))
    _check_choice("layout", answers.layout, get_args(Layout))
    _check_reason(answers.reason)
    # DuckDB holds NaN for greater than every number, so the table's own check lets it pass
    if not (
        isinstance(answers.seconds, int | float)
        and math.isfinite(answers.seconds)
        and answers.seconds >= 0
    ):
        raise BadInput(
            f"seconds: expected a finite number of at least 0, got {answers.seconds!r:.80}; reload "
            "the page and submit again"
        )


def _check_choice(field: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise BadInput(
            f"{field}: expected one of {', '.join(allowed)}, got {value!r:.80}; choose one and "
            "submit again"
        )


def _check_reason(reason: str) -> None:
    if not isinstance(reason, str):
        raise BadInput(
            f"reason: expected text, which may be empty, got {reason!r:.80}; reload the page and "
            "submit again"
        )
    if len(reason) > MAX_REASON_CHARACTERS:
        raise BadInput(
            f"reason: expected at most {MAX_REASON_CHARACTERS} characters, got {len(reason)}; "
            "shorten it and submit again"
        )
    try:
        reason.encode()
    except UnicodeEncodeError as error:
        raise BadInput(
            "reason: expected text, got half of a character that takes two; type it anew and "
            "submit again"
        ) from error


def _check_key(idempotency_key: str) -> None:
    if not (
        0 < len(idempotency_key) <= _MAX_KEY_CHARACTERS
        and idempotency_key.isascii()
        and idempotency_key.isprintable()
    ):
        raise BadInput(
            f"idempotency_key: expected 1 to {_MAX_KEY_CHARACTERS} printable ASCII characters, "
            f"got {idempotency_key!r:.80}; reload the page and submit again"
        )


def _as_rating(row: tuple[Any, ...]) -> Rating:
    # a cursor does not take over the connection's TimeZone: DuckDB answers in local time
    return Rating(*[*row[:-1], row[-1].astimezone(UTC).isoformat()])
