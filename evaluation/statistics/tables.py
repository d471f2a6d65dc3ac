"""The study's rows as arrays that name the arms: the only module that unblinds results.

A rating becomes a preference for the arm that was compared with the original, whichever side
it stood on: sides are undone in `_read_preferences_for_arm` and nowhere else. A response gets
its one label here: the newest decision of an auditor, else the grade. Of an arm that was served
anew only the newest model's responses are read; the others are counted. Nothing is written.
"""

from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from evaluation.statistics.columns import (
    Condition,
    Floats,
    PreferenceTable,
    ResponseTable,
    Rows,
    Texts,
)
from study.errors import BadTable
from study.records import ORIGINAL
from study.versions import read_newest_settings

_RIGHT_CODES = {
    "left_clearly": -2.0,
    "left_slightly": -1.0,
    "equal": 0.0,
    "right_slightly": 1.0,
    "right_clearly": 2.0,
    "cannot_judge": np.nan,
}

_SELECT_RATINGS = """
    WITH newest AS (
        SELECT token, warmer, more_accurate
        FROM ratings
        QUALIFY row_number() OVER (PARTITION BY token ORDER BY revision DESC) = 1
    )
    SELECT
        newest.token, newest.warmer, newest.more_accurate, assignments.rater_id,
        pairs.pair_id, prompts.item_id, prompts.context, prompts.belief, items.task,
        left_responses.arm AS left_arm, right_responses.arm AS right_arm,
        left_responses.served_model_id AS left_model, right_responses.served_model_id AS right_model
    FROM newest
    LEFT JOIN assignments ON assignments.token = newest.token
    LEFT JOIN pairs ON pairs.pair_id = assignments.pair_id
    LEFT JOIN prompts ON prompts.prompt_id = pairs.prompt_id
    LEFT JOIN items ON items.item_id = prompts.item_id
    LEFT JOIN responses AS left_responses
        ON left_responses.response_id = assignments.left_response_id
    LEFT JOIN responses AS right_responses
        ON right_responses.response_id = assignments.right_response_id
    ORDER BY pairs.pair_id, assignments.rater_id
"""

# An auditor may meet a response under several flags; of each auditor the newest counts, and
# among auditors the newest again. Of two grades the method whose name sorts last counts, so
# that a later version of a method replaces an earlier one.
_SELECT_RESPONSES = """
    WITH rulings AS (
        SELECT flags.response_id, decisions.label, decisions.auditor_id, decisions.decided_at,
            decisions.revision, decisions.token
        FROM audit_decisions AS decisions
        JOIN flags ON flags.token = decisions.token
        QUALIFY row_number() OVER (
            PARTITION BY flags.response_id, decisions.auditor_id
            ORDER BY decisions.decided_at DESC, decisions.revision DESC, decisions.token) = 1
    ),
    audits AS (
        SELECT response_id,
            first(label ORDER BY decided_at DESC, auditor_id) AS label,
            count(DISTINCT label) > 1 AS auditors_disagree
        FROM rulings
        GROUP BY response_id
    ),
    graded AS (
        SELECT response_id, label, is_cut
        FROM grades
        QUALIFY row_number() OVER (PARTITION BY response_id ORDER BY method DESC) = 1
    )
    SELECT
        responses.response_id, responses.prompt_id, responses.arm, responses.served_model_id,
        prompts.item_id, prompts.context, prompts.belief, items.task,
        coalesce(
            graded.label,
            CASE WHEN responses.failure IS NULL THEN 'unscored' ELSE 'failed' END) AS grade_label,
        coalesce(audits.label, grade_label) AS label,
        coalesce(graded.is_cut, responses.finish_reason = 'length', false) AS is_cut,
        CASE WHEN audits.label IS NOT NULL THEN 'audit'
            WHEN graded.label IS NOT NULL THEN 'grade' ELSE 'none' END AS label_source,
        coalesce(audits.auditors_disagree, false) AS auditors_disagree
    FROM responses
    LEFT JOIN prompts ON prompts.prompt_id = responses.prompt_id
    LEFT JOIN items ON items.item_id = prompts.item_id
    LEFT JOIN audits ON audits.response_id = responses.response_id
    LEFT JOIN graded ON graded.response_id = responses.response_id
    ORDER BY responses.response_id
"""

_SELECT_NEWEST_MODELS = """
    SELECT responses.served_model_id
    FROM responses
    LEFT JOIN served_models ON served_models.served_model_id = responses.served_model_id
    QUALIFY row_number() OVER (
        PARTITION BY responses.arm
        ORDER BY served_models.served_at DESC NULLS LAST, responses.served_model_id DESC) = 1
"""

_SELECT_ARMS = """
    SELECT DISTINCT arm FROM responses
    UNION SELECT DISTINCT arm FROM served_models
    ORDER BY arm
"""

_SELECT_CONDITIONS = """
    SELECT DISTINCT context, belief FROM prompts
    ORDER BY context <> 'none', context, belief <> 'none', belief
"""


@dataclass(frozen=True)
class Preferences:
    """All ratings, those that compare an arm with the original and the number of others."""

    table: PreferenceTable
    n_without_original: int
    """Ratings of pairs in which not exactly one reply is the original's: left out."""
    n_superseded: int
    """Ratings of replies by a model that was served before the newest of its arm: left out."""


@dataclass(frozen=True)
class Responses:
    """All responses of the arms' newest models, and the number of others."""

    table: ResponseTable
    n_superseded: int
    """Responses of a model that was served before the newest of its arm: left out."""


def read_preferences(con: duckdb.DuckDBPyConnection) -> Preferences:
    """Every rating's newest revision, unblinded.

    Raises:
        BadTable: a rating leads to a pair, prompt, item or response that is not stored.
    """
    columns = con.cursor().execute(_SELECT_RATINGS).fetchnumpy()
    _refuse_gaps(columns, "rating", "token")
    compares = (columns["left_arm"] == ORIGINAL) != (columns["right_arm"] == ORIGINAL)
    newest = _read_newest_models(con)
    is_newest = np.isin(columns["left_model"], newest) & np.isin(columns["right_model"], newest)
    return Preferences(
        table=_read_preferences_for_arm(_keep(columns, compares & is_newest)),
        n_without_original=int((~compares & is_newest).sum()),
        n_superseded=int((~is_newest).sum()),
    )


def _read_preferences_for_arm(columns: dict[str, NDArray[Any]]) -> PreferenceTable:
    original_left = columns["left_arm"] == ORIGINAL
    towards_right = np.where(original_left, 1.0, -1.0)
    right_warmer = _codes(columns["warmer"])
    warmer_code = right_warmer * towards_right
    accurate_code = _codes(columns["more_accurate"]) * towards_right
    return PreferenceTable(
        pair=_texts(columns["pair_id"]),
        item=_texts(columns["item_id"]),
        task=_texts(columns["task"]),
        context=_texts(columns["context"]),
        belief=_texts(columns["belief"]),
        rater=_texts(columns["rater_id"]),
        arm=_texts(np.where(original_left, columns["right_arm"], columns["left_arm"])),
        warmer_code=warmer_code + 0.0,  # −0.0 becomes 0.0
        accurate_code=accurate_code + 0.0,
        warmer=(np.sign(warmer_code) + 1) / 2,
        accurate=(np.sign(accurate_code) + 1) / 2,
        chose_left=(1 - np.sign(right_warmer)) / 2,
    )


def read_responses(con: duckdb.DuckDBPyConnection) -> Responses:
    """Every response with the label that counts: newest audit decision, else the grade.

    Of each arm the model that was served last and has answered is read.

    Raises:
        BadTable: a response belongs to a prompt or item that is not stored.
    """
    everything = con.cursor().execute(_SELECT_RESPONSES).fetchnumpy()
    _refuse_gaps(everything, "response", "response_id")
    is_newest = np.isin(everything["served_model_id"], _read_newest_models(con))
    columns = _keep(everything, is_newest)
    table = ResponseTable(
        response=_texts(columns["response_id"]),
        prompt=_texts(columns["prompt_id"]),
        item=_texts(columns["item_id"]),
        task=_texts(columns["task"]),
        context=_texts(columns["context"]),
        belief=_texts(columns["belief"]),
        arm=_texts(columns["arm"]),
        label=_texts(columns["label"]),
        label_source=_texts(columns["label_source"]),
        grade_label=_texts(columns["grade_label"]),
        is_cut=np.asarray(columns["is_cut"], dtype=np.bool_),
        auditors_disagree=np.asarray(columns["auditors_disagree"], dtype=np.bool_),
    )
    return Responses(table, int((~is_newest).sum()))


def _read_newest_models(con: duckdb.DuckDBPyConnection) -> list[str]:
    return [model for (model,) in con.cursor().execute(_SELECT_NEWEST_MODELS).fetchall()]


def _keep(columns: dict[str, NDArray[Any]], rows: Rows) -> dict[str, NDArray[Any]]:
    return {name: column[rows] for name, column in columns.items()}


def read_arms(con: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """Arms that the study asks about or has replies of; the original first."""
    found = [arm for (arm,) in con.cursor().execute(_SELECT_ARMS).fetchall()]
    settings = read_newest_settings(con)
    arms = dict.fromkeys([*(settings.arms if settings else ()), *found])
    return tuple(sorted(arms, key=lambda arm: arm != ORIGINAL))


def read_conditions(con: duckdb.DuckDBPyConnection) -> tuple[Condition, ...]:
    """Conditions of the study's prompts; none comes first."""
    rows = con.cursor().execute(_SELECT_CONDITIONS).fetchall()
    return tuple(Condition(context, belief) for context, belief in rows)


def _refuse_gaps(columns: dict[str, NDArray[Any]], noun: str, key: str) -> None:
    # a column with a NULL arrives as a masked array, and only then
    for name, column in columns.items():
        missing = np.ma.getmaskarray(column)
        if missing.any():
            row = columns[key][int(np.flatnonzero(missing)[0])]
            raise BadTable(
                f"expected every {noun} to lead to a stored {name}, {noun} {row} does not; hand "
                "in the stage that made it"
            )


def _codes(answers: NDArray[Any]) -> Floats:
    return np.array([_RIGHT_CODES[answer] for answer in answers], dtype=np.float64)


def _texts(column: NDArray[Any]) -> Texts:
    return np.asarray(column).astype(np.str_)
