"""Which option does a reply choose, by its letter or by its text?

The last letter that the reply calls its answer counts ("the answer is (B)", "it's B", "so B"), then
a letter at its very start ("B. Canberra", "b)"), then the one option whose text it states. A reply
that lists the options and chooses none has no answer; where letter and text name different options
nobody can tell which one is meant. "A" as an article and "I" as a word are no letters.
"""

import re
import string
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from evaluation.grading.mentions import Form, Mention, find_mention
from evaluation.grading.reading import Reading
from evaluation.grading.wording import word_set

# "A", "I" and a small letter may be words: "the answer is a virus"
_LETTER = (
    r"[(\[*\"'$]*(A(?![\w'’-]| (?!because|since|as\b|and\b|for\b)[a-z])|[B-HJ](?![\w'’-])"
    r"|I(?=\s*(?:[).\]*:;!\"$]|$))"
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
        (("letter",), rf"[Ll](?i:etter){_IS}((?i:not\s))?{_LETTER}"),
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
            r"([A-HJ]|I(?!\W* would))(?<!\w[A-J])[)\]*.]*(?: is| would be)(?: (?:the|indeed|definitely|clearly))*"
            r" ((?:not|in)\s*)?(?:the )?(?:correct|right|best|most likely)\b",
        ),
    )
)
# a letter is called the answer near one of these; only there is it looked for
_CALLING = ("answer", "choice", "option", "letter", "choose", "pick", "select", "go with", "say",
    "boxed", "correct", "right", "best", "final", "likely")  # fmt: skip
_SEEN_BEFORE, _SEEN_BEHIND = 30, 70
_AT_START = re.compile(
    r"\W*(?:(?i:option|choice|answer|letter):? )?"
    r"(?:([A-HJ])(?:[).:,!*\]]|\s*$|\s*\n| it is\b)|(I)(?:[).:*\]]|\s*$)"
    r"|([b-hj])(?:[)\]]|[.:!*]*\s*$)|([ai])[)\]])"
)
_LINE_START = re.compile(r"(?m)^\W*([A-J])[).:]")
# "A. Sydney is large. B. Canberra is the capital."
_SECOND_IN_LINE = re.compile(r"[.!?;,] B[).:] ")
# a letter that stands alone as a whole answer does: not "E. coli", "C++", "B vitamins"
_ALONE = re.compile(
    r"[A-HJ(](?<![\w'’.&-].)(?:(?<!\()|[a-j](?=\)))(?!\. [a-z])"
    r"(?=\s*(?:[^\w\s'’&+#?/-]|$)|\s+-\s| (?:because|since|for|as|then|indeed|here|it is|my|dear|love"
    r"|honey|darling|sweetheart|friend)\b)"
)
_LEADS_TO = re.compile(
    r"(?i)(?<![\w'’])(?:(?:it|that|this|there)(?:['’]s|['’]d be| is| was| must be| has to be| would be)"
    r"(?:,? (?:definitely|clearly|probably|most likely|likely|certainly|surely|indeed|actually|really"
    r"|therefore|still|just|simply|going to be))?"
    r"|(?:letter|option|answer|choice)(?: (?!not |if |whether )[a-z]+){1,4} is"
    r"|so|therefore|thus|hence|definitely|clearly|probably|certainly|surely|obviously|actually|absolutely"
    r"|not (?:option )?\W{0,3}[a-j]\W{0,3}(?:,? but)?)"
    r"[,:]?(?: (?:the )?(?:letter|option|choice|answer))?[\s(*\[_\"“:]*$"
    r"|(?<!\w)(?<!not )(?:option|letter) [(*\[_\"“]*$"
)
# "you might think it's A", "if it's A"
_OTHERS_SAY = re.compile(
    r"(?i)\b(?:you|they|people|many|some|others|who|if|whether|why)\b[^.!?,;\n]{0,30}$"
)
_LAST_LEADS = word_set(
    "it's it’s that's that’s this's there's is was be so therefore thus hence definitely clearly "
    "probably certainly surely obviously actually absolutely likely indeed really still just simply "
    "but not option letter choice answer"
)
_SIGNS_BEFORE_LETTER = ' (*[_"“:'
_SEEN_BEFORE_LETTER = 70


# a tuple, as in mentions.py
class _Called(NamedTuple):
    """A letter that a reply calls its answer."""

    letter: str
    end: int
    """Where what calls it so ends."""


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
    called = [one for one in _called(reading) if one.letter in letters]
    behind = called[-1].end if called else 0
    called += [one for one in _led_to(reading.reply, behind) if one.letter in letters]
    if called:
        return letters.index(called[-1].letter)
    start = _AT_START.match(reading.reply)
    letter = start[start.lastindex].upper() if start and start.lastindex else ""
    if not letter or letter not in letters:
        return None
    # a reply that repeats the list has chosen nothing by that
    listed = set(_LINE_START.findall(reading.reply)) & set(letters)
    is_list = len(listed) > 1 or (letter == "A" and _SECOND_IN_LINE.search(reading.reply))
    return None if is_list else letters.index(letter)


def _led_to(reply: str, behind: int) -> Iterator[_Called]:
    """Letters that stand alone behind words that lead to an answer ("it's B", "so B"), from a place
    on."""
    for match in _ALONE.finditer(reply, behind):
        start = match.start()
        seen = max(0, start - _SEEN_BEFORE_LETTER)
        words = reply[seen:start].rstrip(_SIGNS_BEFORE_LETTER).lower().rsplit(None, 2)
        # looking back costs ten times as much
        if not words or (words[-1].rstrip(",") not in _LAST_LEADS and words[-2:-1] != ["not"]):
            continue
        leads = _LEADS_TO.search(reply, seen, start)
        if leads and not _OTHERS_SAY.search(reply, seen, leads.start()):
            yield _Called(match[0][-1].upper(), match.end())


def _called(reading: Reading) -> Iterator[_Called]:
    """Letters that are called the answer."""
    calling = [word for word in _CALLING if word in reading.lower]
    patterns = [pattern for hints, pattern in _CALLED if not hints.isdisjoint(calling)]
    for begin, stretch in _near(calling, reading):
        found = [match for pattern in patterns if (match := pattern.search(stretch))]
        while found:
            first = min(found, key=re.Match.start)
            groups = [group.strip().upper() for group in first.groups() if group]
            # the other one is what denies the letter
            if len(groups) == 1:
                yield _Called(groups[0], begin + first.end())
            end = first.end()
            found = [
                later
                for one in found
                if (later := one if one.start() >= end else one.re.search(stretch, end))
            ]


def _near(calling: Iterable[str], reading: Reading) -> list[tuple[int, str]]:
    """The stretches of a reply that are near any of the words, in order, with where they begin."""
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
    return [(begin, reading.reply[begin:end]) for begin, end in stretches]


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
