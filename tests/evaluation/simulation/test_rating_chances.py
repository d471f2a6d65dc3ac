"""What raters say on average: by hand, and against the package krippendorff on drawn answers."""

import krippendorff
import numpy as np
import pytest
from scipy.stats import norm

from evaluation.simulation.designs import RatingDesign
from evaluation.simulation.rating_chances import CODES, answer_code, find_rating_chances

ALONE = RatingDesign(
    item_spread=0, pair_spread=0, rater_spread=0, side_leaning=0, side_spread=0, equal_within=0
)


def test_without_ties_and_effects_the_leaning_is_a_normal_quantile():
    chances = find_rating_chances(RatingDesign(**{**vars(ALONE), "preference": 0.75}), 3)
    assert chances.leaning == pytest.approx(norm.ppf(0.75))
    assert chances.left_share == pytest.approx(0.5)


def test_raters_who_hear_nothing_in_common_agree_by_chance_alone():
    assert find_rating_chances(ALONE, 3).alpha == pytest.approx(0, abs=1e-9)


def test_one_rater_per_pair_has_nobody_to_agree_with():
    assert find_rating_chances(RatingDesign(), 1).alpha is None


def test_a_leaning_to_the_left_shows_in_the_share_of_left_replies():
    # no preference and no ties: left is chosen where noise is above −0.3
    leaning = RatingDesign(**{**vars(ALONE), "preference": 0.5, "side_leaning": 0.3})
    assert find_rating_chances(leaning, 2).left_share == pytest.approx(norm.cdf(0.3))


@pytest.mark.parametrize(
    ("heard", "code"), [(-1.3, -2), (-1.1, -1), (-0.2, 0), (0.2, 0), (0.4, 1), (1.3, 2)]
)
def test_what_is_heard_is_cut_into_five_answers(heard, code):
    assert answer_code(heard, RatingDesign()) == code


def test_alpha_is_what_very_many_ratings_have():
    design = RatingDesign(item_spread=0.8, pair_spread=0.5, side_leaning=0.6)
    chances = find_rating_chances(design, 3)
    random = np.random.default_rng(20260303)
    n_pairs = 60_000
    of_pair = random.normal(0, np.hypot(0.8, 0.5), n_pairs)[:, None]
    # of three seats one side has two: each rater stands for all raters
    sides = np.where(np.arange(n_pairs)[:, None] % 2, [1, 1, -1], [-1, -1, 1])
    of_rater = random.normal(0, design.rater_spread, (n_pairs, 3))
    of_side = sides * random.normal(0.6, design.side_spread, (n_pairs, 3))
    noise = random.standard_normal((n_pairs, 3))
    heard = chances.leaning + of_pair + of_rater + of_side + noise
    answers = CODES[np.searchsorted([-1.2, -0.3, 0.3, 1.2], heard)]
    assert ((np.sign(answers) + 1) / 2).mean() == pytest.approx(0.75, abs=0.004)
    counts = np.stack([(answers == code).sum(axis=1) for code in CODES], axis=1)
    found = krippendorff.alpha(
        value_counts=counts, value_domain=CODES, level_of_measurement="ordinal"
    )
    assert chances.alpha == pytest.approx(found, abs=0.01)
