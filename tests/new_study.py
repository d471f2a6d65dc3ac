"""Empty studies with every table, copied from one: making the tables anew takes ten times as long."""

import functools
import tempfile
from pathlib import Path

import duckdb

from study.database import close, open_for_writing
from study.migrations import migrate


def open_new_study(file: Path) -> duckdb.DuckDBPyConnection:
    """Write an empty study and open it as the app does."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(_empty_study())
    return open_for_writing(file, "a test")


@functools.cache
def _empty_study() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "study.duckdb"
        con = open_for_writing(file, "a test")
        migrate(con)
        close(con, file)
        return file.read_bytes()
