"""The DuckDB file: how it is opened, and how a write is made whole.

One process owns the file: DuckDB gives no second process access, not even to read, while
a writer holds it. Within the process every thread takes its own cursor. Who holds the file
stands in a small JSON beside it, so that others can say so and hand their results in there.
"""

import json
import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb

from study.errors import BadTable, DiskFull, StudyLocked

# Without it, of threads that insert one key at once some fail, even with ON CONFLICT DO
# NOTHING (DuckDB 2.0.0, 2 to 5 of 16). Not re-entrant: never nest transactions.
_write_lock = threading.Lock()


@dataclass(frozen=True)
class Holder:
    """The process that has a study file open for writing."""

    pid: int
    command: str
    url: str | None
    """Address of its app, None when it serves none."""


@contextmanager
def transaction(con: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a cursor whose statements all land, or none does."""
    with _write_lock:
        cursor = con.cursor()
        cursor.begin()
        try:
            yield cursor
        except BaseException:
            cursor.rollback()
            raise
        else:
            try:
                cursor.commit()
            except duckdb.Error as error:
                raise _as_study_error(error) from error
        finally:
            cursor.close()


def open_for_writing(file: Path, command: str, url: str | None = None) -> duckdb.DuckDBPyConnection:
    """Open the study file as its one owner and leave a note of who that is.

    Raises:
        StudyLocked: another process holds it; the message names it.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        con = duckdb.connect(str(file))
    except duckdb.IOException as error:
        raise _locked(file, error) from error
    note = Holder(pid=os.getpid(), command=command, url=url)
    holder_file(file).write_text(json.dumps(asdict(note)), encoding="utf-8")
    _answer_in_utc(con)
    return con


def close(con: duckdb.DuckDBPyConnection, file: Path) -> None:
    """Close the study file and take the note of its owner away."""
    with _write_lock:
        con.close()
    holder_file(file).unlink(missing_ok=True)


def open_read_only(file: Path) -> duckdb.DuckDBPyConnection:
    """Open a study file, or a snapshot of one, that nobody is writing.

    Raises:
        StudyLocked: another process holds it; the message names it.
    """
    try:
        con = duckdb.connect(str(file), read_only=True)
    except duckdb.IOException as error:
        raise _locked(file, error) from error
    _answer_in_utc(con)
    return con


def holder_file(file: Path) -> Path:
    """The note that names the process which holds the study file."""
    return file.with_suffix(".holder.json")


def read_holder(file: Path) -> Holder | None:
    """Who holds the study file now; None when nobody does (a note left by a crash counts for nothing)."""
    try:
        holder = Holder(**json.loads(holder_file(file).read_text(encoding="utf-8")))
        os.kill(holder.pid, 0)
    except (FileNotFoundError, ProcessLookupError, ValueError, TypeError):
        return None
    except PermissionError:
        return holder
    return holder


def write_snapshot(con: duckdb.DuckDBPyConnection, target: Path) -> None:
    """Copy the whole database, as of now, to a new file that anyone may open."""
    with _write_lock:
        cursor = con.cursor()
        try:
            cursor.execute("ATTACH $target AS snapshot", {"target": str(target)})
            source = cursor.execute("SELECT current_database()").fetchone()
            assert source is not None
            # names of databases cannot be bound as values; this one is quoted as DuckDB asks
            quoted = '"' + source[0].replace('"', '""') + '"'
            cursor.execute("COPY FROM DATABASE " + quoted + " TO snapshot")
            cursor.execute("DETACH snapshot")
        finally:
            cursor.close()


def insert_rows(
    cursor: duckdb.DuckDBPyConnection, statement: str, rows: Iterable[Mapping[str, Any]]
) -> int:
    """Insert many rows by one statement whose `$rows` is a list of structs.

    Returns:
        The number of rows stored; fewer than given when the statement passes over known keys.
    Raises:
        BadTable: a row does not fit the table.
        DiskFull: the database could not grow.
    """
    batch = [dict(row) for row in rows]
    if not batch:
        return 0
    try:
        stored = cursor.execute(statement, {"rows": batch}).fetchone()
    except duckdb.Error as error:
        raise _as_study_error(error) from error
    return int(stored[0]) if stored else 0


def _answer_in_utc(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("SET GLOBAL TimeZone = 'UTC'")  # without GLOBAL it does not reach cursors


def _as_study_error(error: duckdb.Error) -> Exception:
    text = str(error).splitlines()[0]
    if "No space left" in text or "out of disk" in text.lower():
        return DiskFull(
            f"the study file could not grow ({text}); free some space and run the command again, nothing stored is lost"
        )
    return BadTable(f"a row does not fit its table ({text}); nothing of this batch was stored")


def _locked(file: Path, error: duckdb.Error) -> Exception:
    if "lock" not in str(error).lower():
        return BadTable(
            f"{file} is not a study file that DuckDB can open ({str(error).splitlines()[0]})"
        )
    holder = read_holder(file)
    who = f"process {holder.pid} ({holder.command})" if holder else "another process"
    where = f" at {holder.url}" if holder and holder.url else ""
    return StudyLocked(
        f"{file} is held by {who}{where}; stop that process, or wait until it ends, and run again"
    )
