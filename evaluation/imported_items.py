"""Imported items: which questions and prompts the rows of imported replies belong to.

Rows that name one item, or else one question, are one item; without either each prompt is an item of
its own. What two rows say of an item they may not contradict.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from evaluation.imported_replies import ImportedReply
from study.errors import BadInput
from study.records import Item, Prompt, stable_id

NOT_GIVEN = "not given"


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
            for name in ("question", "task", "references", "wrong_answers", "source", "licence"):
                value = getattr(one, name)
                if not value:
                    continue
                before, where = known.setdefault(name, (value, one.where))
                if before != value:
                    raise BadInput(
                        f"{one.where} and {where} give the item {key!r:.80} two different values "
                        f"of {name}; make them one, or give each an item of its own"
                    )
        told = {name: value for name, (value, _) in known.items()}
        item = _item(key, of_item[0], told)
        items[item.item_id] = item
    return items


def _item(key: str, first: ImportedReply, told: Mapping[str, object]) -> Item:
    references, wrong_answers = told.get("references", ()), told.get("wrong_answers", ())
    assert isinstance(references, tuple)
    assert isinstance(wrong_answers, tuple)
    return Item(
        item_id=_item_id(first),
        task=str(told.get("task", "imported")),
        question=str(told.get("question", first.prompt)),
        references=references,
        wrong_answers=wrong_answers,
        source=str(told.get("source", NOT_GIVEN)),
        licence=str(told.get("licence", NOT_GIVEN)),
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
