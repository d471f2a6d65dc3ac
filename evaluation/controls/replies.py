"""Control replies: what each arm answered to control questions. The only writer of
`control_attempts`.

They are asked for as the study's own are (`evaluation/responses.py`), once each and by the
likeliest answer. What came of a request travels as a `Response` whose prompt is the question. Of
failures that were asked again the newest attempt is in the view `control_replies`, as there.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import duckdb

from evaluation.responses import (
    Asked,
    ResponseRequest,
    ServedArm,
    insert_attempts,
    plan_requests,
)
from evaluation.serving.served_models import read_newest_models
from study.records import ControlQuestion, Prompt

_INSERT_REPLIES = """
    INSERT INTO control_attempts (reply_id, question_id, served_model_id, arm, attempt, text,
        finish_reason, failure, n_tokens, seconds, created_at, usage_json, headers_json,
        templated_sha256)
    SELECT row.response_id, row.prompt_id, row.served_model_id, row.arm, row.attempt, row.text,
        row.finish_reason, row.failure, row.n_tokens, row.seconds, row.created_at, row.usage_json,
        row.headers_json, row.templated_sha256
    FROM (SELECT unnest($rows) AS row)
    ON CONFLICT (reply_id) DO NOTHING
"""
_SELECT_NEEDLESS = """
    SELECT late.row.response_id
    FROM (SELECT unnest($rows) AS row) AS late
    JOIN control_replies AS r
        ON r.question_id = late.row.prompt_id AND r.served_model_id = late.row.served_model_id
        AND r.attempt < try_cast(late.row.attempt AS INTEGER)
    WHERE r.text IS NOT NULL
"""
_SELECT_ANSWERED = "SELECT a.reply_id FROM control_attempts AS a"
_SELECT_FAILED = """
    SELECT r.question_id, r.served_model_id, r.attempt
    FROM control_replies AS r
    WHERE r.failure IS NOT NULL
"""
_SELECT_ASKED = """
    WITH newest AS (SELECT unnest($newest::VARCHAR[]) AS served_model_id),
    asked AS (
        SELECT q.task, newest.served_model_id, count(r.reply_id) AS n_asked,
            max(q.n_in_set) AS n_in_set
        FROM control_questions AS q
        CROSS JOIN newest
        LEFT JOIN control_replies AS r
            ON r.question_id = q.question_id AND r.served_model_id = newest.served_model_id
        GROUP BY q.task, newest.served_model_id
    )
    SELECT task, min(n_asked), max(n_in_set)
    FROM asked
    GROUP BY task
    HAVING min(n_asked) < max(n_in_set)
    ORDER BY task
"""


def as_prompt(question: ControlQuestion) -> Prompt:
    """The question as requests name what is asked."""
    return Prompt(question.question_id, question.item.item_id, "none", "none", question.text)


def plan_control_requests(
    questions: Sequence[ControlQuestion], arms: Sequence[ServedArm]
) -> Iterator[ResponseRequest]:
    """Every question once for every arm."""
    return plan_requests([as_prompt(question) for question in questions], arms, samples=1)


def read_answered_controls(con: duckdb.DuckDBPyConnection) -> set[str]:
    """Ids of the control replies that the study has, failures that were asked again among them."""
    return {reply_id for (reply_id,) in con.execute(_SELECT_ANSWERED).fetchall()}


def read_failed_controls(con: duckdb.DuckDBPyConnection) -> dict[Asked, int]:
    """What has failed and has no text by now, with the number of its newest attempt."""
    rows = con.execute(_SELECT_FAILED).fetchall()
    return {(question_id, model_id, 0): attempt for question_id, model_id, attempt in rows}


def describe_control_limits(con: duckdb.DuckDBPyConnection) -> str | None:
    """Which sets were asked in part, whatever the settings say by now; None when none was.

    Counted are replies that results read; where arms were asked unequally many, the fewest.
    """
    newest = {"newest": read_newest_models(con, "control_replies")}
    rows = con.cursor().execute(_SELECT_ASKED, newest).fetchall()
    parts = [f"{asked} of {n} questions of {task}" for task, asked, n in rows]
    return ", ".join(parts) or None


def insert_control_replies(
    cursor: duckdb.DuckDBPyConnection, rows: Iterable[Mapping[str, Any]]
) -> int:
    """Store replies, as `insert_attempts` does."""
    whole = [{"attempt": 1, **row} for row in rows]
    return insert_attempts(cursor, whole, _INSERT_REPLIES, _SELECT_NEEDLESS)
