"""TriviaQA: the official files, the hub's `rc.nocontext`, and rows of `context`, `answer`, `aliases`.

Each has one answer and its aliases, and no wrong answer: `made_answers.py` makes one. Answers
written all in capitals come first in the spelling of an alias, or else with capitals at the
beginning of words, since a user would state them so; Roman numerals keep theirs. Texts that were
quoted for CSV are unquoted. Source: Joshi, Choi, Weld, Zettlemoyer, "TriviaQA", ACL 2017; Apache-2.0.
"""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, field_validator, model_validator

from evaluation.items.rows import parse_rows
from evaluation.row_files import Row, Table
from study.records import Item, stable_id

NAME = "triviaqa"
COLUMNS = "context, answer, aliases (or question, question_id, answer as on the hub)"

_FRAME = re.compile(r"^\s*Question:\s*(.*?)\s*Answer:\s*$", re.DOTALL)

_SHORTEST_SHOUTED = 4
_SMALL_WORDS = frozenset(
    ["a", "an", "and", "at", "by", "de", "for", "in", "la", "of", "on", "or", "the", "to"]
)
_NUMERAL = re.compile(r"M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})")
_LONG_NUMERAL = 4


class _Row(BaseModel):
    model_config = ConfigDict(str_strip_whitespace=True)

    question: str = ""
    answer: str = ""
    aliases: list[str] = []
    question_source: str = ""

    @model_validator(mode="before")
    @classmethod
    def _one_layout(cls, given: Any) -> Any:
        row = {_snake(key): value for key, value in given.items()}
        if isinstance(context := row.get("context"), str):
            framed = _FRAME.match(context)
            row["question"] = framed.group(1) if framed else context
        if isinstance(answer := row.get("answer"), Mapping):
            parts = {_snake(key): value for key, value in answer.items()}
            row |= {"answer": parts.get("value", ""), "aliases": parts.get("aliases", [])}
        return row

    @field_validator("question", "answer")
    @classmethod
    def _unquoted(cls, text: str) -> str:
        return _without_csv_quotes(text)

    @field_validator("aliases")
    @classmethod
    def _each_unquoted(cls, texts: list[str]) -> list[str]:
        return [_without_csv_quotes(text) for text in texts]


def recognises(row: Row) -> bool:
    """Whether a row has the columns of one of the layouts."""
    return row.keys() >= {"context", "answer", "aliases"} or any(
        row.keys() >= {question, answer} and isinstance(row[answer], Mapping)
        for question, answer in (("question", "answer"), ("Question", "Answer"))
    )


def load_items(table: Table) -> list[Item]:
    """Make items of TriviaQA's rows, without wrong answers.

    Raises:
        BadItems: a value is not of the kind expected; names the row.
    """
    return [
        Item(
            item_id=stable_id("triviaqa", row.question),
            task=NAME,
            question=row.question,
            references=_references(row),
            wrong_answers=(),
            source=row.question_source or "TriviaQA, doi 10.18653/v1/P17-1147",
            licence="Apache-2.0",
        )
        for _, row in parse_rows(_Row, table)
    ]


def _references(row: _Row) -> tuple[str, ...]:
    first = row.answer.strip("'\"‘’“” ")
    if first.isupper() and len(first) >= _SHORTEST_SHOUTED:
        spelt = (alias for alias in row.aliases if alias.casefold() == first.casefold())
        first = next((alias for alias in spelt if not alias.isupper()), _with_capitals(first))
        first = " ".join(
            word.upper() if _is_numeral(word.upper(), place) else word
            for place, word in enumerate(first.split())
        )
    answers = (answer.strip() for answer in (first, row.answer, *row.aliases))
    return tuple(dict.fromkeys(answer for answer in answers if answer))


def _with_capitals(shouted: str) -> str:
    """HMS BEAGLE as HMS Beagle: words without a vowel are taken for abbreviations."""
    words = [
        word.lower()
        if place and word.lower() in _SMALL_WORDS
        else word.capitalize()
        if re.search("[AEIOUY]", word)
        else word
        for place, word in enumerate(shouted.split())
    ]
    return " ".join(words)


def _is_numeral(word: str, place: int) -> bool:
    """Of a king, a war or a year; a short word at the beginning is a name, and MIX a word."""
    is_told = len(word) >= _LONG_NUMERAL or (place > 0 and set(word) <= set("IVX"))
    return is_told and _NUMERAL.fullmatch(word) is not None


def _without_csv_quotes(text: str) -> str:
    is_quoted = text.startswith('"') and text.endswith('"') and '""' in text[1:-1]
    return text[1:-1].replace('""', '"') if is_quoted else text


def _snake(key: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", key).lower()
