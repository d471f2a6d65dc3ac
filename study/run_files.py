"""Run files: what one stage run found out, one JSON line per row, until the study takes it in.

A stage never writes the study file itself. It appends rows to its run file, which survives
`kill -9` at any byte: a torn last line is cut off when the file is opened again. The study
takes the lines in by chunks, each in one transaction that also records how far it has come
(`handed_in`, written here alone), so a chunk is never taken in twice and none is lost. One
process at a time has a run file open, and keeps it until it ends; one of its threads may append
while another hands in.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from study.database import transaction
from study.errors import BadTable, DiskFull, StudyLocked

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

FORMAT = "warmth-audit run 1"
CHUNK_BYTES = 1 << 20

_INSERT_HANDED_IN = """
    INSERT INTO handed_in (run_id, stage, end_byte, n_rows, sha256, received_at)
    VALUES ($run_id, $stage, $end_byte, $n_rows, $sha256, $received_at)
"""
_SELECT_TAKEN = "SELECT coalesce(max(end_byte), 0) FROM handed_in WHERE run_id = $run_id"

# lock files that this process holds, by path of the run file; the system lets go of them when
# the process ends, however it does
_held: dict[Path, int] = {}
# what is read while it is held ends with a whole line, which no failed write takes back
_writing = threading.RLock()

Writer = Callable[[duckdb.DuckDBPyConnection, list[Mapping[str, Any]]], int]
"""Stores rows of one table; returns how many were new."""


@dataclass(frozen=True)
class Chunk:
    """Whole lines of one run file."""

    run_id: str
    stage: str
    start_byte: int
    content: bytes

    @property
    def end_byte(self) -> int:
        """Where the next chunk begins."""
        return self.start_byte + len(self.content)


class RunFile:
    """One append-only file of one stage run."""

    def __init__(self, path: Path, stage: str) -> None:
        """Open the file, or make it; a line torn by a crash is cut off.

        This process may open it again at any time, others only when this one has ended.

        Raises:
            BadTable: the file exists and is not a run file of this stage.
            StudyLocked: another process has it open; the message names it.
            DiskFull: there is no room for a new one.
        """
        self.path = path
        self.stage = stage
        path.parent.mkdir(parents=True, exist_ok=True)
        _lock(path)
        if not path.exists() or path.stat().st_size == 0:
            self._write_header()
        self._cut_torn_line()
        header = json.loads(self._first_line())
        if header.get("format") != FORMAT or header.get("stage") != stage:
            raise BadTable(
                f"{path} is not a run file of stage {stage!r}; move it away and run the stage again"
            )
        self.run_id: str = header["run_id"]

    def append(self, table: str, records: "Iterable[DataclassInstance]") -> None:
        """Add rows and wait until they are on the disk.

        Raises:
            DiskFull: the rows could not be written whole; the file ends where it ended before.
        """
        lines = "".join(
            json.dumps({"table": table, "row": asdict(record)}, ensure_ascii=False) + "\n"
            for record in records
        )
        if lines:
            _append(self.path, lines.encode())

    def chunks_from(self, start_byte: int) -> Iterable[Chunk]:
        """Whole lines from a byte on, in pieces of about a megabyte, as far as there are any now."""
        with _writing:
            end_byte = self.path.stat().st_size
        with self.path.open("rb") as file:
            file.seek(start_byte)
            while start_byte < end_byte:
                lines = file.readlines(min(CHUNK_BYTES, end_byte - start_byte))
                content = b"".join(line for line in lines if line.endswith(b"\n"))
                if not content:
                    return
                yield Chunk(self.run_id, self.stage, start_byte, content)
                start_byte += len(content)

    def set_aside(self, from_byte: int) -> Path:
        """Move what the study has refused out of the way, into a file of its own beside this one.

        Raises:
            DiskFull: it could not be copied; this file stays as it was.
        """
        from_byte = max(from_byte, len(self._first_line()))
        number = 1
        while (aside := self.path.with_suffix(f".refused-{number}.jsonl")).exists():
            number += 1
        with _writing:
            with self.path.open("rb") as file:
                file.seek(from_byte)
                refused = file.read()
            _append(aside, refused)
            os.truncate(self.path, from_byte)
        return aside

    def _write_header(self) -> None:
        header = {"format": FORMAT, "stage": self.stage, "run_id": os.urandom(8).hex()}
        _append(self.path, (json.dumps(header) + "\n").encode())

    def _first_line(self) -> bytes:
        with self.path.open("rb") as file:
            return file.readline()

    def _cut_torn_line(self) -> None:
        content = self.path.read_bytes()
        whole = content.rfind(b"\n") + 1
        if whole == 0:  # killed within the header: nothing was stored yet
            self.path.write_bytes(b"")
            self._write_header()
        elif whole < len(content):
            os.truncate(self.path, whole)


def _append(path: Path, content: bytes) -> None:
    """Add bytes and wait until they are on the disk; all of them, or none."""
    with _writing:
        before = path.stat().st_size if path.exists() else 0
        try:
            with path.open("ab") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            if path.exists():
                os.truncate(path, before)
            raise DiskFull(
                f"{path} could not be written ({error.strerror}); free some space and run the "
                "command again, it goes on from here"
            ) from error


def _lock(path: Path) -> None:
    path = path.resolve()
    if path in _held:
        return
    note = path.with_suffix(".lock")
    handle = os.open(note, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(handle)
        who = note.read_text(encoding="utf-8").strip()
        raise StudyLocked(
            f"{path} is being written by {f'process {who}' if who else 'another process'}; wait "
            "until it ends, or stop it, and run this command again"
        ) from error
    with contextlib.suppress(OSError):  # on a full disk it stays unnamed
        os.truncate(handle, 0)
        os.write(handle, str(os.getpid()).encode())
    _held[path] = handle


def bytes_taken(con: duckdb.DuckDBPyConnection, run_id: str) -> int:
    """How much of a run file the study has taken in."""
    row = con.cursor().execute(_SELECT_TAKEN, {"run_id": run_id}).fetchone()
    return int(row[0]) if row else 0


def take_in(
    con: duckdb.DuckDBPyConnection, chunk: Chunk, writers: Mapping[str, Writer], now: datetime
) -> int:
    """Store a chunk's rows through the modules that own their tables, in one transaction.

    Returns:
        How far the study has come in this run file. A chunk that does not begin there
        stores nothing: the sender goes on from the returned byte.
    Raises:
        BadTable: a line is not JSON, names no known table, or does not fit it; nothing is stored.
    """
    rows = _rows_by_table(chunk, writers)
    with transaction(con) as cursor:
        taken = cursor.execute(_SELECT_TAKEN, {"run_id": chunk.run_id}).fetchone()
        assert taken is not None
        if taken[0] != chunk.start_byte:
            return int(taken[0])
        for table, table_rows in rows.items():
            writers[table](cursor, table_rows)
        cursor.execute(
            _INSERT_HANDED_IN,
            {
                "run_id": chunk.run_id,
                "stage": chunk.stage,
                "end_byte": chunk.end_byte,
                "n_rows": sum(len(table_rows) for table_rows in rows.values()),
                "sha256": hashlib.sha256(chunk.content).hexdigest(),
                "received_at": now,
            },
        )
    return chunk.end_byte


def _rows_by_table(
    chunk: Chunk, writers: Mapping[str, Writer]
) -> dict[str, list[Mapping[str, Any]]]:
    rows: dict[str, list[Mapping[str, Any]]] = {}
    for number, line in enumerate(chunk.content.splitlines(), start=1):
        try:
            entry = json.loads(line)
        except ValueError as error:
            raise BadTable(
                f"line {number} after byte {chunk.start_byte} of run {chunk.run_id} is not JSON "
                f"({error}); hand in whole lines"
            ) from error
        if not isinstance(entry, dict):
            entry = {}
        if chunk.start_byte == 0 and number == 1 and entry.get("format") == FORMAT:
            continue
        table, row = entry.get("table"), entry.get("row")
        if not isinstance(table, str) or table not in writers or not isinstance(row, dict):
            raise BadTable(
                f"line {number} after byte {chunk.start_byte} of run {chunk.run_id} names table "
                f"{table!r}; expected one of {', '.join(sorted(writers))} and a row"
            )
        rows.setdefault(table, []).append(row)
    return rows
