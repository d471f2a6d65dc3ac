"""Style guesses: how many raters tell at the end that the warm style was the changed one.

Reads the newest answer of each rater who has rated a pair of the study. The question is asked once
and of no arm, so that a rater who saw several arms answers for all of them. What is asked, and
that the answers are those below, is settled where `exit_surveys` is written.
"""

from dataclasses import dataclass

import duckdb

from evaluation.statistics.intervals import not_estimable, share_of_units
from study.records import Estimate

WARMER = "warmer"
COOLER = "cooler"
UNIT = "rater"
CHANCE_OF_TWO = 0.5
"""Share of raters who would name the warmer style rather than the cooler one if they could not
tell. Among all answers there is no such level: one of them is to have no idea."""

_SELECT_GUESSES = """
    WITH raters_of_pairs AS (
        SELECT DISTINCT assignments.rater_id
        FROM ratings
        JOIN assignments ON assignments.token = ratings.token
        WHERE ratings.form = 'pair' AND assignments.purpose = 'study'
    ),
    newest AS (
        SELECT rater_id, guess
        FROM exit_surveys
        QUALIFY row_number() OVER (PARTITION BY rater_id ORDER BY revision DESC) = 1
    )
    SELECT newest.guess, count(*) AS n_raters
    FROM raters_of_pairs
    LEFT JOIN newest ON newest.rater_id = raters_of_pairs.rater_id
    GROUP BY newest.guess
    ORDER BY newest.guess
"""


@dataclass(frozen=True)
class StyleGuesses:
    """What raters take to be the style that was changed on purpose."""

    named_warmer: Estimate
    """Share of raters who name the warmer style, of those who answered, no idea included."""
    warmer_of_two: Estimate
    """The same of those who name the warmer or the cooler style; chance is `CHANCE_OF_TWO`."""
    counts: dict[str, int]
    """Raters by answer; answers that nobody gave are missing."""
    n_silent: int
    """Raters who have rated and have not answered, or not yet."""


def compute_style_guesses(con: duckdb.DuckDBPyConnection, level: float = 0.95) -> StyleGuesses:
    """What raters guessed so far.

    Args:
        con: a connection to a migrated study; only read from, through cursors of its own.
    """
    counts = dict(con.cursor().execute(_SELECT_GUESSES).fetchall())
    n_silent = counts.pop(None, 0)
    n_warmer, n_cooler = counts.get(WARMER, 0), counts.get(COOLER, 0)
    n_answered = sum(counts.values())
    return StyleGuesses(
        named_warmer=_share_or_reason(n_warmer, n_answered, "no rater has answered yet", level),
        warmer_of_two=_share_or_reason(
            n_warmer, n_warmer + n_cooler, "nobody named the warmer or the cooler style", level
        ),
        counts=counts,
        n_silent=n_silent,
    )


def _share_or_reason(n_true: int, n: int, reason: str, level: float) -> Estimate:
    return share_of_units(n_true, n, UNIT, level) if n else not_estimable(reason, UNIT, level)
