"""Methods of grading: which of the grades that a reply has is the one that counts.

A label that came along with an imported reply counts first, then the higher version, as a number:
all rules have one version in common. Which methods there are today is in `labels.py`.
"""

from typing import Literal

import duckdb

_SELECT_METHODS = """
    WITH used AS (
        SELECT method FROM grades WHERE $table = 'grades'
        UNION
        SELECT method FROM control_grades WHERE $table = 'control_grades'
    )
    SELECT method
    FROM used
    ORDER BY method LIKE 'imported-%' DESC,
        try_cast(regexp_extract(method, '[0-9]+$') AS HUGEINT) DESC NULLS LAST,
        method DESC
"""


def read_methods(
    con: duckdb.DuckDBPyConnection, table: Literal["grades", "control_grades"]
) -> list[str]:
    """Methods of the grades of a table, the one that counts first."""
    return [
        method for (method,) in con.cursor().execute(_SELECT_METHODS, {"table": table}).fetchall()
    ]
