"""Group commit: many small writes, one synchronised commit, and an answer only after it.

A commit waits for the disk, one at a time 130 to 450 a second; whoever leads takes the jobs of all
who wait into one transaction, and serves thousands. Then the first of those who came meanwhile leads. A job is a function of a cursor.
It runs inside `transaction` like every other write, may run twice, and must check keys before it
inserts: DuckDB 2.0 has no SAVEPOINT, so a job that raises spoils its whole batch, which is rolled
back and done again job by job. Then the bad one costs only itself.

Rows that jobs add one at a time go in together: a single INSERT costs about a millisecond, each
further row of it a fortieth of that. They wait until the batch ends or somebody looks.
"""

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import duckdb

from study.database import insert_by_name, transaction
from study.errors import StudyClosed

T = TypeVar("T")

_LARGEST_BATCH = 256


@dataclass(frozen=True)
class _Job:
    work: Callable[[duckdb.DuckDBPyConnection], Any]
    done: "Future[Any]"
    called: threading.Event
    """Set when it is done, or its caller is to lead."""


class _BatchCursor:
    """A cursor with rows that wait: whatever is executed finds them in their tables."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self.cursor = cursor
        self.waiting: dict[tuple[str, tuple[str, ...]], list[Mapping[str, Any]]] = {}

    def execute(self, query: str, parameters: object = None) -> duckdb.DuckDBPyConnection:
        self.settle()
        return self.cursor.execute(query, parameters)

    def settle(self) -> None:
        waiting, self.waiting = self.waiting, {}
        for (target, _), rows in waiting.items():
            insert_by_name(self.cursor, target, rows)


def add_row(cursor: duckdb.DuckDBPyConnection, target: str, row: Mapping[str, Any]) -> None:
    """Insert a row, together with those that other jobs of the same commit add.

    Args:
        cursor: that of a job; any other inserts at once.
        target: the statement up to its rows, `INSERT INTO … BY NAME`; they come without what is
            None, since each column has its price.
    """
    given = {name: value for name, value in row.items() if value is not None}
    batch: object = cursor
    if isinstance(batch, _BatchCursor):
        batch.waiting.setdefault((target, tuple(given)), []).append(given)
    else:
        insert_by_name(cursor, target, [given])


class GroupCommit:
    """The one way in which many write to a study file; used as a context manager, or closed by hand."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        """Begin with nothing to do.

        Args:
            con: the study file; each batch takes a cursor of its own.
        """
        self._con = con
        self._lock = threading.Lock()
        self._nobody_leads = threading.Condition(self._lock)
        self._waiting: deque[_Job] = deque()
        self._has_leader = False
        self._is_closed = False
        self._callbacks: list[Callable[[], None]] = []

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
            work: runs with the cursor of its batch's transaction, in this thread or in that of
                another caller, perhaps twice; it must not catch an error of the database and go on.
        Raises:
            BadTable: a row does not fit its table.
            DiskFull: the database could not be written.
            StudyClosed: the study is being closed.
            Exception: whatever the job itself raises; then nothing of it is stored.
        """
        job = _Job(work, Future(), threading.Event())
        with self._lock:
            if self._is_closed:
                raise StudyClosed(
                    "expected a study that is open, got one that is being closed; start the "
                    "app again and repeat what you did last"
                )
            self._waiting.append(job)
            must_wait = self._has_leader
            self._has_leader = True
        if must_wait:
            self._wait(job)
        if not job.done.done():
            self._lead(job)
        result: T = job.done.result()
        return result

    def close(self) -> None:
        """Let what waits be done, and nothing after that."""
        with self._nobody_leads:
            self._is_closed = True
            self._nobody_leads.wait_for(lambda: not self._has_leader)

    def _wait(self, job: _Job) -> None:
        # each caller waits for its own job: at one lock all would queue only to learn that it is done
        try:
            job.called.wait()
        except BaseException:  # whoever is interrupted here cannot lead
            with self._lock:
                if job in self._waiting:
                    self._waiting.remove(job)
                    if job.called.is_set():
                        self._hand_on()
            raise

    def _lead(self, own: _Job) -> None:
        """Do what waits until the own job is done, then let somebody else."""
        try:
            while not own.done.done():
                self._do(self._next_batch())
        finally:
            with self._lock:
                self._hand_on()

    def _hand_on(self) -> None:
        if self._waiting:
            self._waiting[0].called.set()
        else:
            self._has_leader = False
            self._nobody_leads.notify_all()

    def _next_batch(self) -> list[_Job]:
        """What waits, in order, as much as goes into one commit."""
        with self._lock:
            n_jobs = min(len(self._waiting), _LARGEST_BATCH)
            return [self._waiting.popleft() for _ in range(n_jobs)]

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
                batch[0].called.set()
                return
            for job in batch:
                self._do([job])
            return
        for job, result in zip(batch, results, strict=True):
            job.done.set_result(result)
            job.called.set()
