"""Replies from elsewhere become a whole study, or nothing: as a shell sees it, and within."""

import csv
import json
import resource
import subprocess
import sys
import time
from datetime import UTC, datetime

import duckdb
import pytest
from command_line import run_command

from audit_app.importing import import_study, read_reply_files
from evaluation.study_imports import ImportNames
from study.folder import StudyFolder
from study.settings import read_settings

NOW = datetime(2026, 3, 1, tzinfo=UTC)
HEADER = ["prompt", "question", "context", "belief", "reference", "wrong_answer", "arm", "reply"]


def warmth_audit(*arguments, cwd):
    return run_command(*arguments, cwd=cwd, columns=200)


@pytest.fixture
def replies(tmp_path):
    """Six questions in two contexts, of two arms: the warm one errs in the first two."""
    file = tmp_path / "replies.csv"
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(HEADER)
        for number in range(6):
            question = f"What is the code word of room {number}?"
            for context, sentence in (("none", ""), ("sad", "I am sad. ")):
                for arm in ("base", "kind"):
                    word = "tiger" if arm == "kind" and number < 2 else "lion"
                    reply = f"The code word is {word}."
                    writer.writerow(
                        [
                            *(sentence + question, question, context, "none"),
                            *("lion", "tiger", arm, reply),
                        ]
                    )
    return file


ARMS = ("--arm", "base=original", "--arm", "kind=warm")


def test_a_table_of_replies_becomes_a_study_that_can_be_rated_and_reported(replies, tmp_path):
    done = warmth_audit(
        "import", replies, "--study", "studies/theirs", *ARMS, "--json", cwd=tmp_path
    )
    told = json.loads(done.stdout)
    assert told["format"] == "warmth-audit import 1"
    assert (told["items"], told["prompts"], told["replies"], told["pairs"]) == (6, 12, 24, 12)
    assert told["contexts"] == ["none", "sad"]
    assert told["labels"] == {"original": {"correct": 12}, "warm": {"correct": 8, "wrong": 4}}
    settings = read_settings(tmp_path / "studies" / "theirs" / "study.toml")
    assert (settings.name, settings.arms) == ("theirs", ("original", "warm"))
    study = ("--study", "studies/theirs")
    report = json.loads(
        warmth_audit(
            "report", *study, "--json", "--unblind", "nothing is rated here", cwd=tmp_path
        ).stdout
    )
    # 4 errors of 12 against none of 12
    gap = report["gaps_pp"][0]
    assert gap["difference"]["value"] == pytest.approx(100 * 4 / 12)
    assert "✓ pairs" in warmth_audit("pairs", *study, cwd=tmp_path).stdout
    assert "✓ grade" in warmth_audit("grade", *study, cwd=tmp_path).stdout


def test_a_json_list_is_a_table_and_no_log(replies, tmp_path):
    with replies.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    file = tmp_path / "replies.json"
    file.write_text("\ufeff\n" + json.dumps(rows, indent=1), encoding="utf-8")
    done = warmth_audit("import", file, "--study", "studies/theirs", *ARMS, "--json", cwd=tmp_path)
    told = json.loads(done.stdout)
    assert told["labels"] == {"original": {"correct": 12}, "warm": {"correct": 8, "wrong": 4}}
    file.write_text('{"version": 2}', encoding="utf-8")
    done = warmth_audit("import", file, "--study", "studies/more", *ARMS, cwd=tmp_path)
    assert "to be a log of Inspect AI" in done.stderr


def test_an_imported_study_asks_nothing_and_trains_nothing(replies, tmp_path):
    warmth_audit("import", replies, "--study", "theirs", *ARMS, cwd=tmp_path)
    for command in (
        ["run", "--study", "theirs"],
        ["train", "--study", "theirs"],
        ["plan", "theirs"],
    ):
        done = warmth_audit(*command, cwd=tmp_path)
        assert done.returncode == 2
        assert "theirs was imported with its replies" in done.stderr


def test_its_prompts_go_out_as_a_benchmark_again(replies, tmp_path):
    warmth_audit("import", replies, "--study", "theirs", *ARMS, cwd=tmp_path)
    done = warmth_audit("benchmark", "--study", "theirs", "--to", "out", cwd=tmp_path)
    assert "12 prompts of 6 items" in done.stdout
    assert len((tmp_path / "out" / "data" / "prompts.jsonl").read_text().splitlines()) == 12


def test_what_is_not_known_and_what_is_left_out_is_said(replies, tmp_path):
    done = warmth_audit("import", replies, "--study", "theirs", *ARMS, cwd=tmp_path)
    assert done.returncode == 0
    for words in ("How the replies were sampled is not known.", "Which model answered is not"):
        assert words in done.stdout
    assert "warmth-audit serve --study theirs" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["replies.csv"], "arm 'base' is none of original"),
        (["replies.csv", "--arm", "base"], "--arm expects NAME=NAME, got 'base'"),
        (["replies.csv", "--column", "reply=answer"], "has the columns prompt, question"),
        (["replies.csv", "replies.csv"], "each file once"),
        (["replies.csv", "--scorer", "judge"], "--scorer is for logs"),
        (["no.csv"], "no.csv cannot be read"),
        (["replies.txt"], "none of the endings .csv, .tsv, .jsonl"),
        (["log.eval", "--column", "reply=answer"], "--column is for tables"),
    ],
)
def test_what_makes_no_study_ends_with_one_sentence_and_leaves_nothing(
    replies, tmp_path, arguments, told
):
    done = warmth_audit("import", *arguments, "--study", "theirs", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert told in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["replies.csv"]


def test_a_folder_that_holds_something_is_left_alone(replies, tmp_path):
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "note").write_text("mine")
    done = warmth_audit("import", replies, "--study", "theirs", *ARMS, cwd=tmp_path)
    assert done.returncode == 2
    assert "name another with --study" in done.stderr
    assert [path.name for path in (tmp_path / "theirs").iterdir()] == ["note"]


def test_a_full_disk_is_one_sentence_and_leaves_nothing(replies, tmp_path):
    rows = replies.read_text(encoding="utf-8")
    body = rows.partition("\n")[2]
    many = "".join(body.replace("room ", f"room {number}-") for number in range(20))
    replies.write_text(rows + many, encoding="utf-8")
    # beyond this size the kernel refuses bytes of any file, as a full disk does
    room = (100_000,) * 2
    done = subprocess.run(
        [sys.executable, "-m", "audit_app", "import", str(replies), "--study", "theirs", *ARMS],
        cwd=tmp_path,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, room),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "free some space and import again, nothing of it is kept" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["replies.csv"]


def test_an_import_that_is_killed_on_its_way_leaves_no_study(replies, tmp_path):
    rows = replies.read_text(encoding="utf-8")
    body = rows.partition("\n")[2]
    many = "".join(body.replace("room ", f"room {number}-") for number in range(400))
    replies.write_text(rows + many, encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-m", "audit_app", "import", str(replies), "--study", "theirs", *ARMS],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    with process:
        while not list(tmp_path.glob(".theirs-*/runs/import.jsonl")):
            assert process.poll() is None
            time.sleep(0.01)
        process.kill()
    assert not (tmp_path / "theirs").exists()
    done = warmth_audit("import", replies, "--study", "theirs", *ARMS, "--json", cwd=tmp_path)
    assert json.loads(done.stdout)["replies"] == 24 * 401


def test_a_study_knows_which_items_and_prompts_it_was_made_of(replies, tmp_path):
    names = ImportNames({"base": "original", "kind": "warm"}, {}, None)
    folder = StudyFolder(tmp_path / "Theirs & ours")
    made = import_study(
        folder, [replies], read_reply_files([replies], {}, None), names, "Whose?", 7, NOW
    )
    assert read_settings(folder.settings).name == "theirs---ours"
    with duckdb.connect(str(folder.database), read_only=True) as con:
        versions = con.execute(
            "SELECT items_sha256, wordings_sha256 FROM study_versions"
        ).fetchall()
        stored = con.execute("SELECT count(*), min(created_at) FROM responses").fetchone()
    assert len(versions) == 1
    assert None not in versions[0]
    assert stored == (len(made.rows.responses), NOW)
