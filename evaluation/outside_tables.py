"""Tables from elsewhere: named columns of a CSV, JSONL or Parquet file, for analysis without a study.

DuckDB reads them; nothing is written or dropped here. A cell that is empty is missing, and what
that means is for the caller to say and to count.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from study.errors import BadInput, BadTable

_READERS = {
    ".csv": "read_csv(?, header = true, all_varchar = true, sample_size = -1)",
    ".jsonl": "read_json(?, format = 'newline_delimited')",
    ".parquet": "read_parquet(?)",
}


@dataclass(frozen=True)
class OutsideTable:
    """Columns of a file, one entry per row."""

    path: Path
    columns: dict[str, NDArray[Any]]
    """Objects of shape (n_rows,): text, numbers and truth values; None where a cell is empty."""

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def present(self, names: Sequence[str]) -> NDArray[np.bool_]:
        """Which rows have all of these columns, shape (n_rows,)."""
        rows = np.ones(len(self), dtype=np.bool_)
        for name in names:
            rows &= np.array([cell is not None for cell in self.columns[name]], dtype=np.bool_)
        return rows

    def refuse_empty(self, names: Sequence[str]) -> None:
        """Refuse rows in which one of these columns is empty.

        Raises:
            BadTable: there is one; the message names the first.
        """
        for name in names:
            present = self.present([name])
            if not present.all():
                row = int(np.flatnonzero(~present)[0]) + 1
                raise BadTable(
                    f"expected column {name!r} of {self.path.name} to be filled, row {row} of the "
                    f"data is empty, {int((~present).sum())} in all; fill or remove them"
                )


def read_outside_table(path: Path, names: Sequence[str]) -> OutsideTable:
    """Read the named columns of a file.

    Args:
        path: ends in .csv (comma, semicolon or tab; a header line), .jsonl or .parquet.
    Raises:
        BadInput: no such file, another kind of file, or a column that it does not have.
        BadTable: the file cannot be read as what its name says, or has no row.
    """
    with open_outside_table(path, names) as (con, source, types):
        wanted = ", ".join(_as_cell(name, types[name]) for name in dict.fromkeys(names))
        columns = con.execute(f"SELECT {wanted} FROM {source}", [str(path)]).fetchnumpy()  # noqa: S608
    if not len(next(iter(columns.values()))):
        raise BadTable(f"expected rows in {path.name}, got a header alone; nothing can be told")
    return OutsideTable(path, {name: _objects(columns[name]) for name in dict.fromkeys(names)})


@contextmanager
def open_outside_table(
    path: Path, names: Sequence[str]
) -> Iterator[tuple[duckdb.DuckDBPyConnection, str, dict[str, str]]]:
    """A connection, what to select from with the path as its parameter, and each column's type."""
    source = _READERS.get(path.suffix.lower())
    if source is None:
        raise BadInput(
            f"expected a file that ends in {', '.join(_READERS)}, got {path.name!r}; convert it first"
        )
    if not path.is_file():
        raise BadInput(f"expected a file at {path}, found none; correct the path")
    with duckdb.connect(":memory:") as con:
        con.execute("SET GLOBAL TimeZone = 'UTC'")
        try:
            found = con.execute(f"SELECT * FROM {source} LIMIT 0", [str(path)]).description  # noqa: S608
            types = {column[0]: str(column[1]) for column in found or ()}
            _refuse_unknown(path, names, list(types))
            yield con, source, types
        except duckdb.Error as error:
            reason = " ".join(str(error).split())
            raise BadTable(
                f"expected {path.name} to be a {path.suffix[1:]} table, but DuckDB says "
                f"{reason!r:.300}; correct the file"
            ) from error


def _refuse_unknown(path: Path, names: Sequence[str], known: Sequence[str]) -> None:
    for name in names:
        if name not in known:
            listed = ", ".join(repr(column) for column in known[:20])
            raise BadInput(
                f"expected a column {name!r} in {path.name}, got {listed}; name one of those"
            )


def _as_cell(name: str, duckdb_type: str) -> str:
    return f"{plain_cell(name, duckdb_type)} AS {_quoted(name)}"


def plain_cell(name: str, duckdb_type: str) -> str:
    """A column in SQL, its texts without quotation marks whatever type DuckDB found."""
    # a column of several types comes as JSON, its texts in quotation marks
    return f"{_quoted(name)} ->> '$'" if duckdb_type == "JSON" else _quoted(name)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _objects(column: NDArray[Any]) -> NDArray[Any]:
    """Cells as Python has them; None for what is missing, blank or not a number."""
    filled = np.ma.getdata(column).astype(object)
    missing = np.ma.getmaskarray(column)
    if column.dtype.kind == "f":
        missing = missing | np.isnan(np.ma.getdata(column))
    elif column.dtype.kind == "O":
        blank = [isinstance(cell, str) and not cell.strip() for cell in filled]
        missing = missing | np.array(blank, dtype=np.bool_)
    filled[missing] = None
    return filled
