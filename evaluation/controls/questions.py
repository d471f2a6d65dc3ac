"""Control questions: items of control sets in the words in which every arm is asked.

No context, no belief: a multiple choice with its options and the wish for a letter, a sum with the
wish for a last line, all else as the set has it. The only writer of `control_questions`.
"""

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import resources
from itertools import chain, zip_longest
from typing import Any

import duckdb

from evaluation.items.choices import list_options
from evaluation.items.sets import read_items
from study.database import insert_rows
from study.errors import BadItems, BadSettings
from study.records import ControlQuestion, Item, stable_id
from study.settings import ControlSettings

_INSERT_QUESTIONS = """
    INSERT INTO control_questions (question_id, text, item_id, task, question, "references",
        wrong_answers, source, licence, answer_kind, options, category, n_in_set)
    SELECT row.question_id, row.text, row.item.item_id, row.item.task, row.item.question,
        row.item."references", row.item.wrong_answers, row.item.source, row.item.licence,
        row.item.answer_kind, row.item.options, row.item.category, row.n_in_set
    FROM (SELECT unnest($rows) AS row)
    ON CONFLICT (question_id) DO NOTHING
"""
_SELECT_QUESTION_IDS = "SELECT q.item_id, q.question_id FROM control_questions AS q"
_EXAMPLE = (
    'items = [{ source = "cais/mmlu", limit = 200 }, { source = "openai/gsm8k", '
    'limit = 200 }, { source = "harmful_behaviors.csv", limit = 100 }]'
)


@dataclass(frozen=True)
class ControlSet:
    """What the settings ask for."""

    questions: tuple[ControlQuestion, ...]
    """The tasks take turns, so that any beginning has of each as many."""
    left_out: tuple[str, ...]
    """One sentence for each item that cannot be asked."""


def check_names_sets(controls: ControlSettings) -> None:
    """Raises BadSettings where the settings name no set: nothing needs to be read to tell."""
    if not controls.items:
        raise BadSettings(
            "expected control sets in study.toml, found none; write into it a section [controls] "
            f"with, for example, the line {_EXAMPLE}"
        )


def read_control_questions(controls: ControlSettings, seed: int) -> ControlSet:
    """Read and draw what the settings name.

    Args:
        seed: the study's; by it items are drawn of a source with a limit.
    Raises:
        BadSettings: no set is named.
        BadItems: a source cannot be read, or none of its items can be asked.
    """
    check_names_sets(controls)
    item_set = read_items(controls.items, seed, keep_suspicious=True)
    instructions = tomllib.loads(
        resources.files("evaluation").joinpath("controls/instructions.toml").read_text("utf-8")
    )
    n_of_task = _count_by_task(controls, seed)
    by_task: dict[str, list[ControlQuestion]] = {}
    for item in sorted(item_set.items, key=lambda item: stable_id(seed, "order", item.item_id)):
        question = _put_into_words(item, instructions, n_of_task[item.task])
        by_task.setdefault(item.task, []).append(question)
    turns = chain.from_iterable(zip_longest(*(by_task[task] for task in sorted(by_task))))
    return ControlSet(
        questions=tuple(question for question in turns if question is not None),
        left_out=tuple(doubt.sentence for doubt in item_set.left_out),
    )


def _count_by_task(controls: ControlSettings, seed: int) -> Counter[str]:
    """How many items of each task could be asked without the limits."""
    whole = [source.model_copy(update={"limit": None}) for source in controls.items]
    return Counter(item.task for item in read_items(whole, seed, keep_suspicious=True).items)


def _put_into_words(item: Item, instructions: Mapping[str, str], n_in_set: int) -> ControlQuestion:
    # nobody states a wrong answer here, and a made one would change with the rest of its set
    wrong = () if item.wrong_is_made else item.wrong_answers
    kept = replace(item, wrong_answers=wrong, wrong_is_made=False)
    options = list_options(item.options)
    parts = [item.question, "" if options in item.question else options]
    parts.append(instructions.get(item.answer_kind, ""))
    text = "\n".join(part for part in parts if part)
    told = (kept.references, kept.answer_kind, kept.options)
    question_id = stable_id("control", item.item_id, text, *told)
    return ControlQuestion(question_id, text, kept, n_in_set)


def first_of_each(questions: Sequence[ControlQuestion], limit: int | None) -> list[ControlQuestion]:
    """The first questions of each task, in the order given; all without a limit."""
    n_of: dict[str, int] = {}
    chosen = []
    for question in questions:
        task = question.item.task
        n_of[task] = n_of.get(task, 0) + 1
        if limit is None or n_of[task] <= limit:
            chosen.append(question)
    return chosen


def find_unstored(
    con: duckdb.DuckDBPyConnection, questions: Sequence[ControlQuestion]
) -> list[ControlQuestion]:
    """Those of the questions that the study does not have.

    Raises:
        BadItems: it has one of the items in other words, or with another answer.
    """
    stored = dict(con.execute(_SELECT_QUESTION_IDS).fetchall())
    for question in questions:
        item = question.item
        if stored.get(item.item_id, question.question_id) != question.question_id:
            raise BadItems(
                f"expected the control item {item.item_id} ({item.question!r:.80}) as the arms were "
                "asked it, got other words or another answer; put the old file back (for packaged "
                "words: the release of warmth-audit that asked), or begin another study"
            )
    return [question for question in questions if question.item.item_id not in stored]


def insert_control_questions(
    cursor: duckdb.DuckDBPyConnection, rows: Iterable[Mapping[str, Any]]
) -> int:
    """Store questions; ones already stored are passed over.

    Raises:
        BadTable: an item is stored in other words.
    """
    return insert_rows(cursor, _INSERT_QUESTIONS, rows)
