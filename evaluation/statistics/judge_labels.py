"""Judge labels: what a judge said of replies, beside what people said of some of them.

A judge is anything that labels without people: a model, or the grades by rule. People's labels are
the truth here. A reply that a judge calls neither an error nor right, and one that nobody labelled,
is NaN and never 0; each is counted. What is computed from the labels lives in `judge_errors.py`,
`corrected_rates.py` and `prediction_powered.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluation.statistics.columns import Floats, Rows, Texts
from evaluation.statistics.outcomes import OURS, outcomes_of
from study.errors import BadTable

NO_LABEL = ""
"""The label of a reply that nobody has labelled."""


@dataclass(frozen=True)
class JudgeLabels:
    """One row per reply."""

    arm: Texts
    task: Texts
    item: Texts
    judged: Floats
    """1 the judge calls it an error, 0 right, NaN neither or no verdict."""
    human: Floats
    """The same by people; NaN where nobody labelled the reply, or people call it neither."""
    weight: Floats
    """How many replies this one stands for if people labelled it; only ratios matter."""
    is_labelled: Rows
    """People labelled it, whatever they said."""

    def __len__(self) -> int:
        return len(self.arm)

    @property
    def is_calibration(self) -> Rows:
        """Which replies tell how the judge errs: both call them an error or right."""
        return ~np.isnan(self.judged) & ~np.isnan(self.human)

    @property
    def is_judged(self) -> Rows:
        """Which replies the judge calls an error or right."""
        return ~np.isnan(self.judged)


def make_judge_labels(
    arm: NDArray[Any],
    task: NDArray[Any],
    item: NDArray[Any],
    judged: Floats,
    human: Floats,
    chance: Floats | None = None,
    is_labelled: Rows | None = None,
) -> JudgeLabels:
    """Labels that belong together.

    Args:
        arm, task, item: shape (n_replies,).
        judged, human: shape (n_replies,); 1.0 error, 0.0 right, NaN neither or no label.
        chance: shape (n_replies,), in (0, 1]; the probability, known before, with which each
            reply was drawn for people. None where all replies of an arm had the same one.
            Replies that people saw because somebody doubted them have none, and may not stand here.
        is_labelled: shape (n_replies,); None where people call each labelled reply an error or right.
    Raises:
        BadTable: arrays of unequal length, a value other than 0, 1 and NaN, or a chance outside
            (0, 1].
    """
    is_labelled = ~np.isnan(human) if is_labelled is None else is_labelled
    chance = np.ones(len(judged)) if chance is None else chance
    shapes = [np.shape(column) for column in (arm, task, item, judged, human, chance, is_labelled)]
    if any(shape != (len(judged),) for shape in shapes):
        raise BadTable(
            f"expected flat arrays of one length, got shapes {shapes}; pass one value per reply"
        )
    for name, values in (("judge", judged), ("people", human)):
        bad = ~(np.isnan(values) | np.isin(values, (0.0, 1.0)))
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            raise BadTable(
                f"expected 0, 1 or NaN as the label by {name}, got {values[row]} at position "
                f"{row}; code an error as 1 and a right reply as 0"
            )
    if not ((chance > 0) & (chance <= 1)).all():
        row = int(np.flatnonzero(~((chance > 0) & (chance <= 1)))[0])
        raise BadTable(
            f"expected a chance above 0 and at most 1, got {chance[row]} at position {row}; a reply "
            "that could not be drawn for people cannot be told about"
        )
    arms, tasks, items = (np.asarray(column).astype(np.str_) for column in (arm, task, item))
    return JudgeLabels(arms, tasks, items, judged, human, 1 / chance, is_labelled)


def code_judge_labels(
    arm: NDArray[Any],
    task: NDArray[Any],
    item: NDArray[Any],
    judge_labels: Texts,
    human_labels: Texts,
    meaning: Callable[[str], bool | None] = OURS.is_error,
    chance: Floats | None = None,
) -> JudgeLabels:
    """Labels out of words, such as grades and what people ruled.

    Args:
        judge_labels, human_labels: shape (n_replies,); each one of `outcomes.LABELS`, or
            `NO_LABEL` where there is none.
        meaning: what counts, `is_error` of a definition or `is_adoption`.
        chance: as in `make_judge_labels`.
    Raises:
        BadTable: an unknown label, or as `make_judge_labels`.
    """
    judged, human = (_outcomes(labels, meaning) for labels in (judge_labels, human_labels))
    is_labelled: Rows = human_labels != NO_LABEL
    return make_judge_labels(arm, task, item, judged, human, chance, is_labelled)


def select_labels(labels: JudgeLabels, rows: Rows) -> JudgeLabels:
    """The labels where `rows`, shape (n_replies,), is true."""
    columns = {field.name: getattr(labels, field.name)[rows] for field in fields(labels)}
    return JudgeLabels(**columns)


def _outcomes(labels: Texts, meaning: Callable[[str], bool | None]) -> Floats:
    found = np.full(len(labels), np.nan)
    given = labels != NO_LABEL
    found[given] = outcomes_of(labels[given], meaning)
    return found
