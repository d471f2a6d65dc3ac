"""Wrong answers for sets that have none: the right answer of another item, of the same type.

The rule. An answer's type follows from its normal form and from what its question asks for: a
*year*, another *number*, a *person*, a *place*, else a *word* or a *phrase*. Donors are plain
answers of that type: at most five words without brackets or quotes, and with aliases if the set has
any. First come those whose question asks for the same noun ("which river"), or numbers of the same
form ("33 miles"), then all of the type; of them those nearest in length, and among these the ones
whose questions share most with this one, rare words counting more, ties by seed. The first is
taken that clashes with nothing: no alias of either answer is equal to, or stands within, an alias
of the other, and the donor's answer does not stand in the question. Its aliases come with it, and
the item is marked `wrong_is_made`. A word or phrase whose donor is asked for by another noun, or by
none, is hardly ever plausible: the item check tells of it. That a made answer is right as well, the
rule cannot know.
"""

import itertools
import re
import tomllib
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib import resources
from typing import Literal

from evaluation.grading.normalise import normalise
from study.records import Item, stable_id

AnswerType = Literal["year", "number", "person", "place", "word", "phrase"]

# an item is its noun's donor too: with one there is nobody else
_FEWEST_OF_A_NOUN = 2
# donors of one length among which the question's topic chooses; of 12 it seldom found a match
_NEAREST = 40
# longer answers are sentences, or lists of several answers
_MOST_WORDS = 5

# a person stands for a person, whatever the question; but a word may be anything
_LOOSE_TYPES = ("word", "phrase")

_YEAR = re.compile(r"(?:1\d{3}|20\d{2})(?: ?s)?")
_NUMBER_WORDS = (
    "zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|"
    "sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|"
    "hundred|thousand|million|billion"
)
_NUMBER = re.compile(
    rf"[£$€]?\d[\d ]*(?:(?:{_NUMBER_WORDS})\b ?)*(?:st|nd|rd|th)?(?: ?[\w%°]+)?"
    rf"|(?:{_NUMBER_WORDS})(?: (?:{_NUMBER_WORDS}))*"
)
_PLAIN = re.compile(r"[\w'’.,&%£$€°\- ]+")
_ASKS_FOR_PERSON = re.compile(r"\b(?:who|whom|whose)\b", re.I)
_ASKS_FOR_PLACE = re.compile(r"\bwhere\b", re.I)
_NOUNS = {
    name: frozenset(words.split())
    for name, words in tomllib.loads(
        resources.files("evaluation").joinpath("items/asked_nouns.toml").read_text("utf-8")
    ).items()
}
_PERSONS, _PLACES, _THINGS = _NOUNS["persons"], _NOUNS["places"], _NOUNS["things"]
_NOT_PERSONS = _PLACES | _THINGS
_ASKS_WHICH = re.compile(r"\b(?:which|what)\b", re.I)
_WORD = re.compile(r"[\w-]+")
# words behind "which": farther on stands another clause
_FARTHEST_NOUN = 9
# "motor scooter" is a name, five words in a row without a small one are none
_LONGEST_NAME = 3


@dataclass(frozen=True)
class _Answer:
    """An item's right answer, as donors are looked for."""

    item: Item
    type: AnswerType
    noun: str | None
    """What the question asks for, in a word."""
    normal: str
    aliases: tuple[str, ...]
    """Normal forms of all right answers, none empty."""
    haystack: str
    """The aliases between bars, in which another's alias is looked for."""
    topic: frozenset[str]
    """Words of the question that say what it is about."""
    is_plain: bool
    """It can be lent to others."""

    @property
    def rank(self) -> tuple[int, str]:
        """Place among donors: by length, then by an order that says nothing."""
        return len(self.normal), stable_id("donor", self.item.item_id)


@dataclass(frozen=True)
class MadeAnswers:
    """Items, with wrong answers made where they had none."""

    items: tuple[Item, ...]
    """In their order; one for which no other fits still has no wrong answer."""
    loose_ids: frozenset[str]
    """Those whose wrong answer is a word or phrase of another kind: no other question asks for the
    same noun, or the question names none."""


def make_wrong_answers(items: Sequence[Item], seed: int) -> MadeAnswers:
    """Give every item that needs a wrong answer and has none that of another item.

    Args:
        items: of one set; those with a wrong answer are left as they are, but can be donors.
        seed: the study's.
    """
    given = [item for item in items if _has_open_answer(item)]
    if all(item.wrong_answers for item in given):
        return MadeAnswers(tuple(items), frozenset())
    has_aliases = any(len(item.references) > 1 for item in given)
    answers = {item.item_id: _answer_of(item, has_aliases) for item in given}
    donors = _Donors(list(answers.values()), seed)
    made: list[Item] = []
    loose_ids: set[str] = set()
    for item in items:
        answer = None if item.wrong_answers else answers.get(item.item_id)
        donor = donors.find(answer) if answer else None
        if answer is None or donor is None:
            made.append(item)
            continue
        made.append(replace(item, wrong_answers=donor.item.references, wrong_is_made=True))
        if answer.type in _LOOSE_TYPES and (answer.noun is None or answer.noun != donor.noun):
            loose_ids.add(item.item_id)
    return MadeAnswers(tuple(made), frozenset(loose_ids))


def answer_type(question: str, answer: str) -> AnswerType:
    """The type of an answer, by its form and by what the question asks for."""
    normal = normalise(answer)
    if _YEAR.fullmatch(normal):
        return "year"
    if _NUMBER.fullmatch(normal):
        return "number"
    noun = asked_noun(question)
    if noun in _PERSONS or (noun not in _NOT_PERSONS and _ASKS_FOR_PERSON.search(question)):
        return "person"
    if noun in _PLACES or (noun not in _THINGS and _ASKS_FOR_PLACE.search(question)):
        return "place"
    return "phrase" if " " in normal else "word"


def asked_noun(question: str) -> str | None:
    """The noun behind "which" or "what": "river" of "Which African river …".

    Returns:
        None when nothing is asked for by a noun.
    """
    for found in _ASKS_WHICH.finditer(question):
        words: list[str] = _WORD.findall(question[found.end() :].lower())[:_FARTHEST_NOUN]
        is_direct = words[:1] and words[0] not in _NOUNS["leads_on"]
        # "is the name of the …", "type of …": what is asked for comes behind it
        while words and (
            words[0] in _NOUNS["leads_on"] or (words[0] in _NOUNS["frames"] and "of" in words[1:2])
        ):
            words = words[1:]
        named = list(itertools.takewhile(lambda word: word not in _NOUNS["ends_noun"], words))
        for word in named:
            for noun in (word, word.removesuffix("s")):
                if noun in _PERSONS or noun in _PLACES or noun in _THINGS:
                    return noun
        # "which motor scooter had": a noun that no list has, if it is no verb ("which duo created")
        named = [word for word in named if not word.endswith("ed")]
        if is_direct and 0 < len(named) <= _LONGEST_NAME and len(named) < len(words):
            return named[-1].removesuffix("s")
    return None


def _has_open_answer(item: Item) -> bool:
    return item.answer_kind in ("text", "number") and bool(item.references)


def _answer_of(item: Item, has_aliases: bool) -> _Answer:
    text, aliases = item.references[0], [normalise(answer) for answer in item.references]
    normal, is_number = aliases[0], item.answer_kind == "number"
    kind = "number" if is_number else answer_type(item.question, text)
    return _Answer(
        item=item,
        type=kind,
        # numbers are told apart by their form: "33 miles", "1st", "twelve"
        noun=re.sub(r"\d[\d ]*", "9 ", normal) if kind == "number" else asked_noun(item.question),
        normal=normal,
        aliases=tuple(dict.fromkeys(alias for alias in aliases if alias)),
        haystack=f" | {' | '.join(alias for alias in aliases if alias)} | ",
        topic=frozenset(word for word in normalise(item.question).split() if len(word) > 3),
        is_plain=bool(
            _PLAIN.fullmatch(text)
            and 0 < len(normal.split()) <= _MOST_WORDS
            and (is_number or not has_aliases or len(item.references) > 1)
        ),
    )


class _Donors:
    """The answers of a set, found by type, asked noun and length."""

    def __init__(self, answers: Sequence[_Answer], seed: int) -> None:
        self._seed = seed
        self._n_with = Counter(word for answer in answers for word in answer.topic)
        self._plain: dict[tuple[str, str | None], list[_Answer]] = defaultdict(list)
        self._any: dict[str, list[_Answer]] = defaultdict(list)
        for answer in sorted(answers, key=lambda answer: answer.rank):
            self._any[answer.type].append(answer)
            if answer.is_plain:
                self._plain[answer.type, None].append(answer)
                if answer.noun is not None:
                    self._plain[answer.type, answer.noun].append(answer)

    def find(self, answer: _Answer) -> _Answer | None:
        """The answer that this item is given as its wrong one; None when none fits."""
        asked = f" {normalise(answer.item.question)} "
        own = self._plain[answer.type, answer.noun] if answer.noun else []
        if len(own) < _FEWEST_OF_A_NOUN:
            own = []
        for pool in (own, self._plain[answer.type, None], self._any[answer.type]):
            for nearest in _by_distance(answer, pool):
                for donor in self._in_order(answer, nearest):
                    if not _clashes(answer, donor) and f" {donor.normal} " not in asked:
                        return donor
        return None

    def _in_order(self, answer: _Answer, nearest: Sequence[_Answer]) -> Iterator[_Answer]:
        """Donors by how much their questions share with this one's, ties by seed."""
        by_shared: dict[float, list[_Answer]] = defaultdict(list)
        for donor in nearest:
            shared = sorted(answer.topic & donor.topic)
            by_shared[sum(1 / self._n_with[word] for word in shared)].append(donor)
        # a tie is drawn when its turn comes: to draw all of them takes most of the time
        for _, donors in sorted(by_shared.items(), reverse=True):
            yield from sorted(donors, key=lambda donor: self._draw(answer, donor))

    def _draw(self, answer: _Answer, donor: _Answer) -> str:
        return stable_id(self._seed, answer.item.item_id, donor.item.item_id)


def _by_distance(answer: _Answer, pool: Sequence[_Answer]) -> Iterator[Sequence[_Answer]]:
    """The donors nearest in length, then those around them, and so on."""
    low = high = bisect_left(pool, answer.rank, key=lambda donor: donor.rank)
    while low > 0 or high < len(pool):
        nearer_low, nearer_high = max(low - _NEAREST // 2, 0), min(high + _NEAREST // 2, len(pool))
        yield [*pool[nearer_low:low], *pool[high:nearer_high]]
        low, high = nearer_low, nearer_high


def _clashes(answer: _Answer, donor: _Answer) -> bool:
    """Whether an alias of one is, or stands as words within, an alias of the other."""
    return (
        not donor.normal
        or any(f" {alias} " in donor.haystack for alias in answer.aliases)
        or any(f" {alias} " in answer.haystack for alias in donor.aliases)
    )
