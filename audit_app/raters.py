"""Raters: who may rate, audit or own a study. The only writer of `raters`.

A rater is a random id with one role; names, addresses and the ids of other services are
never stored here. How somebody proves to be a rater is decided where the app signs people in.
"""

import re
import secrets
from datetime import UTC, datetime
from typing import Any, get_args

import duckdb

from study.database import transaction
from study.errors import BadInput, NotAllowed
from study.records import Rater, Role

# No "@" and no space: an address or a name cannot be taken for an id by mistake
_RATER_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

_SELECT_RATER = """
    SELECT rater_id, role, invited_at
    FROM raters
    WHERE rater_id = $rater_id
"""

_INSERT_RATER = """
    INSERT INTO raters (rater_id, role, invited_at)
    VALUES ($rater_id, $role, $invited_at)
"""


def invite(
    con: duckdb.DuckDBPyConnection, role: Role, now: datetime, rater_id: str | None = None
) -> Rater:
    """Give a person a role; who already has it keeps the first invitation.

    Args:
        rater_id: 1 to 64 letters, digits, dots, dashes and underscores; None draws a random one.
    Raises:
        BadInput: the role is unknown, or the id has another form.
        NotAllowed: the id was invited with another role.
    """
    if role not in get_args(Role):
        raise BadInput(
            f"role: expected one of {', '.join(get_args(Role))}, got {role!r}; choose one of them"
        )
    chosen = secrets.token_hex(8) if rater_id is None else rater_id
    if not _RATER_ID.fullmatch(chosen):
        raise BadInput(
            "rater_id: expected 1 to 64 letters, digits, dots, dashes and underscores, got "
            f"{chosen!r:.80}; leave it out to have a random one drawn"
        )
    with transaction(con) as cursor:
        row = cursor.execute(_SELECT_RATER, {"rater_id": chosen}).fetchone()
        if row is None:
            cursor.execute(_INSERT_RATER, {"rater_id": chosen, "role": role, "invited_at": now})
            row = (chosen, role, now)
    rater = _as_rater(row)
    if rater.role != role:
        raise NotAllowed(
            f"{chosen} was invited as {rater.role} and cannot be {role} too; invite the person "
            "under another id"
        )
    return rater


def get_rater(con: duckdb.DuckDBPyConnection, rater_id: str) -> Rater | None:
    """The rater of this id, or None when nobody was invited under it."""
    if not _RATER_ID.fullmatch(rater_id):
        return None
    row = con.cursor().execute(_SELECT_RATER, {"rater_id": rater_id}).fetchone()
    return None if row is None else _as_rater(row)


_SELECT_RATERS = """
    SELECT rater_id, role, invited_at
    FROM raters
    ORDER BY invited_at, rater_id
"""


def list_raters(con: duckdb.DuckDBPyConnection) -> list[Rater]:
    """Everybody who was invited, the earliest first."""
    return [_as_rater(row) for row in con.cursor().execute(_SELECT_RATERS).fetchall()]


def _as_rater(row: tuple[Any, ...]) -> Rater:
    rater_id, role, invited_at = row
    # a cursor does not take over the connection's TimeZone: DuckDB answers in local time
    return Rater(rater_id, role, invited_at.astimezone(UTC).isoformat())
