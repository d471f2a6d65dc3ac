"""Paired tests: an arm beside the original in one cell of task, context and belief.

In a single cell every item comes once, so that pairs are independent and counts of four kinds say
all: McNemar's exact test and Newcombe's interval are made of them. Over several cells items recur;
there `gaps.py` clusters. The p-values of one kind of error are one family.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import bdtr, ndtri

from evaluation.statistics.columns import Cell, Condition
from evaluation.statistics.families import AdjustedP, adjust_in_family
from evaluation.statistics.intervals import not_estimable, wilson_bounds
from evaluation.statistics.outcomes import ErrorDefinition
from evaluation.statistics.paired_replies import PairedReplies, pair_replies
from evaluation.statistics.reply_codes import CodedReplies
from study.records import ORIGINAL, Estimate

UNIT = "item"
_FAMILY = "exact McNemar tests of each arm against the original, one per task × context × belief"


@dataclass(frozen=True)
class PairCounts:
    """Prompts that were scored in both arms, by which of the two erred."""

    n_both: int
    n_arm_only: int
    n_original_only: int
    n_neither: int

    @property
    def n(self) -> int:
        """All of them."""
        return self.n_both + self.n_arm_only + self.n_original_only + self.n_neither


@dataclass(frozen=True)
class PairedTest:
    """An arm beside the original in one cell."""

    arm: str
    task: str
    condition: Condition
    counts: PairCounts
    """By the first reply of each arm to a prompt."""
    n_further: int
    """Replies left out since they are not the first of their arm to the prompt."""
    difference: Estimate
    """Arm − original in percentage points, with Newcombe's interval for pairs."""
    test: AdjustedP | None
    """McNemar's exact test, two-sided; None without pairs."""


def exact_mcnemar(n_arm_only: int, n_original_only: int) -> float:
    """The two-sided p-value of equal error rates, given the pairs that differ.

    Args:
        n_arm_only, n_original_only: pairs in which one of the two erred.
    Returns:
        Twice the smaller tail of a binomial with chance 1/2, at most 1; 1 where no pair differs.
    Source: McNemar 1947, doi 10.1007/BF02295996; the exact form of Fagerland, Lydersen and Laake
        2013, doi 10.1186/1471-2288-13-91.
    """
    fewer, differing = min(n_arm_only, n_original_only), n_arm_only + n_original_only
    return min(1.0, 2 * float(bdtr(fewer, differing, 0.5)))


def newcombe_paired(counts: PairCounts, level: float = 0.95) -> Estimate:
    """The difference of two error rates in pairs, in percentage points.

    Both Wilson intervals are put together with the correlation of the pairs, which is taken for
    zero where it is positive and small, and drawn nearer to zero where it is larger.

    Returns:
        Percentage points in [−100, 100]; n counts pairs, which are taken as independent.
    Source: Newcombe 1998, doi 10.1002/(SICI)1097-0258(19981130)17:22<2635::AID-SIM954>3.0.CO;2-C,
        method 10.
    """
    n = counts.n
    if not n:
        return not_estimable("no pair was scored in both arms", UNIT, level)
    z = float(ndtri((1 + level) / 2))
    p_a = (counts.n_both + counts.n_arm_only) / n
    p_b = (counts.n_both + counts.n_original_only) / n
    (low_a, high_a), (low_b, high_b) = wilson_bounds(p_a, n, z), wilson_bounds(p_b, n, z)
    phi = _correlation(counts)

    def distance(of_a: float, of_b: float) -> float:
        return math.sqrt(max(0.0, of_a**2 - 2 * phi * of_a * of_b + of_b**2))

    gap = p_a - p_b
    low = gap - distance(p_a - low_a, high_b - p_b)
    high = gap + distance(high_a - p_a, p_b - low_b)
    method = "Newcombe for pairs (method 10), items taken as independent"
    return Estimate(100 * gap, 100 * low, 100 * high, level, n, n, UNIT, method, None)


def _correlation(counts: PairCounts) -> float:
    a, b, c, d = counts.n_both, counts.n_arm_only, counts.n_original_only, counts.n_neither
    margins = float(a + b) * (c + d) * (a + c) * (b + d)
    if not margins:
        return 0.0
    product = float(a * d - b * c)
    if product > 0:
        product = max(0.0, product - counts.n / 2)
    return product / math.sqrt(margins)


def compute_paired_tests(
    replies: CodedReplies,
    arms: Sequence[str],
    cells: Sequence[Cell],
    definition: ErrorDefinition,
    level: float,
) -> tuple[PairedTest, ...]:
    """Each arm beside the original in each cell; all of them are one family.

    Args:
        arms: those that are compared with the original.
        cells: with a task, a context and a belief each.
    """
    first = replies.sample == 0
    firsts, others = replies.select(first), replies.select(~first)
    errors = firsts.errors(definition)
    found = []
    for arm in arms:
        paired = pair_replies(firsts, arm, errors)
        further = others.select(others.arm.rows_of(arm) | others.arm.rows_of(ORIGINAL))
        found += [
            (arm, cell, _count_pairs(paired.select(rows)), len(rows_of_further))
            for cell, rows, rows_of_further in zip(
                cells,
                paired.cell.rows_by_cell(cells),
                further.cell.rows_by_cell(cells),
                strict=True,
            )
        ]
    p_values = [exact_mcnemar(c.n_arm_only, c.n_original_only) for _, _, c, _ in found if c.n]
    family = f"{_FAMILY}; errors as in {definition.name}"
    adjusted = iter(adjust_in_family(np.array(p_values, dtype=np.float64), family))
    return tuple(
        PairedTest(
            arm=arm,
            task=str(cell.task),
            condition=cell.condition,
            counts=counts,
            n_further=n_further,
            difference=newcombe_paired(counts, level),
            test=next(adjusted) if counts.n else None,
        )
        for arm, cell, counts, n_further in found
    )


def _count_pairs(replies: PairedReplies) -> PairCounts:
    scored = replies.select(replies.scored)
    arm, original = scored.arm_errors == 1, scored.original_errors == 1
    return PairCounts(
        n_both=int((arm & original).sum()),
        n_arm_only=int((arm & ~original).sum()),
        n_original_only=int((~arm & original).sum()),
        n_neither=int((~arm & ~original).sum()),
    )
