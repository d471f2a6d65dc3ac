"""What may be known of a study while people still rate: nothing that tells one arm from another.

Pooled over all arms and both kinds of pairs, so that nobody learns from it whether, or how, raters hear a difference:
how well they agree with each other and with themselves, and whether the side a reply stands on
sways them. Reads through `tables.py`; what each arm is found to be is in `results.py`, for when the
study is closed or unblinded.
"""

from dataclasses import dataclass

import duckdb
import numpy as np

from evaluation.statistics.agreement import Agreement
from evaluation.statistics.columns import join_tables
from evaluation.statistics.context_check import ContextCheck, compute_context_check
from evaluation.statistics.preferences import left_share
from evaluation.statistics.repeats import RepeatConsistency, compute_repeat_consistency
from evaluation.statistics.results import agreement_on_warmth
from evaluation.statistics.tables import read_preferences
from study.records import Estimate


@dataclass(frozen=True)
class InterimResults:
    """What the ratings so far say about the rating, not about the arms."""

    seed: int
    """Of the resampling."""
    level: float
    """Of every interval."""
    agreement: Agreement
    """Ordinal alpha of the five-point answers about warmth over the pairs of all arms, coded for
    the pair's own first reply: coded for the arm, a low alpha of raters who agree with themselves
    would tell that the arm is heard."""
    left_share: Estimate
    """Share of ratings that call the left reply warmer: a half when the side does not matter."""
    n_ratings: int
    n_raters: int
    n_items: int
    n_pairs: int
    """Pairs with a rating."""
    n_of_warmth: int
    """Of the ratings, those of pairs of messages that are asked for warmth alone."""
    n_cannot_judge: int
    """Ratings that could not judge accuracy."""
    n_left_out: int
    """Ratings of pairs without the original, or by a model that was served anew since."""
    n_surplus: int
    """Of the ratings, those that came when their seat had gone to another rater."""
    repeat_consistency: RepeatConsistency
    context_checks: tuple[ContextCheck, ...]
    """One per context whose sentences are rated; none where the study does not ask."""


def compute_interim(
    con: duckdb.DuckDBPyConnection, seed: int, level: float = 0.95
) -> InterimResults:
    """Compute what may be shown as of now.

    Args:
        con: a connection to a migrated study; only read from, through cursors of its own.
        seed: of the resampling behind agreement.
    Raises:
        BadTable: a rating leads to a row that is not stored.
    """
    preferences = read_preferences(con)
    rated = join_tables(preferences.table, preferences.of_warmth)
    return InterimResults(
        seed=seed,
        level=level,
        agreement=agreement_on_warmth(rated, rated.first_code, seed, level),
        left_share=left_share(rated.chose_left, rated.item, rated.rater, level),
        n_ratings=len(rated),
        n_raters=len(np.unique(rated.rater)),
        n_items=len(np.unique(rated.item)),
        n_pairs=len(np.unique(rated.pair)),
        n_of_warmth=len(preferences.of_warmth),
        n_cannot_judge=int(np.isnan(rated.accurate).sum()),
        n_left_out=preferences.n_without_original + preferences.n_superseded,
        n_surplus=preferences.n_surplus,
        repeat_consistency=compute_repeat_consistency(con, level),
        context_checks=compute_context_check(con, level),
    )
