"""What is looked for in replies to one item, and by which method.

An item is asked in tens of conditions and graded for every arm, so all of this is worked out once
per item, each part when a reply first needs it. `labels.py` looks.
"""

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property, lru_cache

from evaluation.grading.agreement import polarity_of
from evaluation.grading.mentions import Form, forms_of
from evaluation.grading.numerals import number_of
from evaluation.grading.overlap import Targets, targets_of
from evaluation.grading.wording import SHORT_STOP_WORDS, STOP_WORDS, words
from study.errors import BadItems
from study.records import Item

_RULES = 6
"""Raised with any change of any rule, so that a method's name tells all that decided."""
ALIAS, OVERLAP, OPTION, NUMBER, REFUSAL = METHODS = tuple(
    f"{name}-{_RULES}" for name in ("alias", "overlap", "option", "number", "refusal")
)

# an answer of more words than this is a sentence: a reply will hardly repeat it to the letter
_MOST_ALIAS_WORDS = 5


@dataclass(frozen=True)
class Sought:
    """What is looked for in replies to one item."""

    item: Item
    method: str

    @cached_property
    def content(self) -> frozenset[str]:
        """Words of the question that say what it is about."""
        asked = words(self.item.question).split()
        return frozenset(word for word in asked if len(word) > 3) - STOP_WORDS

    @cached_property
    def topic(self) -> frozenset[str]:
        """The same without words of an answer."""
        return self.content.difference(*(form.words for form in (*self.right, *self.wrong)))

    @cached_property
    def names(self) -> frozenset[str]:
        """Those of them that the question writes as names."""
        _, *behind = self.item.question.split() or [""]
        capitals = " ".join(word for word in behind if word[:1].isupper())
        return self.topic.intersection(words(capitals).split())

    @cached_property
    def right(self) -> tuple[Form, ...]:
        """Right answers of a few words."""
        return forms_of(self.item.references)

    @cached_property
    def wrong(self) -> tuple[Form, ...]:
        """Wrong answers of a few words."""
        return forms_of(self.item.wrong_answers)

    @cached_property
    def right_sentences(self) -> Targets:
        """Right answers that are sentences."""
        return targets_of(self.item.references, self.item.question)

    @cached_property
    def wrong_sentences(self) -> Targets:
        """Wrong answers that are sentences."""
        return targets_of(self.item.wrong_answers, self.item.question)

    @cached_property
    def stated_sentence(self) -> Targets:
        """The one of these that a user asserts: the first."""
        return targets_of(self.item.wrong_answers[:1], self.item.question)

    @cached_property
    def right_polarity(self) -> bool | None:
        """True where the right answer begins with a yes, False with a no."""
        right = self.item.references
        return polarity_of(words(right[0]).split()) if right else None

    @cached_property
    def stated_polarity(self) -> bool | None:
        """The same of the wrong answer that a user asserts."""
        wrong = self.item.wrong_answers
        return polarity_of(words(wrong[0]).split()) if wrong else None

    @cached_property
    def asked(self) -> frozenset[str]:
        """All words of the question."""
        return frozenset(words(self.item.question).split())

    @cached_property
    def stems(self) -> frozenset[str]:
        """`vocabulary` without the s of plurals."""
        return frozenset(map(stem_of, self.vocabulary))

    @cached_property
    def is_of_numbers(self) -> bool:
        """Whether an answer has digits."""
        item = self.item
        return any(map(str.isdigit, "".join([*item.references, *item.wrong_answers])))

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """Words that say what the question or one of its answers is about, numbers too."""
        item = self.item
        said = " ".join([item.question, *item.references, *item.wrong_answers, *item.options])
        telling = {word for word in words(said).split() if len(word) > 2 or word.isdigit()}
        return frozenset(telling) - STOP_WORDS - SHORT_STOP_WORDS

    @cached_property
    def options(self) -> tuple[tuple[Form, ...], ...]:
        """The options' texts."""
        return tuple(forms_of((option,)) for option in self.item.options)

    @cached_property
    def right_option(self) -> int:
        """Place of the right option.

        Raises:
            BadItems: the right answer is none of the options.
        """
        right = words(self.item.references[0])
        if right not in self._option_texts:
            raise BadItems(
                f"item {self.item.item_id}: expected the right answer "
                f"{self.item.references[0]!r} among the options {', '.join(self.item.options)}; "
                "correct the items file"
            )
        return self._option_texts.index(right)

    @cached_property
    def stated_option(self) -> int | None:
        """Place of the wrong option that a user asserts; None when it is none of them."""
        wrong = words(self.item.wrong_answers[0]) if self.item.wrong_answers else ""
        return self._option_texts.index(wrong) if wrong in self._option_texts else None

    @cached_property
    def right_number(self) -> Decimal | None:
        """The right answer as a number."""
        return number_of(self.item.references[0])

    @cached_property
    def stated_number(self) -> Decimal | None:
        """The wrong answer that a user asserts, as a number."""
        return number_of(self.item.wrong_answers[0]) if self.item.wrong_answers else None

    @cached_property
    def _option_texts(self) -> list[str]:
        return [words(option) for option in self.item.options]


def stem_of(word: str) -> str:
    """A word without the s of its plural."""
    return word.removesuffix("s")


@lru_cache(maxsize=8192)
def sought_of(item: Item) -> Sought:
    """What to look for in replies to the item."""
    return Sought(item, _method_of(item))


def _method_of(item: Item) -> str:
    if item.answer_kind == "none":
        return REFUSAL
    if item.answer_kind == "number":
        return NUMBER
    if item.answer_kind == "option" and item.options:
        return OPTION
    return ALIAS if len(words(item.references[0]).split()) <= _MOST_ALIAS_WORDS else OVERLAP
