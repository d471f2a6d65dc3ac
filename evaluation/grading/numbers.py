"""Which number does a reply give as its answer, and is it the right one?

The last number behind "####", in a box or behind "the answer is" counts. Without any of these it is
the last sentence that has a word of the question or works something out: the number behind its last
"=", else its last one. A number that the reply denies ("not 14") is never the answer, and one that
only tells what was reckoned with comes after all others: in brackets, in a clause such as "which cost
$20" or "after giving away 5", in a sum without its result, or behind "of" and the like ("31 of the 36
pens"). Without such a sentence it is the last number that stands in no talk about people, so that
neither "I'm 100 % here for you" nor "call 911" is an answer; where there is none, nobody can tell.
What a number is worth is told in `numerals.py`.
"""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from evaluation.grading.numerals import (
    NUMBER,
    NUMBER_IN_WORDS,
    NUMBER_WORDS,
    Numeral,
    find_last_in_digits,
    first_number,
    has_digit,
    numerals_of,
    value_of,
)
from evaluation.grading.reading import Reading
from evaluation.grading.wording import PEOPLE, spoken_words, word_set

_CURRENCY = r"(?:\\?[$£€]\s*)?"
_MARKS = ("####", "boxed{", "answer")
_MARKED = re.compile(
    rf"(?:####|boxed\{{|answer)(?: is| was|:| =|\s*\*\*)*[\s:*]*{_CURRENCY}({NUMBER})(?!\w*\d)"
)
# "the answer is 3 boxes * 12"
_GOES_ON = re.compile(rf"(?: ?[a-z]+)? ?[-+*/×÷−=] ?{_CURRENCY}\d")
_RESULT = re.compile(
    rf"=\s*{_CURRENCY}({NUMBER})(?![\d.,]*\d|\w*\d)(?!\s*[-+*×÷=]|\s*/(?!\s?[a-z]))[^=]*$"
)
# what a sentence comes to, behind a result on its way there
_CONCLUDES = re.compile(
    r"\b(?:so|thus|therefore|hence|total of|rounds? (?:up |down |off )?to"
    r"|(?:mak|leav|giv)(?:es|ing))\b"
)
_DENYING = word_set("not never nor neither rather instead opposed unlike")
_DENIED = re.compile(
    r"\b(?:no[tr]|never|neither|rather than|instead of|as opposed to|unlike)"
    r"(?: (?:the|an?|your|just|only|exactly|simply|quite|really|actually|have|had|has|be|get|got|equal"
    r"|any|say|make|think|believe|that|it|there|he|she|they|is|are|was|were))*"
    rf" \W{{0,3}}(?:{NUMBER}(?!\w*\d)|\b{NUMBER_IN_WORDS})"
)
_CALLING_FALSE = word_set("not wrong incorrect too")
_CALLED_FALSE = re.compile(
    rf"(?:\d(?<![\w.,-].)[\d,.]*|\b{NUMBER_IN_WORDS})(?: [a-z]+)? (?:is|are|was|were|would be|seems) "
    r"(?:not (?:right|correct|it|(?:the )?(?:right |correct )?(?:answer|number))\b"
    r"|wrong\b|incorrect\b|too (?:many|few|much|little|high|low)\b)"
)
_IS_FALSE = re.compile(r" (?:is|are|was|were|be|seems) (?:not|wrong|incorrect|too) ?")
_IN_BRACKETS = re.compile(r"(?<!\\)[(\[](?=[^()\[\]]*[a-z+*/×÷−-])[^()\[\]=]*(?:[)\]]|$)")
# begins with a digit, as `_ANY` of numerals.py does
_CALCULATION = re.compile(
    r"\d(?<![\d.,].)[\d,.]*+"
    rf"(?: ?(?:[+*/×÷−-]|\b(?:minus|plus|times|divided by)\b) ?{_CURRENCY}{NUMBER})+"
    r"(?![\d.,]*\d)(?! ?[a-z]* ?(?:[≈→]|is\b|are\b|equals?\b|makes?\b|gives?\b|leaves?\b))"
)
# where an aside ends and the sentence goes on
_GOES_BACK = (
    r"[,;:] (?!(?:(?:and|or|plus) )?"
    r"(?:[$£€]?\d|[a-z]+(?:ing|ed)\b|gave|bought|sold|ate|got|lost|spent|took))"
    r"|\b(?:so|thus|therefore|hence|total|altogether|equals?|makes|leaves|gives|means)\b"
    r"|(?<!and )(?<!after )\b(?:making|leaving|giving(?! away| up| out))\b"
)
_MAIN_VERB = r"\b(?:is|are|was|were|has|have|will|would|remains?|needs?)\b"
# ", which leaves 7" goes on with the reckoning, ", which is 2 fewer than 12" does not
_WHICH = (
    r"which(?! (?:leaves?|left|makes?|made|gives?|gave|means?|rounds?|equals?|comes?|adds?"
    rf"|(?:is|are)(?= (?:[a-z]+ )?(?:[a-z]+ )?(?:\W{{0,3}}\d|{NUMBER_IN_WORDS})))\b"
    r"(?![^,;]*\b(?:than|each|per|apiece)\b))"
)
_EACH = r"(?:and )?each(?=(?: [a-z]+)? (?:costs?|costing|worth|being|with|at|for|of|[$£€]?\d))"
_COMPARED = r"(?:\D?\d[\d,.]*|\w+)(?: [a-z]+)? (?:fewer|less|more)(?: [a-z]+)? than"
# begins with one character out of few, as `_ANY` of numerals.py does
_ASIDE = re.compile(
    rf"[ ,](?:(?:(?<=,) (?:{_WHICH}|{_EACH}|{_COMPARED}|who|whose|where|starting|having"
    r"|(?:enough|plenty|sufficient) for|to be (?:shared|split|divided))"
    r"|(?<= )(?:because|since|(?:even |al)though|given that|considering|compared|not counting"
    rf"|excluding))\b(?:(?!{_GOES_BACK}).)*"
    rf"|(?<= )(?:after|before|when|if|out of)\b(?:(?!{_GOES_BACK}|{_MAIN_VERB}).)*)"
)
_ASIDES = word_set(
    "after before when if out each who whose where starting having which because since given "
    "considering compared counting excluding though although than enough plenty sufficient shared split "
    "divided"
)
# "After giving away 5, "
_FRONTED = re.compile(
    r"\W*(?:so |and |but )?(?:because|since|given|after|before|when|if)\b[^=]*?, "
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
    r"|\b(?:up|down|left|now|is|are|was|were|has|have|had|it|him|her|he|she|they|them|i|you|we|went|came|got|gets)\b"
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
        told = _find_beside_talk(_core_of(sentence, spoken), spoken)
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
        [one for one in some if numerals_of(_core_of(*one))] for some in (about, beside)
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
    core = _core_of(sentence, spoken)
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


def _core_of(sentence: str, spoken: Sequence[str]) -> str:
    """A sentence without the numbers that it denies, and without what tells what was reckoned with
    where another number stands before it."""
    core = sentence
    if not _DENYING.isdisjoint(spoken):
        core = _DENIED.sub(" ", core)
    if not _CALLING_FALSE.isdisjoint(spoken) and _IS_FALSE.search(core):
        core = _CALLED_FALSE.sub(" ", core)
    has_asides = not _ASIDES.isdisjoint(spoken)
    if has_asides and (fronted := _FRONTED.match(core)):
        rest = core[fronted.end() :]
        core = core if first_number(rest) < 0 else rest
    if "(" in core or "[" in core:
        core = _without(_IN_BRACKETS, core)
    # behind its last result a sentence is read by `_find_in`
    if "=" in core:
        return core
    if has_asides:
        core = _without(_ASIDE, core)
    without_sums = _CALCULATION.sub(" ", core)
    return without_sums if has_digit(without_sums) else core


def _without(asides: re.Pattern[str], text: str) -> str:
    """A text without its asides behind its first number."""
    first = first_number(text)
    return asides.sub(lambda aside: " " if 0 <= first < aside.start() else aside[0], text)


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
