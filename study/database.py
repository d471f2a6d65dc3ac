"""The DuckDB file: how it is opened, and how a write is made whole.

One process owns the file: DuckDB gives no second process access, not even to read, while
a writer holds it. Within the process every thread takes its own cursor. Who holds the file
stands in a small JSON beside it, so that others can say so and hand their results in there.
The file says who the raters are and which reply is whose: it, its log and its snapshots are for
the user alone under whom they are made.
"""

import json
import os
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb

from study.errors import BadTable, DiskFull, StudyLocked

# Without it, of threads that insert one key at once some fail, even with ON CONFLICT DO
# NOTHING (DuckDB 2.0.0, 2 to 5 of 16). Not re-entrant: never nest transactions.
_write_lock = threading.Lock()

_FOR_OTHERS = 0o077
"""Bits of a file's mode that let other users in."""


@dataclass(frozen=True)
class Holder:
    """The process that has a study file open for writing."""

    pid: int
    command: str
    url: str | None
    """Address of its app, None when it serves none."""


class _Privacy:
    """Keeps what this process makes from other users, while anybody here asks for it.

    DuckDB makes its log anew after each checkpoint, and the files to which it spills when it
    likes, all with the mode that the umask leaves: nothing else reaches them.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._n_asking = 0
        self._umask_before = 0

    def begin(self) -> None:
        with self._lock:
            if self._n_asking == 0:
                self._umask_before = os.umask(_FOR_OTHERS)
            self._n_asking += 1

    def end(self) -> None:
        with self._lock:
            if self._n_asking == 1:
                os.umask(self._umask_before)
            self._n_asking = max(self._n_asking - 1, 0)

    def __enter__(self) -> None:
        self.begin()

    def __exit__(self, *exception: object) -> None:
        self.end()


_privacy = _Privacy()  # of the process, as the umask is


@contextmanager
def transaction(con: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a cursor whose statements all land, or none does.

    Raises:
        BadTable: a row does not fit its table.
        DiskFull: the database could not be written.
    """
    with _write_lock:
        cursor = con.cursor()
        cursor.begin()
        try:
            yield cursor
        except duckdb.ProgrammingError:  # a fault of the statement, not of the rows or the disk
            cursor.rollback()
            raise
        except duckdb.Error as error:
            cursor.rollback()
            raise _as_study_error(error) from error
        except BaseException:  # at Ctrl-C too nothing of it is kept
            cursor.rollback()
            raise
        else:
            _commit(cursor)
        finally:
            cursor.close()


def open_for_writing(file: Path, command: str, url: str | None = None) -> duckdb.DuckDBPyConnection:
    """Open the study file as its one owner and leave a note of who that is.

    Whatever this process makes until `close` is for its own user alone, whatever the umask.

    Raises:
        StudyLocked: another process holds it; the message names it.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    _privacy.begin()
    try:
        con = duckdb.connect(str(file))
    except duckdb.IOException as error:
        _privacy.end()
        raise _not_opened(file, error) from error
    _take_from_others(file)
    note = Holder(pid=os.getpid(), command=command, url=url)
    holder_file(file).write_text(json.dumps(asdict(note)), encoding="utf-8")
    _answer_in_utc(con)
    return con


def close(con: duckdb.DuckDBPyConnection, file: Path) -> None:
    """Close the study file and take the note of its owner away."""
    with _write_lock:
        con.close()
    _privacy.end()
    holder_file(file).unlink(missing_ok=True)


def open_read_only(file: Path) -> duckdb.DuckDBPyConnection:
    """Open a study file, or a snapshot of one, that nobody is writing.

    Raises:
        StudyLocked: another process holds it; the message names it.
    """
    try:
        con = duckdb.connect(str(file), read_only=True)
    except duckdb.IOException as error:
        raise _not_opened(file, error) from error
    _answer_in_utc(con)
    return con


def holder_file(file: Path) -> Path:
    """The note that names the process which holds the study file."""
    return file.with_suffix(".holder.json")


def read_holder(file: Path) -> Holder | None:
    """Who holds the study file now, as far as this user may know.

    Returns:
        None when nobody does: a note left by a crash counts for nothing.
    """
    try:
        holder = Holder(**json.loads(holder_file(file).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return holder if _is_running(holder.pid) else None


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's
        return True
    return True


def write_snapshot(con: duckdb.DuckDBPyConnection, target: Path) -> None:
    """Copy the whole database, as of now, to a new file that any process of this user may open.

    Raises:
        DiskFull: the copy could not be written.
    """
    with _write_lock, _privacy:
        cursor = con.cursor()
        try:
            cursor.execute("ATTACH $target AS snapshot", {"target": str(target)})
            source = cursor.execute("SELECT current_database()").fetchone()
            assert source is not None
            # names of databases cannot be bound as values; this one is quoted as DuckDB asks
            quoted = '"' + source[0].replace('"', '""') + '"'
            cursor.execute("COPY FROM DATABASE " + quoted + " TO snapshot")
        except duckdb.IOException as error:
            raise _as_study_error(error) from error
        finally:
            cursor.execute("DETACH DATABASE IF EXISTS snapshot")
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
    return _insert(cursor, statement, {"rows": batch})


def insert_by_name(
    cursor: duckdb.DuckDBPyConnection, target: str, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Insert rows that all have the same columns; a single one in two thirds of the time of a list.

    Args:
        target: the statement up to its rows, `INSERT INTO … BY NAME`.
    Raises:
        BadTable: a row does not fit the table.
        DiskFull: the database could not grow.
    """
    if len(rows) == 1:
        values = ", ".join(f'${name} AS "{name}"' for name in rows[0])
        _insert(cursor, f"{target} SELECT {values}", rows[0])
    else:
        insert_rows(cursor, f"{target} SELECT unnest($rows, recursive := true)", rows)


def _insert(cursor: duckdb.DuckDBPyConnection, statement: str, values: Mapping[str, Any]) -> int:
    try:
        stored = cursor.execute(statement, dict(values)).fetchone()
    except duckdb.Error as error:
        raise _as_study_error(error) from error
    return int(stored[0]) if stored else 0


def _take_from_others(file: Path) -> None:
    """Close to others what an earlier release, or a copy, left open to them."""
    for made in (file, Path(f"{file}.wal")):
        # a file of another user is as that user wants it
        with suppress(FileNotFoundError, PermissionError):
            made.chmod(made.stat().st_mode & ~_FOR_OTHERS)


def _answer_in_utc(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("SET GLOBAL TimeZone = 'UTC'")  # without GLOBAL it does not reach cursors


def _commit(cursor: duckdb.DuckDBPyConnection) -> None:
    try:
        cursor.commit()
    except duckdb.Error as error:
        if _lacks_room(error):
            raise _as_study_error(error) from error
        raise BadTable(
            f"the study refused a change as a whole ({_first_line(error)}); nothing of it was stored, "
            "run the command again"
        ) from error


def _as_study_error(error: duckdb.Error) -> Exception:
    if _lacks_room(error):
        return DiskFull(
            f"the study file could not be written ({_first_line(error)}); free some space, on disk "
            "or in memory, and run the command again, nothing stored is lost"
        )
    return BadTable(
        f"a row does not fit its table ({_first_line(error)}); nothing of this batch was stored"
    )


def _lacks_room(error: duckdb.Error) -> bool:
    """A commit that cannot write comes as a TransactionException: only its words tell."""
    words = ("Could not write", "No space left", "out of disk", "has been invalidated")
    kinds = (duckdb.IOException, duckdb.OutOfMemoryException)
    return isinstance(error, kinds) or any(part in str(error) for part in words)


def _first_line(error: duckdb.Error) -> str:
    return str(error).splitlines()[0]


def _not_opened(file: Path, error: duckdb.Error) -> Exception:
    if "Could not write" in str(error) or "No space left" in str(error):
        return _as_study_error(error)
    if "lock" not in str(error).lower():
        return BadTable(
            f"{file} is not a study file that DuckDB can open ({_first_line(error)}); move it away, "
            "or name another folder with --study"
        )
    holder = read_holder(file)
    who = f"process {holder.pid} ({holder.command})" if holder else "another process"
    where = f" at {holder.url}" if holder and holder.url else ""
    return StudyLocked(
        f"{file} is held by {who}{where}; stop that process, or wait until it ends, and run again"
    )
