"""The study's face-validity check: do people hear in a sentence the context it was written for?

Works on the ratings of the form `context` and names no arm, so that it may be shown at any time.
A rater hears one context, or none of these, in each sentence; ratings of one sentence depend on
each other as those of one item do.
"""

from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from evaluation.statistics.columns import refuse_gaps
from evaluation.statistics.preferences import win_rate
from study.records import Estimate

_SELECT_CONTEXTS = """
    SELECT context, count(*)
    FROM context_sentences
    GROUP BY context
    ORDER BY context
"""

_SELECT_HEARD = """
    WITH newest AS (
        SELECT token, form, expresses
        FROM ratings
        QUALIFY row_number() OVER (PARTITION BY token ORDER BY revision DESC) = 1
    )
    SELECT
        newest.token, newest.expresses, assignments.rater_id,
        context_sentences.sentence_id, context_sentences.context
    FROM newest
    LEFT JOIN assignments ON assignments.token = newest.token
    LEFT JOIN context_sentences
        ON context_sentences.sentence_id = assignments.subject_id
    WHERE newest.form = 'context' AND coalesce(assignments.purpose, 'study') = 'study'
    ORDER BY context_sentences.sentence_id, assignments.rater_id
"""


@dataclass(frozen=True)
class ContextCheck:
    """What people heard in the sentences of one context."""

    context: str
    """The one that the sentences were written for."""
    share: Estimate
    """Share of ratings that heard it; each sentence is an item of its own."""
    n_sentences: int
    """Sentences of this context in the study."""
    n_sentences_rated: int
    n_raters: int
    other: str | None
    """What else was heard most often, the first by name of equals; None where nothing was."""
    n_other: int
    """Ratings that heard that."""


def compute_context_check(
    con: duckdb.DuckDBPyConnection, level: float = 0.95
) -> tuple[ContextCheck, ...]:
    """What people heard so far, one row per context that has sentences.

    Args:
        con: a connection to a migrated study; only read from, through cursors of its own.
    Raises:
        BadTable: a rating leads to a sentence that is not stored.
    """
    heard = con.cursor().execute(_SELECT_HEARD).fetchnumpy()
    refuse_gaps(heard, "rating", "token")
    contexts = con.cursor().execute(_SELECT_CONTEXTS).fetchall()
    return tuple(_check(heard, context, n_sentences, level) for context, n_sentences in contexts)


def _check(
    heard: dict[str, NDArray[Any]], context: str, n_sentences: int, level: float
) -> ContextCheck:
    rows = heard["context"] == context
    expresses = heard["expresses"][rows]
    sentences = np.asarray(heard["sentence_id"][rows]).astype(np.str_)
    raters = np.asarray(heard["rater_id"][rows]).astype(np.str_)
    is_intended = np.asarray(expresses == context, dtype=np.float64)
    others, counts = np.unique(expresses[expresses != context].astype(np.str_), return_counts=True)
    most = int(counts.argmax()) if len(others) else None
    return ContextCheck(
        context=context,
        share=win_rate(is_intended, sentences, raters, level),
        n_sentences=n_sentences,
        n_sentences_rated=len(np.unique(sentences)),
        n_raters=len(np.unique(raters)),
        other=None if most is None else str(others[most]),
        n_other=0 if most is None else int(counts[most]),
    )
