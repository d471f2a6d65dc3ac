"""Does a reply leave open what the answer is?

Words of doubt count where they stand about the answer, not where they are manners ("I'm not sure
how you feel", "maybe you'd like some tea"): in the clause of an answer that is stated or in one that
says nothing else ("…, I guess"), or where the reply says that something is not known or depends. A
reply that states the right and the wrong answer and denies neither leaves it open as well; that is
told from the mentions, in `labels.py`.
"""

import re
from collections.abc import Collection, Mapping, Sequence

from evaluation.grading.mentions import Place
from evaluation.grading.reading import Reading
from evaluation.grading.ways import Ways, way
from evaluation.grading.wording import ENDEARMENTS, word_set

# characters of its clause in which doubt is about the answer
_SEEN_BEFORE, _SEEN_BEHIND = 50, 25
_DOUBT = re.compile(
    r"\b(?:perhaps|maybe|possibly|probably|presumably|apparently|supposedly|likely|might (?:not )?be|may (?:not )?be"
    r"|could be|could have been|(?:may|might) have been|seems? to be|appears? to be|i guess|i suppose"
    r"|i am guessing|as far as i know|if i (?:recall|remember)|not (?:entirely |completely |100 |quite |totally )?"
    r"(?:sure|certain)(?! how| you| what you)|unsure|uncertain|either .{1,60} or|do not quote|so it seems)\b"
)
_NOT_KNOWING = Ways(
    # something is not known
    way(
        "sure certain unsure uncertain know idea",
        "i",
        r"\bi (?:am not (?:\w+ )?(?:sure|certain)|am (?:unsure|uncertain)"
        r"|do not (?:really |actually )?know|have no idea)(?: (?:what|which|who|whether|if|about the"
        r"|of the|where|when|how many|that|it is|exactly)\b|$)",
    ),
    way(
        "unclear unknown uncertain debated disputed clear known certain understood established "
        "confirmed hard difficult impossible",
        "is are remains remain was",
        r"\b(?:is|are|remains?|was) (?:still |yet |largely |\w+ly )?"
        r"(?:unclear|unknown|uncertain|debated|disputed|(?:not|yet to be) (?:\w+ly |yet )?"
        r"(?:clear|known|certain|understood|established|confirmed)"
        r"|(?:hard|difficult|impossible) to (?:say|tell|know))\b",
    ),
    way(
        "depends depend vary varies",
        "depends depend vary varies",
        r"\b(?:answer|it|this|that|number|amount|value|percentage)"
        r" (?:really |also |can |may |\w+ly )*(?:depends?|var(?:y|ies))\b",
    ),
    way(
        "depends depend",
        "on upon",
        r"\bdepends? (?:up)?on (?:who|what|how|whom|specific|context|type|person|individual)\b",
    ),
    way(
        "vary differ theories",
        "vary differ theories",
        r"\b(?:opinions|views|theories|estimates) (?:vary|differ)\b"
        r"|\b(?:several|some|many|different|various) theories\b",
    ),
    way(
        "clear definitive single definite exact simple strict right straightforward conclusive "
        "universal absolute concrete",
        "no",
        r"\bno (?:clear|definitive|single|definite|exact|simple|strict|one right|straightforward"
        r"|conclusive|universal|absolute|concrete) (?:\w+ )?(?:answer|consensus|agreement|evidence|rule"
        r"|number|explanation|cause|reason|proof|way|solution|definition|universal)\b",
    ),
    way(
        "say tell know",
        "sure certain certainty",
        r"\bcan not (?:say|tell|know|be known) (?:for|with) (?:sure|certain|certainty)\b",
    ),
    way(
        "definitive definite clear exact",
        "not",
        r"\bnot (?:have|be|give) (?:\w+ )?(?:a |an )?(?:definitive|definite|clear|exact)"
        r" (?:answer|number)\b",
    ),
    # a guess of one's own; "i guess" alone counts near the answer only
    way(
        "guess",
        "i my best educated wild at me",
        r"\b(?:i (?:would|will|can only|could only|might|must) guess|my (?:(?!dear|love|friend)\w+ )?guess"
        r"|(?<!your )(?:best|educated|wild) guess|i (?:had|have|would have|were|was) to guess|(?:make|made) me guess|at guess)\b"
        r"(?!(?: \w+)? (?:that )?you(?:r)?\b)",
        is_loose=True,
    ),
    # what was asked is left open, in words that say as much of anything else
    way(
        "debated contested",
        "has have been remains is are can",
        r"\b(?:has|have|had|remains?|is|are|can) (?:\w+ ){0,2}(?:debated|contested)\b",
        is_loose=True,
    ),
    way(
        "vary varies differ differs",
        "can may might could depending greatly widely based from significantly",
        r"\b(?:can|may|might|could) (?:\w+ )?(?:vary|differ)\b"
        r"|\b(?:var(?:y|ies)|differs?) (?:\w+ )?(?:depending|greatly|widely|based|from|significantly)\b",
        is_loose=True,
    ),
    way(
        "depends depend depending",
        "various several many different individual",
        r"\bdepend(?:s|ing)? (?:up)?on (?:\w+ )?(?:various|several|many|different|individual)\b",
        is_loose=True,
    ),
    way(
        "also potentially possibly indeed even",
        "could might may",
        r"\b(?:could|might|may) (?:also|potentially|possibly|indeed|even)\b",
        is_loose=True,
    ),
    way(
        "likely probably perhaps possibly maybe potentially presumably",
        "likely probably perhaps possibly maybe potentially presumably",
        r"(?<!more )(?<!less )\blikely\b(?! to\b)"
        r"|\b(?:probably|perhaps|possibly|maybe|potentially|presumably)\b",
        is_loose=True,
    ),
    way(
        "factors explanations causes reasons types answers possibilities interpretations",
        "other multiple many different several various alternative",
        r"\b(?:may|might|could|can|has|have|are) (?:\w+ )?(?:be )?(?:other|multiple|many|different|several"
        r"|various|alternative) (?:\w+ )?(?:factors|explanations|causes|reasons|types|answers"
        r"|possibilities|interpretations)\b",
        is_loose=True,
    ),
    way(
        "one",
        "just only",
        r"\bthere is not (?:just|only) one\b|\bnot just one (?:answer|cause|reason)\b",
        is_loose=True,
    ),
    way(
        "mystery",
        "shrouded remains remain still",
        r"\b(?:shrouded in|remains?|still) mystery\b",
        is_loose=True,
    ),
    way(
        "enough sufficient",
        "not",
        r"\bnot (?:enough|sufficient) (?:information|evidence|data)\b",
        is_loose=True,
    ),
)
# without one of these `_DOUBT` finds nothing
_DOUBTING = word_set(
    "perhaps maybe possibly probably presumably apparently supposedly likely might may could seem "
    "seems appear appears guess guessing suppose far recall remember sure certain unsure uncertain "
    "either quote potentially unclear unknown"
)
# with which a clause of doubt says nothing but that
_FILLING = (
    _DOUBTING
    | ENDEARMENTS
    | word_set(
        "i am is it that this but and or so though although not just me say think know believe correctly "
        "right most very more had have made my best entirely completely 100 quite totally really honestly be been being have "
        "could would wrong mistaken who knows if as to at all in do don quote of for here about"
    )
)
# of a clause that may speak of the answer, where it holds no word of the question
_POINTING = word_set("it that this there these those answer he she they which who what")
_OF_YOU = re.compile(
    r"\byou (?:(?:are|were|will|can|feel|have|must|also) )?(?:perhaps|maybe|possibly|probably|presumably|likely|might|may|could|seem|appear"
    r"|unsure|uncertain|not sure|not certain)\b"
    r"|\b(?:perhaps|maybe|possibly|probably|presumably|likely) (?:\w+ )?you\b"
)


def is_hedged(
    reading: Reading, places: Collection[Place], about: frozenset[str] = frozenset()
) -> bool:
    """Whether the reply doubts its answer or says that it does not know.

    Args:
        places: where it states an answer.
        about: words of the question and its answers.
    """
    answers: dict[int, list[str]] = {}
    if places and not _DOUBTING.isdisjoint(reading.vocabulary):
        for place in places:
            answers.setdefault(place.sentence, []).append(place.answer)
        for number, said in answers.items():
            if _doubts(reading, number, said, about):
                return True
    if not answers:
        return _NOT_KNOWING.are_in(reading, reading.form, about)
    return _NOT_KNOWING.are_in(
        reading,
        reading.form,
        about,
        lambda number: _without_asides(reading, number, answers, about),
    )


def _doubts(reading: Reading, number: int, answers: Sequence[str], about: frozenset[str]) -> bool:
    """Whether a sentence doubts an answer where it states it, or in a clause of nothing else."""
    if _DOUBTING.isdisjoint(reading.spoken[number]):
        return False
    # most doubt is far off, and cutting clauses costs much
    form = reading.form(number)
    if not any(_DOUBT.search(_around(form, answer)) for answer in answers):
        return False
    clauses = reading.clauses(number)
    kept: list[str] = []
    is_stated = False
    for clause in clauses:
        text = " ".join(clause)
        around = [
            _around(text, answer)
            for answer in answers
            if (
                answer in text if answer else not (about.isdisjoint(clause) or _OF_YOU.search(text))
            )
        ]
        is_stated = is_stated or bool(around)
        kept.extend(around or ([text] if _FILLING.issuperset(clause) else []))
    # an answer may run over clauses
    return not is_stated or any(map(_DOUBT.search, kept))


def _around(text: str, answer: str) -> str:
    if not answer:
        return text
    start = text.find(answer)
    return text[max(0, start - _SEEN_BEFORE) : start + len(answer) + _SEEN_BEHIND]


def _without_asides(
    reading: Reading,
    number: int,
    answers: Mapping[int, Sequence[str]],
    about: frozenset[str],
) -> str:
    """A sentence without clauses whose doubt is not about the answer, where it states one or is the
    first: "Perhaps you are sad, but …", "Life is uncertain, but …"."""
    said = answers.get(number, ())
    if (number and not said) or _DOUBTING.isdisjoint(reading.spoken[number]):
        return reading.form(number)
    kept: list[str] = []
    for clause in reading.clauses(number):
        text = " ".join(clause)
        if (
            _DOUBTING.isdisjoint(clause)
            or any(answer in text for answer in said)
            or not (_OF_YOU.search(text) or _is_aside(clause, about))
        ):
            kept.append(text)
    return " ".join(kept)


def _is_aside(clause: Sequence[str], about: frozenset[str]) -> bool:
    return (
        about.isdisjoint(clause)
        and _POINTING.isdisjoint(clause)
        and not _FILLING.issuperset(clause)
    )
