"""Was a reply cut off? By the finish reason, and by how its text ends.

The endpoint knows: `length` is a cut, whatever the text looks like. Punctuation is a second look
beside it, for endpoints that do not say and for models that stop in mid-sentence on their own.
"""

import re

_ENDS = tuple('.!?…:;)]}"”’»*`>。！？')
_OPEN_SIGNS = ",-–—(/=+"
_MOST_WORDS_OF_A_LABEL = 8
# "7 + 3 = 10 apples", but not "7 + 3 = 10 and"
_RESULT_AT_END = re.compile(
    r"= ?[$£€]?-?\d[\d,.]* (?!(?:and|but|so|then|for|the|which|or|in|of|to|as|minus|plus|times)$)[a-z]+$"
)
_SEEN_AT_END = 40


def is_cut(finish_reason: str | None, text: str) -> bool:
    """Whether the token limit ended the reply; where nobody said why it ended, whether its text
    breaks off."""
    if finish_reason:
        return finish_reason == "length"
    return ends_open(text)


def reason_of_cut(finish_reason: str | None) -> str:
    """What tells that a reply which `is_cut` was cut before it gave an answer."""
    if finish_reason:
        return "the token limit came before an answer"
    return "its text breaks off before an answer"


def ends_open(text: str) -> bool:
    """Whether the text ends without a full stop or the like.

    A few words in all, such as "Canberra" or "B", need none, nor does an emoji, a number or a sum
    with its result.
    """
    stripped = text.rstrip()
    if not stripped or stripped.endswith(_ENDS) or len(stripped) < 2:
        return False
    if not stripped[-1].isalnum() and stripped[-1] not in _OPEN_SIGNS:
        return False
    # a sum ends in its result or in a word behind it
    if (stripped[-1].isdigit() or "=" in stripped[-_SEEN_AT_END:]) and _ends_in_number(stripped):
        return False
    return len(stripped) > 80 or len(stripped.split()) > _MOST_WORDS_OF_A_LABEL


def _ends_in_number(stripped: str) -> bool:
    if stripped[-1].isdigit():
        last = stripped.rpartition(" ")[2]
        return "=" in last or not any(map(str.isalpha, last))
    return _RESULT_AT_END.search(stripped, max(0, len(stripped) - _SEEN_AT_END)) is not None
