"""Error rates and adoption rates per arm, task and condition.

Works on the unblinded replies of `tables.py`, coded. Which labels count is said in `outcomes.py` and
nowhere else; replies that do not count are counted by label and bounded. People see a selection of
the replies, so that their labels correct one way; where there are any, each rate stands beside the
same by grade alone. Arms are compared in `gaps.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from evaluation.statistics.columns import Cell, Condition, Floats
from evaluation.statistics.intervals import Ids, not_estimable, wilson_bounds
from evaluation.statistics.outcomes import LABELS, ErrorDefinition, is_adoption, meanings_of
from evaluation.statistics.proportions import UNIT, rate
from evaluation.statistics.reply_codes import SOURCE_NAMES, CodedReplies, Codes
from study.records import Estimate

ASSERTS_WRONG = "asserts_wrong"
DENIES_RIGHT = "denies_right"
OVERALL = Condition(None, None)
EVERYTHING = Cell(None, OVERALL)


@dataclass(frozen=True)
class ErrorRate:
    """How often one arm erred in one cell, by one definition of an error."""

    arm: str
    task: str | None
    """None where tasks are pooled."""
    condition: Condition
    rate: Estimate
    """A proportion of the scored replies, clustered by item."""
    unclustered: Estimate
    """The same with Wilson's interval, replies taken as independent."""
    by_grade: Estimate | None
    """The rate by grade alone; None while every label of the study is a grade."""
    if_excluded_right: float | None
    """The rate if every reply outside the denominator were right; None without replies."""
    if_excluded_wrong: float | None
    """The rate if every one of them were wrong."""
    counts: dict[str, int]
    """Replies by label; every label has a key."""
    n_replies: int
    n_scored: int
    """Replies that the definition counts: the denominator."""
    n_cut: int
    """Scored replies that the token limit cut."""
    n_by_source: dict[str, int]
    """Replies by who gave the label that counts; every source has a key, and so has none."""
    n_disputed: int
    """Replies whose raters gave no majority, so that another source labelled them."""
    n_audited: int
    """Replies whose label an auditor decided."""
    n_changed: int
    """Audited replies whose label is another than the grade's."""
    n_changed_by_raters: int
    """Replies whose label raters decided, and differently from the grade."""


@dataclass(frozen=True)
class AdoptionRate:
    """How often an arm took over what the user stated."""

    arm: str
    belief: str
    """What was stated: the wrong answer, or that the right one is not right."""
    rate: Estimate
    by_grade: Estimate | None
    """The rate by grade alone; None while every label of the study is a grade."""
    n_cut: int
    """Counted replies that the token limit cut after they had answered."""
    uncut: Estimate
    """The rate over the counted replies that were not cut."""


def compute_error_rates(
    replies: CodedReplies,
    arm: str,
    cells: Sequence[Cell],
    definition: ErrorDefinition,
    level: float,
) -> tuple[ErrorRate, ...]:
    """The error rate of one arm in each cell, with counts and bounds."""
    of_arm = replies.select(replies.arm.rows_of(arm))
    errors = of_arm.errors(definition)
    by_grade = None if replies.is_graded_alone else of_arm.errors_by_grade(definition)
    found = []
    for cell, rows in zip(cells, of_arm.cell.rows_by_cell(cells), strict=True):
        graded = None
        if by_grade is not None:
            graded = _rate_or_reason(by_grade[rows], of_arm.item[rows], level)
        found.append(_error_rate(of_arm, rows, arm, cell, errors[rows], graded, level))
    return tuple(found)


def _error_rate(
    of_arm: CodedReplies,
    rows: Codes,
    arm: str,
    cell: Cell,
    errors: Floats,
    by_grade: Estimate | None,
    level: float,
) -> ErrorRate:
    scored = ~np.isnan(errors)
    n_replies, n_scored, n_errors = len(rows), int(scored.sum()), float(np.nansum(errors))
    # a thousand cells are looked up: only the columns that are counted are cut out
    label, source = of_arm.label[rows], of_arm.source[rows]
    is_other = label != of_arm.grade_label[rows]
    from_auditor, from_raters = (source == SOURCE_NAMES.index(name) for name in ("audit", "human"))
    return ErrorRate(
        arm=arm,
        task=cell.task,
        condition=cell.condition,
        rate=_rate_or_reason(errors, of_arm.item[rows], level),
        unclustered=_unclustered_rate(errors, level),
        by_grade=by_grade,
        if_excluded_right=n_errors / n_replies if n_replies else None,
        if_excluded_wrong=(n_errors + n_replies - n_scored) / n_replies if n_replies else None,
        counts=_count(LABELS, label),
        n_replies=n_replies,
        n_scored=n_scored,
        n_cut=int((scored & of_arm.is_cut[rows]).sum()),
        n_by_source=_count(SOURCE_NAMES, source),
        n_disputed=int(of_arm.is_disputed[rows].sum()),
        n_audited=int(from_auditor.sum()),
        n_changed=int((is_other & from_auditor).sum()),
        n_changed_by_raters=int((is_other & from_raters).sum()),
    )


def _count(names: Sequence[str], codes: Codes) -> dict[str, int]:
    """How often each name occurs; every name has a key."""
    counts = np.bincount(codes, minlength=len(names))
    return {name: int(n) for name, n in zip(names, counts, strict=True)}


def compute_adoption_rate(
    replies: CodedReplies, arm: str, belief: str, level: float
) -> AdoptionRate:
    """The share of an arm's replies that adopt the user's answer, where one was stated."""
    adopts = meanings_of(is_adoption)
    told = replies.select(replies.arm.rows_of(arm) & replies.cell.belief.rows_of(belief))
    counted = ~np.isnan(adopts[told.label])
    uncut = told.select(~told.is_cut)
    by_grade = None
    if not replies.is_graded_alone:
        by_grade = _rate_or_reason(adopts[told.grade_label], told.item, level)
    return AdoptionRate(
        arm=arm,
        belief=belief,
        rate=_rate_or_reason(adopts[told.label], told.item, level),
        by_grade=by_grade,
        n_cut=int((counted & told.is_cut).sum()),
        uncut=_rate_or_reason(adopts[uncut.label], uncut.item, level),
    )


def _rate_or_reason(outcomes: Floats, items: Ids, level: float) -> Estimate:
    counted = ~np.isnan(outcomes)
    if not counted.any():
        return not_estimable(_why_no_rate(outcomes), UNIT, level)
    return rate(outcomes[counted], items[counted], level)


def _unclustered_rate(outcomes: Floats, level: float) -> Estimate:
    counted = outcomes[~np.isnan(outcomes)]
    n = len(counted)
    if not n:
        return not_estimable(_why_no_rate(outcomes), "reply", level)
    share = float(counted.mean())
    low, high = wilson_bounds(share, n, float(ndtri((1 + level) / 2)))
    method = "Wilson, replies taken as independent"
    return Estimate(share, low, high, level, n, n, "reply", method, None)


def _why_no_rate(outcomes: Floats) -> str:
    if not len(outcomes):
        return "no replies yet"
    return f"no reply out of {len(outcomes)} has a label that counts here"
