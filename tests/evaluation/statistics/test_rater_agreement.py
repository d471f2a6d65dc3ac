"""Agreement of a study's raters: coded for the arm, pairs of one item drawn together."""

from dataclasses import replace

import numpy as np
import pytest

from evaluation.statistics.columns import PreferenceTable
from evaluation.statistics.rater_agreement import compute_rater_agreement

# pair, item, rater, warmer, more accurate (nan: cannot judge); two pairs of each of two items
RATINGS = [
    ("p1", "i1", "ann", 2, 1),
    ("p1", "i1", "bob", 2, np.nan),
    ("p2", "i1", "ann", 1, 0),
    ("p2", "i1", "bob", -1, 0),
    ("p3", "i2", "ann", 0, np.nan),
    ("p3", "i2", "bob", 0, -2),
    ("p4", "i2", "ann", 2, 2),
    ("p4", "i2", "bob", 1, 2),
]


def table_of(ratings: list[tuple[str, str, str, float, float]]) -> PreferenceTable:
    pair, item, rater, warmer, accurate = zip(*ratings, strict=True)
    n = len(ratings)
    same, ones = np.array(["same"] * n), np.ones(n)
    return PreferenceTable(
        pair=np.array(pair),
        item=np.array(item),
        task=same,
        context=same,
        belief=same,
        rater=np.array(rater),
        arm=np.array(["warm"] * n),
        warmer_code=np.array(warmer, dtype=np.float64),
        first_code=np.array(warmer, dtype=np.float64),
        accurate_code=np.array(accurate, dtype=np.float64),
        warmer=(np.sign(np.array(warmer, dtype=np.float64)) + 1) / 2,
        accurate=(np.sign(np.array(accurate, dtype=np.float64)) + 1) / 2,
        arm_is_left=ones > 0,
        both_bad=ones < 0,
        chose_left=ones,
        arm_characters=ones,
        original_characters=ones,
        position=np.arange(n),
        rated_at_s=ones,
        seconds=ones,
    )


def test_both_questions_are_told_over_pairs():
    warmer, accurate = compute_rater_agreement(table_of(RATINGS), "warm", 1, 100)
    assert (warmer.question, accurate.question) == ("warmer", "more_accurate")
    # bob agrees with ann on p1 and p3, of four pairs
    assert warmer.found.percent.value == 0.5
    assert (warmer.found.alpha.n_items, warmer.found.alpha.n_pairable) == (4, 8)
    assert warmer.n_cannot_judge == 0
    # two pairs are left that both could judge, and on both they agree
    assert accurate.found.percent.value == 1
    assert (accurate.found.alpha.n_items, accurate.found.alpha.n_pairable) == (4, 4)
    assert accurate.n_cannot_judge == 2


def test_how_often_each_answer_was_given_is_told_with_those_that_nobody_gave():
    warmer, _ = compute_rater_agreement(table_of(RATINGS), "warm", 1, 100)
    assert warmer.found.prevalence == {
        "original clearly": 0,
        "original slightly": 1,
        "equal": 2,
        "arm slightly": 2,
        "arm clearly": 3,
    }


def test_what_is_drawn_is_the_item_with_all_its_pairs():
    warmer, _ = compute_rater_agreement(table_of(RATINGS), "warm", 1, 100)
    estimates = (warmer.found.alpha.alpha, warmer.found.percent, warmer.found.gwet)
    assert {(one.n_units, one.unit) for one in estimates} == {(2, "item")}
    assert warmer.found.cohen is not None
    assert warmer.found.cohen.n == 4
    assert warmer.found.cohen.n_units == 2


def test_pairs_that_are_all_of_other_items_are_drawn_one_by_one():
    random = np.random.default_rng(7)
    ratings = [
        (f"p{pair}", f"i{pair}", rater, float(random.integers(-2, 3)), np.nan)
        for pair in range(12)
        for rater in ("ann", "bob", "cem")
    ]
    table = table_of(ratings)
    apart, _ = compute_rater_agreement(table, "warm", 1, 200)
    together, _ = compute_rater_agreement(
        replace(table, item=np.repeat([f"i{n}" for n in range(6)], 6)), "warm", 1, 200
    )
    assert apart.found.fleiss.value == pytest.approx(together.found.fleiss.value)
    assert (apart.found.fleiss.n_units, together.found.fleiss.n_units) == (12, 6)


def test_order_of_rows_and_sides_of_pairs_say_nothing():
    ratings = RATINGS * 1
    found = compute_rater_agreement(table_of(ratings), "warm", 1, 100)
    shuffled = [ratings[place] for place in np.random.default_rng(3).permutation(len(ratings))]
    assert compute_rater_agreement(table_of(shuffled), "warm", 1, 100) == found
    swapped = replace(table_of(ratings), arm_is_left=np.zeros(len(ratings), dtype=np.bool_))
    assert compute_rater_agreement(swapped, "warm", 1, 100) == found


def test_an_arm_that_nobody_rated_has_none():
    assert compute_rater_agreement(table_of(RATINGS), "cold", 1, 100) == ()
