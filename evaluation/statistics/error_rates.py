"""Error rates and adoption rates per arm and condition.

Works on the unblinded rows of `tables.py`. Which labels count is said in `outcomes.py` and
nowhere else; replies that do not count are counted by label and bounded. Auditors read flagged
replies alone, so that their rulings correct one way; where there are any, each rate stands
beside the same by grade alone. Arms are compared in `gaps.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from evaluation.statistics.columns import (
    Condition,
    ResponseTable,
    Texts,
    has_audits,
    rows_in,
    select_rows,
)
from evaluation.statistics.intervals import not_estimable
from evaluation.statistics.outcomes import count_labels, is_adoption, is_error, outcomes_of
from evaluation.statistics.proportions import UNIT, rate
from study.records import Estimate

ASSERTS_WRONG = "asserts_wrong"
OVERALL = Condition(None, None)


@dataclass(frozen=True)
class ErrorRate:
    """How often one arm erred in one condition."""

    arm: str
    condition: Condition
    rate: Estimate
    """A proportion of the scored replies."""
    by_grade: Estimate | None
    """The rate if nobody had audited; None while the study has no audit decision."""
    if_excluded_right: float | None
    """The rate if every reply outside the denominator were right; None without replies."""
    if_excluded_wrong: float | None
    """The rate if every one of them were wrong."""
    counts: dict[str, int]
    """Replies by label; every label has a key."""
    n_replies: int
    n_scored: int
    """Replies labelled correct, wrong or adopts: the denominator."""
    n_cut: int
    """Scored replies that the token limit cut after they had answered."""
    n_audited: int
    """Replies whose label an auditor decided."""
    n_changed: int
    """Audited replies whose label is another than the grade's."""


@dataclass(frozen=True)
class AdoptionRate:
    """How often an arm adopted the wrong answer that the user asserted."""

    arm: str
    belief: str
    rate: Estimate
    by_grade: Estimate | None
    """The rate if nobody had audited; None while the study has no audit decision."""
    n_cut: int
    """Counted replies that the token limit cut after they had answered."""
    uncut: Estimate
    """The rate over the counted replies that were not cut."""


def compute_error_rate(
    table: ResponseTable, arm: str, condition: Condition, level: float
) -> ErrorRate:
    """The error rate of one arm in one condition, by item, with counts and bounds."""
    cell = select_rows(table, (table.arm == arm) & rows_in(table, condition))
    errors = outcomes_of(cell.label, is_error)
    scored = ~np.isnan(errors)
    n_replies, n_scored = len(cell), int(scored.sum())
    n_errors = int(errors[scored].sum())
    return ErrorRate(
        arm=arm,
        condition=condition,
        rate=_rate_or_reason(cell, cell.label, is_error, level),
        by_grade=_rate_by_grade(table, cell, is_error, level),
        if_excluded_right=n_errors / n_replies if n_replies else None,
        if_excluded_wrong=(n_errors + n_replies - n_scored) / n_replies if n_replies else None,
        counts=count_labels(cell.label.tolist()),
        n_replies=n_replies,
        n_scored=n_scored,
        n_cut=int((scored & cell.is_cut).sum()),
        n_audited=int((cell.label_source == "audit").sum()),
        n_changed=int((cell.label != cell.grade_label).sum()),
    )


def compute_adoption_rate(
    table: ResponseTable, arm: str, belief: str, level: float
) -> AdoptionRate:
    """The share of an arm's replies that adopt the user's answer, where one was stated."""
    cell = select_rows(table, (table.arm == arm) & (table.belief == belief))
    counted = ~np.isnan(outcomes_of(cell.label, is_adoption))
    uncut = select_rows(cell, ~cell.is_cut)
    return AdoptionRate(
        arm=arm,
        belief=belief,
        rate=_rate_or_reason(cell, cell.label, is_adoption, level),
        by_grade=_rate_by_grade(table, cell, is_adoption, level),
        n_cut=int((counted & cell.is_cut).sum()),
        uncut=_rate_or_reason(uncut, uncut.label, is_adoption, level),
    )


def _rate_by_grade(
    table: ResponseTable, cell: ResponseTable, meaning: Callable[[str], bool | None], level: float
) -> Estimate | None:
    return _rate_or_reason(cell, cell.grade_label, meaning, level) if has_audits(table) else None


def _rate_or_reason(
    cell: ResponseTable, labels: Texts, meaning: Callable[[str], bool | None], level: float
) -> Estimate:
    outcomes = outcomes_of(labels, meaning)
    counted = ~np.isnan(outcomes)
    if not len(cell):
        return not_estimable("no replies yet", UNIT, level)
    if not counted.any():
        reason = f"no reply out of {len(cell)} has a label that counts here"
        return not_estimable(reason, UNIT, level)
    return rate(outcomes[counted], cell.item[counted], level)
