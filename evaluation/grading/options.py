"""Which option does a reply choose, by its letter or by its text?

The last letter that the reply calls its answer counts ("the answer is (B)", "option B"), then a
letter at its very start ("B. Canberra"), then the one option whose text it states. A reply that
lists the options and chooses none has no answer; where letter and text name different options
nobody can tell which one is meant. "A" as an article is no letter.
"""

import re
import string
from collections.abc import Sequence
from dataclasses import dataclass

from evaluation.grading.clauses import word_set, words
from evaluation.grading.mentions import Mention, Reading, find_mention, forms_of

# "A" and a small letter may be words: "the answer is a virus"
_LETTER = (
    r"[(\[*\"'$]*(A(?![\w'’-]| (?!because|since|as\b|and\b|for\b)[a-z])|[B-J](?![\w'’-])"
    r"|[a-j](?=[)\].:*]|\s*$))"
)
_IS = (
    r"(?:(?i: that is| which is)(?i: correct| right| best))?(?i: would be| should be| is| was|\W{0,3}:|\s*=)"
    r"(?i: definitely| probably| most likely| likely| indeed| therefore| clearly)?"
    r"(?i: (?:the )?(?:option|choice|letter|answer))?:?\s*"
)
_CALLED = re.compile(
    rf"(?i:answer|choice|option){_IS}((?i:not\s))?{_LETTER}"
    rf"|\b(?i:I(?: would|'d|’d|'ll| will)? (?:choose|pick|select|go with|say))(?i: (?:the )?(?:option|choice|letter|answer))?:? {_LETTER}"
    rf"|(?i:correct|right|best|final) (?i:answer|choice|option)\W{{1,4}}{_LETTER}"
    r"|\\boxed\{\s*(?:\\text\{)?([A-J])\b"
    r"|(?:(?i:option|choice|letter) )?[(\[*]*\b([A-J])[)\]*.]*(?: is| would be)(?: (?:the|indeed|definitely|clearly))*"
    r" ((?:not|in)\s*)?(?:the )?(?:correct|right|best|most likely)\b"
)
# without one of these no letter is called the answer
_CALLING = word_set(
    "answer choice option letter choose pick select go say boxed correct right best final likely"
)
_AT_START = re.compile(r"\W*(?:(?i:option|choice|answer):? )?([A-J])(?:[).:,*\]]|\s*$|\s*\n)")
_LINE_START = re.compile(r"(?m)^\W*([A-J])[).:]")


@dataclass(frozen=True)
class Choice:
    """The option that a reply chooses."""

    index: int | None
    """Place among the options; None when none was chosen or nobody can tell."""
    reason: str
    stated: tuple[Mention, ...]
    """What the reply does with each option's text."""


def find_choice(reply: str, reading: Reading, options: Sequence[str]) -> Choice:
    """The option that a reply chooses, by letter or text."""
    letter = _find_letter(reply, reading, options)
    stated = tuple(find_mention(reading, forms_of((option,))) for option in options)
    named = _without_contained([i for i, one in enumerate(stated) if one.states], options)
    if letter is not None:
        if len(named) == 1 and named[0] != letter:
            return Choice(None, "its letter and its text name different options", stated)
        return Choice(letter, "names the option's letter", stated)
    if len(named) == 1:
        return Choice(named[0], "says the option's text", stated)
    if named:
        return Choice(None, "says the texts of several options", stated)
    return Choice(None, "names no option", stated)


def _find_letter(reply: str, reading: Reading, options: Sequence[str]) -> int | None:
    letters = string.ascii_uppercase[: len(options)]
    called = None
    calls = () if _CALLING.isdisjoint(reading.vocabulary) else _CALLED.finditer(reply)
    for match in calls:
        found = [group.strip().upper() for group in match.groups() if group]
        if found[0] in letters and len(found) == 1:
            called = letters.index(found[0])
    if called is not None:
        return called
    start = _AT_START.match(reply)
    # a reply that repeats the list has chosen nothing by that
    listed = set(_LINE_START.findall(reply)) & set(letters)
    if not start or start[1] not in letters or len(listed) > 1:
        return None
    return letters.index(start[1])


def _without_contained(named: Sequence[int], options: Sequence[str]) -> list[int]:
    """Options stated, but for those that only stand within another's text."""
    if len(named) < 2:
        return list(named)
    forms = {index: f" {words(options[index])} " for index in named}
    return [
        index
        for index in named
        if not any(
            other != index and forms[index] in forms[other] and forms[index] != forms[other]
            for other in named
        )
    ]
