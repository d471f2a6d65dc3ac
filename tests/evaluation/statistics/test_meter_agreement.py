from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from evaluation.statistics.meter_agreement import (
    MeterAgreement,
    Opinions,
    RatedPairs,
    agreement_with_people,
    area_under_curve,
)
from evaluation.statistics.preferences import win_rate
from evaluation.statistics.resampling import Parts, Sample, bca_bounds
from study.errors import BadInput, BadTable

# pair a: two for the arm; b: arm and tie; c: one each; d: original twice
RATINGS = RatedPairs(
    pair_ids=np.array(["a", "a", "b", "b", "c", "c", "d", "d"]),
    preferences=np.array([1.0, 1.0, 1.0, 0.5, 1.0, 0.0, 0.0, 0.0]),
    item_ids=np.array(["i1", "i1", "i2", "i2", "i3", "i3", "i4", "i4"]),
    rater_ids=np.array(["r1", "r2"] * 4),
)


def opinions(**values):
    return Opinions(np.array(list(values)), np.array(list(values.values()), dtype=float))


def agree(said, rated=RATINGS, **options):
    return agreement_with_people(said, rated, seed=7, **options)


def random_pairs(seed, n_items=20, pairs_per_item=2, n_raters=5):
    random = np.random.default_rng(seed)
    n = n_items * pairs_per_item
    pair = np.repeat(np.arange(n), n_raters)
    lean = random.normal(size=n)
    preferences = (np.sign(np.round(lean[pair] + random.normal(size=len(pair)))) + 1) / 2
    ratings = RatedPairs(pair, preferences, pair // pairs_per_item, np.tile(np.arange(n_raters), n))
    return Opinions(np.arange(n), np.round(lean + random.normal(size=n), 1)), ratings


def test_ratings_agree_by_the_side_of_the_opinion_and_ties_agree_half():
    found = agree(opinions(a=0.3, b=-0.1, c=2.0, d=-1.0))
    # a 1 1, b against the arm 0 ½, c 1 0, d 1 1
    assert found.share.value == pytest.approx(5.5 / 8)
    assert (found.n_ties, found.n_undecided, found.n_without_opinion) == (1, 0, 0)


def test_the_share_has_the_two_way_interval_of_a_win_rate():
    found = agree(opinions(a=1, b=-1, c=1, d=-1))
    agrees = np.array([1.0, 1.0, 0.0, 0.5, 1.0, 0.0, 1.0, 1.0])
    assert found.share == win_rate(agrees, RATINGS.item_ids, RATINGS.rater_ids)


def test_an_undecided_opinion_agrees_half_with_everybody():
    found = agree(opinions(a=0, b=0, c=0, d=0))
    assert (found.share.value, found.n_undecided) == (0.5, 8)


def test_pairs_without_opinion_are_left_out_and_counted():
    found = agree(opinions(a=1, b=np.nan))
    assert (found.share.value, found.share.n, found.n_without_opinion) == (1.0, 2, 6)


def test_the_area_is_of_pairs_by_peoples_majority():
    found = agree(opinions(a=0.3, b=-0.1, c=2.0, d=-0.1))
    # a and b against d, c has no majority: 0.3 is above −0.1, and −0.1 equal to it
    assert found.auc.value == pytest.approx(1.5 / 2)
    assert (found.auc.n, found.auc.unit, found.n_without_majority) == (3, "item", 1)


@pytest.mark.parametrize("seed", range(4))
def test_the_area_equals_scipys_mann_whitney(seed):
    random = np.random.default_rng(seed)
    scores, chose_arm = random.integers(0, 6, 40).astype(float), random.random(40) < 0.6
    reference = mannwhitneyu(scores[chose_arm], scores[~chose_arm]).statistic
    estimate = area_under_curve(scores, chose_arm, np.arange(40), seed=1, resamples=10)
    assert estimate.value == pytest.approx(reference / (chose_arm.sum() * (~chose_arm).sum()))


def test_the_interval_of_the_area_is_that_of_items_drawn_with_replacement():
    random = np.random.default_rng(3)
    scores, items = random.normal(size=30), np.repeat(np.arange(10), 3)
    chose_arm = random.random(30) < 0.5
    estimate = area_under_curve(scores, chose_arm, items, seed=5, resamples=100)
    draws = np.random.default_rng(5).multinomial(10, np.full(10, 0.1), size=100)

    def area_of(times):
        rows = np.repeat(np.arange(30), times[items])
        of_arm, of_original = scores[rows[chose_arm[rows]]], scores[rows[~chose_arm[rows]]]
        return mannwhitneyu(of_arm, of_original).statistic / (len(of_arm) * len(of_original))

    everything = np.ones(10, dtype=int)
    without_one = np.array([area_of(everything - row) for row in np.eye(10, dtype=int)])
    parts = Parts(np.eye(10), everything, 10, is_bundled=False)
    sample = Sample(parts, area_of(everything), without_one, is_graded=True, unit="item")
    expected = bca_bounds(np.array([area_of(times) for times in draws]), sample, 0.95)
    assert (estimate.low, estimate.high) == pytest.approx((expected.low, expected.high))
    assert estimate.method == f"area under the curve; {expected.method}"
    assert estimate.seed == 5


def test_many_items_are_drawn_in_bundles_and_said_to_be():
    random = np.random.default_rng(3)
    n = 3_000
    chose_arm = random.random(n) < 0.5
    scores = random.normal(size=n) + 0.5 * chose_arm
    estimate = area_under_curve(scores, chose_arm, np.arange(n), seed=5, resamples=200)
    assert "3000 items in 2000 random bundles" in estimate.method
    # the normal error of an area near 0.64 with 1,500 pairs on each side is about 0.01
    assert estimate.high - estimate.low == pytest.approx(4 * 0.01, rel=0.2)


@pytest.mark.parametrize("seed", range(4))
def test_rows_names_and_the_other_arm_leave_agreement_equal(seed):
    said, rated = random_pairs(seed)
    straight = agree(said, rated)
    order = np.random.default_rng(seed).permutation(len(rated.pair_ids))
    columns = (rated.pair_ids, rated.preferences, rated.item_ids, rated.rater_ids)
    shuffled = agree(said, RatedPairs(*(column[order] for column in columns)))
    backwards = Opinions(said.pair_ids[::-1], said.values[::-1])
    mirrored = agree(
        Opinions(said.pair_ids, -said.values),
        RatedPairs(rated.pair_ids, 1 - rated.preferences, rated.item_ids, rated.rater_ids),
    )
    for other in (shuffled, agree(backwards, rated), mirrored):
        assert numbers(other) == pytest.approx(numbers(straight))


def numbers(found: MeterAgreement):
    counts = (found.n_ties, found.n_undecided, found.n_without_opinion, found.n_without_majority)
    shares = (found.share.value, found.share.low, found.share.high)
    return (*shares, found.auc.value, found.auc.low, found.auc.high, *counts)


@pytest.mark.parametrize(
    ("said", "preferences", "reason"),
    [
        ({"a": 1, "d": 1}, RATINGS.preferences, None),
        ({"a": 1, "b": 1}, RATINGS.preferences, "most people chose the arm in every pair"),
        ({"d": 1}, RATINGS.preferences, "most people chose the original in every pair"),
        ({"a": 1, "b": 1}, np.full(8, 0.5), "no pair has a majority"),
        ({"z": 1}, RATINGS.preferences, "no pair has both a rating and an opinion"),
        ({}, RATINGS.preferences, "no pair has both a rating and an opinion"),
    ],
)
def test_an_area_that_cannot_be_told_says_why(said, preferences, reason):
    found = agree(opinions(**said), replace(RATINGS, preferences=preferences))
    if reason is None:
        assert found.auc.value == 0.5
    else:
        assert found.auc.value is None
        assert reason in found.auc.method


def test_no_ratings_are_not_estimable():
    none = RatedPairs(*(np.array([], dtype=kind) for kind in ("U1", float, "U1", "U1")))
    found = agree(opinions(a=1), none)
    assert found.share.method == "not estimable: no pair has both a rating and an opinion"


def test_one_rater_has_a_share_and_an_area_and_one_interval():
    found = agree(opinions(a=1, b=-1, c=1, d=-1), replace(RATINGS, rater_ids=np.full(8, "r")))
    assert found.share.method == "no interval: only one rater"
    assert found.auc.low is not None


def test_one_item_has_no_interval():
    found = agree(opinions(a=1, b=1, c=1, d=-1), replace(RATINGS, item_ids=np.full(8, "i")))
    assert found.share.method == "no interval: only one item"
    assert found.auc.method == "area under the curve; no interval: only one item"


def test_wrong_input_is_refused():
    with pytest.raises(BadTable, match="got 2 of a; pass the one that counts"):
        agree(Opinions(np.array(["a", "a"]), np.array([1.0, -1.0])))
    with pytest.raises(BadTable, match="one opinion for each pair, got 1 of 2"):
        agree(Opinions(np.array(["a", "b"]), np.array([1.0])))
    with pytest.raises(BadTable, match="finite values"):
        agree(opinions(a=np.inf))
    with pytest.raises(BadTable, match="code a tie as"):
        agree(opinions(a=1), replace(RATINGS, preferences=np.full(8, 2.0)))
    with pytest.raises(BadTable, match="one length"):
        agree(opinions(a=1), replace(RATINGS, rater_ids=np.array(["r1"])))
    with pytest.raises(BadInput, match="at least one resample"):
        agree(opinions(a=1), resamples=0)
    with pytest.raises(BadInput, match="between 0 and 1"):
        agree(opinions(a=1), level=95)
