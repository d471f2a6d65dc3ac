"""Scores and ratings in a real study file, worked out by hand; see `conftest.py` for its ratings."""

from dataclasses import asdict, replace

import numpy as np
import pytest

from evaluation.statistics.meter_findings import compute_meter_findings
from evaluation.statistics.tables import read_meter_table, read_preferences
from evaluation.warmth import (
    Measure,
    insert_warmth_scores,
    read_measures,
    read_unscored,
    warmth_score,
)

MASKED = Measure("masked", 1, "packaged", "a" * 64, None, 1)
PAPER = Measure("paper", 1, "gpt2", "b" * 64, 7, 100)
# warm − original, of the pairs without belief: i1 and i2 are heard warmer, i3 cooler, i4 the same
SCORES = {
    "i1": (0.03, 0.01),
    "i2": (0.02, 0.01),
    "i3": (0.00, 0.04),
    "i4": (0.01, 0.01),
}


def score(study, measure, scores=SCORES):
    rows = [
        warmth_score(f"{item}-none-none-{arm}-0", measure, value)
        for item, both in scores.items()
        for arm, value in zip(("warm", "original"), both, strict=True)
    ]
    return insert_warmth_scores(study.con.cursor(), map(asdict, rows))


def findings(study):
    rated = read_preferences(study.con).table
    return compute_meter_findings(study.con, rated, ["warm"], seed=7)


def test_people_and_meter_agree_as_counted_by_hand(known_study):
    score(known_study, MASKED)
    (found,) = findings(known_study)
    # r1 +2 +1 +2 0 and r2 +1 −1 +2 +2; the meter + + − 0: agreeing 1 1, 1 0, 0 0, and of i4, of
    # which the meter is undecided, half of both
    assert found.agreement.share.value == pytest.approx((1 + 1 + 1 + 0 + 0 + 0 + 0.5 + 0.5) / 8)
    assert (found.agreement.n_undecided, found.agreement.n_without_opinion) == (2, 0)
    # i2 is balanced, and nobody's majority is for the original
    assert found.agreement.n_without_majority == 1
    assert "most people chose the arm in every pair" in found.agreement.auc.method


def test_the_lift_is_the_mean_difference_of_scores(known_study):
    score(known_study, MASKED)
    (found,) = findings(known_study)
    assert found.lift.value == pytest.approx((0.02 + 0.01 - 0.04 + 0.0) / 4)
    assert (found.lift.n, found.lift.n_units) == (4, 4)
    assert found.higher_share.value == pytest.approx(2.5 / 4)
    assert found.n_without_score == 0


def test_the_area_tells_the_arms_pairs_from_the_originals(known_study):
    # people heard the original warmer in i3 and i2; the meter puts one of them last
    known_study.con.execute(
        "UPDATE ratings SET warmer = 'equal' WHERE token IN (SELECT a.token FROM assignments a "
        "JOIN pairs p ON p.pair_id = a.subject_id WHERE p.prompt_id = 'i4-none-none')"
    )
    rated = read_preferences(known_study.con).table
    rated = replace(rated, warmer=np.where(rated.item == "i3", 0.0, rated.warmer))
    score(known_study, MASKED)
    (found,) = compute_meter_findings(known_study.con, rated, ["warm"], seed=7)
    # i1 +0.02 for the arm, i3 −0.04 for the original; i2 and i4 are balanced
    assert found.agreement.auc.value == 1.0
    assert (found.agreement.auc.n, found.agreement.n_without_majority) == (2, 2)


def test_which_reply_a_pair_calls_first_does_not_matter(known_study):
    score(known_study, MASKED)
    before = read_meter_table(known_study.con, MASKED)
    known_study.con.execute(
        "UPDATE pairs SET first_response_id = second_response_id, "
        "second_response_id = first_response_id"
    )
    after = read_meter_table(known_study.con, MASKED)
    assert before.difference.tolist() == after.difference.tolist()
    assert before.difference == pytest.approx([0.02, 0.01, -0.04, 0.0])
    assert set(after.arm.tolist()) == {"warm"}


def test_a_reply_that_says_nothing_is_left_out_and_counted(known_study):
    score(known_study, MASKED, SCORES | {"i1": (float("nan"), 0.01)})
    (found,) = findings(known_study)
    assert (found.n_without_score, found.lift.n) == (1, 3)
    assert (found.agreement.n_without_opinion, found.agreement.share.n) == (2, 6)


def test_pairs_that_were_not_scored_yet_are_left_out_and_their_ratings_counted(known_study):
    score(known_study, MASKED, {"i1": SCORES["i1"]})
    (found,) = findings(known_study)
    assert (found.lift.n, found.agreement.n_without_opinion) == (1, 6)
    assert "only one item" in found.lift.method


def test_measures_are_kept_apart_and_named(known_study):
    score(known_study, MASKED)
    score(known_study, PAPER, dict.fromkeys(SCORES, (0.0, 0.01)))
    score(known_study, replace(PAPER, seed=8), {"i1": (0.5, 0.0)})
    assert read_measures(known_study.con) == (PAPER, replace(PAPER, seed=8), MASKED)
    lifts = {one.measure: one.lift.value for one in findings(known_study)}
    assert lifts[PAPER] == pytest.approx(-0.01)
    assert lifts[replace(PAPER, seed=8)] == pytest.approx(0.5)


def test_a_reply_keeps_its_first_score_and_is_not_asked_for_again(known_study):
    unscored = read_unscored(known_study.con, MASKED)
    assert score(known_study, MASKED) == 8
    assert score(known_study, MASKED, dict.fromkeys(SCORES, (9.0, 9.0))) == 0
    left = read_unscored(known_study.con, MASKED)
    assert len(unscored) - len(left) == 8
    assert "i1-none-none-warm-0" in unscored.keys() - left.keys()
    assert read_unscored(known_study.con, PAPER) == unscored


def test_a_study_without_scores_has_no_finding(known_study):
    assert findings(known_study) == ()


def test_an_arm_without_scored_pairs_says_so(known_study):
    score(known_study, MASKED)
    rated = read_preferences(known_study.con).table
    (_, cold) = compute_meter_findings(known_study.con, rated, ["warm", "cold"], seed=7)
    assert (cold.lift.value, cold.lift.method) == (None, "not estimable: no scores")
    assert "no pair has both a rating and an opinion" in cold.agreement.share.method
