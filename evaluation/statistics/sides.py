"""Sides: which of a pair's replies an answer about left and right means.

They are undone here and nowhere else, by `assignments.first_is_left`. The pair's own order,
first and second, says nothing of the arms; those are told in `tables.py` alone.
"""

from collections.abc import Iterable

import numpy as np

from evaluation.statistics.columns import Floats

_FIRST_CODES = {
    "first_clearly": 2.0,
    "first_slightly": 1.0,
    "equal": 0.0,
    "second_slightly": -1.0,
    "second_clearly": -2.0,
    "cannot_judge": np.nan,
}


def undo_sides(answer: str, first_is_left: bool) -> str:
    """An answer by the pair's own order: `left_clearly` becomes `first_clearly`, or the second.

    Answers that name no side, `equal` and `cannot_judge`, stay as they are.
    """
    left, right = ("first", "second") if first_is_left else ("second", "first")
    side, _, degree = answer.partition("_")
    if side not in ("left", "right"):
        return answer
    return f"{left if side == 'left' else right}_{degree}"


def code_for_first(answers: Iterable[str], first_is_left: Iterable[bool]) -> Floats:
    """Five-point answers as numbers for the pair's first reply.

    Args:
        answers: n values of `records.Preference` or `records.Accuracy`.
        first_is_left: n values; whether the first reply stood left.
    Returns:
        Shape (n,); −2 second reply clearly … 2 first clearly; NaN where nobody could judge.
    """
    undone = map(undo_sides, answers, first_is_left)
    return np.array([_FIRST_CODES[answer] for answer in undone], dtype=np.float64)
