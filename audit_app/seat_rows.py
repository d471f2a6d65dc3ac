"""What seats are made of, as the tables have it: subjects, gold pairs, and what was given.

Reads only. Replies that the lint holds back and nobody released are no subjects, and neither are
pairs with one.
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
        WHERE NOT EXISTS (
            SELECT 1 FROM hold_releases AS r WHERE r.response_id = h.response_id)
    )
    SELECT p.pair_id, p.prompt_id
    FROM pairs AS p
    WHERE NOT EXISTS (
        SELECT 1 FROM held
        WHERE held.response_id IN (p.first_response_id, p.second_response_id))
    ORDER BY p.pair_id
"""

# a hash that the seed keys: the same replies are drawn whatever came first
_SELECT_REPLIES = """
    SELECT r.response_id, r.prompt_id
    FROM responses AS r
    WHERE r.text IS NOT NULL
        AND NOT EXISTS (
            SELECT 1
            FROM holds AS h
            WHERE h.response_id = r.response_id
                AND NOT EXISTS (
                    SELECT 1 FROM hold_releases AS l WHERE l.response_id = h.response_id))
    ORDER BY sha256(concat_ws(chr(31), $seed, 'reply', r.response_id))
    LIMIT $limit
"""

_SELECT_REWRITES = """
    SELECT w.rewrite_id, w.rewrite_id
    FROM rewrites AS w
    ORDER BY sha256(concat_ws(chr(31), $seed, 'rewrite', w.rewrite_id))
    LIMIT $limit
"""

_SELECT_SENTENCES = """
    SELECT s.sentence_id, s.sentence_id
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
    """Everything that may be rated by one form.

    Args:
        limit: of replies and rewrites, drawn by seed; None for all.
        x_is_first: of each pair, whether side X is its first reply; a pair that is not there
            has no sides to balance, and is left out.
    """
    drawn = {"seed": seed, "limit": _EVERYTHING if limit is None else limit}
    if form == "pair":
        rows = cursor.execute(_SELECT_PAIRS).fetchall()
        return [
            Subject(pair, prompt, x_is_first[pair]) for pair, prompt in rows if pair in x_is_first
        ]
    if form == "reply":
        rows = cursor.execute(_SELECT_REPLIES, drawn).fetchall()
    elif form == "rewrite":
        rows = cursor.execute(_SELECT_REWRITES, drawn).fetchall()
    else:
        rows = cursor.execute(_SELECT_SENTENCES).fetchall()
    return [Subject(subject_id, group, None) for subject_id, group in rows]


_SELECT_GOLD = "SELECT purpose, gold_id FROM gold_pairs ORDER BY gold_id"


def read_gold_ids(cursor: duckdb.DuckDBPyConnection) -> dict[Purpose, tuple[str, ...]]:
    """Ids of the gold and attention pairs, by purpose."""
    ids: dict[Purpose, tuple[str, ...]] = {"gold": (), "attention": ()}
    for purpose, gold_id in cursor.execute(_SELECT_GOLD).fetchall():
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
    seen_at: datetime
    """The last sign of life: when it was given, or its draft kept."""
    skips: int
    is_rated: bool
    is_surplus: bool


_SELECT_GIVEN = """
    SELECT
        a.token, a.rater_id, a.form, a.purpose, a.subject_id, a.first_is_left, a.position,
        greatest(a.assigned_at, coalesce(d.saved_at, a.assigned_at)) AS seen_at,
        coalesce(s.skips, 0) AS skips,
        r.token IS NOT NULL AS is_rated,
        coalesce(r.is_surplus, false) AS is_surplus
    FROM assignments AS a
    LEFT JOIN drafts AS d ON d.token = a.token
    LEFT JOIN (
        SELECT token, max(number) AS skips FROM remarks WHERE kind = 'skip' GROUP BY token
    ) AS s ON s.token = a.token
    LEFT JOIN (
        SELECT token, bool_or(is_surplus) AS is_surplus FROM ratings GROUP BY token
    ) AS r ON r.token = a.token
    ORDER BY a.position, a.token
"""


def read_given(cursor: duckdb.DuckDBPyConnection, signs: Mapping[str, datetime]) -> list[GivenRow]:
    """Every assignment, those first that have the better right to a seat.

    That is those that are rated, whose seats are theirs for good, then the liveliest.

    Args:
        signs: signs of life by token that the tables may not know.
    """
    rows = []
    for row in cursor.execute(_SELECT_GIVEN).fetchall():
        seen_at = row[7].astimezone(UTC)
        seen_at = max(seen_at, signs.get(row[0], seen_at))
        rows.append(GivenRow(*[*row[:7], seen_at, *row[8:]]))
    rated = [row for row in rows if row.is_rated]
    still_open = [row for row in rows if not row.is_rated]
    return rated + sorted(still_open, key=lambda row: row.seen_at, reverse=True)
