import os
import subprocess
import sys
import textwrap

import duckdb
import pytest

from study.database import (
    close,
    insert_rows,
    open_for_writing,
    open_read_only,
    read_holder,
    transaction,
    write_snapshot,
)
from study.errors import BadTable, StudyLocked


def hold(file, url):
    """Another process that holds a study file until its stdin closes."""
    code = textwrap.dedent("""
        import sys
        from pathlib import Path
        from study.database import open_for_writing
        con = open_for_writing(Path(sys.argv[1]), "warmth-audit serve", sys.argv[2] or None)
        print("held", flush=True)
        sys.stdin.read()
    """)
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(file), url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "held\n"
    return process


def test_a_held_study_says_by_whom_and_where(tmp_path):
    file = tmp_path / "study.duckdb"
    with hold(file, "http://localhost:7860") as holder:
        for opening in (lambda: open_for_writing(file, "test"), lambda: open_read_only(file)):
            with pytest.raises(StudyLocked) as caught:
                opening()
            assert str(holder.pid) in str(caught.value)
            assert "http://localhost:7860" in str(caught.value)
        assert read_holder(file).pid == holder.pid
        holder.kill()
        holder.wait()
    assert read_holder(file) is None, "a note left by a killed process counts for nothing"
    con = open_for_writing(file, "test")
    close(con, file)


def test_a_file_that_is_no_database_is_called_so(tmp_path):
    file = tmp_path / "study.duckdb"
    file.write_text("this is a letter to my aunt, of more than a few bytes\n" * 100)
    with pytest.raises(BadTable, match="not a study file"):
        open_for_writing(file, "test")


def test_a_transaction_lands_whole_or_not_at_all():
    con = duckdb.connect()
    con.execute("CREATE TABLE notes (i INTEGER PRIMARY KEY)")
    with transaction(con) as cursor:
        cursor.execute("INSERT INTO notes VALUES (1)")

    def change_my_mind():
        with transaction(con) as cursor:
            cursor.execute("INSERT INTO notes VALUES (2)")
            raise RuntimeError("changed my mind")

    with pytest.raises(RuntimeError):
        change_my_mind()
    assert con.execute("SELECT i FROM notes").fetchall() == [(1,)]


def test_rows_go_in_with_gaps_lists_and_times():
    con = duckdb.connect()
    con.execute("CREATE TABLE notes (i INTEGER PRIMARY KEY, t TIMESTAMPTZ, s VARCHAR[], x DOUBLE)")
    statement = """
        INSERT INTO notes (i, t, s, x)
        SELECT row.i, row.t, row.s, row.x FROM (SELECT unnest($rows) AS row)
        ON CONFLICT DO NOTHING
    """
    rows = [
        {"i": 1, "t": "2026-11-23T10:00:00+00:00", "s": ["a", "b"], "x": None},
        {"i": 2, "t": "2026-11-23T10:00:00+00:00", "s": [], "x": 1.5},
        {"i": 3, "t": "2026-11-23T10:00:00+00:00", "s": ["c"], "x": 2},
    ]
    with transaction(con) as cursor:
        assert insert_rows(cursor, statement, rows) == 3
        assert insert_rows(cursor, statement, [*rows, {**rows[0], "i": 4}]) == 1
        assert insert_rows(cursor, statement, []) == 0
    assert con.execute("SELECT s, x FROM notes ORDER BY i LIMIT 2").fetchall() == [
        (["a", "b"], None),
        ([], 1.5),
    ]


def test_a_row_that_does_not_fit_stores_nothing_of_its_batch():
    con = duckdb.connect()
    con.execute("CREATE TABLE notes (i INTEGER CHECK (i > 0))")
    statement = "INSERT INTO notes (i) SELECT row.i FROM (SELECT unnest($rows) AS row)"
    with pytest.raises(BadTable, match="CHECK"), transaction(con) as cursor:
        insert_rows(cursor, statement, [{"i": 1}, {"i": -1}])
    assert con.execute("SELECT count(*) FROM notes").fetchone() == (0,)


def test_a_single_row_that_does_not_fit_is_said_so_too():
    con = duckdb.connect()
    con.execute("CREATE TABLE notes (i INTEGER CHECK (i > 0))")
    with pytest.raises(BadTable, match="CHECK"), transaction(con) as cursor:
        cursor.execute("INSERT INTO notes VALUES (-1)")


def test_a_faulty_statement_is_no_fault_of_the_rows():
    con = duckdb.connect()
    with pytest.raises(duckdb.CatalogException), transaction(con) as cursor:
        cursor.execute("INSERT INTO nowhere VALUES (1)")


# a limit on file size makes the kernel refuse bytes beyond it, as a full disk does
FULL_DISK = """
    import resource, signal, sys
    from pathlib import Path
    from study.database import insert_rows, open_for_writing, transaction, write_snapshot
    from study.errors import DiskFull

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    con = open_for_writing(Path(sys.argv[1]), "test")
    con.execute("CREATE TABLE notes (i INTEGER PRIMARY KEY, text VARCHAR)")
    with transaction(con) as cursor:
        cursor.execute("INSERT INTO notes VALUES (1, 'before')")
    ROWS = "INSERT INTO notes SELECT row.i, row.text FROM (SELECT unnest($rows) AS row)"
    ONE = "INSERT INTO notes VALUES (2, repeat('x', 100000))"
    SPILL = "SELECT i, repeat(md5(i::VARCHAR), 9) FROM range(300000) r(i) ORDER BY 2"

    def insert_many():
        with transaction(con) as cursor:
            insert_rows(cursor, ROWS, [{"i": 2, "text": "x" * 100_000}])

    def insert_one():
        with transaction(con) as cursor:
            cursor.execute(ONE)

    def spill():
        con.execute("SET memory_limit = '64MB'")
        con.execute("SET threads = 1")
        with transaction(con) as cursor:
            cursor.execute("CREATE TABLE sorted AS " + SPILL)

    def snapshot(attempts=iter(range(3))):
        write_snapshot(con, Path(sys.argv[1]).with_name(f"snapshot-{next(attempts)}.duckdb"))

    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
    said = []
    for _ in range(2):
        try:
            locals()[sys.argv[2]]()
        except DiskFull as error:
            said.append(str(error))
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
    print("; ".join(said), con.execute("SELECT i FROM notes").fetchall())
    locals()[sys.argv[2]]()
"""


@pytest.mark.parametrize("action", ["insert_many", "insert_one", "spill", "snapshot"])
def test_a_full_disk_is_called_so_and_the_study_goes_on_when_there_is_room(tmp_path, action):
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(FULL_DISK), str(tmp_path / "s.duckdb"), action],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("free some space") == 2, done.stdout
    assert "[(1,)]" in done.stdout


def test_a_snapshot_holds_what_is_committed_while_the_study_stays_open(tmp_path):
    file = tmp_path / "study.duckdb"
    con = open_for_writing(file, "test")
    con.execute("CREATE TABLE notes (i INTEGER)")
    con.execute("INSERT INTO notes VALUES (7)")
    write_snapshot(con, tmp_path / "snapshot.duckdb")
    con.execute("INSERT INTO notes VALUES (8)")
    copy = open_read_only(tmp_path / "snapshot.duckdb")
    assert copy.execute("SELECT i FROM notes").fetchall() == [(7,)]
    copy.close()
    close(con, file)
    assert read_holder(file) is None


def modes(folder):
    """The mode of every file in a folder, as `ls` would tell it in digits."""
    return {file.name: f"{file.stat().st_mode & 0o777:o}" for file in folder.iterdir()}


def test_a_study_its_log_and_its_snapshots_are_for_their_user_alone(tmp_path):
    before = os.umask(0)
    try:
        con = open_for_writing(tmp_path / "study.duckdb", "test")
        con.execute("CREATE TABLE notes (i INTEGER)")
        con.execute("CHECKPOINT")
        con.execute("INSERT INTO notes VALUES (7)")  # the log is made anew
        write_snapshot(con, tmp_path / "snapshot.duckdb")
        made = modes(tmp_path)
        assert made.keys() >= {"study.duckdb", "study.duckdb.wal", "snapshot.duckdb"}
        assert set(made.values()) == {"600"}
        close(con, tmp_path / "study.duckdb")
        assert os.umask(0) == 0, "what is made afterwards is as the process wants it"
    finally:
        os.umask(before)


def test_a_study_that_others_could_read_is_closed_to_them_when_it_is_opened(tmp_path):
    file = tmp_path / "study.duckdb"
    close(open_for_writing(file, "test"), file)
    file.chmod(0o644)
    con = open_for_writing(file, "test")
    assert modes(tmp_path)["study.duckdb"] == "600"
    close(con, file)


def test_a_file_that_cannot_be_opened_leaves_the_umask_as_it_was(tmp_path):
    file = tmp_path / "study.duckdb"
    file.write_text("no database" * 1000)
    before = os.umask(0o022)
    try:
        with pytest.raises(BadTable):
            open_for_writing(file, "test")
        assert os.umask(0o022) == 0o022
    finally:
        os.umask(before)
