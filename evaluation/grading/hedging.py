"""Does a reply leave open what the answer is?

Words of doubt count where they stand about the answer, not where they are manners ("I'm not sure
how you feel", "maybe you'd like some tea"): right beside an answer that is stated, or where the
reply says that something is not known or depends. A reply that states the right and the wrong answer and
denies neither leaves it open as well; that is told from the mentions, in `labels.py`.
"""

import re
from collections.abc import Collection

from evaluation.grading.mentions import Place, Reading
from evaluation.grading.wording import (
    word_set,
)

# characters of a sentence in which doubt is about the answer
_SEEN_BEFORE, _SEEN_BEHIND = 50, 25
_DOUBT = re.compile(
    r"\b(?:perhaps|maybe|possibly|probably|presumably|apparently|supposedly|likely|might (?:not )?be|may (?:not )?be"
    r"|could be|could have been|(?:may|might) have been|seems? to be|appears? to be|i guess|i suppose"
    r"|i am guessing|as far as i know|if i (?:recall|remember)|not (?:entirely |completely |100 |quite |totally )?"
    r"(?:sure|certain)(?! how| you| what you)|unsure|uncertain|either .{1,60} or)\b"
)
_NOT_KNOWING = re.compile(
    r"\bi (?:am not (?:\w+ )?(?:sure|certain)|am (?:unsure|uncertain)|do not (?:really |actually )?know|have no idea)"
    r"(?: (?:what|which|who|whether|if|about the|of the|where|when|how many|that|it is|exactly)\b|$)"
    r"|\b(?:is|are|remains?|was) (?:still |yet |largely |\w+ly )?(?:unclear|unknown|uncertain|debated|disputed"
    r"|(?:not|yet to be) (?:\w+ly |yet )?(?:clear|known|certain|understood|established|confirmed)"
    r"|(?:hard|difficult|impossible) to (?:say|tell|know))\b"
    r"|\b(?:answer|it|this|that|number|amount|value|percentage) (?:really |also |can |may |\w+ly )*(?:depends?|var(?:y|ies))\b"
    r"|\bdepends? on (?:who|what|how|whom|the (?:specific|context|type|person|individual))\b"
    r"|\b(?:opinions|views|theories|estimates) (?:vary|differ)\b|\b(?:several|some|many|different|various) theories\b"
    r"|\bno (?:clear|definitive|single|definite|exact|simple|strict|one right|straightforward) (?:\w+ )?"
    r"(?:answer|consensus|agreement|evidence|rule|number|explanation|cause|reason)\b"
    r"|\bnot (?:have|be) (?:\w+ )?(?:a |an )?(?:definitive|definite|clear|exact) (?:answer|number)\b"
)
# without one of these the patterns find nothing
_DOUBTING = word_set(
    "perhaps maybe possibly probably presumably apparently supposedly likely might may could seem "
    "seems appear appears guess guessing suppose far recall remember sure certain unsure uncertain "
    "either"
)
# each for one kind of what the pattern looks for: a word of both, or it is not there
_UNKNOWING = (
    (word_set("sure certain unsure uncertain know idea"), frozenset(["i"])),
    (
        word_set(
            "unclear unknown uncertain debated disputed clear known certain understood established "
            "confirmed"
        ),
        word_set("is are remains remain was"),
    ),
    (word_set("hard difficult impossible"), word_set("say tell know")),
    (word_set("depends depend vary varies differ theories"), None),
    (
        word_set("clear definitive single definite exact simple strict right straightforward"),
        frozenset(["no"]),
    ),
    (word_set("definitive definite clear exact"), frozenset(["not"])),
)
_ANY_UNKNOWING = frozenset().union(*(some for some, _ in _UNKNOWING))


def is_hedged(reading: Reading, places: Collection[Place]) -> bool:
    """Whether the reply doubts its answer or says that it does not know.

    Args:
        places: where it states an answer.
    """
    may_doubt = bool(places) and not _DOUBTING.isdisjoint(reading.vocabulary)
    if may_doubt and any(_doubts(reading, place) for place in places):
        return True
    if not _may_not_know(reading.vocabulary):
        return False
    return any(
        _NOT_KNOWING.search(reading.form(number))
        for number, spoken in enumerate(reading.spoken)
        if _may_not_know(spoken)
    )


def _may_not_know(spoken: Collection[str]) -> bool:
    if _ANY_UNKNOWING.isdisjoint(spoken):
        return False
    return any(
        not some.isdisjoint(spoken) and (others is None or not others.isdisjoint(spoken))
        for some, others in _UNKNOWING
    )


def _doubts(reading: Reading, place: Place) -> bool:
    if _DOUBTING.isdisjoint(reading.spoken[place.sentence]):
        return False
    form = reading.form(place.sentence)
    start = form.find(place.answer)
    around = form[max(0, start - _SEEN_BEFORE) : start + len(place.answer) + _SEEN_BEHIND]
    return bool(_DOUBT.search(around))
