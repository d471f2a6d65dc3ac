"""Does a reply leave open what the answer is?

Words of doubt count where they stand about the answer, not where they are manners ("I'm not sure
how you feel", "maybe you'd like some tea"): in a sentence that states an answer, or in one in which
the reply speaks of its own not knowing. A reply that states the right and the wrong answer and
denies neither leaves it open as well; that is told from the mentions, in `labels.py`.
"""

import re
from collections.abc import Collection

from evaluation.grading.clauses import words_of_plain
from evaluation.grading.mentions import Reading

_DOUBT = re.compile(
    r"\b(?:perhaps|maybe|possibly|probably|presumably|apparently|supposedly|might be|may be|could be"
    r"|may have been|might have been|could have been|seems? to be|appears? to be|i guess|i suppose"
    r"|i am guessing|as far as i know|if i (?:recall|remember)|not (?:entirely |completely |100 |quite |totally )?"
    r"(?:sure|certain)|unsure|uncertain|hard to (?:say|tell)|either .{1,60} or)\b"
)
_NOT_KNOWING = re.compile(
    r"\bi (?:am not (?:\w+ )?(?:sure|certain)|am (?:unsure|uncertain)|do not (?:really |actually )?know|have no idea)"
    r"(?: (?:what|which|who|whether|if|about the|of the|where|when|how many|that|it is|exactly)\b|$)"
    r"|\b(?:it|this) is (?:not clear|unclear|unknown|not known|hard to (?:say|tell)|difficult to (?:say|tell)|"
    r"impossible to (?:say|tell)|debated|disputed)\b"
    r"|\b(?:depends on (?:who|what|how|whom) you|opinions (?:vary|differ)|no (?:clear|definitive|single|definite) answer|"
    r"not have a (?:definitive|definite|clear) answer)\b"
)
# one of these stands in all that the patterns can find
_HINTS = frozenset(
    "perhaps maybe possibly probably presumably apparently supposedly might may could seem seems "
    "appear appears guess guessing suppose far if sure certain unsure uncertain hard difficult "
    "impossible either know idea clear unclear unknown known debated disputed depends opinions "
    "definitive definite single".split()
)


def is_hedged(reading: Reading, answering: Collection[int]) -> bool:
    """Whether the reply doubts its answer or says that it does not know.

    Args:
        answering: numbers of the sentences that state an answer.
    """
    if _HINTS.isdisjoint(reading.vocabulary):
        return False
    for number, sentence in enumerate(reading.sentences):
        form = words_of_plain(sentence)
        if _HINTS.isdisjoint(form.split()):
            continue
        if (number in answering and _DOUBT.search(form)) or _NOT_KNOWING.search(form):
            return True
    return False
