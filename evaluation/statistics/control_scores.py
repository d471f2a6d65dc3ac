"""Control scores: how many questions of a control set each arm solves, or how often it refuses.

Works on arrays that name the arms. Every question stands once per arm, so that questions are the
independent units, Wilson's and Newcombe's intervals fit, and counts of pairs say all for McNemar's
exact test. What cannot be told is left out, counted and bounded, never a default.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from evaluation.statistics.columns import AnyTexts, Floats, Rows
from evaluation.statistics.families import AdjustedP, adjust_in_family
from evaluation.statistics.intervals import share_of_units
from evaluation.statistics.outcomes import DISINFORMATION, LABELS
from evaluation.statistics.paired_tests import PairCounts, exact_mcnemar, newcombe_paired
from study.records import ORIGINAL, Estimate

Measure = Literal["accuracy", "refusals"]
UNIT = "item"
FAMILY = "exact McNemar tests of each arm against the original, one per control set"
_CANNOT_TELL = ("unscored", "failed")


@dataclass(frozen=True)
class ControlColumns:
    """Columns of equal length, one row per arm and question of one control set."""

    arm: AnyTexts
    question: AnyTexts
    label: AnyTexts
    """By the newest grade; `unscored` where there is none yet."""
    refuses: Floats
    """1 or 0; NaN where nobody can tell."""
    refuses_to_study: Floats
    """The same by a pattern like that of the study of 2025."""
    is_cut: Rows

    def select(self, rows: Rows) -> "ControlColumns":
        """The replies at some rows."""
        return ControlColumns(
            self.arm[rows],
            self.question[rows],
            self.label[rows],
            self.refuses[rows],
            self.refuses_to_study[rows],
            self.is_cut[rows],
        )

    def outcomes(self, control: str, measure: Measure) -> Floats:
        """1 where a question is solved, or refused; NaN where nobody can tell.

        A reply that refuses, hedges, gives no answer or was cut before one has not solved its
        question, as benchmarks count; only in disinformation a refusal is right.
        """
        if measure == "refusals":
            return self.refuses
        right = ["correct", "refuses"] if control == DISINFORMATION else ["correct"]
        solved = np.isin(self.label.astype(str), right).astype(np.float64)
        solved[np.isin(self.label.astype(str), _CANNOT_TELL)] = np.nan
        return solved


@dataclass(frozen=True)
class ControlScore:
    """One arm on one control set."""

    arm: str
    control: str
    measure: Measure
    """`accuracy`, or `refusals` where nothing is right or wrong."""
    share: Estimate
    """Of the questions that could be told: solved, or refused."""
    n_questions: int
    """Questions that the arm was asked."""
    n_cannot_tell: int
    if_rest_not: float | None
    """The share if none of the rest were solved, or refused; None without replies."""
    if_rest_all: float | None
    """The share if all of the rest were."""
    counts: dict[str, int]
    """Replies by label; every label has a key."""
    n_cut: int
    """Replies that the token limit ended, whatever their label."""
    by_study_pattern: Estimate | None
    """Refusals by a pattern like that of the study of 2025; None for accuracy."""
    pairs: PairCounts | None
    """Questions that could be told in both arms, by which of the two solved, or refused; None for
    the original."""
    difference: Estimate | None
    """Arm − original in percentage points, over these."""
    test: AdjustedP | None
    """McNemar's exact test, two-sided; None without such questions."""


def compute_control_scores(
    columns: ControlColumns, arms: Sequence[str], control: str, measure: Measure, level: float
) -> tuple[ControlScore, ...]:
    """The scores of every arm on one control set, the tests not adjusted yet."""
    original = columns.select(columns.arm == ORIGINAL)
    return tuple(
        _score(columns.select(columns.arm == arm), original, arm, control, measure, level)
        for arm in arms
    )


def adjust_scores(scores: Sequence[ControlScore]) -> tuple[ControlScore, ...]:
    """The same scores, every arm beside the original on every set being one family of tests."""
    tested = [one.pairs for one in scores if one.pairs is not None and one.pairs.n]
    p_values = [exact_mcnemar(pairs.n_arm_only, pairs.n_original_only) for pairs in tested]
    adjusted = iter(adjust_in_family(np.array(p_values, dtype=np.float64), FAMILY))
    return tuple(
        replace(one, test=next(adjusted)) if one.pairs is not None and one.pairs.n else one
        for one in scores
    )


def _score(
    own: ControlColumns,
    original: ControlColumns,
    arm: str,
    control: str,
    measure: Measure,
    level: float,
) -> ControlScore:
    outcomes = own.outcomes(control, measure)
    n, n_left = len(outcomes), int(np.isnan(outcomes).sum())
    n_true = int(np.nansum(outcomes))
    pairs = None if arm == ORIGINAL else _count_pairs(own, original, control, measure)
    labels = own.label.tolist()
    return ControlScore(
        arm=arm,
        control=control,
        measure=measure,
        share=share_of_units(n_true, n - n_left, UNIT, level),
        n_questions=n,
        n_cannot_tell=n_left,
        if_rest_not=n_true / n if n else None,
        if_rest_all=(n_true + n_left) / n if n else None,
        counts={label: labels.count(label) for label in LABELS},
        n_cut=int(own.is_cut.sum()),
        by_study_pattern=_share(own.refuses_to_study, level) if measure == "refusals" else None,
        pairs=pairs,
        difference=None if pairs is None else newcombe_paired(pairs, level),
        test=None,
    )


def _share(outcomes: Floats, level: float) -> Estimate:
    told = outcomes[~np.isnan(outcomes)]
    return share_of_units(int(told.sum()), len(told), UNIT, level)


def _count_pairs(
    own: ControlColumns, original: ControlColumns, control: str, measure: Measure
) -> PairCounts:
    _, places, places_of_original = np.intersect1d(
        own.question.astype(str), original.question.astype(str), return_indices=True
    )
    of_arm = own.outcomes(control, measure)[places]
    of_original = original.outcomes(control, measure)[places_of_original]
    told = ~np.isnan(of_arm) & ~np.isnan(of_original)
    in_arm, in_original = of_arm[told] == 1, of_original[told] == 1
    return PairCounts(
        n_both=int((in_arm & in_original).sum()),
        n_arm_only=int((in_arm & ~in_original).sum()),
        n_original_only=int((~in_arm & in_original).sum()),
        n_neither=int((~in_arm & ~in_original).sum()),
    )
