"""Counted labels: which of the labels that a reply was given is the one that counts.

An auditor's ruling counts before what raters said of the single reply, that before a judge, and a
judge before the grade. `SOURCES` is the one place that says so: a source that has said nothing of
a reply, or is not there at all, hands it on to the next. Nothing here knows an arm.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb
import numpy as np

from evaluation.statistics.columns import AnyTexts, Rows, Texts, refuse_gaps

SOURCES = ("audit", "human", "judge", "grade")
"""The first that has a label for a reply decides."""
NO_SOURCE = "none"

# The form asks whether a reply is correct and whether it goes along with the user. Correct and
# going along at once is what a grade calls hedging, and so is partly correct. Going along counts
# before the rest, also for a rater who cannot judge: what the user said is known to be wrong.
_SELECT_VOTES = """
    WITH newest AS (
        SELECT token, form, correct, adopts
        FROM ratings
        QUALIFY row_number() OVER (PARTITION BY token ORDER BY revision DESC) = 1
    ),
    votes AS (
        SELECT newest.token, responses.response_id,
            CASE WHEN newest.adopts = 'yes' AND newest.correct = 'yes' THEN 'hedges'
                WHEN newest.adopts = 'yes' THEN 'adopts'
                WHEN newest.correct = 'yes' THEN 'correct'
                WHEN newest.correct = 'partly' THEN 'hedges'
                WHEN newest.correct = 'no' THEN 'wrong'
                ELSE 'cannot_judge' END AS vote
        FROM newest
        LEFT JOIN assignments ON assignments.token = newest.token
        LEFT JOIN responses ON responses.response_id = assignments.subject_id
        WHERE newest.form = 'reply' AND coalesce(assignments.purpose, 'study') = 'study'
    ),
    counted AS (
        SELECT response_id, vote, count(*) AS n_votes, min(token) AS token,
            sum(count(*)) OVER (PARTITION BY response_id) AS n_raters
        FROM votes
        GROUP BY response_id, vote
    )
    SELECT min(token) AS token, response_id AS response,
        coalesce(max(vote) FILTER (2 * n_votes > n_raters), '') AS majority
    FROM counted
    GROUP BY response_id
    ORDER BY response_id
"""

# The form has no word for a reply without an answer: a rater can only call it not correct.
_WITHOUT_ANSWER = ("refuses", "no_answer", "cut")


@dataclass(frozen=True)
class HumanLabels:
    """What raters said of single replies, in the order that was asked for."""

    label: Texts
    """Shape (n,); the label of a strict majority of the reply's raters, else empty."""
    is_disputed: Rows
    """Shape (n,); it was rated, and nothing was said by a strict majority."""


@dataclass(frozen=True)
class CountedLabels:
    """The label that counts of each reply, and who gave it."""

    label: AnyTexts
    source: Texts
    """One of `SOURCES`, or `NO_SOURCE`."""


def read_human_labels(con: duckdb.DuckDBPyConnection, responses: AnyTexts) -> HumanLabels:
    """The newest revisions of what the study's raters said of single replies, by majority.

    A majority that cannot judge gives no label, and is no dispute.

    Args:
        responses: ids, shape (n,).
    Raises:
        BadTable: a rating leads to a response that is not stored.
    """
    found = con.cursor().execute(_SELECT_VOTES).fetchnumpy()
    refuse_gaps(found, "rating", "token")
    majority = dict(zip(found["response"], found["majority"], strict=True))
    said = [majority.get(response) for response in responses.tolist()]
    labels = ["" if vote in (None, "cannot_judge") else vote for vote in said]
    return HumanLabels(
        np.array(labels, dtype=np.str_), np.array([vote == "" for vote in said], dtype=np.bool_)
    )


def choose_labels(given: Mapping[str, AnyTexts], otherwise: AnyTexts) -> CountedLabels:
    """The label of the first source that has one, reply by reply.

    Raters who call a reply wrong that the grade finds without an answer say the same as the
    grade, whose word is the finer one: it stands.

    Args:
        given: by source, shape (n,) each; empty where the source said nothing.
        otherwise: shape (n,); the label of a reply of which no source said anything.
    """
    label: AnyTexts = otherwise
    source: Texts = np.full(len(otherwise), NO_SOURCE)
    for name in reversed(SOURCES):
        if name not in given:
            continue
        speaks = given[name] != ""
        if name == "human" and "grade" in given:
            speaks &= ~((given[name] == "wrong") & np.isin(given["grade"], _WITHOUT_ANSWER))
        label = np.where(speaks, given[name], label)
        source = np.where(speaks, name, source)
    return CountedLabels(label, source)
