"""What seats are made of, as the tables have it: subjects, gold pairs, and what was given.

Reads only. Replies that the lint holds back and nobody released are not offered, and neither are
pairs with one; they are read all the same, since some raters may have had them before.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb

from audit_app.seat_board import Subject
from study.records import Form, Purpose

_SELECT_PAIRS = """
    WITH held AS (
        SELECT h.response_id
        FROM holds AS h
        WHERE h.response_id NOT IN (SELECT r.response_id FROM hold_releases AS r)
    )
    SELECT
        p.pair_id, p.prompt_id,
        p.first_response_id NOT IN (SELECT response_id FROM held)
            AND p.second_response_id NOT IN (SELECT response_id FROM held) AS is_offered
    FROM pairs AS p
    ORDER BY p.pair_id
"""

# a hash that the seed keys: the same replies are drawn whatever came first; where only refusal is
# measured, as of requests for harmful help, people are shown none, and where nothing is right or
# wrong the form has nothing to ask
_SELECT_REPLIES = """
    WITH replies AS (
        SELECT
            r.response_id, r.prompt_id,
            r.response_id IN (
                SELECT h.response_id
                FROM holds AS h
                WHERE h.response_id NOT IN (SELECT l.response_id FROM hold_releases AS l)
            ) AS is_held,
            sha256(concat_ws(chr(31), $seed, 'reply', r.response_id)) AS draw
        FROM responses AS r
        WHERE r.text IS NOT NULL
            AND r.prompt_id NOT IN (
                SELECT p.prompt_id
                FROM prompts AS p
                JOIN items AS i ON i.item_id = p.item_id
                WHERE i.answer_kind IN ('none', 'ungraded'))
    )
    SELECT
        response_id, prompt_id,
        NOT is_held AND row_number() OVER (ORDER BY is_held, draw) <= $limit AS is_offered
    FROM replies
    ORDER BY response_id
"""

_SELECT_REWRITES = """
    SELECT
        w.rewrite_id, w.rewrite_id,
        row_number() OVER (
            ORDER BY sha256(concat_ws(chr(31), $seed, 'rewrite', w.rewrite_id))
        ) <= $limit AS is_offered
    FROM rewrites AS w
    ORDER BY w.rewrite_id
"""

_SELECT_SENTENCES = """
    SELECT s.sentence_id, s.sentence_id, true AS is_offered
    FROM context_sentences AS s
    ORDER BY s.sentence_id
"""

_EVERYTHING = 2**62


def read_subjects(
    cursor: duckdb.DuckDBPyConnection,
    form: Form,
    limit: int | None,
    seed: int,
    x_is_first: Mapping[str, bool],
) -> list[Subject]:
    """Everything that is rated by one form, and whether it may be given now.

    Args:
        limit: of replies and rewrites, drawn by seed; None for all.
        x_is_first: of each pair, whether side X is its first reply; a pair that is not there
            has no sides to balance, and is left out.
    """
    drawn = {"seed": seed, "limit": _EVERYTHING if limit is None else limit}
    if form == "pair":
        rows = cursor.execute(_SELECT_PAIRS).fetchall()
        return [
            Subject(pair, prompt, is_offered, x_is_first[pair])
            for pair, prompt, is_offered in rows
            if pair in x_is_first
        ]
    if form == "reply":
        rows = cursor.execute(_SELECT_REPLIES, drawn).fetchall()
    elif form == "rewrite":
        rows = cursor.execute(_SELECT_REWRITES, drawn).fetchall()
    else:
        rows = cursor.execute(_SELECT_SENTENCES).fetchall()
    return [Subject(subject_id, group, offered, None) for subject_id, group, offered in rows]


_SELECT_GOLD = "SELECT purpose, gold_id FROM gold_pairs ORDER BY gold_id"


def read_gold_ids(
    cursor: duckdb.DuckDBPyConnection, in_force: frozenset[str] | None
) -> dict[Purpose, tuple[str, ...]]:
    """Ids of the gold and attention pairs that may be given, by purpose.

    Args:
        in_force: ids of those that the study's texts have now; None takes all that are stored.
    """
    ids: dict[Purpose, tuple[str, ...]] = {"gold": (), "attention": ()}
    for purpose, gold_id in cursor.execute(_SELECT_GOLD).fetchall():
        if in_force is None or gold_id in in_force:
            ids[purpose] += (gold_id,)
    return ids


@dataclass(frozen=True)
class GivenRow:
    """An assignment with what has become of it."""

    token: str
    rater_id: str
    form: Form
    purpose: Purpose
    subject_id: str
    first_is_left: bool | None
    position: int
    assigned_at: datetime | None
    """None once it is rated, and so are the next two."""
    seen_at: datetime | None
    """The last sign of life: when it was given, or its draft kept."""
    skipped_from: int | None
    """The position that its rater had come to at the last skip; None when there was none."""
    skips: int
    is_rated: bool
    is_surplus: bool


# times only of what is still open: making them costs more than all the rest
_SELECT_GIVEN = """
    WITH skipped AS (
        SELECT token, max(number) AS skips, max(remarked_at) AS skipped_at
        FROM remarks
        WHERE kind = 'skip'
        GROUP BY token
    ),
    reached AS (
        SELECT s.token, max(b.position) + 1 AS position
        FROM skipped AS s
        JOIN assignments AS a ON a.token = s.token
        JOIN assignments AS b
            ON b.rater_id = a.rater_id AND (b.assigned_at < s.skipped_at OR b.token = s.token)
        GROUP BY s.token
    ),
    drafted AS (SELECT token, max(saved_at) AS saved_at FROM drafts GROUP BY token),
    rated AS (
        SELECT token, bool_or(is_surplus) AS is_surplus FROM ratings GROUP BY token
    )
    SELECT
        a.token, a.rater_id, a.form, a.purpose, a.subject_id, a.first_is_left, a.position,
        CASE WHEN r.token IS NULL THEN a.assigned_at END AS assigned_at,
        CASE WHEN r.token IS NULL
            THEN greatest(a.assigned_at, coalesce(d.saved_at, a.assigned_at)) END AS seen_at,
        CASE WHEN r.token IS NULL THEN reached.position END AS skipped_from,
        coalesce(s.skips, 0) AS skips,
        r.token IS NOT NULL AS is_rated,
        coalesce(r.is_surplus, false) AS is_surplus
    FROM assignments AS a
    LEFT JOIN drafted AS d ON d.token = a.token
    LEFT JOIN skipped AS s ON s.token = a.token
    LEFT JOIN reached ON reached.token = a.token
    LEFT JOIN rated AS r ON r.token = a.token
    ORDER BY a.position, a.token
"""


def read_given(cursor: duckdb.DuckDBPyConnection) -> list[GivenRow]:
    """Every assignment, each rater's in the order in which they were given."""
    return [
        GivenRow(*[*row[:7], _in_utc(row[7]), _in_utc(row[8]), *row[9:]])
        for row in cursor.execute(_SELECT_GIVEN).fetchall()
    ]


def _in_utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.astimezone(UTC)
