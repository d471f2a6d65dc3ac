"""Rows of a local file: CSV, TSV, JSONL, JSON or Parquet, or a folder of MMLU's CSV files.

A file is read whole or not at all: a quote that is not closed, a row that is short or a line that
ends early stops the reading with its place. What the columns mean is each set's own module.
"""

import csv
import io
import json
import string
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import duckdb
from pydantic import BaseModel, ValidationError

from study.errors import BadItems

Row = Mapping[str, Any]
Model = TypeVar("Model", bound=BaseModel)

SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet")
CHOICE_COLUMNS = ("question", "A", "B", "C", "D", "answer")
"""What MMLU's files hold, which have no header."""

_SELECT_PARQUET = "SELECT * FROM read_parquet($file)"
# the two bytes that open a text that Windows calls Unicode
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class Table:
    """The rows of one file, or of one set of the hub."""

    name: str
    """Where the rows come from, as messages name it."""
    rows: Sequence[Row]


def read_file(file: Path) -> Table:
    """Read a file by its suffix.

    Raises:
        BadItems: the file is missing, empty, not UTF-8, cut short or in no known format.
    """
    suffix = file.suffix.lower()
    if suffix == ".parquet":
        return _with_rows(str(file), _parquet_rows(file))
    if suffix not in SUFFIXES:
        raise BadItems(
            f"items file {file} has none of the endings {', '.join(SUFFIXES)}; save it as one of "
            "these, or name a hub id such as owner/name"
        )
    text = _read_text(file)
    if suffix == ".json":
        rows: Sequence[Row] = _json_rows(text, str(file))
    elif suffix in (".csv", ".tsv"):
        rows = _csv_rows(text, str(file), "\t" if suffix == ".tsv" else ",")
    else:
        rows = json_lines(text, str(file))
    return _with_rows(str(file), rows)


def parse_rows(model: type[Model], table: Table) -> Iterator[tuple[str, Model]]:
    """Check every row against a model; empty values count as missing.

    Yields:
        The row's place for messages, and the row.
    Raises:
        BadItems: a row does not fit; names the row and the column.
    """
    for number, row in enumerate(table.rows, start=1):
        where = f"{table.name}, row {number}"
        given = {key: value for key, value in row.items() if value is not None and value != ""}
        try:
            parsed = model.model_validate(given)
        except ValidationError as error:
            problem = error.errors()[0]
            column = ".".join(str(part) for part in problem["loc"])
            place = f"{where}, column {column!r}" if column else where
            # a validator's own words come behind "Value error, "
            said = problem["msg"].removeprefix("Value error, ")
            said = said[:1].lower() + said[1:]
            columns = ", ".join(field.alias or name for name, field in model.model_fields.items())
            raise BadItems(
                f"{place}: {said}; expected the columns {columns}; correct the row or take it out"
            ) from error
        yield where, parsed


def json_lines(text: str, name: str) -> list[Row]:
    """Rows of a text with one JSON object a line."""
    rows: list[Row] = []
    # not splitlines: JSON may hold other line separators inside its strings
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise BadItems(
                f"{name}, line {number} is not JSON ({_first_line(error)}); correct it, or get the "
                "file again if it was cut"
            ) from error
        if not isinstance(row, dict):
            raise BadItems(f"{name}, line {number} is not a JSON object; write one per line")
        rows.append(row)
    return rows


def is_choice_row(values: Sequence[str]) -> bool:
    """Whether a CSV row is one of MMLU's: question, four options, the right one's letter."""
    return len(values) == len(CHOICE_COLUMNS) and values[-1].strip() in set("ABCD")


def _with_rows(name: str, rows: Sequence[Row]) -> Table:
    if not rows:
        raise BadItems(f"items file {name} has no rows; name a file with at least one question")
    return Table(name, rows)


def _read_text(file: Path) -> str:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise BadItems(
            f"items file {file} cannot be read ({error.strerror}); correct the path, or name a hub "
            "id such as owner/name"
        ) from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        what = "it begins as UTF-16" if data[:2] in _UTF16 else f"byte 0x{data[error.start]:02x}"
        raise BadItems(
            f"items file {file}, line {line} is not UTF-8 ({what}); save the file as UTF-8"
        ) from error


def _csv_rows(text: str, name: str, delimiter: str) -> list[Row]:
    # strict: otherwise a file that ends within quotes is read as if it were whole
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        records = [record for record in reader if record]
    except csv.Error as error:
        raise BadItems(
            f"{name}, line {reader.line_num} is not CSV that can be read ({error}); look for a "
            "double quote that is not closed, or get the file again if it was cut"
        ) from error
    if not records:
        return []
    header: Sequence[str] = [column.strip() for column in records[0]]
    if is_choice_row(records[0]):
        header = CHOICE_COLUMNS
    else:
        records = records[1:]
        _check_header(header, name)
    for number, record in enumerate(records, start=1):
        if len(record) != len(header):
            more = "more" if len(record) > len(header) else "fewer"
            remedy = (
                "put a value with a comma between double quotes"
                if more == "more"
                else "fill the row up, or get the file again if it was cut"
            )
            raise BadItems(
                f"{name}, row {number} has {more} values than the header has columns; {remedy}"
            )
    return [dict(zip(header, record, strict=True)) for record in records]


def _check_header(header: Sequence[str], name: str) -> None:
    for sign, word in ((";", "semicolons"), ("\t", "tabs")):
        if len(header) == 1 and sign in header[0]:
            raise BadItems(
                f"{name} has its columns between {word}; save it with commas"
                + (", or name it .tsv" if sign == "\t" else "")
            )
    twice = [column for column in header if header.count(column) > 1]
    if twice:
        raise BadItems(f"{name} has the column {twice[0]!r} twice; rename or remove one of them")


def _json_rows(text: str, name: str) -> list[Row]:
    try:
        rows = json.loads(text) if text.strip() else []
    except (ValueError, RecursionError) as error:
        raise BadItems(
            f"{name} is not JSON ({_first_line(error)}); correct it, or name it .jsonl if each line "
            "is an object of its own"
        ) from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise BadItems(f"{name} is not a JSON list of objects; write one object per question")
    return rows


def _parquet_rows(file: Path) -> list[Row]:
    if not file.is_file():
        raise BadItems(f"items file {file} cannot be read (no such file); correct the path")
    try:
        with duckdb.connect() as con:
            cursor = con.execute(_SELECT_PARQUET, {"file": _without_patterns(file)})
            columns = [column[0] for column in cursor.description or ()]
            return [dict(zip(columns, values, strict=True)) for values in cursor.fetchall()]
    except duckdb.Error as error:
        raise BadItems(
            f"items file {file} is not Parquet that can be read ({_first_line(error)}); get it again"
        ) from error


def _without_patterns(file: Path) -> str:
    """The path with what DuckDB would take for a pattern of names put between brackets."""
    return "".join(f"[{sign}]" if sign in "*?[" else sign for sign in str(file))


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(string.punctuation)
