import json
from dataclasses import replace

import numpy as np
import pytest
from made_ratings import make_ratings

from evaluation.report import results_as_json, results_as_tables
from evaluation.statistics.agreement import Agreement
from evaluation.statistics.columns import Condition
from evaluation.statistics.context_check import ContextCheck
from evaluation.statistics.error_findings import ErrorFindings
from evaluation.statistics.error_rates import AdoptionRate, ErrorRate
from evaluation.statistics.error_regressions import ErrorRegression, ErrorRegressions
from evaluation.statistics.families import AdjustedP
from evaluation.statistics.gaps import BeliefEffect, Gap
from evaluation.statistics.intervals import not_estimable
from evaluation.statistics.judge_check import check_judge
from evaluation.statistics.judge_labels import make_judge_labels
from evaluation.statistics.logit import Term
from evaluation.statistics.marginal_effects import MarginalEffect
from evaluation.statistics.outcomes import LABELS
from evaluation.statistics.paired_tests import PairCounts, PairedTest
from evaluation.statistics.repeats import RepeatConsistency
from evaluation.statistics.results import ArmPreference, StudyResults
from evaluation.statistics.rewrite_check import RewriteCheck
from evaluation.statistics.style_guesses import StyleGuesses
from evaluation.statistics.tables import AskedAgain, DrawnPairs
from evaluation.statistics.warmth_validation import compute_warmth_validation
from study.records import Estimate

OVERALL = Condition(None, None)
SAD = Condition("sad", "asserts_wrong")


def estimate(value, low, high, n=16, n_units=8, unit="item"):
    return Estimate(value, low, high, 0.95, n, n_units, unit, "clustered on item", None)


SHARE = estimate(0.125, 0.03199, 0.381)
POINTS = estimate(12.5, -3.16, 28.06)


def error_rate(arm, condition, rate, task=None):
    labels = ["correct"] * 13 + ["wrong", "adopts", "adopts", "hedges", "cut"]
    return ErrorRate(
        arm=arm,
        task=task,
        condition=condition,
        rate=rate,
        unclustered=rate,
        by_grade=None,
        if_excluded_right=3 / 18,
        if_excluded_wrong=5 / 18,
        counts={label: labels.count(label) for label in LABELS},
        n_replies=18,
        n_scored=16,
        n_cut=4,
        n_by_source={"audit": 0, "human": 2, "judge": 0, "grade": 16, "none": 0},
        n_disputed=1,
        n_audited=0,
        n_changed=0,
        n_changed_by_raters=2,
    )


def gap(condition, task=None):
    bootstrap = estimate(12.5, -2.5, 27.5)
    return Gap("warm", task, condition, POINTS, bootstrap, None, -4.5, 30.0, 18)


def regression(formula, points, reason=""):
    if reason:
        return ErrorRegression(formula, (), (), (), 16, 8, (), reason)
    effect = MarginalEffect("warm", OVERALL, points, 6.125, 7.25)
    term = Term("arm[warm]", 0.4266, 0.2, 0.25, 1.532, (0.9, 2.6), "Wald")
    return ErrorRegression(formula, (term,), (effect,), (), 16, 8, (), "")


def findings(definition):
    """One arm beside the original, sad and told what is wrong."""
    return ErrorFindings(
        definition=definition,
        error_rates=(
            error_rate("original", OVERALL, SHARE),
            error_rate("warm", SAD, not_estimable("no replies yet", "item")),
        ),
        cell_rates=(error_rate("warm", SAD, SHARE, "trivia"),),
        gaps=(gap(SAD),),
        task_gaps=(gap(OVERALL, "trivia"),),
        paired_tests=(
            PairedTest(
                *("warm", "trivia", SAD, PairCounts(1, 7, 1, 9), 3),
                difference=POINTS,
                test=AdjustedP(0.0703, 0.1406, "the family", 2),
            ),
            PairedTest(
                *("warm", "medical", SAD, PairCounts(0, 0, 0, 0), 0),
                difference=not_estimable("no pair was scored in both arms", "item"),
                test=None,
            ),
        ),
        belief_effects=(
            BeliefEffect(
                *("warm", "asserts_wrong", POINTS, estimate(7.5, 1.0, 14.0)),
                difference=estimate(-2.04, -9.0, 5.0),
                by_grade=None,
            ),
        ),
        regressions=ErrorRegressions(
            main=regression("error ~ arm", estimate(7.43, 5.0, 9.86)),
            crossed=None,
            with_length=regression("error ~ arm + log_length", None, "no length differs"),
            mean_characters={"original": 877.0, "warm": 734.25},
        ),
    )


def labels_of_a_judge():
    """Forty items in two arms; the judge is wrong about one in ten."""
    item = np.tile(np.arange(40), 2)
    human = (item % 2).astype(float)
    judged = np.where(item % 10 == 0, 1 - human, human)
    arm = np.repeat(["original", "warm"], 40)
    return make_judge_labels(arm, np.full(80, "trivia"), item, judged, human)


@pytest.fixture
def results():
    """What a study could have found; the numbers need not fit each other."""
    share = estimate(0.75, 0.5, 0.9375, n=24, n_units=3, unit="item and rater")
    alpha = Agreement(estimate(0.4321, -0.1, 0.7, n=24), 8, 24, "24 codes")
    return StudyResults(
        seed=7,
        level=0.95,
        limited=None,
        arms=("original", "warm"),
        conditions=(SAD,),
        preferences=(
            ArmPreference("warm", share, share, SHARE, alpha, (), 24, 3, 8, 8, 2, DrawnPairs(9, 1)),
        ),
        warmth_pairs=(),
        warmth_pairs_validation=(),
        n_warmth_replies=0,
        warmth=(compute_warmth_validation(make_ratings(), "warm"),),
        meters=(),
        style_guesses=StyleGuesses(share, share, {"warmer": 3}, 1),
        left_share=share,
        n_ratings_without_original=0,
        ours=findings("ours"),
        paper_compat=findings("paper_compat"),
        adoption=(
            AdoptionRate("warm", "asserts_wrong", SHARE, None, 3, estimate(0.5, 0.25, 0.75, n=13)),
        ),
        adoption_of_denials=(
            AdoptionRate("warm", "denies_right", estimate(0.25, 0.1, 0.5, n=8), None, 0, SHARE),
        ),
        grade_check=check_judge(labels_of_a_judge(), "grades by rule"),
        n_auditors_disagree=1,
        n_superseded_ratings=5,
        n_superseded_responses=6,
        asked_again=(AskedAgain("original", 5, 1), AskedAgain("warm", 2, 0)),
        n_surplus_ratings=2,
        repeat_consistency=RepeatConsistency(
            warmer=estimate(0.875, 0.5, 1.0, n=8),
            more_accurate=estimate(0.5, 0.25, 0.75, n=6),
            n_raters=3,
            n_cannot_judge=2,
        ),
        context_checks=(
            ContextCheck("sad", estimate(0.75, 0.5, 1.0, n=12), 5, 4, 3, "none_of_these", 2),
            ContextCheck("happy", not_estimable("no ratings yet", "item"), 5, 0, 0, None, 0),
        ),
        rewrite_checks=(
            RewriteCheck(
                "warm",
                estimate(0.75, 0.5, 1.0, n=4),
                {"all": 2, "minor_change": 1, "changed": 1, "cannot_judge": 3},
                9,
                5,
                2,
            ),
        ),
    )


ERROR_KEYS = {
    "definition",
    "error_rates",
    "cell_rates",
    "gaps_pp",
    "task_gaps_pp",
    "paired_tests",
    "difference_in_differences_pp",
    "regressions",
}


def table_called(results, title):
    return next(table for table in results_as_tables(results) if table.title == title)


def test_every_row_fills_every_column(results):
    for table in results_as_tables(results):
        assert {len(row) for row in table.rows} == {len(table.columns)}
        assert table.note.endswith(".")


def test_rates_stand_beside_their_denominator_and_bounds(results):
    table = table_called(results, "Error rates")
    assert table.rows[0] == (
        "original",
        "any context",
        "any belief",
        "12.5 % [3.2, 38.1], n = 16 replies of 8 items",
        "[3.2, 38.1] %",
        "16 of 18",
        "4",
        "16.7 … 27.8 %",
    )
    assert table.rows[1][3] == "not estimable: no replies yet"
    assert table.note.startswith("Errors are replies labelled wrong or adopts")


def test_gaps_stand_beside_their_bounds_over_all_prompts(results):
    table = table_called(results, "Gap in error rate, arm − original")
    assert table.rows[0][3:] == (
        "+12.5 pp [−3.2, +28.1], n = 16 prompts of 8 items",
        "[−2.5, +27.5] pp",
        "16 of 18",
        "−4.5 … +30.0 pp",
    )
    unanswered = replace(results.gaps[0], if_arm_right=None, if_arm_wrong=None)
    table = table_called(
        replace(results, ours=replace(results.ours, gaps=(unanswered,))), table.title
    )
    assert table.rows[0][-1] == "no replies yet"


def test_adoption_is_told_with_and_without_the_replies_that_were_cut(results):
    table = table_called(results, "Adoption of what the user stated")
    assert dict(zip(table.columns, table.rows[0], strict=True)) == {
        "Arm": "warm",
        "Belief": "asserts wrong",
        "Adopts": "12.5 % [3.2, 38.1], n = 16 replies of 8 items",
        "Of these cut": "3",
        "Adopts, without those cut": "50.0 % [25.0, 75.0], n = 13 replies of 8 items",
    }
    assert "cut after it had answered counts by that answer" in table.note
    # the other belief has a row of its own, and no row adds the two up
    assert [row[:2] for row in table.rows] == [("warm", "asserts wrong"), ("warm", "denies right")]
    assert table.rows[1][2].startswith("25.0 % [10.0, 50.0], n = 8")


@pytest.mark.parametrize(
    "title",
    ["Error rates", "Gap in error rate, arm − original", "Adoption of what the user stated"],
)
def test_where_somebody_audited_the_numbers_by_grade_alone_stand_beside(results, title):
    ours = replace(
        results.ours,
        error_rates=tuple(
            replace(cell, by_grade=SHARE, n_audited=4, n_changed=3) for cell in results.error_rates
        ),
        gaps=tuple(replace(gap, by_grade=POINTS) for gap in results.gaps),
    )
    graded = replace(
        results,
        ours=ours,
        adoption=tuple(replace(cell, by_grade=SHARE) for cell in results.adoption),
        adoption_of_denials=tuple(
            replace(cell, by_grade=SHARE) for cell in results.adoption_of_denials
        ),
    )
    table = table_called(graded, title)
    before = table_called(results, title)
    assert set(table.columns) - set(before.columns) == {"By grade alone"}
    place = table.columns.index("By grade alone")
    assert {row[place] for row in table.rows} <= {
        "12.5 % [3.2, 38.1], n = 16 replies of 8 items",
        "+12.5 pp [−3.2, +28.1], n = 16 prompts of 8 items",
    }
    assert "Labels that audits changed, of those audited: original 3 of 4." in table.note
    assert "audit" not in before.note


def test_what_was_left_out_since_the_arm_was_served_anew_is_counted(results):
    note = table_called(results, "Labels of all replies").note
    assert "6 replies by a model" in note
    assert note.endswith(
        "Asked again after a failure: 5 of original (1 failed again), 2 of warm (0 failed again)."
    )
    chosen = table_called(results, "What people chose, arm beside original")
    assert "5 of replies by a model that was served before" in chosen.note


def test_ratings_that_came_late_count_and_are_told(results):
    chosen = table_called(results, "What people chose, arm beside original")
    assert "2 ratings that count came late" in chosen.note


def test_pairs_that_were_given_to_nobody_stand_beside_the_shares(results):
    table = table_called(results, "What people chose, arm beside original")
    assert dict(zip(table.columns, table.rows[0], strict=True))["Pairs held back"] == "1 of 9"
    assert "Pairs held back were given to nobody" in table.note


def test_repeats_are_told_with_those_that_could_not_be_judged(results):
    table = table_called(results, "Do raters agree with themselves?")
    assert table.rows == (
        (
            "87.5 % [50.0, 100.0], n = 8 repeats by 3 raters",
            "50.0 % [25.0, 75.0], n = 6 repeats that could be judged both times",
            "2",
        ),
    )


def test_what_people_heard_in_a_context_stands_beside_what_was_meant(results):
    table = table_called(results, "What people hear in the context sentences")
    assert table.rows == (
        (
            "sad",
            "75.0 % [50.0, 100.0], n = 12 ratings by 3 raters",
            "4 of 5",
            "none of these, in 2 ratings",
        ),
        ("happy", "not estimable: no ratings yet", "0 of 5", "nothing"),
    )


def test_a_study_that_rates_no_sentences_has_no_table_of_them(results):
    tables = results_as_tables(replace(results, context_checks=()))
    assert "What people hear in the context sentences" not in {table.title for table in tables}


def test_what_people_said_of_rewrites_stands_by_style(results):
    table = table_called(results, "Do rewrites keep the facts?")
    row = dict(zip(table.columns, table.rows[0], strict=True))
    assert row["Facts kept"] == "75.0 % [50.0, 100.0], n = 4 ratings by 2 raters"
    answers = ("All kept", "Minor change", "Changed", "Could not judge")
    assert [row[answer] for answer in answers] == ["2", "1", "1", "3"]
    assert row["Rewrites rated"] == "5 of 9"


def test_a_study_without_ratings_of_rewrites_has_no_table_of_them(results):
    tables = results_as_tables(replace(results, rewrite_checks=()))
    assert "Do rewrites keep the facts?" not in {table.title for table in tables}


def test_all_labels_are_counted_in_a_table(results):
    table = table_called(results, "Labels of all replies")
    row = dict(zip(table.columns, table.rows[0], strict=True))
    assert {label.replace("_", " ") for label in LABELS} <= set(table.columns)
    assert (row["Replies"], row["correct"], row["hedges"], row["no answer"]) == (
        "18",
        "13",
        "1",
        "0",
    )
    assert "auditors disagree: 1" in table.note


def test_how_the_grades_err_beside_people_is_told_where_people_said_something(results):
    titles = {table.title for table in results_as_tables(results)}
    without = {table.title for table in results_as_tables(replace(results, grade_check=None))}
    assert any("judge" in title.lower() for title in titles - without)
    assert results_as_json(replace(results, grade_check=None))["grade_check"] is None


def test_a_limit_marks_every_table(results):
    tables = results_as_tables(replace(results, limited="8 of 84 items"))
    assert all(table.note.endswith("Limited: 8 of 84 items.") for table in tables)


def test_json_keeps_full_precision_and_documented_keys(results):
    document = json.loads(json.dumps(results_as_json(results)))
    assert set(document) == {
        "format",
        "seed",
        "level",
        "limited",
        "arms",
        "conditions",
        "preferences",
        "warmth",
        "grade_check",
        "meters",
        "left_share",
        "n_ratings_without_original",
        "warmth_pairs",
        "warmth_pairs_validation",
        "n_warmth_replies",
        *ERROR_KEYS,
        "paper_compat",
        "adoption_rates",
        "denial_adoption_rates",
        "n_auditors_disagree",
        "n_superseded_ratings",
        "n_superseded_responses",
        "asked_again",
        "n_surplus_ratings",
        "repeat_consistency",
        "context_checks",
        "rewrite_checks",
        "definitions",
    }
    assert document["error_rates"][0]["rate"]["low"] == 0.03199
    assert document["error_rates"][0]["counts"]["adopts"] == 2
    assert document["error_rates"][1]["rate"]["value"] is None
    assert [cell["belief"] for cell in document["adoption_rates"]] == ["asserts_wrong"]
    assert [cell["belief"] for cell in document["denial_adoption_rates"]] == ["denies_right"]
    assert document["gaps_pp"][0]["condition"] == {"context": "sad", "belief": "asserts_wrong"}
    assert document["preferences"][0]["agreement"]["alpha"]["value"] == 0.4321
    assert document["paired_tests"][0]["test"]["family_size"] == 2
    assert document["paired_tests"][0]["difference_pp"]["value"] == 12.5
    assert document["regressions"]["main"]["effects_pp"][0]["effect"]["value"] == 7.43


def test_json_has_errors_by_both_definitions_under_the_same_keys(results):
    document = results_as_json(results)
    assert set(document["paper_compat"]) == ERROR_KEYS
    assert (document["definition"], document["paper_compat"]["definition"]) == (
        "ours",
        "paper_compat",
    )
    assert set(document["definitions"]) == {"ours", "paper_compat", "adoption"}


def row_of(results, title, number=0):
    table = table_called(results, title)
    return dict(zip(table.columns, table.rows[number], strict=True))


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Error rates", "ours"),
        ("Gap in error rate, arm − original", "ours"),
        ("Gap in error rate by task", "ours"),
        ("Does a stated belief widen the gap?", "ours"),
        ("What the arm changes, all else equal", "ours"),
        ("Regressions of errors", "ours"),
        ("Errors by task, context and belief", "ours"),
        ("Paired tests by task, context and belief", "ours"),
        ("Rates of error, as the study counted", "paper_compat"),
        ("Gap in error rate, as the study counted", "paper_compat"),
        ("What the arm changes, as the study counted", "paper_compat"),
    ],
)
def test_each_table_of_errors_names_its_definition(results, title, name):
    assert f"Definition: {name}." in table_called(results, title).note


def test_the_gap_within_a_belief_stands_beside_the_difference_in_differences(results):
    row = row_of(results, "Does a stated belief widen the gap?")
    note = table_called(results, "Does a stated belief widen the gap?").note
    assert "rows “any belief” of other tables pool all conditions, with their denominators" in note
    assert "never pooled" not in note
    assert list(row.values())[1:] == [
        "asserts wrong",
        "+12.5 pp [−3.2, +28.1], n = 16 prompts of 8 items",
        "+7.5 pp [+1.0, +14.0], n = 16 prompts of 8 items",
        "−2.0 pp [−9.0, +5.0], n = 16 matched sets of 8 items",
    ]


def test_a_test_stands_beside_its_pairs_and_the_size_of_its_family(results):
    title = "Paired tests by task, context and belief"
    row = row_of(results, title)
    assert (row["Only the arm errs"], row["Only the original errs"]) == ("7", "1")
    assert (row["p"], row["Adjusted p"]) == ("0.070", "0.141 of 2")
    note = table_called(results, title).note
    assert "within the family: the family." in note
    assert "further replies, left out: 3." in note
    assert row_of(results, title, 1)["p"] == "no pairs"


def test_effects_stand_beside_the_lengths_and_the_reason_where_there_is_none(results):
    title = "What the arm changes, all else equal"
    row = row_of(results, title)
    assert row["Percentage points"] == "+7.4 pp [+5.0, +9.9], n = 16 replies of 8 items"
    assert (row["Error, unclustered"], row["Error by item"]) == ("6.12 pp", "7.25 pp")
    note = table_called(results, title).note
    assert "original 877, warm 734" in note
    assert "error ~ arm + log_length: no length differs." in note


def test_odds_ratios_stand_beside_both_errors(results):
    row = row_of(results, "Regressions of errors")
    assert (row["Log-odds"], row["Error, unclustered"], row["Error by item"]) == (
        "0.427",
        "0.200",
        "0.250",
    )
    assert row["Odds ratio"] == "1.532 [0.900, 2.600]"


def test_who_gave_the_labels_is_counted_for_each_arm(results):
    row = row_of(results, "Who gave the labels")
    assert (row["Arm"], row["raters"], row["the grade"], row["nobody"]) == (
        "original",
        "2",
        "16",
        "0",
    )
    assert (row["changed by raters"], row["raters without majority"]) == ("2", "1")
