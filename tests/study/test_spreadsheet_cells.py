import csv
import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from evaluation.figure_files import rows_as_csv
from study.spreadsheet_cells import as_safe_cell

SIGNS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
TEXTS = st.text(alphabet="=+-@＝;,\t\r\n\"' \u00a0a1", max_size=12)


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "  =1", "＝1", "-", "=cmd|' /C x'!A0"])
def test_a_text_that_a_spreadsheet_would_run_gets_an_apostrophe(text):
    assert as_safe_cell(text) == "'" + text


@pytest.mark.parametrize("blank", ["\t", "\r", "\n"])
def test_a_text_that_begins_with_a_blank_that_spreadsheets_drop_gets_one_too(blank):
    assert as_safe_cell(blank + "a") == f"'{blank}a"
    assert as_safe_cell(blank + "=1") == f"'{blank}'=1"


@pytest.mark.parametrize(
    "value", ["plain", "a=1", "", 1, -1.5, None, "'x", "a; b", "a\n\nb", "1,-1"]
)
def test_other_cells_stay_as_they_are(value):
    assert as_safe_cell(value) == value


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("fine;=1+1", "fine;'=1+1"),
        ("ok\n=1+1;", "ok\n'=1+1;"),
        ("a\t@x", "a\t'@x"),
        ('a; "=1"', 'a;\' "=1"'),
        ("two:\n- one\n- two", "two:\n'- one\n'- two"),
    ],
)
def test_what_begins_a_cell_where_cells_are_divided_otherwise_gets_one(text, safe):
    assert as_safe_cell(text) == safe


@given(header=TEXTS, rows=st.lists(st.tuples(TEXTS, TEXTS, TEXTS), max_size=4))
@example(header="", rows=[("a", "ok\n=1+1;", "b"), ("a", "fine;=1+1", "b")])
@example(header="", rows=[("a", 'x;"=1+1"', "b"), ("a", 'x,;"', "=1")])
def test_no_cell_begins_with_a_formula_sign_however_a_spreadsheet_divides_the_file(header, rows):
    text = rows_as_csv((header, "b", "c"), rows)
    for delimiter in (",", ";", "\t"):
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            assert not [cell for cell in row if cell.lstrip().startswith(SIGNS)]
