import duckdb
import pytest

from evaluation.outside_tables import read_outside_table
from study.errors import BadInput, BadTable


@pytest.fixture
def write(tmp_path):
    def write(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def test_csv_cells_are_text_and_blank_ones_missing(write):
    path = write("a.csv", 'item,rater,score\n007,anna,3\n7,"b, c", \n8,,x\n')
    table = read_outside_table(path, ["item", "score"])
    assert table.columns["item"].tolist() == ["007", "7", "8"]
    assert table.columns["score"].tolist() == ["3", None, "x"]
    assert table.present(["score"]).tolist() == [True, False, True]


def test_jsonl_cells_keep_their_types(write):
    path = write("a.jsonl", '{"item":1,"s":0.5,"ok":true}\n{"item":"b","s":null}\n')
    table = read_outside_table(path, ["item", "s", "ok"])
    assert table.columns["item"].tolist() == ["1", "b"]
    assert table.columns["s"].tolist() == [0.5, None]
    assert table.columns["ok"].tolist() == [True, None]


def test_a_list_of_objects_is_a_table(write):
    path = write("a.json", '[{"item": "a", "s": 1},\n {"item": "b", "s": null}]')
    table = read_outside_table(path, ["item", "s"])
    assert (table.columns["item"].tolist(), table.columns["s"].tolist()) == (["a", "b"], [1, None])


def test_parquet(tmp_path):
    path = tmp_path / "a.parquet"
    duckdb.sql(f"COPY (SELECT 1 AS item, 'nan'::DOUBLE AS s) TO '{path}'")
    table = read_outside_table(path, ["item", "s"])
    assert (table.columns["item"].tolist(), table.columns["s"].tolist()) == ([1], [None])


def test_a_column_may_have_any_name(write):
    table = read_outside_table(write("a.csv", 'a"b;c,d\n1,2\n'.replace(",", "\t")), ['a"b;c'])
    assert table.columns['a"b;c'].tolist() == ["1"]


@pytest.mark.parametrize(
    ("name", "content", "column", "error", "message"),
    [
        ("a.txt", "x\n1\n", "x", BadInput, "expected a file that ends in .csv"),
        ("a.csv", "x,y\n1,2\n", "z", BadInput, "expected a column 'z' in a.csv, got 'x', 'y'"),
        ("a.csv", "x\n", "x", BadTable, "got a header alone"),
        ("a.csv", b"x\n1\n\xff\n", "x", BadTable, "expected a.csv to be text in UTF-8"),
        ("a.parquet", "x", "x", BadTable, "expected a.parquet to be a parquet table"),
        ("a.jsonl", '{"x":1}\n{"x":\n', "x", BadTable, "expected a.jsonl to be a jsonl table"),
    ],
)
def test_what_cannot_be_read_is_refused(write, name, content, column, error, message):
    with pytest.raises(error, match=message):
        read_outside_table(write(name, content), [column])


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(BadInput, match="found none"):
        read_outside_table(tmp_path / "none.csv", ["x"])


def test_an_empty_cell_can_be_refused(write):
    table = read_outside_table(write("a.csv", "item,rater\na,\nb,x\n,\n"), ["item", "rater"])
    with pytest.raises(BadTable, match=r"'rater' of a.csv to be filled, row 1 .* 2 in all"):
        table.refuse_empty(["rater"])


@pytest.mark.parametrize("word", ["NA", "N/A", "NaN", "nan", "null", "None"])
def test_a_word_for_missing_is_no_answer(write, word):
    table = read_outside_table(
        write("a.csv", f"item,score\na,yes\nb, {word} \nc,{word}\n"), ["score"]
    )
    with pytest.raises(BadTable, match=f"got '{word}' in row 2 of the data; .* --missing {word}$"):
        table.with_missing("score", ["-"])
    assert table.with_missing("score", ["-", word]).columns["score"].tolist() == ["yes", None, None]


def test_blanks_around_texts_do_not_count(write):
    table = read_outside_table(write("a.csv", "item,score\n a,yes \n"), ["item", "score"])
    assert (table.columns["item"].tolist(), table.columns["score"].tolist()) == (["a"], ["yes"])


def test_a_column_that_comes_twice_is_refused(write):
    path = write("a.csv", "score,item,score\n1,a,2\n")
    with pytest.raises(BadInput, match=r"one column 'score' in a\.csv, its header has 2"):
        read_outside_table(path, ["item", "score"])
    assert read_outside_table(path, ["item"]).columns["item"].tolist() == ["a"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("x,y\n1,2\n1,2,3\n", "2 cells in every row of a.csv, .* got 3 in row 2 of the data"),
        ('x;y\n1;"2;3"\n1\n', "got 1 in row 2 of the data"),
        (b"x,y\n1,caf\xe9\n", "got another encoding; save it as UTF-8$"),
    ],
)
def test_a_file_that_is_no_even_table_is_told_in_one_sentence(write, content, message):
    with pytest.raises(BadTable, match=message):
        read_outside_table(write("a.csv", content), ["x"])
