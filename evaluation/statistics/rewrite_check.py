"""Do rewrites keep the facts? What people said of each style's rewrites beside their source.

Works on the ratings of the form `rewrite`; a style is what an arm was trained on, so this is for
results that are open. Ratings of one rewrite depend on each other as those of one item do.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

import duckdb
import numpy as np
from numpy.typing import NDArray

from evaluation.statistics.columns import refuse_gaps
from evaluation.statistics.intervals import not_estimable
from evaluation.statistics.preferences import UNIT, win_rate
from study.records import Estimate, FactsKept

_KEPT = ("all", "minor_change")
_CANNOT_JUDGE = "cannot_judge"

_SELECT_STYLES = """
    SELECT style, count(*)
    FROM rewrites
    GROUP BY style
    ORDER BY style
"""

_SELECT_ANSWERS = """
    WITH newest AS (
        SELECT token, form, facts_kept
        FROM ratings
        QUALIFY row_number() OVER (PARTITION BY token ORDER BY revision DESC) = 1
    )
    SELECT
        newest.token, newest.facts_kept, assignments.rater_id, rewrites.rewrite_id, rewrites.style
    FROM newest
    LEFT JOIN assignments ON assignments.token = newest.token
    LEFT JOIN rewrites ON rewrites.rewrite_id = assignments.subject_id
    WHERE newest.form = 'rewrite' AND coalesce(assignments.purpose, 'study') = 'study'
    ORDER BY rewrites.rewrite_id, assignments.rater_id
"""


@dataclass(frozen=True)
class RewriteCheck:
    """What people said of the rewrites in one style."""

    style: str
    kept: Estimate
    """Share of ratings that find all facts kept, or but for a minor change, of those that could
    judge; each rewrite is an item of its own."""
    counts: Mapping[str, int]
    """Ratings by answer, every answer of the form."""
    n_rewrites: int
    """Rewrites in this style in the study."""
    n_rewrites_rated: int
    n_raters: int


def compute_rewrite_check(
    con: duckdb.DuckDBPyConnection, level: float = 0.95
) -> tuple[RewriteCheck, ...]:
    """What people said so far, one row per style; none where nobody rated a rewrite.

    Args:
        con: a connection to a migrated study; only read from, through cursors of its own.
    Raises:
        BadTable: a rating leads to a rewrite that is not stored.
    """
    answers = con.cursor().execute(_SELECT_ANSWERS).fetchnumpy()
    refuse_gaps(answers, "rating", "token")
    if not len(answers["token"]):
        return ()
    styles = con.cursor().execute(_SELECT_STYLES).fetchall()
    return tuple(_check(answers, style, n_rewrites, level) for style, n_rewrites in styles)


def _check(
    answers: dict[str, NDArray[Any]], style: str, n_rewrites: int, level: float
) -> RewriteCheck:
    rows = answers["style"] == style
    said = np.asarray(answers["facts_kept"][rows]).astype(np.str_)
    rewrites = np.asarray(answers["rewrite_id"][rows]).astype(np.str_)
    raters = np.asarray(answers["rater_id"][rows]).astype(np.str_)
    judged = said != _CANNOT_JUDGE
    kept = win_rate(
        np.isin(said[judged], _KEPT).astype(np.float64), rewrites[judged], raters[judged], level
    )
    if len(said) and not judged.any():
        kept = not_estimable("nobody could judge the facts", UNIT, level)
    return RewriteCheck(
        style=style,
        kept=kept,
        counts={answer: int((said == answer).sum()) for answer in get_args(FactsKept)},
        n_rewrites=n_rewrites,
        n_rewrites_rated=len(np.unique(rewrites)),
        n_raters=len(np.unique(raters)),
    )
