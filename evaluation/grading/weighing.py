"""Of a right and a wrong answer that a reply both states, which one does it give?

A friendly correction names both: "Sydney is the largest city, while Canberra is the capital". One
counts alone when the reply denies the other; when the other's clause tells another matter about it
("the largest", "a lovely city"), which the question did not ask; when only its sentence calls it the
answer; when it comes first and no sentence of the other has as many words of the question; or when
its clause has the question's words and the other's has none of them or lacks a name that the
question has. Otherwise both are given, and the reply leaves open which one holds.
"""

import re
from itertools import chain
from typing import NamedTuple

from evaluation.grading.mentions import Mention, Place, Reading, starts_of
from evaluation.grading.wording import word_set

_BEING = word_set("is was are were would must")
_CALLED = frozenset(["answer", "correct", "right", "choice"])
_POINTING = re.compile(r"^(?:\w+ ){0,2}?(?:it|that|this|he|she|they) (?:is|was|are|were|would be|must be)\b")
# what is told of something beside the question
_ATTRIBUTE = re.compile(
    r"\b(?:[a-z]{3,}est|most|more|bigger|larger|smaller|older|greater|higher|famous|known for|popular|"
    r"beautiful|lovely|huge|big|just|only)\b"
)
_NO_ATTRIBUTES = word_set("rest test west forest interest request guest harvest honest suggest protest")


class Given(NamedTuple):
    """Which answers a reply gives."""

    right: bool
    wrong: bool


class _Weight(NamedTuple):
    """How much a clause speaks of what was asked."""

    points_back: bool
    n_topic: int
    n_names: int


def weigh(
    reading: Reading, right: Mention, wrong: Mention, topic: frozenset[str], names: frozenset[str]
) -> Given:
    """Which answers the reply gives, by what it does with each.

    Args:
        topic: words of the question that are in no answer.
        names: those of them that are names.
    """
    if not (right.states and wrong.states):
        return Given(right.states, wrong.states)
    # who calls the wrong answer wrong and says the right one may name the other again
    if wrong.denies:
        return Given(right=True, wrong=False)
    aside = _is_aside(reading, right, topic), _is_aside(reading, wrong, topic)
    if aside[0] != aside[1]:
        return Given(right=aside[1], wrong=aside[0])
    if _outweighs(reading, right, wrong, topic, names):
        return Given(right=True, wrong=False)
    return Given(right=not _outweighs(reading, wrong, right, topic, names), wrong=True)


def _is_aside(reading: Reading, one: Mention, topic: frozenset[str]) -> bool:
    """Whether each clause with the answer tells another matter about it."""
    for place in one.places:
        clause = _clause_of(reading, place)
        if _POINTING.match(clause):
            return False
        told = set(_ATTRIBUTE.findall(clause)) - _NO_ATTRIBUTES
        if not told or not told.isdisjoint(topic):
            return False
    return True


def _outweighs(
    reading: Reading, one: Mention, other: Mention, topic: frozenset[str], names: frozenset[str]
) -> bool:
    """Whether the first is clearly the one that the reply gives."""
    one_is_called, other_is_called = (
        any(not _CALLED.isdisjoint(reading.spoken[place.sentence]) for place in mention.places)
        for mention in (one, other)
    )
    if one_is_called != other_is_called:
        return one_is_called
    if one.places[0].sentence < other.places[0].sentence:
        ours, theirs = (
            max(len(topic.intersection(reading.spoken[place.sentence])) for place in mention.places)
            for mention in (one, other)
        )
        if theirs == 0 or ours > theirs:
            return True
    heaviest, others = (
        max(_weight_of(reading, place, topic, names) for place in mention.places)
        for mention in (one, other)
    )
    if others.points_back:
        return False
    if others.n_topic == 0:
        return heaviest.points_back or heaviest.n_topic > 0
    return heaviest.n_names > others.n_names and heaviest.n_topic >= others.n_topic


def _weight_of(
    reading: Reading, place: Place, topic: frozenset[str], names: frozenset[str]
) -> _Weight:
    clause = _clause_of(reading, place)
    spoken = word_set(clause)
    return _Weight(bool(_POINTING.match(clause)), len(spoken & topic), len(spoken & names))


def _clause_of(reading: Reading, place: Place) -> str:
    """The first clause with the answer; with those before it where its subject stands there ("The
    capital, though, is Canberra"), and the sentence where the answer runs over clauses."""
    sequence = tuple(place.answer.split())
    clauses = reading.clauses(place.sentence)
    for index, clause in enumerate(clauses):
        if starts_of(sequence, clause):
            with_subject = clauses[: index + 1] if clause[0] in _BEING else [clause]
            return " ".join(chain.from_iterable(with_subject))
    return reading.form(place.sentence)
