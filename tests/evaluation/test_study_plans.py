"""What a study needs and can show: sizes by hand, the rest held to the functions beneath."""

from dataclasses import replace

import pytest

from evaluation.statistics.planned_ratings import PlannedRatings
from evaluation.statistics.planned_replies import PlannedReplies
from evaluation.statistics.planning import Aim
from evaluation.study_plans import (
    Assumptions,
    assume_settings,
    compute_need,
    compute_reach,
    count_items,
)
from study.settings import EvaluationSettings, RatingSettings, Settings

ASSUMED = Assumptions(
    gap_pp=8,
    preference=0.65,
    aim=Aim(),
    ratings=PlannedRatings(2, 3, 30, 0.1, 0.05),
    replies=PlannedReplies(2, 0.3, 0.3, 0.05),
)
SETTINGS = Settings(name="mine", question="?", seed=1)


def test_both_effects_need_the_larger_number_of_items():
    need = compute_need(ASSUMED)
    assert need.for_both.n_items == max(need.items_for_gap, need.for_preference.n_items)
    assert need.for_both.n_pairs == 2 * need.for_both.n_items


def test_a_study_of_the_size_needed_reaches_what_it_was_made_for():
    reach = compute_reach(compute_need(ASSUMED).for_both.n_items, ASSUMED)
    assert reach.gap_power >= 0.8
    assert reach.preference_power >= 0.8
    assert reach.gap_pp <= 8
    assert reach.preference <= 0.65


def test_a_study_of_one_item_shows_nothing():
    reach = compute_reach(1, ASSUMED)
    assert (reach.gap_pp, reach.preference) == (None, None)
    assert (reach.gap_power, reach.preference_power) == (None, None)


def test_settings_take_the_place_of_assumptions():
    settings = SETTINGS.model_copy(
        update={
            "arms": ("original", "warm", "cold"),
            "evaluation": EvaluationSettings(contexts=("none", "sad", "angry"), item_limit=12),
            "rating": RatingSettings(raters_per_pair=4, pairs_per_rater=25),
        }
    )
    assumed = assume_settings(ASSUMED, settings)
    assert assumed.replies.prompts_per_item == assumed.ratings.pairs_per_item == 6
    assert assumed.ratings.raters_per_pair == 4
    # 25 pairs, of two comparisons
    assert assumed.ratings.pairs_per_rater == 12
    assert count_items(settings) == 12


@pytest.mark.parametrize(("of_study", "expected"), [(None, 30), (10, 10)])
def test_a_study_without_a_limit_of_pairs_leaves_the_assumed_one(of_study, expected):
    settings = SETTINGS.model_copy(update={"rating": RatingSettings(pairs_per_rater=of_study)})
    assert assume_settings(ASSUMED, settings).ratings.pairs_per_rater == expected


def test_given_raters_stay_given():
    few = replace(ASSUMED, ratings=replace(ASSUMED.ratings, n_raters=9))
    assert compute_reach(40, assume_settings(few, SETTINGS)).sizes.n_raters == 9
