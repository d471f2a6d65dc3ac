"""Which number does a reply give as its answer, and is it the right one?

The last number behind "####", in a box or behind "the answer is" counts; without any of these that
behind the last "=" of the last sentence, or the last number of the reply. So what is worked out on the way does not count, and a reply that the
limit cut before it named its answer has none. Thousands separators, currency signs, percent signs
and zeros behind the point do not matter: "$1,250.00" is 1250. Numbers written as words count where
the reply has no digits.
"""

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache

_NUMBER = r"-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
_ANY = re.compile(rf"(?<![\w.])(?<!\d,){_NUMBER}(?!\w*\d)")
_MARKED = re.compile(
    rf"(?:####\s*|\\boxed\{{\s*|\b(?:final )?(?:answer|result|total)(?: is| was|:| =|\s*\*\*)*[\s:*]*)"
    rf"(?:\\?[$£€]\s*)?({_NUMBER})(?!\w*\d)",
    re.IGNORECASE,
)
_RESULT = re.compile(rf"=\s*(?:\\?[$£€]\s*)?({_NUMBER})(?!\w*\d)(?!\s*[-+*/×÷=])[^=]*$")
_WORDS = {
    word: value
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
        "fifteen sixteen seventeen eighteen nineteen twenty".split()
    )
}
_WORD = re.compile(rf"\b(?:{'|'.join(_WORDS)})\b", re.IGNORECASE)


@dataclass(frozen=True)
class FinalNumber:
    """The number that a reply ends on."""

    value: Decimal
    is_marked: bool
    """The reply calls it the answer; otherwise it is the last one that stands there."""


def find_final_number(reply: str) -> FinalNumber | None:
    """The reply's answer as a number; None when there is none in it."""
    marked = None
    for marked in _MARKED.finditer(reply):
        pass
    if marked:
        return FinalNumber(_value(marked[1]), is_marked=True)
    if result := _RESULT.search(reply.rstrip().rpartition("\n")[2].rpartition(". ")[2]):
        return FinalNumber(_value(result[1]), is_marked=False)
    if found := _ANY.findall(reply):
        return FinalNumber(_value(found[-1]), is_marked=False)
    if spelt := _WORD.findall(reply):
        return FinalNumber(Decimal(_WORDS[spelt[-1].lower()]), is_marked=False)
    return None


@lru_cache(maxsize=8192)
def number_of(answer: str) -> Decimal | None:
    """An item's answer as a number, whatever stands around it; None when it is not one number."""
    found = _ANY.findall(answer)
    return _value(found[0]) if len(found) == 1 else None


def _value(digits: str) -> Decimal:
    try:
        return Decimal(digits.replace(",", ""))
    except InvalidOperation:  # pragma: no cover - the pattern lets nothing else through
        raise AssertionError(digits) from None
