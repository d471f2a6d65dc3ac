"""Group commit: many small writes, one synchronised commit, and an answer only after it.

A commit waits for the disk, one at a time 130 to 450 a second; one thread that takes all waiting
jobs into one transaction serves thousands. A job is a function of a cursor. It runs inside
`transaction` like every other write, may run twice, and must check keys before it inserts:
DuckDB 2.0 has no SAVEPOINT, so a job that raises spoils its whole batch, which is rolled back
and done again job by job. Then the bad one costs only itself.

Rows that jobs add one at a time go in together: a single INSERT costs about a millisecond, each
further row of it a fortieth of that. They wait until the batch ends or somebody looks.
"""

import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import duckdb

from study.database import insert_rows, transaction
from study.errors import StudyClosed

T = TypeVar("T")

_LARGEST_BATCH = 256


@dataclass(frozen=True)
class _Job:
    work: Callable[[duckdb.DuckDBPyConnection], Any]
    done: "Future[Any]"


class _BatchCursor:
    """A cursor with rows that wait: whatever is executed finds them in their tables."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self.cursor = cursor
        self.waiting: dict[str, list[Mapping[str, Any]]] = {}

    def execute(self, query: str, parameters: object = None) -> duckdb.DuckDBPyConnection:
        self.settle()
        return self.cursor.execute(query, parameters)

    def settle(self) -> None:
        waiting, self.waiting = self.waiting, {}
        for statement, rows in waiting.items():
            insert_rows(self.cursor, statement, rows)


def add_row(cursor: duckdb.DuckDBPyConnection, statement: str, row: Mapping[str, Any]) -> None:
    """Insert a row, together with those that other jobs of the same commit add.

    Args:
        cursor: that of a job; any other inserts at once.
        statement: an INSERT whose `$rows` is a list of structs.
    """
    batch: object = cursor
    if isinstance(batch, _BatchCursor):
        batch.waiting.setdefault(statement, []).append(row)
    else:
        insert_rows(cursor, statement, [row])


class GroupCommit:
    """The one writer thread of a study file; used as a context manager, or closed by hand."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        """Start the thread.

        Args:
            con: the study file; each batch takes a cursor of its own.
        """
        self._con = con
        self._waiting: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._is_closed = False
        self._callbacks: list[Callable[[], None]] = []
        # a daemon, so that a forgotten close does not keep the process alive
        self._thread = threading.Thread(target=self._serve, name="group-commit", daemon=True)
        self._thread.start()

    def __enter__(self) -> "GroupCommit":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def on_rollback(self, callback: Callable[[], None]) -> None:
        """Have a cache told to forget what a job did that was rolled back."""
        self._callbacks.append(callback)

    def run(self, work: Callable[[duckdb.DuckDBPyConnection], T]) -> T:
        """Do a job; when this returns, what it wrote is on the disk.

        Jobs run in the order in which they come, and see what jobs before them wrote.

        Args:
            work: runs in the writer's thread with the cursor of its transaction, perhaps twice;
                it must not catch an error of the database and go on.
        Raises:
            BadTable: a row does not fit its table.
            DiskFull: the database could not be written.
            StudyClosed: the writer has ended.
            Exception: whatever the job itself raises; then nothing of it is stored.
        """
        job = _Job(work, Future())
        with self._lock:
            if self._is_closed:
                raise StudyClosed(
                    "expected a study that is open, got one that is being closed; start the app "
                    "again and repeat what you did last"
                )
            self._waiting.put(job)
        result: T = job.done.result()
        return result

    def close(self) -> None:
        """Finish what waits, then end the thread."""
        with self._lock:
            if not self._is_closed:
                self._is_closed = True
                self._waiting.put(None)
        self._thread.join()

    def _serve(self) -> None:
        is_open = True
        while is_open:
            batch, is_open = self._next_batch()
            if batch:
                self._do(batch)

    def _next_batch(self) -> tuple[list[_Job], bool]:
        """All that waits, in order, and whether more may come."""
        batch: list[_Job] = []
        job = self._waiting.get()
        while job is not None:
            batch.append(job)
            if len(batch) == _LARGEST_BATCH:
                return batch, True
            try:
                job = self._waiting.get_nowait()
            except queue.Empty:
                return batch, True
        return batch, False

    def _do(self, batch: Sequence[_Job]) -> None:
        try:
            with transaction(self._con) as cursor:
                shared = _BatchCursor(cursor)
                jobs_cursor = cast(duckdb.DuckDBPyConnection, shared)
                results = [job.work(jobs_cursor) for job in batch]
                shared.settle()
        except BaseException as error:  # noqa: BLE001  whatever it is belongs to a job's caller
            for callback in self._callbacks:
                callback()
            if len(batch) == 1:
                batch[0].done.set_exception(error)
                return
            for job in batch:
                self._do([job])
            return
        for job, result in zip(batch, results, strict=True):
            job.done.set_result(result)
