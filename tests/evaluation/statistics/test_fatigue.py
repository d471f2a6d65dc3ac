from dataclasses import replace

import numpy as np
import pytest
from made_ratings import make_ratings, ratings_of

from evaluation.statistics.fatigue import (
    agreement_with_others,
    compute_fatigue,
    quarters_of,
)


def by_one_rater(n, **columns):
    return ratings_of(np.arange(n), np.ones(n, dtype=int), np.ones(n), **columns)


def all_rows(table):
    return np.ones(len(table), dtype=bool)


def test_quarters_follow_the_order_in_which_ratings_came():
    table = by_one_rater(8, rated_at_s=[80.0, 70, 60, 50, 40, 30, 20, 10])
    assert quarters_of(table).tolist() == [4, 4, 3, 3, 2, 2, 1, 1]


def test_ratings_of_one_moment_follow_the_place_at_which_they_were_given():
    table = by_one_rater(4, position=[9, 2, 7, 5])
    assert quarters_of(table).tolist() == [4, 1, 3, 2]


def test_a_number_that_four_does_not_divide_is_cut_as_evenly_as_can_be():
    # rank r of five is in quarter 1 + the whole part of 4r/5
    assert quarters_of(by_one_rater(5)).tolist() == [1, 1, 2, 3, 4]


def test_every_rater_has_quarters_of_their_own():
    table = ratings_of(np.arange(12), [1, 2] * 4 + [2] * 4, np.ones(12))
    assert quarters_of(table)[table.rater == "r1"].tolist() == [1, 2, 3, 4]
    assert quarters_of(table)[table.rater == "r2"].tolist() == [1, 1, 2, 2, 3, 3, 4, 4]


def test_raters_with_fewer_than_four_ratings_are_left_out_and_counted():
    table = ratings_of(np.arange(7), [1] * 3 + [2] * 4, np.ones(7))
    fatigue = compute_fatigue(table, all_rows(table), 0.95)
    assert fatigue.n_too_few == 3
    assert [quarter.warm_share.n for quarter in fatigue.quarters] == [1, 1, 1, 1]


def test_the_order_runs_through_all_arms():
    table = by_one_rater(8)
    first_half = np.arange(8) < 4
    fatigue = compute_fatigue(table, first_half, 0.95)
    assert [quarter.warm_share.n for quarter in fatigue.quarters] == [2, 2, 0, 0]
    assert fatigue.quarters[3].median_seconds.method == "not estimable: no ratings yet"


def test_a_rating_agrees_with_the_others_of_its_pair_that_say_the_same():
    pairs = np.array(["a", "a", "a", "b", "b", "c"])
    shares = agreement_with_others(pairs, np.array([1.0, 1.0, 0.0, 0.5, 0.5, 1.0]))
    assert shares == pytest.approx([1 / 2, 1 / 2, 0, 1, 1, np.nan], nan_ok=True)


def test_agreement_counts_others_of_any_quarter_and_says_when_there_are_none():
    table = ratings_of([*range(8), 7], [1] * 8 + [2], [1] * 7 + [-1, 1])
    fatigue = compute_fatigue(table, all_rows(table), 0.95)
    last = fatigue.quarters[3].agreement
    # of the last quarter only one rating has another of its pair, which says the opposite
    assert (last.value, last.n) == (0.0, 1)
    assert fatigue.quarters[0].agreement.method == "not estimable: no pair was rated twice"


def test_raters_who_tire_to_the_left_show_it():
    table = make_ratings(n_items=40, n_raters=8)
    late = quarters_of(table) == 4
    tired = replace(table, chose_left=np.where(late, 1.0, table.chose_left))
    shares = [
        quarter.left_share.value
        for quarter in compute_fatigue(tired, all_rows(tired), 0.95).quarters
    ]
    assert shares[3] == 1.0
    assert max(shares[:3]) < 0.7
