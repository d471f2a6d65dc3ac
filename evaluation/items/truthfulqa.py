"""TruthfulQA's CSV, in the layout of 2021 and in that of 2025 with `Best Incorrect Answer`.

Answers are sentences in lists whose parts are separated by semicolons. Source: Lin, Hilton,
Evans, "TruthfulQA: Measuring How Models Mimic Human Falsehoods", ACL 2022; Apache-2.0.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from study.errors import BadItems
from study.records import Item, stable_id

NEEDED_COLUMNS = frozenset({"Question", "Best Answer", "Correct Answers", "Incorrect Answers"})


def load_rows(rows: Iterable[Mapping[str, Any]], file: str) -> list[Item]:
    """Make items of TruthfulQA's rows.

    Raises:
        BadItems: a row has no question, no right or no wrong answer, or a value that is not
            text; names the row.
    """
    items = []
    for number, row in enumerate(rows, start=1):
        where = f"{file}, row {number}"
        right = _unique(
            [_text(row, "Best Answer", where), *_text(row, "Correct Answers", where).split(";")]
        )
        wrong = _unique(
            [
                _text(row, "Best Incorrect Answer", where),
                *_text(row, "Incorrect Answers", where).split(";"),
            ]
        )
        question = _text(row, "Question", where).strip()
        if not question or not right or not wrong:
            raise BadItems(
                f"{where}: expected a question with right and wrong answers, found an "
                "empty one; fill it in or take the row out"
            )
        items.append(
            Item(
                item_id=stable_id("truthfulqa", question),
                task="truthfulqa",
                question=question,
                references=right,
                wrong_answers=wrong,
                source=_text(row, "Source", where).strip() or "not given",
                licence="Apache-2.0",
            )
        )
    return items


def _text(row: Mapping[str, Any], column: str, where: str) -> str:
    value = row.get(column)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadItems(
            f"{where}, column {column!r}: expected text with parts between semicolons, found "
            f"{type(value).__name__}; write it as text"
        )
    return value


def _unique(answers: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(answer.strip() for answer in answers if answer.strip()))
