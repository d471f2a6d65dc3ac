from dataclasses import replace

import numpy as np
import pytest
from made_replies import make_replies

from evaluation.statistics.error_cells import (
    cell_difference,
    cell_rate,
    count_errors,
    margins,
    newcombe_bounds,
)
from evaluation.statistics.proportions import paired_difference, rate
from study.errors import BadTable


def cells_of(arm, error, n=None, item=None, reference="original", **factors):
    return count_errors(
        {"arm": np.array(arm)} | {name: np.array(column) for name, column in factors.items()},
        reference,
        np.ones(len(arm)) if n is None else np.array(n, dtype=float),
        np.array(error, dtype=float),
        None if item is None else np.array(item),
    )


@pytest.mark.parametrize(
    ("a", "n_a", "b", "n_b", "low", "high"),
    # Newcombe 1998, table II, method 10
    [
        (56, 70, 48, 80, 0.0524, 0.3339),
        (9, 10, 3, 10, 0.1705, 0.8090),
        (6, 7, 2, 7, 0.0582, 0.8062),
        (5, 56, 0, 29, -0.0381, 0.1926),
        (0, 10, 0, 20, -0.1611, 0.2775),
        (10, 10, 0, 10, 0.6075, 1.0000),
    ],
)
def test_newcombe_equals_the_published_values(a, n_a, b, n_b, low, high):
    assert newcombe_bounds(a / n_a, n_a, b / n_b, n_b) == pytest.approx((low, high), abs=5e-5)


def test_a_rate_equals_that_of_single_replies():
    table = make_replies()
    cells = cells_of(table["arm"], table["error"], item=table["item"])
    warm = table["arm"] == "warm"
    expected = rate(table["error"][warm].to_numpy(), table["item"][warm].to_numpy())
    found = cell_rate(cells, {"arm": 1})
    assert found.levels == {"arm": "warm"}
    assert (found.rate.value, found.rate.low, found.rate.high) == pytest.approx(
        (expected.value, expected.low, expected.high)
    )
    assert (found.n_errors, found.n) == (table["error"][warm].sum(), warm.sum())


def test_a_difference_of_complete_pairs_equals_the_paired_one():
    table = make_replies(missing=0)
    both = table.pivot_table(
        index=["item", "model", "context", "belief"], columns="arm", values="error"
    ).reset_index()
    expected = paired_difference(
        both["warm"].to_numpy(), both["original"].to_numpy(), both["item"].to_numpy()
    )
    found = cell_difference(cells_of(table["arm"], table["error"], item=table["item"]), 1, {})
    assert (found.value, found.low, found.high) == pytest.approx(
        (expected.value, expected.low, expected.high)
    )


def test_counts_stand_for_rows():
    rows = cells_of(["original"] * 5 + ["warm"] * 4, [1, 0, 0, 1, 0, 1, 1, 1, 0])
    counts = cells_of(["original", "warm"], [2, 3], [5, 4])
    assert cell_rate(rows, {"arm": 0}) == cell_rate(counts, {"arm": 0})
    assert cell_difference(rows, 1, {}) == cell_difference(counts, 1, {})
    assert cell_difference(rows, 1, {}).value == pytest.approx(100 * (3 / 4 - 2 / 5))


def test_margins_are_all_levels_and_the_cells_that_occur():
    cells = cells_of(
        ["original", "warm", "warm"],
        [0, 1, 1],
        context=["none", "sad", "none"],
        belief=["asserts", "none", "none"],
    )
    assert margins(cells) == [
        {},
        {"context": 0},
        {"context": 1},
        {"belief": 0},
        {"belief": 1},
        {"context": 0, "belief": 0},
        {"context": 0, "belief": 1},
        {"context": 1, "belief": 0},
    ]


def test_what_cannot_be_told_is_explained():
    one_item = cells_of(["original", "warm"], [0, 1], item=["i", "i"])
    assert cell_difference(one_item, 1, {}).method == "no interval: only one item"
    assert cell_rate(one_item, {"arm": 0}).rate.method == "no interval: only one item"
    empty = cells_of(["original", "warm"], [0, 0], [4, 0])
    assert "no scored replies of warm" in cell_difference(empty, 1, {}).method
    assert cell_rate(empty, {"arm": 1}).rate.value is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"error": [0, 2]}, "got 2 of 1 in row 2"),
        ({"error": [np.nan, 1]}, "got nan of 1 in row 1"),
        ({"reference": "base"}, "expected an arm 'base' to compare with, got 'original', 'warm'"),
    ],
)
def test_bad_counts_are_refused(changes, message):
    with pytest.raises(BadTable, match=message):
        cells_of(**{"arm": ["original", "warm"], "error": [0, 1]} | changes)


def test_replies_without_a_score_bound_the_rate():
    # 2 of 8 err, 2 more have no score: 2/10 if both were right, 4/10 if both were wrong
    arms = np.array(["original", "warm"])
    cells = count_errors(
        {"arm": arms},
        "original",
        np.array([8.0, 0.0]),
        np.array([2.0, 0.0]),
        None,
        np.array([2.0, 3.0]),
    )
    found = cell_rate(cells, {"arm": 0})
    assert (found.n_unscored, found.if_unscored_right, found.if_unscored_wrong) == (2, 0.2, 0.4)
    nothing = cell_rate(cells, {"arm": 1})
    assert (nothing.n_unscored, nothing.if_unscored_right, nothing.if_unscored_wrong) == (3, 0, 1)
    assert nothing.rate.method == "not estimable: no scored replies"


def test_a_table_of_scores_alone_has_no_bounds():
    found = cell_rate(cells_of(["original"], [1], n=[2]), {"arm": 0})
    assert (found.n_unscored, found.if_unscored_right, found.if_unscored_wrong) == (0, None, None)


def test_items_without_a_scored_reply_are_no_units():
    arm, error, item = ["original", "warm"] * 4, [0, 1, 1, 1, 0, 0, 0, 0], [0, 0, 1, 1, 2, 2, 3, 3]
    scored = cells_of(arm[:6], error[:6], n=[1] * 6, item=item[:6])
    more = cells_of(arm, error, n=[1] * 6 + [0] * 2, item=item)
    assert cell_rate(more, {"arm": 1}) == cell_rate(scored, {"arm": 1})
    assert cell_difference(more, 1, {}) == cell_difference(scored, 1, {})


def test_a_cell_without_a_scored_reply_is_told_all_the_same():
    cells = replace(
        cells_of(["original", "warm"] * 2, [0, 0, 0, 0], context=["none", "none", "sad", "sad"]),
        n=np.array([1.0, 1.0, 0.0, 0.0]),
        n_unscored=np.array([0.0, 0.0, 1.0, 1.0]),
    )
    crossed = replace(cells, factors=(*cells.factors, replace(cells.factors[1], name="belief")))
    assert {"context": 1, "belief": 1} in margins(crossed)
