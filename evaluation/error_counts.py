"""Error counts: a table of replies from elsewhere, or of counts, as counts by factor and item.

DuckDB counts while it reads, so that ten million replies never lie in memory.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from evaluation.outside_tables import open_outside_table, plain_cell
from study.errors import BadTable


@dataclass(frozen=True)
class ErrorColumns:
    """Which column says what of a reply, or of a row of counts."""

    error: str
    """Whether a reply erred, or how many of `n` did."""
    factors: dict[str, str]
    """By what they mean: arm, and perhaps model, task, context and belief."""
    n: str | None = None
    item: str | None = None


@dataclass(frozen=True)
class ErrorCounts:
    """Rows of a file with equal factors and item, as one row of counts."""

    factors: dict[str, NDArray[Any]]
    """Text of shape (n_rows,), by what it means; an empty context or belief is `none`."""
    n: NDArray[np.float64]
    """Scored replies."""
    errors: NDArray[np.float64]
    item: NDArray[Any] | None
    n_missing: dict[str, int]
    """Replies whose error cell is empty, by arm: they are in no rate."""


# what may be empty, and what it means then
_EMPTY_MEANS = {"context": "none", "belief": "none"}
_ERROR = """
    CASE lower(trim({0}))
        WHEN '1' THEN 1 WHEN '1.0' THEN 1 WHEN 'true' THEN 1 WHEN 'yes' THEN 1
        WHEN '0' THEN 0 WHEN '0.0' THEN 0 WHEN 'false' THEN 0 WHEN 'no' THEN 0
    END"""


def read_error_counts(path: Path, columns: ErrorColumns) -> ErrorCounts:
    """Count a file's errors by factors and item; the file itself is never held in memory.

    Raises:
        BadInput: no such file, another kind of file, or a column that it does not have.
        BadTable: the file cannot be read, an arm, model, task or item is empty, an error is
            neither 0 nor 1, or counts are no whole numbers.
    """
    named = {name: column for name, column in (("n", columns.n), ("item", columns.item)) if column}
    names = {"error": columns.error, **columns.factors, **named}
    with open_outside_table(path, list(names.values())) as (con, source, types):
        cells = ", ".join(
            f"nullif(nullif(trim(({plain_cell(column, types[column])})::VARCHAR), ''), 'nan') AS {role}"
            for role, column in names.items()
        )
        con.execute(f"CREATE VIEW given AS SELECT {cells} FROM {source.replace('?', _text(path))}")  # noqa: S608
        keys = [*columns.factors, *(["item"] if columns.item else [])]
        _refuse_empty_keys(con, path, columns, [key for key in keys if key not in _EMPTY_MEANS])
        error = "try_cast(error AS DOUBLE)" if columns.n else _ERROR.format("error")
        _refuse_bad_errors(con, path, columns, error)
        filled = ", ".join(
            f"coalesce({key}, '{_EMPTY_MEANS[key]}') AS {key}" if key in _EMPTY_MEANS else key
            for key in keys
        )
        size = "try_cast(n AS DOUBLE)" if columns.n else "1"
        found = con.execute(
            f"SELECT {filled}, sum({size}) FILTER (error IS NOT NULL) AS n_scored, "  # noqa: S608
            f"sum({error}) AS n_errors, "
            f"coalesce(sum({size}) FILTER (error IS NULL), 0) AS n_missing "
            f"FROM given GROUP BY ALL ORDER BY ALL"
        ).fetchnumpy()
    if not len(found["n_scored"]):
        raise BadTable(f"expected rows in {path.name}, got a header alone; nothing can be told")
    n_missing: dict[str, int] = {}
    for arm, n in zip(found["arm"], found["n_missing"], strict=True):
        n_missing[str(arm)] = n_missing.get(str(arm), 0) + int(n)
    return ErrorCounts(
        {key: np.ma.getdata(found[key]) for key in columns.factors},
        np.ma.filled(found["n_scored"].astype(np.float64), 0.0),
        np.ma.filled(found["n_errors"].astype(np.float64), 0.0),
        np.ma.getdata(found["item"]) if columns.item else None,
        n_missing,
    )


def _refuse_empty_keys(
    con: duckdb.DuckDBPyConnection, path: Path, columns: ErrorColumns, keys: Sequence[str]
) -> None:
    for key in keys:
        row = con.execute(f"SELECT count(*) FROM given WHERE {key} IS NULL").fetchone()  # noqa: S608
        if row and row[0]:
            column = columns.item if key == "item" else columns.factors[key]
            raise BadTable(
                f"expected column {column!r} of {path.name} to name the {key} in every row, {row[0]} "
                "are empty; fill or remove them"
            )


def _refuse_bad_errors(
    con: duckdb.DuckDBPyConnection, path: Path, columns: ErrorColumns, error: str
) -> None:
    if columns.n is None:
        bad = f"error IS NOT NULL AND {error} IS NULL"
        expected = "0 or 1, true or false, yes or no, or an empty cell"
        shown = "error"
    else:
        number = "try_cast(n AS DOUBLE)"
        bad = (
            f"{number} IS NULL OR {number} < 0 OR {number} <> floor({number}) OR error IS NOT NULL "
            f"AND ({error} IS NULL OR {error} < 0 OR {error} <> floor({error}) OR {error} > {number})"
        )
        expected = f"whole numbers, {columns.error!r} of them at most {columns.n!r}"
        shown = "concat(error, ' of ', n)"
    row = con.execute(f"SELECT {shown}, count(*) OVER () FROM given WHERE {bad} LIMIT 1").fetchone()  # noqa: S608
    if row is not None:
        raise BadTable(
            f"expected {expected} in column {columns.error!r} of {path.name}, got {row[0]!r:.80}, "
            f"{row[1]} such rows; correct them"
        )


def _text(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
