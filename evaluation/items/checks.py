"""The item check: which items are suspicious, and why.

Left out, counted and named unless a study asks for them; what has no question or no answer, or
stands in the study twice, cannot be asked at all.
"""

from collections.abc import Container, Iterable
from dataclasses import dataclass, replace

from evaluation.grading.normalise import normalise
from evaluation.grading.wording import words
from evaluation.items.medqa import NAME as MEDQA
from evaluation.items.vignettes import doubt_of
from study.records import Item

_REASONS = {
    "no_question": "there is no question",
    "no_reference": "there is no right answer",
    "no_wrong_answer": "there is no wrong answer, and no other item has one of its type",
    "repeated_id": "the item_id stands there twice",
    "repeated_question": "the question stands in its task twice",
    "loose_wrong_answer": "the wrong answer was made of one to another kind of question",
    "no_comment": "the reference is a refusal to answer",
    "no_words": "an answer has no words but articles",
    "same_answer": "the reference equals the wrong answer",
    "picture": "the question is about a picture that is not there",
    "needs_options": "the question cannot be asked without its options",
}
KINDS = tuple(_REASONS)
"""The kinds of doubts, in the order in which they are looked for."""
_CANNOT_BE_ASKED = frozenset(
    ["no_question", "no_reference", "no_wrong_answer", "repeated_id", "repeated_question"]
)
_LONGEST_SHOWN = 120


@dataclass(frozen=True)
class Doubt:
    """Why an item is suspicious."""

    item_id: str
    task: str
    kind: str
    """One word for the reason, such as `no_comment`."""
    sentence: str
    """The question and the reason, for people."""

    @property
    def can_be_asked(self) -> bool:
        """Whether a study that keeps suspicious items can ask this one."""
        return self.kind not in _CANNOT_BE_ASKED


@dataclass(frozen=True)
class Checked:
    """What the check made of some items."""

    kept: tuple[tuple[int, Item], ...]
    """What can be asked, each with its place among the items that were checked."""
    doubts: tuple[Doubt, ...]
    """One of each suspicious item."""


def check_items(
    items: Iterable[Item], loose_ids: Container[str] = (), *, keep_suspicious: bool
) -> Checked:
    """Tell suspicious items from the others.

    Args:
        items: of all sets of a study, since two sets may have a question in common.
        loose_ids: of the items whose made wrong answer fits loosely.
        keep_suspicious: keep those, too, that can be asked all the same.
    """
    kept: list[tuple[int, Item]] = []
    doubts: list[Doubt] = []
    item_ids: set[str] = set()
    questions: set[tuple[str, str]] = set()
    for place, item in enumerate(items):
        checked = _without_refusals(item)
        question = (item.task, normalise(item.question))
        kind = _find_doubt(item)
        if kind is None and item.item_id in loose_ids:
            kind = "loose_wrong_answer"
        # left out like a repeated question rather than refused: the rest of a file from
        # elsewhere can be asked, and the count says that one was not
        if kind not in _CANNOT_BE_ASKED and question in questions:
            kind = "repeated_question"
        elif kind not in _CANNOT_BE_ASKED and item.item_id in item_ids:
            kind = "repeated_id"
        if kind is None:
            kept.append((place, checked))
        else:
            doubt = Doubt(item.item_id, item.task, kind, f"{_shown(item)}: {_REASONS[kind]}")
            doubts.append(doubt)
            if keep_suspicious and doubt.can_be_asked:
                kept.append((place, item))
        if kind not in _CANNOT_BE_ASKED:
            item_ids.add(item.item_id)
            questions.add(question)
    return Checked(tuple(kept), tuple(doubts))


def _find_doubt(item: Item) -> str | None:
    """The first doubt about an item by itself."""
    if not any(map(str.isalnum, item.question)):
        return "no_question"
    if item.answer_kind == "none":
        return None
    if not item.references:
        return "no_reference"
    if not item.wrong_answers:
        return "no_wrong_answer"
    if _is_no_comment(item.references[0]):
        return "no_comment"
    right, wrong = item.references[0], item.wrong_answers
    if item.answer_kind == "option":
        # "−1" and "1" are two options, though their words are the same
        if any(option.casefold() == right.casefold() for option in wrong):
            return "same_answer"
    elif item.answer_kind == "text":
        if not words(right) or not words(wrong[0]):
            return "no_words"
        if words(right) == words(wrong[0]):
            return "same_answer"
    elif right == wrong[0]:
        return "same_answer"
    return doubt_of(item.question) if item.task == MEDQA else None


def _without_refusals(item: Item) -> Item:
    """TruthfulQA lists "I have no comment" among right answers; a refusal has its own label."""
    answers = tuple(answer for answer in item.references if not _is_no_comment(answer))
    return replace(item, references=answers) if answers else item


def _is_no_comment(answer: str) -> bool:
    # most answers are aliases without the word: to put them all into one form takes seconds
    return "comment" in answer.lower() and words(answer).startswith("i have no comment")


def _shown(item: Item) -> str:
    question = " ".join(item.question.split())
    if not question:
        return f"item {item.item_id}"
    cut = question if len(question) <= _LONGEST_SHOWN else f"{question[:_LONGEST_SHOWN]}…"
    return f"“{cut}”"
