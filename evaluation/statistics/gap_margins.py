"""Gaps by task, by context and by belief, each pooled over the others, for a forest plot.

How a gap is computed is in `gaps.py`; gaps per condition, not pooled, are in `results.py`. A
factor with one level only would repeat the gap over all prompts and has no margin.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from evaluation.statistics.columns import Condition, ResponseTable, Rows, rows_in, select_rows
from evaluation.statistics.error_rates import OVERALL
from evaluation.statistics.gaps import NO_BELIEF, Gap, compute_gaps
from study.records import ORIGINAL

Factor = Literal["all", "task", "context", "belief"]


@dataclass(frozen=True)
class GapMargin:
    """The gap of one arm at one level of one factor."""

    factor: Factor
    level_name: str
    """The task, context or belief; `all` for all prompts."""
    gap: Gap


def compute_gap_margins(
    table: ResponseTable, arms: Sequence[str], level: float = 0.95
) -> tuple[GapMargin, ...]:
    """Gaps to the original over all prompts, then by task, by context and by belief.

    Args:
        table: replies of all arms, the original's among them.
        arms: those that are compared; the order within each level.
    Returns:
        Gaps in percentage points; a level comes with every arm before the next level does.
    """
    whole = {arm: select_rows(table, np.isin(table.arm, (arm, ORIGINAL))) for arm in arms}
    margins = []
    for factor, level_name in (("all", "all"), *_levels(table)):
        for arm, of_arm in whole.items():
            cell = select_rows(of_arm, _rows_of(of_arm, factor, level_name))
            condition = _condition(factor, level_name)
            (gap,) = compute_gaps(cell, arm, (condition,), level)
            margins.append(GapMargin(factor, level_name, gap))
    return tuple(margins)


def _levels(table: ResponseTable) -> list[tuple[Factor, str]]:
    columns: tuple[tuple[Factor, Sequence[str]], ...] = (
        ("task", np.unique(table.task).tolist()),
        ("context", np.unique(table.context).tolist()),
        ("belief", np.unique(table.belief).tolist()),
    )
    return [
        (factor, name)
        for factor, names in columns
        if len(names) > 1
        for name in sorted(names, key=lambda name: (name != NO_BELIEF, name))
    ]


def _rows_of(table: ResponseTable, factor: Factor, level_name: str) -> Rows:
    if factor == "task":
        of_task: Rows = table.task == level_name
        return of_task
    return rows_in(table, _condition(factor, level_name))


def _condition(factor: Factor, level_name: str) -> Condition:
    if factor == "context":
        return Condition(level_name, None)
    return Condition(None, level_name) if factor == "belief" else OVERALL
