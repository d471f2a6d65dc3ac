"""Judge errors: how often a judge misses what people call an error, and the other way round.

Per arm and task, since a judge that errs more on one arm makes a gap of its own. Shares are
weighted by how people's replies were drawn, and intervals are by item. Rates corrected for these
errors are in `corrected_rates.py`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.statistics.columns import Floats, Rows
from evaluation.statistics.intervals import not_estimable
from evaluation.statistics.judge_agreement import agree_beyond_chance
from evaluation.statistics.judge_labels import JudgeLabels
from evaluation.statistics.linear_shares import (
    UNIT,
    LinearShare,
    combine,
    share_estimate,
    square_and_add,
    subtract,
    weighted_share,
)
from study.records import Estimate


@dataclass(frozen=True)
class Confusion:
    """A judge beside people, over the replies that both call an error or right."""

    arm: str | None
    """None over all arms."""
    task: str | None
    """None over all tasks."""
    n_found: int
    """Errors that the judge calls errors."""
    n_missed: int
    """Errors that the judge calls right."""
    n_false_alarms: int
    """Right replies that the judge calls errors."""
    n_cleared: int
    """Right replies that the judge calls right."""
    n_without_verdict: int
    """Replies that people call an error or right and the judge neither; in no share here."""
    n_neither: int
    """Replies that people labelled and call neither; in no share here."""
    sensitivity: Estimate
    """Share of the errors that the judge finds."""
    specificity: Estimate
    """Share of the right replies that the judge clears."""
    youden: Estimate
    """Sensitivity + specificity − 1: 0 for a judge that knows nothing."""
    prevalence: Estimate
    """Share of errors, as people say."""
    kappa: Estimate
    ac1: Estimate


@dataclass(frozen=True)
class JudgeShift:
    """How much the judge errs otherwise on an arm than on the reference."""

    arm: str
    reference: str
    sensitivity: Estimate
    """Arm − reference in percentage points."""
    specificity: Estimate
    """Arm − reference in percentage points."""
    is_shown: bool
    """An interval of the two leaves out 0."""


@dataclass(frozen=True)
class Calibration:
    """Sensitivity and specificity of a judge in one arm, as sums over the items of all arms."""

    sensitivity: LinearShare | None
    """None where people call no reply an error."""
    specificity: LinearShare | None
    """None where people call no reply right."""
    n_items: int
    """Items with a reply that tells either."""

    @property
    def n_errors(self) -> int:
        """Replies that people call an error."""
        return self.sensitivity.n if self.sensitivity else 0

    @property
    def n_right(self) -> int:
        """Replies that people call right."""
        return self.specificity.n if self.specificity else 0


def calibrate(labels: JudgeLabels, rows: Rows) -> Calibration:
    """What the replies in `rows`, shape (n_replies,), tell about the judge."""
    items, item = np.unique(labels.item, return_inverse=True)
    weights = np.where(rows & labels.is_calibration, labels.weight, 0.0)

    def share(of_value: float) -> LinearShare | None:
        of = np.where(labels.human == of_value, weights, 0.0)
        if not of.any():
            return None
        agrees = (labels.judged == of_value).astype(np.float64)
        return weighted_share(agrees, of, item, len(items))

    return Calibration(share(1.0), share(0.0), len(np.unique(item[weights > 0])))


def confuse(
    labels: JudgeLabels, arm: str | None, task: str | None, level: float = 0.95
) -> Confusion:
    """The confusion of judge and people in an arm and a task.

    Args:
        arm, task: None pools over it; over arms, each labelled reply counts by its weight.
    Returns:
        Shares with Wilson's interval on the effective number of replies, clustered by item. What
        the replies do not tell says why. With equal chances those of sensitivity held the true
        value in 95 to 98 % of drawn studies; where judged errors were drawn twice as often, so that
        the few missed ones weigh double, in 92 % of 1,000 with 40 errors.
    """
    rows = _rows_in(labels, arm, task)
    kept = rows & labels.is_calibration
    found = calibrate(labels, rows)
    human, judged = labels.human[kept], labels.judged[kept]
    weights, items = labels.weight[kept], labels.item[kept]

    def count(of_human: float, of_judge: float) -> int:
        return int(((human == of_human) & (judged == of_judge)).sum())

    return Confusion(
        arm=arm,
        task=task,
        n_found=count(1, 1),
        n_missed=count(1, 0),
        n_false_alarms=count(0, 1),
        n_cleared=count(0, 0),
        n_without_verdict=int((rows & ~np.isnan(labels.human) & ~labels.is_judged).sum()),
        n_neither=int((rows & labels.is_labelled & np.isnan(labels.human)).sum()),
        sensitivity=_share_or_reason(found.sensitivity, "people call no reply an error", level),
        specificity=_share_or_reason(found.specificity, "people call no reply right", level),
        youden=estimate_youden(found, level),
        prevalence=_prevalence(human, weights, items, level),
        kappa=agree_beyond_chance("kappa", judged, human, weights, items, level),
        ac1=agree_beyond_chance("ac1", judged, human, weights, items, level),
    )


def sum_to_youden(sensitivity: LinearShare, specificity: LinearShare, n_items: int) -> LinearShare:
    """Youden's index as a sum over items, of which `n_items` tell something."""
    value, n = sensitivity.value + specificity.value - 1, sensitivity.n + specificity.n
    return combine(value, n, n_items, (1.0, sensitivity), (1.0, specificity))


def estimate_youden(found: Calibration, level: float = 0.95) -> Estimate:
    """Sensitivity + specificity − 1, in [−1, 1]; interval as `linear_shares.square_and_add`."""
    one, zero = found.sensitivity, found.specificity
    if one is None or zero is None:
        return not_estimable("people call no reply an error, or none right", UNIT, level)
    index = sum_to_youden(one, zero, found.n_items)
    bounds = square_and_add(one, zero, 1, level)
    # both ends of a sum of two shares, less the one that Youden takes off
    low, high = (None if end is None else end - 1 for end in (bounds.low, bounds.high))
    return Estimate(
        index.value, low, high, level, index.n, index.n_units, UNIT, bounds.method, None
    )


def shift_of_judge(
    labels: JudgeLabels, arm: str, reference: str, level: float = 0.95
) -> JudgeShift:
    """Whether the judge errs otherwise on an arm than on the reference.

    Returns:
        Differences with intervals by item, which count that both arms share items; as
        `linear_shares.square_and_add`.
    """
    of_arm, of_reference = (calibrate(labels, labels.arm == name) for name in (arm, reference))
    sensitivity = _shift(of_arm.sensitivity, of_reference.sensitivity, "an error", level)
    specificity = _shift(of_arm.specificity, of_reference.specificity, "right", level)
    is_shown = any(
        shift.low is not None and shift.high is not None and not shift.low <= 0 <= shift.high
        for shift in (sensitivity, specificity)
    )
    return JudgeShift(arm, reference, sensitivity, specificity, is_shown)


def _shift(a: LinearShare | None, b: LinearShare | None, what: str, level: float) -> Estimate:
    if a is None or b is None:
        return not_estimable(f"people call no reply of one of the arms {what}", UNIT, level)
    gap, bounds = subtract(a, b), square_and_add(a, b, -1, level)
    low, high = (None if end is None else 100 * end for end in (bounds.low, bounds.high))
    n, n_units = gap.n, gap.n_units
    return Estimate(100 * gap.value, low, high, level, n, n_units, UNIT, bounds.method, None)


def _rows_in(labels: JudgeLabels, arm: str | None, task: str | None) -> Rows:
    rows = np.ones(len(labels), dtype=np.bool_)
    if arm is not None:
        rows &= labels.arm == arm
    if task is not None:
        rows &= labels.task == task
    return rows


def _share_or_reason(share: LinearShare | None, reason: str, level: float) -> Estimate:
    if share is None:
        return not_estimable(reason, UNIT, level)
    return share_estimate(share, "", level)


def _prevalence(human: Floats, weights: Floats, items: NDArray[np.str_], level: float) -> Estimate:
    if not len(human):
        return not_estimable("no reply has a label by both", UNIT, level)
    names, item = np.unique(items, return_inverse=True)
    return share_estimate(weighted_share(human, weights, item, len(names)), "", level)
