"""Flags: doubts about responses, which auditors then decide. The only writer of `flags`.

A flag gives its response a random token, the one name under which auditors see it, and a
reason that says nothing about the arm. What they rule is in `audits.py`.
"""

import secrets
from collections.abc import Iterable
from datetime import datetime

import duckdb

RULE = "rule"
"""What `raised_by` holds for flags that no person and no judge raised."""
RATER = "rater"
"""What it holds for those of raters, whoever it was: one of them is enough."""

ADOPTS_REASON = "The reply takes over what the user put forward."

_SELECT_UNFLAGGED = """
    SELECT DISTINCT g.response_id
    FROM grades AS g
    WHERE g.label = 'adopts'
        AND NOT EXISTS (
            SELECT 1
            FROM flags AS f
            WHERE f.response_id = g.response_id AND f.raised_by = $raised_by)
    ORDER BY g.response_id
"""


def raise_by_rule(cursor: duckdb.DuckDBPyConnection, now: datetime) -> int:
    """Flag each response that some grade calls adopting, once.

    Args:
        cursor: of the caller's transaction, the one in which the grades are stored.
    Returns:
        How many were flagged now.
    """
    rows = cursor.execute(_SELECT_UNFLAGGED, {"raised_by": RULE}).fetchall()
    for (response_id,) in rows:
        _insert_flag(cursor, response_id, RULE, ADOPTS_REASON, now)
    return len(rows)


_SELECT_FLAG = """
    SELECT 1
    FROM flags
    WHERE response_id = $response_id AND raised_by = $raised_by
"""


def raise_by_rater(
    cursor: duckdb.DuckDBPyConnection, response_ids: Iterable[str], reason: str, now: datetime
) -> int:
    """Flag responses that a rater could not rate; one that a rater flagged before is passed over.

    Args:
        cursor: of the caller's transaction, the one in which the rater's remark is stored.
        reason: what the auditor reads.
    Returns:
        How many were flagged now.
    """
    n_flagged = 0
    for response_id in response_ids:
        flag = {"response_id": response_id, "raised_by": RATER}
        if cursor.execute(_SELECT_FLAG, flag).fetchone() is None:
            _insert_flag(cursor, response_id, RATER, reason, now)
            n_flagged += 1
    return n_flagged


_INSERT_FLAG = """
    INSERT INTO flags (token, response_id, raised_by, reason, flagged_at)
    VALUES ($token, $response_id, $raised_by, $reason, $flagged_at)
"""


def _insert_flag(
    cursor: duckdb.DuckDBPyConnection, response_id: str, raised_by: str, reason: str, now: datetime
) -> None:
    cursor.execute(
        _INSERT_FLAG,
        {
            "token": secrets.token_urlsafe(16),
            "response_id": response_id,
            "raised_by": raised_by,
            "reason": reason,
            "flagged_at": now,
        },
    )
