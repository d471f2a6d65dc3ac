from dataclasses import replace

import numpy as np
import pytest
from made_ratings import approx_record, make_ratings, plain, ratings_of, shuffle

from evaluation.statistics.columns import select_rows
from evaluation.statistics.intervals import not_estimable
from evaluation.statistics.tables import read_preferences
from evaluation.statistics.warmth_validation import (
    WarmthValidation,
    cohens_h,
    compute_warmth_validation,
)
from study.errors import BadInput
from study.records import Estimate

ARMS = ("warm", "cold")


def share_of(value, low=None, high=None, method="by hand"):
    return Estimate(value, low, high, 0.95, 600, 60, "item and rater", method, None)


def test_the_known_study_equals_hand_arithmetic(known_study):
    table = read_preferences(known_study.con).table
    found = compute_warmth_validation(table, "warm")
    # r1 1 1 1 ½, r2 1 0 1 1
    assert found.share.value == pytest.approx(6.5 / 8)
    assert (found.n_ties, found.n_raters, found.n_items, found.n_pairs) == (1, 2, 4, 4)
    assert [rater.share.value for rater in found.raters] == [3.5 / 4, 3 / 4]
    assert [rater.n_untied for rater in found.raters] == [3, 4]
    assert (found.raters_above_half.value, found.raters_above_half.n) == (1.0, 2)
    by_name = {(part.factor, part.value): part.share.value for part in found.slices}
    # trivia is i1 and i2: 1 1 | 1 0; medical i3 and i4: 1 ½ | 1 1
    assert by_name == {
        ("task", "medical"): 3.5 / 4,
        ("task", "trivia"): 3 / 4,
        ("context", "none"): 6.5 / 8,
        ("belief", "none"): 6.5 / 8,
    }
    # r1 left, right, left, tie; r2 right, right, right, left
    assert found.side.left_share.value == pytest.approx(3.5 / 8)
    assert found.length.n_equal == 8


def test_cohens_h_of_the_studys_share_is_a_sixth_of_pi():
    # arcsin √¾ is π/3, and twice it less π/2 is π/6; the study has 0.75 [0.715, 0.785]
    found = cohens_h(share_of(0.75, 0.715, 0.785))
    assert found.value == pytest.approx(np.pi / 6)
    assert found.low == pytest.approx(2 * np.arcsin(0.715**0.5) - np.pi / 2)
    assert found.high == pytest.approx(2 * np.arcsin(0.785**0.5) - np.pi / 2)
    assert found.method == "bounds of the share, by hand"
    assert cohens_h(share_of(0.5)).value == pytest.approx(0)
    assert cohens_h(share_of(0.25)).value == pytest.approx(-np.pi / 6)


def test_cohens_h_says_what_the_share_says_when_there_is_none():
    unknown = not_estimable("no ratings yet", "item and rater")
    assert cohens_h(unknown) == unknown
    lonely = share_of(0.75, method="no interval: only one rater")
    assert (cohens_h(lonely).low, cohens_h(lonely).method) == (None, "no interval: only one rater")


def test_raters_who_call_all_equal_are_no_raters_above_or_below_half():
    # r1 two of three, r2 one of two and so not above, r3 equal always
    table = ratings_of([1, 2, 3, 1, 2, 1, 2], [1, 1, 1, 2, 2, 3, 3], [1, 1, -1, 2, -2, 0, 0])
    above = compute_warmth_validation(table, "warm").raters_above_half
    assert (above.value, above.n, above.unit) == (0.5, 2, "rater")
    # Wilson for 1 of 2: 1/2 ± z/2 · sqrt(2 + z²)/(2 + z²), that is z = 1.96 over 2 sqrt(5.8415)
    assert above.high - above.value == pytest.approx(1.959964 / (2 * 5.841459**0.5), rel=1e-6)
    assert above.method == "Wilson on 2 raters, taken as independent"


def test_the_studys_53_of_60_raters_have_wilsons_interval():
    items, raters = np.tile([1, 2], 60), np.repeat(np.arange(60), 2)
    codes = np.repeat(np.where(np.arange(60) < 53, 1, -1), 2)
    above = compute_warmth_validation(ratings_of(items, raters, codes), "warm").raters_above_half
    # (53 + z²/2) / (60 + z²) ± z sqrt(53 · 7/60 + z²/4) / (60 + z²) with z² = 3.841459
    middle, half = 54.9207295 / 63.841459, 1.959964 * 7.1436981**0.5 / 63.841459
    assert above.value == pytest.approx(53 / 60)
    assert (above.low, above.high) == pytest.approx((middle - half, middle + half), rel=1e-6)


def test_slices_pool_everything_else():
    table = make_ratings()
    found = compute_warmth_validation(table, "warm")
    sad = next(part for part in found.slices if part.value == "sad")
    rows = select_rows(table, table.context == "sad")
    assert sad.share.value == pytest.approx(rows.warmer.mean())
    assert (sad.share.n, sad.n_items) == (len(rows), len(np.unique(rows.item)))
    assert sum(part.share.n for part in found.slices if part.factor == "task") == len(table)


@pytest.mark.parametrize("seed", range(5))
def test_permuting_rows_leaves_every_result_equal(seed):
    table = make_ratings(seed, arms=ARMS)
    for arm in ARMS:
        expected = approx_record(compute_warmth_validation(table, arm))
        assert plain(compute_warmth_validation(shuffle(table, seed), arm)) == expected


@pytest.mark.parametrize("seed", range(5))
def test_renaming_arms_raters_items_and_pairs_leaves_every_result_equal(seed):
    table = make_ratings(seed, arms=ARMS)
    renamed = replace(
        table,
        arm=np.where(table.arm == "warm", "cold", "zeal"),
        rater=np.char.add(
            "z", np.char.mod("%d", 90 - np.char.lstrip(table.rater, "r").astype(int))
        ),
        item=np.char.add("q", table.item),
        pair=np.char.add("p", table.pair),
    )
    for old, new in (("warm", "cold"), ("cold", "zeal")):
        found = compute_warmth_validation(renamed, new)
        assert found.arm == new
        expected = approx_record(compute_warmth_validation(table, old))
        assert plain(replace(found, arm=old)) == expected


@pytest.mark.parametrize("seed", range(5))
def test_swapping_the_sides_of_all_pairs_changes_nothing_but_what_is_told_of_sides(seed):
    table = make_ratings(seed)
    swapped = replace(table, arm_is_left=~table.arm_is_left, chose_left=1 - table.chose_left)
    straight, mirrored = (compute_warmth_validation(one, "warm") for one in (table, swapped))
    assert plain(without_sides(mirrored)) == approx_record(without_sides(straight))
    assert mirrored.side.left_share.low == pytest.approx(1 - straight.side.left_share.high)
    assert mirrored.side.side.low == pytest.approx(-straight.side.side.high)
    assert mirrored.side.odds_ratio.high == pytest.approx(1 / straight.side.odds_ratio.low)
    for one, other in zip(straight.fatigue.quarters, mirrored.fatigue.quarters, strict=True):
        assert other.left_share.value == pytest.approx(1 - one.left_share.value)


def without_sides(found: WarmthValidation) -> WarmthValidation:
    none = not_estimable("left out", "rating")
    quarters = tuple(replace(quarter, left_share=none) for quarter in found.fatigue.quarters)
    return replace(
        found,
        side=replace(found.side, left_share=none, side=none, odds_ratio=none),
        fatigue=replace(found.fatigue, quarters=quarters),
    )


def estimates_in(value):
    if isinstance(value, dict):
        if "method" in value:
            yield value
        for inner in value.values():
            yield from estimates_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from estimates_in(inner)


def few(kind):
    table = make_ratings(arms=ARMS)
    rows = {
        "no ratings": np.zeros(len(table), dtype=bool),
        "one rater": table.rater == "r1",
        "one item": table.item == "i1",
        "one rating": np.arange(len(table)) == 0,
        "one arm": table.arm == "warm",
    }
    return select_rows(table, rows[kind])


@pytest.mark.parametrize(
    "table",
    [few(kind) for kind in ("no ratings", "one rater", "one item", "one rating", "one arm")]
    + [ratings_of(np.arange(8) // 2, np.arange(8) % 2, code * np.ones(8)) for code in (0, 2, -2)],
    ids=["none", "rater", "item", "rating", "arm", "ties", "always", "never"],
)
def test_too_little_is_told_in_words_and_never_as_nan(table):
    for arm in ARMS:
        for estimate in estimates_in(plain(compute_warmth_validation(table, arm))):
            numbers = [estimate[name] for name in ("value", "low", "high")]
            assert all(number is None or np.isfinite(number) for number in numbers)
            assert (estimate["low"] is None) == (estimate["high"] is None)
            if estimate["value"] is None:
                assert estimate["method"].startswith("not estimable: ")
            elif estimate["low"] is None:
                assert estimate["method"].startswith("no interval: ")


def test_an_arm_without_ratings_has_an_empty_validation():
    found = compute_warmth_validation(make_ratings(), "cold")
    assert found.share.method == "not estimable: no ratings yet"
    assert found.raters_above_half.method == "not estimable: no raters to count"
    assert (found.slices, found.raters, found.n_pairs) == ((), (), 0)


def test_a_level_that_is_none_is_refused():
    with pytest.raises(BadInput, match="between 0 and 1"):
        compute_warmth_validation(make_ratings(), "warm", level=95)
