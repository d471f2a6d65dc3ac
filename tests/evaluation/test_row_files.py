import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.row_files import read_row_file
from study.errors import BadInput


@pytest.fixture
def write(tmp_path):
    def write(name, content):
        file = tmp_path / name
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return file

    return write


def test_csv_rows_keep_their_blanks_and_line_breaks(write):
    file = write("a.csv", '\ufeffprompt;reply\n" hi, ";"one\ntwo "\n')
    assert read_row_file(file) == [(1, {"prompt": " hi, ", "reply": "one\ntwo "})]


def test_jsonl_rows_keep_their_types_and_the_number_of_their_line(write):
    file = write("a.jsonl", '\n{"prompt": "2021-01-02", "n": 3, "is": [true, null]}\n')
    assert read_row_file(file) == [(2, {"prompt": "2021-01-02", "n": 3, "is": [True, None]})]


def test_parquet_rows(tmp_path):
    file = tmp_path / "a.parquet"
    with duckdb.connect() as con:
        con.execute(f"COPY (SELECT ' hi' AS prompt, ['a', 'b'] AS aliases) TO '{file}'")
    assert read_row_file(file) == [(1, {"prompt": " hi", "aliases": ["a", "b"]})]


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.xlsx", "", r"ends in \.csv, \.jsonl, \.parquet"),
        ("a.csv", "", "expected rows"),
        ("a.csv", "a,b\n", "expected rows"),
        ("a.csv", "a,b\n1\n", "row 1: expected 2 cells as in the header, got 1"),
        ("a.csv", 'a,b\n1,"x\n', "double quote that is not closed"),
        ("a.csv", "a,b,a\n1,2,3\n", "'a' more often"),
        ("a.csv", b"a,b\n\xff\xfe,1\n", "UTF-8"),
        ("a.jsonl", '{"a": 1}\n{"a": \n', "line 2 is not JSON"),
        ("a.jsonl", "[1]\n", "line 1 is not a JSON object"),
        ("a.jsonl", b"\xff\n", "UTF-8"),
        ("a.parquet", "no", "DuckDB says"),
    ],
)
def test_what_cannot_be_read_is_told_with_file_and_place(write, name, content, told):
    file = write(name, content)
    with pytest.raises(BadInput, match=told) as caught:
        read_row_file(file)
    assert name in str(caught.value)
    assert "\n" not in str(caught.value).replace("\\n", "")


@pytest.mark.parametrize("name", ["no.csv", "no.jsonl", "no.parquet"])
def test_a_missing_file_is_said(tmp_path, name):
    with pytest.raises(BadInput, match=name):
        read_row_file(tmp_path / name)


@given(st.sampled_from([".csv", ".jsonl"]), st.binary(max_size=120))
def test_any_bytes_are_rows_or_refused(tmp_path_factory, ending, content):
    file = tmp_path_factory.getbasetemp() / f"drawn-rows{ending}"
    file.write_bytes(content)
    try:
        rows = read_row_file(file)
    except BadInput:
        return
    assert all(isinstance(row, dict) for _, row in rows)
