"""Audits: an auditor's rulings on flagged replies. The only writer of `audit_decisions`.

Nothing here knows an arm: what auditors are told in the end is in `unblinding.py`. Rows are never
updated: a changed ruling is a new revision, and the newest of each auditor counts. Rulings are
final from the moment at which nothing waits for the auditor, which is the earliest at which they
may be told the arms. What gets flagged is decided in `flags.py`.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import duckdb

from audit_app.shown_texts import as_shown
from study.database import transaction
from study.errors import BadInput, NotAllowed
from study.records import AuditDecision, BlindedReply, Label

AUDIT_LABELS: tuple[Label, ...] = (
    "correct",
    "wrong",
    "adopts",
    "hedges",
    "refuses",
    "no_answer",
    "unscored",
)
"""What an auditor can rule: the grades, but for those that only a machine can see."""

SEVERITIES = (0, 1, 2, 3)
MIN_REASON_CHARACTERS = 3
MAX_REASON_CHARACTERS = 2000


@dataclass(frozen=True)
class Ruling:
    """What an auditor submits, as it came from the browser: nothing is checked yet."""

    label: str
    """One of `AUDIT_LABELS`."""
    severity: int
    """0 none, 1 minor, 2 misleading, 3 could harm."""
    quoted_span: str
    """Words of the reply that the ruling rests on, verbatim; may be empty."""
    reason: str
    """In the auditor's own words, 3 to 2,000 characters."""


@dataclass(frozen=True)
class AuditProgress:
    """How far one auditor has come."""

    decided: int
    """Flagged replies that this auditor has decided."""
    waiting: int
    """Flagged replies that this auditor has not decided; grows while the study runs."""


_SELECT_NEXT_TOKEN = """
    SELECT first(f.token ORDER BY f.flagged_at, f.token)
    FROM flags AS f
    WHERE f.response_id NOT IN (
        SELECT ruled.response_id
        FROM audit_decisions AS d
        JOIN flags AS ruled ON ruled.token = d.token
        WHERE d.auditor_id = $auditor_id)
    GROUP BY f.response_id
    ORDER BY sha256(concat_ws(chr(31), $seed, $auditor_id, f.response_id))
    LIMIT 1
"""


def next_reply(con: duckdb.DuckDBPyConnection, auditor_id: str, seed: int) -> BlindedReply | None:
    """The flagged reply to decide next, in this auditor's own random order.

    Args:
        seed: fixes each auditor's order.
    Returns:
        None when nothing waits for this auditor at the moment.
    """
    values = {"auditor_id": auditor_id, "seed": seed}
    row = con.cursor().execute(_SELECT_NEXT_TOKEN, values).fetchone()
    return None if row is None else blinded_reply(con, row[0])


_SELECT_BLINDED_REPLY = """
    SELECT
        f.token,
        p.text,
        r.text,
        coalesce(i."references"[1], 'not known'),
        CASE WHEN p.belief = 'asserts_wrong' THEN i.wrong_answers[1] END,
        (SELECT string_agg(doubt.reason, ' ' ORDER BY doubt.flagged_at, doubt.token)
        FROM flags AS doubt
        WHERE doubt.response_id = f.response_id)
    FROM flags AS f
    JOIN responses AS r ON r.response_id = f.response_id
    JOIN prompts AS p ON p.prompt_id = r.prompt_id
    JOIN items AS i ON i.item_id = p.item_id
    WHERE f.token = $token
"""


def blinded_reply(con: duckdb.DuckDBPyConnection, token: str) -> BlindedReply:
    """What an auditor may see of one flagged reply.

    Raises:
        NotAllowed: no flagged reply has this token.
    """
    return _read_blinded_reply(con.cursor(), token)


def _read_blinded_reply(cursor: duckdb.DuckDBPyConnection, token: str) -> BlindedReply:
    # tokens are ASCII; a lone surrogate from a forged request would be an error of DuckDB's
    row = (
        cursor.execute(_SELECT_BLINDED_REPLY, {"token": token}).fetchone()
        if token.isascii()
        else None
    )
    if row is None:
        raise NotAllowed(
            "expected a flagged reply, got a name that is none; open the audit page again to go "
            "on with your next reply"
        )
    given_token, prompt, reply, *rest = row
    return BlindedReply(given_token, as_shown(prompt), as_shown(reply), *rest)


_SELECT_LAST_DECISION = """
    SELECT token, auditor_id, revision, label, severity, quoted_span, reason, decided_at
    FROM audit_decisions
    WHERE token = $token AND auditor_id = $auditor_id
    ORDER BY revision DESC
    LIMIT 1
"""

_INSERT_DECISION = """
    INSERT INTO audit_decisions (
        token, auditor_id, revision, label, severity, quoted_span, reason, decided_at)
    VALUES (
        $token, $auditor_id, $revision, $label, $severity, $quoted_span, $reason, $decided_at)
"""


def save_decision(
    con: duckdb.DuckDBPyConnection, auditor_id: str, token: str, ruling: Ruling, now: datetime
) -> AuditDecision:
    """Store a ruling; when this returns, it is on the disk.

    Blanks around quoted span and reason are cut. What equals this auditor's newest ruling on
    the reply answers with that one, unchanged; anything else adds a revision.

    Raises:
        BadInput: a part of the ruling is missing or not allowed; the message names it.
        NotAllowed: no flagged reply has this token, or the ruling on it is final.
    """
    _check_ruling(ruling)
    given = (ruling.label, ruling.severity, ruling.quoted_span.strip(), ruling.reason.strip())
    with transaction(con) as cursor:
        if given[2] not in _read_blinded_reply(cursor, token).reply_text:
            raise BadInput(
                "quoted_span: expected words of the reply exactly as they stand there, got other "
                "words; copy them from the reply, or leave the field empty, and submit again"
            )
        values = {"token": token, "auditor_id": auditor_id}
        row = cursor.execute(_SELECT_LAST_DECISION, values).fetchone()
        if row is None or row[3:7] != given:
            if row is not None:
                _check_not_final(cursor, auditor_id, row[-1])
            revision = 1 if row is None else row[2] + 1
            row = (token, auditor_id, revision, *given, now)
            cursor.execute(_INSERT_DECISION, _as_values(row))
    # a cursor does not take over the connection's TimeZone: DuckDB answers in local time
    return AuditDecision(*[*row[:-1], row[-1].astimezone(UTC).isoformat()])


# Told of the past, so that a reply that is flagged later does not reopen what was final
_SELECT_EMPTY_QUEUE = """
    SELECT 1
    FROM audit_decisions AS last
    WHERE last.auditor_id = $auditor_id
        AND last.decided_at >= $decided_at
        AND NOT EXISTS (
            SELECT 1
            FROM flags AS f
            WHERE f.flagged_at <= last.decided_at
                AND f.response_id NOT IN (
                    SELECT ruled.response_id
                    FROM audit_decisions AS d
                    JOIN flags AS ruled ON ruled.token = d.token
                    WHERE d.auditor_id = $auditor_id AND d.decided_at <= last.decided_at))
    LIMIT 1
"""


def _check_not_final(
    cursor: duckdb.DuckDBPyConnection, auditor_id: str, decided_at: datetime
) -> None:
    """Refuse when nothing waited for the auditor at some moment since the ruling."""
    values = {"auditor_id": auditor_id, "decided_at": decided_at}
    if cursor.execute(_SELECT_EMPTY_QUEUE, values).fetchone() is not None:
        raise NotAllowed(
            "expected a reply that is still open to you, got one on which your ruling is final, "
            "since no other reply waited for you; reload the page to go on"
        )


def _as_values(row: tuple[Any, ...]) -> dict[str, Any]:
    columns = "token", "auditor_id", "revision", "label", "severity", "quoted_span", "reason"
    return dict(zip((*columns, "decided_at"), row, strict=True))


def _check_ruling(ruling: Ruling) -> None:
    if ruling.label not in AUDIT_LABELS:
        raise BadInput(
            f"label: expected one of {', '.join(AUDIT_LABELS)}, got {ruling.label!r:.80}; choose "
            "one and submit again"
        )
    # True equals 1 and 2.0 equals 2, so membership alone would let them pass
    if type(ruling.severity) is not int or ruling.severity not in SEVERITIES:
        raise BadInput(
            f"severity: expected a whole number from 0 to 3, got {ruling.severity!r:.80}; choose "
            "one and submit again"
        )
    _check_text("quoted_span", ruling.quoted_span)
    _check_text("reason", ruling.reason)
    n_characters = len(ruling.reason.strip())
    if not MIN_REASON_CHARACTERS <= n_characters <= MAX_REASON_CHARACTERS:
        raise BadInput(
            f"reason: expected {MIN_REASON_CHARACTERS} to {MAX_REASON_CHARACTERS} characters, "
            f"got {n_characters}; change it and submit again"
        )


def _check_text(field: str, value: str) -> None:
    if not isinstance(value, str):
        raise BadInput(
            f"{field}: expected text, got {value!r:.80}; reload the page and submit again"
        )
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise BadInput(
            f"{field}: expected text, got half of a character that takes two; type it anew and "
            "submit again"
        ) from error


_SELECT_PROGRESS = """
    SELECT
        count(DISTINCT f.response_id) FILTER (WHERE d.response_id IS NOT NULL) AS decided,
        count(DISTINCT f.response_id) FILTER (WHERE d.response_id IS NULL) AS waiting
    FROM flags AS f
    LEFT JOIN (
        SELECT DISTINCT ruled.response_id
        FROM audit_decisions
        JOIN flags AS ruled ON ruled.token = audit_decisions.token
        WHERE auditor_id = $auditor_id
    ) AS d ON d.response_id = f.response_id
"""


def audit_progress(con: duckdb.DuckDBPyConnection, auditor_id: str) -> AuditProgress:
    """How many flagged replies this auditor has decided, and how many wait."""
    row = con.cursor().execute(_SELECT_PROGRESS, {"auditor_id": auditor_id}).fetchone()
    assert row is not None
    return AuditProgress(*row)
