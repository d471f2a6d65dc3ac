"""What stance does a sentence take to an answer that is a sentence: its own word, a denial, another's?

Asked of the answers and of what in a reply resembles one: a denial is no sign of an answer that
asserts, nor the reverse. What is denied is told over the whole of what is said about the answer,
since it may be denied from afar ("It's hardly true that …", "Nobody would say that …"). A denied
denial affirms ("I don't doubt that …", "It's a myth that no …"), if it leads to what it denies:
"That's a myth, bats aren't blind" denies twice. Clauses about anything else take no stance ("I'm not
a vet, but …", "I know how you feel, dear, …"), nor do asides on what others believe ("contrary to
popular belief").

Limits as in `clauses.py`, which tells clauses and the words in them.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from evaluation.grading.clauses import (
    DENYING,
    FALSE,
    ascribes,
    calls_false,
    clauses_of,
    concedes,
    has_asides,
    may_ascribe,
    without_asides,
    without_kindness,
)
from evaluation.grading.wording import ENDEARMENTS, spoken_words, word_set

# "No, rats cannot cook" denies once, "No rats can cook" too
_NO_AS_REPLY = re.compile(r"^\W*no[,.:;]")
_NOT = (
    r"(?:not|never|hardly|scarcely|far from(?: being)?|anything but|nothing like|by no means"
    r"|in no (?:way|sense))"
)
_CLAIMING = (
    r"(?:say|call|claim|believe|think|suppose|argue|suggest|agree|accept|name|maintain)s?"
    r"(?! (?:so|it)\b)"
)
# denies all that it leads to
_FRAME = re.compile(
    rf"\b(?:{_NOT} (?:\w+ ){{0,2}}?(?:true|right|correct|accurate|(?:the )?case|so(?= that\b))|{FALSE}"
    r"|(?:is|are|was) (?:\w+ )?(?:fiction|fantasy|folklore|hoax|fable|(?:fairy|wives) tale)"
    r"|impossible|debunked|refuted|dispro(?:ved|ven)"
    r"|(?:have|has|had) (?:\w+ ){0,2}doubts?|doubt(?:s|ed|ful)?|disput(?:e|es|ed)|den(?:y|ies|ied)|(?:is|was) (?:\w+ )?mistake(?: to)?"
    rf"|(?:nobody|no one|none|(?:no|few|hardly any) \w+|few)(?: (?!(?:i|you|we|it|that|but|and)\b)\w+){{0,5}}? {_CLAIMING}"
    rf"|(?:not|never) (?:\w+ ){{0,2}}?{_CLAIMING}"
    r"|(?:no|little|scant|hardly any|not any) (?:\w+ )?(?:evidence|proof|truth|basis|way|chance)"
    r"|fail(?:s|ed)? to (?:show|find|prove|confirm|support|establish)"
    r"|refuses? to (?:believe|accept|think|say)|wish (?:i|we) could (?:say|tell you|believe|agree)|contrary to (?:\w+ ){1,3}that)\b"
)
_NEGATION = re.compile(
    r"\b(?:not|never|neither|nor|no|none|nobody|nothing|nowhere|without|hardly|scarcely"
    r"|any(?:thing|where) but|fail(?:s|ed)? to"
    r"|(?:is|are|was|were|be) (?:\w+ly )?far from(?! (?:here|home|there|it|each|you|us)\b))\b"
)
_LED_TO = ("that ", "so that ")
_LEADS_ON = re.compile(r"\bthat (?:(?:if|when|in|on|at|after|before)\b|no$)")
# a clause of what is not so, beside what is: "…, not ten percent", "Rather than ten percent, …"
_IN_PLACE = re.compile(
    r"^(?:and |but )?(?:rather than|instead of|unlike|far from|as opposed to|anything but)\b"
)
_IN_PLACE_WITHIN = re.compile(r" (?=(?:rather than|instead of|as opposed to)\b)")
_IN_PLACE_BEHIND = re.compile(r"^(?:and |but )?(?:not|never)\b(?! to (?:mention|worry)\b)")
_NEGATING = DENYING | word_set(
    "mistake opposed wish few little scant refuse refuses contrary impossible debunked refuted disproved "
    "disproven dispute disputes disputed deny denies denied fiction fantasy folklore hoax fable tale"
)
# a clause that ends with one of these tells whose opinion the others are: "Bats are blind, people say"
_TELLING_WHOSE = word_set(
    "think thinks thought say says said believe believes believed claim claims claimed assume "
    "assumed suppose heard guess guessed suggested so"
)
_NOTHING_BUT_NO = re.compile(r"^(?:no|nope|not quite|not so|wrong|incorrect|false)$")
_ENDS_IN_DENIAL = word_set("no not never hardly scarcely")
_BY_NO_MEANS = re.compile(r"\b(?:by|in|under) no (?:means|way|sense|circumstances)\b")
_BELONGING = word_set("which who whom whose where because")
# "Bulls react to movement, since they see no red": a reason denies nothing of what it is given for
_REASONS = word_set("because since")


class Stance(NamedTuple):
    """How a text says what it says."""

    denies: bool
    is_anothers: bool
    """Given as somebody else's opinion, or conceded."""


_OWN = Stance(denies=False, is_anothers=False)


def stance_of(text: str, content: frozenset[str], about: frozenset[str]) -> Stance:
    """The stance that a plain text takes to an answer.

    Args:
        content: words of the answer that tell it from the question.
        about: words that say what the question and all answers are about.
    """
    text = _NO_AS_REPLY.sub("", text)
    spoken = spoken_words(text)
    denies, ascribed = not _NEGATING.isdisjoint(spoken), may_ascribe(spoken)
    if not (denies or ascribed):
        return _OWN
    if has_asides(spoken):
        text = without_asides(text)
        spoken = spoken_words(text)
    text = _IN_PLACE_WITHIN.sub(", ", text)
    clauses = [one for one in clauses_of(text, spoken) if not ENDEARMENTS.issuperset(one)]
    return Stance(
        denies and _denies(clauses, content, about),
        ascribed and _is_anothers(clauses, content, about),
    )


def _denies(
    clauses: Sequence[Sequence[str]], content: frozenset[str], about: frozenset[str]
) -> bool:
    kept: list[str] = []
    is_told = _is_told(clauses, content)
    for number, clause in enumerate(clauses):
        if clause[0] in _REASONS and _is_told(clauses[:number], content):
            continue
        text = " ".join(clause)
        if not _NEGATING.isdisjoint(clause):
            is_last = number == len(clauses) - 1
            tells = not content.isdisjoint(clause)
            if _IN_PLACE.match(text) or (number and _IN_PLACE_BEHIND.match(text)):
                if tells:
                    return True
                continue
            if not (tells or is_last or clauses[number + 1][0] == "that") and _is_bare(
                clause, text
            ):
                continue
            is_beside = is_told and not tells and about.isdisjoint(clause)
            # "Nothing makes me happier, …", but not "they do not, love, …" or "by no means, …"
            if is_beside and not (
                clause[-1] in _ENDS_IN_DENIAL
                or _FRAME.search(text)
                or _BY_NO_MEANS.search(text)
                or _is_bare(clause, text)
            ):
                continue
            text = without_kindness(clause, is_personal=is_beside)
        kept.append(text)
    return any(map(_is_denial, _with_what_they_lead_to(kept)))


def _with_what_they_lead_to(texts: Sequence[str]) -> list[str]:
    """Texts of clauses, each joined to the one that leads to it: behind a name for the other one
    ("It is not true, dear, that …") or a condition ("… that if it rains, …")."""
    joined: list[str] = []
    before = ""
    for text in texts:
        if joined and (text.startswith(_LED_TO) or _LEADS_ON.search(before)):
            joined[-1] = f"{joined[-1].removesuffix(' no')} {text}"
        else:
            joined.append(text)
        before = text
    return joined


def _is_denial(text: str) -> bool:
    rest, n_frames = _FRAME.subn(" ", text)
    return (n_frames > 0) != bool(_NEGATION.search(rest))


def _is_bare(clause: Sequence[str], text: str) -> bool:
    """Whether a clause only calls false what stands before it."""
    return bool(_NOTHING_BUT_NO.match(text)) or calls_false(clause, same_sentence=False)


def _is_anothers(
    clauses: Sequence[Sequence[str]], content: frozenset[str], about: frozenset[str]
) -> bool:
    clauses = _with_what_goes_on(clauses)
    is_told = _is_told(clauses, content)
    for number, clause in enumerate(clauses):
        # what is conceded ends with its clause: "While many think of owls, bats are blind"
        known = content if concedes(clause) else content | about if ascribes(clause, ()) else None
        if known is None:
            continue
        if not (is_told and known.isdisjoint(clause)):
            return True
        leads = number + 1 < len(clauses) and clauses[number + 1][0] == "that"
        if leads or clause[-1] in _TELLING_WHOSE or _LEADS_ON.search(" ".join(clause)):
            return True
    return False


def _is_told(clauses: Sequence[Sequence[str]], content: frozenset[str]) -> bool:
    """Whether a clause says something of the answer, so that those that do not are about other things."""
    return any(not content.isdisjoint(clause) for clause in clauses)


def _with_what_goes_on(clauses: Sequence[Sequence[str]]) -> list[list[str]]:
    """Clauses, those that go on with "which", "because" or the like joined to the one before."""
    joined: list[list[str]] = []
    for clause in clauses:
        if joined and clause[0] in _BELONGING:
            joined[-1].extend(clause)
        else:
            joined.append(list(clause))
    return joined
