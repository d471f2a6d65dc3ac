"""Which number does a reply give as its answer, and is it the right one?

The last number behind "####", in a box or behind "the answer is" counts. Without any of these it is
the last sentence that has a word of the question or works something out: the number behind its last
"=", else its last one. A number that the reply denies ("not 14") is never the answer, and one that
only tells what was reckoned with comes after all others: in brackets, in a clause such as "which cost
$20" or "after giving away 5", in a sum without its result, or behind "of" and the like ("31 of the 36
pens"). Without such a sentence it is the last number that stands in no talk about people, so that
neither "I'm 100 % here for you" nor "call 911" is an answer; where there is none, nobody can tell.
What is left of a sentence without denied and side numbers is told in `reckoning.py`, what a number is worth
in `numerals.py`.
"""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from evaluation.grading.numerals import (
    CURRENCY,
    NUMBER,
    NUMBER_WORDS,
    Numeral,
    find_last_in_digits,
    has_digit,
    numerals_of,
    value_of,
)
from evaluation.grading.reading import Reading
from evaluation.grading.reckoning import core_of
from evaluation.grading.wording import PEOPLE, spoken_words, word_set

_MARKS = ("####", "boxed{", "answer")
_MARKED = re.compile(
    rf"(?:####|boxed\{{|answer)(?: is| was|:| =|\s*\*\*)*[\s:*]*{CURRENCY}({NUMBER})(?!\w*\d)"
)
# "the answer is 3 boxes * 12"
_GOES_ON = re.compile(rf"(?: ?[a-z]+)? ?[-+*/×÷−=] ?{CURRENCY}\d")
# "= $18,000/year" is a result, "= 300/50" a sum
_RESULT = re.compile(
    rf"=\s*{CURRENCY}({NUMBER})(?![\d.,]*\d|\w*\d)(?!\s*[-+*×÷=]|\s*/(?!\s?[a-z]))[^=]*$"
)
# what a sentence comes to, behind a result on its way there
_CONCLUDES = re.compile(
    r"\b(?:so|thus|therefore|hence|total of|rounds? (?:up |down |off )?to"
    r"|(?:mak|leav|giv)(?:es|ing))\b"
)
# parts of a sentence: what is said to the other one stands in one of its own
_PART_END = re.compile(r"[,;:] |[—(]| (?=but\b|and (?:i|you|we)\b)")
# characters before a number that tell what it is taken from: "of the original "
_SEEN_BEFORE = 24
_TAKEN_FROM = re.compile(
    r"\b(?:(?:(?<=\d )|(?<=out )|(?<=most )|(?<=all )|(?<=half ))of|than|from"
    r"|(?:start(?:ed|s)|began|begins)(?: [a-z]+)? with"
    r"|(?:of|than|from) (?:the|those|all|his|her|their))(?: original| total)?\s\W?$"
)
# "48 pens in 3 boxes", "$12 for 5 apples", "132 spoons to make 16 muffins"
_MEASURED_BY = re.compile(
    r"\b(?:(?:in|over|during|within|every|per|for(?!.*[$£€]$))(?: the| those| all| his| her| their)?"
    r"|(?<!has )(?<!have )(?<!had )(?<!need )(?<!needs )(?<!going )(?<!able )"
    r"to (?!(?:be|get|find|have|end|reach|total)\b)[a-z]+)\s\W?$"
)
# "10 apples to share with 4 friends", "10 apples among 4 children", but not "7 apples and ends with 10"
_SHARED_BY = re.compile(
    r"\b(?:with|among|amongst|between|across|by|on|onto|into|at)(?: the| those| all| his| her| their)?\s\W?$"
)
_COMES_TO = re.compile(
    r"\b(?:end|start|finish|leav|remain|total|bring|put|add|go|com|mak|tak|pay|sell|sold|buy|bought)(?:e?s|e?d|ing|e)?\b"
    r"|\b(?:up|down|left(?= with\b)|now|is|are|was|were|has|have|had|it|him|her|he|she|they|them|i|you|we|went|came|got|gets)\b"
)
_NEXT_CLAUSE = re.compile(r"[,;:=] |\b(?:so|then|and|but)\b")
_LINKS = word_set(
    "of than from with in over during within every per for to among amongst between across by on onto into at"
)
# "I get 31", "so you have 31"
_GOT = re.compile(rf"\b(?:think|get|got|have|say|make|with)(?: it is)? \W?{NUMBER}\W*$")
_ANSWERING = word_set("answer result total altogether sum")


# a tuple, as in mentions.py
class FinalNumber(NamedTuple):
    """The number that a reply ends on."""

    value: Decimal | None
    """None where its numbers stand in talk beside the question alone, are all denied, or are none."""
    is_marked: bool
    """The reply calls it the answer; otherwise it is the last one that stands there."""
    doubt: str = ""
    """Why nobody can tell; empty otherwise."""


def find_final_number(
    reading: Reading, content: frozenset[str] | None = None
) -> FinalNumber | None:
    """The reply's answer as a number; None when there is none in it.

    Args:
        content: words of the question; None takes any sentence for one about it.
    """
    if (marked := _find_marked(reading.lower)) is not None:
        return FinalNumber(marked, is_marked=True)
    reply = reading.reply
    if content is not None:
        return _find_about(reading, content)
    last_sentence = reply.rstrip().rpartition("\n")[2].rpartition(". ")[2]
    if "=" in last_sentence and (result := _RESULT.search(last_sentence)):
        return FinalNumber(value_of(result[1]), is_marked=False)
    if (last := find_last_in_digits(reply)) is not None:
        return FinalNumber(last, is_marked=False)
    # beside a sign such as an emoji a word of the pattern is none of the vocabulary
    may_spell = not (reply.isascii() and NUMBER_WORDS.isdisjoint(reading.vocabulary))
    if may_spell and (spelt := _last_of(numerals_of(reading.lower))) is not None:
        return FinalNumber(spelt, is_marked=False)
    return None


def _find_about(reading: Reading, content: frozenset[str]) -> FinalNumber | None:
    """The number of the last sentence about the question; else the last one beside talk of people."""
    about: list[tuple[str, list[str]]] = []
    beside: list[tuple[str, list[str]]] = []
    for sentence, spoken in zip(reversed(reading.sentences), reversed(reading.spoken), strict=True):
        if not has_digit(sentence) and NUMBER_WORDS.isdisjoint(spoken):
            continue
        is_about = "=" in sentence or not (
            sentence[0] == "(" or (content.isdisjoint(spoken) and _ANSWERING.isdisjoint(spoken))
        )
        (about if is_about else beside).append((sentence, spoken))
        if is_about and (value := _find_in(sentence, spoken)) is not None:
            return FinalNumber(value, is_marked=False)
    for sentence, spoken in beside:
        told = _find_beside_talk(core_of(sentence, spoken), spoken)
        if told is not None:
            return FinalNumber(told, is_marked=False)
    if not (about or beside):
        return None
    return FinalNumber(None, is_marked=False, doubt=_doubt_of(about, beside))


def _doubt_of(
    about: Sequence[tuple[str, list[str]]], beside: Sequence[tuple[str, list[str]]]
) -> str:
    """Why none of the numbers in sentences about the question and beside it is an answer."""
    kept_about, kept_beside = (
        [one for one in some if numerals_of(core_of(*one))] for some in (about, beside)
    )
    if kept_about:
        return "a number in words cannot be read"
    denies = any(numerals_of(sentence) for sentence, _ in about) or any(
        numerals_of(one[0]) for one in beside if one not in kept_beside
    )
    if not denies:
        return "its numbers stand in no sentence about the question"
    if kept_beside:
        return "what it does not deny of its numbers stands in no sentence about the question"
    return "denies every number that it has"


def _find_in(sentence: str, spoken: Sequence[str]) -> Decimal | None:
    """The number that a sentence about the question comes to.

    Args:
        spoken: its words.
    """
    core = core_of(sentence, spoken)
    if "=" in core and (result := _RESULT.search(core)):
        concluded = None
        if behind := _CONCLUDES.search(core, result.end(1)):
            rest = core[behind.end() :]
            concluded = _last_own(numerals_of(rest), rest)
        return value_of(result[1]) if concluded is None else concluded
    numerals = numerals_of(core)
    if len(numerals) == 1:
        return numerals[0].value
    if PEOPLE.isdisjoint(spoken):
        return _last_own(numerals, core)
    last = _place_of_last_own(core, numerals)
    if last is None:
        return _last_of(numerals)
    # "31 pens remain, and I'm 100 % here for you"
    if _place_of_last_own(core, numerals[:last]) is not None:
        value = _find_beside_talk(core[: numerals[last].end], spoken)
        if value is not None:
            return value
    return numerals[last].value


def _is_taken_from(sentence: str, start: int) -> bool:
    """Whether the number that starts there is what another is taken from."""
    return _TAKEN_FROM.search(sentence, max(0, start - _SEEN_BEFORE), start) is not None


def _last_own(numerals: Sequence[Numeral], text: str) -> Decimal | None:
    """The last number of a text but for those that others are taken from or measured by."""
    last = _place_of_last_own(text, numerals)
    return _last_of(numerals) if last is None else numerals[last].value


def _place_of_last_own(text: str, numerals: Sequence[Numeral]) -> int | None:
    for place in reversed(range(len(numerals))):
        start = numerals[place].start
        # looking for these words takes a third of the time of the patterns
        if _LINKS.isdisjoint(text[max(0, start - _SEEN_BEFORE) : start].split()):
            return place
        if not (_is_taken_from(text, start) or _is_measure(text, numerals[:place], start)):
            return place
    return None


def _is_measure(text: str, before: Sequence[Numeral], start: int) -> bool:
    """Whether the number that starts there measures the one before it in the same clause."""
    if not before:
        return False
    seen, end = max(0, start - _SEEN_BEFORE), before[-1].end
    if _MEASURED_BY.search(text, seen, start) is None and (
        _SHARED_BY.search(text, seen, start) is None or _COMES_TO.search(text, end, start)
    ):
        return False
    return _NEXT_CLAUSE.search(text, end, start) is None


def _last_of(numerals: Sequence[Numeral]) -> Decimal | None:
    return numerals[-1].value if numerals else None


def _find_beside_talk(sentence: str, spoken: Sequence[str]) -> Decimal | None:
    """The last number of a sentence's parts that have no word about those who talk."""
    may_spell = not NUMBER_WORDS.isdisjoint(spoken)
    for part in reversed(_PART_END.split(sentence)):
        if not may_spell and not has_digit(part):
            continue
        if PEOPLE.isdisjoint(spoken_words(part)) or _GOT.search(part):
            value = find_last_in_digits(part) if has_digit(part) else _last_of(numerals_of(part))
            if value is not None:
                return value
    return None


def _find_marked(lower: str) -> Decimal | None:
    """The number behind the last mark that has one."""
    at, found = -1, None
    for mark in _MARKS:
        start = lower.rfind(mark)
        while start > at:
            if match := _MARKED.match(lower, start):
                at, found = start, match
            else:
                start = lower.rfind(mark, 0, start)
    if found is None:
        return None
    if _GOES_ON.match(lower, found.end()):
        line = lower[found.start() :].partition("\n")[0].partition(". ")[0]
        result = _RESULT.search(line)
        return value_of(result[1]) if result else None
    return value_of(found[1])
