import krippendorff
import numpy as np
import pytest
from scipy.stats import bootstrap

from evaluation.statistics.agreement import (
    _coincidences,
    alpha_of_counts,
    alphas_of_coincidences,
)
from study.errors import BadInput, BadTable

LEVELS = ("nominal", "ordinal", "interval", "ratio")
N = np.nan
# Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability", section C: four observers,
# twelve units, five values, missing data
PUBLISHED = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, N, N, N],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, N, 3],
        [N, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, N],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, N],
    ]
)


def alpha_of_codes(codes, level, seed, **options):
    """`alpha_of_counts` of a table of raters by units, NaN where a rater gave no code."""
    domain = np.unique(codes[~np.isnan(codes)])
    counts = np.array([[(unit == value).sum() for value in domain] for unit in codes.T])
    return alpha_of_counts(
        counts.reshape(codes.shape[1], len(domain)), domain, level, seed, **options
    )


@pytest.mark.parametrize(
    ("level", "alpha"),
    [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849), ("ratio", 0.797)],
)
def test_alpha_equals_the_published_values(level, alpha):
    agreement = alpha_of_codes(PUBLISHED, level, seed=1)
    assert agreement.alpha.value == pytest.approx(alpha, abs=5e-4)
    # unit 12 has one code: 41 codes, 40 of them pairable, as the publication counts
    assert (agreement.n_items, agreement.n_pairable, agreement.alpha.n_units) == (12, 40, 11)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("seed", range(6))
def test_the_formula_of_the_resamples_equals_the_package(level, seed):
    random = np.random.default_rng(seed)
    codes = random.integers(1, 6, size=(4, 30)).astype(float)
    codes[random.random(codes.shape) < 0.3] = N
    domain = np.arange(1.0, 6.0)
    counts = np.stack([(codes == value).sum(axis=0) for value in domain], axis=1)
    counts = counts[counts.sum(axis=1) >= 2]
    drawn = random.integers(0, len(counts), size=(3, len(counts)))
    matrices = np.stack([_coincidences(counts[rows]).sum(axis=0) for rows in drawn])
    expected = [
        krippendorff.alpha(
            value_counts=counts[rows], value_domain=domain, level_of_measurement=level
        )
        for rows in drawn
    ]
    assert alphas_of_coincidences(matrices, domain, level) == pytest.approx(expected, abs=1e-12)
    direct = krippendorff.alpha(reliability_data=codes, level_of_measurement=level)
    value = alpha_of_codes(codes, level, seed=1, resamples=2).alpha.value
    assert value == pytest.approx(direct, abs=1e-12)


def test_the_interval_equals_a_bca_bootstrap_of_the_package_by_scipy():
    random = np.random.default_rng(3)
    truth = random.integers(1, 6, size=60)
    codes = np.clip(truth + random.integers(-1, 2, size=(3, 60)), 1, 5).astype(float)
    ours = alpha_of_codes(codes, "ordinal", seed=11, resamples=4000).alpha
    low, high = bootstrap(
        tuple(codes),
        lambda *drawn: krippendorff.alpha(
            reliability_data=np.array(drawn), level_of_measurement="ordinal"
        ),
        paired=True,
        vectorized=False,
        n_resamples=2000,
        method="BCa",
        rng=random,
    ).confidence_interval
    # the ends of 2,000 resamples scatter by some hundredths of the interval's width; ours are
    # t's √(60/59) · 2.001 for 1.960, which is 2.9 % wider
    assert ours.low == pytest.approx(low, abs=0.07 * (high - low))
    assert ours.high == pytest.approx(high, abs=0.07 * (high - low))
    assert ours.method.endswith(
        "BCa percentiles of 4000 resamples of 60 items, widened to t with 59 degrees of freedom"
    )


def test_full_agreement_claims_no_certainty():
    # 0 of 20 items disagree: Wilson's upper end is z²/(20 + z²) = 0.1611. Ten codes twice each way,
    # D_e = 2·20·20/(40·39) = 0.5128: alpha if all disagreed is 1 − 1/0.5128 = −0.95
    codes = np.array([[1.0] * 10 + [2.0] * 10] * 2)
    alpha = alpha_of_codes(codes, "nominal", seed=1).alpha
    assert (alpha.value, alpha.high) == (1.0, 1.0)
    assert alpha.low == pytest.approx(1 - 0.161125 * 1.95, abs=1e-5)
    assert alpha.method.endswith("Wilson on 20 items, since raters agree on all of them")


def test_a_sample_with_few_unlike_items_says_so():
    codes = np.array([[1.0] * 16 + [2.0] * 4, [1.0] * 17 + [2.0] * 3])
    method = alpha_of_codes(codes, "nominal", seed=1).alpha.method
    assert method.endswith("likely too short, since only 4 items differ from the commonest kind")


def test_the_note_counts_ratings_and_items():
    codes = np.array([[1.0, 2.0, 1.0, 2.0], [1.0, 2.0, 2.0, N]])
    note = alpha_of_codes(codes, "nominal", seed=1).note
    assert note == "6 ratings of the 3 rated at least twice, of 4 rated."


def test_units_of_one_cluster_are_drawn_together():
    once = PUBLISHED[:, :11]
    # each unit twice, both copies in one cluster: nothing new was observed, so the spread of
    # resamples stays that of the eleven units; drawn one by one it would shrink
    codes, clusters = np.hstack([once, once]), np.tile(np.arange(11), 2)
    together = alpha_of_codes(codes, "nominal", 5, cluster_ids=clusters).alpha
    apart = alpha_of_codes(codes, "nominal", 5).alpha
    single = alpha_of_codes(once, "nominal", 5).alpha
    assert together.n_units == 11
    width = together.high - together.low
    assert width == pytest.approx(single.high - single.low, rel=0.1)
    assert apart.high - apart.low < 0.85 * width


def test_the_same_seed_gives_the_same_interval():
    first = alpha_of_codes(PUBLISHED, "ordinal", seed=8).alpha
    second = alpha_of_codes(PUBLISHED, "ordinal", seed=8).alpha
    other = alpha_of_codes(PUBLISHED, "ordinal", seed=9).alpha
    assert (first.low, first.high, first.seed) == (second.low, second.high, 8)
    assert (first.low, first.high) != (other.low, other.high)


def test_equal_codes_are_explained():
    agreement = alpha_of_codes(np.full((3, 5), 2.0), "ordinal", seed=1)
    assert agreement.alpha.value is None
    assert "all ratings are equal" in agreement.alpha.method
    assert agreement.note.startswith("Alpha is not estimable: all ratings are equal")


def test_codes_that_never_meet_are_explained():
    agreement = alpha_of_codes(np.array([[1.0, N], [N, 2.0]]), "nominal", seed=1)
    assert "nothing was rated twice" in agreement.note
    assert (agreement.n_items, agreement.n_pairable) == (2, 0)


def test_no_codes_are_explained():
    assert "no ratings yet" in alpha_of_codes(np.full((2, 3), N), "nominal", 1).note
    assert "no ratings yet" in alpha_of_codes(np.zeros((0, 0)), "nominal", 1).note


def test_one_unit_has_an_alpha_and_no_interval():
    agreement = alpha_of_codes(np.array([[1.0], [2.0]]), "nominal", seed=1)
    # n = 2, o_12 + o_21 = 2, n_1 n_2 + n_2 n_1 = 2: alpha = 1 − (2 − 1)·2/2
    assert agreement.alpha.value == pytest.approx(0.0)
    assert (agreement.alpha.low, agreement.alpha.method) == (
        None,
        "Krippendorff's alpha, nominal; no interval: only one item",
    )


def test_resamples_without_spread_are_counted():
    # three of nine units differ: (6/9)^9 = 2.6 % of resamples hold equal codes alone
    codes = np.array([[1.0] * 9, [1.0] * 6 + [2.0] * 3])
    estimate = alpha_of_codes(codes, "nominal", seed=2).alpha
    assert "of them left out since they had no variation" in estimate.method


def test_wrong_input_is_refused():
    with pytest.raises(BadInput, match="'interwal'"):
        alpha_of_codes(PUBLISHED, "interwal", seed=1)
    with pytest.raises(BadInput, match="at least one resample"):
        alpha_of_codes(PUBLISHED, "nominal", seed=1, resamples=0)
    with pytest.raises(BadTable, match="counts of items by 2 values"):
        alpha_of_counts(np.ones((4, 3), dtype=np.int64), np.arange(2.0), "nominal", seed=1)
    with pytest.raises(BadTable, match="one cluster for each of 12 items"):
        alpha_of_codes(PUBLISHED, "nominal", seed=1, cluster_ids=np.arange(3))


def test_a_thousand_resamples_of_200000_units_need_no_room_for_each():
    random = np.random.default_rng(0)
    counts = random.multinomial(3, [0.1, 0.2, 0.4, 0.2, 0.1], size=200_000)
    agreement = alpha_of_counts(counts, np.arange(5.0), "ordinal", seed=1)
    assert agreement.alpha.low < 0 < agreement.alpha.high


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [
        ([1.0] * 18 + [2.0] * 2, [1.0] * 20, "only 2 items differ from the commonest kind"),
        ([1.0, 2.0], [1.0, 1.0], "only 2 items"),
        ([1.0] * 30, [2.0] * 30, "all 30 items are of one kind"),
    ],
)
def test_alpha_that_rests_on_fewer_than_three_items_has_no_interval(first, second, reason):
    alpha = alpha_of_codes(np.array([first, second]), "nominal", seed=1).alpha
    assert alpha.value is not None
    assert (alpha.low, alpha.high) == (None, None)
    assert alpha.method.endswith(f"no interval: {reason}")


def test_full_disagreement_of_unlike_items_claims_no_certainty():
    # 0 of 30 items agree, three kinds of ten: n_c = 20 each, D_e = 3·2·20·20/(60·59) = 0.677966,
    # so alpha is 1 − 1/D_e = −0.475, and 0.113513 · 1.475 more if those agreed that could
    codes = np.array([[1.0] * 20 + [2.0] * 10, [2.0] * 10 + [3.0] * 20])
    alpha = alpha_of_codes(codes, "nominal", seed=1).alpha
    assert (alpha.value, alpha.low) == (pytest.approx(-0.475), pytest.approx(-0.475))
    assert alpha.high == pytest.approx(-0.475 + 0.113513 * 1.475, abs=1e-5)
