"""Cells of CSV files that people open in a spreadsheet: none may become a formula there.

Where a comma is the decimal sign, as in German and French, spreadsheets divide cells at `;`, and
some at tabs. They then take our commas and quotes for text, so that every `;`, tab and line break
within a text of ours begins a cell of theirs.
"""

import re
from typing import Any

# A spreadsheet runs a cell that begins with one of these, though it stands in quotes in the file.
# OWASP names the last three too; the full-width forms are read as operators in some locales.
_FORMULA_STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")
# quotes are doubled in the file, and a cell that begins with two of them is read without them
_START_WITHIN = re.compile(r"(?<=[;\t\r\n])(?=[ \u00a0\"]*[=+\-@＝＋－＠])")


def as_safe_cell(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula: each place that looks like one gets a '."""
    if not isinstance(value, str):
        return value
    text = _START_WITHIN.sub("'", value)
    return "'" + text if text.lstrip(" \u00a0").startswith(_FORMULA_STARTS) else text
