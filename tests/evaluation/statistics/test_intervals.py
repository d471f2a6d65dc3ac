import pytest

from evaluation.statistics.intervals import share_of_units


@pytest.mark.parametrize(
    ("n_true", "n", "low", "high"),
    # Newcombe 1998, Statistics in Medicine 17:857, table I, method 3
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_a_share_of_units_has_wilsons_published_interval(n_true, n, low, high):
    estimate = share_of_units(n_true, n, "rater", 0.95)
    assert (round(estimate.low, 4), round(estimate.high, 4)) == (low, high)
    assert (estimate.value, estimate.n, estimate.n_units) == (n_true / n, n, n)
    assert estimate.method == f"Wilson on {n} raters, taken as independent"


def test_a_share_of_no_units_is_not_estimable():
    assert share_of_units(0, 0, "rater", 0.95).method == "not estimable: no raters to count"
