"""Completion codes: what a rater who is done hands in elsewhere, to be paid or counted.

A code proves nothing to others than those who can make it anew with the study's secret. It says
nothing about the rater: it is the same for all, or a keyed hash of the random rater id.
"""

import hashlib
import hmac
from urllib.parse import quote

# no two of these look alike, in print or in handwriting
_ALPHABET = "ACDEFHJKMNPQRTVWXY34679"
_LENGTH = 8


def completion_code(secret: str, rater_id: str, fixed: str | None) -> str:
    """The code that this rater gets at the end, the same whenever it is asked for.

    Args:
        fixed: the study's one code for everybody; None makes each rater one of their own.
    """
    if fixed is not None:
        return fixed
    digest = hmac.digest(secret.encode(), f"completion code\x1f{rater_id}".encode(), hashlib.sha256)
    number, code = int.from_bytes(digest), ""
    while len(code) < _LENGTH:
        number, at = divmod(number, len(_ALPHABET))
        code += _ALPHABET[at]
    return code


def prolific_address(code: str) -> str:
    """Where Prolific takes a code; it knows those that were entered there as the study's."""
    return f"https://app.prolific.com/submissions/complete?cc={quote(code, safe='')}"
