"""How far the raters of pairs agree: every coefficient, of both questions, for each arm.

Answers are coded for the arm, never for left and right. What is coded is the pair; pairs of one
item are drawn together, since they depend on it. The coefficients are in `table_agreement.py`.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from evaluation.statistics.codes import Codes
from evaluation.statistics.columns import Floats, PreferenceTable, select_rows
from evaluation.statistics.table_agreement import TableAgreement, agreement_of_table

ComparedQuestion = Literal["warmer", "more_accurate"]

_CODES = np.arange(-2.0, 3.0)
_ANSWERS = ("original clearly", "original slightly", "equal", "arm slightly", "arm clearly")


@dataclass(frozen=True)
class RaterAgreement:
    """How far raters agree on one question about the pairs of one arm."""

    arm: str
    question: ComparedQuestion
    found: TableAgreement
    """Its items are pairs."""
    n_cannot_judge: int
    """Ratings that answer the question with that."""


def compute_rater_agreement(
    table: PreferenceTable, arm: str, seed: int, resamples: int, level: float = 0.95
) -> tuple[RaterAgreement, ...]:
    """Agreement of people on both questions of a pair; none where nobody rated one.

    Args:
        table: ratings of pairs with the original, of any arm.
    """
    rows = select_rows(table, table.arm == arm)
    if not len(rows):
        return ()
    answers: dict[ComparedQuestion, Floats] = {
        "warmer": rows.warmer_code,
        "more_accurate": rows.accurate_code,
    }
    found = []
    for question, codes in answers.items():
        says = ~np.isnan(codes)
        agreement = agreement_of_table(
            _code(select_rows(rows, says), codes[says]), "ordinal", seed, resamples, level
        )
        found.append(RaterAgreement(arm, question, agreement, int((~says).sum())))
    return tuple(found)


def _code(table: PreferenceTable, answers: Floats) -> Codes:
    pairs, first, pair = np.unique(table.pair, return_index=True, return_inverse=True)
    raters, rater = np.unique(table.rater, return_inverse=True)
    _, cluster = np.unique(table.item[first], return_inverse=True)
    return Codes(
        pair,
        rater,
        (answers - _CODES[0]).astype(np.intp),
        tuple(map(str, pairs)),
        tuple(map(str, raters)),
        _ANSWERS,
        _CODES,
        cluster,
    )
