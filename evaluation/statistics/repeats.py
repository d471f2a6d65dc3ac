"""Do raters agree with themselves? Pairs that came twice to one rater, sides swapped.

Names no arm, so that it may be shown at any time: an answer is coded for the pair's own first
reply. A repeat never enters a preference.
"""

from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from evaluation.statistics.columns import Floats, refuse_gaps
from evaluation.statistics.intervals import not_estimable
from evaluation.statistics.preferences import UNIT, win_rate
from evaluation.statistics.sides import code_for_first
from study.records import Estimate

_SELECT_TWICE_RATED = """
    WITH newest AS (
        SELECT token, warmer, more_accurate
        FROM ratings
        WHERE form = 'pair'
        QUALIFY row_number() OVER (PARTITION BY token ORDER BY revision DESC) = 1
    )
    SELECT
        repeats.token, repeats.rater_id, prompts.item_id,
        firsts.first_is_left AS first_time_first_is_left,
        first_answers.warmer AS first_time_warmer,
        first_answers.more_accurate AS first_time_more_accurate,
        repeats.first_is_left AS second_time_first_is_left,
        second_answers.warmer AS second_time_warmer,
        second_answers.more_accurate AS second_time_more_accurate
    FROM assignments AS repeats
    JOIN newest AS second_answers ON second_answers.token = repeats.token
    JOIN assignments AS firsts
        ON firsts.rater_id = repeats.rater_id AND firsts.subject_id = repeats.subject_id
            AND firsts.form = 'pair' AND firsts.purpose = 'study'
    JOIN newest AS first_answers ON first_answers.token = firsts.token
    LEFT JOIN pairs ON pairs.pair_id = repeats.subject_id
    LEFT JOIN prompts ON prompts.prompt_id = pairs.prompt_id
    WHERE repeats.form = 'pair' AND repeats.purpose = 'repeat'
    ORDER BY repeats.rater_id, repeats.position
"""


@dataclass(frozen=True)
class RepeatConsistency:
    """How often raters chose the same reply again, over all arms together."""

    warmer: Estimate
    """Share of repeats in which the same reply was called warmer; equal agrees with equal alone."""
    more_accurate: Estimate
    """The same for more accurate, of the repeats that could be judged both times."""
    n_raters: int
    n_cannot_judge: int
    """Repeats whose accuracy could not be judged the first time, the second or both."""


def compute_repeat_consistency(
    con: duckdb.DuckDBPyConnection, level: float = 0.95
) -> RepeatConsistency:
    """Compare what raters said about the pairs that they have rated twice.

    Args:
        con: a connection to a migrated study; only read from, through cursors of its own.
    Raises:
        BadTable: a repeat leads to a pair or prompt that is not stored.
    """
    columns = con.cursor().execute(_SELECT_TWICE_RATED).fetchnumpy()
    refuse_gaps(columns, "repeat", "token")
    items = np.asarray(columns["item_id"]).astype(np.str_)
    raters = np.asarray(columns["rater_id"]).astype(np.str_)
    if not len(items):
        none_yet = not_estimable("no repeats yet", UNIT, level)
        return RepeatConsistency(none_yet, none_yet, 0, 0)
    is_same_warmer = _is_same_side(columns, "warmer")
    is_same_accurate = _is_same_side(columns, "more_accurate")
    can_judge = ~np.isnan(is_same_accurate)
    more_accurate = win_rate(
        is_same_accurate[can_judge], items[can_judge], raters[can_judge], level
    )
    if not can_judge.any():
        more_accurate = not_estimable("nobody could judge accuracy both times", UNIT, level)
    return RepeatConsistency(
        warmer=win_rate(is_same_warmer, items, raters, level),
        more_accurate=more_accurate,
        n_raters=len(np.unique(raters)),
        n_cannot_judge=int((~can_judge).sum()),
    )


def _is_same_side(columns: dict[str, NDArray[Any]], question: str) -> Floats:
    """1 the same side or equal again, 0 another, NaN where one of the two answers is none."""
    first, second = (
        np.sign(code_for_first(columns[f"{time}_{question}"], columns[f"{time}_first_is_left"]))
        for time in ("first_time", "second_time")
    )
    return np.where(np.isnan(first + second), np.nan, first == second)
