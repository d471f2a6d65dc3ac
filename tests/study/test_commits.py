"""Many writers, one commit: nothing acknowledged is lost, and a bad job costs only itself."""

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pytest

from study.commits import GroupCommit, add_row
from study.database import close, open_for_writing, transaction
from study.errors import BadTable, NotAllowed, StudyClosed

INSERT = "INSERT INTO notes (name) VALUES ($name)"


@pytest.fixture
def con(tmp_path: Path):
    file = tmp_path / "notes.duckdb"
    con = open_for_writing(file, "a test")
    con.execute("CREATE TABLE notes (name VARCHAR PRIMARY KEY, n INTEGER DEFAULT 0 CHECK (n < 5))")
    yield con
    close(con, file)


def add(name: str):
    return lambda cursor: cursor.execute(INSERT, {"name": name}) and name


def names(con: duckdb.DuckDBPyConnection) -> set[str]:
    return {name for (name,) in con.cursor().execute("SELECT name FROM notes").fetchall()}


class Gate:
    """A job that holds the writer until others wait behind it, so that they make one batch."""

    def __init__(self, commits: GroupCommit) -> None:
        self.open = threading.Event()
        self.reached = threading.Event()
        self.thread = threading.Thread(target=commits.run, args=(self.wait,))
        self.thread.start()
        assert self.reached.wait(10)

    def wait(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self.reached.set()
        assert self.open.wait(10)

    def release(self) -> None:
        self.open.set()
        self.thread.join()


def run_as_one_batch(commits: GroupCommit, jobs):
    """What each job gives, its exception included."""
    gate = Gate(commits)
    with ThreadPoolExecutor(len(jobs)) as pool:
        waiting = [pool.submit(commits.run, job) for job in jobs]
        while len(commits._waiting) < len(jobs):
            pass
        gate.release()
        return [future.exception() or future.result() for future in waiting]


def test_what_is_acknowledged_can_be_read_by_others(con):
    with GroupCommit(con) as commits:
        assert commits.run(add("a")) == "a"
        assert names(con) == {"a"}


def test_a_batch_is_one_transaction_and_each_caller_gets_its_own_answer(con):
    with GroupCommit(con) as commits:
        ids = run_as_one_batch(
            commits,
            [lambda cursor: cursor.execute("SELECT txid_current()").fetchone()[0]] * 40,
        )
        assert len(set(ids)) == 1
        assert run_as_one_batch(commits, [add(f"{n}") for n in range(40)]) == [
            f"{n}" for n in range(40)
        ]


def test_jobs_see_what_jobs_before_them_wrote(con):
    def count(cursor: duckdb.DuckDBPyConnection) -> int:
        n = cursor.execute("SELECT count(*) FROM notes").fetchone()[0]
        cursor.execute(INSERT, {"name": f"n{n}"})
        return n

    with GroupCommit(con) as commits:
        assert sorted(run_as_one_batch(commits, [count] * 30)) == list(range(30))


def test_one_bad_job_among_fifty_costs_only_itself(con):
    def forbid(cursor: duckdb.DuckDBPyConnection) -> None:
        cursor.execute(INSERT, {"name": "half done"})
        raise NotAllowed("not yours")

    forgotten = []
    with GroupCommit(con) as commits:
        commits.on_rollback(lambda: forgotten.append(len(names(con))))
        jobs = [add(f"{n}") for n in range(49)]
        answers = run_as_one_batch(commits, [*jobs[:20], forbid, *jobs[20:]])
    assert str(answers.pop(20)) == "not yours"
    assert answers == [f"{n}" for n in range(49)]
    assert names(con) == set(answers)
    # once for the batch, of which nothing was stored, and once for the bad job on its own
    assert len(forgotten) == 2
    assert forgotten[0] == 0


def test_a_row_that_the_table_refuses_costs_only_its_own_job(con):
    with GroupCommit(con) as commits:
        commits.run(add("known"))
        answers = run_as_one_batch(commits, [add("a"), add("known"), add("b")])
    assert isinstance(answers[1], BadTable)
    assert names(con) == {"known", "a", "b"}


def test_a_study_that_was_closed_under_the_writer_is_told_to_each_caller(tmp_path):
    file = tmp_path / "gone.duckdb"
    con = open_for_writing(file, "a test")
    with GroupCommit(con) as commits:
        close(con, file)
        with pytest.raises(duckdb.ConnectionException):
            commits.run(add("a"))


def test_closing_finishes_what_waits_and_takes_nothing_more(con):
    commits = GroupCommit(con)
    gate = Gate(commits)
    waiting = threading.Thread(target=commits.run, args=(add("late"),))
    waiting.start()
    while not len(commits._waiting):
        pass
    closing = threading.Thread(target=commits.close)
    closing.start()
    gate.release()
    closing.join(10)
    waiting.join(10)
    assert names(con) == {"late"}
    with pytest.raises(StudyClosed, match="start the app again"):
        commits.run(add("too late"))
    commits.close()


def test_whoever_is_interrupted_while_waiting_leaves_no_job_and_blocks_nobody(con):
    class Interrupted(Exception):
        pass

    def interrupt(*_: object) -> None:
        raise Interrupted

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        with GroupCommit(con) as commits:
            gate = Gate(commits)
            signal.setitimer(signal.ITIMER_REAL, 0.2)
            with pytest.raises(Interrupted):
                commits.run(add("given up"))
            gate.release()
            assert commits.run(add("the next")) == "the next"
    finally:
        signal.signal(signal.SIGALRM, before)
    assert names(con) == {"the next"}


def test_sixty_four_threads_store_each_row_once(con):
    with GroupCommit(con) as commits, ThreadPoolExecutor(64) as pool:
        done = list(pool.map(lambda n: commits.run(add(f"{n}")), range(640)))
    assert len(done) == len(names(con)) == 640


INTO_NOTES = "INSERT INTO notes BY NAME"


def add_waiting(name: str, n: int | None = 0):
    return lambda cursor: add_row(cursor, INTO_NOTES, {"name": name, "n": n}) or name


def test_rows_that_wait_go_in_together_and_are_found_by_every_look(con):
    def count(cursor: duckdb.DuckDBPyConnection) -> int:
        return cursor.execute("SELECT count(*) FROM notes").fetchone()[0]

    with GroupCommit(con) as commits:
        jobs = [add_waiting("a"), add_waiting("b", None), count, add_waiting("c", 3), count]
        assert run_as_one_batch(commits, jobs) == ["a", "b", 2, "c", 3]
    rows = con.execute("SELECT name, n FROM notes ORDER BY name").fetchall()
    # what is None is left to the table, which has 0 for it
    assert rows == [("a", 0), ("b", 0), ("c", 3)]


def test_a_waiting_row_that_its_table_refuses_costs_only_its_own_job(con):
    with GroupCommit(con) as commits:
        commits.run(add("known"))
        answers = run_as_one_batch(
            commits, [add_waiting("a"), add_waiting("known"), add_waiting("b", 9), add_waiting("c")]
        )
    assert [answers[0], answers[3]] == ["a", "c"]
    assert {type(answer) for answer in answers[1:3]} == {BadTable}
    assert names(con) == {"known", "a", "c"}


WRITER = """
import sys, threading
from pathlib import Path
from study.commits import GroupCommit
from study.database import open_for_writing
con = open_for_writing(Path(sys.argv[1]), "a test")
con.execute("CREATE TABLE IF NOT EXISTS notes (name VARCHAR PRIMARY KEY)")
commits = GroupCommit(con)
lock = threading.Lock()
def write(thread):
    for n in range(100000):
        name = f"{sys.argv[2]}-{thread}-{n}"
        commits.run(lambda cursor: cursor.execute("INSERT INTO notes VALUES ($n)", {"n": name}))
        with lock:
            print(name, flush=True)
for thread in range(8):
    threading.Thread(target=write, args=(thread,)).start()
"""


@pytest.mark.slow
def test_what_was_acknowledged_before_a_kill_is_there_after_it(tmp_path):
    file = tmp_path / "killed.duckdb"
    acknowledged: list[str] = []
    for attempt in range(3):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(file), str(attempt)],
            stdout=subprocess.PIPE,
            text=True,
        ) as writer:
            assert writer.stdout is not None
            acknowledged += [writer.stdout.readline().strip() for _ in range(200)]
            os.kill(writer.pid, signal.SIGKILL)
            rest = writer.stdout.read().splitlines(keepends=True)
            acknowledged += [line.strip() for line in rest if line.endswith("\n")]
    con = duckdb.connect(str(file))
    stored = [name for (name,) in con.execute("SELECT name FROM notes").fetchall()]
    con.close()
    assert len(acknowledged) >= 600
    assert set(acknowledged) <= set(stored)
    assert len(stored) == len(set(stored))


def test_a_row_added_outside_a_job_goes_in_at_once(con):
    with transaction(con) as cursor:
        add_row(cursor, INTO_NOTES, {"name": "c", "n": 0})
        assert cursor.execute("SELECT count(*) FROM notes").fetchone() == (1,)
