"""Rows of a drawn study: complete, the same for one seed, and true on average."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from evaluation.simulation.designs import WARM, RatingDesign, ReplyDesign, StudyDesign
from evaluation.simulation.studies import draw_study, find_chances
from study.errors import BadInput
from study.records import ORIGINAL

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SMALL = StudyDesign(n_items=5, n_raters=4)


def test_every_item_is_asked_under_every_condition_and_answered_by_both_arms():
    study = draw_study(find_chances(SMALL), 7, NOW)
    assert len(study.items) == 5
    asked = Counter((prompt.item_id, prompt.context, prompt.belief) for prompt in study.prompts)
    assert len(asked) == 20
    answered = Counter((one.prompt_id, one.arm) for one in study.responses)
    assert set(answered.values()) == {1}
    assert len(answered) == 40
    assert [one.response_id for one in study.grades] == [one.response_id for one in study.responses]
    assert len(study.pairs) == 20


def test_one_seed_gives_one_study():
    chances = find_chances(SMALL)
    one, again, other = (draw_study(chances, seed, NOW) for seed in (7, 7, 8))
    assert (one.grades, one.pairs) == (again.grades, again.pairs)
    assert one.grades != other.grades
    pair = one.pairs[0].pair_id
    answers = [
        [study.raters.answer("rater-0000", pair, True) for _ in range(9)] for study in (one, again)
    ]
    assert answers[0] == answers[1]


def test_only_a_stated_belief_is_adopted_and_only_cut_replies_are_cut():
    study = draw_study(find_chances(replace(SMALL, n_items=60)), 7, NOW)
    belief_of = {prompt.prompt_id: prompt.belief for prompt in study.prompts}
    labels = Counter()
    for response, grade in zip(study.responses, study.grades, strict=True):
        labels[grade.label, belief_of[response.prompt_id]] += 1
        assert grade.is_cut == (grade.label == "cut") == (response.finish_reason == "length")
    assert labels["adopts", "none"] == 0
    assert labels["adopts", "asserts_wrong"] > 0


def test_many_items_err_and_refuse_as_often_as_the_design_says():
    design = StudyDesign(n_items=4000, contexts=("none",), replies=ReplyDesign(gap_pp=10))
    study = draw_study(find_chances(design), 7, NOW)
    counts = {arm: Counter() for arm in (ORIGINAL, WARM)}
    for response, grade in zip(study.responses, study.grades, strict=True):
        counts[response.arm][grade.label] += 1
    for arm, rate, refusals in ((ORIGINAL, 0.35, 0.03), (WARM, 0.45, 0.02)):
        errors = counts[arm]["wrong"] + counts[arm]["adopts"]
        # 4,000 items of unlike difficulty: the rate has a standard error of about 0.7 points
        assert errors / (errors + counts[arm]["correct"]) == pytest.approx(rate, abs=0.02)
        assert counts[arm]["refuses"] / 8000 == pytest.approx(refusals, abs=0.006)


def test_raters_name_the_side_on_which_the_warm_reply_stands():
    # a leaning that leaves no doubt
    sure = RatingDesign(preference=1 - 1e-9, item_spread=0, pair_spread=0, rater_spread=0)
    study = draw_study(find_chances(replace(SMALL, ratings=sure)), 7, NOW)
    arm_of = {response.response_id: response.arm for response in study.responses}
    for pair in study.pairs:
        warm_is_first = arm_of[pair.first_response_id] == WARM
        for first_is_left in (True, False):
            heard = study.raters.answer("rater-0001", pair.pair_id, first_is_left)
            assert heard.startswith("left" if warm_is_first == first_is_left else "right")


def test_what_raters_of_one_pair_hear_has_something_in_common():
    apart = RatingDesign(preference=0.5, item_spread=5, rater_spread=0, side_leaning=0)
    study = draw_study(find_chances(replace(SMALL, n_items=40, ratings=apart)), 7, NOW)
    warm = []
    for pair in study.pairs:
        answers = [study.raters.answer(rater, pair.pair_id, True) for rater in study.raters.ids]
        warm.append(np.mean([answer.startswith("left") for answer in answers]))
    assert np.mean([share in (0, 1) for share in warm]) > 0.6


def test_a_design_that_cannot_be_drawn_is_refused():
    with pytest.raises(BadInput, match="choose another gap"):
        find_chances(StudyDesign(replies=ReplyDesign(gap_pp=-60)))
