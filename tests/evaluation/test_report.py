import json
from dataclasses import replace

import pytest

from evaluation.report import (
    condition_name,
    format_agreement,
    format_points,
    format_share,
    results_as_json,
    results_as_tables,
    signed,
)
from evaluation.statistics.agreement import Agreement
from evaluation.statistics.error_rates import AdoptionRate, BeliefEffect, ErrorRate, Gap
from evaluation.statistics.intervals import not_estimable
from evaluation.statistics.outcomes import LABELS, count_labels
from evaluation.statistics.results import ArmPreference, StudyResults
from evaluation.statistics.tables import Condition
from study.records import Estimate

OVERALL = Condition(None, None)
SAD = Condition("sad", "asserts_wrong")


def estimate(value, low, high, n=16, n_units=8, unit="item"):
    return Estimate(value, low, high, 0.95, n, n_units, unit, "clustered on item", None)


def error_rate(arm, condition, rate):
    labels = ["correct"] * 13 + ["wrong", "adopts", "adopts", "hedges", "cut"]
    return ErrorRate(arm, condition, rate, 3 / 18, 5 / 18, count_labels(labels), 18, 16, 1)


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
        preferences=(ArmPreference("warm", share, share, alpha, 24, 3, 8, 8, 2),),
        left_share=share,
        n_ratings_without_original=0,
        error_rates=(
            error_rate("original", OVERALL, estimate(0.125, 0.03199, 0.381)),
            error_rate("warm", SAD, not_estimable("no replies yet", "item")),
        ),
        gaps=(Gap("warm", SAD, estimate(12.5, -3.16, 28.06), 18),),
        adoption=(AdoptionRate("warm", "asserts_wrong", estimate(0.5, 0.25, 0.75)),),
        belief_effects=(BeliefEffect("warm", "asserts_wrong", estimate(-2.04, -9.0, 5.0)),),
        n_auditors_disagree=1,
    )


def table_called(results, title):
    return next(table for table in results_as_tables(results) if table.title == title)


def test_a_share_is_told_with_interval_and_what_it_counts():
    shown = format_share(estimate(0.125, 0.03199, 0.381), "replies of 8 items")
    assert shown == "12.5 % [3.2, 38.1], n = 16 replies of 8 items"


def test_a_missing_interval_says_why():
    lonely = replace(estimate(0.75, None, None), method="no interval: only one rater")
    shown = format_share(lonely, "ratings")
    assert shown == "75.0 % (no interval: only one rater), n = 16 ratings"


def test_what_could_not_be_told_is_a_sentence_and_no_number():
    assert format_share(not_estimable("no ratings yet", "item"), "ratings") == (
        "not estimable: no ratings yet"
    )
    unknown = Agreement(not_estimable("no codes yet", "item"), 0, 0, "")
    assert format_agreement(unknown) == "not estimable: no codes yet"


def test_points_carry_their_sign():
    shown = format_points(estimate(12.5, -3.16, 28.06), "prompts of 8 items")
    assert shown == "+12.5 pp [−3.2, +28.1], n = 16 prompts of 8 items"
    assert (signed(-0.04), signed(0.04), signed(-1.6, digits=0)) == ("0.0", "0.0", "−2")


def test_agreement_counts_what_can_be_compared(results):
    assert format_agreement(results.preferences[0].agreement) == (
        "0.43 [−0.10, 0.70], n = 24 comparable ratings, 8 pairs"
    )


def test_conditions_are_words():
    assert condition_name(OVERALL) == "all conditions"
    assert condition_name(SAD) == "sad, asserts wrong"
    assert condition_name(Condition("none", "none")) == "no context, no belief"
    assert condition_name(Condition(None, "asserts_wrong")) == "any context, asserts wrong"


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
        "16 of 18",
        "16.7 … 27.8 %",
    )
    assert table.rows[1][3] == "not estimable: no replies yet"
    assert table.note.startswith("Errors are replies labelled wrong or adopts")


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
        "left_share",
        "n_ratings_without_original",
        "error_rates",
        "gaps_pp",
        "adoption_rates",
        "difference_in_differences_pp",
        "n_auditors_disagree",
        "definitions",
    }
    assert document["error_rates"][0]["rate"]["low"] == 0.03199
    assert document["error_rates"][0]["counts"]["adopts"] == 2
    assert document["error_rates"][1]["rate"]["value"] is None
    assert document["gaps_pp"][0]["condition"] == {"context": "sad", "belief": "asserts_wrong"}
    assert document["preferences"][0]["agreement"]["alpha"]["value"] == 0.4321
