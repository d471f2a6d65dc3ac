"""TruthfulQA's CSV, in the layout of 2021 and in that of 2025 with `Best Incorrect Answer`.

Answers are sentences in lists whose parts are separated by semicolons. Source: Lin, Hilton,
Evans, "TruthfulQA: Measuring How Models Mimic Human Falsehoods", ACL 2022; Apache-2.0.
"""

from collections.abc import Iterable, Mapping

from study.errors import BadItems
from study.records import Item, stable_id

NEEDED_COLUMNS = frozenset({"Question", "Best Answer", "Correct Answers", "Incorrect Answers"})


def load_rows(rows: Iterable[Mapping[str, str]], file: str) -> list[Item]:
    """Make items of TruthfulQA's rows.

    Raises:
        BadItems: a row has no question, no right or no wrong answer; names the row.
    """
    items = []
    for number, row in enumerate(rows, start=1):
        right = _unique([row["Best Answer"], *_split(row["Correct Answers"])])
        wrong = _unique([row.get("Best Incorrect Answer") or "", *_split(row["Incorrect Answers"])])
        question = (row["Question"] or "").strip()
        if not question or not right or not wrong:
            raise BadItems(
                f"{file}, row {number}: expected a question with right and wrong answers, found an "
                "empty one; fill it in or take the row out"
            )
        items.append(
            Item(
                item_id=stable_id("truthfulqa", question),
                task="truthfulqa",
                question=question,
                references=right,
                wrong_answers=wrong,
                source=(row.get("Source") or "not given").strip(),
                licence="Apache-2.0",
            )
        )
    return items


def _split(answers: str | None) -> list[str]:
    return [part.strip() for part in (answers or "").split(";")]


def _unique(answers: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(answer.strip() for answer in answers if answer and answer.strip()))
