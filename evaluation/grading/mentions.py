"""Does a reply say an answer, and does it say so or deny it?

An answer is mentioned when its normal form stands in a sentence of the reply as whole words.
A mention is denied when a negation stands up to five words before it, or right behind it
("Sydney is not …", "… is a myth"), in the same sentence. Rules of this kind miss irony and
long sentences; people and judges overrule them.
"""

import re
from collections.abc import Iterable

from evaluation.grading.normalise import normalise

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+|(?<=;)\s+|,\s+(?=but\b|it's\b|it is\b|it’s\b)")
_NEGATION_BEFORE = re.compile(
    r"\b(not|never|neither|nor|isn|aren|wasn|weren|doesn|didn|don|hasn|rather than|instead of|"
    r"unlike|myth|misconception|contrary to)\b"
)
_NEGATION_BEHIND = re.compile(
    r"^(((is|are|was|were) (not|wrong|incorrect|false|untrue)|isn t|aren t|wasn t|weren t)|"
    r"(is )?(just )?(common |popular )?(myth|misconception))\b"
)
_WORDS_BEFORE = 5


def says_any(reply: str, answers: Iterable[str]) -> bool:
    """Whether the reply mentions one of the answers without denying it."""
    wanted = [form for form in map(normalise, answers) if form]
    return any(
        _says(sentence, form) for sentence in map(normalise, sentences_of(reply)) for form in wanted
    )


def sentences_of(reply: str) -> list[str]:
    """The reply's sentences; a comma before "but" or "it is" ends one, since it ends a denial."""
    return [part for part in _SENTENCE_END.split(reply) if part.strip()]


def _says(sentence: str, answer: str) -> bool:
    for match in re.finditer(rf"(?<!\S){re.escape(answer)}(?!\S)", sentence):
        before = " ".join(sentence[: match.start()].split()[-_WORDS_BEFORE:])
        behind = sentence[match.end() :].strip()
        if not _NEGATION_BEFORE.search(before) and not _NEGATION_BEHIND.search(behind):
            return True
    return False
