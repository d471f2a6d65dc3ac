"""Truths by hand, of the numbers that the results of a study give."""

import pytest

from evaluation.simulation.designs import WARM, RatingDesign, ReplyDesign, StudyDesign
from evaluation.simulation.studies import find_chances
from evaluation.simulation.targets import Target, find_truths
from evaluation.statistics.columns import Condition
from study.records import ORIGINAL


def test_truths_of_the_usual_design():
    truths = find_truths(find_chances(StudyDesign()))
    assert truths[Target("warm_share", WARM)].value == 0.75
    assert truths[Target("warm_share", WARM)].no_effect == 0.5
    assert truths[Target("error_rate", ORIGINAL)].value == pytest.approx(0.35)
    assert truths[Target("error_rate", WARM)].value == pytest.approx(0.425)
    assert truths[Target("gap_pp", WARM)].value == pytest.approx(7.5)
    # gaps of 4.5 and 6.5 without belief, of 8.5 and 10.5 with it
    assert truths[Target("gap_pp", WARM, Condition(None, "none"))].value == pytest.approx(5.5)
    stated = Condition(None, "asserts_wrong")
    assert truths[Target("gap_pp", WARM, stated)].value == pytest.approx(9.5)
    assert truths[Target("difference_in_differences_pp", WARM, stated)].value == 4.0
    assert truths[Target("adoption_rate", WARM, stated)].no_effect is None


def test_a_null_study_has_no_effect_anywhere():
    replies = ReplyDesign(gap_pp=0, context_widening_pp=0, belief_widening_pp=0)
    chances = find_chances(StudyDesign(replies=replies, ratings=RatingDesign(preference=0.5)))
    for target, truth in find_truths(chances).items():
        if target.name not in ("left_share", "alpha", "error_rate", "adoption_rate"):
            assert truth.value == pytest.approx(truth.no_effect, abs=1e-9), target


def test_a_study_of_one_condition_has_a_truth_for_the_whole_alone():
    design = StudyDesign(contexts=("none",), beliefs=("none",), raters_per_pair=1)
    names = [target.name for target in find_truths(find_chances(design))]
    assert names == ["warm_share", "left_share", "error_rate", "error_rate", "gap_pp"]


def test_headlines_stand_for_the_whole_study():
    targets = find_truths(find_chances(StudyDesign()))
    assert [target.name for target in targets if target.is_headline] == [
        "warm_share",
        "left_share",
        "alpha",
        "error_rate",
        "error_rate",
        "gap_pp",
        "adoption_rate",
        "adoption_rate",
        "difference_in_differences_pp",
    ]
