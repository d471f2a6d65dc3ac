"""Which loader reads an items file, what is left out of it, and which items a study draws."""

import csv
import io
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any

from evaluation.grading.clauses import words
from evaluation.items import generic, truthfulqa
from study.errors import BadItems
from study.records import Item, stable_id
from study.settings import PACKAGED

# loaders of more sets are added here: the columns that tell a layout, and what reads it
_LOADERS = (truthfulqa, generic)


@dataclass(frozen=True)
class ItemSet:
    """Items of one file that can be asked, and what was left out of it."""

    items: tuple[Item, ...]
    left_out: tuple[str, ...]
    """One sentence per item that was left out, with the reason."""


def read_items(source: str = PACKAGED) -> ItemSet:
    """Read an items file; `packaged` is the set written for this project.

    Raises:
        BadItems: no loader knows its columns, or a row is not usable.
    """
    if source == PACKAGED:
        text = resources.files("evaluation").joinpath("items/packaged.jsonl").read_text("utf-8")
        return _leave_out_suspicious(generic.load_rows(_json_lines(text, source), source))
    path = Path(source)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadItems(
            f"items file {source} cannot be read as UTF-8 text ({error}); name a CSV or JSONL file"
        ) from error
    read = _json_lines if path.suffix == ".jsonl" else _csv_rows
    rows = read(text, source)
    if not rows:
        raise BadItems(f"items file {source} has no rows; name a file with at least one question")
    columns = set(rows[0])
    for loader in _LOADERS:
        if columns >= loader.NEEDED_COLUMNS:
            return _leave_out_suspicious(loader.load_rows(rows, source))
    raise BadItems(
        f"items file {source} has the columns {', '.join(map(str, rows[0]))}; expected those of "
        "TruthfulQA (Question, Best Answer, …) or question, reference, wrong_answer"
    )


def draw_items(items: Sequence[Item], limit: int | None, seed: int) -> list[Item]:
    """Draw items by seed so that every task has its share, to within one.

    Returns:
        All items when there is no limit, else `limit` of them, tasks taking turns.
    """
    if limit is None or limit >= len(items):
        return list(items)
    by_task: dict[str, list[Item]] = defaultdict(list)
    for item in sorted(items, key=lambda item: stable_id(seed, "draw", item.item_id)):
        by_task[item.task].append(item)
    drawn: list[Item] = []
    while len(drawn) < limit:
        for task in sorted(by_task):
            if by_task[task] and len(drawn) < limit:
                drawn.append(by_task[task].pop(0))
    return drawn


def _leave_out_suspicious(items: Sequence[Item]) -> ItemSet:
    kept: list[Item] = []
    left_out: list[str] = []
    item_ids: set[str] = set()
    questions: set[str] = set()
    for item in map(_without_refusals, items):
        question = words(item.question)
        # left out like a repeated question rather than refused: the rest of a file from
        # elsewhere can be asked, and the count says that one was not
        if item.item_id in item_ids:
            left_out.append(f"“{item.question}”: the item_id stands in the file twice")
        elif question in questions:
            left_out.append(f"“{item.question}”: the question stands in the file twice")
        elif not item.references:
            left_out.append(f"“{item.question}”: the reference is a refusal to answer")
        elif not words(item.references[0]) or not words(item.wrong_answers[0]):
            left_out.append(f"“{item.question}”: an answer has no words but articles")
        elif words(item.references[0]) == words(item.wrong_answers[0]):
            left_out.append(f"“{item.question}”: the reference equals the wrong answer")
        else:
            kept.append(item)
        item_ids.add(item.item_id)
        questions.add(question)
    return ItemSet(tuple(kept), tuple(left_out))


def _without_refusals(item: Item) -> Item:
    """TruthfulQA lists "I have no comment" among right answers; a refusal has its own label."""
    answers = (r for r in item.references if not words(r).startswith("i have no comment"))
    return replace(item, references=tuple(answers))


def _csv_rows(text: str, file: str) -> list[Any]:
    rows = []
    reader = csv.DictReader(io.StringIO(text, newline=""))
    try:
        for number, row in enumerate(reader, start=1):
            if None in row:
                raise BadItems(
                    f"{file}, row {number} has more values than the header has columns; put a "
                    "value with a comma between double quotes"
                )
            rows.append(row)
    except csv.Error as error:
        raise BadItems(
            f"{file}, line {reader.line_num} is not CSV that can be read ({error}); look for a "
            "double quote that is not closed"
        ) from error
    return rows


def _json_lines(text: str, file: str) -> list[Any]:
    rows = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise BadItems(f"{file}, line {number} is not JSON ({error}); correct it") from error
        if not isinstance(row, dict):
            raise BadItems(f"{file}, line {number} is not a JSON object; write one per line")
        rows.append(row)
    return rows
