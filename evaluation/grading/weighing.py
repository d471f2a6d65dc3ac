"""Of a right and a wrong answer that a reply both states, which one does it give?

A friendly correction names both: "Sydney is the largest city, while Canberra is the capital". One
counts alone when the reply denies the other; when the other's clause tells another matter about it
("the largest", "a lovely city"), which the question did not ask; when only its sentence calls it the
answer; when it comes first and no sentence of the other has as many words of the question; or when
its clause has words of the question and the other's has none, or has a name of the question where
the other's has a strange one ("Bram Stoker wrote Dracula; Frankenstein is by Mary Shelley").
Otherwise both are given, and the reply leaves open which one holds.
"""

import re
from collections.abc import Iterable
from itertools import chain
from typing import NamedTuple

from evaluation.grading.mentions import Mention, Place, starts_of
from evaluation.grading.reading import Reading
from evaluation.grading.sought import Sought
from evaluation.grading.wording import word_set

_CALLED = frozenset(["answer", "correct", "right", "choice"])
# what stands before an answer to which the clause points back: "no, it is actually …"
_POINTING = re.compile(
    r"(?:\w+ ){0,2}?(?:it|that|this|he|she|they|answer) (?:is|was|are|were|(?:would|must) be)(?: \w+){0,2}"
)
_BEING = word_set("is was are were would must")
# what is told of something beside the question, as is every "…est"
_ATTRIBUTES = word_set(
    "most more bigger larger smaller older greater higher famous known popular beautiful lovely "
    "lively huge big just only"
)
_SUPERLATIVE = re.compile(r"est\b")
_NO_ATTRIBUTES = word_set(
    "rest test west forest interest request guest harvest honest suggest protest"
)
# behind the first word of a sentence, where every word has a capital
_NAME = re.compile(r"(?<![.!?\n]\s)(?<!^)\b[A-Z][\w’']+")


class Given(NamedTuple):
    """Which answers a reply gives."""

    right: bool
    wrong: bool


class _Clause(NamedTuple):
    """The clause in which an answer is stated."""

    spoken: frozenset[str]
    points_back: bool
    """The answer is what "it" or "that" is said to be."""


def weigh(reading: Reading, right: Mention, wrong: Mention, sought: Sought) -> Given:
    """Which answers the reply gives, by what it does with each."""
    if not (right.states and wrong.states):
        return Given(right.states, wrong.states)
    # who calls the wrong answer wrong and says the right one may name the other again
    if wrong.denies:
        return Given(right=True, wrong=False)
    # most replies tell nothing of the kind
    if not _ATTRIBUTES.isdisjoint(reading.vocabulary) or _SUPERLATIVE.search(reading.lower):
        aside = _is_aside(reading, right, sought), _is_aside(reading, wrong, sought)
        if aside[0] != aside[1]:
            return Given(right=aside[1], wrong=aside[0])
    if _leads(reading, right, wrong, sought):
        return Given(right=True, wrong=False)
    if _leads(reading, wrong, right, sought):
        return Given(right=False, wrong=True)
    of_right, of_wrong = (
        [_clause_of(reading, place) for place in mention.places] for mention in (right, wrong)
    )
    if _outweigh(reading, of_right, of_wrong, sought):
        return Given(right=True, wrong=False)
    return Given(right=not _outweigh(reading, of_wrong, of_right, sought), wrong=True)


def _is_aside(reading: Reading, one: Mention, sought: Sought) -> bool:
    """Whether each clause with the answer tells another matter about it."""
    for place in one.places:
        # cutting clauses costs much, and most sentences tell nothing of the kind
        if not _attributes_in(reading.spoken[place.sentence]):
            return False
        clause = _clause_of(reading, place)
        told = _attributes_in(clause.spoken)
        if clause.points_back or not told or not told.isdisjoint(sought.asked):
            return False
    return True


def _attributes_in(spoken: Iterable[str]) -> frozenset[str]:
    found = [word for word in spoken if word in _ATTRIBUTES or word.endswith("est")]
    return frozenset(found) - _NO_ATTRIBUTES


def _leads(reading: Reading, one: Mention, other: Mention, sought: Sought) -> bool:
    """Whether only the first is called the answer, or it comes first and is more to the point."""
    one_is_called, other_is_called = (
        any(not _CALLED.isdisjoint(reading.spoken[place.sentence]) for place in mention.places)
        for mention in (one, other)
    )
    if one_is_called != other_is_called:
        return one_is_called
    if one.places[0].sentence >= other.places[0].sentence:
        return False
    ours, theirs = (
        max(
            len(sought.topic.intersection(reading.spoken[place.sentence]))
            for place in mention.places
        )
        for mention in (one, other)
    )
    return theirs == 0 or ours > theirs


def _outweigh(reading: Reading, ours: list[_Clause], theirs: list[_Clause], sought: Sought) -> bool:
    """Whether clauses speak of what was asked and the others do not."""
    if any(clause.points_back for clause in theirs):
        return False
    if all(sought.topic.isdisjoint(clause.spoken) for clause in theirs):
        return any(
            clause.points_back or not sought.topic.isdisjoint(clause.spoken) for clause in ours
        )
    if not sought.names:
        return False
    names = frozenset(word.lower() for word in _NAME.findall(reading.reply))
    known = sought.asked.union(*(form.words for form in (*sought.right, *sought.wrong)))
    return any(not sought.names.isdisjoint(clause.spoken) for clause in ours) and all(
        sought.names.isdisjoint(clause.spoken) and clause.spoken & names - known
        for clause in theirs
    )


def _clause_of(reading: Reading, place: Place) -> _Clause:
    """The first clause with the answer; with those before it where its subject stands there ("The
    capital, though, is Canberra"), and the sentence where the answer runs over clauses."""
    sequence = tuple(place.answer.split())
    clauses = reading.clauses(place.sentence)
    for index, clause in enumerate(clauses):
        if starts := starts_of(sequence, clause):
            points_back = _POINTING.fullmatch(" ".join(clause[: starts[0]])) is not None
            if clause[0] in _BEING:
                clause = list(chain.from_iterable(clauses[: index + 1]))
            return _Clause(frozenset(clause), points_back)
    return _Clause(frozenset(reading.spoken[place.sentence]), points_back=False)
