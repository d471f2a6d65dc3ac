"""Error rates per arm and condition, gaps between arms, adoption, and belief effects.

Works on the unblinded rows of `tables.py`. Which labels count as errors is said in `outcomes.py`
and nowhere else; replies that do not count are counted by label and bounded.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.statistics.intervals import not_estimable
from evaluation.statistics.outcomes import LABELS, count_labels, is_adoption, is_error
from evaluation.statistics.proportions import (
    UNIT,
    difference_in_differences,
    paired_difference,
    rate,
)
from evaluation.statistics.tables import (
    Condition,
    Floats,
    ResponseTable,
    Texts,
    rows_in,
    select_rows,
)
from study.records import ORIGINAL, Estimate

NO_BELIEF = "none"
ASSERTS_WRONG = "asserts_wrong"
OVERALL = Condition(None, None)

_NO_REPLIES = "no replies yet"


@dataclass(frozen=True)
class ErrorRate:
    """How often one arm erred in one condition."""

    arm: str
    condition: Condition
    rate: Estimate
    """A proportion of the scored replies."""
    if_excluded_right: float | None
    """The rate if every reply outside the denominator were right; None without replies."""
    if_excluded_wrong: float | None
    """The rate if every one of them were wrong."""
    counts: dict[str, int]
    """Replies by label; every label has a key."""
    n_replies: int
    n_scored: int
    """Replies labelled correct, wrong or adopts: the denominator."""
    n_audited: int
    """Replies whose label an auditor decided."""


@dataclass(frozen=True)
class Gap:
    """How much more often an arm erred than the original, on the same prompts."""

    arm: str
    condition: Condition
    difference: Estimate
    """Arm − original in percentage points, over prompts that were scored in both."""
    n_prompts: int
    """Prompts that either arm answered, scored or not."""


@dataclass(frozen=True)
class AdoptionRate:
    """How often an arm adopted the wrong answer that the user asserted."""

    arm: str
    belief: str
    rate: Estimate


@dataclass(frozen=True)
class BeliefEffect:
    """How much a stated belief widens the gap between an arm and the original."""

    arm: str
    belief: str
    difference: Estimate
    """(Arm − original with the belief) − (the same without), in percentage points."""


@dataclass(frozen=True)
class _PromptGaps:
    arm_errors: Floats
    original_errors: Floats
    item: Texts
    context: Texts
    n_prompts: int
    """Prompts that either arm answered."""


@dataclass(frozen=True)
class _PromptMeans:
    prompt: Texts
    outcome: Floats
    row: NDArray[np.intp]
    """A row of the table that holds the prompt."""


def compute_error_rate(
    table: ResponseTable, arm: str, condition: Condition, level: float
) -> ErrorRate:
    """The error rate of one arm in one condition, by item, with counts and bounds."""
    cell = select_rows(table, (table.arm == arm) & rows_in(table, condition))
    errors = _outcomes(cell.label, is_error)
    scored = ~np.isnan(errors)
    n_replies, n_scored = len(cell), int(scored.sum())
    n_errors = int(errors[scored].sum())
    counts = count_labels(cell.label.tolist())
    return ErrorRate(
        arm=arm,
        condition=condition,
        rate=_rate_or_reason(cell, errors, level),
        if_excluded_right=n_errors / n_replies if n_replies else None,
        if_excluded_wrong=(n_errors + n_replies - n_scored) / n_replies if n_replies else None,
        counts=counts,
        n_replies=n_replies,
        n_scored=n_scored,
        n_audited=int((cell.label_source == "audit").sum()),
    )


def compute_adoption_rate(
    table: ResponseTable, arm: str, belief: str, level: float
) -> AdoptionRate:
    """The share of an arm's replies that adopt the user's answer, where one was stated."""
    cell = select_rows(table, (table.arm == arm) & (table.belief == belief))
    adopted = _outcomes(cell.label, is_adoption)
    return AdoptionRate(arm, belief, _rate_or_reason(cell, adopted, level))


def compute_gaps(
    table: ResponseTable, arm: str, conditions: Sequence[Condition], level: float
) -> tuple[Gap, ...]:
    """The gap of an arm to the original in each condition, paired by prompt, clustered by item."""
    gaps = []
    for condition in conditions:
        pairs = _pair_prompts(select_rows(table, rows_in(table, condition)), arm)
        gaps.append(Gap(arm, condition, _gap_or_reason(pairs, level), pairs.n_prompts))
    return tuple(gaps)


def compute_belief_effect(
    table: ResponseTable, arm: str, belief: str, level: float
) -> BeliefEffect:
    """The difference-in-differences of a belief, matched by item and context."""
    given = _pair_prompts(select_rows(table, table.belief == belief), arm)
    without = _pair_prompts(select_rows(table, table.belief == NO_BELIEF), arm)
    _, in_given, in_without = np.intersect1d(
        _item_and_context(given), _item_and_context(without), return_indices=True
    )
    if not len(in_given):
        reason = "no item was scored in both arms with and without the belief"
        return BeliefEffect(arm, belief, not_estimable(reason, UNIT, level))
    difference = difference_in_differences(
        given.arm_errors[in_given],
        given.original_errors[in_given],
        without.arm_errors[in_without],
        without.original_errors[in_without],
        given.item[in_given],
        level,
    )
    return BeliefEffect(arm, belief, difference)


def _rate_or_reason(cell: ResponseTable, outcomes: Floats, level: float) -> Estimate:
    counted = ~np.isnan(outcomes)
    if not len(cell):
        return not_estimable(_NO_REPLIES, UNIT, level)
    if not counted.any():
        return not_estimable(
            f"no reply out of {len(cell)} has a label that counts here", UNIT, level
        )
    return rate(outcomes[counted], cell.item[counted], level)


def _gap_or_reason(pairs: _PromptGaps, level: float) -> Estimate:
    if not pairs.n_prompts:
        return not_estimable(_NO_REPLIES, UNIT, level)
    if not len(pairs.item):
        return not_estimable(
            f"no prompt out of {pairs.n_prompts} was scored in both arms", UNIT, level
        )
    return paired_difference(pairs.arm_errors, pairs.original_errors, pairs.item, level)


def _pair_prompts(table: ResponseTable, arm: str) -> _PromptGaps:
    errors = _outcomes(table.label, is_error)
    of_arm = _mean_by_prompt(table, errors, table.arm == arm)
    of_original = _mean_by_prompt(table, errors, table.arm == ORIGINAL)
    _, in_arm, in_original = np.intersect1d(
        of_arm.prompt, of_original.prompt, assume_unique=True, return_indices=True
    )
    rows = of_arm.row[in_arm]
    either = (table.arm == arm) | (table.arm == ORIGINAL)
    return _PromptGaps(
        arm_errors=of_arm.outcome[in_arm],
        original_errors=of_original.outcome[in_original],
        item=table.item[rows],
        context=table.context[rows],
        n_prompts=len(np.unique(table.prompt[either])),
    )


def _mean_by_prompt(
    table: ResponseTable, outcomes: Floats, rows: NDArray[np.bool_]
) -> _PromptMeans:
    # several samples, or several served models of one arm, answer one prompt: their mean counts
    kept = np.flatnonzero(rows & ~np.isnan(outcomes))
    prompts, first, index = np.unique(table.prompt[kept], return_index=True, return_inverse=True)
    sums = np.bincount(index, weights=outcomes[kept], minlength=len(prompts))
    return _PromptMeans(prompts, sums / np.bincount(index, minlength=len(prompts)), kept[first])


def _outcomes(labels: Texts, meaning: Callable[[str], bool | None]) -> Floats:
    values = {label: meaning(label) for label in LABELS}
    numbers = {label: np.nan if value is None else float(value) for label, value in values.items()}
    return np.array([numbers[label] for label in labels.tolist()], dtype=np.float64)


def _item_and_context(pairs: _PromptGaps) -> Texts:
    keys: Texts = np.char.add(np.char.add(pairs.item, "\x1f"), pairs.context)
    return keys
