"""Served models: which arm answered where, and how. The only writer of `served_models`."""

from collections.abc import Iterable, Mapping
from typing import Any

import duckdb

from study.database import insert_rows

_INSERT_SERVED_MODELS = """
    INSERT INTO served_models (served_model_id, arm, model_name, engine, base_sha256,
        adapter_sha256, decoding_json, canary_json, served_at)
    SELECT row.served_model_id, row.arm, row.model_name, row.engine, row.base_sha256,
        row.adapter_sha256, row.decoding_json, row.canary_json, row.served_at
    FROM (SELECT unnest($rows) AS row)
    ON CONFLICT DO NOTHING
"""


def insert_served_models(
    cursor: duckdb.DuckDBPyConnection, rows: Iterable[Mapping[str, Any]]
) -> int:
    """Store served models; ones already stored are passed over.

    Returns:
        How many were new.
    Raises:
        BadTable: a row does not fit the table.
    """
    return insert_rows(cursor, _INSERT_SERVED_MODELS, rows)
