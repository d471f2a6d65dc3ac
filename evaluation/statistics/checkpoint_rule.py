"""The checkpoint rule: which saved state of an arm is taken, by warmth that a meter measured.

A checkpoint's warmth is the mean difference of its score from the original's to the same message,
so that messages which are warm by themselves cancel. Arrays come in; how they were scored is in
`evaluation/warmth.py`. What cannot be told is no choice.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evaluation.statistics.intervals import (
    Values,
    count_of,
    mean_by_unit,
    not_estimable,
)
from study.errors import BadTable
from study.records import Estimate
from study.settings import CheckpointRule

UNIT = "message"
FEWEST_MESSAGES = 10
"""Below it a standard error says little: of 10, its own relative error is about a quarter."""


@dataclass(frozen=True)
class CheckpointWarmth:
    """How warm one checkpoint sounds beside the original."""

    epochs: float
    warmth: Estimate
    """Mean over messages of its score − the original's, nats per token."""
    stderr: float | None
    """Of that mean; None where the messages show no spread."""


@dataclass(frozen=True)
class RuleOutcome:
    """What a rule comes to."""

    epochs: float | None
    """Of the chosen checkpoint; None when it could not be told."""
    reason: str
    """Why this one, or why none."""
    bar: float | None = None
    """The warmth that the rule asks of a checkpoint; None where it asks for none."""


def measure_warmth(
    epochs: Sequence[float], scores: Values, original: Values, level: float = 0.95
) -> list[CheckpointWarmth]:
    """The warmth of each checkpoint, with a t interval over messages.

    Args:
        epochs: of the checkpoints, rising.
        scores: shape (n_checkpoints, n_messages).
        original: shape (n_messages,); the original's scores of the same messages.
    Raises:
        BadTable: arrays that do not belong together, or a score that is no number.
    """
    if scores.shape != (len(epochs), len(original)):
        raise BadTable(
            f"expected scores of {len(epochs)} checkpoints by {len(original)} messages, got shape "
            f"{scores.shape}; pass one row for each checkpoint"
        )
    return [
        _measure(one, of_one - original, level) for one, of_one in zip(epochs, scores, strict=True)
    ]


def _measure(epochs: float, differences: Values, level: float) -> CheckpointWarmth:
    if not len(differences):
        return CheckpointWarmth(epochs, not_estimable("no message was scored", UNIT, level), None)
    found = mean_by_unit(differences, np.arange(len(differences)), UNIT, level, noun="difference")
    return CheckpointWarmth(epochs, found.estimate, found.stderr)


def apply_rule(rule: CheckpointRule, found: Sequence[CheckpointWarmth]) -> RuleOutcome:
    """Choose a checkpoint.

    Args:
        found: by rising epochs.
    Returns:
        `first_within_one_se`: the first whose mean is not below that of the warmest by more than
        the warmest's standard error; `best`: the warmest, of equals the first; `last`: the last,
        whatever was measured.
    Source: Breiman et al. 1984, Classification and Regression Trees, section 3.4.3, for the rule
        of one standard error.
    """
    if rule == "last":
        return RuleOutcome(found[-1].epochs, "the last one, as the rule says")
    if len(found) < 2:
        return RuleOutcome(None, "could not tell: only one checkpoint was kept")
    n = found[0].warmth.n
    if n < FEWEST_MESSAGES:
        told = count_of(n, UNIT)
        reason = f"could not tell: {told} scored for all, at least {FEWEST_MESSAGES} are needed"
        return RuleOutcome(None, reason)
    best = max(found, key=_mean)  # of equals the first
    if rule == "best":
        return RuleOutcome(best.epochs, f"the warmest, {_told(best)}{_caution(best)}")
    if best.stderr is None:
        return RuleOutcome(None, "could not tell: the warmest has no standard error")
    bar = _mean(best) - best.stderr
    first = next(one for one in found if _mean(one) >= bar)
    return RuleOutcome(
        first.epochs,
        f"the first that is not below {bar:+.4f}, one standard error ({best.stderr:.4f}) under the "
        f"warmest ({_told(best)}){_caution(first)}".replace("-", "−"),
        bar,
    )


def _mean(one: CheckpointWarmth) -> float:
    assert one.warmth.value is not None, "messages were scored"
    return one.warmth.value


def _told(one: CheckpointWarmth) -> str:
    return f"{_mean(one):+.4f} at epoch {one.epochs:g}".replace("-", "−")


def _caution(one: CheckpointWarmth) -> str:
    low = one.warmth.low
    if low is not None and low > 0:
        return ""
    return "; it is not shown to be warmer than the original"
