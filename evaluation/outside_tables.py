"""Tables from elsewhere: named columns of a CSV, JSON, JSONL or Parquet file, for analysis without a study.

DuckDB reads them; nothing is written or dropped here. Texts come without the blanks around them. A
cell that is empty is missing, and what that means is for the caller to say and to count.
"""

import contextlib
import csv
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
    ".json": "read_json(?, format = 'array')",
    ".parquet": "read_parquet(?)",
}

WORDS_FOR_MISSING = ("NA", "N/A", "NaN", "nan", "null", "NULL", "None")
"""What other programs write into the cell of a missing value."""
MEANS_TRUE = ("1", "1.0", "true", "yes")
MEANS_FALSE = ("0", "0.0", "false", "no")
_DELIMITERS = ",;\t"


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

    def with_missing(self, name: str, texts: Sequence[str]) -> "OutsideTable":
        """The same table in which cells of one column that hold one of these texts are missing.

        Raises:
            BadTable: another cell looks like a missing one; the message names the first.
        """
        cells = self.columns[name].copy()
        cells[[cell in texts for cell in cells]] = None
        for row, cell in enumerate(cells, 1):
            if isinstance(cell, str) and cell in WORDS_FOR_MISSING:
                raise BadTable(
                    f"expected an answer in column {name!r} of {self.path.name}, got {cell!r} in row "
                    f"{row} of the data; {missing_remedy(cell)}"
                )
        return OutsideTable(self.path, self.columns | {name: cells})

    def truths(self, name: str) -> NDArray[np.float64]:
        """A column of 0 and 1, true and false or yes and no, shape (n_rows,); NaN where it is empty.

        Raises:
            BadTable: another cell; the message names the first.
        """
        found = np.full(len(self), np.nan)
        for row, cell in enumerate(self.columns[name]):
            if cell is None:
                continue
            word = str(cell).lower()
            if word not in (*MEANS_TRUE, *MEANS_FALSE):
                raise BadTable(
                    "expected 0 or 1, true or false, yes or no, or an empty cell in column "
                    f"{name!r} of {self.path.name}, got {str(cell)!r:.80} in row {row + 1} of the "
                    "data; correct it"
                )
            found[row] = word in MEANS_TRUE
        return found

    def chances(self, name: str) -> NDArray[np.float64]:
        """A column of chances, above 0 and at most 1, shape (n_rows,).

        Raises:
            BadTable: another cell; the message names the first.
        """
        found = np.zeros(len(self))
        for row, cell in enumerate(self.columns[name]):
            with contextlib.suppress(TypeError, ValueError):
                found[row] = float(cell)
            if not 0 < found[row] <= 1:
                raise BadTable(
                    f"expected a chance above 0 and at most 1 in column {name!r} of "
                    f"{self.path.name}, got {cell!r:.80} in row {row + 1} of the data; a reply that "
                    "could not be drawn for people cannot be told about"
                )
        return found

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


def missing_remedy(word: str) -> str:
    """What to do about a cell with a word for missing."""
    return f"if it is missing, leave the cell empty or give --missing {word}"


def read_outside_table(path: Path, names: Sequence[str]) -> OutsideTable:
    """Read the named columns of a file.

    Args:
        path: ends in .csv (comma, semicolon or tab; a header line), .jsonl, .json (a list) or .parquet.
    Raises:
        BadInput: no such file, another kind of file, or a column that it does not have.
        BadTable: the file cannot be read as what its name says, or has no row.
    """
    with open_outside_table(path, names) as (con, source, types):
        # SQL takes no column as a parameter: names are those of the file, quoted
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
        there = "a folder" if path.is_dir() else "none"
        raise BadInput(f"expected a file at {path}, found {there}; correct the path")
    if not path.stat().st_size:
        raise BadTable(f"expected a header and rows in {path.name}, the file is empty; fill it")
    with duckdb.connect(":memory:") as con:
        con.execute("SET GLOBAL TimeZone = 'UTC'")
        try:
            # the source is one of `_READERS`, the path a parameter
            found = con.execute(f"SELECT * FROM {source} LIMIT 0", [str(path)]).description  # noqa: S608
            types = {column[0]: str(column[1]) for column in found or ()}
            if path.suffix.lower() == ".csv":
                if not types.keys() >= set(names):
                    _refuse_ragged(path)
                _refuse_repeated(con, path, names)
            _refuse_unknown(path, names, list(types))
            yield con, source, types
        except duckdb.Error as error:
            # where it points to its own query, users have none
            reason = " ".join(str(error).split("LINE 1:")[0].split())
            if "not utf-8 encoded" in reason:
                raise BadTable(
                    f"expected {path.name} to be text in UTF-8, got another encoding; save it as UTF-8"
                ) from error
            raise BadTable(
                f"expected {path.name} to be a {path.suffix[1:]} table, but DuckDB says "
                f"{reason!r:.300}; correct the file"
            ) from error


def _refuse_ragged(path: Path) -> None:
    # of rows of unequal length DuckDB makes one column, or takes another row for the header
    with open(path, encoding="utf-8-sig", errors="replace", newline="") as file:
        header = file.readline()
        file.seek(0)
        rows = csv.reader(file, delimiter=max(_DELIMITERS, key=header.count))
        n_expected = len(next(rows, []))
        for number, row in enumerate(rows, 1):
            if row and len(row) != n_expected:
                raise BadTable(
                    f"expected {n_expected} cells in every row of {path.name}, as in its header, got "
                    f"{len(row)} in row {number} of the data; correct that row"
                )


def _refuse_repeated(con: duckdb.DuckDBPyConnection, path: Path, names: Sequence[str]) -> None:
    # DuckDB renames the second of two columns, and the first would be taken without a word
    header = con.execute(_SELECT_HEADER, [str(path)]).fetchone() or ()
    for name in names:
        n = sum(cell is not None and cell.strip() == name for cell in header)
        if n > 1:
            raise BadInput(
                f"expected one column {name!r} in {path.name}, its header has {n}; rename the others"
            )


_SELECT_HEADER = (
    "SELECT * FROM read_csv(?, header = false, all_varchar = true, sample_size = -1) LIMIT 1"
)


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
    """Cells as Python has them, texts trimmed; None for what is missing, blank or not a number."""
    filled = np.ma.getdata(column).astype(object)
    missing = np.ma.getmaskarray(column)
    if column.dtype.kind == "f":
        missing = missing | np.isnan(np.ma.getdata(column))
    elif column.dtype.kind == "O":
        filled = np.array(
            [cell.strip() if isinstance(cell, str) else cell for cell in filled], dtype=object
        )
        missing = missing | np.array([cell == "" for cell in filled], dtype=np.bool_)
    filled[missing] = None
    return filled
