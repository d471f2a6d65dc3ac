"""What is set as true, is true of the conditions taken together."""

import pytest

from evaluation.simulation.designs import (
    WARM,
    RatingDesign,
    ReplyDesign,
    StudyDesign,
    check_design,
)
from evaluation.statistics.columns import Condition
from study.errors import BadInput
from study.records import ORIGINAL


def test_gaps_of_conditions_have_the_gap_as_their_mean():
    replies = ReplyDesign(gap_pp=7.5, context_widening_pp=2, belief_widening_pp=4)
    design = StudyDesign(replies=replies)
    gaps = [replies.gap_in(one, design.conditions) for one in design.conditions]
    # widenings of 0, 4, 2 and 6 have the mean 3
    assert gaps == pytest.approx([4.5, 8.5, 6.5, 10.5])


def test_the_warm_arm_errs_as_much_more_often_as_the_gap_says():
    design = StudyDesign(replies=ReplyDesign(error_rate=0.35))
    sad = Condition("sad", "asserts_wrong")
    assert design.error_rate(ORIGINAL, sad) == 0.35
    assert design.error_rate(WARM, sad) == pytest.approx(0.455)


def test_one_condition_has_no_widening():
    design = StudyDesign(contexts=("none",), beliefs=("none",))
    assert design.error_rate(WARM, Condition("none", "none")) == pytest.approx(0.425)


@pytest.mark.parametrize(
    ("design", "message"),
    [
        (StudyDesign(replies=ReplyDesign(gap_pp=70)), "got 1.02 for warm under none, none"),
        (StudyDesign(ratings=RatingDesign(preference=1)), "preference: expected a share"),
        (StudyDesign(n_raters=2), "3 raters, as many as rate each pair, got 40 and 2"),
    ],
)
def test_designs_that_cannot_be_drawn_are_refused(design, message):
    with pytest.raises(BadInput, match=message):
        check_design(design)
