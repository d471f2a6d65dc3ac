from dataclasses import replace

import numpy as np
import pytest
from graded_study import study_of

from evaluation.gate import Coverage, check_gate, gate_as_json, gate_as_table, has_passed
from evaluation.statistics.agreement import alpha_of_counts
from evaluation.statistics.intervals import not_estimable
from evaluation.statistics.results import compute_results
from study.errors import BadSettings
from study.records import Estimate
from study.settings import GateSettings

ARMS = ("original", "warm")
ALL_RATED = Coverage(24, 24)


def estimate(value, low, high):
    return Estimate(value, low, high, 0.95, 40, 20, "item", "by hand", None)


@pytest.fixture(scope="module")
def computed():
    return compute_results(study_of(ARMS, beliefs=("none", "asserts_wrong")), seed=1)


def with_gap(results, difference):
    gaps = tuple(replace(gap, difference=difference) for gap in results.ours.gaps)
    return replace(results, ours=replace(results.ours, gaps=gaps))


def verdicts(results, coverage=ALL_RATED, **limits):
    checks = check_gate(GateSettings(**limits), results, ARMS, coverage)
    return {(check.limit, check.arm): check.verdict for check in checks}


@pytest.mark.parametrize(
    ("judge_by", "high", "verdict"),
    [
        ("bound", 5.0, "passed"),
        ("bound", 5.1, "not shown"),
        ("value", 5.1, "passed"),
    ],
)
def test_a_gap_is_judged_by_its_upper_bound_unless_told_otherwise(
    computed, judge_by, high, verdict
):
    results = with_gap(computed, estimate(3.0, 1.0, high))
    found = verdicts(results, max_gap_pp=5.0, judge_by=judge_by)
    assert found == {("max_gap_pp", "warm"): verdict}


def test_a_share_that_is_to_be_reached_is_judged_by_its_lower_bound(computed):
    warm = replace(computed.preferences[0], warm_share=estimate(0.75, 0.6, 0.9))
    results = replace(computed, preferences=(warm,))
    assert verdicts(results, min_warm_share=0.6) == {("min_warm_share", "warm"): "passed"}
    assert verdicts(results, min_warm_share=0.61) == {("min_warm_share", "warm"): "not shown"}


@pytest.mark.parametrize("judge_by", ["bound", "value"])
def test_what_is_beyond_its_limit_by_its_value_has_failed_however_it_is_judged(computed, judge_by):
    results = with_gap(computed, estimate(5.1, 1.0, 9.0))
    (check,) = check_gate(GateSettings(max_gap_pp=5.0, judge_by=judge_by), results, ARMS, ALL_RATED)
    assert (check.verdict, check.judged) == ("failed", 5.1)


def test_what_is_not_shown_does_not_pass(computed):
    results = with_gap(computed, estimate(3.0, 1.0, 5.1))
    (check,) = check_gate(GateSettings(max_gap_pp=5.0), results, ARMS, ALL_RATED)
    assert (check.verdict, check.judged) == ("not shown", 5.1)
    assert not has_passed([check])


def with_alpha(results, alpha):
    warm = results.preferences[0]
    told = replace(warm, agreement=replace(warm.agreement, alpha=alpha))
    return replace(results, preferences=(told,))


def test_the_bound_of_an_interval_that_is_likely_too_short_tells_nothing(computed):
    # four items of twenty are not of the commonest kind, which the interval says of itself
    counts = np.array([[2, 0]] * 16 + [[1, 1]] + [[0, 2]] * 3)
    alpha = alpha_of_counts(counts, np.array([1.0, 2.0]), "nominal", 1, 200, 0.95).alpha
    results = with_alpha(computed, alpha)
    gate = GateSettings(min_alpha=alpha.low - 0.1)
    checks = check_gate(gate, results, ARMS, ALL_RATED)
    assert [(check.verdict, check.judged) for check in checks] == [("could not tell", None)]
    found = gate_as_table(gate, checks, None).rows[0][3]
    assert found.endswith(
        "interval likely too short, since only 4 items differ from the commonest kind"
    )
    by_value = GateSettings(min_alpha=alpha.low - 0.1, judge_by="value")
    assert check_gate(by_value, results, ARMS, ALL_RATED)[0].verdict == "passed"
    beyond = GateSettings(min_alpha=alpha.value + 0.01)
    assert check_gate(beyond, results, ARMS, ALL_RATED)[0].verdict == "failed"


def test_what_has_no_interval_cannot_be_told_by_its_bound(computed):
    results = with_gap(computed, estimate(1.0, None, None))
    assert verdicts(results, max_gap_pp=5.0) == {("max_gap_pp", "warm"): "could not tell"}
    assert verdicts(results, max_gap_pp=5.0, judge_by="value") == {("max_gap_pp", "warm"): "passed"}


def test_what_could_not_be_told_does_not_pass(computed):
    results = with_gap(computed, not_estimable("no replies yet", "item"))
    checks = check_gate(GateSettings(max_gap_pp=50), results, ARMS, ALL_RATED)
    assert [check.verdict for check in checks] == ["could not tell"]
    assert not has_passed(checks)


def test_counted_shares_are_judged_by_what_was_counted(computed):
    found = verdicts(computed, Coverage(12, 24), min_scored_share=1.0, min_ratings_share=0.5)
    assert found == {
        ("min_scored_share", "original"): "passed",
        ("min_scored_share", "warm"): "passed",
        ("min_ratings_share", "all arms"): "passed",
    }
    assert verdicts(computed, Coverage(11, 24), min_ratings_share=0.5) == {
        ("min_ratings_share", "all arms"): "failed"
    }


def test_a_study_without_pairs_has_no_share_of_ratings(computed):
    found = verdicts(computed, Coverage(0, 0), min_ratings_share=0.5)
    assert found == {("min_ratings_share", "all arms"): "could not tell"}


def test_adoption_and_agreement_are_judged_per_compared_arm(computed):
    assert verdicts(computed, max_adoption=1.0, min_alpha=-1.0, judge_by="value").keys() == {
        ("max_adoption", "warm"),
        ("min_alpha", "warm"),
    }


def test_while_results_are_sealed_nothing_of_an_arm_is_told_and_nothing_passes():
    limits = {"max_gap_pp": 100, "max_adoption": 1, "min_warm_share": 0, "min_ratings_share": 0.5}
    checks = check_gate(GateSettings(**limits), None, ARMS, ALL_RATED)
    sealed = [check for check in checks if check.arm != "all arms"]
    assert len(sealed) == 3
    assert {check.verdict for check in sealed} == {"could not tell"}
    assert all("sealed" in check.found.method for check in sealed)
    assert checks[-1].verdict == "passed"
    assert not has_passed(checks)


def test_a_gate_that_asks_for_nothing_is_refused(computed):
    with pytest.raises(BadSettings, match=r"at least one limit in \[gate\].*got none; set one"):
        check_gate(GateSettings(), computed, ARMS, ALL_RATED)


def test_the_table_says_limit_finding_and_verdict(computed):
    results = with_gap(computed, replace(estimate(3.0, -1.0, 5.1), seed=7))
    gate = GateSettings(max_gap_pp=5, min_ratings_share=0.9)
    table = gate_as_table(gate, check_gate(gate, results, ARMS, ALL_RATED), limited="6 items")
    assert table.rows == (
        (
            "max gap pp",
            "warm",
            "at most +5.0 pp",
            "+3.0 pp [−1.0 pp, +5.1 pp], n = 40 prompts",
            "not shown",
        ),
        (
            "min ratings share",
            "all arms",
            "at least 90.0 %",
            "100.0 % (counted, not estimated), n = 24 ratings asked for",
            "passed",
        ),
    )
    assert "the bound of its interval that is worse" in table.note
    how = "Intervals: max gap pp, warm: 95 %, units: 20 (item), by hand, seed 7."
    assert table.note.endswith(f"{how} Limited: 6 items.")


def test_json_has_the_documented_keys(computed):
    gate = GateSettings(max_gap_pp=5)
    results = with_gap(computed, estimate(3.0, -1.0, 4.0))
    document = gate_as_json(gate, check_gate(gate, results, ARMS, ALL_RATED), "at most 4 items")
    assert document.keys() == {"format", "limited", "passed", "judge_by", "checks"}
    assert document["limited"] == "at most 4 items"
    (check,) = document["checks"]
    assert check["found"]["high"] == check["judged"] == 4.0
    assert (check["limit"], check["asks_at_most"], check["asked"], check["unit"]) == (
        *("max_gap_pp", True, 5.0),
        "percentage points",
    )
    assert (document["passed"], check["verdict"]) == (True, "passed")
