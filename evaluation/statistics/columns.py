"""Columns: the study's rows as arrays that name the arms, and how rows are chosen from them.

Each array of a table has one entry per row, in the same order. `tables.py` alone fills them.
"""

from dataclasses import dataclass, fields
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from study.errors import BadTable

Texts = NDArray[np.str_]
AnyTexts = NDArray[Any]
"""Text of one width, or as Python has it: to copy half a million ids into one width takes as long as
all that is computed of them."""
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Rows = NDArray[np.bool_]


@dataclass(frozen=True)
class Condition:
    """Context × belief; a part that is None is pooled over."""

    context: str | None
    belief: str | None


@dataclass(frozen=True)
class Cell:
    """Task × condition; a part that is None is pooled over."""

    task: str | None
    condition: Condition


@dataclass(frozen=True)
class PreferenceTable:
    """One row per assignment that was rated, coded for the arm compared with the original."""

    pair: Texts
    item: Texts
    task: Texts
    context: Texts
    belief: Texts
    rater: Texts
    arm: Texts
    """The arm that was compared with the original."""
    warmer_code: Floats
    """−2 original clearly warmer … 2 compared arm clearly warmer."""
    first_code: Floats
    """That answer for the pair's own first reply instead, which tells nothing of the arms."""
    accurate_code: Floats
    """As `warmer_code`, for more accurate; NaN where the rater could not judge."""
    warmer: Floats
    """1 compared arm warmer, 0.5 equal, 0 original warmer."""
    accurate: Floats
    """The same for more accurate; NaN where the rater could not judge."""
    both_bad: Rows
    """The rater called both replies bad."""
    arm_is_left: Rows
    """The compared arm's reply stood left."""
    chose_left: Floats
    """1 left reply called warmer, 0.5 equal, 0 the right one."""
    arm_characters: Floats
    """Length of the compared arm's reply."""
    original_characters: Floats
    position: Ints
    """Place in the order in which this rater was given everything, checks included."""
    rated_at_s: Floats
    """When its first revision came, in seconds since 1970."""
    seconds: Floats
    """Time in use before the first revision: a change of mind does not add to it."""

    def __len__(self) -> int:
        return len(self.pair)


@dataclass(frozen=True)
class ResponseTable:
    """One row per response, with the label that counts."""

    response: AnyTexts
    prompt: AnyTexts
    item: AnyTexts
    task: AnyTexts
    context: AnyTexts
    belief: AnyTexts
    arm: AnyTexts
    sample: Ints
    """0 for the first of several replies of an arm to one prompt."""
    label: AnyTexts
    label_source: AnyTexts
    """`audit`, `human`, `judge`, `grade`, or `none` where the label only says that there is none."""
    grade_label: AnyTexts
    """The label by grade alone."""
    human_label: AnyTexts
    """What a strict majority of the reply's raters said; empty where none did or nobody rated it."""
    is_disputed: Rows
    """Raters said different things of the reply, and none of them by a majority."""
    says_refusal: Rows
    """The grade found words of refusal, whatever the label."""
    is_cut: Rows
    """The token limit ended the reply, whatever its label."""
    n_characters: Floats
    """Length of the text; NaN where there is none."""
    auditors_disagree: Rows
    """Auditors ruled differently, and the newest ruling was taken."""

    def __len__(self) -> int:
        return len(self.response)


@dataclass(frozen=True)
class MeterTable:
    """One row per pair of which one measure scored both replies, coded for the compared arm."""

    pair: Texts
    item: Texts
    arm: Texts
    """The arm that is compared with the original."""
    difference: Floats
    """Score of the arm's reply less that of the original's; NaN where one says nothing."""

    def __len__(self) -> int:
        return len(self.pair)


@dataclass(frozen=True)
class LengthColumns:
    """Columns of equal length, one row per reply."""

    arm: AnyTexts
    prompt: AnyTexts
    item: AnyTexts
    n_characters: Floats
    """NaN where there is no text."""
    n_tokens: Floats
    """NaN where there is no text, or the server did not count."""
    is_cut: Rows
    """The token limit ended the reply."""

    def select(self, rows: Rows) -> "LengthColumns":
        """The replies at some rows."""
        return LengthColumns(
            self.arm[rows],
            self.prompt[rows],
            self.item[rows],
            self.n_characters[rows],
            self.n_tokens[rows],
            self.is_cut[rows],
        )


AnyTable = TypeVar("AnyTable", PreferenceTable, ResponseTable, MeterTable)


def select_rows(table: AnyTable, rows: Rows) -> AnyTable:
    """The rows of a table where `rows`, shape (n_rows,), is true."""
    columns = {field.name: getattr(table, field.name)[rows] for field in fields(table)}
    return type(table)(**columns)


def join_tables(one: PreferenceTable, other: PreferenceTable) -> PreferenceTable:
    """The rows of both tables."""
    columns = {
        field.name: np.concatenate([getattr(one, field.name), getattr(other, field.name)])
        for field in fields(one)
    }
    return PreferenceTable(**columns)


def rows_in(table: PreferenceTable | ResponseTable, condition: Condition) -> Rows:
    """Which rows are in a condition, shape (n_rows,)."""
    rows = np.ones(len(table), dtype=np.bool_)
    if condition.context is not None:
        rows &= table.context == condition.context
    if condition.belief is not None:
        rows &= table.belief == condition.belief
    return rows


def refuse_gaps(columns: dict[str, NDArray[Any]], noun: str, key: str) -> None:
    """Refuse columns of a joined query in which a row found no partner.

    Raises:
        BadTable: there is one; the message names the first.
    """
    # a column with a NULL arrives as a masked array, and only then
    for name, column in columns.items():
        missing = np.ma.getmaskarray(column)
        if missing.any():
            row = columns[key][int(np.flatnonzero(missing)[0])]
            raise BadTable(
                f"expected every {noun} to lead to a stored {name}, {noun} {row} does not; hand "
                "in the stage that made it"
            )
