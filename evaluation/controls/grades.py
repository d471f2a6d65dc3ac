"""Grades of control replies, by the rules that grade the study's own. The only writer of
`control_grades`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import duckdb

from evaluation.grading.labels import grade_response
from evaluation.grading.sought import METHODS
from study.database import insert_rows
from study.records import Grade, Item, Response

_INSERT_GRADES = """
    INSERT INTO control_grades (reply_id, method, label, is_refusal, is_refusal_to_study, is_cut,
        reason)
    SELECT row.response_id, row.method, row.label, row.is_refusal, row.is_refusal_to_study,
        row.is_cut, row.reason
    FROM (SELECT unnest($rows) AS row)
    ON CONFLICT (reply_id, method) DO NOTHING
"""
_SELECT_UNGRADED = """
    SELECT r.reply_id, r.question_id, r.served_model_id, r.arm, 0, r.text, r.finish_reason,
        r.failure, r.n_tokens, r.seconds, r.created_at::VARCHAR, q.item_id, q.task, q.question,
        q."references", q.wrong_answers, q.source, q.licence, q.answer_kind, q.options
    FROM control_replies AS r
    JOIN control_questions AS q ON q.question_id = r.question_id
    WHERE r.reply_id NOT IN (
        SELECT g.reply_id FROM control_grades AS g WHERE list_contains($methods, g.method))
    ORDER BY r.reply_id
"""


@dataclass(frozen=True)
class UngradedControl:
    """A control reply with the item that decides its grade."""

    response: Response
    item: Item

    def grade(self) -> Grade:
        """Its grade by the rules of today."""
        return grade_response(self.response, self.item, belief="none")


def read_ungraded_controls(con: duckdb.DuckDBPyConnection) -> list[UngradedControl]:
    """Control replies that the rules of today have not graded."""
    return [
        UngradedControl(
            response=Response(*row[:11]),
            item=Item(
                item_id=row[11],
                task=row[12],
                question=row[13],
                references=tuple(row[14]),
                wrong_answers=tuple(row[15]),
                source=row[16],
                licence=row[17],
                answer_kind=row[18],
                options=tuple(row[19]),
            ),
        )
        for row in con.execute(_SELECT_UNGRADED, {"methods": list(METHODS)}).fetchall()
    ]


def insert_control_grades(
    cursor: duckdb.DuckDBPyConnection, rows: Iterable[Mapping[str, Any]]
) -> int:
    """Store grades; a reply keeps the first grade of each method."""
    return insert_rows(cursor, _INSERT_GRADES, rows)
