"""Drafts: answers that a rater has chosen but not submitted. The only writer of `drafts`.

The latest state only, so that a refresh, a crash or another device loses nothing. A draft
is no rating, and counts while it is newer than the newest rating of its sheet: what was
submitted is in `ratings.py`. An `Assignment` in a signature is the proof that the draft is the
caller's own. `saved_at` is a sign of life by which the seat is kept over a restart too.
"""

import json
from collections.abc import Mapping
from datetime import datetime

import duckdb

from study.errors import BadInput
from study.records import Assignment

MAX_DRAFT_BYTES = 8 * 1024


def draft_json(answers: Mapping[str, str]) -> str:
    """A draft as it is stored; called before its job is queued.

    Args:
        answers: text by field name; at most 8 KiB as JSON.
    Raises:
        BadInput: an answer is not text, or they are too long together.
    """
    for field, answer in answers.items():
        if not (isinstance(field, str) and isinstance(answer, str)):
            raise BadInput(
                f"draft: expected text as the answer to each field, got {answer!r:.80} for "
                f"{field!r:.80}; leave out what is not answered yet"
            )
    answers_json = json.dumps(dict(answers), ensure_ascii=False)
    try:
        n_bytes = len(answers_json.encode())
    except UnicodeEncodeError as error:
        raise BadInput(
            "draft: expected text, got half of a character that takes two; remove the last "
            "character that you typed and go on"
        ) from error
    if n_bytes > MAX_DRAFT_BYTES:
        raise BadInput(
            f"draft: expected at most {MAX_DRAFT_BYTES} bytes, got {n_bytes}; shorten the reason"
        )
    return answers_json


_UPSERT_DRAFT = """
    INSERT INTO drafts (token, answers_json, saved_at)
    VALUES ($token, $answers_json, $saved_at)
    ON CONFLICT (token) DO UPDATE SET
        answers_json = excluded.answers_json,
        saved_at = excluded.saved_at
"""


def save_draft(
    cursor: duckdb.DuckDBPyConnection, assignment: Assignment, answers_json: str, now: datetime
) -> None:
    """Keep what a rater has chosen so far, in place of what was kept before, as part of a commit.

    Args:
        answers_json: what `draft_json` made of it.
    """
    cursor.execute(
        _UPSERT_DRAFT,
        {"token": assignment.token, "answers_json": answers_json, "saved_at": now},
    )


_SELECT_DRAFT = """
    SELECT answers_json, saved_at
    FROM drafts
    WHERE token = $token
"""

_SELECT_LATER_RATING = """
    SELECT 1
    FROM ratings
    WHERE token = $token AND rated_at >= $saved_at
    LIMIT 1
"""


def read_draft(cursor: duckdb.DuckDBPyConnection, assignment: Assignment) -> dict[str, str]:
    """What was chosen for a sheet since it was last submitted; empty when nothing was."""
    # two lookups: most sheets have no draft, and a join of both tables costs four times as much
    sheet = {"token": assignment.token}
    row = cursor.execute(_SELECT_DRAFT, sheet).fetchone()
    if row is None:
        return {}
    later = cursor.execute(_SELECT_LATER_RATING, sheet | {"saved_at": row[1]}).fetchone()
    return {} if later is not None else dict(json.loads(row[0]))
