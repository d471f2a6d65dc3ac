"""Cells of CSV files that people open in a spreadsheet: none may become a formula there."""

from typing import Any

# A spreadsheet runs a cell that begins with one of these, though it stands in quotes in the file.
# OWASP names the last three too; the full-width forms are read as operators in some locales.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def as_safe_cell(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula: a text that looks like one gets a '."""
    if isinstance(value, str) and value.lstrip(" ").startswith(_FORMULA_STARTS):
        return "'" + value
    return value
