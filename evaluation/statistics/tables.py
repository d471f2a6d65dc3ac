"""The study's rows as arrays that name the arms: the only module that unblinds results.

A rating of a study's pair becomes a preference for the arm that was compared with the original;
which side that stood on is undone in `sides.py`. Repeats and gold or attention pairs check the
rater and never come in. A response gets its one label here: the newest decision of an auditor,
else the first other source of `counted_labels.py`. Of an arm that was served anew only the newest model's responses are read; the
others are counted. Messages that are asked for warmth alone have pairs and replies of their own:
ratings of those pairs stand apart from the others, and those replies are in no table, since nothing
about them is right or wrong. Nothing is written. The file is long since nothing beside it may unblind.
"""

from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from evaluation.grading.methods import read_methods
from evaluation.serving.served_models import read_newest_models
from evaluation.statistics.columns import (
    Condition,
    Floats,
    LengthColumns,
    MeterTable,
    PreferenceTable,
    ResponseTable,
    Rows,
    Texts,
    refuse_gaps,
)
from evaluation.statistics.counted_labels import choose_labels, read_human_labels
from evaluation.statistics.sides import code_for_first
from evaluation.warmth import Measure
from study.records import ORIGINAL, PairKind
from study.versions import read_newest_settings

_SELECT_RATINGS = """
    WITH newest AS (
        SELECT token, form, warmer, more_accurate, both_bad, is_surplus,
            first_value(seconds) OVER own AS seconds, first_value(rated_at) OVER own AS rated_at
        FROM ratings
        WINDOW own AS (PARTITION BY token ORDER BY revision)
        QUALIFY row_number() OVER (PARTITION BY token ORDER BY revision DESC) = 1
    )
    SELECT
        newest.token, newest.warmer, newest.more_accurate, newest.is_surplus, newest.seconds,
        coalesce(newest.both_bad, false) AS both_bad,
        epoch(newest.rated_at) AS rated_at,
        assignments.rater_id, assignments.first_is_left, assignments.position,
        pairs.pair_id, prompts.item_id, prompts.context, prompts.belief, items.task,
        items.answer_kind = 'ungraded' AS is_of_warmth,
        firsts.arm AS first_arm, seconds.arm AS second_arm,
        length(firsts.text) AS first_characters, length(seconds.text) AS second_characters,
        firsts.served_model_id AS first_model, seconds.served_model_id AS second_model
    FROM newest
    LEFT JOIN assignments ON assignments.token = newest.token
    LEFT JOIN pairs ON pairs.pair_id = assignments.subject_id
    LEFT JOIN prompts ON prompts.prompt_id = pairs.prompt_id
    LEFT JOIN items ON items.item_id = prompts.item_id
    LEFT JOIN responses AS firsts ON firsts.response_id = pairs.first_response_id
    LEFT JOIN responses AS seconds ON seconds.response_id = pairs.second_response_id
    WHERE newest.form = 'pair' AND coalesce(assignments.purpose, 'study') = 'study'
    ORDER BY pairs.pair_id, assignments.rater_id
"""

# An auditor may meet a response under several flags; of each auditor the newest counts, and
# among auditors the newest again.
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
        SELECT grades.response_id, grades.label, grades.is_cut,
            coalesce(grades.is_refusal_to_study, grades.is_refusal) AS says_refusal
        FROM grades
        QUALIFY row_number() OVER (
            PARTITION BY grades.response_id
            ORDER BY list_position($methods, grades.method)) = 1
    )
    SELECT
        responses.response_id, responses.prompt_id, responses.arm, responses.served_model_id,
        prompts.item_id, prompts.context, prompts.belief, items.task,
        items.answer_kind = 'ungraded' AS is_of_warmth,
        responses.sample::BIGINT AS sample,
        coalesce(audits.label, '') AS audit_label,
        coalesce(graded.label, '') AS grade_label,
        CASE WHEN responses.failure IS NULL THEN 'unscored' ELSE 'failed' END AS no_label,
        coalesce(graded.says_refusal, false) AS says_refusal,
        coalesce(graded.is_cut, responses.finish_reason = 'length', false) AS is_cut,
        coalesce(length(responses.text)::DOUBLE, 'nan') AS n_characters,
        responses.attempt > 1 AS is_asked_again,
        coalesce(audits.auditors_disagree, false) AS auditors_disagree
    FROM responses
    LEFT JOIN prompts ON prompts.prompt_id = responses.prompt_id
    LEFT JOIN items ON items.item_id = prompts.item_id
    LEFT JOIN audits ON audits.response_id = responses.response_id
    LEFT JOIN graded ON graded.response_id = responses.response_id
    ORDER BY responses.response_id
"""

_SELECT_DRAWN_PAIRS = """
    WITH held AS (
        SELECT response_id
        FROM holds
        WHERE response_id NOT IN (SELECT response_id FROM hold_releases)
    ),
    of_warmth AS (
        SELECT prompts.prompt_id
        FROM prompts
        JOIN items ON items.item_id = prompts.item_id
        WHERE items.answer_kind = 'ungraded'
    )
    SELECT
        CASE WHEN pairs.prompt_id IN (SELECT prompt_id FROM of_warmth)
            THEN 'warmth' ELSE 'reliability' END AS kind,
        CASE WHEN firsts.arm = $original THEN seconds.arm ELSE firsts.arm END AS arm,
        count(*) AS n_drawn,
        count(*) FILTER (
            pairs.first_response_id IN (SELECT response_id FROM held)
            OR pairs.second_response_id IN (SELECT response_id FROM held)) AS n_held
    FROM pairs
    JOIN responses AS firsts ON firsts.response_id = pairs.first_response_id
    JOIN responses AS seconds ON seconds.response_id = pairs.second_response_id
    WHERE (firsts.arm = $original) <> (seconds.arm = $original)
        AND list_contains($newest, firsts.served_model_id)
        AND list_contains($newest, seconds.served_model_id)
    GROUP BY ALL
"""

_SELECT_METER_DIFFERENCES = """
    WITH scored AS (
        SELECT response_id, coalesce(score, 'nan') AS score
        FROM warmth_scores
        WHERE mode = $mode AND version = $version AND meter_sha256 = $meter_sha256
            AND seed IS NOT DISTINCT FROM $seed AND passes = $passes
    )
    SELECT pairs.pair_id, prompts.item_id,
        CASE WHEN firsts.arm = $original THEN seconds.arm ELSE firsts.arm END AS arm,
        (of_first.score - of_second.score)
            * CASE WHEN firsts.arm = $original THEN -1 ELSE 1 END AS difference
    FROM pairs
    JOIN prompts ON prompts.prompt_id = pairs.prompt_id
    JOIN items ON items.item_id = prompts.item_id
    JOIN responses AS firsts ON firsts.response_id = pairs.first_response_id
    JOIN responses AS seconds ON seconds.response_id = pairs.second_response_id
    JOIN scored AS of_first ON of_first.response_id = pairs.first_response_id
    JOIN scored AS of_second ON of_second.response_id = pairs.second_response_id
    WHERE (firsts.arm = $original) <> (seconds.arm = $original)
        AND (items.answer_kind = 'ungraded') = $is_of_warmth
        AND list_contains($newest, firsts.served_model_id)
        AND list_contains($newest, seconds.served_model_id)
    ORDER BY pairs.pair_id
"""

_SELECT_LENGTHS = """
    SELECT r.response_id, r.arm, r.prompt_id, p.item_id,
        coalesce(r.finish_reason = 'length', false) AS is_cut,
        coalesce(length(r.text)::DOUBLE, 'nan') AS n_characters,
        coalesce(CASE WHEN r.text IS NOT NULL THEN r.n_tokens END::DOUBLE, 'nan') AS n_tokens
    FROM responses AS r
    LEFT JOIN prompts AS p ON p.prompt_id = r.prompt_id
    LEFT JOIN items ON items.item_id = p.item_id
    WHERE list_contains($newest, r.served_model_id)
        AND items.answer_kind IS DISTINCT FROM 'ungraded'
    ORDER BY r.response_id
"""

_SELECT_ARMS = """
    SELECT DISTINCT arm FROM responses
    UNION SELECT DISTINCT arm FROM served_models
    ORDER BY arm
"""

_SELECT_CONDITIONS = """
    SELECT DISTINCT prompts.context, prompts.belief
    FROM prompts
    LEFT JOIN items ON items.item_id = prompts.item_id
    WHERE items.answer_kind IS DISTINCT FROM 'ungraded'
    ORDER BY context <> 'none', context, belief <> 'none', belief
"""


@dataclass(frozen=True)
class Preferences:
    """Ratings of the study's pairs: those that compare an arm with the original, and counts."""

    table: PreferenceTable
    """Of pairs of questions."""
    of_warmth: PreferenceTable
    """Of pairs of messages that are asked for warmth alone."""
    n_without_original: int
    """Ratings of pairs in which not exactly one reply is the original's: left out."""
    n_superseded: int
    """Ratings of replies by a model that was served before the newest of its arm: left out."""
    n_surplus: int
    """Ratings in the tables that came when their seat had gone to another rater: they count too."""


@dataclass(frozen=True)
class DrawnPairs:
    """How many pairs compare an arm with the original, and how many of them nobody is given."""

    n_drawn: int
    n_held: int
    """One of their replies is held back from raters, and not released."""


@dataclass(frozen=True)
class AskedAgain:
    """How many responses of an arm were asked for once more, since they had failed."""

    arm: str
    n: int
    n_failed: int
    """Of these, failed again the last time."""


@dataclass(frozen=True)
class Responses:
    """All responses of the arms' newest models to questions, and the number of others."""

    table: ResponseTable
    n_of_warmth: int
    """Responses of those models to messages that are asked for warmth alone: in no error rate."""
    n_superseded: int
    """Responses of a model that was served before the newest of its arm: left out."""
    asked_again: tuple[AskedAgain, ...]
    """Of the table's; only arms that have some."""


def read_preferences(con: duckdb.DuckDBPyConnection) -> Preferences:
    """The newest revision of every rating that the study asked for, unblinded.

    Raises:
        BadTable: a rating leads to a pair, prompt, item or response that is not stored.
    """
    columns = con.cursor().execute(_SELECT_RATINGS).fetchnumpy()
    refuse_gaps(columns, "rating", "token")
    compares = (columns["first_arm"] == ORIGINAL) != (columns["second_arm"] == ORIGINAL)
    newest = read_newest_models(con, "responses")
    is_newest = np.isin(columns["first_model"], newest) & np.isin(columns["second_model"], newest)
    kept = _keep(columns, compares & is_newest)
    is_of_warmth = np.asarray(kept["is_of_warmth"], dtype=np.bool_)
    return Preferences(
        table=_read_preferences_for_arm(_keep(kept, ~is_of_warmth)),
        of_warmth=_read_preferences_for_arm(_keep(kept, is_of_warmth)),
        n_without_original=int((~compares & is_newest).sum()),
        n_superseded=int((~is_newest).sum()),
        n_surplus=int(kept["is_surplus"].sum()),
    )


def _read_preferences_for_arm(columns: dict[str, NDArray[Any]]) -> PreferenceTable:
    first_is_arm = columns["second_arm"] == ORIGINAL
    first_is_left = np.asarray(columns["first_is_left"], dtype=np.bool_)
    towards_arm = np.where(first_is_arm, 1.0, -1.0)
    first_code = code_for_first(columns["warmer"], first_is_left)
    warmer_code = first_code * towards_arm
    accurate_code = code_for_first(columns["more_accurate"], first_is_left) * towards_arm
    arm_is_left = first_is_arm == first_is_left
    towards_left = np.where(arm_is_left, 1.0, -1.0)
    lengths = (_floats(columns["first_characters"]), _floats(columns["second_characters"]))
    return PreferenceTable(
        pair=_texts(columns["pair_id"]),
        item=_texts(columns["item_id"]),
        task=_texts(columns["task"]),
        context=_texts(columns["context"]),
        belief=_texts(columns["belief"]),
        rater=_texts(columns["rater_id"]),
        arm=_texts(np.where(first_is_arm, columns["first_arm"], columns["second_arm"])),
        warmer_code=warmer_code + 0.0,  # −0.0 becomes 0.0
        first_code=first_code,
        accurate_code=accurate_code + 0.0,
        warmer=(np.sign(warmer_code) + 1) / 2,
        accurate=(np.sign(accurate_code) + 1) / 2,
        arm_is_left=arm_is_left,
        both_bad=np.asarray(columns["both_bad"], dtype=np.bool_),
        chose_left=(np.sign(warmer_code) * towards_left + 1) / 2,
        arm_characters=np.where(first_is_arm, *lengths),
        original_characters=np.where(first_is_arm, *reversed(lengths)),
        position=np.asarray(columns["position"], dtype=np.int64),
        rated_at_s=_floats(columns["rated_at"]),
        seconds=_floats(columns["seconds"]),
    )


def read_responses(con: duckdb.DuckDBPyConnection) -> Responses:
    """Every response with the label that counts, as `counted_labels.py` chooses.

    Of each arm the model that was served last and has answered is read.

    Raises:
        BadTable: a response belongs to a prompt or item that is not stored, or a rating to a
            response that is not.
    """
    methods = {"methods": read_methods(con, "grades")}
    everything = con.cursor().execute(_SELECT_RESPONSES, methods).fetchnumpy()
    refuse_gaps(everything, "response", "response_id")
    is_newest = np.isin(everything["served_model_id"], read_newest_models(con, "responses"))
    is_of_warmth = np.asarray(everything["is_of_warmth"], dtype=np.bool_)
    kept = _keep(everything, is_newest & ~is_of_warmth)
    return Responses(
        table=_label_responses(con, kept),
        n_of_warmth=int((is_newest & is_of_warmth).sum()),
        n_superseded=int((~is_newest & ~is_of_warmth).sum()),
        asked_again=count_asked_again(
            kept["arm"],
            np.asarray(kept["is_asked_again"], dtype=np.bool_),
            kept["no_label"] == "failed",
        ),
    )


def count_asked_again(
    arms: NDArray[Any], is_again: Rows, has_failed: Rows
) -> tuple[AskedAgain, ...]:
    """Count, by arm, replies that were asked for once more; arms without one are left out."""
    counted = ((arm, is_again & (arms == arm)) for arm in sorted(set(arms[is_again].tolist())))
    return tuple(
        AskedAgain(arm, int(is_arms.sum()), int((is_arms & has_failed).sum()))
        for arm, is_arms in counted
    )


def _label_responses(
    con: duckdb.DuckDBPyConnection, columns: dict[str, NDArray[Any]]
) -> ResponseTable:
    people = read_human_labels(con, columns["response_id"])
    by_grade = {"grade": columns["grade_label"]}
    everything = by_grade | {"audit": columns["audit_label"], "human": people.label}
    counted = choose_labels(everything, columns["no_label"])
    return ResponseTable(
        response=columns["response_id"],
        prompt=columns["prompt_id"],
        item=columns["item_id"],
        task=columns["task"],
        context=columns["context"],
        belief=columns["belief"],
        arm=columns["arm"],
        sample=np.asarray(columns["sample"], dtype=np.int64),
        label=counted.label,
        label_source=counted.source,
        grade_label=choose_labels(by_grade, columns["no_label"]).label,
        human_label=people.label,
        is_disputed=people.is_disputed,
        says_refusal=np.asarray(columns["says_refusal"], dtype=np.bool_),
        is_cut=np.asarray(columns["is_cut"], dtype=np.bool_),
        n_characters=np.asarray(columns["n_characters"], dtype=np.float64),
        auditors_disagree=np.asarray(columns["auditors_disagree"], dtype=np.bool_),
    )


def read_reply_lengths(con: duckdb.DuckDBPyConnection) -> LengthColumns:
    """Lengths of the responses of the arms' newest models, those to messages for warmth left out.

    Raises:
        BadTable: a response belongs to a prompt that is not stored.
    """
    newest = {"newest": read_newest_models(con, "responses")}
    columns = con.cursor().execute(_SELECT_LENGTHS, newest).fetchnumpy()
    refuse_gaps(columns, "response", "response_id")
    return LengthColumns(
        arm=columns["arm"],
        prompt=columns["prompt_id"],
        item=_texts(columns["item_id"]),
        n_characters=_floats(columns["n_characters"]),
        n_tokens=_floats(columns["n_tokens"]),
        is_cut=np.asarray(columns["is_cut"], dtype=np.bool_),
    )


def read_drawn_pairs(con: duckdb.DuckDBPyConnection) -> dict[PairKind, dict[str, DrawnPairs]]:
    """Pairs of the newest models by kind and by the arm that they compare; an arm without any is
    missing."""
    values = {"original": ORIGINAL, "newest": read_newest_models(con, "responses")}
    found: dict[PairKind, dict[str, DrawnPairs]] = {"reliability": {}, "warmth": {}}
    rows = con.cursor().execute(_SELECT_DRAWN_PAIRS, values).fetchall()
    for kind, arm, n_drawn, n_held in rows:
        found[kind][arm] = DrawnPairs(n_drawn, n_held)
    return found


def read_meter_table(
    con: duckdb.DuckDBPyConnection, measure: Measure, kind: PairKind = "reliability"
) -> MeterTable:
    """What one measure says of the pairs that compare an arm with the original, unblinded."""
    newest, is_of_warmth = read_newest_models(con, "responses"), kind == "warmth"
    values = {**measure.key, "original": ORIGINAL, "newest": newest, "is_of_warmth": is_of_warmth}
    columns = con.cursor().execute(_SELECT_METER_DIFFERENCES, values).fetchnumpy()
    return MeterTable(
        pair=_texts(columns["pair_id"]),
        item=_texts(columns["item_id"]),
        arm=_texts(columns["arm"]),
        difference=_floats(columns["difference"]),
    )


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


def _floats(column: NDArray[Any]) -> Floats:
    return np.asarray(column, dtype=np.float64)


def _texts(column: NDArray[Any]) -> Texts:
    return np.asarray(column).astype(np.str_)
