"""How far a study has come, in counts: what is stored, what each person has done and remarked.

Reads only; every table is written elsewhere. Nothing here tells one arm from another, so it
may be watched while people still rate. Items are counted in `item_progress.py`, and how
carefully people rate in `rater_quality.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import duckdb

from audit_app.audits import audit_progress
from audit_app.given_sheets import SKIPS
from audit_app.remarks import RemarkKind
from audit_app.seating import RaterProgress
from study.records import Rater

LISTED_REMARKS = 50
"""So many of each kind of remarks are listed, the newest; the others are counted."""

# One SELECT with a subquery for each count takes 25 ms instead of 1.5 (DuckDB 2.0.0)
_SELECT_COUNTS = """
    SELECT 'prompts', count(*) FROM prompts
    UNION ALL SELECT 'responses', count(*) FROM responses
    UNION ALL SELECT 'attempts', count(*) FROM response_attempts
    UNION ALL SELECT 'warmth_replies', count(*)
        FROM responses
        WHERE prompt_id IN (
            SELECT p.prompt_id FROM prompts AS p WHERE p.item_id IN (
                SELECT i.item_id FROM items AS i WHERE i.answer_kind = 'ungraded'))
    UNION ALL SELECT 'choices', count(*) FROM checkpoint_choices
    UNION ALL SELECT 'warmth_scores', count(*) FROM warmth_scores
    UNION ALL SELECT 'control_grades', count(*) FROM control_grades
    UNION ALL SELECT 'grades', count(*)
        FROM grades
        WHERE label <> 'failed' OR response_id IN (
            SELECT r.response_id FROM responses AS r WHERE r.failure IS NOT NULL)
    UNION ALL SELECT 'pairs', count(*) FROM pairs
    UNION ALL SELECT 'rating_rows', count(*) FROM ratings
    UNION ALL SELECT 'rated', count(*) FROM ratings WHERE revision = 1
    UNION ALL SELECT 'flags', count(DISTINCT response_id) FROM flags
    UNION ALL SELECT 'decision_rows', count(*) FROM audit_decisions
    UNION ALL SELECT 'flags_decided', count(DISTINCT f.response_id)
        FROM audit_decisions AS d JOIN flags AS f ON f.token = d.token
    UNION ALL SELECT 'remarks', count(*) FROM remarks
    UNION ALL SELECT 'events', count(*) FROM study_events
    UNION ALL SELECT 'holds', count(*) FROM holds
    UNION ALL SELECT 'releases', count(*) FROM hold_releases
"""


@dataclass(frozen=True)
class StoredCounts:
    """Rows of one study; equal counts mean that no result can have changed."""

    prompts: int
    responses: int
    attempts: int
    """Failures that were asked again among them."""
    warmth_replies: int
    """Of these, those to messages that are asked for warmth alone: they get no grade."""
    choices: int
    """Of a checkpoint."""
    warmth_scores: int
    control_grades: int
    grades: int
    pairs: int
    rating_rows: int
    """Every revision counts."""
    rated: int
    """Sheets that were rated, repeats and checks among them."""
    flags: int
    """Replies with a flag, from whomever."""
    decision_rows: int
    """Every revision of every auditor counts."""
    flags_decided: int
    """Of these, those on which at least one auditor has ruled."""
    remarks: int
    events: int
    """Rows of the study's record, on which depends what may be shown."""
    holds: int
    releases: int


@dataclass(frozen=True)
class PersonProgress:
    """How far one annotator or auditor has come."""

    rater: Rater
    standing: str
    """In words: whether the person is let in, and how far into the study."""
    is_revoked: bool
    done: int
    of: int
    """What is theirs to do as of now; grows with the study."""
    last_seen: str | None
    """When the newest rating, draft or ruling came; None when nothing did."""


@dataclass(frozen=True)
class ToldRemark:
    """A problem that a rater reported or a sheet that they gave up, with what it is about."""

    rater_id: str
    reason: str
    text: str
    shown: str
    """Beginning of what the rater had before them."""
    remarked_at: str


@dataclass(frozen=True)
class Remarks:
    """What raters remarked instead of rating, or beside it."""

    skips: tuple[tuple[str, int], ...]
    """How often each reason was given, the most frequent first."""
    n_problems: int
    problems: tuple[ToldRemark, ...]
    """The newest `LISTED_REMARKS`."""
    n_given_up: int
    given_up: tuple[ToldRemark, ...]
    """Sheets skipped twice of which nothing goes to the auditors: rewrites, sentences and check
    pairs, which are no replies of the study. The newest `LISTED_REMARKS`."""


def count_stored(con: duckdb.DuckDBPyConnection) -> StoredCounts:
    """Count what the study holds."""
    return StoredCounts(**dict(con.cursor().execute(_SELECT_COUNTS).fetchall()))


_SELECT_PEOPLE = """
    WITH signs AS (
        SELECT a.rater_id, r.rated_at AS seen_at
        FROM ratings AS r JOIN assignments AS a ON a.token = r.token
        UNION ALL
        SELECT a.rater_id, d.saved_at
        FROM drafts AS d JOIN assignments AS a ON a.token = d.token
        UNION ALL
        SELECT auditor_id, decided_at FROM audit_decisions
    ),
    seen AS (SELECT rater_id, max(seen_at) AS last_seen FROM signs GROUP BY rater_id),
    states AS (
        SELECT rater_id, arg_max(state, revision) AS state, arg_max(reason, revision) AS reason
        FROM rater_states
        GROUP BY rater_id
    ),
    steps AS (
        SELECT rater_id,
            arg_max(passed, attempt) FILTER (WHERE step = 'consent') AS consents,
            bool_or(passed) FILTER (WHERE step = 'comprehension') AS understands,
            count(*) FILTER (WHERE step = 'comprehension' AND NOT passed) AS n_failed
        FROM onboarding_steps
        GROUP BY rater_id
    )
    SELECT r.rater_id, r.role, r.invited_at, states.state, states.reason, steps.consents,
        coalesce(steps.understands, false), coalesce(steps.n_failed, 0), seen.last_seen
    FROM raters AS r
    LEFT JOIN seen ON seen.rater_id = r.rater_id
    LEFT JOIN states ON states.rater_id = r.rater_id
    LEFT JOIN steps ON steps.rater_id = r.rater_id
    WHERE r.role <> 'owner'
    ORDER BY r.invited_at, r.rater_id
"""


def read_people(
    con: duckdb.DuckDBPyConnection, progress_of: Callable[[str], RaterProgress]
) -> list[PersonProgress]:
    """Every annotator and auditor, the earliest invited first.

    Args:
        progress_of: how far the annotator of an id has come.
    """
    people = []
    for rater_id, role, invited_at, *standing, last_seen in (
        con.cursor().execute(_SELECT_PEOPLE).fetchall()
    ):
        rater = Rater(rater_id, role, _in_utc(invited_at))
        done, of = _done_of(con, rater, progress_of)
        people.append(
            PersonProgress(
                rater=rater,
                standing=_standing(*standing, has_begun=last_seen is not None),
                is_revoked=standing[0] == "revoked",
                done=done,
                of=of,
                last_seen=None if last_seen is None else _in_utc(last_seen),
            )
        )
    return people


def _done_of(
    con: duckdb.DuckDBPyConnection, rater: Rater, progress_of: Callable[[str], RaterProgress]
) -> tuple[int, int]:
    if rater.role == "annotator":
        rated = progress_of(rater.rater_id)
        return rated.done, rated.total
    audited = audit_progress(con, rater.rater_id)
    return audited.decided, audited.decided + audited.waiting


def _standing(
    state: str | None,
    reason: str | None,
    consents: bool | None,
    understands: bool,
    n_failed: int,
    *,
    has_begun: bool,
) -> str:
    if state == "revoked":
        return f"revoked: {reason}"
    if consents is False:
        return "declined to take part"
    if n_failed > 1 and not understands:
        return "failed the comprehension check"
    if has_begun:
        return "at work"
    return "invited" if consents is None else "in the introduction"


_COUNT_SKIPS = """
    SELECT reason, count(*) AS n_skips
    FROM remarks
    WHERE kind = 'skip'
    GROUP BY reason
    ORDER BY n_skips DESC, reason
"""

_SELECT_TOLD = """
    SELECT a.rater_id, m.reason, m.text,
        left(coalesce(prompts.text, gold.prompt_text, w.source_text, s.text, ''), 120) AS shown,
        m.remarked_at, count(*) OVER () AS n_told
    FROM remarks AS m
    JOIN assignments AS a ON a.token = m.token
    LEFT JOIN pairs AS p ON p.pair_id = a.subject_id
    LEFT JOIN responses AS r ON r.response_id = a.subject_id
    LEFT JOIN prompts ON prompts.prompt_id = coalesce(p.prompt_id, r.prompt_id)
    LEFT JOIN gold_pairs AS gold ON gold.gold_id = a.subject_id
    LEFT JOIN rewrites AS w ON w.rewrite_id = a.subject_id
    LEFT JOIN context_sentences AS s ON s.sentence_id = a.subject_id
    WHERE m.kind = $kind
        AND (m.kind = 'problem' OR (m.number = $skips AND prompts.prompt_id IS NULL))
    ORDER BY m.remarked_at DESC, m.token
    LIMIT $listed
"""


def read_remarks(con: duckdb.DuckDBPyConnection) -> Remarks:
    """Skips by reason, the newest problem reports, and what was given up and no auditor gets."""
    cursor = con.cursor()
    skips = tuple(cursor.execute(_COUNT_SKIPS).fetchall())
    n_problems, problems = _read_told(cursor, "problem")
    n_given_up, given_up = _read_told(cursor, "skip")
    return Remarks(skips, n_problems, problems, n_given_up, given_up)


def _read_told(
    cursor: duckdb.DuckDBPyConnection, kind: RemarkKind
) -> tuple[int, tuple[ToldRemark, ...]]:
    values = {"kind": kind, "skips": SKIPS, "listed": LISTED_REMARKS}
    rows: list[tuple[Any, ...]] = cursor.execute(_SELECT_TOLD, values).fetchall()
    told = tuple(
        ToldRemark(rater_id, reason, text, shown, _in_utc(remarked_at))
        for rater_id, reason, text, shown, remarked_at, _ in rows
    )
    return (rows[0][-1] if rows else 0), told


def _in_utc(moment: datetime) -> str:
    # a cursor does not take over the connection's TimeZone: DuckDB answers in local time
    return moment.astimezone(UTC).isoformat()
