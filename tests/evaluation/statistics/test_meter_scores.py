import numpy as np
import pytest

from evaluation.statistics.meter_scores import higher_share, mean_score, rank_pairs
from study.errors import BadTable


def ids(n):
    return np.arange(n)


def test_the_mean_has_the_interval_of_its_items():
    # items of sums 2 and 0 around the mean 1/2 of four: residual sums ±1, so √(2/16 · 2) = 1/2;
    # t with one degree of freedom at 97.5 % is 12.706205
    found = mean_score(np.array([1.0, 1.0, 0.0, 0.0]), np.array([1, 1, 2, 2]))
    assert (found.value, found.n, found.n_units, found.unit) == (0.5, 4, 2, "item")
    assert found.low == pytest.approx(0.5 - 12.706205 / 2, abs=1e-6)
    assert found.high == pytest.approx(0.5 + 12.706205 / 2, abs=1e-6)


@pytest.mark.parametrize(
    ("scores", "says"),
    [
        ([], "no scores"),
        ([0.2], "only one item"),
        ([0.2, 0.2], "all scores are equal"),
        ([0.2, 0.2 + 1e-14, 0.2], "all scores are equal"),
    ],
)
def test_a_mean_without_a_spread_has_no_interval_and_says_why(scores, says):
    found = mean_score(np.array(scores), ids(len(scores)))
    assert found.low is found.high is None
    assert says in found.method


def test_equal_scores_count_half():
    found = higher_share(np.array([0.1, 0.0, -0.2, 0.3]), ids(4))
    assert found.value == 2.5 / 4


def test_the_paired_share_and_the_pooled_area_are_counted_differently():
    # pairs (3, 2), (1, 0): both ranked right. Pooled: 3 is above 2 and 0, 1 above 0 alone: 3 of 4
    found = rank_pairs(np.array([3.0, 1.0]), np.array([2.0, 0.0]), ids(2), seed=0)
    assert found.paired_share.value == 1.0
    assert found.pooled_auc.value == 3 / 4
    assert found.mean_difference.value == 1.0
    assert (found.n_equal, found.pooled_auc.seed) == (0, 0)


def test_the_pooled_area_is_that_of_scipy():
    from scipy.stats import mannwhitneyu

    random = np.random.default_rng(3)
    first, second = np.round(random.normal(0.4, 1, 60), 1), np.round(random.normal(0, 1, 60), 1)
    found = rank_pairs(first, second, np.arange(60) // 2, seed=1)
    expected = mannwhitneyu(first, second).statistic / 3600
    assert found.pooled_auc.value == pytest.approx(expected)
    assert found.pooled_auc.low < expected < found.pooled_auc.high
    assert (found.paired_share.n, found.paired_share.n_units) == (60, 30)


def test_swapping_the_columns_turns_everything_round():
    random = np.random.default_rng(5)
    first, second = random.normal(0.4, 1, 40), random.normal(0, 1, 40)
    there, back = (
        rank_pairs(*both, ids(40), seed=1) for both in ((first, second), (second, first))
    )
    assert there.paired_share.value == pytest.approx(1 - back.paired_share.value)
    assert there.pooled_auc.value == pytest.approx(1 - back.pooled_auc.value)
    assert there.mean_difference.value == pytest.approx(-back.mean_difference.value)


def test_a_score_that_is_none_is_refused():
    with pytest.raises(BadTable, match="expected finite values"):
        rank_pairs(np.array([np.nan]), np.array([0.0]), ids(1), seed=0)
