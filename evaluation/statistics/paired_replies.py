"""Paired replies: what an arm and the original answered to the same prompts, as errors.

One row per prompt that either of them answered; several replies of one arm to a prompt are
averaged. Gaps are made of them in `gaps.py`, tests cell by cell in `paired_tests.py`.
"""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from evaluation.statistics.columns import Floats, Rows
from evaluation.statistics.reply_codes import CellCodes, CodedReplies, Codes
from study.records import ORIGINAL


@dataclass(frozen=True)
class PairedReplies:
    """Columns of equal length, one row per prompt."""

    item: Codes
    cell: CellCodes
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

    def select(self, rows: Rows | Codes) -> "PairedReplies":
        """The prompts at some rows."""
        columns: dict[str, Any] = {field.name: getattr(self, field.name) for field in fields(self)}
        for name, column in columns.items():
            columns[name] = column.select(rows) if isinstance(column, CellCodes) else column[rows]
        return PairedReplies(**columns)


def pair_replies(replies: CodedReplies, arm: str, errors: Floats) -> PairedReplies:
    """Replies of an arm and the original, prompt by prompt.

    Args:
        errors: shape (n_replies,), by the definition that is wanted; NaN where not scored.
    """
    n_prompts = int(replies.prompt.max()) + 1 if len(replies) else 0
    of_arm, of_original = (replies.arm.rows_of(name) for name in (arm, ORIGINAL))
    in_arm, in_original = (
        _Side(errors[rows], replies.prompt[rows], n_prompts) for rows in (of_arm, of_original)
    )
    reply = np.zeros(n_prompts, dtype=np.intp)
    reply[replies.prompt] = np.arange(len(replies))  # any reply to a prompt tells its cell
    paired = PairedReplies(
        item=replies.item[reply],
        cell=replies.cell.select(reply),
        arm_errors=in_arm.mean(),
        original_errors=in_original.mean(),
        if_arm_right=in_arm.mean_if(0.0) - in_original.mean_if(1.0),
        if_arm_wrong=in_arm.mean_if(1.0) - in_original.mean_if(0.0),
        from_arm=in_arm.answers(),
        from_original=in_original.answers(),
    )
    return paired.select(paired.from_arm | paired.from_original)


@dataclass(frozen=True)
class _Side:
    """One arm's replies: errors with NaN where not scored, and the prompt of each."""

    errors: Floats
    prompt: Codes
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


def _mean_by_prompt(outcomes: Floats, prompt: Codes, n_prompts: int) -> Floats:
    n_counted = np.bincount(prompt, minlength=n_prompts)
    sums = np.bincount(prompt, weights=outcomes, minlength=n_prompts)
    means: Floats = np.divide(sums, n_counted, out=np.full(n_prompts, np.nan), where=n_counted > 0)
    return means
