"""MMLU: the original CSV files, which have no header, or the hub's `all`.

It is a control, asked in the usual way: the question shows its options. Of the original folder
`test` alone is read, not the examples of `dev`. Source: Hendrycks et al., "Measuring Massive
Multitask Language Understanding", arXiv:2009.03300; MIT.
"""

import re
from pathlib import PurePath
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

from evaluation.items.choices import check_options, letter_place, list_options, wrong_options
from evaluation.items.rows import CHOICE_COLUMNS, parse_rows
from evaluation.row_files import Row, Table
from study.records import Item, stable_id

NAME = "mmlu"
COLUMNS = "question, A, B, C, D, answer (on the hub question, choices, answer)"

_FILE_NAME = re.compile(r"(.+?)_(?:test|dev|val|auxiliary_train)$")
_ASKS_FOR_LETTER = "Which letter is right?"


class _Row(BaseModel):
    model_config = ConfigDict(str_strip_whitespace=True)

    question: str = ""
    choices: list[str]
    answer: str
    subject: str = ""

    @model_validator(mode="before")
    @classmethod
    def _one_layout(cls, given: Any) -> Any:
        row = dict(given)
        if "choices" not in row:
            row["choices"] = [row.get(letter, "") for letter in "ABCD"]
        # the hub counts options from 0
        if isinstance(row.get("answer"), int):
            row["answer"] = chr(ord("A") + row["answer"]) if 0 <= row["answer"] < 26 else "?"
        return row


def recognises(row: Row) -> bool:
    """Whether a row has the columns of one of the layouts."""
    return row.keys() >= set(CHOICE_COLUMNS) or row.keys() >= {"question", "choices", "answer"}


def load_items(table: Table) -> list[Item]:
    """Make items of MMLU's rows.

    Raises:
        BadItems: an answer names no option, or a value is not of the kind expected; names the row.
    """
    named = _FILE_NAME.match(PurePath(table.name).stem)
    items = []
    for where, row in parse_rows(_Row, table):
        check_options(row.choices, where)
        right = letter_place(row.answer, len(row.choices), where)
        shown = f"{row.question}\n{list_options(row.choices)}\n{_ASKS_FOR_LETTER}"
        items.append(
            Item(
                # some subjects repeat a stem, such as "Which is true?", with other options
                item_id=stable_id("mmlu", row.question, *row.choices),
                task=NAME,
                question=shown if row.question else "",
                references=(row.choices[right],),
                wrong_answers=wrong_options(row.choices, right, row.question),
                source="MMLU, arXiv:2009.03300",
                licence="MIT",
                answer_kind="option",
                options=tuple(row.choices),
                category=row.subject or (named.group(1) if named else ""),
            )
        )
    return items
