"""How far a study has come, in counts: what is stored, and what each person has done.

Reads only; every table is written elsewhere. Nothing here tells one arm from another, so it
may be watched while people still rate.
"""

from dataclasses import dataclass

import duckdb

from audit_app.assignment import rater_progress
from audit_app.audits import audit_progress
from audit_app.raters import list_raters
from study.records import Rater

_SELECT_COUNTS = """
    SELECT
        (SELECT count(*) FROM prompts) AS prompts,
        (SELECT count(*) FROM responses) AS responses,
        (SELECT count(*) FROM grades) AS grades,
        (SELECT count(*) FROM pairs) AS pairs,
        (SELECT count(*) FROM ratings) AS rating_rows,
        (SELECT count(DISTINCT token) FROM ratings) AS rated,
        (SELECT count(*) FROM flags) AS flags,
        (SELECT count(*) FROM audit_decisions) AS decision_rows,
        (SELECT count(DISTINCT token) FROM audit_decisions) AS flags_decided
"""


@dataclass(frozen=True)
class StoredCounts:
    """Rows of one study; equal counts mean that no result can have changed."""

    prompts: int
    responses: int
    grades: int
    pairs: int
    rating_rows: int
    """Every revision counts."""
    rated: int
    """Ratings that count: the newest of each rater and pair."""
    flags: int
    decision_rows: int
    """Every revision of every auditor counts."""
    flags_decided: int
    """Flags on which at least one auditor has ruled."""


@dataclass(frozen=True)
class PersonProgress:
    """How far one annotator or auditor has come."""

    rater: Rater
    done: int
    of: int
    """What is theirs to do as of now; grows with the study."""


def count_stored(con: duckdb.DuckDBPyConnection) -> StoredCounts:
    """Count what the study holds."""
    row = con.cursor().execute(_SELECT_COUNTS).fetchone()
    assert row is not None
    return StoredCounts(*row)


def read_people(con: duckdb.DuckDBPyConnection, raters_per_pair: int) -> list[PersonProgress]:
    """Progress of every annotator and auditor, the earliest invited first."""
    return [
        _progress_of(con, rater, raters_per_pair)
        for rater in list_raters(con)
        if rater.role != "owner"
    ]


def _progress_of(
    con: duckdb.DuckDBPyConnection, rater: Rater, raters_per_pair: int
) -> PersonProgress:
    if rater.role == "annotator":
        rated = rater_progress(con, rater.rater_id, raters_per_pair)
        return PersonProgress(rater, rated.done, rated.available)
    audited = audit_progress(con, rater.rater_id)
    return PersonProgress(rater, audited.decided, audited.decided + audited.waiting)
