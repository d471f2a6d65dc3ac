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


def test_texts_that_mean_the_same_are_one_level(count):
    found = count(
        "version,belief,wrong\nwarm,none,1\n warm ,,0\nwarm,nan, YES \nplain,none,no\n",
    )
    assert found.factors["arm"].levels == ("plain", "warm")
    assert found.factors["belief"].levels == ("none",)
    assert (found.n.tolist(), found.errors.tolist()) == ([1, 3], [0, 2])


def test_factors_and_items_may_be_numbers(tmp_path):
    path = tmp_path / "a.parquet"
    rows = "SELECT i % 2 AS version, i % 3 > 0 AS belief, i % 5 AS item, i % 2 = 1 AS wrong FROM range(60) AS r(i)"
    duckdb.sql(rows).to_parquet(str(path))
    found = read_error_counts(path, ErrorColumns("wrong", FACTORS, item="item"))
    # 60 rows are 2 × 2 × 5 cells: of every 3 rows one has no belief, so cells hold 2 or 4
    assert found.factors["belief"].levels == ("false", "true")
    assert found.n.reshape(2, 2, 5).tolist() == [[[2] * 5, [4] * 5]] * 2
    assert found.errors.reshape(2, -1).sum(axis=1).tolist() == [0, 30]


def test_columns_without_repetition_are_no_factors(tmp_path):
    path = tmp_path / "a.parquet"
    columns = ", ".join(
        f"'{name}' || i AS {name}" for name in ("arm", "model", "task", "context", "belief")
    )
    duckdb.sql(f"SELECT {columns}, 0 AS wrong FROM range(10000) AS r(i)").to_parquet(str(path))  # noqa: S608
    names = ("arm", "model", "task", "context", "belief")
    with pytest.raises(BadTable, match=r"factors of few levels in .*, got 10000 of arm"):
        read_error_counts(path, ErrorColumns("wrong", {name: name for name in names}))


@pytest.mark.parametrize("word", ["NA", "nan", "null", "None"])
@pytest.mark.parametrize("n", [None, "of"])
def test_a_word_for_missing_is_no_score(count, word, n):
    text = f"version,belief,wrong,of\nplain,,1,1\nwarm,,{word},1\nwarm,,0,1\nwarm,,{word},1\n"
    with pytest.raises(
        BadTable, match=rf"{word}.* in row 2 of the data, 2 such .* --missing {word}$"
    ):
        count(text, n=n)
    found = count(text, n=n, missing=("-", word))
    assert found.n_missing == {"plain": 0, "warm": 2}


def test_endless_counts_are_refused(count):
    with pytest.raises(BadTable, match="got '1 of inf' in row 1"):
        count("version,belief,wrong,of\nplain,,1,inf\n", n="of")


def test_rows_without_a_level_are_counted(count):
    found = count("version,belief,wrong\nwarm,,1\nwarm,,0\nwarm,none,0\nplain,asserts,\n")
    assert found.n_missing_levels == {"arm": 0, "belief": 2}
    assert found.n_unscored.tolist() == [1, 0]


def test_a_factor_of_many_levels_is_refused_by_its_name(count):
    rows = "".join(f"warm,b{number},q,1\n" for number in range(201))
    with pytest.raises(
        BadTable, match=r"at most 200 different values in column 'belief' .* got 201"
    ):
        count("version,belief,question,wrong\n" + rows)


def test_many_combinations_of_factors_are_refused(tmp_path):
    path = tmp_path / "crossed.csv"
    rows = "".join(f"v{n % 50},b{n // 50},q{n},1\n" for n in range(2001))
    path.write_text("version,belief,question,wrong\n" + rows, encoding="utf-8")
    columns = ErrorColumns("wrong", FACTORS, item="question")
    with pytest.raises(BadTable, match=r"at most 2,000 combinations of arm, belief .* got 2,001"):
        read_error_counts(path, columns)
