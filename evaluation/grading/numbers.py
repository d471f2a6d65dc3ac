"""Which number does a reply give as its answer, and is it the right one?

The last number behind "####", in a box or behind "the answer is" counts. Without any of these it is
the last sentence that has a word of the question or works something out: the number behind its last
"=", else its last one that is not what something is taken from ("31 of the 36 pens"). Without such a
sentence it is the last number that stands in no talk about people, so that neither "I'm 100 % here for
you" nor "call 911" is an answer; where there is none, nobody can tell. Thousands separators, currency
signs, percent signs and zeros behind the point do not matter: "$1,250.00" is 1250. Numbers written as
words count where the sentence has no digits, and are read whole ("thirty-one") or not at all.
"""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from evaluation.grading.reading import Reading
from evaluation.grading.wording import PEOPLE, spoken_words, word_set

_NUMBER = r"-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
# the same where no word or number runs on into it; what `re` looks for first is a character out of
# few, which takes two fifths of the time of looking back at every character of the reply
_ANY = re.compile(
    r"[-\d](?<![\w.].)(?<!\d,.)(?:(?<=-)\d|(?<=\d))(?:\d{0,2}(?:,\d{3})+|\d*)(?:\.\d+)?(?!\w*\d)"
)
_DIGIT = re.compile(r"\d")
_MILLIARD = 1_000_000_000
_TO_LAST_DIGIT = re.compile(r"(?s:.*)\d")
_MARKS = ("####", "boxed{", "answer", "result", "total")
_MARKED = re.compile(
    rf"(?:####|boxed\{{|answer|result|total)(?: is| was|:| =|\s*\*\*)*[\s:*]*(?:\\?[$£€]\s*)?({_NUMBER})"
    r"(?!\w*\d)"
)
_RESULT = re.compile(rf"=\s*(?:\\?[$£€]\s*)?({_NUMBER})(?!\w*\d)(?!\s*[-+*/×÷=])[^=]*$")
_BELOW_TWENTY = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen"),
    "nineteen",
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SCALES = {"thousand": 1_000, "million": 1_000_000}
_SPELT_WORDS = frozenset([*_BELOW_TWENTY, *_TENS, *_SCALES, "hundred"])
_SPELT = rf"(?:{'|'.join(sorted(_SPELT_WORDS, key=len, reverse=True))})"
# begins with one character out of few, as `_ANY` does
_INITIALS = "".join(sorted({word[0] for word in _SPELT_WORDS}))
_BEHIND_INITIAL = "|".join(
    f"(?<={initial})(?:{'|'.join(word[1:] for word in words)})"
    for initial in _INITIALS
    if (
        words := sorted(
            (word for word in _SPELT_WORDS if word[0] == initial), key=len, reverse=True
        )
    )
)
_RUN = re.compile(rf"[{_INITIALS}](?<!\w.)(?:{_BEHIND_INITIAL})(?:(?:[ -]| and ){_SPELT})*\b")
# "the one", "one of us" and the like count nothing
_BEFORE_ONE = re.compile(r"\b(?:the|any|this|that|each|some|only|no) $")
_BEHIND_ONE = re.compile(r" (?:of|another|who|thing|day)\b")
# parts of a sentence: what is said to the other one stands in one of its own
_PART_END = re.compile(r"[,;:] |[—(]| (?=but\b|and (?:i|you|we)\b)")
# characters before a number that tell what it is taken from: "of the original "
_SEEN_BEFORE = 24
_TAKEN_FROM = re.compile(
    r"\b(?:of|than|from)(?: (?:the|those|all|his|her|their))?(?: original| total)?\s\W?$"
)
# "I get 31", "so you have 31"
_GOT = re.compile(rf"\b(?:think|get|got|have|say|make|with)(?: it is)? \W?{_NUMBER}\W*$")
_ANSWERING = word_set("answer result total altogether sum")


# a tuple, as in mentions.py
class FinalNumber(NamedTuple):
    """The number that a reply ends on."""

    value: Decimal | None
    """None where its numbers stand in talk beside the question alone."""
    is_marked: bool
    """The reply calls it the answer; otherwise it is the last one that stands there."""


_UNCLEAR = FinalNumber(None, is_marked=False)


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
        return FinalNumber(_value(result[1]), is_marked=False)
    if (last := _find_last(reply)) is not None:
        return FinalNumber(last, is_marked=False)
    # beside a sign such as an emoji a word of the pattern is none of the vocabulary
    may_spell = not (reply.isascii() and _SPELT_WORDS.isdisjoint(reading.vocabulary))
    if may_spell and (spelt := _find_spelt(reading.lower)) is not None:
        return FinalNumber(spelt, is_marked=False)
    return None


def _find_about(reading: Reading, content: frozenset[str]) -> FinalNumber | None:
    """The number of the last sentence about the question; else the last one beside talk of people."""
    told: Decimal | None = None
    has_any = False
    for sentence, spoken in zip(reversed(reading.sentences), reversed(reading.spoken), strict=True):
        if not _DIGIT.search(sentence) and _SPELT_WORDS.isdisjoint(spoken):
            continue
        has_any = True
        if "=" in sentence or not (content.isdisjoint(spoken) and _ANSWERING.isdisjoint(spoken)):
            if (value := _find_in(sentence, spoken)) is not None:
                return FinalNumber(value, is_marked=False)
        elif told is None:
            told = _find_beside_talk(sentence, spoken)
    if told is None:
        return _UNCLEAR if has_any else None
    return FinalNumber(told, is_marked=False)


def _find_in(sentence: str, spoken: Sequence[str]) -> Decimal | None:
    """The number that a sentence about the question comes to.

    Args:
        spoken: its words.
    """
    if "=" in sentence and (result := _RESULT.search(sentence)):
        return _value(result[1])
    if not _has_digit(sentence):
        return _find_spelt(sentence)
    found = list(_ANY.finditer(sentence))
    if len(found) == 1:
        return _value(found[0][0])
    if PEOPLE.isdisjoint(spoken):
        for one in reversed(found):
            if not _is_taken_from(sentence, one.start()):
                return _value(one[0])
        return _value(found[-1][0]) if found else None
    own = [one for one in found if not _is_taken_from(sentence, one.start())]
    # "31 pens remain, and I'm 100 % here for you"
    if len(own) > 1:
        value = _find_beside_talk(sentence[: own[-1].end()], spoken)
        return _value(own[-1][0]) if value is None else value
    return _value((own or found)[-1][0]) if found else None


def _is_taken_from(sentence: str, start: int) -> bool:
    """Whether the number that starts there is what another is taken from."""
    return _TAKEN_FROM.search(sentence, max(0, start - _SEEN_BEFORE), start) is not None


def _find_beside_talk(sentence: str, spoken: Sequence[str]) -> Decimal | None:
    """The last number of a sentence's parts that have no word about those who talk."""
    may_spell = not _SPELT_WORDS.isdisjoint(spoken)
    for part in reversed(_PART_END.split(sentence)):
        if not may_spell and not _DIGIT.search(part):
            continue
        if PEOPLE.isdisjoint(spoken_words(part)) or _GOT.search(part):
            value = _find_last(part) if _has_digit(part) else _find_spelt(part)
            if value is not None:
                return value
    return None


def _find_spelt(text: str) -> Decimal | None:
    """The last number in words, of a text in lower case."""
    last: Decimal | None = None
    for run in _RUN.finditer(text):
        if run[0] == "one" and (
            _BEFORE_ONE.search(text, max(0, run.start() - _SEEN_BEFORE), run.start())
            or _BEHIND_ONE.match(text, run.end())
        ):
            continue
        last = _value_of_words(run[0])
    return last


def _value_of_words(run: str) -> Decimal | None:
    """A run of number words as one number; None where it is none, as "two three"."""
    total = current = 0
    room = _MILLIARD  # a word must be smaller than this to join the number
    for word in re.split(r"[ -]+", run.lower()):
        if word == "and":
            continue
        if word == "hundred":
            if current >= 100 or (current == 0 and room < _MILLIARD):
                return None
            current, room = max(current, 1) * 100, 100
        elif word in _SCALES:
            if total and _SCALES[word] >= 1_000_000:
                return None
            total, current, room = total + max(current, 1) * _SCALES[word], 0, 1_000
        else:
            value = (
                _BELOW_TWENTY.index(word) if word in _BELOW_TWENTY else 20 + 10 * _TENS.index(word)
            )
            if value >= room:
                return None
            current, room = current + value, 10 if word in _TENS else 0
    return Decimal(total + current)


def _has_digit(text: str) -> bool:
    return bool(_DIGIT.search(text))


def _find_last(reply: str) -> Decimal | None:
    """The last number of a reply, looked for backwards from blank to blank: none runs over one."""
    end = len(reply)
    while digits := _TO_LAST_DIGIT.match(reply, 0, end):
        start = reply.rfind(" ", 0, digits.end()) + 1
        if found := _ANY.findall(reply, start, digits.end()):
            return _value(found[-1])
        end = start
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
    return _value(found[1]) if found else None


def number_of(answer: str) -> Decimal | None:
    """An item's answer as a number, whatever stands around it; None when it is not one number."""
    found = _ANY.findall(answer)
    return _value(found[0]) if len(found) == 1 else None


def _value(digits: str) -> Decimal:
    return Decimal(digits.replace(",", ""))
