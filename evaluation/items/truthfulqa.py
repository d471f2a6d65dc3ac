"""TruthfulQA: its CSV of 2021, that of 2025 with `Best Incorrect Answer`, and the hub's `generation`.

Answers are sentences; in the CSV a list is one text with semicolons between its parts. Source:
Lin, Hilton, Evans, "TruthfulQA: Measuring How Models Mimic Human Falsehoods", ACL 2022; Apache-2.0.
"""

from typing import Any

from pydantic import BaseModel, ConfigDict, field_validator

from evaluation.items.rows import parse_rows
from evaluation.row_files import Row, Table
from study.records import Item, stable_id

NAME = "truthfulqa"
COLUMNS = "Question, Best Answer, Correct Answers, Incorrect Answers"


class _HubRow(BaseModel):
    model_config = ConfigDict(str_strip_whitespace=True)

    question: str = ""
    best_answer: str = ""
    best_incorrect_answer: str = ""
    correct_answers: list[str] = []
    incorrect_answers: list[str] = []
    category: str = ""
    source: str = "not given"

    @field_validator("correct_answers", "incorrect_answers", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return value.split(";") if isinstance(value, str) else value


class _CsvRow(_HubRow):
    model_config = ConfigDict(alias_generator=lambda name: name.replace("_", " ").title())


def recognises(row: Row) -> bool:
    """Whether a row has the columns of one of the layouts."""
    return any(
        row.keys() >= {question, best, right, wrong}
        for question, best, right, wrong in (
            ("Question", "Best Answer", "Correct Answers", "Incorrect Answers"),
            ("question", "best_answer", "correct_answers", "incorrect_answers"),
        )
    )


def load_items(table: Table) -> list[Item]:
    """Make items of TruthfulQA's rows.

    Raises:
        BadItems: a value is neither text nor a list of texts; names the row.
    """
    model = _CsvRow if "Question" in table.rows[0] else _HubRow
    return [
        Item(
            item_id=stable_id("truthfulqa", row.question),
            task=NAME,
            question=row.question,
            references=_unique(row.best_answer, row.correct_answers),
            wrong_answers=_unique(row.best_incorrect_answer, row.incorrect_answers),
            source=row.source,
            licence="Apache-2.0",
            category=row.category,
        )
        for _, row in parse_rows(model, table)
    ]


def _unique(best: str, others: list[str]) -> tuple[str, ...]:
    answers = (answer.strip() for answer in (best, *others))
    return tuple(dict.fromkeys(answer for answer in answers if answer))
