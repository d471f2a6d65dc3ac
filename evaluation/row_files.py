"""Row files: the rows of a CSV, TSV, JSONL, JSON or Parquet file, word for word.

A file is read whole or not at all: a quote that is not closed, a row that is short or a line that
ends early stops the reading with its place. Texts keep the blanks around them, since a reply is what a
model said. What the columns mean is said in `items/` and `imported_replies.py`. Columns for analysis,
trimmed and typed, are read in `outside_tables.py`.
"""

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from study.errors import BadInput

Row = Mapping[str, Any]
Header = Sequence[str]

SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet")
"""What a row file ends in."""

_DELIMITERS = ",;\t"
_SELECT_ROWS = "SELECT * FROM read_parquet($file)"
# the two bytes that open a text that Windows calls Unicode
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class Table:
    """The rows of one file, or of one set of the hub."""

    name: str
    """Where the rows come from, as messages name it."""
    rows: Sequence[Row]
    numbers: Sequence[int] | None = None
    """By which a person finds each row: of the line in JSONL, else of the row; None for 1, 2, …"""

    def placed_rows(self) -> Iterator[tuple[str, Row]]:
        """Each row with its place for messages."""
        numbers = self.numbers or range(1, len(self.rows) + 1)
        for number, row in zip(numbers, self.rows, strict=True):
            yield f"{self.name}, row {number}", row


def read_row_file(
    file: Path, header_of: Callable[[Header], Header | None] = lambda _: None, instead: str = ""
) -> Table:
    """Read a file by its suffix.

    Args:
        header_of: the columns of a CSV file whose first row has none, by that row; None where the
            row names the columns.
        instead: what else could be named, for the message on a file that is not there.
    Raises:
        BadInput: the file is missing, empty, not UTF-8, cut short or in no known format.
    """
    suffix = file.suffix.lower()
    if suffix not in SUFFIXES:
        raise BadInput(
            f"{file} has none of the endings {', '.join(SUFFIXES)}; save it as one of these{instead}"
        )
    if suffix == ".parquet":
        table = _parquet_table(file, instead)
    else:
        text = _read_text(file, instead)
        if suffix in (".csv", ".tsv"):
            delimiters = "\t" if suffix == ".tsv" else _DELIMITERS
            table = _csv_table(text, str(file), delimiters, header_of)
        elif suffix == ".json":
            table = _json_table(text, str(file))
        else:
            table = parse_json_lines(text, str(file))
    if not table.rows:
        below = " below its header" if suffix in (".csv", ".tsv") else ""
        raise BadInput(f"{file} has no rows{below}; name a file with at least one")
    return table


def parse_json_lines(text: str, name: str) -> Table:
    """Rows of a text with one JSON object a line.

    Raises:
        BadInput: a line is none; names it.
    """
    rows: list[Row] = []
    numbers = []
    # not splitlines: JSON may hold other line separators inside its strings
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise BadInput(
                f"{name}, line {number} is not JSON ({_first_line(error)}); correct it, or get the "
                "file again if it was cut"
            ) from error
        if not isinstance(row, dict):
            raise BadInput(f"{name}, line {number} is not a JSON object; write one per line")
        rows.append(row)
        numbers.append(number)
    return Table(name, rows, numbers)


def _read_text(file: Path, instead: str) -> str:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise BadInput(
            f"{file} cannot be read ({error.strerror or error}); correct the path{instead}"
        ) from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        what = "it begins as UTF-16" if data[:2] in _UTF16 else f"byte 0x{data[error.start]:02x}"
        raise BadInput(
            f"{file}, line {line} is not UTF-8 ({what}); save the file as UTF-8"
        ) from error


def _csv_table(
    text: str, name: str, delimiters: str, header_of: Callable[[Header], Header | None]
) -> Table:
    delimiter = max(delimiters, key=lambda sign: len(_first_record(text, sign)))
    reader = _csv_reader(text, delimiter)
    try:
        records = [(number, record) for number, record in enumerate(reader) if record]
    except csv.Error as error:
        raise BadInput(
            f"{name}, line {reader.line_num} is not CSV that can be read ({error}); look for a "
            "double quote that is not closed, or get the file again if it was cut"
        ) from error
    if not records:
        return Table(name, [])
    first, header = records[0]
    columns = header_of(header)
    if columns is None:
        columns = [column.strip() for column in header]
        twice = [column for column in columns if columns.count(column) > 1]
        if twice:
            raise BadInput(
                f"{name} has the column {twice[0]!r} twice; rename or remove one of them"
            )
        records = records[1:]
    else:
        first -= 1
    for number, record in records:
        if len(record) != len(columns):
            raise BadInput(_wrong_length(f"{name}, row {number - first}", record, columns))
    rows = [dict(zip(columns, record, strict=True)) for _, record in records]
    return Table(name, rows, [number - first for number, _ in records])


def _csv_reader(text: str, delimiter: str) -> Any:
    # strict: otherwise a file that ends within quotes is read as if it were whole
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)


def _first_record(text: str, delimiter: str) -> list[str]:
    """The first row that is not empty, parted by a delimiter; nothing where that cannot be."""
    try:
        return next((record for record in _csv_reader(text, delimiter) if record), [])
    except csv.Error:
        return []


def _wrong_length(where: str, record: Sequence[str], columns: Header) -> str:
    remedy = (
        "put a value with a delimiter between double quotes"
        if len(record) > len(columns)
        else "fill the row up, or get the file again if it was cut"
    )
    return f"{where}: expected {len(columns)} cells as in the header, got {len(record)}; {remedy}"


def _json_table(text: str, name: str) -> Table:
    try:
        rows = json.loads(text) if text.strip() else []
    except (ValueError, RecursionError) as error:
        raise BadInput(
            f"{name} is not JSON ({_first_line(error)}); correct it, or name it .jsonl if each line "
            "is an object of its own"
        ) from error
    if not isinstance(rows, list):
        raise BadInput(f"{name} is not a JSON list of objects; write one object per row")
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, dict):
            raise BadInput(
                f"{name}, row {number} is not a JSON object; write one with a value per column"
            )
    return Table(name, rows)


def _parquet_table(file: Path, instead: str) -> Table:
    if not file.is_file():
        raise BadInput(f"{file} cannot be read (no such file); correct the path{instead}")
    try:
        with duckdb.connect() as con:
            con.execute("SET GLOBAL TimeZone = 'UTC'")
            cursor = con.execute(_SELECT_ROWS, {"file": _without_patterns(file)})
            columns = [column[0] for column in cursor.description or ()]
            rows = [dict(zip(columns, values, strict=True)) for values in cursor.fetchall()]
    except duckdb.Error as error:
        raise BadInput(
            f"{file} is not Parquet that can be read ({_first_line(error)}); get it again"
        ) from error
    return Table(str(file), rows)


def _without_patterns(file: Path) -> str:
    """The path with what DuckDB would take for a pattern of names put between brackets."""
    return "".join(f"[{sign}]" if sign in "*?[" else sign for sign in str(file))


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".:;, ")
