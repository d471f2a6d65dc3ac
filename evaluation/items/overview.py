"""What sets of items give, in counts: for the command `items`, which prints them."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from evaluation.formats import Table, count_of, make_table
from evaluation.items.made_answers import answer_type
from evaluation.items.sets import ItemSet, draw_items
from study.records import Item

_SHOWN_OF_A_KIND = 2
_LONGEST_CELL = 160


def items_as_json(item_set: ItemSet, drawn: Sequence[Item]) -> dict[str, Any]:
    """The counts and every doubt, under the keys that docs/items.md has.

    Args:
        drawn: those of the items that a study would ask.
    """
    tasks = sorted({item.task for item in drawn})
    return {
        "n_items": len(item_set.items),
        "n_drawn": len(drawn),
        "n_left_out": len(item_set.left_out),
        "tasks": [
            _task_as_json(task, [one for one in drawn if one.task == task]) for task in tasks
        ],
        "suspicious": dict(sorted(Counter(doubt.kind for doubt in item_set.doubts).items())),
        "doubts": [
            {
                "item_id": doubt.item_id,
                "task": doubt.task,
                "kind": doubt.kind,
                "is_left_out": doubt in item_set.left_out,
                "sentence": doubt.sentence,
            }
            for doubt in item_set.doubts
        ],
    }


def items_as_tables(
    item_set: ItemSet, drawn: Sequence[Item], seed: int, n_shown: int
) -> list[Table]:
    """The counts, some of the doubts, and some items drawn by seed."""
    tables = [_counts_table(item_set, drawn)]
    if item_set.doubts:
        tables.append(_doubts_table(item_set))
    if n_shown:
        tables.append(_examples_table(draw_items(drawn, n_shown, seed)))
    return tables


def _task_as_json(task: str, items: Sequence[Item]) -> dict[str, Any]:
    made = [item for item in items if item.wrong_is_made]
    return {
        "task": task,
        "n_items": len(items),
        "answer_kinds": dict(Counter(item.answer_kind for item in items)),
        "categories": dict(sorted(Counter(item.category for item in items).items())),
        "n_wrong_made": len(made),
        "made_by_type": dict(
            sorted(
                Counter(
                    "number"
                    if one.answer_kind == "number"
                    else answer_type(one.question, one.references[0])
                    for one in made
                ).items()
            )
        ),
        "licences": sorted({item.licence for item in items}),
    }


def _counts_table(item_set: ItemSet, drawn: Sequence[Item]) -> Table:
    tasks = items_as_json(item_set, drawn)["tasks"]
    columns = {
        "task": [task["task"] for task in tasks],
        "items": [str(task["n_items"]) for task in tasks],
        "answers": [", ".join(task["answer_kinds"]) for task in tasks],
        "categories": [str(len([name for name in task["categories"] if name])) for task in tasks],
        "wrong answers made": [_made(task) for task in tasks],
        "licence": [", ".join(task["licences"]) for task in tasks],
    }
    note = f"{count_of(len(item_set.items), 'item')} can be asked"
    if len(drawn) < len(item_set.items):
        note += f", {len(drawn)} of them drawn"
    note += f"; {len(item_set.left_out)} left out as suspicious."
    return make_table("Items", columns, note, None)


def _made(task: dict[str, Any]) -> str:
    if not task["n_wrong_made"]:
        return "none"
    by_type = ", ".join(f"{kind} {n}" for kind, n in task["made_by_type"].items())
    return f"{task['n_wrong_made']} ({by_type})"


def _doubts_table(item_set: ItemSet) -> Table:
    counts = Counter(doubt.kind for doubt in item_set.doubts)
    shown = [
        doubt
        for kind in sorted(counts)
        for doubt in [one for one in item_set.doubts if one.kind == kind][:_SHOWN_OF_A_KIND]
    ]
    columns = {
        "suspicious": [doubt.kind for doubt in shown],
        "left out": ["yes" if doubt in item_set.left_out else "no" for doubt in shown],
        "which, and why": [doubt.sentence for doubt in shown],
    }
    note = ", ".join(f"{kind} {n}" for kind, n in sorted(counts.items())) + "."
    if len(item_set.doubts) > len(shown):
        note += f" The first {_SHOWN_OF_A_KIND} of each kind are shown; --json lists all."
    return make_table("What the item check has doubts about", columns, note, None)


def _examples_table(items: Sequence[Item]) -> Table:
    columns = {
        "task": [item.task for item in items],
        "question": [_cut(item.question) for item in items],
        "right": [_cut(item.references[0]) if item.references else "none" for item in items],
        "wrong": [_wrong(item) for item in items],
    }
    return make_table("Some of the items", columns, "Drawn by seed.", None)


def _wrong(item: Item) -> str:
    if not item.wrong_answers:
        return "none"
    return _cut(item.wrong_answers[0]) + (" (made)" if item.wrong_is_made else "")


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_CELL else f"{line[:_LONGEST_CELL]}…"
