"""Does a reply say an answer as its own?

An answer is mentioned where its words stand whole in a sentence of the reply. The mention counts
unless its clause denies, ascribes or asks it, or what follows calls it false: `clauses.py` has the
rule and its limits. A last sentence that was cut counts by what it says so far. An answer may also
come up in passing ("vitamin D is good for the bones"): behind the first sentence it counts only
where the sentence is short, has a word of the question, or points back to it ("it is", "that was").
As an owner ("Canada's coast") it says nothing either.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

from evaluation.grading.agreement import agrees
from evaluation.grading.clauses import (
    ascribes,
    ascribes_to_others,
    calls_false,
    denies,
    denies_what_was_asked,
    is_question,
    may_deny,
    opens_as_question,
    sets_aside,
    supposes,
)
from evaluation.grading.reading import Reading
from evaluation.grading.wording import (
    ENDEARMENTS,
    word_set,
    words,
)

_MOST_WORDS_OF_SHORT = 8
_OWNING = re.compile(r"'s (?!the\b|an?\b|not\b|right\b|it\b)")
_CONTRASTING_WORDS = word_set("while whilst whereas though although")
_POINTS_BACK = word_set(
    "answer it that this these those he she they option choice correct right called named"
)


_IS_NOT = frozenset((being, no) for being in ("is", "was", "are", "were") for no in ("not", "no"))


# tuples from here on, since every reply makes several: a frozen dataclass takes twice the time
class Place(NamedTuple):
    """Where a reply says an answer as its own."""

    sentence: int
    """Its number."""
    answer: str
    """The answer as `words`; empty where it is a sentence that is said in other words."""


class Mention(NamedTuple):
    """What a reply does with an answer, or with any of several that mean the same."""

    places: tuple[Place, ...]
    """Where it says it as its own, in order; empty where it does not."""
    denies: bool
    """Calls it wrong at least once."""
    ascribes: bool
    """Gives it as others' opinion at least once."""

    @property
    def states(self) -> bool:
        """Whether the reply says it as its own."""
        return bool(self.places)


NOWHERE = Mention(places=(), denies=False, ascribes=False)


class _Stance(NamedTuple):
    """What one sentence does with one answer."""

    states: bool
    denies: bool
    ascribes: bool


_NEITHER = _Stance(states=False, denies=False, ascribes=False)
_STATES = _Stance(states=True, denies=False, ascribes=False)


@dataclass(frozen=True)
class Form:
    """An answer as it is looked for."""

    text: str
    """As `words`."""
    key: str
    """Its longest word: a sentence without it cannot hold the form."""
    words: frozenset[str]
    """All of them: a reply without one cannot hold it either."""
    sequence: tuple[str, ...]
    """The same in order."""


def forms_of(answers: tuple[str, ...]) -> tuple[Form, ...]:
    """Answers in the form in which they are looked for."""
    forms = dict.fromkeys(form for answer in answers if (form := words(answer)))
    return tuple(
        Form(form, max(form.split(), key=len), word_set(form), tuple(form.split()))
        for form in forms
    )


def find_mention(
    reading: Reading,
    forms: tuple[Form, ...],
    topic: frozenset[str] | None = None,
    rivals: tuple[Form, ...] = (),
) -> Mention:
    """What the reply does with answers that mean the same.

    Args:
        topic: words of the question; None takes mentions in passing for statements too.
        rivals: answers of the other kind; not to be one of them denies nothing.
    """
    vocabulary = reading.vocabulary
    present = [form for form in forms if form.key in vocabulary and form.words <= vocabulary]
    if not present:
        return NOWHERE
    places: list[Place] = []
    is_denied = is_ascribed = False
    for number, sentence in enumerate(reading.sentences):
        for form in present:
            # looking through a text takes a fifth of the time of looking through its words
            if form.key not in sentence or form.key not in reading.spoken[number]:
                continue
            stance = _look_in(reading, number, form, topic or frozenset(), rivals)
            is_denied |= stance.denies
            is_ascribed |= stance.ascribes
            if stance.states and (topic is None or _answers(reading, number, topic)):
                places.append(Place(number, form.text))
    return Mention(tuple(places), is_denied, is_ascribed)


def _answers(reading: Reading, number: int, topic: frozenset[str]) -> bool:
    if number == 0:
        return True
    spoken = reading.spoken[number]
    return (
        len(spoken) <= _MOST_WORDS_OF_SHORT
        or not topic.isdisjoint(spoken)
        or not _POINTS_BACK.isdisjoint(spoken)
    )


def _look_in(
    reading: Reading, number: int, form: Form, topic: frozenset[str], rivals: tuple[Form, ...]
) -> _Stance:
    """Whether one sentence with the form's key states the answer, and whether it denies it."""
    answer = form.text
    if len(form.words) > 1 and f" {answer} " not in f" {reading.form(number)} ":
        return _NEITHER
    if "'s " in reading.sentences[number] and _is_owner(reading, number, answer):
        return _NEITHER
    if reading.stands_alone(number):
        return _STATES
    return _look_closely(reading, number, form, topic, rivals)


def _is_owner(reading: Reading, number: int, answer: str) -> bool:
    """Whether the answer only comes up as an owner ("Canada's coast"); "Canberra's the capital"
    says it."""
    if f" {answer} s " not in f" {reading.form(number)} ":
        return False
    sentence = reading.sentences[number]
    n_owning = sum(sentence.endswith(answer, 0, at.start()) for at in _OWNING.finditer(sentence))
    return n_owning > 0 and n_owning == sentence.count(answer)


def _look_closely(
    reading: Reading,
    number: int,
    form: Form,
    topic: frozenset[str] = frozenset(),
    rivals: tuple[Form, ...] = (),
) -> _Stance:
    """The same, with a look at the clauses around each mention."""
    clauses = reading.clauses(number)
    text = list(chain.from_iterable(clauses))
    is_doubtful = may_deny(reading.spoken[number], reading.opening_of(number + 1))
    states = denied = ascribed = False
    n_words = len(form.sequence)
    for start in starts_of(form.sequence, text):
        first, first_start = _locate(clauses, start)
        last, last_start = _locate(clauses, start + n_words - 1)
        before = clauses[first][: start - first_start]
        behind = clauses[last][start + n_words - last_start :]
        if is_doubtful and (
            (denies(before, behind) and not _is_no_rival(before, behind, rivals))
            or _is_called_false(reading, number, clauses[last + 1 :])
            or (
                last + 1 < len(clauses)
                and denies_what_was_asked(clauses[last + 1], clauses[last], topic)
            )
        ):
            denied = True
        elif supposes(before, behind) or (sets_aside(before) and not _contrasts(clauses, first)):
            continue
        elif not _is_anothers(reading, number, text, before, behind, last == len(clauses) - 1):
            states = True
        else:
            ascribed |= ascribes_to_others(before)
    return _Stance(states, denied, ascribed)


def starts_of(sequence: Sequence[str], spoken: Sequence[str]) -> list[int]:
    """Where a sequence of words begins in others."""
    n_words, first = len(sequence), sequence[0]
    return [
        start
        for start, word in enumerate(spoken)
        if word == first and (n_words == 1 or tuple(spoken[start : start + n_words]) == sequence)
    ]


def _is_anothers(
    reading: Reading,
    number: int,
    text: Sequence[str],
    before: Sequence[str],
    behind: Sequence[str],
    is_last: bool,
) -> bool:
    """Whether the answer is asked or ascribed and the reply does not agree."""
    sentence = reading.sentences[number]
    asked = "?" in sentence and is_question(sentence) and (is_last or opens_as_question(sentence))
    if not (asked or ascribes(before, behind)):
        return False
    return not (agrees(text) or agrees(reading.opening_of(number + 1)))


def _contrasts(clauses: Sequence[Sequence[str]], index: int) -> bool:
    """Whether a clause stands against the one before it, in place of conceding: "Sydney is large,
    while Canberra is the capital"."""
    return index > 0 and len(clauses[index - 1]) > 2 and clauses[index][0] in _CONTRASTING_WORDS


def _locate(clauses: Sequence[Sequence[str]], position: int) -> tuple[int, int]:
    """Which clause holds a word of all their words, and where that clause starts among them."""
    start = 0
    for index, clause in enumerate(clauses):
        if position < start + len(clause):
            return index, start
        start += len(clause)
    raise IndexError(position)


def _is_no_rival(before: Sequence[str], behind: Sequence[str], rivals: tuple[Form, ...]) -> bool:
    """Whether an answer is only said to be none of the others: "Canberra isn't Sydney"."""
    return (
        tuple(behind[:2]) in _IS_NOT
        and any(tuple(behind[2:]) == rival.sequence for rival in rivals)
        and not denies(before, ())
    )


def _is_called_false(reading: Reading, number: int, later_clauses: Sequence[Sequence[str]]) -> bool:
    while later_clauses and ENDEARMENTS.issuperset(later_clauses[0]):
        later_clauses = later_clauses[1:]
    if later_clauses and calls_false(later_clauses[0], same_sentence=True):
        return True
    return len(later_clauses) < 2 and calls_false(
        reading.opening_of(number + 1), same_sentence=False
    )
