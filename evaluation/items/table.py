"""The table `items`, written here alone."""

from collections.abc import Iterable, Mapping
from typing import Any

import duckdb

from study.database import insert_rows

_INSERT_ITEMS = """
    INSERT INTO items (item_id, task, question, "references", wrong_answers, source, licence,
        answer_kind, options, wrong_is_made, category)
    SELECT row.item_id, row.task, row.question, row."references", row.wrong_answers, row.source,
        row.licence, row.answer_kind, row.options, row.wrong_is_made, row.category
    FROM (SELECT unnest($rows) AS row)
    ON CONFLICT (item_id) DO NOTHING
"""
_NOT_SENT_BEFORE: dict[str, Any] = {
    "answer_kind": "text",
    "options": (),
    "wrong_is_made": False,
    "category": "",
}
"""What run files and clients of earlier releases leave out."""


def insert_items(cursor: duckdb.DuckDBPyConnection, rows: Iterable[Mapping[str, Any]]) -> int:
    """Store items; ones already stored are passed over."""
    return insert_rows(cursor, _INSERT_ITEMS, [_NOT_SENT_BEFORE | dict(row) for row in rows])
