import signal
import subprocess
import sys
import textwrap
import threading
from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb
import pytest

from study.errors import BadTable, StudyLocked
from study.migrations import migrate
from study.run_files import Chunk, RunFile, bytes_taken, take_in

NOW = datetime(2026, 11, 23, tzinfo=UTC)


@dataclass(frozen=True)
class Note:
    i: int


@pytest.fixture
def con():
    con = duckdb.connect()
    migrate(con)
    con.execute("CREATE TABLE notes (i INTEGER PRIMARY KEY)")
    yield con
    con.close()


def insert_notes(cursor, rows):
    cursor.execute(
        "INSERT INTO notes SELECT row.i FROM (SELECT unnest($rows) AS row)", {"rows": rows}
    )
    return len(rows)


WRITERS = {"notes": insert_notes}


def hand_in(con, run_file):
    for chunk in run_file.chunks_from(bytes_taken(con, run_file.run_id)):
        take_in(con, chunk, WRITERS, NOW)


def notes(con):
    return [i for (i,) in con.execute("SELECT i FROM notes ORDER BY i").fetchall()]


def test_rows_come_in_once_however_often_they_are_handed_in(con, tmp_path):
    run_file = RunFile(tmp_path / "a.jsonl", "count")
    run_file.append("notes", [Note(1), Note(2)])
    hand_in(con, run_file)
    hand_in(con, run_file)
    run_file.append("notes", [Note(3)])
    hand_in(con, RunFile(tmp_path / "a.jsonl", "count"))
    assert notes(con) == [1, 2, 3]


def test_one_thread_appends_while_another_hands_in(con, tmp_path):
    run_file = RunFile(tmp_path / "a.jsonl", "count")

    def append():
        for start in range(0, 3000, 100):
            run_file.append("notes", [Note(i) for i in range(start, start + 100)])

    writer = threading.Thread(target=append)
    writer.start()
    while writer.is_alive():
        hand_in(con, run_file)
    hand_in(con, run_file)
    assert notes(con) == list(range(3000))


def test_a_chunk_that_comes_late_or_twice_stores_nothing(con, tmp_path):
    run_file = RunFile(tmp_path / "a.jsonl", "count")
    run_file.append("notes", [Note(1)])
    (chunk,) = run_file.chunks_from(0)
    assert take_in(con, chunk, WRITERS, NOW) == chunk.end_byte
    assert take_in(con, chunk, WRITERS, NOW) == chunk.end_byte
    late = Chunk(
        chunk.run_id, chunk.stage, chunk.end_byte + 5, b'{"table":"notes","row":{"i":9}}\n'
    )
    assert take_in(con, late, WRITERS, NOW) == chunk.end_byte
    assert notes(con) == [1]


def test_a_torn_last_line_is_cut_off_and_the_rest_kept(con, tmp_path):
    path = tmp_path / "a.jsonl"
    run_file = RunFile(path, "count")
    run_file.append("notes", [Note(1)])
    with path.open("ab") as file:
        file.write(b'{"table": "notes", "row": {"i"')
    again = RunFile(path, "count")
    again.append("notes", [Note(2)])
    hand_in(con, again)
    assert again.run_id == run_file.run_id
    assert notes(con) == [1, 2]


def test_a_header_torn_by_a_crash_is_written_anew(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"format": "warmth')
    RunFile(path, "count").append("notes", [Note(1)])
    assert path.read_bytes().count(b"\n") == 2


@pytest.mark.parametrize("line", [b"not json\n", b'{"table": "ratings", "row": {}}\n', b"[]\n"])
def test_a_chunk_with_a_line_that_is_no_known_row_is_refused_whole(con, line):
    chunk = Chunk("r", "count", 0, b'{"table":"notes","row":{"i":1}}\n' + line)
    with pytest.raises(BadTable, match="line 2"):
        take_in(con, chunk, WRITERS, NOW)
    assert notes(con) == []


def test_a_file_of_another_stage_is_refused(tmp_path):
    RunFile(tmp_path / "a.jsonl", "count")
    with pytest.raises(BadTable, match="not a run file of stage 'grade'"):
        RunFile(tmp_path / "a.jsonl", "grade")


def test_a_killed_writer_loses_no_row_that_it_said_was_stored(con, tmp_path):
    path = tmp_path / "a.jsonl"
    code = textwrap.dedent("""
        import sys
        from dataclasses import dataclass
        from pathlib import Path
        from study.run_files import RunFile

        @dataclass(frozen=True)
        class Note:
            i: int

        run_file = RunFile(Path(sys.argv[1]), "count")
        for i in range(100_000):
            run_file.append("notes", [Note(i)])
            print(i, flush=True)
    """)
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True
    )
    with process:
        acknowledged = [int(process.stdout.readline()) for _ in range(50)]
        process.send_signal(signal.SIGKILL)
        acknowledged += [int(line) for line in process.stdout if line.endswith("\n")]
    hand_in(con, RunFile(path, "count"))  # the lock went with the killed process
    assert set(acknowledged) <= set(notes(con))


def test_a_full_disk_leaves_the_rows_before_and_says_what_to_do(tmp_path):
    # a limit on file size makes the kernel refuse bytes beyond it, as a full disk does
    code = textwrap.dedent("""
        import resource, signal, sys
        from dataclasses import dataclass
        from pathlib import Path
        from study.errors import DiskFull
        from study.run_files import RunFile

        @dataclass(frozen=True)
        class Note:
            i: int
            text: str

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        run_file = RunFile(Path(sys.argv[1]), "count")
        run_file.append("notes", [Note(1, "")])
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
        try:
            run_file.append("notes", [Note(2, "x" * 5000)])
        except DiskFull as error:
            print(error)
    """)
    path = tmp_path / "a.jsonl"
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True)
    assert "free some space" in done.stdout, done.stderr
    assert len(path.read_bytes().splitlines()) == 2


def test_what_the_study_refuses_is_set_aside_and_what_comes_after_goes_in(con, tmp_path):
    run_file = RunFile(tmp_path / "a.jsonl", "count")
    run_file.append("notes", [Note(1)])
    hand_in(con, run_file)
    taken = bytes_taken(con, run_file.run_id)
    for number in (1, 2):
        run_file.append("notes", [Note(1)])
        aside = run_file.set_aside(taken)
        assert aside == tmp_path / f"a.refused-{number}.jsonl"
        assert aside.read_text() == '{"table": "notes", "row": {"i": 1}}\n'
    run_file.append("notes", [Note(2)])
    hand_in(con, run_file)
    assert notes(con) == [1, 2]


def test_a_file_set_aside_from_its_beginning_stays_the_same_run(con, tmp_path):
    run_file = RunFile(tmp_path / "a.jsonl", "count")
    run_file.append("notes", [Note(1)])
    run_file.set_aside(0)
    again = RunFile(tmp_path / "a.jsonl", "count")
    again.append("notes", [Note(2)])
    hand_in(con, again)
    assert again.run_id == run_file.run_id
    assert notes(con) == [2]


def test_one_process_at_a_time_has_a_run_file_and_the_others_are_told_which(tmp_path):
    path = tmp_path / "a.jsonl"
    code = textwrap.dedent("""
        import sys
        from pathlib import Path
        from study.run_files import RunFile

        RunFile(Path(sys.argv[1]), "count")
        print("held", flush=True)
        sys.stdin.read()
    """)
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with holder:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(StudyLocked, match=f"process {holder.pid}; wait until it ends"):
            RunFile(path, "count")
        RunFile(tmp_path / "b.jsonl", "count")
        holder.send_signal(signal.SIGKILL)
    RunFile(path, "count")
