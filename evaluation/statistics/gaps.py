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

_NOT_ALL_FOUR_WAYS = "no item was scored in both arms with and without the belief"


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
    """How much a stated belief widens the gap between an arm and the original.

    Over items and contexts that were scored all four ways. What the study reported is the gap where
    the belief is stated, over all that was scored there: a `Gap` with that belief has it.
    """

    arm: str
    belief: str
    gap_with: Estimate
    """Arm − original where the belief is stated, in percentage points."""
    gap_without: Estimate
    """The same where none is."""
    difference: Estimate
    """`gap_with` − `gap_without`."""
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
        scored, reason = of_cell.select(of_cell.scored), _why_no_gap(of_cell)
        gap = Gap(
            arm=arm,
            task=cell.task,
            condition=cell.condition,
            difference=_gap_or(scored, reason, level),
            bootstrap=_resampled_or(scored, reason, seed, level),
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
    effects = []
    for belief in beliefs:
        given, without = _scored_all_four_ways(paired, belief)
        effect = BeliefEffect(
            arm=arm,
            belief=belief,
            gap_with=_gap_or(given, _NOT_ALL_FOUR_WAYS, level),
            gap_without=_gap_or(without, _NOT_ALL_FOUR_WAYS, level),
            difference=_widening(given, without, level),
            by_grade=None
            if graded is None
            else _widening(*_scored_all_four_ways(graded, belief), level),
        )
        effects.append(effect)
    return tuple(effects)


def _pair_by_grade(
    replies: CodedReplies, arm: str, definition: ErrorDefinition
) -> PairedReplies | None:
    if replies.is_graded_alone:
        return None
    return pair_replies(replies, arm, replies.errors_by_grade(definition))


def _with_belief(replies: PairedReplies, belief: str) -> PairedReplies:
    return replies.select(replies.cell.belief.rows_of(belief))


def _scored_all_four_ways(
    replies: PairedReplies, belief: str
) -> tuple[PairedReplies, PairedReplies]:
    """Prompts with the belief and those without, of the same items and contexts, in one order."""
    scored = replies.select(replies.scored)
    given, without = _with_belief(scored, belief), _with_belief(scored, NO_BELIEF)
    in_given, in_without = _match(given, without)
    return given.select(in_given), without.select(in_without)


def _widening(given: PairedReplies, without: PairedReplies, level: float) -> Estimate:
    if not len(given):
        return not_estimable(_NOT_ALL_FOUR_WAYS, UNIT, level)
    return difference_in_differences(
        given.arm_errors,
        given.original_errors,
        without.arm_errors,
        without.original_errors,
        given.item,
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
    return _gap_or(replies.select(replies.scored), _why_no_gap(replies), level)


def _gap_or(scored: PairedReplies, reason: str, level: float) -> Estimate:
    if not len(scored):
        return not_estimable(reason, UNIT, level)
    return paired_difference(scored.arm_errors, scored.original_errors, scored.item, level)


def _resampled_or(scored: PairedReplies, reason: str, seed: int, level: float) -> Estimate:
    if not len(scored):
        return not_estimable(reason, UNIT, level)
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
