"""Imported items: which questions and prompts the rows of imported replies belong to.

Rows that name one item, or else one question, are one item; without either each prompt is an item of
its own. What two rows say of an item they may not contradict.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from evaluation.grading.numerals import number_of
from evaluation.grading.wording import words
from evaluation.imported_replies import ImportedReply
from study.errors import BadInput
from study.records import Item, Prompt, stable_id

NOT_GIVEN = "not given"
_TOLD_OF_ITEMS = (
    *("question", "task", "references", "wrong_answers", "source", "licence"),
    *("answer_kind", "options", "wrong_is_made", "category"),
)


def _item_key(one: ImportedReply) -> str:
    return one.item or one.question or one.prompt


def build_imported_items(replies: Sequence[ImportedReply]) -> dict[str, Item]:
    """Items by id.

    Raises:
        BadInput: two rows contradict each other; the message names both.
    """
    rows: dict[str, list[ImportedReply]] = defaultdict(list)
    for one in replies:
        rows[_item_key(one)].append(one)
    items = {}
    for key, of_item in rows.items():
        known: dict[str, tuple[object, str]] = {}
        for one in of_item:
            for name in _TOLD_OF_ITEMS:
                value = getattr(one, name)
                if value in (None, "", ()):
                    continue
                before, where = known.setdefault(name, (value, one.where))
                if before != value:
                    raise BadInput(
                        f"{one.where} and {where} give the item {key!r:.80} two different values "
                        f"of {name}; make them one, or give each an item of its own"
                    )
        told = {name: value for name, (value, _) in known.items()}
        item = Item(item_id=_item_id(of_item[0]), **_not_told(of_item[0]) | told)
        _check_kind(item, of_item[0].where)
        items[item.item_id] = item
    return items


def _not_told(first: ImportedReply) -> dict[str, Any]:
    """What an item has that no row tells of."""
    return {
        "task": "imported",
        "question": first.prompt,
        "references": (),
        "wrong_answers": (),
        "source": NOT_GIVEN,
        "licence": NOT_GIVEN,
    }


def _check_kind(item: Item, where: str) -> None:
    """A reply cannot be held against options without the right one, or a number that is none."""
    if item.answer_kind == "option" and item.options and item.references:
        found = {words(option) for option in item.options}
        if words(item.references[0]) not in found:
            raise BadInput(
                f"{where}: expected the right answer {item.references[0]!r:.80} among the options "
                f"{', '.join(item.options):.200}; correct them, or leave answer_kind out"
            )
    if item.answer_kind == "number" and item.references and number_of(item.references[0]) is None:
        raise BadInput(
            f"{where}: expected a number as the right answer, got {item.references[0]!r:.80}; correct "
            "it, or leave answer_kind out"
        )


def _item_id(one: ImportedReply) -> str:
    return one.item or stable_id("imported item", _item_key(one))


def build_imported_prompts(
    replies: Sequence[ImportedReply], items: Mapping[str, Item]
) -> dict[str, Prompt]:
    """The prompt of each row, by where it stands.

    Raises:
        BadInput: an item has two wordings in one condition.
    """
    prompts = {}
    first: dict[tuple[str, str, str], tuple[str, str]] = {}
    for one in replies:
        item_id = _item_id(one)
        condition = (item_id, one.context or "none", one.belief or "none")
        text, where = first.setdefault(condition, (one.prompt, one.where))
        if text != one.prompt:
            raise BadInput(
                f"{one.where} and {where} word the item {items[item_id].item_id!r:.80} differently in "
                f"the condition {condition[1]}, {condition[2]}; give columns context and belief, or "
                "each prompt an item of its own"
            )
        prompts[one.where] = Prompt(
            stable_id("prompt", *condition, one.prompt), *condition, one.prompt
        )
    return prompts
