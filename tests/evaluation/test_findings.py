import re
from dataclasses import replace

import pytest
from graded_study import study_of

from evaluation.findings import key_figures, main_arm, tell_findings, tell_interim
from evaluation.statistics.interim import compute_interim
from evaluation.statistics.intervals import not_estimable
from evaluation.statistics.results import compute_results
from study.records import Estimate

ARMS = ("original", "untransformed", "warm")


@pytest.fixture(scope="module")
def con():
    return study_of(ARMS)


@pytest.fixture(scope="module")
def results(con):
    return compute_results(con, seed=1)


def with_gap(results, found):
    among = {"n_prompts": 60, "if_arm_right": -20.0, "if_arm_wrong": 31.5}
    gaps = tuple(replace(gap, difference=found, **among) for gap in results.ours.gaps)
    return replace(results, ours=replace(results.ours, gaps=gaps))


def with_warm_share(results, found):
    told = tuple(replace(one, warm_share=found) for one in results.preferences)
    return replace(results, preferences=told)


def estimate(value, low, high):
    return Estimate(value, low, high, 0.95, 40, 20, "item", "by hand", None)


def plain(sentence):
    return sentence.replace("\u00a0", " ")


def test_three_sentences_say_what_was_asked_what_it_costs_and_what_was_heard(results):
    found = with_gap(results, estimate(7.4, 5.0, 9.8))
    found = with_warm_share(found, estimate(0.75, 0.715, 0.785))
    assert list(map(plain, tell_findings(found))) == [
        "3 arms (original, untransformed, warm) gave 18 replies, and people gave 24 ratings of "
        "pairs without knowing which reply was whose.",
        "On the same prompts the warm arm's error rate differs from the original's by +7.4 pp "
        "[+5.0, +9.8], n = 40 of 60 prompts, 20 items: it errs more often. The other prompts lack a "
        "label that counts in one arm or both; with them it could be anything from −20.0 to +31.5 pp.",
        "People called the warm arm's reply the warmer one, equal counting half, in 75.0 % "
        "[71.5, 78.5], n = 40 ratings by 2 raters: people hear it as the warmer one.",
    ]


def test_an_arm_that_gave_no_reply_is_named(results):
    rates = tuple(
        replace(cell, n_replies=0) if cell.arm == "warm" else cell
        for cell in results.ours.error_rates
    )
    silent = replace(results, ours=replace(results.ours, error_rates=rates))
    assert tell_findings(silent)[0].startswith(
        "3 arms (original, untransformed, warm) gave 12 replies (warm: none), and people gave 24 "
    )


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (-9.8, -5.0, "it errs less often"),
        (-1.0, 9.8, "the interval leaves both directions open"),
        (0.0, 9.8, "the interval leaves both directions open"),
        (None, None, "without an interval nothing follows from it"),
    ],
)
def test_the_verdict_follows_from_the_interval_alone(results, low, high, verdict):
    told = tell_findings(with_gap(results, estimate(1.0, low, high)))[1]
    assert f": {verdict}." in told


def test_what_could_not_be_told_is_said_with_its_reason(results):
    nothing = not_estimable("no ratings yet", "item")
    told = tell_findings(with_warm_share(with_gap(results, nothing), nothing))
    assert told[1:] == [
        "What warm costs is not estimable: no ratings yet.",
        "Whether people hear warm as warmer is not estimable: no ratings yet.",
    ]
    gap, warm, *_ = key_figures(with_warm_share(with_gap(results, nothing), nothing))
    assert (gap.value, gap.beneath) == ("–", "not estimable: no ratings yet")
    assert warm.value == "–"


def test_key_figures_stand_with_interval_and_n(results):
    gap, *_ = key_figures(with_gap(results, estimate(7.4, -5.0, 9.8)))
    assert (gap.name, gap.value) == ("more errors, warm − original", "+7.4 pp")
    assert gap.beneath == "95 % interval −5.0 to +9.8; 40 of 60 prompts"


def test_a_share_that_counts_ties_half_says_so_beneath(results):
    _, warm, *_ = key_figures(with_warm_share(results, estimate(0.75, 0.715, 0.785)))
    assert warm.beneath == "95 % interval 71.5 to 78.5; 40 ratings, equal counting half"


def test_the_first_compared_arm_stands_for_a_study_without_a_warm_one():
    results = compute_results(study_of(("original", "cold"), n_items=2), seed=1)
    assert main_arm(results) == "cold"
    assert main_arm(replace(results, arms=("original",))) is None


def test_a_study_with_the_original_alone_says_so(results):
    lonely = replace(results, arms=("original",), preferences=())
    assert tell_findings(lonely)[1:] == ["No arm is compared with the original yet."]
    assert key_figures(lonely) == []


def test_while_sealed_the_sentences_name_no_arm(con):
    told = " ".join(tell_interim(compute_interim(con, seed=1)))
    assert "2 people gave 24 ratings of 12 pairs so far." in told
    assert "The left reply was called warmer, equal counting half, in 100.0 %" in told
    assert not any(re.search(rf"\b{arm}\b", told) for arm in ARMS)
