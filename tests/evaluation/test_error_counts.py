import duckdb
import numpy as np
import pytest

from evaluation.error_counts import ErrorColumns, read_error_counts
from study.errors import BadTable

FACTORS = {"arm": "version", "belief": "belief"}


@pytest.fixture
def count(tmp_path):
    def count(text, **columns):
        path = tmp_path / "it's a table.csv"
        path.write_text(text, encoding="utf-8")
        return read_error_counts(path, ErrorColumns("wrong", FACTORS, **columns))

    return count


def test_replies_are_counted_by_factor_and_item(count):
    found = count(
        "version,belief,question,wrong\nwarm,,q1,1\nwarm,none,q1,no\nwarm,asserts,q1,TRUE\n"
        "warm,asserts,q2,\nplain,,q1,0\n",
        item="question",
    )
    rows = list(
        zip(
            found.factors["arm"].texts(),
            found.factors["belief"].texts(),
            found.item.texts(),
            found.n,
            found.errors,
            strict=True,
        )
    )
    assert rows == [
        ("plain", "none", "q1", 1, 0),
        ("warm", "asserts", "q1", 1, 1),
        ("warm", "asserts", "q2", 0, 0),
        ("warm", "none", "q1", 2, 1),
    ]
    assert found.n_missing == {"plain": 0, "warm": 1}


def test_counts_are_added(count):
    found = count("version,belief,wrong,of\nwarm,,3,10\nwarm,,2,5\nplain,,,4\n", n="of")
    assert (found.n.tolist(), found.errors.tolist()) == ([0, 15], [0, 5])
    assert found.item is None
    assert found.n_missing == {"plain": 4, "warm": 0}


@pytest.mark.parametrize(
    ("row", "columns", "message"),
    [
        ("warm,,2,1", {}, "expected 0 or 1, true or false.* got '2'"),
        ("warm,,adopts,1", {}, "got 'adopts'"),
        (",,1,1", {}, "'version' of .* to name the arm in every row, 1 are empty"),
        ("warm,,1,", {"item": "of"}, "to name the item in every row, 1 are empty"),
        ("warm,,3,2", {"n": "of"}, "'wrong' of them at most 'of' .* got '3 of 2'"),
        ("warm,,0.5,2", {"n": "of"}, "got '0.5 of 2'"),
        ("warm,,1,", {"n": "of"}, "expected whole numbers"),
    ],
)
def test_what_cannot_be_meant_is_refused(count, row, columns, message):
    with pytest.raises(BadTable, match=message):
        count(f"version,belief,wrong,of\nplain,,1,1\n{row}\n", **columns)


def test_an_empty_table_is_refused(count):
    with pytest.raises(BadTable, match="a header alone"):
        count("version,belief,wrong\n")


def test_parquet_with_truth_values_and_nan(tmp_path):
    path = tmp_path / "a.parquet"
    rows = "VALUES ('warm', 'none', 1.0), ('warm', 'none', 'nan'::DOUBLE)"
    duckdb.sql(rows).project("col0 AS version, col1 AS belief, col2 AS wrong").to_parquet(str(path))
    found = read_error_counts(path, ErrorColumns("wrong", FACTORS))
    assert (found.n.tolist(), found.n_missing) == ([1], {"warm": 1})
    assert np.array_equal(found.errors, [1])
