import csv
import io
import json

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.items.rows import json_lines, read_file
from study.errors import BadItems

HEADER = "question,reference,wrong_answer\n"
NAMES = ["items.csv", "items.tsv", "items.jsonl", "items.json", "items.parquet"]


def write(tmp_path, name, content):
    file = tmp_path / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def error_of(file):
    with pytest.raises(BadItems) as caught:
        read_file(file)
    message = str(caught.value)
    assert "\n" not in message
    assert str(file) in message
    return message


def test_every_format_gives_the_same_rows(tmp_path):
    rows = [{"question": "Who wrote Emma?", "reference": "Jane Austen, 1815"}]
    quoted = 'question,reference\nWho wrote Emma?,"Jane Austen, 1815"\n'
    write(tmp_path, "a.csv", quoted)
    write(tmp_path, "a.tsv", "question\treference\nWho wrote Emma?\tJane Austen, 1815\n")
    write(tmp_path, "a.jsonl", json.dumps(rows[0]) + "\n\n")
    write(tmp_path, "a.json", json.dumps(rows))
    duckdb.connect().execute(
        "COPY (SELECT 'Who wrote Emma?' AS question, 'Jane Austen, 1815' AS reference) "
        f"TO '{tmp_path}/a.parquet' (FORMAT parquet)"
    )
    for suffix in ("csv", "tsv", "jsonl", "json", "parquet"):
        assert read_file(tmp_path / f"a.{suffix}").rows == rows, suffix


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path):
    file = write(tmp_path, "a.csv", b"\xef\xbb\xbf" + b"question,reference\nWhy?,So\n")
    assert read_file(file).rows == [{"question": "Why?", "reference": "So"}]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.csv", HEADER + "Caf\u00e9?,So,No\n", None),
        (
            "a.csv",
            (HEADER + "Why?,So,No\nCaf\u00e9?,So,No\n").encode("latin-1"),
            "line 3 is not UTF-8",
        ),
        ("a.csv", HEADER.encode("utf-16"), "it begins as UTF-16"),
        ("a.csv", "question;reference\nWhy?;So\n", "columns between semicolons"),
        ("a.csv", "question\treference\nWhy?\tSo\n", "name it .tsv"),
        ("a.csv", "question,question\nWhy?,So\n", "the column 'question' twice"),
        ("a.csv", HEADER + "Why?,So,No,sad\n", "row 1 has more values than the header"),
        ("a.csv", HEADER + "Why?,So,No\nHow?,T\n", "row 2 has fewer values.*if it was cut"),
        ("a.csv", HEADER + 'Why?,So,"No, ne', "line 2 is not CSV"),
        ("a.csv", HEADER + f'Why?,So,"{"x" * 131_073}"\n', "is not CSV that can be read"),
        ("a.csv", "", "no rows"),
        ("a.csv", HEADER, "no rows"),
        ("a.jsonl", '{"question": "Why?"\n', "line 1 is not JSON"),
        ("a.jsonl", '{"question": "Why?"}\n["Why?"]\n', "line 2 is not a JSON object"),
        ("a.jsonl", "[" * 100_000, "line 1 is not JSON"),
        ("a.json", '{"question": "Why?"}', "not a JSON list of objects"),
        ("a.json", '{"question": "Why?"}\n{"question": "How?"}', "name it .jsonl"),
        ("a.json", " ", "no rows"),
        ("a.parquet", "PAR1", "not Parquet"),
        ("a.xlsx", "PK", "none of the endings"),
    ],
)
def test_a_file_that_cannot_be_read_whole_is_refused_with_its_place(tmp_path, name, content, says):
    file = write(tmp_path, name, content)
    if says is None:
        assert read_file(file).rows
    else:
        with pytest.raises(BadItems, match=says):
            read_file(file)
        error_of(file)


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_file_is_named(tmp_path, name):
    assert "cannot be read" in error_of(tmp_path / name)


@given(name=st.sampled_from(NAMES), content=st.binary(max_size=80))
def test_any_bytes_are_read_or_refused(tmp_path_factory, name, content):
    file = write(tmp_path_factory.mktemp("bytes"), name, content)
    try:
        rows, said = read_file(file).rows, ""
    except BadItems as error:
        rows, said = [], str(error)
    assert bool(rows) != bool(said)
    assert "\n" not in said


@given(
    rows=st.lists(st.lists(st.text(max_size=12), min_size=3, max_size=3), min_size=1, max_size=5),
)
def test_what_csv_writes_is_read_again(tmp_path_factory, rows):
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([["a", "b", "c"], *rows])
    # a lone surrogate is no UTF-8
    content = text.getvalue().encode("utf-8", "replace")
    file = write(tmp_path_factory.mktemp("csv"), "a.csv", content)
    expected = [
        dict(zip("abc", (value.encode("utf-8", "replace").decode() for value in row), strict=True))
        for row in rows
    ]
    assert read_file(file).rows == expected


@given(
    rows=st.lists(st.dictionaries(st.text(max_size=5), st.text(max_size=9)), min_size=1),
    data=st.data(),
)
def test_lines_that_end_early_are_refused_or_whole(rows, data):
    text = "".join(json.dumps(row) + "\n" for row in rows)
    cut = data.draw(st.integers(0, len(text)))
    try:
        read = json_lines(text[:cut], "a.jsonl")
    except BadItems:
        return
    # what is read of a file that was cut is its first rows, none of them changed
    assert read == rows[: len(read)]
