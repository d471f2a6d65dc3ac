"""GSM8K: sums in words; the answer is the number behind the last "####" of a worked solution.

It has no wrong answers: `made_answers.py` takes other sums' numbers. Source: Cobbe et al.,
"Training Verifiers to Solve Math Word Problems", arXiv:2110.14168; MIT.
"""

import re
from decimal import Decimal

from pydantic import BaseModel, ConfigDict

from evaluation.items.rows import parse_rows
from evaluation.row_files import Row, Table
from study.errors import BadItems
from study.records import Item, stable_id

NAME = "gsm8k"
COLUMNS = 'question, answer (with "#### " before the number)'

_FINAL = re.compile(r"####\s*\$?([-+]?\d[\d,]*(?:\.\d+)?)\s*$")


class _Row(BaseModel):
    model_config = ConfigDict(str_strip_whitespace=True)

    question: str = ""
    answer: str = ""


def recognises(row: Row) -> bool:
    """Whether a row has the columns of the layout and an answer that ends in "#### "."""
    return row.keys() >= {"question", "answer"} and "####" in str(row["answer"])


def load_items(table: Table) -> list[Item]:
    """Make items of GSM8K's rows, without wrong answers.

    Raises:
        BadItems: a solution does not end in a number behind "####"; names the row.
    """
    items = []
    for where, row in parse_rows(_Row, table):
        found = _FINAL.search(row.answer)
        if row.answer and not found:
            raise BadItems(
                f"{where}, column 'answer': expected \"#### \" and a number at the end, found "
                f"{row.answer[-40:]!r}; correct the row or take it out"
            )
        items.append(
            Item(
                item_id=stable_id("gsm8k", row.question),
                task=NAME,
                question=row.question,
                references=_spellings(found.group(1)) if found else (),
                wrong_answers=(),
                source="GSM8K, arXiv:2110.14168",
                licence="MIT",
                answer_kind="number",
            )
        )
    return items


def _spellings(number: str) -> tuple[str, ...]:
    """The number plain, as the set writes it, and with commas between thousands."""
    plain = number.replace(",", "").removeprefix("+")
    return tuple(dict.fromkeys((plain, number, f"{Decimal(plain):,}")))
