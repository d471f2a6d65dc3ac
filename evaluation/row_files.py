"""Row files: the rows of a CSV, JSONL or Parquet file, word for word.

Texts keep the blanks around them, since a reply is what a model said. Columns for analysis, trimmed
and typed, are read in `outside_tables.py`.
"""

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb

from study.errors import BadInput

_DELIMITERS = ",;\t"
_SELECT_ROWS = "SELECT * FROM read_parquet($path)"


def read_row_file(path: Path) -> list[tuple[int, Mapping[str, Any]]]:
    """Rows with the numbers by which a person finds them: of the row in CSV and Parquet, of the
    line in JSONL.

    Args:
        path: ends in .csv (comma, semicolon or tab; a header line), .jsonl or .parquet.
    Raises:
        BadInput: no such file, another kind of file, or one that is not what its name says.
    """
    readers = {".csv": _csv_rows, ".jsonl": _json_lines, ".parquet": _parquet_rows}
    read = readers.get(path.suffix.lower())
    if read is None:
        raise BadInput(
            f"expected a file that ends in {', '.join(readers)}, got {path.name!r}; convert it first"
        )
    try:
        rows = list(read(path))
    except UnicodeDecodeError as error:
        raise BadInput(
            f"expected {path} to be text in UTF-8, got another encoding ({error}); save it as UTF-8"
        ) from error
    except OSError as error:
        raise BadInput(
            f"{path} cannot be read ({error.strerror or error}); correct the path"
        ) from error
    if not rows:
        raise BadInput(f"expected rows in {path}, got none; name a file with at least one")
    return rows


def _csv_rows(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        header_line = file.readline()
        file.seek(0)
        reader = csv.reader(file, delimiter=max(_DELIMITERS, key=header_line.count), strict=True)
        try:
            header = next(reader, [])
            repeated = {name for name in header if header.count(name) > 1}
            if repeated:
                raise BadInput(
                    f"expected each column once in {path}, its header has {min(repeated)!r} more "
                    "often; rename one"
                )
            for number, cells in enumerate(reader, start=1):
                if not cells:
                    continue
                if len(cells) != len(header):
                    raise BadInput(
                        f"{path}, row {number}: expected {len(header)} cells as in the header, got "
                        f"{len(cells)}; put a value with a delimiter between double quotes"
                    )
                yield number, dict(zip(header, cells, strict=True))
        except csv.Error as error:
            raise BadInput(
                f"{path}, line {reader.line_num} is not CSV that can be read ({error}); look for a "
                "double quote that is not closed"
            ) from error


def _json_lines(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise BadInput(f"{path}, line {number} is not JSON ({error}); correct it") from error
        if not isinstance(row, dict):
            raise BadInput(f"{path}, line {number} is not a JSON object; write one per line")
        yield number, row


def _parquet_rows(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    if not path.is_file():
        raise BadInput(f"expected a file at {path}, found none; correct the path")
    with duckdb.connect(":memory:") as con:
        con.execute("SET GLOBAL TimeZone = 'UTC'")
        try:
            found = con.execute(_SELECT_ROWS, {"path": str(path)})
            names = [column[0] for column in found.description or ()]
            rows = found.fetchall()
        except duckdb.Error as error:
            reason = " ".join(str(error).split())
            raise BadInput(
                f"expected {path} to be a Parquet file, but DuckDB says {reason!r:.300}; correct it"
            ) from error
    for number, cells in enumerate(rows, start=1):
        yield number, dict(zip(names, cells, strict=True))
