"""The table `grades`, written here alone, and which responses have no grade yet."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import duckdb

from evaluation.grading.sought import METHODS
from study.database import insert_rows
from study.records import Item, Response

IMPORTED_METHOD = "imported-1"
"""Of a label that came along with an imported reply: no rule is asked about it."""

_INSERT_GRADES = """
    INSERT INTO grades (response_id, method, label, has_reference, has_wrong, is_refusal, is_cut,
        reason, is_refusal_to_study, adopts, is_hedged, ends_open)
    SELECT row.response_id, row.method, row.label, row.has_reference, row.has_wrong,
        row.is_refusal, row.is_cut, row.reason, row.is_refusal_to_study, row.adopts,
        row.is_hedged, row.ends_open
    FROM (SELECT unnest($rows) AS row)
    ON CONFLICT (response_id, method) DO NOTHING
"""
_SELECT_UNGRADED = """
    SELECT r.response_id, r.prompt_id, r.served_model_id, r.arm, r.sample, r.text, r.finish_reason,
        r.failure, r.n_tokens, r.seconds, r.created_at::VARCHAR, p.belief, i.item_id, i.task,
        i.question, i."references", i.wrong_answers, i.source, i.licence, i.answer_kind,
        i.options, i.wrong_is_made, i.category
    FROM responses r
    JOIN prompts p ON p.prompt_id = r.prompt_id
    JOIN items i ON i.item_id = p.item_id
    WHERE i.answer_kind <> 'ungraded' AND r.response_id NOT IN (
        SELECT g.response_id FROM grades g WHERE list_contains($methods, g.method))
    ORDER BY r.response_id
"""
# run files of earlier versions have rows without them
_LATER_COLUMNS: dict[str, Any] = dict.fromkeys(
    ["is_refusal_to_study", "adopts", "is_hedged", "ends_open"]
)


@dataclass(frozen=True)
class Ungraded:
    """A response with what its grade depends on."""

    response: Response
    item: Item
    belief: str


def read_ungraded(con: duckdb.DuckDBPyConnection) -> list[Ungraded]:
    """Responses that the rules of today have not graded; grades of older rules stay beside.

    One that came with its label is graded, whatever a rule would say; those to messages that are
    asked for warmth alone have nothing to grade.
    """
    methods = [*METHODS, IMPORTED_METHOD]
    return [
        Ungraded(
            response=Response(*row[:11]),
            belief=row[11],
            item=Item(
                item_id=row[12],
                task=row[13],
                question=row[14],
                references=tuple(row[15]),
                wrong_answers=tuple(row[16]),
                source=row[17],
                licence=row[18],
                answer_kind=row[19],
                options=tuple(row[20]),
                wrong_is_made=row[21],
                category=row[22],
            ),
        )
        for row in con.execute(_SELECT_UNGRADED, {"methods": methods}).fetchall()
    ]


def insert_grades(cursor: duckdb.DuckDBPyConnection, rows: Iterable[Mapping[str, Any]]) -> int:
    """Store grades; a response keeps the first grade of each method."""
    return insert_rows(cursor, _INSERT_GRADES, [{**_LATER_COLUMNS, **row} for row in rows])
