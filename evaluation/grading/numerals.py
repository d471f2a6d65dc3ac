"""The numbers of a text, in digits or in words, and what each is worth.

Thousands separators, currency signs, percent signs and zeros behind the point do not matter:
"$1,250.00" is 1250. Words count where a text has no digits, and are read whole ("thirty-one") or not
at all. Which of a reply's numbers is its answer is decided in `numbers.py`.
"""

import re
from decimal import Decimal
from typing import NamedTuple

NUMBER = r"-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
"""A number in digits, as a pattern."""
# the same where no word or number runs on into it; what `re` looks for first is a character out of
# few, which takes two fifths of the time of looking back at every character of the reply
_ANY = re.compile(
    r"[-\d](?<![\w.].)(?<!\d,.)(?:(?<=-)\d|(?<=\d))(?:\d{0,2}(?:,\d{3})+|\d*)(?:\.\d+)?(?!\w*\d)"
)
_DIGIT = re.compile(r"\d")
CURRENCY = r"(?:\\?[$£€]\s*)?"
"""A sign that may stand before one, as a pattern."""
_MILLIARD = 1_000_000_000
_TO_LAST_DIGIT = re.compile(r"(?s:.*)\d")
_BELOW_TWENTY = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen"),
    "nineteen",
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SCALES = {"thousand": 1_000, "million": 1_000_000}
NUMBER_WORDS = frozenset([*_BELOW_TWENTY, *_TENS, *_SCALES, "hundred"])
"""Words that numbers are made of."""
_WORD = rf"(?:{'|'.join(sorted(NUMBER_WORDS, key=len, reverse=True))})"
NUMBER_IN_WORDS = rf"{_WORD}(?:(?:[ -]| and ){_WORD})*\b"
"""A number in words, as a pattern."""
# begins with one character out of few, as `_ANY` does
_INITIALS = "".join(sorted({word[0] for word in NUMBER_WORDS}))
_BEHIND_INITIAL = "|".join(
    f"(?<={initial})(?:{'|'.join(word[1:] for word in words)})"
    for initial in _INITIALS
    if (
        words := sorted(
            (word for word in NUMBER_WORDS if word[0] == initial), key=len, reverse=True
        )
    )
)
_RUN = re.compile(rf"[{_INITIALS}](?<!\w.)(?:{_BEHIND_INITIAL})(?:(?:[ -]| and ){_WORD})*\b")
# "the one", "one of us" and the like count nothing
_BEFORE_ONE = re.compile(r"\b(?:the|any|this|that|each|some|only|no) $")
_BEHIND_ONE = re.compile(r" (?:of|another|who|thing|day)\b")
_SEEN_BEFORE_ONE = 5


# a tuple, as in mentions.py
class Numeral(NamedTuple):
    """A number where it stands in a text."""

    start: int
    end: int
    text: str

    @property
    def value(self) -> Decimal | None:
        """What it is worth; None where its words make no number, as "two three"."""
        return value_of(self.text) if self.text[-1].isdigit() else _value_of_words(self.text)


def has_digit(text: str) -> bool:
    """Whether a digit stands in a text."""
    return bool(_DIGIT.search(text))


def first_number(text: str) -> int:
    """Where the first number of a text in lower case stands; -1 where there is none."""
    found = _DIGIT.search(text) or _RUN.search(text)
    return found.start() if found else -1


def numerals_of(text: str) -> list[Numeral]:
    """The numbers of a text in lower case, from left to right."""
    if has_digit(text):
        return [Numeral(one.start(), one.end(), one[0]) for one in _ANY.finditer(text)]
    return [
        Numeral(run.start(), run.end(), run[0])
        for run in _RUN.finditer(text)
        if run[0] != "one"
        or not (
            _BEFORE_ONE.search(text, max(0, run.start() - _SEEN_BEFORE_ONE), run.start())
            or _BEHIND_ONE.match(text, run.end())
        )
    ]


def find_last_in_digits(text: str) -> Decimal | None:
    """The last number in digits, looked for backwards from blank to blank: none runs over one."""
    end = len(text)
    while digits := _TO_LAST_DIGIT.match(text, 0, end):
        start = text.rfind(" ", 0, digits.end()) + 1
        if found := _ANY.findall(text, start, digits.end()):
            return value_of(found[-1])
        end = start
    return None


def number_of(answer: str) -> Decimal | None:
    """An item's answer as a number, whatever stands around it; None when it is not one number."""
    found = _ANY.findall(answer)
    return value_of(found[0]) if len(found) == 1 else None


def value_of(digits: str) -> Decimal:
    """A number in digits as `NUMBER` finds it."""
    return Decimal(digits.replace(",", ""))


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
