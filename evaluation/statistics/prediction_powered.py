"""Prediction-powered rates: people's labels on some replies, made sharper by a judge's on all.

The rate is that of people, plus λ times what the judge says of all replies less what it says of
the labelled ones. It is right for any judge and any λ; a good judge makes it narrow, and the best
λ is found from the data. Labelled replies may have been drawn with unequal known probabilities.
"""

from dataclasses import dataclass, replace

import numpy as np

from evaluation.statistics.intervals import not_estimable
from evaluation.statistics.judge_labels import JudgeLabels
from evaluation.statistics.linear_shares import (
    UNIT,
    LinearShare,
    combine,
    difference_estimate,
    share_estimate,
    subtract,
    weighted_share,
)
from study.errors import BadInput
from study.records import Estimate

MIN_ITEMS = 10
"""Items with a labelled reply below which no rate is given."""
_UNTUNED = "people alone"


@dataclass(frozen=True)
class PoweredRate:
    """An arm's error rate as people would find it over all replies that the judge labelled."""

    arm: str
    rate: Estimate
    """A proportion; n counts the replies that people labelled."""
    human_alone: Estimate
    """The same without the judge."""
    power: float | None
    """λ: 0 leaves the judge out, 1 trusts it wholly; None where there is no rate."""
    n_judged: int
    """Replies that the judge labelled, those that people labelled among them."""


@dataclass(frozen=True)
class PoweredContrast:
    """An arm − the reference, in percentage points."""

    arm: str
    reference: str
    difference: Estimate
    human_alone: Estimate


@dataclass(frozen=True)
class _Powered:
    """A rate with and without the judge, as sums over the items of all arms."""

    share: LinearShare
    human: LinearShare
    power: float
    n_judged: int


def powered_rate(
    labels: JudgeLabels, arm: str, power: float | None = None, level: float = 0.95
) -> PoweredRate:
    """An arm's error rate by PPI++.

    λ multiplies the judge's mean over all replies of the arm. The paper writes it for the mean
    over the N replies that people did not label; with equal chances its λ is N / (n + N) times
    this one, and the rate is the same.

    Args:
        power: λ; None finds the one in [0, 1] with the least variance, clustered by item.
    Returns:
        A proportion with Wilson's interval on the effective number of replies by item. Replies
        are weighted by the inverse of their chance to be drawn, and weights sum to one (Hájek).
    Raises:
        BadInput: a power outside [0, 1].
    Source: Angelopoulos, Duchi and Zrnic 2023, arXiv:2311.01453; Hájek 1971 for weights.
    """
    found = _power(labels, arm, power)
    n_judged = int(((labels.arm == arm) & labels.is_judged).sum())
    if isinstance(found, str):
        reason = not_estimable(found, UNIT, level)
        return PoweredRate(arm, reason, reason, None, n_judged)
    method = f"PPI++, λ = {found.power:.3f}, over {found.n_judged} judged replies"
    if not 0 <= found.share.value <= 1:
        method += f"; the value was {found.share.value:.3f} and is shown at the end of its range"
    return PoweredRate(
        arm=arm,
        rate=share_estimate(found.share, method, level),
        human_alone=share_estimate(found.human, _UNTUNED, level),
        power=found.power,
        n_judged=found.n_judged,
    )


def contrast_powered(
    labels: JudgeLabels, arm: str, reference: str, power: float | None = None, level: float = 0.95
) -> PoweredContrast:
    """How much more an arm errs than the reference, by PPI++ with a λ for each arm.

    Returns:
        Percentage points with a t interval by item, which counts that both arms share items.
    Raises:
        BadInput: a power outside [0, 1].
    """
    a, b = (_power(labels, name, power) for name in (arm, reference))
    if isinstance(a, str) or isinstance(b, str):
        reason = f"{arm}: {a}" if isinstance(a, str) else f"{reference}: {b}"
        none = not_estimable(reason, UNIT, level)
        return PoweredContrast(arm, reference, none, none)
    how = f"PPI++, λ = {a.power:.3f} and {b.power:.3f}"
    return PoweredContrast(
        arm=arm,
        reference=reference,
        difference=difference_estimate(subtract(a.share, b.share), how, level),
        human_alone=difference_estimate(subtract(a.human, b.human), _UNTUNED, level),
    )


def _power(labels: JudgeLabels, arm: str, power: float | None) -> _Powered | str:
    """The rate, or why there is none."""
    if power is not None and not 0 <= power <= 1:
        raise BadInput(f"expected a power from 0 to 1, got {power}; leave it out to have it tuned")
    of_arm = labels.arm == arm
    judged, labelled = of_arm & labels.is_judged, of_arm & labels.is_calibration
    items, item = np.unique(labels.item, return_inverse=True)
    n_labelled_items = len(np.unique(item[labelled]))
    if n_labelled_items < MIN_ITEMS:
        return (
            f"people labelled replies to {n_labelled_items} items of those that the judge "
            f"labelled, and {MIN_ITEMS} are needed"
        )
    weights = np.where(labelled, labels.weight, 0.0)
    human = weighted_share(labels.human, weights, item, len(items))
    of_labelled = weighted_share(labels.judged, weights, item, len(items))
    of_all = weighted_share(labels.judged, judged.astype(np.float64), item, len(items))
    # what the judge said is seen on every reply, so that nothing of it is hidden
    surplus = subtract(replace(of_labelled, unseen=0.0), replace(of_all, unseen=0.0))
    if power is None:
        power = _tune(human, surplus)
    value = human.value - power * surplus.value
    share = combine(value, human.n, human.n_units, (1.0, human), (-power, surplus))
    return _Powered(share, human, power, int(judged.sum()))


def _tune(human: LinearShare, surplus: LinearShare) -> float:
    """The λ in [0, 1] that leaves the least variance."""
    spread = float(surplus.additions @ surplus.additions)
    if spread == 0:
        return 0.0
    return min(1.0, max(0.0, float(human.additions @ surplus.additions) / spread))
