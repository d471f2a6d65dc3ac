"""Which number does a reply give as its answer, and is it the right one?

The last number behind "####", in a box or behind "the answer is" counts; without any of these that
behind the last "=" of the last sentence, or the last number of the reply. So what is worked out on the way does not count, and a reply that the
limit cut before it named its answer has none. Thousands separators, currency signs, percent signs
and zeros behind the point do not matter: "$1,250.00" is 1250. Numbers written as words count where
the reply has no digits.
"""

import re
from decimal import Decimal
from typing import NamedTuple

from evaluation.grading.reading import Reading

_NUMBER = r"-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
# the same where no word or number runs on into it; what `re` looks for first is a character out of
# few, which takes two fifths of the time of looking back at every character of the reply
_ANY = re.compile(
    r"[-\d](?<![\w.].)(?<!\d,.)(?:(?<=-)\d|(?<=\d))(?:\d{0,2}(?:,\d{3})+|\d*)(?:\.\d+)?(?!\w*\d)"
)
_TO_LAST_DIGIT = re.compile(r"(?s:.*)\d")
_MARKS = ("####", "boxed{", "answer", "result", "total")
_MARKED = re.compile(
    rf"(?:####|boxed\{{|answer|result|total)(?: is| was|:| =|\s*\*\*)*[\s:*]*(?:\\?[$£€]\s*)?({_NUMBER})"
    r"(?!\w*\d)"
)
_RESULT = re.compile(rf"=\s*(?:\\?[$£€]\s*)?({_NUMBER})(?!\w*\d)(?!\s*[-+*/×÷=])[^=]*$")
_SPELT = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen"),
    *("nineteen", "twenty"),
)
_SPELT_WORDS = frozenset(_SPELT)
_WORD = re.compile(rf"\b(?:{'|'.join(_SPELT)})\b", re.IGNORECASE)


# a tuple, as in mentions.py
class FinalNumber(NamedTuple):
    """The number that a reply ends on."""

    value: Decimal
    is_marked: bool
    """The reply calls it the answer; otherwise it is the last one that stands there."""


def find_final_number(reading: Reading) -> FinalNumber | None:
    """The reply's answer as a number; None when there is none in it."""
    if (marked := _find_marked(reading.lower)) is not None:
        return FinalNumber(marked, is_marked=True)
    reply = reading.reply
    last_sentence = reply.rstrip().rpartition("\n")[2].rpartition(". ")[2]
    if "=" in last_sentence and (result := _RESULT.search(last_sentence)):
        return FinalNumber(_value(result[1]), is_marked=False)
    if (last := _find_last(reply)) is not None:
        return FinalNumber(last, is_marked=False)
    # beside a sign such as an emoji a word of the pattern is none of the vocabulary
    may_spell = not (reply.isascii() and _SPELT_WORDS.isdisjoint(reading.vocabulary))
    if may_spell and (spelt := _WORD.findall(reply)):
        return FinalNumber(Decimal(_SPELT.index(spelt[-1].lower())), is_marked=False)
    return None


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
