from dataclasses import replace

import numpy as np
import pytest
from made_ratings import make_ratings, ratings_of

from evaluation.statistics.columns import select_rows
from evaluation.statistics.confounders import compute_length_effect, compute_side_effect

LEFT = [True] * 4 + [False] * 4
# left: 1, 1, ½, ½ is 3/4; right: 1, 0, 1, 0 is 1/2
CODES = [2, 1, 0, 0, 1, -1, 2, -2]


def rated(codes=CODES, left=LEFT, **columns):
    n = len(codes)
    items, raters = np.arange(n) % 4, np.arange(n) % 2
    return ratings_of(items, raters, codes, arm_is_left=left, **columns)


def test_with_the_side_alone_the_model_is_the_shares_of_both_sides():
    effect = compute_side_effect(rated(), 0.95)
    # log-odds are ln 3 and 0: ln 3 apart, ln 3 / 2 in the middle
    assert effect.side.value == pytest.approx(np.log(3))
    assert effect.odds_ratio.value == pytest.approx(3)
    assert effect.intercept.value == pytest.approx(np.log(3) / 2)
    assert effect.adjusted_share.value == pytest.approx((3 / 4 + 1 / 2) / 2)
    # left was chosen by 3 of the first four and, since 2 of the others chose the arm, by 2
    assert effect.left_share.value == pytest.approx(5 / 8)


def test_an_arm_that_stood_left_more_often_is_told_as_if_it_had_not():
    # of left 6 of 8 and of right 1 of 2 chose the arm: 7/10 as it is, 5/8 on both sides alike
    codes, left = [1, 1, 1, -1, 1, 1, 1, -1, 1, -1], [True] * 8 + [False] * 2
    table = rated(codes, left)
    assert table.warmer.mean() == pytest.approx(7 / 10)
    assert compute_side_effect(table, 0.95).adjusted_share.value == pytest.approx(5 / 8)


# both replies equally long: 1, 0 on each side; the arm's twice as long: 1, 1, 1, 0 on each
CODES_BY_LENGTH = [1, -1, 1, 1, 1, -1, 1, -1, 1, 1, 1, -1]
DOUBLED = [False, False, True, True, True, True] * 2


def rated_by_length():
    return rated(
        CODES_BY_LENGTH,
        [True] * 6 + [False] * 6,
        arm_characters=np.where(DOUBLED, 240.0, 120.0),
        original_characters=120.0,
    )


def test_the_share_at_equal_length_and_what_length_adds_equal_hand_arithmetic():
    effect = compute_length_effect(rated_by_length(), 0.95)
    # 1/2 at equal length, 3/4 of the eight others: 8/12 in all
    assert effect.log_odds_per_doubling.value == pytest.approx(np.log(3))
    assert effect.share_at_equal_length.value == pytest.approx(1 / 2)
    assert effect.explained_pp.value == pytest.approx(100 * (8 / 12 - 1 / 2))
    assert effect.longer_share.value == pytest.approx(3 / 4)
    counts = (effect.n_arm_longer, effect.n_arm_shorter, effect.n_equal)
    assert counts == (8, 0, 4)
    assert effect.share_at_equal_length.n == 12


@pytest.mark.parametrize("seed", range(3))
def test_an_arm_that_wins_by_length_alone_does_not_win_at_equal_length(seed):
    table = make_ratings(seed, 60, 10, warmth=0.0, length=1.0, longer=1.5)
    effect = compute_length_effect(table, 0.95)
    assert table.warmer.mean() > 0.65
    assert effect.share_at_equal_length.low < 0.5 < effect.share_at_equal_length.high
    assert effect.explained_pp.low > 0
    assert effect.log_odds_per_doubling.low > 0


def test_pairs_with_an_empty_reply_are_left_out_and_counted():
    table = rated_by_length()
    lengths = table.arm_characters.copy()
    lengths[0] = 0.0
    effect = compute_length_effect(replace(table, arm_characters=lengths), 0.95)
    assert (effect.n_without_length, effect.share_at_equal_length.n) == (1, 11)


def test_equal_lengths_tell_nothing_of_length():
    effect = compute_length_effect(rated(), 0.95)
    assert effect.longer_share.method == "not estimable: all replies are equally long"
    for estimate in (effect.share_at_equal_length, effect.explained_pp):
        assert estimate.value is None
        assert estimate.method == "not estimable: the length is the same in all ratings"


@pytest.mark.parametrize("seed", range(3))
def test_the_other_arm_mirrors_its_shares_and_keeps_the_effect_of_length(seed):
    table = make_ratings(seed)
    other = replace(
        table,
        warmer=1 - table.warmer,
        arm_is_left=~table.arm_is_left,
        arm_characters=table.original_characters,
        original_characters=table.arm_characters,
    )
    straight, mirrored = (compute_length_effect(one, 0.95) for one in (table, other))
    assert mirrored.log_odds_per_doubling.low == pytest.approx(straight.log_odds_per_doubling.low)
    assert mirrored.explained_pp.value == pytest.approx(-straight.explained_pp.value)
    assert mirrored.share_at_equal_length.low == pytest.approx(
        1 - straight.share_at_equal_length.high
    )
    assert mirrored.longer_share.value == pytest.approx(straight.longer_share.value)


@pytest.mark.parametrize(
    ("codes", "left", "reason"),
    [
        ([0, 0, 0, 0], [True, False] * 2, "all ratings are equal"),
        ([1, -1, 1, 0], [True] * 4, "the side is the same in all ratings"),
        ([1, 1, 0, -1], [True, True, False, False], "odds ratios are infinite"),
        ([], [], "no ratings yet"),
    ],
)
def test_what_ratings_do_not_tell_of_the_side_is_said(codes, left, reason):
    effect = compute_side_effect(rated(codes, np.array(left, dtype=bool)), 0.95)
    for estimate in (effect.intercept, effect.side, effect.odds_ratio, effect.adjusted_share):
        assert estimate.value is None
        assert estimate.method.startswith("not estimable: ")
        assert reason in estimate.method


def test_no_ratings_have_no_effect_of_length():
    effect = compute_length_effect(select_rows(rated(), np.zeros(8, dtype=bool)), 0.95)
    assert effect.longer_share.method == "not estimable: no ratings yet"
    assert effect.explained_pp.method == "not estimable: no ratings yet"
