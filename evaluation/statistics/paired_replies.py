"""Paired replies: what an arm and the original answered to the same prompts, as errors.

One row per prompt that either of them answered; several replies of one arm to a prompt are
averaged. Gaps are made of them in `gaps.py`, tests cell by cell in `paired_tests.py`.
"""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from evaluation.statistics.columns import Cell, Floats, ResponseTable, Rows, Texts, select_rows
from evaluation.statistics.outcomes import ErrorDefinition, errors_of
from study.records import ORIGINAL

Indices = NDArray[np.intp]


@dataclass(frozen=True)
class PairedReplies:
    """Columns of equal length, one row per prompt."""

    item: Indices
    task: Texts
    context: Texts
    belief: Texts
    arm_errors: Floats
    """Share of errors among the arm's replies; NaN where none was scored."""
    original_errors: Floats
    if_arm_right: Floats
    """Arm − original at its lowest, whatever the replies are that were not scored."""
    if_arm_wrong: Floats
    """The same at its highest."""
    from_arm: Rows
    """The arm has a reply, scored or not."""
    from_original: Rows

    def __len__(self) -> int:
        return len(self.item)

    @property
    def scored(self) -> Rows:
        """Prompts that were scored in both arms."""
        return ~np.isnan(self.arm_errors) & ~np.isnan(self.original_errors)

    @property
    def has_both(self) -> bool:
        """Each of the two has a reply to some prompt."""
        return bool(self.from_arm.any() and self.from_original.any())

    def select(self, rows: Rows) -> "PairedReplies":
        """The prompts where `rows`, shape (n_prompts,), is true."""
        return PairedReplies(
            **{field.name: getattr(self, field.name)[rows] for field in fields(self)}
        )

    def select_cell(self, cell: Cell) -> "PairedReplies":
        """The prompts of a cell."""
        rows = np.ones(len(self), dtype=np.bool_)
        for column, wanted in (
            (self.task, cell.task),
            (self.context, cell.condition.context),
            (self.belief, cell.condition.belief),
        ):
            if wanted is not None:
                rows &= column == wanted
        return self.select(rows)


def pair_replies(table: ResponseTable, arm: str, definition: ErrorDefinition) -> PairedReplies:
    """Replies of an arm and the original, prompt by prompt.

    Raises:
        BadTable: a label is not known.
    """
    both = select_rows(table, (table.arm == arm) | (table.arm == ORIGINAL))
    prompts, first, index = np.unique(both.prompt, return_index=True, return_inverse=True)
    errors = errors_of(both, definition)
    of_arm = both.arm == arm
    sides = [
        _Side(errors[rows], index[rows], len(prompts)) for rows in (of_arm, both.arm == ORIGINAL)
    ]
    _, item = np.unique(both.item[first], return_inverse=True)
    in_arm, in_original = sides
    return PairedReplies(
        item=item,
        task=both.task[first],
        context=both.context[first],
        belief=both.belief[first],
        arm_errors=in_arm.mean(),
        original_errors=in_original.mean(),
        if_arm_right=in_arm.mean_if(0.0) - in_original.mean_if(1.0),
        if_arm_wrong=in_arm.mean_if(1.0) - in_original.mean_if(0.0),
        from_arm=in_arm.answers(),
        from_original=in_original.answers(),
    )


@dataclass(frozen=True)
class _Side:
    """One arm's replies: errors with NaN where not scored, and the prompt of each."""

    errors: Floats
    prompt: Indices
    n_prompts: int

    def mean(self) -> Floats:
        counted = ~np.isnan(self.errors)
        return _mean_by_prompt(self.errors[counted], self.prompt[counted], self.n_prompts)

    def mean_if(self, value: float) -> Floats:
        """The mean were every reply that is not scored, or not there, of that value."""
        filled = np.nan_to_num(self.errors, nan=value)
        means: Floats = np.nan_to_num(
            _mean_by_prompt(filled, self.prompt, self.n_prompts), nan=value
        )
        return means

    def answers(self) -> Rows:
        return np.bincount(self.prompt, minlength=self.n_prompts) > 0


def _mean_by_prompt(outcomes: Floats, prompt: Indices, n_prompts: int) -> Floats:
    n_counted = np.bincount(prompt, minlength=n_prompts)
    sums = np.bincount(prompt, weights=outcomes, minlength=n_prompts)
    means: Floats = np.divide(sums, n_counted, out=np.full(n_prompts, np.nan), where=n_counted > 0)
    return means
