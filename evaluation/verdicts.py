"""Verdicts: what a judge and people say of replies in a table from elsewhere, column by column.

Only read here; what comes of it is computed in `statistics/judge_check.py` and
`statistics/self_consistency.py`, and told in `judge_tables.py`.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluation.outside_tables import OutsideTable
from evaluation.statistics.judge_check import JudgeCheck, check_judge
from evaluation.statistics.judge_labels import make_judge_labels
from evaluation.statistics.self_consistency import (
    NO_ANSWER,
    SelfConsistency,
    SwapFlips,
    compute_self_consistency,
    compute_swap_flips,
)
from study.errors import BadInput, BadTable

_ALL = "all"
_LEFT_CHOSEN = {"left": 1.0, "equal": 0.5, "right": 0.0}


@dataclass(frozen=True)
class JudgeColumns:
    """Which column says what of a reply."""

    judge: str
    human: str
    arm: str | None = None
    """None where all replies are of one arm."""
    reference: str | None = None
    """The arm that others are compared with; None without arms."""
    task: str | None = None
    item: str | None = None
    """None takes each reply for an item of its own."""
    chance: str | None = None
    """None where people were given all replies of an arm with one chance."""
    again: tuple[str, ...] = ()
    """Further answers of the judge to the same replies."""

    @property
    def names(self) -> list[str]:
        """All of them, in the order above."""
        given = (self.judge, self.human, self.arm, self.task, self.item, self.chance, *self.again)
        return [name for name in given if name is not None]


def check_verdicts(table: OutsideTable, columns: JudgeColumns, seed: int) -> JudgeCheck:
    """A judge beside people, in a table of replies.

    Args:
        seed: of the interval of alpha, where the judge was asked again.
    Raises:
        BadInput: arms without a reference, or a reference without arms.
        BadTable: a cell of an arm, task, item or chance is empty, a verdict is neither 0 nor 1, a
            chance is not in (0, 1], or the reference is not among the arms.
    """
    if (columns.arm is None) != (columns.reference is None):
        raise BadInput(
            "expected a column of arms and the arm that is the reference, got one of them; give both "
            "or none"
        )
    table.refuse_empty([name for name in (columns.arm, columns.task, columns.item) if name])
    judged = table.truths(columns.judge)
    item = np.arange(len(table)) if columns.item is None else _texts(table, columns.item)
    labels = make_judge_labels(
        _texts(table, columns.arm),
        _texts(table, columns.task),
        item,
        judged,
        table.truths(columns.human),
        None if columns.chance is None else table.chances(columns.chance),
    )
    alone = " (each reply taken for an item of its own)" if columns.item is None else ""
    weighed = f" (labels weighed by “{columns.chance}”)" if columns.chance is not None else ""
    return check_judge(
        labels,
        f"“{columns.judge}”{alone}{weighed}",
        columns.reference or _ALL,
        consistency=_consistency(table, columns, judged, item, seed) if columns.again else None,
    )


def flip_sides(table: OutsideTable, first: str, swapped: str, item: str | None) -> SwapFlips:
    """What swapping the sides does to a judge's answers, in a table of pairs.

    Args:
        first, swapped: columns of `left`, `equal` or `right`, as the judge saw the sides each time;
            an empty cell is no answer.
        item: a column; None takes each pair for an item of its own.
    Raises:
        BadTable: another answer, or an empty item; the message names the first.
    """
    table.refuse_empty([item] if item else [])
    items = np.arange(len(table)) if item is None else _texts(table, item)
    return compute_swap_flips(_sides(table, first), _sides(table, swapped), items)


def _sides(table: OutsideTable, name: str) -> NDArray[np.float64]:
    found = np.full(len(table), np.nan)
    for row, cell in enumerate(table.columns[name]):
        if cell is None:
            continue
        if str(cell).lower() not in _LEFT_CHOSEN:
            raise BadTable(
                f"expected left, equal, right or an empty cell in column {name!r} of "
                f"{table.path.name}, got {str(cell)!r:.80} in row {row + 1} of the data; correct it"
            )
        found[row] = _LEFT_CHOSEN[str(cell).lower()]
    return found


def _texts(table: OutsideTable, name: str | None) -> NDArray[Any]:
    if name is None:
        return np.full(len(table), _ALL)
    return table.columns[name].astype(np.str_)


def _consistency(
    table: OutsideTable,
    columns: JudgeColumns,
    judged: NDArray[np.float64],
    item: NDArray[Any],
    seed: int,
) -> SelfConsistency:
    answers = np.column_stack([judged, *(table.truths(name) for name in columns.again)])
    words = np.where(np.isnan(answers), NO_ANSWER, np.where(answers == 1, "error", "right"))
    return compute_self_consistency(words, item, seed)
