"""Identities: which person of another service is which rater. The only writer of `identities`.

Nothing else in the study holds an id that another service gave a person; every other table
has the random rater id alone. Rows may be erased, and ratings stay when they are. The ids are
written to no log and shown on no page; the owner alone can export them.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import duckdb

from audit_app.raters import add_rater
from study.database import transaction

Provider = Literal["prolific", "hugging_face"]


@dataclass(frozen=True)
class Identity:
    """A person, as another service knows them."""

    provider: Provider
    subject: str
    """The service's id of the person."""
    study_ref: str = ""
    """The service's id of the study; empty where it has none."""
    session_ref: str = ""
    """The service's id of the visit; that of the first is kept."""


@dataclass(frozen=True)
class Arrival:
    """The rater that a person of another service is."""

    rater_id: str
    is_new: bool


_INSERT_IDENTITY = """
    INSERT INTO identities (rater_id, provider, subject, study_ref, session_ref, arrived_at)
    VALUES ($rater_id, $provider, $subject, $study_ref, $session_ref, $arrived_at)
"""


def receive(con: duckdb.DuckDBPyConnection, identity: Identity, now: datetime) -> Arrival:
    """The annotator that this person is; somebody unknown is made one.

    Says nothing of whether whoever asks is that person, or may still come in.
    """
    with transaction(con) as cursor:
        rater_id = _select_rater(cursor, identity.provider, identity.subject)
        if rater_id is not None:
            return Arrival(rater_id, is_new=False)
        rater_id = add_rater(cursor, "annotator", now).rater_id
        row = {
            "rater_id": rater_id,
            "provider": identity.provider,
            "subject": identity.subject,
            "study_ref": identity.study_ref,
            "session_ref": identity.session_ref,
            "arrived_at": now,
        }
        cursor.execute(_INSERT_IDENTITY, row)
        return Arrival(rater_id, is_new=True)


def find_rater(con: duckdb.DuckDBPyConnection, identity: Identity) -> str | None:
    """The rater that this person is already; None for somebody unknown."""
    return _select_rater(con.cursor(), identity.provider, identity.subject)


_SELECT_RATER = """
    SELECT rater_id
    FROM identities
    WHERE provider = $provider AND subject = $subject
"""


def _select_rater(
    cursor: duckdb.DuckDBPyConnection, provider: Provider, subject: str
) -> str | None:
    row = cursor.execute(_SELECT_RATER, {"provider": provider, "subject": subject}).fetchone()
    return None if row is None else str(row[0])


_SELECT_PROVIDER = "SELECT provider FROM identities WHERE rater_id = $rater_id"


def provider_of(con: duckdb.DuckDBPyConnection, rater_id: str) -> Provider | None:
    """The service by which a rater came; None for those who were invited by a link."""
    row = con.cursor().execute(_SELECT_PROVIDER, {"rater_id": rater_id}).fetchone()
    return None if row is None else row[0]
