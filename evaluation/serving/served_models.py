"""Served models: which arm answered where, and how. The only writer of `served_models`."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import duckdb

from study.database import insert_rows
from study.records import ServedModel

_INSERT_SERVED_MODELS = """
    INSERT INTO served_models (served_model_id, arm, model_name, engine, base_sha256,
        adapter_sha256, decoding_json, canary_json, served_at, system_sha256, template_sha256,
        model_id)
    SELECT row.served_model_id, row.arm, row.model_name, row.engine, row.base_sha256,
        row.adapter_sha256, row.decoding_json, row.canary_json, row.served_at,
        row.system_sha256, row.template_sha256, row.model_id
    FROM (SELECT unnest($rows) AS row)
    ON CONFLICT DO NOTHING
"""
_SELECT_SERVED_MODELS = """
    SELECT m.served_model_id, m.arm, m.model_name, m.engine, m.base_sha256, m.adapter_sha256,
        m.decoding_json, m.canary_json, m.served_at::VARCHAR, m.system_sha256, m.template_sha256,
        m.model_id
    FROM served_models m
    ORDER BY m.served_at, m.served_model_id
"""
_SELECT_NEWEST_MODELS = """
    WITH answered AS (
        SELECT arm, served_model_id FROM responses WHERE $table = 'responses'
        UNION
        SELECT arm, served_model_id FROM control_replies WHERE $table = 'control_replies'
    )
    SELECT answered.served_model_id
    FROM answered
    LEFT JOIN served_models AS m ON m.served_model_id = answered.served_model_id
    QUALIFY row_number() OVER (
        PARTITION BY answered.arm
        ORDER BY m.served_at DESC NULLS LAST, answered.served_model_id DESC) = 1
    ORDER BY answered.served_model_id
"""
# run files that an earlier version wrote have no such columns
_LATER_COLUMNS = {"system_sha256": "", "template_sha256": None, "model_id": None}


def read_served_models(con: duckdb.DuckDBPyConnection) -> list[ServedModel]:
    """Every served model of the study, the earliest first."""
    return [ServedModel(*row) for row in con.execute(_SELECT_SERVED_MODELS).fetchall()]


def read_newest_models(
    con: duckdb.DuckDBPyConnection, table: Literal["responses", "control_replies"]
) -> list[str]:
    """Ids of the models whose replies are read: of each arm the one that was served last and has
    answered."""
    rows = con.cursor().execute(_SELECT_NEWEST_MODELS, {"table": table}).fetchall()
    return [model for (model,) in rows]


def insert_served_models(
    cursor: duckdb.DuckDBPyConnection, rows: Iterable[Mapping[str, Any]]
) -> int:
    """Store served models; ones already stored are passed over.

    Returns:
        How many were new.
    Raises:
        BadTable: a row does not fit the table.
    """
    whole = [{**_LATER_COLUMNS, **row} for row in rows]
    return insert_rows(cursor, _INSERT_SERVED_MODELS, whole)
