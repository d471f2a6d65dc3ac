"""Gaps in error rate between an arm and the original, and how a stated belief widens them.

Works on the unblinded replies of `tables.py`, coded; what an error is, is said in `outcomes.py`. A gap is
over prompts that were scored in both arms, since only there the arms answered the same; beside
it stand its bounds over all prompts, and the same by grade alone where people labelled replies.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evaluation.statistics.columns import Cell, Condition
from evaluation.statistics.intervals import not_estimable
from evaluation.statistics.outcomes import ErrorDefinition
from evaluation.statistics.paired_replies import PairedReplies, pair_replies
from evaluation.statistics.proportions import (
    UNIT,
    difference_in_differences,
    paired_difference,
    resampled_difference,
)
from evaluation.statistics.reply_codes import CodedReplies, Codes
from study.records import Estimate

NO_BELIEF = "none"


@dataclass(frozen=True)
class Gap:
    """How much more often an arm erred than the original, on the same prompts."""

    arm: str
    task: str | None
    """None where tasks are pooled."""
    condition: Condition
    difference: Estimate
    """Arm − original in percentage points, over prompts that were scored in both; cluster-t."""
    bootstrap: Estimate
    """The same with a BCa interval of resampled items."""
    by_grade: Estimate | None
    """The difference by grade alone; None while every label of the study is a grade."""
    if_arm_right: float | None
    """Percentage points over all prompts, if each reply that was not scored, or is not there yet,
    were right in the arm and wrong in the original; None while either has no reply."""
    if_arm_wrong: float | None
    """The same, if each were wrong in the arm and right in the original."""
    n_prompts: int
    """Prompts that either arm answered, scored or not."""


@dataclass(frozen=True)
class BeliefEffect:
    """How much a stated belief widens the gap between an arm and the original."""

    arm: str
    belief: str
    gap_with: Estimate
    """Arm − original where the belief is stated, in percentage points: what the study reported."""
    gap_without: Estimate
    """The same where none is."""
    difference: Estimate
    """(Arm − original with the belief) − (the same without), in percentage points, over items and
    contexts that were scored all four ways: it can differ from the difference of the two gaps."""
    by_grade: Estimate | None
    """The difference by grade alone; None while every label of the study is a grade."""


def compute_gaps(
    replies: CodedReplies,
    arm: str,
    cells: Sequence[Cell],
    definition: ErrorDefinition,
    seed: int,
    level: float,
) -> tuple[Gap, ...]:
    """The gap of an arm to the original in each cell, paired by prompt, clustered by item.

    Args:
        seed: of the resampling.
    """
    everything = pair_replies(replies, arm, replies.errors(definition))
    graded = _pair_by_grade(replies, arm, definition)
    by_grade: Sequence[Estimate | None] = [None] * len(cells)
    if graded is not None:
        rows_by_cell = graded.cell.rows_by_cell(cells)
        by_grade = [_gap_or_reason(graded.select(rows), level) for rows in rows_by_cell]
    gaps = []
    for cell, rows, of_grades in zip(
        cells, everything.cell.rows_by_cell(cells), by_grade, strict=True
    ):
        of_cell = everything.select(rows)
        has_both = of_cell.has_both
        gap = Gap(
            arm=arm,
            task=cell.task,
            condition=cell.condition,
            difference=_gap_or_reason(of_cell, level),
            bootstrap=_resampled_or_reason(of_cell, seed, level),
            by_grade=of_grades,
            if_arm_right=100 * float(of_cell.if_arm_right.mean()) if has_both else None,
            if_arm_wrong=100 * float(of_cell.if_arm_wrong.mean()) if has_both else None,
            n_prompts=len(of_cell),
        )
        gaps.append(gap)
    return tuple(gaps)


def compute_belief_effects(
    replies: CodedReplies,
    arm: str,
    beliefs: Sequence[str],
    definition: ErrorDefinition,
    level: float,
) -> tuple[BeliefEffect, ...]:
    """The difference-in-differences of each belief, matched by item and context."""
    paired = pair_replies(replies, arm, replies.errors(definition))
    graded = _pair_by_grade(replies, arm, definition)
    without = _gap_or_reason(_with_belief(paired, NO_BELIEF), level)
    return tuple(
        BeliefEffect(
            arm=arm,
            belief=belief,
            gap_with=_gap_or_reason(_with_belief(paired, belief), level),
            gap_without=without,
            difference=_widening_or_reason(paired, belief, level),
            by_grade=None if graded is None else _widening_or_reason(graded, belief, level),
        )
        for belief in beliefs
    )


def _pair_by_grade(
    replies: CodedReplies, arm: str, definition: ErrorDefinition
) -> PairedReplies | None:
    if replies.is_graded_alone:
        return None
    return pair_replies(replies, arm, replies.errors_by_grade(definition))


def _with_belief(replies: PairedReplies, belief: str) -> PairedReplies:
    return replies.select(replies.cell.belief.rows_of(belief))


def _widening_or_reason(replies: PairedReplies, belief: str, level: float) -> Estimate:
    scored = replies.select(replies.scored)
    given, without = _with_belief(scored, belief), _with_belief(scored, NO_BELIEF)
    in_given, in_without = _match(given, without)
    if not len(in_given):
        reason = "no item was scored in both arms with and without the belief"
        return not_estimable(reason, UNIT, level)
    return difference_in_differences(
        given.arm_errors[in_given],
        given.original_errors[in_given],
        without.arm_errors[in_without],
        without.original_errors[in_without],
        given.item[in_given],
        level,
    )


def _match(given: PairedReplies, without: PairedReplies) -> tuple[Codes, Codes]:
    """Rows of both that have an item and context in common.

    Without a belief an item comes once per context, with a pooled one twice.
    """
    keys, keys_without = _item_and_context(given), _item_and_context(without)
    order = np.argsort(keys_without)
    places = np.searchsorted(keys_without, keys, sorter=order)
    found = places < len(order)
    found[found] = keys_without[order[places[found]]] == keys[found]
    return np.flatnonzero(found), order[places[found]]


def _gap_or_reason(replies: PairedReplies, level: float) -> Estimate:
    scored = replies.select(replies.scored)
    if not len(scored):
        return not_estimable(_why_no_gap(replies), UNIT, level)
    return paired_difference(scored.arm_errors, scored.original_errors, scored.item, level)


def _resampled_or_reason(replies: PairedReplies, seed: int, level: float) -> Estimate:
    scored = replies.select(replies.scored)
    if not len(scored):
        return not_estimable(_why_no_gap(replies), UNIT, level)
    return resampled_difference(
        scored.arm_errors, scored.original_errors, scored.item, seed, level=level
    )


def _why_no_gap(replies: PairedReplies) -> str:
    if not len(replies):
        return "no replies yet"
    return f"no prompt out of {len(replies)} was scored in both arms"


def _item_and_context(replies: PairedReplies) -> Codes:
    context = replies.cell.context
    keys: Codes = replies.item * len(context.names) + context.index
    return keys
