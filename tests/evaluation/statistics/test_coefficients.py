import numpy as np
import pytest

from evaluation.statistics.coefficients import (
    agreement_weights,
    coefficients_of_counts,
    cohen_kappa,
)
from study.errors import BadTable

FIVE = np.arange(1.0, 6.0)
# Krippendorff 2011 section C, which irrCAC ships as cac.raw4raters: four raters, twelve units
UNITS = np.array(
    [
        [3, 0, 0, 0, 0],
        [0, 3, 1, 0, 0],
        [0, 0, 4, 0, 0],
        [0, 0, 4, 0, 0],
        [0, 4, 0, 0, 0],
        [1, 1, 1, 1, 0],
        [0, 0, 0, 4, 0],
        [3, 1, 0, 0, 0],
        [0, 4, 0, 0, 0],
        [0, 0, 0, 0, 3],
        [2, 0, 0, 0, 0],
        [0, 0, 1, 0, 0],
    ]
)
# The example of the encyclopedia article "Fleiss' kappa": fourteen raters, ten subjects
SUBJECTS = np.array(
    [
        [0, 0, 0, 0, 14],
        [0, 2, 6, 4, 2],
        [0, 0, 3, 5, 6],
        [0, 3, 9, 2, 0],
        [2, 2, 8, 1, 1],
        [7, 7, 0, 0, 0],
        [3, 2, 6, 3, 0],
        [2, 5, 3, 2, 2],
        [6, 5, 2, 1, 0],
        [0, 2, 2, 3, 7],
    ]
)


def agreement_of_counts(coefficient, *arguments, **options):
    return coefficients_of_counts([coefficient], *arguments, **options)[coefficient]


@pytest.mark.parametrize(
    ("coefficient", "value"),
    [
        ("percent", 0.81818),
        ("fleiss", 0.76117),
        ("gwet", 0.77544),
        ("brennan_prediger", 0.77273),
    ],
)
def test_coefficients_equal_those_of_irrcac(coefficient, value):
    estimate = agreement_of_counts(coefficient, UNITS, FIVE, seed=1)
    assert estimate.value == pytest.approx(value, abs=5e-6)
    assert (estimate.n, estimate.n_units) == (40, 12)
    assert estimate.low < estimate.value < estimate.high


def test_fleiss_kappa_of_the_worked_example():
    assert agreement_of_counts("fleiss", SUBJECTS, FIVE, 1).value == pytest.approx(0.210, abs=5e-4)


def test_cohen_kappa_of_the_worked_example():
    # two readers of fifty grant proposals: 20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no
    confusion = np.array([[20, 5], [10, 15]])
    estimate = cohen_kappa(confusion, np.arange(2.0), seed=1)
    assert estimate.value == pytest.approx(0.4)
    assert estimate.n == 50


def test_weighted_kappa_by_hand():
    # p_o = 1 − (4·1 + 2·4)/(4·20) = 0.85; both margins (0.4, 0.3, 0.3), so expected squared
    # distance is 2·variance = 1.38 and p_e = 1 − 1.38/4
    confusion = np.array([[5, 2, 1], [2, 4, 0], [1, 0, 5]])
    estimate = cohen_kappa(confusion, np.arange(3.0), seed=1, weights="quadratic")
    assert estimate.value == pytest.approx(1 - 0.15 / (1.38 / 4))


def test_weights():
    assert agreement_weights(np.arange(3.0), "ordinal") == pytest.approx(
        np.array([[1, 2 / 3, 0], [2 / 3, 1, 2 / 3], [0, 2 / 3, 1]])
    )
    with pytest.raises(BadTable, match="0 or more, got -1"):
        agreement_weights(np.array([-1.0, 1.0]), "ratio")


@pytest.mark.parametrize("coefficient", ["fleiss", "gwet", "brennan_prediger"])
def test_equal_ratings_are_explained(coefficient):
    counts = np.array([[3, 0], [3, 0]])
    estimate = agreement_of_counts(coefficient, counts, np.arange(2.0), seed=1)
    assert estimate.value is None
    assert "all ratings are equal" in estimate.method
    percent = agreement_of_counts("percent", counts, np.arange(2.0), seed=1)
    assert percent.value == 1.0


@pytest.mark.parametrize("coefficient", ["percent", "fleiss", "gwet", "brennan_prediger"])
def test_single_ratings_are_explained(coefficient):
    estimate = agreement_of_counts(coefficient, np.eye(3, dtype=int), np.arange(3.0), seed=1)
    assert estimate.value is None
    assert "nothing was rated twice" in estimate.method


def test_order_of_items_and_names_of_values_do_not_matter():
    random = np.random.default_rng(5)
    order = random.permutation(len(UNITS))
    values = random.permutation(5)
    for coefficient in ("percent", "fleiss", "gwet", "brennan_prediger"):
        plain = agreement_of_counts(coefficient, UNITS, FIVE, seed=3)
        assert agreement_of_counts(coefficient, UNITS[order], FIVE, seed=3) == plain
        renamed = agreement_of_counts(coefficient, UNITS[:, values], FIVE, seed=3)
        assert renamed.value == pytest.approx(plain.value)


def test_weighted_agreement_that_rests_on_few_items_says_so():
    # two raters on 20 items, who differ by one step on two of them
    counts = np.array([[2, 0, 0]] * 9 + [[0, 2, 0]] * 9 + [[1, 1, 0]] * 2)
    weighted = agreement_of_counts("gwet", counts, np.arange(3.0), 1, "ordinal")
    assert weighted.method.endswith("likely too short, since raters differ on only 2 items")
    assert "too short" not in agreement_of_counts("gwet", counts, np.arange(3.0), 1).method
    counts[-1] = [2, 0, 0]
    weighted = agreement_of_counts("gwet", counts, np.arange(3.0), 1, "ordinal")
    assert weighted.method.endswith("raters differ on only 1 item")


def test_weighted_kappa_of_few_items_says_so():
    confusion = np.full((3, 3), 2) + np.diag([4, 4, 4])
    told = cohen_kappa(confusion, np.arange(3.0), seed=1, weights="quadratic").method
    assert told.endswith("likely too short, since there are only 30 items")
    assert "too short" not in cohen_kappa(confusion, np.arange(3.0), seed=1).method
    many = cohen_kappa(2 * confusion, np.arange(3.0), seed=1, weights="quadratic").method
    assert "too short" not in many


def test_full_agreement_of_any_coefficient_claims_no_certainty():
    # 0 of 20 items differ: Wilson's upper end is z²/(20 + z²) = 0.161125, and with p_e = 1/2
    # Fleiss' kappa would be −1 if all did: 1 − 0.161125 · 2
    counts = np.array([[2, 0]] * 10 + [[0, 2]] * 10)
    fleiss = agreement_of_counts("fleiss", counts, np.arange(2.0), 1)
    assert (fleiss.value, fleiss.high) == (1.0, 1.0)
    assert fleiss.low == pytest.approx(1 - 2 * 0.161125, abs=1e-5)
    percent = agreement_of_counts("percent", counts, np.arange(2.0), 1)
    assert percent.low == pytest.approx(1 - 0.161125, abs=1e-5)
    cohen = cohen_kappa(np.diag([10, 10]), np.arange(2.0), 1)
    assert cohen.low == pytest.approx(1 - 2 * 0.161125, abs=1e-5)


@pytest.mark.parametrize(
    ("coefficient", "worst"), [("percent", 0), ("gwet", -1), ("brennan_prediger", -1)]
)
def test_full_disagreement_claims_no_certainty(coefficient, worst):
    # 0 of 30 items agree: Wilson's upper end is 1.959964²/(30 + 1.959964²) = 0.113513
    estimate = agreement_of_counts(coefficient, np.ones((30, 2), dtype=int), np.arange(2.0), 1)
    assert (estimate.value, estimate.low) == (pytest.approx(worst), pytest.approx(worst))
    assert estimate.high == pytest.approx(worst + 0.113513 * (1 - worst), abs=1e-6)
    assert estimate.method.endswith("Wilson on 30 items, since raters agree on none of them")


@pytest.mark.parametrize("coefficient", ["percent", "gwet", "brennan_prediger"])
def test_items_of_one_kind_claim_no_certainty(coefficient):
    # three raters, two against one on every item: 1 of 3 pairs agree, whatever is drawn
    counts = np.tile([2, 1], (30, 1))
    estimate = agreement_of_counts(coefficient, counts, np.arange(2.0), 1)
    assert estimate.value is not None
    assert (estimate.low, estimate.high) == (None, None)
    assert estimate.method.endswith("no interval: resamples all have the same value")


@pytest.mark.parametrize(
    ("kinds", "reason"),
    [
        ([[20, 2], [0, 10]], None),
        ([[20, 2], [0, 0]], "only 2 items differ from the commonest kind"),
        ([[20, 1], [0, 0]], "only 1 item differs from the commonest kind"),
        ([[1, 1], [0, 0]], "only 2 items"),
        ([[2, 0], [0, 0]], None),
        ([[0, 30], [0, 0]], "all 30 items are of one kind"),
    ],
)
def test_kappas_that_rest_on_fewer_than_three_items_have_no_interval(kinds, reason):
    confusion = np.array(kinds)
    counts = np.repeat([[2, 0], [1, 1], [1, 1], [0, 2]], confusion.reshape(-1), axis=0)
    for estimate in (
        cohen_kappa(confusion, np.arange(2.0), 1),
        agreement_of_counts("fleiss", counts, np.arange(2.0), 1),
    ):
        if estimate.value is None:
            continue
        assert (estimate.low is None) == (reason is not None)
        if reason is not None:
            assert estimate.method.endswith(f"no interval: {reason}")
