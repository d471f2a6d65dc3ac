"""Warmth of texts in any table: the mean of each column, and whether the first ranks above the second.

Scores come in by column, one per row; a row counts where all its texts have one. Where they come from is
in `evaluation/text_scores.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from evaluation.statistics.intervals import Ids, Values
from evaluation.statistics.meter_scores import Ranking, mean_score, rank_pairs
from evaluation.warmth import Measure
from study.errors import BadTable
from study.records import Estimate


@dataclass(frozen=True)
class TextWarmth:
    """What a meter says of the texts of a table."""

    measure: Measure
    seed: int
    """Of the resampling."""
    means: dict[str, Estimate]
    """By column, the first text's first."""
    ranking: Ranking | None
    """Of two columns, by score; None of one column."""
    ranking_by_length: Ranking | None
    """The same by the number of characters: what a meter must beat."""
    n_rows: int
    n_left_out: int
    """Rows of which a text has no score."""


def warmth_of_texts(
    measure: Measure,
    scores: Mapping[str, Values],
    lengths: Mapping[str, Values],
    item_ids: Ids,
    seed: int,
) -> TextWarmth:
    """Summarise scores of one column, or of two whose rows are pairs.

    Args:
        scores: by column, shape (n_rows,); NaN where a text has none.
        lengths: by the same columns, in characters.
        item_ids: shape (n_rows,); rows of one item depend on each other.
        seed: of the resampling.
    Raises:
        BadTable: no row has a score.
    """
    columns = list(scores)
    known = ~np.isnan(np.array([scores[column] for column in columns])).any(axis=0)
    if not known.any():
        raise BadTable(
            f"expected texts to score in {' and '.join(map(repr, columns))}, every row has an empty "
            "one; name other columns"
        )
    items = item_ids[known]
    rankings: list[Ranking | None] = [None, None]
    if len(columns) == 2:
        first, second = columns
        rankings = [
            rank_pairs(by[first][known], by[second][known], items, seed) for by in (scores, lengths)
        ]
    return TextWarmth(
        measure=measure,
        seed=seed,
        means={column: mean_score(scores[column][known], items) for column in columns},
        ranking=rankings[0],
        ranking_by_length=rankings[1],
        n_rows=len(known),
        n_left_out=int((~known).sum()),
    )
