import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from evaluation.statistics.families import adjust_in_family
from study.errors import BadTable

# Benjamini and Hochberg 1995, their example of fifteen p-values, of which four count at 0.05
PUBLISHED = np.array(
    [
        *(0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459),
        *(0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000),
    ]
)


def test_four_of_the_published_tests_count():
    found = adjust_in_family(PUBLISHED, "the example")
    assert [test.adjusted <= 0.05 for test in found] == [True] * 4 + [False] * 11
    # by hand: 0.0095 · 15/4 = 0.035625; 0.0278 · 15/6 is more than 0.0298 · 15/7 = 0.0638571
    assert found[3].adjusted == pytest.approx(0.035625)
    assert found[5].adjusted == pytest.approx(0.0298 * 15 / 7)


@pytest.mark.parametrize("seed", range(3))
def test_adjusted_values_equal_statsmodels_in_any_order(seed):
    p_values = np.random.default_rng(seed).permutation(np.append(PUBLISHED, [0.0019, 0.0]))
    expected = multipletests(p_values, method="fdr_bh")[1]
    found = adjust_in_family(p_values, "the example")
    assert [test.adjusted for test in found] == pytest.approx(expected, abs=1e-14)
    assert [test.p for test in found] == p_values.tolist()


def test_the_family_and_its_size_stand_beside_each_value():
    (one, other) = adjust_in_family(np.array([0.5, 0.01]), "cells of trivia")
    assert {(test.family, test.family_size) for test in (one, other)} == {("cells of trivia", 2)}
    assert (one.adjusted, other.adjusted) == (0.5, 0.02)
    assert adjust_in_family(np.array([]), "nothing") == ()


@pytest.mark.parametrize("bad", [np.nan, -0.1, 1.1])
def test_what_is_no_p_value_is_refused(bad):
    with pytest.raises(BadTable, match=r"from 0 to 1 in the cells, got .* at position 1"):
        adjust_in_family(np.array([0.5, bad]), "the cells")
