"""Was a reply cut off? By the finish reason, and by how its text ends.

The endpoint knows: `length` is a cut, whatever the text looks like. Punctuation is a second look
beside it, for endpoints that do not say and for models that stop in mid-sentence on their own.
"""

_ENDS = tuple('.!?…:;)]}"”’»*`>。！？')
_MOST_WORDS_OF_A_LABEL = 8


def is_cut(finish_reason: str | None, text: str) -> bool:
    """Whether the token limit ended the reply; where nobody said why it ended, whether its text
    breaks off."""
    if finish_reason:
        return finish_reason == "length"
    return ends_open(text)


def ends_open(text: str) -> bool:
    """Whether the text ends without a full stop or the like.

    A few words in all, such as "Canberra" or "B", need none, nor does an emoji.
    """
    stripped = text.rstrip()
    if not stripped or stripped.endswith(_ENDS) or len(stripped) < 2:
        return False
    if not stripped[-1].isalnum() and stripped[-1] not in ",-–—(/":
        return False
    return len(stripped) > 80 or len(stripped.split()) > _MOST_WORDS_OF_A_LABEL
