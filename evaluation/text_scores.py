"""Texts of a table from elsewhere, scored by a meter: one score per cell, and what they say together.

A cell that is empty, or of blanks, has no score; a cell that holds no text is refused. What scores
say together is computed in `statistics/text_warmth.py`, told in `meter_tables.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evaluation.outside_tables import OutsideTable
from evaluation.statistics.intervals import Ids
from evaluation.statistics.text_warmth import TextWarmth, warmth_of_texts
from evaluation.warmth import Meter, measure_of, score_texts
from study.errors import BadInput, BadTable
from study.progress import Report
from study.records import MeterMode


@dataclass(frozen=True)
class ScoredTexts:
    """The columns of a table with their scores."""

    warmth: TextWarmth
    scores: dict[str, list[float | None]]
    """By column, one per row of the table; None where there is none."""


def score_columns(
    table: OutsideTable,
    columns: Sequence[str],
    item: str | None,
    meter: Meter,
    mode: MeterMode,
    seed: int,
    passes: int,
    report: Report,
) -> ScoredTexts:
    """Score the texts of one column, or of two whose rows are pairs.

    Args:
        columns: names in the table; the first of two is the one that should be warmer.
        item: name of the column whose equal cells say which rows depend on each other; None where
            each row stands for itself.
        seed: of the dropout, and of the resampling of items.
    Raises:
        BadInput: a column is named twice.
        BadTable: a cell holds no text, an item is empty, or no row has a text.
    """
    if len(set(columns)) < len(columns):
        raise BadInput(f"expected two columns to compare, got {columns[0]!r} twice; name another")
    texts = [_texts_of(table, column) for column in columns]
    flat = [text for column in texts for text in column]
    found = np.array(score_texts(meter, flat, mode, seed, report, passes)).reshape(len(columns), -1)
    by_column = dict(zip(columns, found, strict=True))
    lengths = {
        column: np.array([float(len(text)) for text in own])
        for column, own in zip(columns, texts, strict=True)
    }
    return ScoredTexts(
        warmth=warmth_of_texts(
            measure_of(meter, mode, seed, passes), by_column, lengths, _items_of(table, item), seed
        ),
        scores={
            column: [None if np.isnan(score) else float(score) for score in own]
            for column, own in by_column.items()
        },
    )


def _texts_of(table: OutsideTable, column: str) -> list[str]:
    cells = table.columns[column]
    for row, cell in enumerate(cells, 1):
        if cell is not None and not isinstance(cell, str):
            raise BadTable(
                f"expected texts in column {column!r} of {table.path.name}, got {cell!r:.60} in row "
                f"{row} of the data; name another column"
            )
    return [cell or "" for cell in cells]


def _items_of(table: OutsideTable, item: str | None) -> Ids:
    if item is None:
        return np.arange(len(table))
    table.refuse_empty([item])
    return np.array([str(cell) for cell in table.columns[item]])
