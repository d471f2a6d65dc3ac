"""Rows of items files, read by `row_files.py`, and checked against what a set has in them.

MMLU's files have no header: their first row is told by its shape. What the columns mean is each set's
own module.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from evaluation.row_files import Table, read_row_file
from study.errors import BadInput, BadItems

Model = TypeVar("Model", bound=BaseModel)

CHOICE_COLUMNS = ("question", "A", "B", "C", "D", "answer")
"""What MMLU's files hold, which have no header."""


def read_file(file: Path) -> Table:
    """Read an items file by its suffix.

    Raises:
        BadItems: the file is missing, empty, not UTF-8, cut short or in no known format.
    """
    try:
        return read_row_file(file, _choice_columns, ", or name a hub id such as owner/name")
    except BadInput as error:
        raise BadItems(f"items file {error}") from error


def parse_rows(
    model: type[Model], table: Table, layout: str | None = None
) -> Iterator[tuple[str, Model]]:
    """Check every row against a model; empty values count as missing.

    Args:
        layout: what rows look like, for the message; None names the model's columns.
    Yields:
        The row's place for messages, and the row.
    Raises:
        BadItems: a row does not fit; names the row and the column.
    """
    for where, row in table.placed_rows():
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
            expected = layout or f"the columns {columns}"
            raise BadItems(
                f"{place}: {said}; expected {expected}; correct the row or take it out"
            ) from error
        yield where, parsed


def _choice_columns(first_row: Sequence[str]) -> Sequence[str] | None:
    return CHOICE_COLUMNS if _is_choice_row(first_row) else None


def _is_choice_row(values: Sequence[str]) -> bool:
    """Whether a CSV row is one of MMLU's: question, four options, the right one's letter."""
    return len(values) == len(CHOICE_COLUMNS) and values[-1].strip() in set("ABCD")
