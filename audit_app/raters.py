"""Raters: who may rate, audit or own a study, and who no longer may. The only writer of `raters`
and `rater_states`.

A rater is a random id with one role; names, addresses and the ids of other services are
never stored here. Revoking is a row of its own, with author and reason: it ends links and
sessions at once, and leaves every rating where it is. How somebody proves to be a rater is
decided where the app signs people in.
"""

import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, get_args

import duckdb

from study.database import transaction
from study.errors import BadInput, NotAllowed
from study.records import Rater, Role

State = Literal["active", "revoked"]

# No "@" and no space: an address or a name cannot be taken for an id by mistake
_RATER_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_LONGEST_REASON = 2000


@dataclass(frozen=True)
class Standing:
    """A rater, and whether the study still lets that person in."""

    rater: Rater
    is_revoked: bool


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
    with transaction(con) as cursor:
        return add_rater(cursor, role, now, rater_id)


_INSERT_RATER = """
    INSERT INTO raters (rater_id, role, invited_at)
    VALUES ($rater_id, $role, $invited_at)
"""


def add_rater(
    cursor: duckdb.DuckDBPyConnection, role: Role, now: datetime, rater_id: str | None = None
) -> Rater:
    """`invite`, as part of a transaction that is open already."""
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
    known = _select_standing(cursor, chosen)
    if known is None:
        cursor.execute(_INSERT_RATER, {"rater_id": chosen, "role": role, "invited_at": now})
        return _as_rater((chosen, role, now))
    if known.rater.role != role:
        raise NotAllowed(
            f"{chosen} was invited as {known.rater.role} and cannot be {role} too; invite the "
            "person under another id"
        )
    return known.rater


def read_standing(con: duckdb.DuckDBPyConnection, rater_id: str) -> Standing | None:
    """The rater of this id, revoked or not; None when nobody was invited under it."""
    if not _RATER_ID.fullmatch(rater_id):
        return None
    return _select_standing(con.cursor(), rater_id)


def let_in(standing: Standing | None, role: Role) -> Rater:
    """The rater of a standing, who has this role and access.

    Raises:
        NotAllowed: there is none, it is of another role, or access has ended.
    """
    if standing is None or standing.rater.role != role:
        raise NotAllowed(f"expected the link of an {role}; open your own link again")
    if standing.is_revoked:
        raise NotAllowed(
            "Your access to this study has ended; what you did in it is kept. Ask the study's "
            "owner if you think that this is a mistake."
        )
    return standing.rater


_SELECT_STANDING = """
    SELECT rater_id, role, invited_at, (
        SELECT arg_max(state, revision)
        FROM rater_states
        WHERE rater_id = $rater_id
    )
    FROM raters
    WHERE rater_id = $rater_id
"""


def _select_standing(cursor: duckdb.DuckDBPyConnection, rater_id: str) -> Standing | None:
    row = cursor.execute(_SELECT_STANDING, {"rater_id": rater_id}).fetchone()
    return None if row is None else Standing(_as_rater(row[:3]), row[3] == "revoked")


_SELECT_RATERS = """
    SELECT rater_id, role, invited_at
    FROM raters
    ORDER BY invited_at, rater_id
"""


def list_raters(con: duckdb.DuckDBPyConnection) -> list[Rater]:
    """Everybody who was invited, revoked or not, the earliest first."""
    return [_as_rater(row) for row in con.cursor().execute(_SELECT_RATERS).fetchall()]


_SELECT_REVOKED = """
    SELECT rater_id
    FROM rater_states
    GROUP BY rater_id
    HAVING arg_max(state, revision) = 'revoked'
"""


def revoked_raters(con: duckdb.DuckDBPyConnection) -> frozenset[str]:
    """Ids of everybody who is revoked now."""
    return frozenset(row[0] for row in con.cursor().execute(_SELECT_REVOKED).fetchall())


def revoke(
    con: duckdb.DuckDBPyConnection, rater_id: str, reason: str, by: str, now: datetime
) -> None:
    """End a person's access: links and sessions stop at once, ratings stay.

    Args:
        by: id of the owner who does it.
    Raises:
        BadInput: nobody has that id, the person is revoked already, or no reason is given.
        NotAllowed: owners would revoke themselves, or the last owner.
    """
    with transaction(con) as cursor:
        rater = _change_state(cursor, rater_id, "revoked", reason, by, now)
        if rater_id == by:
            raise NotAllowed("owners cannot end their own access; ask another owner to do it")
        if rater.role == "owner" and not _has_owner_besides(con, rater_id):
            raise NotAllowed(
                f"{rater_id} is the study's last owner and cannot be revoked; invite another "
                "owner first"
            )


def restore(
    con: duckdb.DuckDBPyConnection, rater_id: str, reason: str, by: str, now: datetime
) -> None:
    """Let a revoked person in again; links of before stay void, so that it takes a new one.

    Raises:
        BadInput: nobody has that id, the person is not revoked, or no reason is given.
    """
    with transaction(con) as cursor:
        _change_state(cursor, rater_id, "active", reason, by, now)


_INSERT_STATE = """
    INSERT INTO rater_states (rater_id, revision, state, reason, changed_by, changed_at)
    SELECT $rater_id, coalesce(max(revision), 0) + 1, $state, $reason, $changed_by, $changed_at
    FROM rater_states
    WHERE rater_id = $rater_id
"""


def _change_state(
    cursor: duckdb.DuckDBPyConnection,
    rater_id: str,
    state: State,
    reason: str,
    by: str,
    now: datetime,
) -> Rater:
    standing = _select_standing(cursor, rater_id)
    if standing is None:
        raise BadInput(
            f"rater_id: expected somebody who was invited, got {rater_id!r:.80}; choose one of the "
            "raters on the owner's page"
        )
    if standing.is_revoked == (state == "revoked"):
        raise BadInput(f"{rater_id} is {state} already; nothing was changed")
    if not 0 < len(reason.strip()) <= _LONGEST_REASON:
        raise BadInput(
            f"reason: expected 1 to {_LONGEST_REASON} characters, got {len(reason.strip())}; say "
            "in a sentence why, for the record"
        )
    row = {"rater_id": rater_id, "state": state, "reason": reason.strip()}
    cursor.execute(_INSERT_STATE, row | {"changed_by": by, "changed_at": now})
    return standing.rater


def _has_owner_besides(con: duckdb.DuckDBPyConnection, rater_id: str) -> bool:
    gone = revoked_raters(con) | {rater_id}
    return any(rater.role == "owner" and rater.rater_id not in gone for rater in list_raters(con))


def _as_rater(row: tuple[Any, ...]) -> Rater:
    rater_id, role, invited_at = row
    # a cursor does not take over the connection's TimeZone: DuckDB answers in local time
    return Rater(rater_id, role, invited_at.astimezone(UTC).isoformat())
