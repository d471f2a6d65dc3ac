"""Rater notes: by what an owner knows somebody who was invited, such as a name. The only writer of
`rater_notes`.

A note may name a person, so it can be erased: the newest replaces the one before, and an empty one
leaves nothing. Notes are for owners alone: no export has them, no rater's page, and no other table.
"""

from datetime import datetime

import duckdb

from audit_app.raters import read_standing
from study.database import transaction
from study.errors import BadInput

LONGEST_NOTE = 200

_DELETE_NOTE = "DELETE FROM rater_notes WHERE rater_id = $rater_id"
_INSERT_NOTE = """
    INSERT INTO rater_notes (rater_id, note, noted_by, noted_at)
    VALUES ($rater_id, $note, $noted_by, $noted_at)
"""


def check_note(note: str) -> str:
    """A note as it is kept, without blanks around it.

    Raises:
        BadInput: it is too long.
    """
    kept = note.strip()
    if len(kept) > LONGEST_NOTE:
        raise BadInput(
            f"note: expected at most {LONGEST_NOTE} characters, got {len(kept)}; keep to a name or "
            "where the person is from"
        )
    return kept


def save_note(
    con: duckdb.DuckDBPyConnection, rater_id: str, note: str, by: str, now: datetime
) -> None:
    """Keep a note on somebody instead of the one before; an empty one erases that.

    Args:
        by: id of the owner who writes it.
    Raises:
        BadInput: nobody has that id, or the note is too long.
    """
    kept = check_note(note)
    if read_standing(con, rater_id) is None:
        raise BadInput(
            f"rater_id: expected somebody who was invited, got {rater_id!r:.80}; choose one of the "
            "raters on the owner's page"
        )
    with transaction(con) as cursor:
        cursor.execute(_DELETE_NOTE, {"rater_id": rater_id})
        if kept:
            row = {"rater_id": rater_id, "note": kept, "noted_by": by, "noted_at": now}
            cursor.execute(_INSERT_NOTE, row)


_SELECT_NOTES = "SELECT rater_id, note FROM rater_notes"


def read_notes(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """The note on each person who has one, by id."""
    return dict(con.cursor().execute(_SELECT_NOTES).fetchall())
