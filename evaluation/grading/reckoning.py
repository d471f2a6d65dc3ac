"""What of a sentence tells what was reckoned with, or which number it is not.

A number that is denied ("not 14", "14 is wrong") is never an answer; one in brackets, in a clause such
as "which cost $20" or "after giving away 5", or in a sum without its result is none where another
stands before it. Which of the numbers that are left is the answer is decided in `numbers.py`.
"""

import re
from collections.abc import Sequence

from evaluation.grading.numerals import CURRENCY, NUMBER, NUMBER_IN_WORDS, first_number, has_digit
from evaluation.grading.wording import word_set

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
    rf"(?: ?(?:[+*/×÷−-]|\b(?:minus|plus|times|divided by)\b) ?{CURRENCY}{NUMBER})+"
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
_RECKONED_WITH = re.compile(
    rf"[ ,](?:(?:(?<=,) (?:{_WHICH}|{_EACH}|{_COMPARED}|who|whose|where|starting|having"
    r"|(?:enough|plenty|sufficient) for|to be (?:shared|split|divided))"
    r"|(?<= )(?:because|since|(?:even |al)though|given that|considering|compared|not counting"
    rf"|excluding))\b(?:(?!{_GOES_BACK}).)*"
    r"|(?<= )(?:after|before|when|if|out of"
    r"|(?<=, )(?:shar|split|divid)(?:ed|t?ing)?(?: (?:equally|evenly|up))? (?:with|among|amongst|between|by))"
    rf"\b(?:(?!{_GOES_BACK}|{_MAIN_VERB}).)*)"
)
_OF_RECKONING = word_set(
    "after before when if out each who whose where starting having which because since given "
    "considering compared counting excluding though although than enough plenty sufficient shared split "
    "divided sharing splitting dividing"
)
# "After giving away 5, "
_FRONTED = re.compile(
    r"\W*(?:so |and |but )?(?:because|since|given|after|before|when|if)\b[^=]*?, "
)


def core_of(sentence: str, spoken: Sequence[str]) -> str:
    """A sentence without the numbers that it denies, and without what tells what was reckoned with
    where another number stands before it."""
    core = sentence
    if not _DENYING.isdisjoint(spoken):
        core = _DENIED.sub(" ", core)
    if not _CALLING_FALSE.isdisjoint(spoken) and _IS_FALSE.search(core):
        core = _CALLED_FALSE.sub(" ", core)
    reckons = not _OF_RECKONING.isdisjoint(spoken)
    if reckons and (fronted := _FRONTED.match(core)):
        rest = core[fronted.end() :]
        core = core if first_number(rest) < 0 else rest
    if "(" in core or "[" in core:
        core = _without(_IN_BRACKETS, core)
    # behind its last result a sentence is read by `_find_in`
    if "=" in core:
        return core
    if reckons:
        core = _without(_RECKONED_WITH, core)
    without_sums = _CALCULATION.sub(" ", core)
    return without_sums if has_digit(without_sums) else core


def _without(told: re.Pattern[str], text: str) -> str:
    """A text without what matches behind its first number."""
    first = first_number(text)
    return told.sub(lambda part: " " if 0 <= first < part.start() else part[0], text)
