"""What the controls of a study found, as one tree of records, computed from its database.

Control replies are never blinded, since nobody rates them; the study's own replies are read
through `tables.py`. Of each arm the model that was served
last and has answered control questions is read; replies of earlier ones are counted. The lengths
of the study's own replies stand beside, once results per arm are open.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from evaluation.grading.methods import read_methods
from evaluation.serving.served_models import read_newest_models
from evaluation.statistics.columns import LengthColumns, Rows, refuse_gaps
from evaluation.statistics.control_scores import (
    ControlColumns,
    ControlScore,
    Measure,
    adjust_scores,
    compute_control_scores,
)
from evaluation.statistics.reply_lengths import (
    ReplyLengths,
    adjust_lengths,
    compute_reply_lengths,
)
from evaluation.statistics.tables import (
    AskedAgain,
    count_asked_again,
    read_arms,
    read_reply_lengths,
)
from study.records import ORIGINAL

LENGTH_FAMILY = "paired t tests of characters of each arm against the original, one per control set"
OWN_LENGTH_FAMILY = (
    "paired t tests of characters of each arm against the original, in the study's own replies"
)

_MEASURES: dict[Measure, bool] = {"accuracy": False, "refusals": True}
"""What is measured, and whether it is of questions that have no right answer."""

_SELECT_REPLIES = """
    WITH graded AS (
        SELECT reply_id, label, is_refusal, is_refusal_to_study
        FROM control_grades
        QUALIFY row_number() OVER (
            PARTITION BY reply_id ORDER BY list_position($methods, method)) = 1
    )
    SELECT r.reply_id, r.arm, r.question_id, q.task, q.answer_kind,
        list_contains($newest, r.served_model_id) AS is_newest,
        coalesce(graded.label, 'unscored') AS label,
        coalesce(graded.is_refusal::INTEGER::DOUBLE, 'nan') AS refuses,
        coalesce(graded.is_refusal_to_study::INTEGER::DOUBLE, 'nan') AS refuses_to_study,
        r.attempt > 1 AS is_asked_again,
        coalesce(r.finish_reason = 'length', false) AS is_cut,
        coalesce(length(r.text)::DOUBLE, 'nan') AS n_characters,
        coalesce(CASE WHEN r.text IS NOT NULL THEN r.n_tokens END::DOUBLE, 'nan') AS n_tokens
    FROM control_replies AS r
    LEFT JOIN control_questions AS q ON q.question_id = r.question_id
    LEFT JOIN graded ON graded.reply_id = r.reply_id
    ORDER BY r.reply_id
"""


@dataclass(frozen=True)
class ControlResults:
    """Everything that the controls of one study have found so far."""

    level: float
    """Of every interval."""
    limited: str | None
    """Which sets were asked in part; None when all were asked whole."""
    arms: tuple[str, ...]
    """The original first."""
    controls: tuple[str, ...]
    """Names of the sets that were asked."""
    scores: tuple[ControlScore, ...]
    """By set, then by arm."""
    lengths: tuple[ReplyLengths, ...]
    """Of control replies, by set, then by arm."""
    own_lengths: tuple[ReplyLengths, ...]
    """Of the study's own replies, by arm; none while results per arm are sealed."""
    n_superseded: int
    """Control replies of a model that was served before the newest of its arm: left out."""
    asked_again: tuple[AskedAgain, ...]
    """Of the replies that are read; only arms that have some."""

    @property
    def compared(self) -> tuple[str, ...]:
        """Arms beside the original."""
        return tuple(arm for arm in self.arms if arm != ORIGINAL)


def compute_control_results(
    con: duckdb.DuckDBPyConnection,
    limited: str | None = None,
    level: float = 0.95,
    *,
    is_sealed: bool = False,
) -> ControlResults | None:
    """Compute what the controls say as of now.

    Args:
        con: a connection to a migrated study; only read from, through cursors of its own.
        limited: which sets were asked in part, carried along to every table and figure.
        is_sealed: results per arm are: the study's own replies are not looked at.
    Returns:
        None when no arm has answered a control question.
    Raises:
        BadTable: a reply belongs to a question that is not stored.
    """
    chosen = {
        "methods": read_methods(con, "control_grades"),
        "newest": read_newest_models(con, "control_replies"),
    }
    everything = con.cursor().execute(_SELECT_REPLIES, chosen).fetchnumpy()
    refuse_gaps(everything, "control reply", "reply_id")
    if not len(everything["reply_id"]):
        return None
    is_newest = np.asarray(everything["is_newest"], dtype=np.bool_)
    columns = _keep(everything, is_newest)
    arms = read_arms(con)
    controls = tuple(sorted(set(columns["task"].tolist())))
    scores: list[ControlScore] = []
    lengths: list[ReplyLengths] = []
    for control in controls:
        of_set = _keep(columns, columns["task"] == control)
        has_no_answer = of_set["answer_kind"] == "none"
        for measure, is_unanswerable in _MEASURES.items():
            asked = _keep(of_set, has_no_answer == is_unanswerable)
            if len(asked["reply_id"]):
                told = _score_columns(asked)
                scores += compute_control_scores(told, arms, control, measure, level)
        lengths += compute_reply_lengths(_length_columns(of_set), arms, control, level)
    return ControlResults(
        level=level,
        limited=limited,
        arms=arms,
        controls=controls,
        scores=adjust_scores(scores),
        lengths=adjust_lengths(lengths, LENGTH_FAMILY),
        own_lengths=() if is_sealed else _own_lengths(con, arms, level),
        n_superseded=int((~is_newest).sum()),
        asked_again=count_asked_again(
            columns["arm"],
            np.asarray(columns["is_asked_again"], dtype=np.bool_),
            columns["label"] == "failed",
        ),
    )


def _own_lengths(
    con: duckdb.DuckDBPyConnection, arms: Sequence[str], level: float
) -> tuple[ReplyLengths, ...]:
    measured = read_reply_lengths(con)
    if not len(measured.arm):
        return ()
    return adjust_lengths(compute_reply_lengths(measured, arms, None, level), OWN_LENGTH_FAMILY)


def _keep(columns: dict[str, NDArray[Any]], rows: Rows) -> dict[str, NDArray[Any]]:
    return {name: column[rows] for name, column in columns.items()}


def _score_columns(columns: dict[str, NDArray[Any]]) -> ControlColumns:
    return ControlColumns(
        arm=columns["arm"],
        question=columns["question_id"],
        label=columns["label"],
        refuses=np.asarray(columns["refuses"], dtype=np.float64),
        refuses_to_study=np.asarray(columns["refuses_to_study"], dtype=np.float64),
        is_cut=np.asarray(columns["is_cut"], dtype=np.bool_),
    )


def _length_columns(columns: dict[str, NDArray[Any]]) -> LengthColumns:
    return LengthColumns(
        arm=columns["arm"],
        prompt=columns["question_id"],
        item=columns["question_id"].astype(np.str_),
        n_characters=np.asarray(columns["n_characters"], dtype=np.float64),
        n_tokens=np.asarray(columns["n_tokens"], dtype=np.float64),
        is_cut=np.asarray(columns["is_cut"], dtype=np.bool_),
    )
