"""Judge check: a judge beside people, for a whole study, as one record.

Puts together what `judge_errors.py`, `corrected_rates.py`, `prediction_powered.py` and
`self_consistency.py` compute, per arm and for each arm against the original. Takes the grades by
rule as it takes a model's judgments. Where labels come from is for the caller to know.
"""

from dataclasses import dataclass

import numpy as np

from evaluation.statistics.corrected_rates import (
    RULE,
    CorrectedContrast,
    CorrectedRate,
    contrast_corrected,
    correct_rate,
)
from evaluation.statistics.judge_errors import Confusion, JudgeShift, confuse, shift_of_judge
from evaluation.statistics.judge_labels import JudgeLabels
from evaluation.statistics.prediction_powered import (
    PoweredContrast,
    PoweredRate,
    contrast_powered,
    powered_rate,
)
from evaluation.statistics.self_consistency import SelfConsistency, SwapFlips
from study.errors import BadTable
from study.records import ORIGINAL


@dataclass(frozen=True)
class ArmCheck:
    """A judge on the replies of one arm."""

    arm: str
    n_replies: int
    n_judged: int
    """Those that the judge calls an error or right."""
    n_labelled: int
    """Those that people labelled."""
    confusion: Confusion
    """Over all tasks."""
    by_task: tuple[Confusion, ...]
    corrected: CorrectedRate
    powered: PoweredRate


@dataclass(frozen=True)
class ContrastCheck:
    """An arm against the reference, by judge and by people."""

    arm: str
    shift: JudgeShift
    corrected: CorrectedContrast
    powered: PoweredContrast


@dataclass(frozen=True)
class JudgeCheck:
    """All that is known of a judge in one study."""

    judge: str
    """What labelled without people, in words."""
    level: float
    reference: str
    overall: Confusion
    """Over all arms and tasks."""
    arms: tuple[ArmCheck, ...]
    """The reference first."""
    contrasts: tuple[ContrastCheck, ...]
    """Of each other arm with the reference."""
    swap_flips: SwapFlips | None
    """None where the judge did not compare pairs."""
    consistency: SelfConsistency | None
    """None where nothing was asked twice."""
    rule: str
    """When a rate is corrected, in words."""


def check_judge(
    labels: JudgeLabels,
    judge: str,
    reference: str = ORIGINAL,
    swap_flips: SwapFlips | None = None,
    consistency: SelfConsistency | None = None,
    level: float = 0.95,
) -> JudgeCheck:
    """Compare a judge with people, per arm and task, and correct its error rates.

    Args:
        judge: a name for the record, such as `grades by rule`.
        swap_flips, consistency: where the judge was asked for them.
    Raises:
        BadTable: no replies, or none of the reference arm.
    """
    arms = [str(arm) for arm in np.unique(labels.arm)]
    if reference not in arms:
        told = ", ".join(map(repr, arms)) or "no replies"
        raise BadTable(
            f"expected replies of the arm {reference!r} to compare with, got {told}; name one of "
            "the arms as reference"
        )
    arms.sort(key=lambda arm: arm != reference)
    return JudgeCheck(
        judge=judge,
        level=level,
        reference=reference,
        overall=confuse(labels, None, None, level),
        arms=tuple(_check_arm(labels, arm, level) for arm in arms),
        contrasts=tuple(
            ContrastCheck(
                arm=arm,
                shift=shift_of_judge(labels, arm, reference, level),
                corrected=contrast_corrected(labels, arm, reference, level),
                powered=contrast_powered(labels, arm, reference, level=level),
            )
            for arm in arms[1:]
        ),
        swap_flips=swap_flips,
        consistency=consistency,
        rule=RULE,
    )


def _check_arm(labels: JudgeLabels, arm: str, level: float) -> ArmCheck:
    rows = labels.arm == arm
    tasks = [str(task) for task in np.unique(labels.task[rows])]
    return ArmCheck(
        arm=arm,
        n_replies=int(rows.sum()),
        n_judged=int((rows & labels.is_judged).sum()),
        n_labelled=int((rows & labels.is_labelled).sum()),
        confusion=confuse(labels, arm, None, level),
        by_task=tuple(confuse(labels, arm, task, level) for task in tasks),
        corrected=correct_rate(labels, arm, level),
        powered=powered_rate(labels, arm, level=level),
    )
