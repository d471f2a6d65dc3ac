"""Gaps in error rate between an arm and the original, and how a stated belief widens them.

Works on the unblinded rows of `tables.py`; what an error is, is said in `outcomes.py`. A gap is
over prompts that were scored in both arms, since only there the arms answered the same; beside
it stand its bounds over all prompts, and the same by grade alone where auditors ruled.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from evaluation.statistics.columns import (
    Condition,
    Floats,
    ResponseTable,
    Texts,
    has_audits,
    rows_in,
    select_rows,
)
from evaluation.statistics.intervals import not_estimable
from evaluation.statistics.outcomes import is_error, outcomes_of
from evaluation.statistics.proportions import (
    UNIT,
    difference_in_differences,
    paired_difference,
)
from study.records import ORIGINAL, Estimate

NO_BELIEF = "none"


@dataclass(frozen=True)
class Gap:
    """How much more often an arm erred than the original, on the same prompts."""

    arm: str
    condition: Condition
    difference: Estimate
    """Arm − original in percentage points, over prompts that were scored in both."""
    by_grade: Estimate | None
    """The difference if nobody had audited; None while the study has no audit decision."""
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
    difference: Estimate
    """(Arm − original with the belief) − (the same without), in percentage points."""
    by_grade: Estimate | None
    """The difference if nobody had audited; None while the study has no audit decision."""


@dataclass(frozen=True)
class _Replies:
    """Replies of an arm and the original to the same prompts, one row per prompt."""

    item: Texts
    context: Texts
    arm_errors: Floats
    """Share of errors among the arm's samples; NaN where none was scored."""
    original_errors: Floats
    if_arm_right: Floats
    """Arm − original at its lowest, with every reply that was not scored."""
    if_arm_wrong: Floats
    """The same at its highest."""
    has_both: bool
    """Each of the two has a reply."""


def compute_gaps(
    table: ResponseTable, arm: str, conditions: Sequence[Condition], level: float
) -> tuple[Gap, ...]:
    """The gap of an arm to the original in each condition, paired by prompt, clustered by item."""
    graded = replace(table, label=table.grade_label) if has_audits(table) else None
    gaps = []
    for condition in conditions:
        rows = rows_in(table, condition)
        replies = _pair_replies(select_rows(table, rows), arm)
        by_grade = _pair_replies(select_rows(graded, rows), arm) if graded is not None else None
        gap = Gap(
            arm=arm,
            condition=condition,
            difference=_gap_or_reason(replies, level),
            by_grade=_gap_or_reason(by_grade, level) if by_grade else None,
            if_arm_right=100 * float(replies.if_arm_right.mean()) if replies.has_both else None,
            if_arm_wrong=100 * float(replies.if_arm_wrong.mean()) if replies.has_both else None,
            n_prompts=len(replies.item),
        )
        gaps.append(gap)
    return tuple(gaps)


def compute_belief_effect(
    table: ResponseTable, arm: str, belief: str, level: float
) -> BeliefEffect:
    """The difference-in-differences of a belief, matched by item and context."""
    difference = _widening_or_reason(table, arm, belief, level)
    if not has_audits(table):
        return BeliefEffect(arm, belief, difference, by_grade=None)
    graded = replace(table, label=table.grade_label)
    return BeliefEffect(arm, belief, difference, _widening_or_reason(graded, arm, belief, level))


def _widening_or_reason(table: ResponseTable, arm: str, belief: str, level: float) -> Estimate:
    given = _pair_replies(select_rows(table, table.belief == belief), arm)
    without = _pair_replies(select_rows(table, table.belief == NO_BELIEF), arm)
    _, in_given, in_without = np.intersect1d(
        _item_and_context(given), _item_and_context(without), return_indices=True
    )
    errors = [
        given.arm_errors[in_given],
        given.original_errors[in_given],
        without.arm_errors[in_without],
        without.original_errors[in_without],
    ]
    scored = ~np.isnan(errors).any(axis=0)
    if not scored.any():
        reason = "no item was scored in both arms with and without the belief"
        return not_estimable(reason, UNIT, level)
    with_a, with_b, without_a, without_b = (of_one[scored] for of_one in errors)
    items = given.item[in_given][scored]
    return difference_in_differences(with_a, with_b, without_a, without_b, items, level)


def _gap_or_reason(replies: _Replies, level: float) -> Estimate:
    if not len(replies.item):
        return not_estimable("no replies yet", UNIT, level)
    scored = ~np.isnan(replies.arm_errors) & ~np.isnan(replies.original_errors)
    if not scored.any():
        reason = f"no prompt out of {len(replies.item)} was scored in both arms"
        return not_estimable(reason, UNIT, level)
    return paired_difference(
        replies.arm_errors[scored], replies.original_errors[scored], replies.item[scored], level
    )


def _pair_replies(table: ResponseTable, arm: str) -> _Replies:
    cell = select_rows(table, (table.arm == arm) | (table.arm == ORIGINAL))
    prompts, first, index = np.unique(cell.prompt, return_index=True, return_inverse=True)
    errors = outcomes_of(cell.label, is_error)
    if_right, if_wrong = np.nan_to_num(errors, nan=0.0), np.nan_to_num(errors, nan=1.0)

    def means(outcomes: Floats, of_arm: str) -> Floats:
        rows = cell.arm == of_arm
        return _mean_by_prompt(outcomes[rows], index[rows], len(prompts))

    arm_right, original_right = (
        np.nan_to_num(means(if_right, of), nan=0.0) for of in (arm, ORIGINAL)
    )
    arm_wrong, original_wrong = (
        np.nan_to_num(means(if_wrong, of), nan=1.0) for of in (arm, ORIGINAL)
    )
    return _Replies(
        item=cell.item[first],
        context=cell.context[first],
        arm_errors=means(errors, arm),
        original_errors=means(errors, ORIGINAL),
        if_arm_right=arm_right - original_wrong,
        if_arm_wrong=arm_wrong - original_right,
        has_both=len(np.unique(cell.arm)) == 2,
    )


def _mean_by_prompt(outcomes: Floats, prompt: NDArray[np.intp], n_prompts: int) -> Floats:
    # several samples of one arm answer one prompt: the mean of those that count stands for it
    counted = ~np.isnan(outcomes)
    n_counted = np.bincount(prompt[counted], minlength=n_prompts)
    sums = np.bincount(prompt[counted], weights=outcomes[counted], minlength=n_prompts)
    means: Floats = np.divide(sums, n_counted, out=np.full(n_prompts, np.nan), where=n_counted > 0)
    return means


def _item_and_context(replies: _Replies) -> Texts:
    keys: Texts = np.char.add(np.char.add(replies.item, "\x1f"), replies.context)
    return keys
