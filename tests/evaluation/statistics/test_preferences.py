import numpy as np
import pytest
from statsmodels.regression.linear_model import OLS
from statsmodels.stats.sandwich_covariance import cov_cluster_2groups

from evaluation.statistics.intervals import cluster_variance, two_way_variance
from evaluation.statistics.preferences import left_share, win_rate, win_rate_over_models
from study.errors import BadInput, BadTable, TooFewUnits

ITEMS = np.array([1, 2, 3, 4, 1, 2, 3, 4])
RATERS = np.array([1, 1, 1, 1, 2, 2, 2, 2])
PREFERENCES = np.array([1.0, 1.0, 1.0, 0.5, 1.0, 0.0, 1.0, 1.0])


def random_ratings(seed, n_items=9, n_raters=5):
    random = np.random.default_rng(seed)
    items, raters = np.repeat(np.arange(n_items), n_raters), np.tile(np.arange(n_raters), n_items)
    kept = random.random(len(items)) < 0.8
    lean = random.normal(size=n_items)[items] + random.normal(size=n_raters)[raters]
    preferences = np.where(lean + random.normal(size=len(items)) > 0, 1.0, 0.0)
    preferences[random.random(len(items)) < 0.1] = 0.5
    return preferences[kept], items[kept], raters[kept]


def test_pairs_of_one_item_widen_the_error():
    values = np.array([1.0, 1.0, 0.0, 0.0])
    # by hand, mean 1/2: four item sums of ±1/2 give sqrt(1)/4, two of ±1 give sqrt(2)/4;
    # squared, times G/(G−1)
    assert cluster_variance(values, np.array([1, 2, 3, 4])) == pytest.approx(1 / 16 * 4 / 3)
    assert cluster_variance(values, np.array([1, 1, 2, 2])) == pytest.approx(2 / 16 * 2)


def test_the_two_way_interval_equals_hand_arithmetic():
    estimate = win_rate(PREFERENCES, ITEMS, RATERS)
    assert estimate.value == 6.5 / 8
    # residuals in sixteenths: 3 3 3 −5 | 3 −13 3 3; item sums 6 −10 6 −2, rater sums 4 −4
    variance = (176 * 4 / 3 + 32 * 2 / 1 - 248 * 8 / 7) / 16**2 / 8**2
    # Wilson with that variance for p(1 − p)/n; t with one degree of freedom is 12.7062
    p, z2 = 13 / 16, 12.7062047**2
    n = p * (1 - p) / variance
    middle, half = p + z2 / (2 * n), (z2 * (variance + z2 / (4 * n**2))) ** 0.5
    assert estimate.low == pytest.approx((middle - half) / (1 + z2 / n))
    assert estimate.high == pytest.approx((middle + half) / (1 + z2 / n))
    assert (estimate.n, estimate.n_units, estimate.unit) == (8, 2, "item and rater")
    assert estimate.method == (
        "Wilson on the effective n, clustered two ways, on item and rater, t with 1 degree of freedom"
    )


def test_the_share_of_left_replies_is_clustered_on_rater_where_sides_are_balanced_in_pairs():
    # both raters of each pair choose the same reply, which stood left for one: item sums are 0
    chose_left = np.array([1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0])
    estimate = left_share(chose_left, ITEMS, RATERS)
    # by hand: rater sums of residuals +1 and −1, so 2/64 · 2
    assert cluster_variance(chose_left, RATERS) == pytest.approx(2 / 64 * 2)
    assert estimate.method == (
        "Wilson on the effective n, clustered on rater, t with 1 degree of freedom"
    )
    # of a half with variance V = 1/16 and t = 12.7062: 1/2 ± sqrt(t² V / (1 + 4 t² V))
    half = (12.7062047**2 / 16 / (1 + 12.7062047**2 / 4)) ** 0.5
    assert (estimate.low, estimate.high) == pytest.approx((0.5 - half, 0.5 + half))


def test_elsewhere_the_share_of_left_replies_is_clustered_two_ways_as_any_other():
    chose_left = np.array([1.0, 0.0, 1.0, 0.5, 1.0, 0.0, 1.0, 1.0])
    assert left_share(chose_left, ITEMS, RATERS) == win_rate(chose_left, ITEMS, RATERS)


@pytest.mark.parametrize("seed", range(5))
def test_clustered_variances_equal_those_of_statsmodels(seed):
    preferences, items, raters = random_ratings(seed)
    # with a constant alone its factor (n − 1)/(n − k) is 1, so G/(G − 1) is all there is
    model = OLS(preferences, np.ones_like(preferences))
    one_way = model.fit(cov_type="cluster", cov_kwds={"groups": items})
    assert cluster_variance(preferences, items) == pytest.approx(one_way.bse[0] ** 2, rel=1e-12)
    both, _, _ = cov_cluster_2groups(model.fit(), items, raters)
    assert two_way_variance(preferences, items, raters).value == pytest.approx(
        both.item(), rel=1e-10
    )


def test_a_two_way_variance_below_zero_gives_way_to_the_largest_one():
    # every item and every rater is balanced: V_item = V_rater = 0, V_intersection = 1/16 · 4/3
    balanced = np.array([1.0, 0.0, 0.0, 1.0])
    items, raters = np.array([1, 1, 2, 2]), np.array([1, 2, 1, 2])
    variance = two_way_variance(balanced, items, raters)
    assert variance.is_fallback
    assert variance.value == pytest.approx(1 / 16 * 4 / 3)
    assert "the largest error" in win_rate(balanced, items, raters).method


def test_one_rater_has_a_share_and_no_interval():
    estimate = win_rate(np.array([1.0, 0.0, 1.0]), np.array([1, 2, 3]), np.array([7, 7, 7]))
    assert estimate.value == pytest.approx(2 / 3)
    assert (estimate.low, estimate.high, estimate.n_units) == (None, None, 1)
    assert estimate.method == "no interval: only one rater"


def test_one_item_has_a_share_and_no_interval():
    estimate = win_rate(np.array([1.0, 0.0]), np.array([1, 1]), np.array([1, 2]))
    assert (estimate.value, estimate.low) == (0.5, None)
    assert estimate.method == "no interval: only one item"


def test_no_ratings_are_not_estimable():
    estimate = win_rate(np.array([]), np.array([], dtype=int), np.array([], dtype=int))
    assert (estimate.value, estimate.n) == (None, 0)
    assert estimate.method == "not estimable: no ratings yet"


def test_unanimous_ratings_do_not_claim_certainty():
    estimate = win_rate(np.ones(6), np.array([1, 2, 3, 1, 2, 3]), np.array([1, 1, 1, 2, 2, 2]))
    # Wilson for 2 of 2: n/(n + z²) = 2/(2 + 3.8415)
    assert estimate.low == pytest.approx(2 / 5.841459, rel=1e-6)
    assert (estimate.value, estimate.high) == (1.0, 1.0)
    assert estimate.method == "Wilson on 2 units, since all values are equal"


def test_all_ties_leave_room_on_both_sides():
    estimate = win_rate(np.full(4, 0.5), np.array([1, 1, 2, 2]), np.array([1, 2, 1, 2]))
    # at most z²/(2 + z²) of units could differ, half of them on each side
    assert estimate.low == pytest.approx(0.5 - 0.5 * 3.841459 / 5.841459, rel=1e-6)
    assert estimate.high == pytest.approx(1 - estimate.low)


@pytest.mark.parametrize("seed", range(3))
def test_order_of_rows_and_names_do_not_matter_and_the_other_arm_mirrors(seed):
    preferences, items, raters = random_ratings(seed)
    straight = win_rate(preferences, items, raters)
    order = np.random.default_rng(seed).permutation(len(items))
    shuffled = win_rate(preferences[order], np.char.mod("i%d", items[order]), 90 - raters[order])
    mirrored = win_rate(1 - preferences, items, raters)
    assert shuffled.low == pytest.approx(straight.low)
    assert shuffled.high == pytest.approx(straight.high)
    assert mirrored.low == pytest.approx(1 - straight.high)


def test_wrong_input_is_refused():
    two = np.array([1, 2])
    with pytest.raises(BadTable, match="nan at position 1"):
        win_rate(np.array([1.0, np.nan]), two, two)
    with pytest.raises(BadTable, match="code a tie as"):
        win_rate(np.array([1.0, 2.0]), two, two)
    with pytest.raises(BadTable, match="one length"):
        win_rate(np.array([1.0]), two, two)
    with pytest.raises(BadInput, match="between 0 and 1"):
        win_rate(np.array([1.0, 0.0]), two, two, level=95)
    with pytest.raises(TooFewUnits, match="got 1"):
        cluster_variance(np.array([1.0, 0.0]), np.array([1, 1]))


def over_models(values, items="xyxyxyxy", raters="aabbccdd", models="11112222"):
    columns = (np.array(list(ids)) for ids in (items, raters, models))
    return win_rate_over_models(np.array(values), *columns)


def test_how_far_models_lie_apart_is_no_error_of_the_share_over_them():
    found = over_models([1, 0.5, 1, 1, 0, 0.5, 0, 0])
    # means are 7/8 and 1/8; what is left: ⅛, −⅜, ⅛, ⅛ and −⅛, ⅜, −⅛, −⅛
    # items: x 0, y 0; raters: a −¼, b ¼, c ¼, d −¼; both: each left over by itself
    # V_item 0; V_rater 4/16 / 64 · 4/3 = 0.0052083; V_both (6/64 + 2 · 9/64) / 64 · 8/7 = 0.0066964
    # two ways give less than 0, so the largest: 0.0066964, times 3/2 for two means of four raters
    variance = 0.375 / 64 * 8 / 7 * 3 / 2
    # t with min(2 items − 1, 4 raters − 2 models) = 1 degree of freedom: 12.7062
    z, n = 12.7062, 0.25 / variance
    half = z / (1 + z**2 / n) * (0.25 / n + z**2 / (4 * n**2)) ** 0.5
    assert found.value == 0.5
    assert (found.low, found.high) == pytest.approx((0.5 - half, 0.5 + half), abs=1e-6)
    assert found.method == (
        "Wilson on the effective n, clustered the way that gives the largest error, since two ways "
        "gave none, within models, t with 1 degree of freedom"
    )
    assert (found.n, found.n_units) == (8, 2)


def test_one_model_is_told_as_in_its_own_study():
    values, ids = [1, 0.5, 0, 1], ("xyxy", "aabb", "1111")
    columns = [np.array(list(part)) for part in ids]
    assert over_models(values, *ids) == win_rate(np.array(values), columns[0], columns[1])


def test_a_model_whose_ratings_are_all_equal_is_not_taken_for_certain():
    values = [1, 1, 1, 1, 0, 0.5, 1, 0]
    columns = [np.array(list(part)) for part in ("xyxyxyxy", "aabbccdd")]
    assert over_models(values) == win_rate(np.array(values), *columns)


def test_a_model_with_one_rater_gives_no_interval():
    found = over_models([1, 0.5, 1, 0, 0, 0.5, 0, 1], raters="aaaabbcc")
    assert (found.value, found.low) == (0.5, None)
    assert found.method == "no interval: a model has only one rater"
