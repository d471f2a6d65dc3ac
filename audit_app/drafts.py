"""Drafts: answers that a rater has chosen but not submitted. The only writer of `drafts`.

The latest state only, so that a refresh, a crash or another device loses nothing. A draft
is no rating, and that of a rated pair is passed over: what was submitted is in `ratings.py`.
"""

import json
from collections.abc import Mapping
from datetime import datetime

import duckdb

from audit_app.assignment import check_ownership
from study.database import transaction
from study.errors import BadInput

MAX_DRAFT_BYTES = 8 * 1024

_UPSERT_DRAFT = """
    INSERT INTO drafts (token, answers_json, saved_at)
    VALUES ($token, $answers_json, $saved_at)
    ON CONFLICT (token) DO UPDATE SET
        answers_json = excluded.answers_json,
        saved_at = excluded.saved_at
"""


def save_draft(
    con: duckdb.DuckDBPyConnection,
    rater_id: str,
    token: str,
    answers: Mapping[str, str],
    now: datetime,
) -> None:
    """Keep what a rater has chosen so far, in place of what was kept before.

    Args:
        answers: text by field name; at most 8 KiB as JSON.
    Raises:
        BadInput: an answer is not text, or they are too long together.
        NotAllowed: the pair is not this rater's.
    """
    answers_json = _as_json(answers)
    with transaction(con) as cursor:
        check_ownership(cursor, token, rater_id)
        cursor.execute(
            _UPSERT_DRAFT, {"token": token, "answers_json": answers_json, "saved_at": now}
        )


def _as_json(answers: Mapping[str, str]) -> str:
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


_SELECT_DRAFT = """
    SELECT d.answers_json
    FROM drafts AS d
    WHERE d.token = $token
        AND NOT EXISTS (SELECT 1 FROM ratings AS r WHERE r.token = d.token)
"""


def read_draft(con: duckdb.DuckDBPyConnection, rater_id: str, token: str) -> dict[str, str]:
    """What this rater had chosen for a pair that is not rated yet; empty when nothing was.

    Raises:
        NotAllowed: the pair is not this rater's.
    """
    cursor = con.cursor()
    check_ownership(cursor, token, rater_id)
    row = cursor.execute(_SELECT_DRAFT, {"token": token}).fetchone()
    return {} if row is None else dict(json.loads(row[0]))
