"""Does a reply leave open what the answer is?

Words of doubt count where they stand about the answer, not where they are manners ("I'm not sure
how you feel", "maybe you'd like some tea"): right beside an answer that is stated, or where the
reply says that something is not known or depends. A reply that states the right and the wrong answer and
denies neither leaves it open as well; that is told from the mentions, in `labels.py`.
"""

import re
from collections.abc import Collection

from evaluation.grading.mentions import Place, Reading
from evaluation.grading.wording import word_set

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
# each for one kind of what the pattern looks for: without a word of both it is not there; those of
# the fourth kind need no other
_UNKNOWING = (
    ("sure certain unsure uncertain know idea", "i"),
    ("unclear unknown uncertain debated disputed clear known certain understood established confirmed",
        "is are remains remain was"),
    ("hard difficult impossible", "say tell know"),
    ("depends depend vary varies differ theories", "depends depend vary varies differ theories"),
    ("clear definitive single definite exact simple strict right straightforward", "no"),
    ("definitive definite clear exact", "not"),
)  # fmt: skip
_PARTNERS = {
    word: word_set(" ".join(others for some, others in _UNKNOWING if word in some.split()))
    for words, _ in _UNKNOWING
    for word in words.split()
}
_UNKNOWING_WORDS = frozenset(_PARTNERS)


def is_hedged(reading: Reading, places: Collection[Place]) -> bool:
    """Whether the reply doubts its answer or says that it does not know.

    Args:
        places: where it states an answer.
    """
    if places and not _DOUBTING.isdisjoint(reading.vocabulary):
        for place in places:
            if _doubts(reading, place):
                return True
    suspects = [
        word
        for word in _UNKNOWING_WORDS & reading.vocabulary
        if not _PARTNERS[word].isdisjoint(reading.vocabulary)
    ]
    return any(
        word in spoken
        and not _PARTNERS[word].isdisjoint(spoken)
        and _NOT_KNOWING.search(reading.form(number))
        for word in suspects
        for number, spoken in enumerate(reading.spoken)
    )


def _doubts(reading: Reading, place: Place) -> bool:
    if _DOUBTING.isdisjoint(reading.spoken[place.sentence]):
        return False
    form = reading.form(place.sentence)
    start = form.find(place.answer)
    around = form[max(0, start - _SEEN_BEFORE) : start + len(place.answer) + _SEEN_BEHIND]
    return bool(_DOUBT.search(around))
