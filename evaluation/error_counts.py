"""Error counts: a table of replies from elsewhere, or of counts, as counts by factor and item.

DuckDB counts while it reads, so that ten million replies never lie in memory. It reads texts once,
as numbers of the different texts; what each of those means is decided once per text, here.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from evaluation.outside_tables import (
    MEANS_FALSE,
    MEANS_TRUE,
    WORDS_FOR_MISSING,
    missing_remedy,
    open_outside_table,
    plain_cell,
)
from evaluation.statistics.coded_columns import CodedColumn
from study.errors import BadTable

Counts = NDArray[np.float64]


@dataclass(frozen=True)
class ErrorColumns:
    """Which column says what of a reply, or of a row of counts."""

    error: str
    """Whether a reply erred, or how many of `n` did."""
    factors: dict[str, str]
    """By what they mean: arm, and perhaps model, task, context and belief."""
    n: str | None = None
    item: str | None = None
    missing: tuple[str, ...] = ()
    """Texts of an error cell that say that there is no score."""

    def by_meaning(self) -> dict[str, str]:
        """The columns that rows are counted by, by what they mean."""
        return self.factors | ({"item": self.item} if self.item else {})


@dataclass(frozen=True)
class ErrorCounts:
    """Rows of a file with equal factors and item, as one row of counts."""

    factors: dict[str, CodedColumn]
    """Of n_rows rows, by what they mean; an empty context or belief is `none`."""
    n: Counts
    """Shape (n_rows,); scored replies."""
    errors: Counts
    item: CodedColumn | None
    n_missing: dict[str, int]
    """Replies whose error cell is empty, by arm: they are in no rate."""
    n_unscored: Counts
    """Shape (n_rows,); the same by row."""
    n_missing_levels: dict[str, int]
    """Rows of the file whose cell is empty, by factor: a context or belief of theirs is `none`."""


@dataclass(frozen=True)
class _Key:
    """A column that rows are counted by, as DuckDB numbers its texts."""

    name: str
    texts: tuple[str | None, ...]
    """By number, trimmed; None where there is none."""
    has_empty: bool
    """Some cells are empty, and number 0 stands for them."""


# what may be empty, and what it means then
_EMPTY_MEANS = {"context": "none", "belief": "none"}
# ways to write 0 or 1; a column with more different texts holds something else
_MOST_SPELLINGS = 1000
_MOST_CODES = 2**62
# each level is a term of the regression, and each cell a row that somebody reads
_MOST_LEVELS = 200
_MOST_CELLS = 2000


def read_error_counts(path: Path, columns: ErrorColumns) -> ErrorCounts:
    """Count a file's errors by factors and item; the file itself is never held in memory.

    Raises:
        BadInput: no such file, another kind of file, or a column that it does not have.
        BadTable: the file cannot be read, an arm, model, task or item is empty, an error is
            neither 0 nor 1, counts are no whole numbers, or factors have too many levels to count.
    """
    of_file = {"error": columns.error, **columns.by_meaning()}
    if columns.n:
        of_file["n"] = columns.n
    with open_outside_table(path, list(of_file.values())) as (con, source, types):
        cells = ", ".join(
            f"{_cell(role, column, types[column], columns.missing)} AS {role}"
            for role, column in of_file.items()
        )
        # SQL takes neither a column nor a view's file as a parameter: all are quoted here
        con.execute(f"CREATE VIEW given AS SELECT {cells} FROM {source.replace('?', _text(path))}")  # noqa: S608
        keys = [_number_texts(con, name) for name in columns.by_meaning()]
        _refuse_many_codes(path, keys)
        read, add_up = _read_replies, _ADD_UP_REPLIES
        if columns.n:
            read, add_up = _read_counts, _ADD_UP_COUNTS
        row_of_file = f"SELECT {_code(keys)} AS code, {read(con, path, columns)} FROM given"  # noqa: S608
        found = con.execute(f"{add_up} FROM ({row_of_file}) GROUP BY code").fetchnumpy()
    if not len(found["code"]):
        raise BadTable(f"expected rows in {path.name}, got a header alone; nothing can be told")
    return _decode(path, columns, keys, found)


def _cell(role: str, column: str, duckdb_type: str, missing: Sequence[str]) -> str:
    """A column as text in SQL; of a number that is none, and of what means missing, NULL."""
    cell = f"({plain_cell(column, duckdb_type)})::VARCHAR"
    if role in ("error", "n") and duckdb_type in ("DOUBLE", "FLOAT"):
        cell = f"nullif({cell}, 'nan')"
    if role == "error" and missing:
        texts = ", ".join(_quoted(text) for text in missing)
        cell = f"CASE WHEN trim({cell}) NOT IN ({texts}) THEN {cell} END"
    return cell


_ADD_UP_REPLIES = """
    SELECT
        code, count(*) AS n_rows, count(errors) AS n, sum(errors) AS errors,
        count(*) - count(errors) AS n_missing
"""
_ADD_UP_COUNTS = """
    SELECT
        code, count(*) AS n_rows, sum(n) FILTER (errors IS NOT NULL) AS n, sum(errors) AS errors,
        sum(n) FILTER (errors IS NULL) AS n_missing
"""


def _number_texts(con: duckdb.DuckDBPyConnection, name: str) -> _Key:
    con.execute(
        f"CREATE TYPE {name}_text AS ENUM "  # noqa: S608
        f"(SELECT DISTINCT {name} FROM given WHERE {name} IS NOT NULL ORDER BY {name})"
    )
    row = con.execute(
        f"SELECT enum_range(NULL::{name}_text), count(*) > count({name}) FROM given"  # noqa: S608
    ).fetchone()
    assert row is not None, "a count always has a row"
    texts = tuple(_trimmed(text) for text in row[0])
    return _Key(name, (None, *texts) if row[1] else texts, has_empty=row[1])


def _trimmed(text: str) -> str | None:
    trimmed = text.strip()
    return None if trimmed in ("", "nan") else trimmed


def _refuse_many_codes(path: Path, keys: Sequence[_Key]) -> None:
    if np.prod([float(len(key.texts)) for key in keys]) > _MOST_CODES:
        told = ", ".join(f"{len(key.texts)} of {key.name}" for key in keys)
        raise BadTable(
            f"expected factors of few levels in {path.name}, got {told}; name columns that repeat"
        )


def _code(keys: Sequence[_Key]) -> str:
    """One number per row out of the numbers of its texts, in SQL."""
    code = "0::BIGINT"
    for key in keys:
        # try_cast, which never fails here, is done once per text of a Parquet file; a cast once per row
        number = f"enum_code(try_cast({key.name} AS {key.name}_text))::BIGINT"
        if key.has_empty:
            number = f"coalesce({number} + 1, 0)"
        code = f"({code}) * {len(key.texts)} + {number}"
    return code


def _read_replies(con: duckdb.DuckDBPyConnection, path: Path, columns: ErrorColumns) -> str:
    """`errors` of a row in SQL, where it is a reply: 1, 0, or NULL where there is no score."""
    rows = con.execute(
        "SELECT DISTINCT error FROM given WHERE error IS NOT NULL LIMIT $limit",
        {"limit": _MOST_SPELLINGS},
    ).fetchall()
    spelled = {text: text.strip() for (text,) in rows}
    meant: dict[bool, list[str]] = {True: [], False: []}
    for text, trimmed in spelled.items():
        if not trimmed:
            continue
        if trimmed.lower() not in (*MEANS_TRUE, *MEANS_FALSE):
            _refuse_errors(con, path, columns)
        meant[trimmed.lower() in MEANS_TRUE].append(text)
    is_error, is_right = (
        f"error IN ({', '.join(map(_quoted, meant[wrong])) or 'NULL'})" for wrong in (True, False)
    )
    return f"CASE WHEN {is_error} THEN 1 WHEN {is_right} THEN 0 END AS errors"


_SELECT_BAD_ERRORS = """
    WITH numbered AS (SELECT trim(error) AS error, row_number() OVER () AS number FROM given)
    SELECT min_by(error, number), min(number), count(*)
    FROM numbered
    WHERE lower(error) NOT IN (SELECT unnest($known))
"""


def _refuse_errors(con: duckdb.DuckDBPyConnection, path: Path, columns: ErrorColumns) -> None:
    known = ["", *MEANS_TRUE, *MEANS_FALSE]
    row = con.execute(_SELECT_BAD_ERRORS, {"known": known}).fetchone()
    assert row is not None, "a count always has a row"
    first, number, n_rows = row
    raise BadTable(
        "expected 0 or 1, true or false, yes or no, or an empty cell in column "
        f"{columns.error!r} of {path.name}, got {first!r:.80} in row {number} of the data, {n_rows} "
        f"such rows; {_remedy(first)}"
    )


def _remedy(cell: str | None) -> str:
    return missing_remedy(cell) if cell in WORDS_FOR_MISSING else "correct them"


_SELECT_BAD_COUNTS = """
    WITH counts AS (
        SELECT
            nullif(trim(error), '') AS error_text, n AS n_text, row_number() OVER () AS number,
            try_cast(trim(error) AS DOUBLE) AS errors, try_cast(trim(n) AS DOUBLE) AS n
        FROM given
    )
    SELECT concat(error_text, ' of ', n_text), count(*) OVER (), number, error_text
    FROM counts
    WHERE n IS NULL OR n < 0 OR n <> floor(n) OR NOT isfinite(n)
        OR error_text IS NOT NULL
            AND (errors IS NULL OR errors < 0 OR errors <> floor(errors) OR errors > n)
    ORDER BY number
    LIMIT 1
"""


def _read_counts(con: duckdb.DuckDBPyConnection, path: Path, columns: ErrorColumns) -> str:
    """`n` and `errors` of a row in SQL, where it is a number of replies and of errors."""
    row = con.execute(_SELECT_BAD_COUNTS).fetchone()
    if row is not None:
        raise BadTable(
            f"expected whole numbers, {columns.error!r} of them at most {columns.n!r} in column "
            f"{columns.error!r} of {path.name}, got {row[0]!r:.80} in row {row[2]} of the data, "
            f"{row[1]} such rows; {_remedy(row[3])}"
        )
    errors = "nullif(trim(error), '')"
    return f"try_cast(trim(n) AS DOUBLE) AS n, try_cast({errors} AS DOUBLE) AS errors"


def _decode(
    path: Path, columns: ErrorColumns, keys: Sequence[_Key], found: dict[str, NDArray[Any]]
) -> ErrorCounts:
    """Counts by code as counts by what texts mean."""
    codes, levels = np.zeros(len(found["code"]), dtype=np.int64), {}
    n_empty: dict[str, int] = {}
    stride = math.prod(len(key.texts) for key in keys)
    for key in keys:
        stride //= len(key.texts)
        numbers = found["code"] // stride % len(key.texts)
        _refuse_empty_key(path, columns.by_meaning()[key.name], key, numbers, found["n_rows"])
        if key.name in columns.factors:
            n_empty[key.name] = int(found["n_rows"][_is_empty(key, numbers)].sum())
        coded = _by_meaning(key, numbers)
        _refuse_many_levels(path, columns, key.name, len(coded.levels))
        levels[key.name] = coded.levels
        codes = codes * len(coded.levels) + coded.index
    _refuse_many_cells(path, codes, levels)
    del found["code"], found["n_rows"]
    return _merge(codes, levels, found, n_empty)


def _refuse_many_levels(path: Path, columns: ErrorColumns, name: str, n_levels: int) -> None:
    if name in columns.factors and n_levels > _MOST_LEVELS:
        raise BadTable(
            f"expected at most {_MOST_LEVELS} different values in column {columns.factors[name]!r} of "
            f"{path.name}, which is the {name}, got {n_levels:,}; name another column for --{name}, or "
            "leave it out"
        )


def _refuse_many_cells(
    path: Path, codes: NDArray[np.int64], levels: Mapping[str, tuple[str, ...]]
) -> None:
    # items come last, so that what is above them tells the cell
    cells = np.unique(codes // len(levels["item"]) if "item" in levels else codes)
    if len(cells) > _MOST_CELLS:
        factors = ", ".join(name for name in levels if name != "item")
        raise BadTable(
            f"expected at most {_MOST_CELLS:,} combinations of {factors} in {path.name}, got "
            f"{len(cells):,}; leave a factor out"
        )


def _is_empty(key: _Key, numbers: NDArray[np.int64]) -> NDArray[np.bool_]:
    return np.array([text is None for text in key.texts], dtype=np.bool_)[numbers]


def _refuse_empty_key(
    path: Path, column: str, key: _Key, numbers: NDArray[np.int64], n_rows: NDArray[np.int64]
) -> None:
    if key.name in _EMPTY_MEANS:
        return
    is_empty = _is_empty(key, numbers)
    if is_empty.any():
        raise BadTable(
            f"expected column {column!r} of {path.name} to name the {key.name} in every row, "
            f"{n_rows[is_empty].sum()} are empty; fill or remove them"
        )


def _by_meaning(key: _Key, numbers: NDArray[np.int64]) -> CodedColumn:
    """Texts that mean the same become one level."""
    meant = [text or _EMPTY_MEANS.get(key.name, "") for text in key.texts]
    occurring = np.flatnonzero(np.bincount(numbers))
    levels = sorted({meant[number] for number in occurring})
    place = {level: number for number, level in enumerate(levels)}
    of_number = np.array([place.get(text, 0) for text in meant], dtype=np.intp)
    return CodedColumn(tuple(levels), of_number[numbers])


def _merge(
    codes: NDArray[np.int64],
    levels: dict[str, tuple[str, ...]],
    measures: dict[str, NDArray[Any]],
    n_empty: dict[str, int],
) -> ErrorCounts:
    """One row for equal factors and item, rising by them."""
    found, row = np.unique(codes, return_inverse=True)
    n, errors, n_missing = (_sums(row, measures.pop(name)) for name in ("n", "errors", "n_missing"))
    del row
    indices = np.unravel_index(found, tuple(map(len, levels.values())))
    columns = {
        name: CodedColumn(of_column, index)
        for (name, of_column), index in zip(levels.items(), indices, strict=True)
    }
    item, arm = columns.pop("item", None), columns["arm"]
    of_arms = np.bincount(arm.index, weights=n_missing, minlength=len(arm.levels))
    by_arm = {name: int(number) for name, number in zip(arm.levels, of_arms, strict=True)}
    return ErrorCounts(columns, n, errors, item, by_arm, n_missing, n_empty)


def _sums(row: NDArray[np.intp], measure: NDArray[Any]) -> Counts:
    filled = np.ma.filled(measure.astype(np.float64), 0.0)
    sums: Counts = np.bincount(row, weights=filled).astype(np.float64)
    return sums


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _text(path: Path) -> str:
    return _quoted(str(path))
