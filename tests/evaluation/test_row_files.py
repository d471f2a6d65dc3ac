import csv
import io
import json
from datetime import UTC, datetime

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.row_files import SUFFIXES, parse_json_lines, read_row_file
from study.errors import BadInput

HEADER = "question,reference,wrong_answer\n"
NAMES = [f"rows{suffix}" for suffix in SUFFIXES]


def write(folder, name, content):
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def error_of(file):
    with pytest.raises(BadInput) as caught:
        read_row_file(file)
    message = str(caught.value)
    assert "\n" not in message
    assert str(file) in message
    return message


def test_every_format_gives_the_same_rows(tmp_path):
    rows = [{"question": "Who wrote Emma?", "reference": "Jane Austen, 1815"}]
    write(tmp_path, "a.csv", 'question,reference\nWho wrote Emma?,"Jane Austen, 1815"\n')
    write(tmp_path, "a.tsv", "question\treference\nWho wrote Emma?\tJane Austen, 1815\n")
    write(tmp_path, "a.jsonl", json.dumps(rows[0]) + "\n\n")
    write(tmp_path, "a.ndjson", json.dumps(rows[0]))
    write(tmp_path, "a.json", json.dumps(rows))
    duckdb.connect().execute(
        "COPY (SELECT 'Who wrote Emma?' AS question, 'Jane Austen, 1815' AS reference) "
        f"TO '{tmp_path}/a.parquet' (FORMAT parquet)"
    )
    for suffix in SUFFIXES:
        assert read_row_file(tmp_path / f"a{suffix}").rows == rows, suffix


@pytest.mark.parametrize("sign", [",", ";", "\t"])
def test_csv_may_have_semicolons_or_tabs_and_other_signs_in_its_header(tmp_path, sign):
    others = "".join({",", ";", "\t"} - {sign})
    file = write(tmp_path, "a.csv", f'prompt{sign}"a {others}"{sign}b\nx{sign}y{sign}z\n')
    assert read_row_file(file).rows == [{"prompt": "x", f"a {others}".strip(): "y", "b": "z"}]


def test_cells_keep_their_blanks_and_line_breaks(tmp_path):
    file = write(tmp_path, "a.csv", '\ufeffprompt;reply\n" hi, ";"one\ntwo "\n')
    assert read_row_file(file).rows == [{"prompt": " hi, ", "reply": "one\ntwo "}]


def test_jsonl_rows_keep_their_types(tmp_path):
    file = write(tmp_path, "a.jsonl", '{"prompt": "2021-01-02", "n": 3, "is": [true, null]}\n')
    assert read_row_file(file).rows == [{"prompt": "2021-01-02", "n": 3, "is": [True, None]}]


def test_parquet_rows_keep_their_types_and_their_zone(tmp_path):
    file = tmp_path / "a[1].parquet"
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        con.execute(
            "COPY (SELECT ' hi' AS prompt, ['a', 'b'] AS aliases, "
            f"TIMESTAMPTZ '2026-03-01 12:00:00Z' AS at) TO '{file}'"
        )
    (row,) = read_row_file(file).rows
    assert (row["prompt"], row["aliases"]) == (" hi", ["a", "b"])
    assert row["at"] == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert row["at"].utcoffset().total_seconds() == 0


@pytest.mark.parametrize(
    ("name", "content", "number"),
    [
        ("a.csv", "a,b\n\n1,2\n", 2),  # the first row below the header is empty
        ("a.csv", "\n\na,b\n1,2\n", 1),
        ("a.jsonl", '\n{"a": 1}\n', 2),
        ("a.json", '\n[{"a": 1}]\n', 1),
    ],
)
def test_a_row_has_the_number_by_which_a_person_finds_it(tmp_path, name, content, number):
    file = write(tmp_path, name, content)
    ((where, _),) = read_row_file(file).placed_rows()
    assert where == f"{file}, row {number}"


def test_a_file_whose_first_row_is_no_header_gets_columns(tmp_path):
    file = write(tmp_path, "a.csv", "why;so\nhow;thus\n")
    table = read_row_file(file, header_of=lambda first: ["q", "a"] if first[0] == "why" else None)
    assert table.rows == [{"q": "why", "a": "so"}, {"q": "how", "a": "thus"}]
    assert [where for where, _ in table.placed_rows()] == [f"{file}, row 1", f"{file}, row 2"]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.csv", (HEADER + "Why?,So,No\nCaf\u00e9?,So,No\n").encode("latin-1"), "line 3 is not"),
        ("a.csv", HEADER.encode("utf-16"), "it begins as UTF-16"),
        ("a.csv", "question, question\nWhy?,So\n", "the column 'question' twice"),
        ("a.csv", HEADER + "Why?,So,No,sad\n", "row 1: expected 3 cells .*, got 4; put a value"),
        ("a.csv", HEADER + "Why?,So,No\nHow?,T\n", "row 2: expected 3 .*, got 2; .*if it was cut"),
        ("a.csv", HEADER + 'Why?,So,"No, ne', "line 2 is not CSV.*quote that is not closed"),
        ("a.csv", HEADER + f'Why?,So,"{"x" * 131_073}"\n', "is not CSV that can be read"),
        ("a.csv", "", "no rows"),
        ("a.csv", HEADER, "no rows"),
        ("a.jsonl", '{"question": "Why?"\n', "line 1 is not JSON"),
        ("a.jsonl", '{"question": "Why?"}\n["Why?"]\n', "line 2 is not a JSON object"),
        ("a.jsonl", "[" * 100_000, "line 1 is not JSON"),
        ("a.jsonl", b"\xff\n", "line 1 is not UTF-8"),
        ("a.json", '{"question": "Why?"}', "not a JSON list of objects"),
        ("a.json", '[{"question": "Why?"}, "Why not?"]', "row 2 is not a JSON object"),
        ("a.json", '{"question": "Why?"}\n{"question": "How?"}', "name it .jsonl"),
        ("a.json", " ", "no rows"),
        ("a.parquet", "PAR1", "not Parquet"),
        ("a.xlsx", "PK", "none of the endings"),
    ],
)
def test_a_file_that_cannot_be_read_whole_is_refused_with_its_place(tmp_path, name, content, says):
    file = write(tmp_path, name, content)
    with pytest.raises(BadInput, match=says):
        read_row_file(file)
    error_of(file)


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_file_is_named(tmp_path, name):
    assert "cannot be read" in error_of(tmp_path / name)


@given(name=st.sampled_from(NAMES), content=st.binary(max_size=120))
def test_any_bytes_are_read_or_refused(tmp_path_factory, name, content):
    file = write(tmp_path_factory.mktemp("bytes"), name, content)
    try:
        rows, said = read_row_file(file).rows, ""
    except BadInput as error:
        rows, said = [], str(error)
    assert bool(rows) != bool(said)
    assert "\n" not in said
    assert all(isinstance(row, dict) for row in rows)


@given(
    rows=st.lists(st.lists(st.text(max_size=12), min_size=3, max_size=3), min_size=1, max_size=5),
    sign=st.sampled_from([",", ";", "\t"]),
)
def test_what_csv_writes_is_read_again(tmp_path_factory, rows, sign):
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, delimiter=sign)
    writer.writerows([["a", "b", "c"], *rows])
    # a lone surrogate is no UTF-8
    content = text.getvalue().encode("utf-8", "replace")
    file = write(tmp_path_factory.mktemp("csv"), "a.csv", content)
    expected = [
        dict(zip("abc", (value.encode("utf-8", "replace").decode() for value in row), strict=True))
        for row in rows
    ]
    assert read_row_file(file).rows == expected


@given(
    rows=st.lists(st.dictionaries(st.text(max_size=5), st.text(max_size=9)), min_size=1),
    data=st.data(),
)
def test_lines_that_end_early_are_refused_or_whole(rows, data):
    text = "".join(json.dumps(row) + "\n" for row in rows)
    cut = data.draw(st.integers(0, len(text)))
    try:
        read = parse_json_lines(text[:cut], "a.jsonl").rows
    except BadInput:
        return
    # what is read of a file that was cut is its first rows, none of them changed
    assert read == rows[: len(read)]
