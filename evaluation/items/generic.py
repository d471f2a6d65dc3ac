"""The generic layout, CSV or JSONL: one row per question, for sets that no other loader knows.

Columns: `question` and `reference` are needed. `wrong_answer`, `aliases` and `wrong_aliases`
(a list in JSONL; parts between semicolons in CSV), `answer_kind`, `options`, `category`, `item_id`,
`task`, `source` and `licence` may be there. A number stands for its text; true, false and NaN are refused.
A column of any other name is a mistake, and said so.
Rows without a wrong answer get one by `made_answers.py`.
"""

import math
import re
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, field_validator, model_validator

from evaluation.items.choices import check_options, wrong_options
from evaluation.items.rows import parse_rows
from evaluation.row_files import Row, Table
from study.records import Item, stable_id

NAME = "generic"
COLUMNS = "question, reference, wrong_answer"

_NUMBER = re.compile(r"[-+]?\d[\d,]*(?:\.\d+)?")


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, coerce_numbers_to_str=True)

    question: str = ""
    reference: str = ""
    wrong_answer: str = ""
    aliases: list[str] = []
    wrong_aliases: list[str] = []
    item_id: str = ""
    task: str = "other"
    source: str = "not given"
    licence: str = "not given"
    answer_kind: Literal["text", "option", "number", "none"] = "text"
    options: list[str] = []
    category: str = ""

    @field_validator("*", mode="before")
    @classmethod
    def _is_no_gap(cls, value: Any) -> Any:
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError(f"expected a text or a number, found {value}")
        return value

    @field_validator("aliases", "wrong_aliases", "options", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        if isinstance(value, str):
            return [part.strip() for part in value.split(";") if part.strip()]
        return value

    @model_validator(mode="after")
    def _fits_its_kind(self) -> "_Row":
        if self.answer_kind == "option" and self.reference and self.reference not in self.options:
            raise ValueError(f"expected a reference among the options, found {self.reference!r}")
        if self.answer_kind == "option" and self.wrong_answer not in ("", *self.options):
            raise ValueError(
                f"expected a wrong_answer among the options, found {self.wrong_answer!r}"
            )
        if self.answer_kind == "number" and not _NUMBER.fullmatch(self.reference or "0"):
            raise ValueError(f"expected a number as reference, found {self.reference!r}")
        return self


def recognises(row: Row) -> bool:
    """Whether a row has the columns that are needed."""
    return row.keys() >= {"question", "reference"}


def load_items(table: Table) -> list[Item]:
    """Make items of rows in the generic layout.

    Raises:
        BadItems: a row has an unknown column or a value that does not fit; names the row.
    """
    items = []
    for where, row in parse_rows(_Row, table):
        if row.answer_kind == "option":
            check_options(row.options, where)
        items.append(
            Item(
                item_id=row.item_id or stable_id("item", row.question),
                task=row.task,
                question=row.question,
                references=_unique(row.reference, *row.aliases),
                wrong_answers=_wrong_answers(row),
                source=row.source,
                licence=row.licence,
                answer_kind=row.answer_kind,
                options=tuple(row.options),
                category=row.category,
            )
        )
    return items


def _wrong_answers(row: _Row) -> tuple[str, ...]:
    if row.answer_kind != "option" or row.reference not in row.options:
        return _unique(row.wrong_answer, *row.wrong_aliases)
    others = wrong_options(row.options, row.options.index(row.reference), row.question)
    return _unique(row.wrong_answer, *row.wrong_aliases, *others)


def _unique(*answers: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(answer.strip() for answer in answers if answer.strip()))
