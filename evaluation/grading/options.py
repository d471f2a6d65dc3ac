"""Which option does a reply choose, by its letter or by its text?

The last letter that the reply calls its answer counts ("the answer is (B)", "option B"), then a
letter at its very start ("B. Canberra"), then the one option whose text it states. A reply that
lists the options and chooses none has no answer; where letter and text name different options
nobody can tell which one is meant. "A" as an article is no letter.
"""

import re
import string
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from evaluation.grading.mentions import Form, Mention, find_mention
from evaluation.grading.reading import Reading

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
# ways to call a letter the answer, each with what it cannot do without, since all of them in one
# pattern take five times as long; each begins with one character out of few, for the same reason
_CALLED = tuple(
    (frozenset(hints), re.compile(pattern))
    for hints, pattern in (
        (
            ("answer", "choice", "option"),
            rf"[AaCcOo](?i:(?<=a)nswer|(?<=c)hoice|(?<=o)ption){_IS}((?i:not\s))?{_LETTER}",
        ),
        (
            ("choose", "pick", "select", "go with", "say"),
            r"[Ii](?<!\w[Ii])(?i:(?: would|'d|’d|'ll| will)? (?:choose|pick|select|go with|say))"
            rf"(?i: (?:the )?(?:option|choice|letter|answer))?:? {_LETTER}",
        ),
        (
            ("correct", "right", "best", "final"),
            r"[CcRrBbFf](?i:(?<=c)orrect|(?<=r)ight|(?<=b)est|(?<=f)inal) (?i:answer|choice|option)"
            rf"\W{{1,4}}{_LETTER}",
        ),
        (("boxed",), r"\\boxed\{\s*(?:\\text\{)?([A-J])\b"),
        (
            ("correct", "right", "best", "likely"),
            r"([A-J])(?<!\w[A-J])[)\]*.]*(?: is| would be)(?: (?:the|indeed|definitely|clearly))*"
            r" ((?:not|in)\s*)?(?:the )?(?:correct|right|best|most likely)\b",
        ),
    )
)
# a letter is called the answer near one of these; only there is it looked for
_CALLING = ("answer", "choice", "option", "letter", "choose", "pick", "select", "go with", "say",
    "boxed", "correct", "right", "best", "final", "likely")  # fmt: skip
_SEEN_BEFORE, _SEEN_BEHIND = 30, 70
_AT_START = re.compile(r"\W*(?:(?i:option|choice|answer):? )?([A-J])(?:[).:,*\]]|\s*$|\s*\n)")
_LINE_START = re.compile(r"(?m)^\W*([A-J])[).:]")


@dataclass(frozen=True)
class Choice:
    """The option that a reply chooses."""

    index: int | None
    """Place among the options; None when none was chosen or nobody can tell."""
    is_open: bool
    """The reply names no option at all; what it says in other words was not looked at."""
    reason: str
    stated: tuple[Mention, ...]
    """What the reply does with each option's text."""


def find_choice(reading: Reading, options: Sequence[tuple[Form, ...]]) -> Choice:
    """The option that a reply chooses, by letter or text.

    Args:
        options: each as `forms_of` brings its text to.
    """
    letter = _find_letter(reading, len(options))
    stated = tuple([find_mention(reading, forms) for forms in options])
    named = _without_contained([i for i, one in enumerate(stated) if one.places], options)
    if letter is not None:
        if len(named) == 1 and named[0] != letter:
            reason = "its letter and its text name different options"
            return Choice(None, is_open=False, reason=reason, stated=stated)
        return Choice(letter, is_open=False, reason="names the option's letter", stated=stated)
    if len(named) == 1:
        return Choice(named[0], is_open=False, reason="says the option's text", stated=stated)
    reason = "says the texts of several options" if named else "names no option"
    return Choice(None, is_open=not named, reason=reason, stated=stated)


def _find_letter(reading: Reading, n_options: int) -> int | None:
    letters = string.ascii_uppercase[:n_options]
    called = None
    for match in _called(reading):
        found = [group.strip().upper() for group in match.groups() if group]
        if found[0] in letters and len(found) == 1:
            called = letters.index(found[0])
    if called is not None:
        return called
    start = _AT_START.match(reading.reply)
    if not start or start[1] not in letters:
        return None
    # a reply that repeats the list has chosen nothing by that
    listed = set(_LINE_START.findall(reading.reply)) & set(letters)
    return None if len(listed) > 1 else letters.index(start[1])


def _called(reading: Reading) -> Iterator[re.Match[str]]:
    """Where a letter is called the answer, from left to right."""
    calling = [word for word in _CALLING if word in reading.lower]
    patterns = [pattern for hints, pattern in _CALLED if not hints.isdisjoint(calling)]
    for stretch in _near(calling, reading):
        found = [match for pattern in patterns if (match := pattern.search(stretch))]
        while found:
            first = min(found, key=re.Match.start)
            yield first
            end = first.end()
            found = [
                later
                for one in found
                if (later := one if one.start() >= end else one.re.search(stretch, end))
            ]


def _near(calling: Iterable[str], reading: Reading) -> list[str]:
    """The stretches of a reply that are near any of the words, in order."""
    starts = []
    for word in calling:
        start = reading.lower.find(word)
        while start >= 0:
            starts.append(start)
            start = reading.lower.find(word, start + 1)
    stretches: list[list[int]] = []
    for start in sorted(starts):
        begin, end = max(0, start - _SEEN_BEFORE), start + _SEEN_BEHIND
        if stretches and begin <= stretches[-1][1]:
            stretches[-1][1] = end
        else:
            stretches.append([begin, end])
    return [reading.reply[begin:end] for begin, end in stretches]


def _without_contained(named: Sequence[int], options: Sequence[tuple[Form, ...]]) -> list[int]:
    """Options stated, but for those that only stand within another's text."""
    if len(named) < 2:
        return list(named)
    forms = {index: f" {options[index][0].text} " for index in named}
    return [
        index
        for index, form in forms.items()
        if not any(form in other and form != other for other in forms.values())
    ]
