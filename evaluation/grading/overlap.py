"""Which answer does a reply resemble, where answers are sentences?

Token F1 (as in ROUGE-1) of the reply's best sentence with the closest right and the closest
wrong answer. Source: the ROUGE difference of Lin, Hilton, Evans, "TruthfulQA", ACL 2022;
per sentence here, so that a long reply is not far from every answer.
"""

from collections import Counter
from collections.abc import Iterable

from evaluation.grading.mentions import sentences_of
from evaluation.grading.normalise import normalise


def closeness(reply: str, answers: Iterable[str]) -> float:
    """Largest token F1 of a sentence of the reply with one of the answers, in [0, 1]."""
    pieces = [Counter(normalise(piece).split()) for piece in [reply, *sentences_of(reply)]]
    targets = [Counter(normalise(answer).split()) for answer in answers]
    return max((_f1(piece, target) for piece in pieces for target in targets), default=0.0)


def _f1(left: Counter[str], right: Counter[str]) -> float:
    total = left.total() + right.total()
    return 2 * (left & right).total() / total if total else 0.0
