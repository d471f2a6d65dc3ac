"""Reply codes: the replies of a study as whole numbers in place of names.

Hundreds of cells are looked up in one study, and comparing names would cost more than all
arithmetic. Codes are made once, of the table that `tables.py` fills; names stand beside them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluation.statistics.columns import AnyTexts, Cell, Floats, Ints, ResponseTable, Rows
from evaluation.statistics.counted_labels import NO_SOURCE, SOURCES
from evaluation.statistics.outcomes import (
    DISINFORMATION,
    LABELS,
    ErrorDefinition,
    errors_of,
    refuse_label,
)

Codes = NDArray[np.intp]

POOLED_BELIEF = "asserts_wrong_or_denies_right"
"""Under this name rows of two beliefs are found together, as the study counted them."""
POOLED_BELIEFS = ("asserts_wrong", "denies_right")
CONTEXT_GROUPS = {
    "any emotion": ("sad", "happy", "angry"),
    "any relation": ("close", "looks_up", "looks_down"),
    "any stakes": ("stakes_high", "stakes_low"),
}
"""Under these names rows of the packaged contexts of one kind are found together; with their blank
they are the names of no context."""
_TOGETHER = {POOLED_BELIEF: POOLED_BELIEFS, **CONTEXT_GROUPS}
SOURCE_NAMES = (*SOURCES, NO_SOURCE)
"""What `source` points into."""


@dataclass(frozen=True)
class Coded:
    """A column of names."""

    names: tuple[str, ...]
    """Each once, in alphabetical order."""
    index: Codes
    """Shape (n,), into `names`."""

    def rows_of(self, name: str) -> Rows:
        """Where the name stands, shape (n,)."""
        rows: Rows = np.zeros(len(self.index), dtype=np.bool_)
        for place in _places(self, name):
            rows |= self.index == place
        return rows

    def select(self, rows: Rows | Codes) -> "Coded":
        """The same at some rows; names that are gone keep their codes."""
        return Coded(self.names, self.index[rows])


@dataclass(frozen=True)
class CellCodes:
    """Task, context and belief of each row."""

    task: Coded
    context: Coded
    belief: Coded

    def select(self, rows: Rows | Codes) -> "CellCodes":
        """The same at some rows."""
        return CellCodes(*(part.select(rows) for part in self._parts()))

    def rows_by_cell(self, cells: Sequence[Cell]) -> list[Codes]:
        """The rows of each cell, by their places; empty for a cell that does not occur."""
        parts = self._parts()
        shape = tuple(len(part.names) for part in parts)
        flat = np.zeros(0, dtype=np.intp)
        if all(shape):
            flat = np.ravel_multi_index(tuple(part.index for part in parts), shape)
        order = np.argsort(flat, kind="stable")
        ends = np.searchsorted(flat[order], np.arange(int(np.prod(shape)) + 1))
        found = []
        for cell in cells:
            wanted = (cell.task, cell.condition.context, cell.condition.belief)
            places = product(
                *(_places(part, name) for part, name in zip(parts, wanted, strict=True))
            )
            numbers = [int(np.ravel_multi_index(place, shape)) for place in places]
            pieces = [order[ends[number] : ends[number + 1]] for number in numbers]
            found.append(np.concatenate(pieces) if pieces else order[:0])
        return found

    def _parts(self) -> tuple[Coded, Coded, Coded]:
        return (self.task, self.context, self.belief)


def _places(part: Coded, name: str | None) -> Sequence[int]:
    if name is None:
        return range(len(part.names))
    return [part.names.index(one) for one in _TOGETHER.get(name, (name,)) if one in part.names]


@dataclass(frozen=True)
class CodedReplies:
    """One row per reply, as in `ResponseTable`."""

    arm: Coded
    cell: CellCodes
    item: Codes
    """From 0."""
    prompt: Codes
    """From 0."""
    sample: Ints
    label: Codes
    """Into `LABELS`."""
    grade_label: Codes
    source: Codes
    """Into `SOURCE_NAMES`."""
    is_disputed: Rows
    says_refusal: Rows
    is_cut: Rows
    n_characters: Floats

    def __len__(self) -> int:
        return len(self.item)

    @property
    def is_graded_alone(self) -> bool:
        """Whether no label comes from anything but a grade."""
        return bool((self.source >= SOURCE_NAMES.index("grade")).all())

    def select(self, rows: Rows | Codes) -> "CodedReplies":
        """The replies at some rows."""
        columns: dict[str, Any] = {field.name: getattr(self, field.name) for field in fields(self)}
        for name, column in columns.items():
            is_coded = isinstance(column, Coded | CellCodes)
            columns[name] = column.select(rows) if is_coded else column[rows]
        return CodedReplies(**columns)

    def errors(self, definition: ErrorDefinition) -> Floats:
        """Errors by the labels that count, shape (n,); NaN where a reply is left out."""
        return self._errors(self.label, definition)

    def errors_by_grade(self, definition: ErrorDefinition) -> Floats:
        """The same by grade alone."""
        return self._errors(self.grade_label, definition)

    def _errors(self, label: Codes, definition: ErrorDefinition) -> Floats:
        refusing_is_right = self.cell.task.rows_of(DISINFORMATION)
        return errors_of(label, self.says_refusal, refusing_is_right, definition)


def code_replies(table: ResponseTable) -> CodedReplies:
    """The codes of a table.

    Raises:
        BadTable: a label is not one of `LABELS`.
    """
    return CodedReplies(
        arm=_code(table.arm),
        cell=CellCodes(_code(table.task), _code(table.context), _code(table.belief)),
        item=_code(table.item).index,
        prompt=_code(table.prompt).index,
        sample=table.sample,
        label=_code_labels(table.label),
        grade_label=_code_labels(table.grade_label),
        source=_code_into(SOURCE_NAMES, _code(table.label_source)),
        is_disputed=table.is_disputed,
        says_refusal=table.says_refusal,
        is_cut=table.is_cut,
        n_characters=table.n_characters,
    )


def _code(column: AnyTexts) -> Coded:
    # six times as quick as sorting the column
    values = column.tolist()
    names = tuple(sorted(set(values)))
    places = {name: place for place, name in enumerate(names)}
    return Coded(names, np.fromiter(map(places.__getitem__, values), np.intp, len(values)))


def _code_labels(column: AnyTexts) -> Codes:
    coded = _code(column)
    for name in coded.names:
        refuse_label(name)
    return _code_into(LABELS, coded)


def _code_into(names: Sequence[str], coded: Coded) -> Codes:
    places = np.array([names.index(name) for name in coded.names], dtype=np.intp)
    codes: Codes = places[coded.index]
    return codes
