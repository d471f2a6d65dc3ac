import numpy as np
import pytest
import statsmodels.api as sm
from made_ratings import make_ratings, shuffle
from statsmodels.regression.linear_model import OLS
from statsmodels.stats.sandwich_covariance import cov_cluster_2groups

from evaluation.statistics.choice_models import (
    Quantity,
    chance_of_ratings,
    coefficient,
    difference_of,
    estimate_log_odds,
    estimate_odds_ratio,
    estimate_points,
    estimate_share,
    fit_choices,
    mean_chance,
)
from evaluation.statistics.intervals import two_way_variance
from evaluation.statistics.logit import NotFitted
from study.errors import BadTable

# 2.5 % beyond it on either side, with five degrees of freedom
T_5 = 2.5705818366147395


def terms_of(table):
    return {
        "side": np.where(table.arm_is_left, 0.5, -0.5),
        "length": np.log2(table.arm_characters / table.original_characters),
    }


def fit(table):
    return fit_choices(table.warmer, terms_of(table), table.item, table.rater)


def fit_by_statsmodels(table):
    x = np.column_stack([np.ones(len(table)), *terms_of(table).values()])
    groups = [np.unique(ids, return_inverse=True)[1] for ids in (table.item, table.rater)]
    return sm.GLM(table.warmer, x, family=sm.families.Binomial()).fit(
        tol=1e-14, cov_type="cluster", cov_kwds={"groups": np.column_stack(groups)}
    )


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_coefficients_of_ratings_with_ties_equal_those_of_statsmodels(seed):
    table = make_ratings(seed)
    assert (table.warmer == 0.5).any()
    reference = fit_by_statsmodels(table)
    assert fit(table).coefficients == pytest.approx(reference.params, abs=1e-10)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_two_way_errors_equal_those_of_statsmodels(seed):
    # statsmodels with use_correction, its default: each of item, rater and both by its own
    # G/(G − 1), and all by (N − 1)/(N − K)
    table = make_ratings(seed)
    reference = fit_by_statsmodels(table)
    ours = fit(table)
    for place, name in enumerate(ours.names):
        value, error = reference.params[place], reference.bse[place]
        assert not two_way_variance(ours.additions[:, place], table.item, table.rater).is_fallback
        estimate = estimate_log_odds(ours, coefficient(ours, name), 0.95)
        assert estimate.low == pytest.approx(value - T_5 * error, abs=1e-9)
        assert estimate.high == pytest.approx(value + T_5 * error, abs=1e-9)
        assert (estimate.n, estimate.n_units, estimate.unit) == (72, 6, "item and rater")
        assert estimate.method == (
            "clustered two ways, on item and rater, t with 5 degrees of freedom"
        )


def test_an_odds_ratio_has_the_bounds_of_its_log_odds():
    ours = fit(make_ratings())
    log_odds = estimate_log_odds(ours, coefficient(ours, "side"), 0.95)
    ratio = estimate_odds_ratio(ours, coefficient(ours, "side"), 0.95)
    found = (ratio.value, ratio.low, ratio.high)
    assert found == pytest.approx(np.exp([log_odds.value, log_odds.low, log_odds.high]))


def test_bounds_of_a_share_equal_the_delta_method_by_finite_differences():
    table = make_ratings(2)
    ours, reference = fit(table), fit_by_statsmodels(table)
    rows = np.array([[1.0, 0.5, 0.0], [1.0, -0.5, 0.0]])

    def share(beta):
        return (1 / (1 + np.exp(-rows @ beta))).mean()

    def log_odds(beta):
        return np.log(share(beta) / (1 - share(beta)))

    error = delta_error(log_odds, reference)
    middle = log_odds(reference.params)
    estimate = estimate_share(ours, mean_chance(ours, rows), 0.95)
    assert estimate.value == pytest.approx(share(reference.params))
    assert estimate.low == pytest.approx(1 / (1 + np.exp(-(middle - T_5 * error))), rel=1e-6)
    assert estimate.high == pytest.approx(1 / (1 + np.exp(-(middle + T_5 * error))), rel=1e-6)
    assert estimate.method.startswith("delta method on the log-odds, clustered two ways")


def test_a_difference_of_shares_counts_that_other_ratings_have_other_terms():
    table = make_ratings(3)
    ours, reference = fit(table), fit_by_statsmodels(table)
    level = np.array([[1.0, 0.0, 0.0]])

    def points(beta):
        chances = [(1 / (1 + np.exp(-rows @ beta))).mean() for rows in (ours.x, level)]
        return 100 * (chances[0] - chances[1])

    # what a rating adds: by the coefficients, with (N − 1)/(N − K), and by its own chance
    unclustered = sm.GLM(table.warmer, ours.x, family=sm.families.Binomial()).fit(tol=1e-14)
    influence = reference.model.score_obs(reference.params) @ unclustered.normalized_cov_params
    by_coefficients = len(table) * influence @ slope_of(points, reference) * (71 / 69) ** 0.5
    values = by_coefficients + 100 * unclustered.fittedvalues
    groups = [np.unique(ids, return_inverse=True)[1] for ids in (table.item, table.rater)]
    both, _, _ = cov_cluster_2groups(OLS(values, np.ones(len(values))).fit(), *groups)

    difference = difference_of(chance_of_ratings(ours, [ours.x]), mean_chance(ours, level))
    estimate = estimate_points(ours, difference, 0.95)
    value = points(reference.params)
    assert estimate.value == pytest.approx(value)
    assert estimate.low == pytest.approx(value - T_5 * both.item() ** 0.5, rel=1e-6)


def slope_of(function, reference):
    steps = 1e-6 * np.eye(len(reference.params))
    ends = [(reference.params + step, reference.params - step) for step in steps]
    return np.array([(function(up) - function(down)) / 2e-6 for up, down in ends])


def delta_error(function, reference):
    slope = slope_of(function, reference)
    return (slope @ reference.cov_params() @ slope) ** 0.5


def test_the_order_of_ratings_does_not_matter():
    table = make_ratings()
    straight, shuffled = fit(table), fit(shuffle(table, seed=5))
    assert shuffled.coefficients == pytest.approx(straight.coefficients, abs=1e-10)
    bounds = [
        estimate_log_odds(one, coefficient(one, "length"), 0.95) for one in (straight, shuffled)
    ]
    assert bounds[0].low == pytest.approx(bounds[1].low)


def test_a_term_that_hardly_varies_is_fitted_all_the_same():
    table = make_ratings()
    near = {"length": 3 + 1e-3 * terms_of(table)["length"]}
    plain = fit_choices(
        table.warmer, {"length": terms_of(table)["length"]}, table.item, table.rater
    )
    scaled = fit_choices(table.warmer, near, table.item, table.rater)
    assert scaled.coefficients[1] == pytest.approx(1000 * plain.coefficients[1])


def test_one_rater_or_one_item_has_coefficients_and_no_interval():
    table = make_ratings()
    alone = np.full(len(table), "r")
    ours = fit_choices(table.warmer, terms_of(table), table.item, alone)
    estimate = estimate_share(ours, mean_chance(ours, ours.x), 0.95)
    assert (estimate.low, estimate.high) == (None, None)
    assert estimate.method == "no interval: only one rater"
    assert estimate.value == pytest.approx(table.warmer.mean())
    ours = fit_choices(table.warmer, terms_of(table), alone, table.rater)
    assert estimate_log_odds(ours, coefficient(ours, "side"), 0.95).method == (
        "no interval: only one item"
    )


FOUR = np.array([1, 2, 3, 4])


@pytest.mark.parametrize(
    ("preferences", "side", "reason"),
    [
        ([], [], "no ratings yet"),
        ([0.5, 0.5, 0.5, 0.5], [1, -1, 1, -1], "all ratings are equal"),
        ([1, 0, 1, 0], [1, 1, 1, 1], "side is the same in all ratings"),
        ([1, 0], [1, -1], "2 ratings are too few for a model of 2 coefficients"),
        ([1, 1, 0, 1], [1, 1, -1, -1], "side tell the choice without exception"),
        ([0.5, 0.5, 0.25, 0.25], [1, 1, -1, -1], "the model meets every rating"),
    ],
)
def test_what_ratings_do_not_determine_is_said(preferences, side, reason):
    ids = FOUR[: len(preferences)]
    with pytest.raises(NotFitted, match=reason):
        fit_choices(np.array(preferences, float), {"side": np.array(side, float)}, ids, ids)


def test_terms_that_go_together_are_not_told_apart():
    side = np.array([1.0, -1.0, 1.0, -1.0])
    with pytest.raises(NotFitted, match="side and length cannot be told apart"):
        fit_choices(np.array([1.0, 0, 0, 1]), {"side": side, "length": 2 * side}, FOUR, FOUR)


def test_wrong_input_is_refused():
    side = np.array([1.0, -1.0, 1.0, -1.0])
    with pytest.raises(BadTable, match="code a tie as"):
        fit_choices(np.array([2.0, 0, 0, 1]), {"side": side}, FOUR, FOUR)
    with pytest.raises(BadTable, match="nan at position 1"):
        fit_choices(np.array([1.0, 0, 0, 1]), {"side": np.array([1.0, np.nan, 1, 1])}, FOUR, FOUR)
    with pytest.raises(BadTable, match="one length"):
        fit_choices(np.array([1.0, 0, 0, 1]), {"side": side[:3]}, FOUR, FOUR)


def test_a_share_far_outside_of_the_ratings_is_not_told():
    ours = fit(make_ratings())
    told = estimate_share(ours, Quantity(1 - 1e-12, np.zeros(3)), 0.95)
    assert told.value is None
    assert told.method == "not estimable: the ratings are too far from what the share is told for"


def test_a_share_over_the_ratings_counts_their_own_terms_too():
    ours = fit(make_ratings())
    fixed = estimate_share(ours, mean_chance(ours, ours.x), 0.95)
    drawn = estimate_share(ours, chance_of_ratings(ours, [ours.x]), 0.95)
    assert drawn.value == pytest.approx(fixed.value)
    assert drawn.low != pytest.approx(fixed.low)


def test_differences_stay_within_a_hundred_points():
    ours = fit(make_ratings())
    points = estimate_points(ours, Quantity(0.1, np.full(3, 1e3)), 0.95)
    assert (points.low, points.high) == (-100.0, 100.0)


def test_odds_ratios_stay_numbers_however_wide_their_interval():
    ours = fit(make_ratings())
    ratio = estimate_odds_ratio(ours, Quantity(0.0, np.full(3, 1e6)), 0.95)
    assert np.isfinite([ratio.low, ratio.high]).all()
