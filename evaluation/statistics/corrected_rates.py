"""Corrected rates: a judge's error rate, freed of the judge's own errors, by Rogan and Gladen.

The share that the judge calls errors is (true rate) · sensitivity + (1 − true rate) · (1 −
specificity), solved for the true rate. All three shares come from the same items, and intervals
count how they vary together; replies that calibrate are a part of those that are corrected. Where
the judge cannot carry a correction the estimate is refused, with the reason.
"""

from dataclasses import dataclass, replace

import numpy as np

from evaluation.statistics.columns import Rows
from evaluation.statistics.intervals import not_estimable
from evaluation.statistics.judge_errors import Calibration, calibrate, shift_of_judge, sum_to_youden
from evaluation.statistics.judge_labels import JudgeLabels
from evaluation.statistics.linear_shares import (
    UNIT,
    LinearShare,
    combine,
    covariance,
    difference_estimate,
    quantile,
    share_estimate,
    subtract,
    variance,
    weighted_share,
)
from study.records import Estimate

MIN_OF_EACH = 10
"""Errors, and right replies, that people must have found in an arm before it is corrected."""
MIN_ITEMS = 10
"""Items that they must come from, each."""
MIN_YOUDEN = 0.2
"""Below it a correction makes the noise of the judge's rate five times as large, and more."""
RULE = (
    f"a rate is corrected where people found at least {MIN_OF_EACH} errors and {MIN_OF_EACH} right "
    f"replies, each in at least {MIN_ITEMS} items, and sensitivity + specificity − 1 is at least "
    f"{MIN_YOUDEN:g} with an interval above 0"
)


@dataclass(frozen=True)
class CorrectedRate:
    """An arm's error rate, as the judge says and corrected for the judge's errors."""

    arm: str
    judged: Estimate
    """Share of replies that the judge calls errors, of those it calls an error or right."""
    corrected: Estimate
    """What people would have found in these replies."""
    is_clipped: bool
    """The corrected value left [0, 1] and is shown at its end."""


@dataclass(frozen=True)
class CorrectedContrast:
    """An arm − the reference, in percentage points."""

    arm: str
    reference: str
    judged: Estimate
    """As the judge says, with its errors."""
    per_arm: Estimate
    """Each arm corrected by the judge's errors on that arm."""
    pooled: Estimate
    """Both corrected by the judge's errors on both together."""
    pooling: str
    """Whether the pooled one may be used, in words."""


@dataclass(frozen=True)
class _Correction:
    """The linear parts of a corrected rate."""

    judged: LinearShare
    sensitivity: LinearShare
    specificity: LinearShare
    n_items: int
    """Items that calibrate."""
    value: float
    """Not clipped."""

    @property
    def youden(self) -> float:
        return self.sensitivity.value + self.specificity.value - 1

    @property
    def share(self) -> LinearShare:
        """The corrected rate as a sum over items."""
        j, n = self.youden, self.sensitivity.n + self.specificity.n
        terms = (
            (1 / j, self.judged),
            (-self.value / j, self.sensitivity),
            ((1 - self.value) / j, self.specificity),
        )
        return combine(self.value, n, self.n_items, *terms)


def correct_rate(labels: JudgeLabels, arm: str, level: float = 0.95) -> CorrectedRate:
    """An arm's error rate by Rogan and Gladen, with Fieller's interval clustered by item.

    Of 1,000 drawn studies in each of nine settings with 60 to 200 labelled replies per arm,
    Fieller's interval held the true rate in 93.9 to 95.7 %, that of the delta method in 94.5 to
    99.2 %, and that of Lang and Reiczigel, which takes the three shares as independent, in 98.5 to
    99.7 %. Where sensitivity or specificity came out as 1, Fieller's interval alone held it in as
    few as 85 %; with the variance that Lang and Reiczigel give such a share, in 92 to 99 %.

    Returns:
        Proportions; n of the corrected one counts the replies that calibrate. A value outside
        [0, 1] is clipped and said to be. Refused, with the reason, as `RULE` says.
    Source: Rogan and Gladen 1978, doi 10.1093/oxfordjournals.aje.a112510; Fieller 1954; Lang and
        Reiczigel 2014, doi 10.1016/j.prevetmed.2013.09.015.
    """
    rows = labels.arm == arm
    judged = _judged_share(labels, rows)
    if judged is None:
        reason = not_estimable("the judge called no reply an error or right", UNIT, level)
        return CorrectedRate(arm, reason, reason, is_clipped=False)
    as_judged = share_estimate(judged, "", level)
    found = calibrate(labels, rows)
    reason_against = why_not_correctable(labels, rows, found, level)
    if reason_against:
        return CorrectedRate(arm, as_judged, not_estimable(reason_against, UNIT, level), False)
    correction = _correct(judged, found)
    corrected = _fieller_estimate(correction, level)
    return CorrectedRate(arm, as_judged, corrected, not 0 <= correction.value <= 1)


def contrast_corrected(
    labels: JudgeLabels, arm: str, reference: str, level: float = 0.95
) -> CorrectedContrast:
    """How much more an arm errs than the reference, corrected per arm and with pooled calibration.

    Pooling is wrong where the judge errs otherwise on one arm: what it then takes for a gap
    between arms is partly its own. It is less noisy where the judge does not.

    Returns:
        Percentage points with t intervals by the delta method, clustered by item, which count
        that both arms answered the same items.
    """
    rows, other = labels.arm == arm, labels.arm == reference
    a, b = _judged_share(labels, rows), _judged_share(labels, other)
    if a is None or b is None:
        reason = not_estimable("the judge called no reply of one arm error or right", UNIT, level)
        return CorrectedContrast(arm, reference, reason, reason, reason, reason.method)
    gap = subtract(a, b)
    return CorrectedContrast(
        arm=arm,
        reference=reference,
        judged=difference_estimate(gap, "", level),
        per_arm=_per_arm(labels, (arm, a), (reference, b), level),
        pooled=_pooled(labels, rows | other, gap, level),
        pooling=_say_whether_to_pool(labels, arm, reference, level),
    )


def why_not_correctable(
    labels: JudgeLabels, rows: Rows, found: Calibration, level: float = 0.95
) -> str:
    """Why the replies in `rows`, shape (n_replies,), cannot be corrected; empty if they can."""
    kept = rows & labels.is_calibration
    for value, what in ((1.0, "errors"), (0.0, "right replies")):
        of_value = kept & (labels.human == value)
        n, n_items = int(of_value.sum()), len(np.unique(labels.item[of_value]))
        if n < MIN_OF_EACH or n_items < MIN_ITEMS:
            return (
                f"people found {n} {what} in {n_items} items, and calibration needs {MIN_OF_EACH} "
                f"in {MIN_ITEMS}"
            )
    youden = _youden(found)
    low = youden.value - quantile(youden, level) * variance(youden) ** 0.5
    if low <= 0:
        return (
            f"sensitivity + specificity − 1 is {youden.value:.2f} with an interval from {low:.2f}, "
            "so that the judge cannot be told from one that knows nothing"
        )
    if youden.value < MIN_YOUDEN:
        return f"sensitivity + specificity − 1 is {youden.value:.2f}, below {MIN_YOUDEN:g}"
    return ""


def _youden(found: Calibration) -> LinearShare:
    assert found.sensitivity is not None, "people found enough errors"
    assert found.specificity is not None, "and enough right replies"
    return sum_to_youden(found.sensitivity, found.specificity, found.n_items)


def _judged_share(labels: JudgeLabels, rows: Rows) -> LinearShare | None:
    """The share that the judge calls errors, over items of all arms."""
    used = rows & labels.is_judged
    if not used.any():
        return None
    items, item = np.unique(labels.item, return_inverse=True)
    return weighted_share(labels.judged, used.astype(np.float64), item, len(items))


def _correct(judged: LinearShare, found: Calibration) -> _Correction:
    assert found.sensitivity is not None, "checked before"
    assert found.specificity is not None, "checked before"
    numerator = judged.value + found.specificity.value - 1
    value = numerator / (found.sensitivity.value + found.specificity.value - 1)
    return _Correction(judged, found.sensitivity, found.specificity, found.n_items, value)


def _fieller_estimate(correction: _Correction, level: float) -> Estimate:
    """The rates that the ratio does not contradict: (top − rate · youden)² ≤ t² · its variance."""
    judged, one, zero = correction.judged, correction.sensitivity, correction.specificity
    n, n_items = one.n + zero.n, correction.n_items
    top = combine(judged.value + zero.value - 1, n, n_items, (1.0, judged), (1.0, zero))
    youden = sum_to_youden(one, zero, n_items)
    t2 = quantile(youden, level) ** 2
    a = youden.value**2 - t2 * variance(youden)
    b = top.value * youden.value - t2 * (covariance(top, youden) + zero.unseen)
    c = top.value**2 - t2 * variance(top)
    assert a > 0, "a youden index whose interval is above 0"
    root = max(0.0, b**2 - a * c) ** 0.5
    method = (
        "Rogan and Gladen; Fieller's interval, clustered on item, t with "
        f"{n_items - 1} degrees of freedom"
    )
    if one.unseen or zero.unseen:
        method += ", with room for errors that a judge without any on these replies hides"
    if not 0 <= correction.value <= 1:
        method += f"; the value was {correction.value:.3f} and is shown at the end of its range"
    return Estimate(
        value=_clip(correction.value),
        low=_clip((b - root) / a),
        high=_clip((b + root) / a),
        level=level,
        n=n,
        n_units=n_items,
        unit=UNIT,
        method=method,
        seed=None,
    )


def _per_arm(
    labels: JudgeLabels, a: tuple[str, LinearShare], b: tuple[str, LinearShare], level: float
) -> Estimate:
    corrections = []
    for name, judged in (a, b):
        rows = labels.arm == name
        found = calibrate(labels, rows)
        reason = why_not_correctable(labels, rows, found, level)
        if reason:
            return not_estimable(f"{name}: {reason}", UNIT, level)
        corrections.append(_correct(judged, found).share)
    return _gap_estimate(subtract(*corrections), "Rogan and Gladen, calibrated per arm", level)


def _pooled(labels: JudgeLabels, rows: Rows, gap: LinearShare, level: float) -> Estimate:
    found = calibrate(labels, rows)
    reason = why_not_correctable(labels, rows, found, level)
    if reason:
        return not_estimable(reason, UNIT, level)
    youden = _youden(found)
    value = gap.value / youden.value
    slopes = ((1 / youden.value, gap), (-value / youden.value, youden))
    corrected = combine(value, youden.n, youden.n_units, *slopes)
    return _gap_estimate(corrected, "Rogan and Gladen, calibration pooled over arms", level)


def _gap_estimate(gap: LinearShare, how: str, level: float) -> Estimate:
    found = difference_estimate(gap, how, level)
    if abs(gap.value) <= 1:
        return found
    said = f"the value was {100 * gap.value:.1f} and is shown at the end of its range"
    return replace(found, method=f"{found.method}; {said}")


def _say_whether_to_pool(labels: JudgeLabels, arm: str, reference: str, level: float) -> str:
    shift = shift_of_judge(labels, arm, reference, level)
    parts = (("sensitivity", shift.sensitivity), ("specificity", shift.specificity))
    if any(part.low is None for _, part in parts):
        return "pooling is a guess: whether the judge errs alike on both arms is not estimable"
    told = " and ".join(
        f"{name} {part.value:+.1f} pp [{part.low:+.1f}, {part.high:+.1f}]" for name, part in parts
    ).replace("-", "−")
    if shift.is_shown:
        return f"pooling is wrong: the judge errs otherwise on {arm} than on {reference}, {told}"
    return (
        f"pooling is not shown to be wrong, which is not the same as right: {arm} − {reference}, "
        f"{told}; it biases the gap by what these hide"
    )


def _clip(share: float) -> float:
    return min(1.0, max(0.0, share))
