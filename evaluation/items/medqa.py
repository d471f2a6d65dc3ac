"""MedQA: examination questions with four or five options, asked in free text as a user would.

`options` is a mapping of letters to texts (four options, and the hub), or one text "A. …\\nB. …"
(five). The question is put into conversational words by `vignettes.py`, once, so that it is the
same in every condition; the options are not shown. Source: Jin et al., "What Disease Does This
Patient Have?", Applied Sciences 2021; MIT.
"""

import re
from collections.abc import Mapping
from string import ascii_uppercase

from pydantic import BaseModel, ConfigDict

from evaluation.items.choices import (
    as_one_line,
    check_options,
    letter_place,
    split_options,
    wrong_options,
)
from evaluation.items.rows import parse_rows
from evaluation.items.vignettes import reword
from evaluation.row_files import Row, Table
from study.errors import BadItems
from study.records import Item, stable_id

NAME = "medqa"
COLUMNS = "question, options, answer"

_LETTERED = re.compile(r"([A-Z])\. ")


class _Row(BaseModel):
    model_config = ConfigDict(str_strip_whitespace=True)

    question: str = ""
    options: str | dict[str, str | None]
    answer: str
    answer_idx: str = ""
    meta_info: str = ""


def recognises(row: Row) -> bool:
    """Whether a row has the columns of one of the layouts."""
    return row.keys() >= {"question", "options", "answer"} and isinstance(
        row["options"], str | Mapping
    )


def load_items(table: Table) -> list[Item]:
    """Make items of MedQA's rows.

    Raises:
        BadItems: the answer is none of the options, or a value is not of the kind expected; names
            the row.
    """
    items = []
    for where, row in parse_rows(_Row, table):
        options = _options(row, where)
        check_options(options, where)
        right = _place_of_answer(row, options, where)
        items.append(
            Item(
                item_id=stable_id("medqa", row.question),
                task=NAME,
                question=reword(row.question),
                references=(options[right],),
                wrong_answers=wrong_options(options, right, row.question),
                source="MedQA, doi 10.3390/app11146421",
                licence="MIT",
                answer_kind="option",
                options=options,
                category=row.meta_info,
            )
        )
    return items


def _options(row: _Row, where: str) -> tuple[str, ...]:
    if isinstance(row.options, str):
        return split_options(row.options, where)
    # Parquet's structs give every row the letters that any row has
    given = {letter: text for letter, text in row.options.items() if text is not None}
    if not given or list(given) != list(ascii_uppercase[: len(given)]):
        raise BadItems(
            f"{where}, column 'options': expected the letters A, B and so on, found "
            f"{', '.join(given)[:40] or 'none'}; correct the row or take it out"
        )
    return tuple(as_one_line(text) for text in given.values())


def _place_of_answer(row: _Row, options: tuple[str, ...], where: str) -> int:
    lettered = _LETTERED.match(row.answer)
    text = as_one_line(row.answer)
    if row.answer_idx:
        place = letter_place(row.answer_idx, len(options), where)
    elif lettered and isinstance(row.options, str):
        place = letter_place(lettered.group(1), len(options), where)
        text = as_one_line(row.answer[lettered.end() :])
    elif text in options:
        place = options.index(text)
    else:
        place = letter_place(row.answer, len(options), where)
        text = options[place]
    if options[place] != text:
        raise BadItems(
            f"{where}, column 'answer': expected the text of option {ascii_uppercase[place]}, found "
            f"{text[:60]!r}; correct the row or take it out"
        )
    return place
