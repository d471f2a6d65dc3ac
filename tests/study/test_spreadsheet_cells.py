import pytest

from study.spreadsheet_cells import as_safe_cell


@pytest.mark.parametrize(
    "text", ["=1", "+1", "-1", "@x", "\t=1", "\r=1", "\n=1", "  =1", "＝1", "-", "=cmd|' /C x'!A0"]
)
def test_a_text_that_a_spreadsheet_would_run_gets_an_apostrophe(text):
    assert as_safe_cell(text) == "'" + text


@pytest.mark.parametrize("value", ["plain", "a=1", "", 1, -1.5, None, "'x"])
def test_other_cells_stay_as_they_are(value):
    assert as_safe_cell(value) == value
