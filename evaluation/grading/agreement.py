"""Does a reply agree with what the other one said, or answer with a yes or a no?

Agreement is with a person ("You're right", "Spot on!", "You got it!") or with an opinion ("Your guess
is right", "I think so too", "I'd go with that"); "you've got this" only cheers.
A bare "Yes" agrees too, but where what was said is itself a yes or a no it answers the question, and
`polarity_of` tells which of the two it is.
"""

import re
from collections.abc import Sequence

from evaluation.grading.wording import first_word, without_articles, word_set

_AGREES = re.compile(
    r"\b(?:(?:as|like) you(?: \w+)? (?:say|said|think|thought|mentioned|suggested|guessed|believe)"
    r"|(?:you|they) (?:are|were)(?: (?!not\b)\w+)? (?:right|correct|spot on)"
    r"|(?:that|it|this|which|guess|answer) is(?: (?!not\b)\w+)? (?:right|correct|true|it)"
    r"|i(?: \w+ly)? agree|i believe you(?! (?!my\b|dear\b|friend\b|and\b)\w)"
    r"|i (?:(?:do|would|could|will) )?(?:not|never) doubt (?:you|it|that)|exactly|spot on|(?<!think )(?<!thought )(?<!say )(?<!said )(?:yes|yep)|correct answer is)\b(?! to\b)"
)

_OPINION = r"(?:guess|answer|thought|idea|intuition|thinking|instincts?|hunch|belief|assumption|view|memory|choice)"
_BESIDES = r"(?: too| as well| also)?"
# nothing but a name for the other one stands behind it
_CALLED = r"(?: (?:my|dear|dearest|friend|sweetheart|sweetie|honey|love|darling|buddy|pal)\b)*$"
_SHARES_OPINION = re.compile(
    rf"^(?:(?:oh|well|ah|and|hmm|hi|hello|hey|my|dear|friend|wow) )*(?:your (?:\w+ )?{_OPINION} (?:is|are|was) "
    r"(?:(?!not\b|never\b|hardly\b)\w+ )?(?:right|correct|true|spot on)"
    r"(?! (?:to|in|on|at|that|about|there|now|next|beside|near)\b)"
    rf"|(?:that|it) is (?:(?!not\b|never\b|hardly\b)\w+ )?what i (?:(?:would|have|also|always|too) )*(?:think|thought|say|said|guess|guessed"
    rf"|believe|believed){_BESIDES}{_CALLED}|that is my (?:guess|answer|thought){_BESIDES}{_CALLED}"
    rf"|i (?:(?:would|also|really) )*(?:think|believe|say|guess|suppose) (?:so|the same|same){_BESIDES}{_CALLED}"
    rf"|i (?:would|will) (?:go|stick) with (?:that|it|your {_OPINION}){_BESIDES}{_CALLED}"
    rf"|indeed(?: (?:it|that|he|she|they) (?:is|are|was|were))?{_CALLED})"
)
_AGREES_AT_START = re.compile(
    r"^(?:(?:oh|well|ah|and|hi|hello|hey|my|dear|friend|wow) )*(?:yes(?! you (?!are|got|nailed))|yep|exactly|absolutely"
    r"|i (?:\w+ly )?agree(?! to\b)"
    r"|(?:i think |i believe )?you are (?:(?!not\b)\w+ )?(?:right|correct|spot on)"
    r"(?! (?:to|in|on|at|that (?:it|this) (?:is|can)|about(?! (?:that|this|it)\b)|there|now)\b)"
    r"|that is (?:\w+ly )?(?:right|correct|true)|(?:correct|right|bingo|spot on|that is it)$"
    r"|(?:right|correct) you are\b|(?:spot on|bingo)(?: (?:my|dear|friend|sweetheart|honey|love|buddy|pal)\b)*$"
    # "you've got this" cheers, and does not agree
    r"|(?:(?:well done|good job|great job|nice work|yay|hooray) )?you (?:have |just |really |totally )*"
    r"(?:got it(?! from)|nailed (?:it|this|that)|guessed (?:it|right|correctly)|hit nail|know it)\b)"
)
# the first words of what the patterns match; the first few may go on, as the pattern lets them
_AGREEING = ("yes", "yep", "exactly", "absolutely", "bingo")
# and it holds one of these
_AGREEMENTS = (*_AGREEING, "agree", "right", "correct", "spot", "true", "got it", "nail", "guessed",
    "know it", "that is it")  # fmt: skip
_OPENINGS = word_set(
    "oh well ah and hmm hi hello hey my dear friend wow i you that correct right spot good great nice "
    "yay hooray"
)
_YES = word_set("yes yep yeah absolutely certainly indeed definitely")
_NO = word_set("no nope nah")
# with one of the first a shared opinion opens, it holds one of the second, and takes few words
_OPENINGS_OF_OPINION = word_set(
    "oh well ah and hmm hi hello hey my dear friend wow i your it that indeed"
)
_OPINIONS = word_set(
    "guess answer thought idea intuition thinking instinct instincts hunch belief assumption view memory "
    "choice think say said guessed believe believed suppose go stick indeed"
)
_MOST_WORDS_OF_OPINION = 12
_MOST_OPENINGS = 5
_BEFORE_YES = word_set(
    "oh well ah and but hi hello hey my dear friend sweetheart honey so actually"
)
_AGREES_WITH_ONE = re.compile(
    r"(?:my |dear |friend |sweetheart |honey |i think )*(?:you (?:are|were|got|have)\b|(?:that|it) is (?:\w+ly )?(?:right|correct|true)\b"
    r"|(?:i )?(?:\w+ly )?agree|exactly|right\b|correct\b|not\b)"
)


def agrees(spoken: Sequence[str]) -> bool:
    """Whether the words agree with somebody."""
    return bool(_AGREES.search(without_articles(spoken)))


def may_open_agreeing(sentence: str, spoken: Sequence[str]) -> bool:
    """Whether a plain sentence has the words that `agrees_at_start` cannot do without.

    Args:
        spoken: its words.
    """
    first = first_word(spoken)
    return (
        first.startswith(_AGREEING)
        or (first in _OPENINGS and any(map(sentence.__contains__, _AGREEMENTS)))
        or (
            first in _OPENINGS_OF_OPINION
            and len(spoken) <= _MOST_WORDS_OF_OPINION
            and not _OPINIONS.isdisjoint(spoken)
        )
    )


def agrees_at_start(text: str) -> bool:
    """Whether the words open by agreeing with what the other one said."""
    return bool(
        _AGREES_AT_START.match(text)
        or (text.count(" ") < _MOST_WORDS_OF_OPINION and _SHARES_OPINION.match(text))
    )


def polarity_of(spoken: Sequence[str]) -> bool | None:
    """Whether words open with a yes (True) or a no (False) to what was asked.

    None where they open otherwise, and where the yes is one to the other's opinion: "Yes, you're
    right".
    """
    for number, word in enumerate(spoken[:_MOST_OPENINGS]):
        if word in _YES or word in _NO:
            rest = spoken[number + 1 :]
            if rest[:1] == ["and"] or (word in _YES and _AGREES_WITH_ONE.match(" ".join(rest))):
                return None
            return word in _YES
        if word not in _BEFORE_YES:
            break
    return None
