"""Judge errors: how often a judge misses what people call an error, and the other way round.

Per arm and task, since a judge that errs more on one arm makes a gap of its own. Shares are
weighted by how people's replies were drawn, and intervals are by item. Rates corrected for these
errors are in `corrected_rates.py`.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from evaluation.statistics.columns import Floats, Rows
from evaluation.statistics.intervals import not_estimable
from evaluation.statistics.judge_labels import JudgeLabels
from evaluation.statistics.linear_shares import (
    UNIT,
    LinearShare,
    combine,
    difference_estimate,
    quantile,
    share_estimate,
    subtract,
    variance,
    weighted_share,
)
from evaluation.statistics.resampling import collapse, percentile_bounds, resample
from study.records import Estimate

Chance = Literal["kappa", "ac1"]
_NAMES: dict[Chance, str] = {"kappa": "Cohen's kappa", "ac1": "Gwet's AC1"}


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
    labels: JudgeLabels,
    arm: str | None,
    task: str | None,
    seed: int,
    resamples: int = 1000,
    level: float = 0.95,
) -> Confusion:
    """The confusion of judge and people in an arm and a task.

    Args:
        arm, task: None pools over it; over arms, each labelled reply counts by its weight.
        seed: of the intervals of kappa and AC1.
    Returns:
        Shares with Wilson's interval on the effective number of replies, clustered by item; kappa
        and AC1 with percentiles of resampled items. What the replies do not tell says why.
    Source: Gwet 2008 for AC1; Youden 1950.
    """
    rows = _rows_in(labels, arm, task)
    kept = rows & labels.is_calibration
    found = calibrate(labels, rows)
    human, judged = labels.human[kept], labels.judged[kept]
    weights, items = labels.weight[kept], labels.item[kept]
    cells = _cells(human, judged)
    return Confusion(
        arm=arm,
        task=task,
        n_found=int(cells[:, 0].sum()),
        n_missed=int(cells[:, 1].sum()),
        n_false_alarms=int(cells[:, 2].sum()),
        n_cleared=int(cells[:, 3].sum()),
        n_without_verdict=int((rows & ~np.isnan(labels.human) & ~labels.is_judged).sum()),
        n_neither=int((rows & labels.is_labelled & np.isnan(labels.human)).sum()),
        sensitivity=_share_or_reason(found.sensitivity, "people call no reply an error", level),
        specificity=_share_or_reason(found.specificity, "people call no reply right", level),
        youden=youden_index(found, level),
        prevalence=_prevalence(human, weights, items, level),
        kappa=_beyond_chance("kappa", cells, weights, items, seed, resamples, level),
        ac1=_beyond_chance("ac1", cells, weights, items, seed, resamples, level),
    )


def youden_index(found: Calibration, level: float = 0.95) -> Estimate:
    """Sensitivity + specificity − 1, in [−1, 1], with a t interval by item."""
    if found.sensitivity is None or found.specificity is None:
        return not_estimable("people call no reply an error, or none right", UNIT, level)
    index = combine(
        found.sensitivity.value + found.specificity.value - 1,
        found.n_errors + found.n_right,
        found.n_items,
        (1.0, found.sensitivity),
        (1.0, found.specificity),
    )
    if index.n_units < 2:
        method = "no interval: errors or right replies of one item alone"
        return Estimate(index.value, None, None, level, index.n, index.n_units, UNIT, method, None)
    half = quantile(index, level) * variance(index) ** 0.5
    return Estimate(
        value=index.value,
        low=max(-1.0, index.value - half),
        high=min(1.0, index.value + half),
        level=level,
        n=index.n,
        n_units=index.n_units,
        unit=UNIT,
        method=f"clustered on {UNIT}, t with {index.n_units - 1} degrees of freedom",
        seed=None,
    )


def shift_of_judge(
    labels: JudgeLabels, arm: str, reference: str, level: float = 0.95
) -> JudgeShift:
    """Whether the judge errs otherwise on an arm than on the reference.

    Returns:
        Differences with t intervals by item, which count that both arms share items.
    Source: the linearised difference of two ratios.
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
    return difference_estimate(subtract(a, b), "", level)


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


def _cells(human: Floats, judged: Floats) -> Floats:
    """Found, missed, false alarm, cleared: one 1 per reply, shape (n, 4)."""
    columns = [(human == h) & (judged == j) for h, j in ((1, 1), (1, 0), (0, 1), (0, 0))]
    return np.stack(columns, axis=1).astype(np.float64)


def _beyond_chance(
    chance: Chance,
    cells: Floats,
    weights: Floats,
    items: NDArray[np.str_],
    seed: int,
    resamples: int,
    level: float,
) -> Estimate:
    # `coefficients.py` draws replies one by one; here those of an item are drawn together
    if not len(cells):
        return not_estimable("no reply has a label by both", UNIT, level)
    if not cells[:, :3].any() or not cells[:, 1:].any():
        reason = "all labels are equal, so agreement cannot be told from chance"
        return not_estimable(reason, UNIT, level)
    parts = collapse(cells * weights[:, None], seed, items)

    def statistic(sums: Floats) -> Floats:
        return _coefficient(chance, sums)

    bounds = percentile_bounds(resample(parts, statistic, seed, resamples), parts, UNIT, level)
    value = float(statistic(parts.total)[0])
    method = f"{_NAMES[chance]}; {bounds.method}"
    n, n_units = len(cells), parts.n_units
    return Estimate(value, bounds.low, bounds.high, level, n, n_units, UNIT, method, seed)


def _coefficient(chance: Chance, sums: Floats) -> Floats:
    found, missed, false_alarms, cleared = (sums / sums.sum(axis=1, keepdims=True)).T
    human, judged = found + missed, found + false_alarms
    p_a = found + cleared
    if chance == "kappa":
        p_e = human * judged + (1 - human) * (1 - judged)
    else:
        middle = (human + judged) / 2
        p_e = 2 * middle * (1 - middle)
    alike = p_e >= 1 - 1e-12
    return np.where(alike, np.nan, (p_a - p_e) / np.where(alike, 1.0, 1 - p_e))
