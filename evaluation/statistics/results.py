"""All results of one study as one tree of records, computed from its database.

Reads through `tables.py` and computes through `preferences.py`, `agreement.py` and, by each
definition of an error, `error_findings.py`; what a meter of warmth says is found in
`meter_findings.py`; what says something about the rating and names no arm,
`repeats.py`, `style_guesses.py` and `context_check.py`, reads for itself, and so does
`rewrite_check.py`. What cannot be told yet is
an Estimate without value whose method says why, so that a page can show results from the first
minute on. Figures and tables are made of these records in `evaluation/plots.py` and
`evaluation/report.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import numpy as np

from evaluation.statistics.agreement import Agreement, alpha_of_counts
from evaluation.statistics.columns import (
    Condition,
    Floats,
    PreferenceTable,
    ResponseTable,
    select_rows,
)
from evaluation.statistics.context_check import ContextCheck, compute_context_check
from evaluation.statistics.error_findings import (
    ErrorFindings,
    beliefs_of,
    compute_error_findings,
)
from evaluation.statistics.error_rates import (
    ASSERTS_WRONG,
    DENIES_RIGHT,
    AdoptionRate,
    ErrorRate,
    compute_adoption_rate,
)
from evaluation.statistics.gaps import BeliefEffect, Gap
from evaluation.statistics.intervals import not_estimable
from evaluation.statistics.judge_check import JudgeCheck, check_judge
from evaluation.statistics.judge_labels import NO_LABEL, code_judge_labels
from evaluation.statistics.meter_findings import MeterFinding, compute_meter_findings
from evaluation.statistics.outcomes import OURS, PAPER_COMPAT
from evaluation.statistics.preferences import UNIT, left_share, win_rate
from evaluation.statistics.rater_agreement import RaterAgreement, compute_rater_agreement
from evaluation.statistics.repeats import RepeatConsistency, compute_repeat_consistency
from evaluation.statistics.reply_codes import CodedReplies, code_replies
from evaluation.statistics.rewrite_check import RewriteCheck, compute_rewrite_check
from evaluation.statistics.style_guesses import StyleGuesses, compute_style_guesses
from evaluation.statistics.tables import (
    AskedAgain,
    DrawnPairs,
    read_arms,
    read_conditions,
    read_drawn_pairs,
    read_preferences,
    read_responses,
)
from evaluation.statistics.warmth_validation import WarmthValidation, compute_warmth_validation
from study.records import ORIGINAL, Estimate

RESAMPLES = 1000
_WARMER_CODES = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])


@dataclass(frozen=True)
class ArmPreference:
    """What people said about one arm beside the original."""

    arm: str
    warm_share: Estimate
    """Share of ratings that call the arm's reply warmer, equal counting half."""
    accuracy_share: Estimate
    """Share that calls it more accurate, of the ratings that could judge."""
    both_bad_share: Estimate
    """Share of ratings that call both replies bad."""
    agreement: Agreement
    """Ordinal alpha of the five-point answers about warmth, coded for the arm, over pairs."""
    raters: tuple[RaterAgreement, ...]
    """Every other coefficient, of warmth and of accuracy; none where nobody rated."""
    n_ratings: int
    n_raters: int
    n_items: int
    n_pairs: int
    n_cannot_judge: int
    """Ratings that could not judge accuracy."""
    drawn: DrawnPairs
    """Of how many pairs there are, and how many are held back from raters."""


@dataclass(frozen=True)
class StudyResults:
    """Everything that one study has found so far."""

    seed: int
    """Of the resampling."""
    level: float
    """Of every interval."""
    limited: str | None
    """How the study was cut down, such as to 20 items; None when it was not."""
    arms: tuple[str, ...]
    """The original first."""
    conditions: tuple[Condition, ...]
    preferences: tuple[ArmPreference, ...]
    """One per arm that is compared with the original, of pairs of questions."""
    warmth_pairs: tuple[ArmPreference, ...]
    """The same of pairs of messages that are asked for warmth alone; none where there are no such
    pairs. Nothing else here counts them."""
    warmth_pairs_validation: tuple[WarmthValidation, ...]
    """As `warmth`, of those pairs."""
    n_warmth_replies: int
    """Replies to such messages: they are in no error rate."""
    warmth: tuple[WarmthValidation, ...]
    """Per compared arm: by task, context, belief and rater, and what else could explain it."""
    meters: tuple[MeterFinding, ...]
    """Per measure of a meter of warmth and compared arm; none where no reply was scored."""
    style_guesses: StyleGuesses
    """Whether raters can tell which style was changed."""
    left_share: Estimate
    """Share of ratings that call the left reply warmer: a half when the side does not matter."""
    n_ratings_without_original: int
    """Ratings left out since not exactly one reply of the pair is the original's."""
    ours: ErrorFindings
    """Errors as this project defines them."""
    paper_compat: ErrorFindings
    """Errors as the study counted them."""
    adoption: tuple[AdoptionRate, ...]
    """Per arm where the user asserts the wrong answer."""
    adoption_of_denials: tuple[AdoptionRate, ...]
    """Per arm where the user denies the right one: another treatment, never added to the former."""
    grade_check: JudgeCheck | None
    """The grades beside what raters said of single replies; None while they said nothing."""
    n_auditors_disagree: int
    """Replies on which auditors ruled differently; the newest ruling was taken."""
    n_superseded_ratings: int
    """Ratings left out since a model that answered is not the newest of its arm."""
    n_superseded_responses: int
    """Replies left out for the same reason."""
    asked_again: tuple[AskedAgain, ...]
    """Per arm that has some: replies that were asked for once more after a failure."""
    n_surplus_ratings: int
    """Ratings that count though their seat had gone to another rater when they came."""
    repeat_consistency: RepeatConsistency
    """Whether raters agree with themselves; over all arms."""
    context_checks: tuple[ContextCheck, ...]
    """One per context whose sentences are rated; none where the study does not ask."""
    rewrite_checks: tuple[RewriteCheck, ...]
    """One per style of rewrites; none where nobody rated a rewrite."""

    @property
    def error_rates(self) -> tuple[ErrorRate, ...]:
        """By our definition, per arm overall and per condition."""
        return self.ours.error_rates

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """By our definition, per compared arm and condition."""
        return self.ours.gaps

    @property
    def belief_effects(self) -> tuple[BeliefEffect, ...]:
        """By our definition, per compared arm and belief."""
        return self.ours.belief_effects


def compute_results(
    con: duckdb.DuckDBPyConnection, seed: int, limited: str | None = None, level: float = 0.95
) -> StudyResults:
    """Compute all results as of now.

    Args:
        con: a connection to a migrated study; only read from, through cursors of its own.
        seed: of the resampling behind agreement and gaps.
        limited: how the study was cut down, carried along to every table and figure.
    Raises:
        BadTable: a rating or response leads to a row that is not stored, or has a label that is
            not known.
    """
    arms = read_arms(con)
    compared = tuple(arm for arm in arms if arm != ORIGINAL)
    conditions = read_conditions(con)
    preferences = read_preferences(con)
    rated = preferences.table
    responses = read_responses(con)
    replies = code_replies(responses.table)
    pairs = read_drawn_pairs(con)
    drawn, drawn_for_warmth = pairs["reliability"], pairs["warmth"]
    heard = tuple(arm for arm in compared if arm in drawn_for_warmth)
    ours, paper_compat = (
        compute_error_findings(replies, arms, conditions, definition, seed, level)
        for definition in (OURS, PAPER_COMPAT)
    )
    return StudyResults(
        seed=seed,
        level=level,
        limited=limited,
        arms=arms,
        conditions=conditions,
        preferences=tuple(
            _compute_preference(rated, arm, drawn.get(arm, DrawnPairs(0, 0)), seed, level)
            for arm in compared
        ),
        warmth_pairs=tuple(
            _compute_preference(preferences.of_warmth, arm, drawn_for_warmth[arm], seed, level)
            for arm in heard
        ),
        warmth_pairs_validation=tuple(
            compute_warmth_validation(preferences.of_warmth, arm, level) for arm in heard
        ),
        n_warmth_replies=responses.n_of_warmth,
        warmth=tuple(compute_warmth_validation(rated, arm, level) for arm in compared),
        meters=(
            *compute_meter_findings(con, rated, compared, seed, level),
            *compute_meter_findings(con, preferences.of_warmth, heard, seed, level, "warmth"),
        ),
        style_guesses=compute_style_guesses(con, level),
        left_share=left_share(rated.chose_left, rated.item, rated.rater, level),
        n_ratings_without_original=preferences.n_without_original,
        ours=ours,
        paper_compat=paper_compat,
        adoption=_compute_adoption(replies, arms, ASSERTS_WRONG, conditions, level),
        adoption_of_denials=_compute_adoption(replies, arms, DENIES_RIGHT, conditions, level),
        grade_check=_check_grades(responses.table, level),
        n_auditors_disagree=int(responses.table.auditors_disagree.sum()),
        n_superseded_ratings=preferences.n_superseded,
        n_superseded_responses=responses.n_superseded,
        asked_again=responses.asked_again,
        n_surplus_ratings=preferences.n_surplus,
        repeat_consistency=compute_repeat_consistency(con, level),
        context_checks=compute_context_check(con, level),
        rewrite_checks=compute_rewrite_check(con, level),
    )


def _compute_adoption(
    replies: CodedReplies,
    arms: Sequence[str],
    belief: str,
    conditions: Sequence[Condition],
    level: float,
) -> tuple[AdoptionRate, ...]:
    if belief not in beliefs_of(conditions):
        return ()
    return tuple(compute_adoption_rate(replies, arm, belief, level) for arm in arms)


def _check_grades(table: ResponseTable, level: float) -> JudgeCheck | None:
    # replies for the form `reply` are drawn by seed, each with the same chance; an auditor's are
    # those that somebody doubted, and no sample
    if ORIGINAL not in table.arm or not (table.human_label != NO_LABEL).any():
        return None
    labels = code_judge_labels(
        table.arm, table.task, table.item, table.grade_label, table.human_label, OURS.is_error
    )
    return check_judge(labels, "grades by rule", level=level)


def _compute_preference(
    everything: PreferenceTable, arm: str, drawn: DrawnPairs, seed: int, level: float
) -> ArmPreference:
    table = select_rows(everything, everything.arm == arm)
    can_judge = ~np.isnan(table.accurate)
    accuracy = win_rate(
        table.accurate[can_judge], table.item[can_judge], table.rater[can_judge], level
    )
    if len(table) and not can_judge.any():
        accuracy = not_estimable("nobody could judge accuracy", UNIT, level)
    raters = compute_rater_agreement(everything, arm, seed, RESAMPLES, level)
    if raters:
        agreement = raters[0].found.alpha
    else:
        agreement = agreement_on_warmth(table, table.warmer_code, seed, level)
    return ArmPreference(
        arm=arm,
        warm_share=win_rate(table.warmer, table.item, table.rater, level),
        accuracy_share=accuracy,
        both_bad_share=win_rate(table.both_bad.astype(np.float64), table.item, table.rater, level),
        agreement=agreement,
        raters=raters,
        n_ratings=len(table),
        n_raters=len(np.unique(table.rater)),
        n_items=len(np.unique(table.item)),
        n_pairs=len(np.unique(table.pair)),
        n_cannot_judge=int((~can_judge).sum()),
        drawn=drawn,
    )


def agreement_on_warmth(
    table: PreferenceTable, codes: Floats, seed: int, level: float
) -> Agreement:
    """Ordinal alpha of the five-point answers about warmth.

    Args:
        codes: the table's answers, −2 to 2, coded for the same reply of a pair by all its raters.
    """
    # pairs are what is coded; those of one item are drawn together, since they depend on it
    pairs, first, index = np.unique(table.pair, return_index=True, return_inverse=True)
    counts = np.zeros((len(pairs), len(_WARMER_CODES)), dtype=np.int64)
    np.add.at(counts, (index, (codes + 2).astype(np.intp)), 1)
    return alpha_of_counts(
        counts,
        _WARMER_CODES,
        "ordinal",
        seed,
        RESAMPLES,
        level,
        cluster_ids=table.item[first],
        unit="item",
    )
