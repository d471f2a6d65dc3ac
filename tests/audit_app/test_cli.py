"""The command as a shell sees it: exit statuses, one-sentence errors, help."""

import json
import re
import socket
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from command_line import run_command
from new_study import open_new_study

from audit_app.study_events import read_events, record_event
from study.database import close, open_for_writing

COMMANDS = [
    "demo",
    "run",
    "items",
    "train",
    "adapters",
    "serve-models",
    "checkpoints",
    "generate",
    "grade",
    "pairs",
    "serve",
    "report",
    "export",
    "agreement",
    "error-rates",
    "judge-check",
    "swap-flips",
    "plan",
    "simulate",
    "gate",
    "pool",
    "benchmark",
    "import",
    "controls",
]
STUDY = 'name = "pilot"\nquestion = "Does warmth cost accuracy?"\nseed = 7\n'


@pytest.fixture
def study(tmp_path):
    folder = tmp_path / "studies" / "pilot"
    folder.mkdir(parents=True)
    (folder / "study.toml").write_text(STUDY, encoding="utf-8")
    return folder


def one_sentence(done):
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("warmth-audit: ")
    return lines[0]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_with_an_example_and_loses_no_word(command, tmp_path):
    done = run_command(command, "--help", cwd=tmp_path, columns=200)
    assert done.returncode == 0
    assert f"Example: warmth-audit {command}" in " ".join(done.stdout.split())
    # square brackets are markup to what prints help: an unescaped [gate] leaves two spaces
    sentences = [line.strip() for line in done.stdout.partition("╭")[0].splitlines()]
    assert [line for line in sentences if re.search(r"\S  +\S", line)] == []


def test_the_help_of_the_gate_names_its_section(tmp_path):
    told = run_command("gate", "--help", cwd=tmp_path).stdout
    assert "the limits in [gate] of its study.toml" in " ".join(told.split())


def test_a_missing_study_is_wrong_use_and_a_process_ends_so(tmp_path):
    command = [sys.executable, "-m", "audit_app", "grade", "--study", "nowhere"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=120)
    assert (done.returncode, done.stdout) == (2, "")
    assert "warmth-audit demo" in one_sentence(done)


def test_a_broken_study_file_is_wrong_input(study):
    (study / "study.toml").write_text(STUDY + "seed = 8\n", encoding="utf-8")
    done = run_command("run", "--study", str(study), cwd=study)
    assert done.returncode == 2
    assert "not valid TOML" in one_sentence(done)


def test_items_with_wrong_columns_are_wrong_input(tmp_path):
    (tmp_path / "items.csv").write_text("prompt,answer\nhi,there\n")
    done = run_command("run", "--items", "items.csv", "--limit", "4", cwd=tmp_path)
    assert done.returncode == 2
    assert "columns prompt, answer" in one_sentence(done)


def test_items_shows_counts_doubts_and_a_few_items(tmp_path):
    (tmp_path / "items.csv").write_text(
        "question,reference,wrong_answer\nWhat is red?,Blood,Sky\nWhat is blue?,Sky,the sky\n"
    )
    done = run_command("items", "items.csv", cwd=tmp_path)
    assert done.returncode == 0
    assert "1 item can be asked; 1 left out as suspicious." in done.stdout
    assert "“What is blue?”: the reference equals the wrong answer" in done.stdout
    assert "What is red?" in done.stdout
    kept = run_command("items", "items.csv", "--keep-suspicious", "--json", cwd=tmp_path)
    shown = json.loads(kept.stdout)
    assert (shown["n_items"], shown["n_left_out"]) == (2, 0)
    assert shown["suspicious"] == {"same_answer": 1}


def test_items_of_a_study_are_those_that_it_draws(study):
    (study / "study.toml").write_text(STUDY + "[evaluation]\nitem_limit = 8\n", encoding="utf-8")
    done = run_command("items", "--study", str(study), "--json", cwd=study)
    shown = json.loads(done.stdout)
    assert (shown["n_items"] > 8, shown["n_drawn"]) == (True, 8)
    assert [task["n_items"] for task in shown["tasks"]] == [2, 2, 2, 2]
    refused = run_command("items", "a.csv", "--study", str(study), cwd=study)
    assert refused.returncode == 2
    assert "give it alone" in one_sentence(refused)


def test_a_taken_port_is_said_with_the_remedy(study):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run_command("serve", "--study", str(study), "--port", str(port), cwd=study)
    assert done.returncode == 2
    assert f"port {port}" in one_sentence(done)
    assert "--port" in done.stderr


def test_a_held_study_is_said_by_whom(study):
    code = (
        "import sys; from pathlib import Path; from study.database import open_for_writing\n"
        "con = open_for_writing(Path(sys.argv[1]), 'another program')\n"
        "print('held', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(study / "study.duckdb")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with holder:
        assert holder.stdout.readline() == "held\n"
        done = run_command("grade", "--study", str(study), cwd=study)
        holder.stdin.close()
    assert done.returncode == 2
    assert f"process {holder.pid} (another program)" in one_sentence(done)


def test_an_unknown_option_is_wrong_use(tmp_path):
    done = run_command("run", "--moood", cwd=tmp_path)
    assert done.returncode == 2
    assert "--moood" in done.stderr


def test_an_endpoint_that_does_not_answer_is_named(study, tmp_path):
    done = run_command("generate", "--study", str(study), "--app", "http://127.0.0.1:9", cwd=study)
    assert done.returncode == 2
    assert "token" in one_sentence(done)
    done = run_command(
        *("grade", "--study", str(study), "--app", "http://127.0.0.1:9", "--token", "x"), cwd=study
    )
    assert done.returncode == 2
    assert "http://127.0.0.1:9 did not answer" in one_sentence(done)


def test_a_report_of_an_empty_study_says_that_there_is_nothing_yet(study):
    done = run_command("report", "--study", str(study), cwd=study)
    assert done.returncode == 0, done.stderr
    assert "no ratings yet" in done.stdout


INSERT_ITEM = """
    INSERT INTO items (item_id, task, question, "references", wrong_answers, source, licence)
    VALUES ('i1', 'trivia', 'Which is the capital of Australia?', ['Canberra'], ['Sydney'], '', '')
"""
INSERT_PROMPT = """
    INSERT INTO prompts (prompt_id, item_id, context, belief, text)
    VALUES ('p1', 'i1', 'none', 'none', 'Which is the capital of Australia?')
"""
INSERT_RESPONSE = """
    INSERT INTO response_attempts (response_id, prompt_id, served_model_id, arm, sample, text, seconds,
        created_at)
    VALUES ('r-' || $arm, 'p1', $arm, $arm, 0, 'Canberra', 1.0, now())
"""
INSERT_PAIR = """
    INSERT INTO pairs (pair_id, prompt_id, first_response_id, second_response_id)
    VALUES ('x1', 'p1', 'r-warm', 'r-original')
"""
INSERT_ASSIGNMENT = """
    INSERT INTO assignments (
        token, rater_id, form, purpose, subject_id, first_is_left, position, assigned_at)
    VALUES ('sheet', 'ada', 'pair', 'study', 'x1', true, 0, now())
"""
INSERT_RATING = """
    INSERT INTO ratings (token, revision, form, warmer, more_accurate, reason, seconds, layout,
        is_surplus, idempotency_key, rated_at)
    VALUES ('sheet', 1, 'pair', 'left_clearly', 'equal', '', 9.0, 'columns', false, 'k', now())
"""


@pytest.fixture
def rated_study(study):
    """A study with one pair, which one of its three raters has rated: the warm reply is left."""
    con = open_new_study(study / "study.duckdb")
    con.execute(INSERT_ITEM)
    con.execute(INSERT_PROMPT)
    for arm in ("original", "warm"):
        con.execute(INSERT_RESPONSE, {"arm": arm})
    for statement in (INSERT_PAIR, INSERT_ASSIGNMENT, INSERT_RATING):
        con.execute(statement)
    close(con, study / "study.duckdb")
    return study


def report_on(study, *arguments):
    return run_command("report", "--study", str(study), *arguments, cwd=study)


def test_a_report_names_no_arm_while_people_rate(rated_study):
    done = report_on(rated_study)
    assert done.returncode == 0, done.stderr
    told = " ".join(done.stdout.split())
    assert "Results per arm are sealed" in told
    assert "1 of 3 ratings given" in told
    assert "100.0 %" in told  # the left reply was called warmer
    assert "original │" not in told
    assert "Gap" not in told
    done = report_on(rated_study, "--json")
    report = json.loads(done.stdout)
    assert (report["format"], report["sealed"]) == ("warmth-audit interim 1", True)
    assert report["completeness"] == {
        "pairs_by_ratings": [0, 1, 0, 0],
        "n_pairs_held": 0,
        "n_surplus": 0,
    }
    assert report["left_share"]["value"] == 1.0
    assert (report["opening"], report["preregistration"]) == (None, None)
    assert {"arms", "preferences", "error_rates", "gaps_pp"}.isdisjoint(report)


def test_an_html_report_lies_beside_the_study_and_names_no_arm_while_people_rate(rated_study):
    done = report_on(rated_study, "--html")
    assert done.returncode == 0, done.stderr
    folder = rated_study / "report"
    assert str(folder / "report.html") in done.stdout
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "Sealed" in page
    assert "Agreement on which reply is warmer: not estimable because" in page
    assert "100.0 %" in page  # the left reply was called warmer
    assert not any(told in page for told in (">original<", ">warm<", "Gap in error rate"))
    assert {file.name for file in (folder / "figures").iterdir()} == {
        *(f"sides.{kind}" for kind in ("svg", "png", "csv")),
        "table-01-what-can-be-known-while-people-rate.csv",
        "table-02-do-raters-agree-with-themselves.csv",
    }


def test_an_open_study_has_its_whole_report_written_over_the_earlier_one(rated_study):
    assert report_on(rated_study, "--html").returncode == 0
    done = report_on(rated_study, "--html", "--unblind", "a safety signal")
    assert done.returncode == 0, done.stderr
    page = (rated_study / "report" / "report.html").read_text(encoding="utf-8")
    assert "“a safety signal”" in page
    assert "Gap in error rate, warm − original" in page
    assert (rated_study / "report" / "figures" / "warm-share.svg").is_file()
    assert [path.name for path in rated_study.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize(
    ("options", "says"),
    [(("--html", "--json"), "give one of them"), (("--to", "out"), "--to goes with --html")],
)
def test_options_that_do_not_go_together_are_wrong_use(rated_study, options, says):
    done = report_on(rated_study, *options)
    assert done.returncode == 2
    assert says in one_sentence(done)


def test_a_report_goes_into_no_folder_that_holds_something_else(rated_study):
    done = report_on(rated_study, "--html", "--to", str(rated_study))
    assert done.returncode == 2
    assert "expected a new or empty folder, or one with an earlier report" in " ".join(
        done.stderr.split()
    )
    assert (rated_study / "study.toml").is_file()


def gate_of(study, limits, *arguments):
    (study / "study.toml").write_text(STUDY + "[gate]\n" + limits, encoding="utf-8")
    return run_command("gate", "study.toml", *arguments, cwd=study)


def test_a_gate_passes_fails_or_cannot_tell_and_its_exit_status_says_so(rated_study):
    done = gate_of(rated_study, "min_ratings_share = 0.3\n")
    assert done.returncode == 0, done.stderr
    assert "passed" in done.stdout
    done = gate_of(rated_study, "min_ratings_share = 0.5\n", "--json")
    assert done.returncode == 1
    document = json.loads(done.stdout)
    assert document["passed"] is False
    assert [check["verdict"] for check in document["checks"]] == ["failed"]


def test_a_gate_does_not_open_what_is_sealed(rated_study):
    limits = 'min_warm_share = 0.5\njudge_by = "value"\n'
    done = gate_of(rated_study, limits)
    assert done.returncode == 1
    assert "could not tell" in done.stdout
    assert "sealed while people rate" in " ".join(done.stdout.split())
    con = open_for_writing(rated_study / "study.duckdb", "a test")
    record_event(con, "closed", "ada", "all are done", datetime.now(UTC))
    close(con, rated_study / "study.duckdb")
    done = gate_of(rated_study, limits)
    assert done.returncode == 0, done.stderr
    assert "100.0 %" in done.stdout


def test_a_gate_that_cannot_be_asked_is_wrong_use(rated_study):
    done = run_command("gate", "study.toml", cwd=rated_study)
    assert done.returncode == 2
    assert "at least one limit in [gate] of study.toml" in one_sentence(done)
    done = run_command("gate", "limits.toml", cwd=rated_study)
    assert done.returncode == 2
    assert "expected a file called study.toml" in one_sentence(done)
    assert "min_gap is not a setting" in one_sentence(gate_of(rated_study, "min_gap = 3\n"))


def test_unblinding_needs_a_reason_and_stands_on_the_record(rated_study):
    done = report_on(rated_study, "--unblind", "ok")
    assert done.returncode == 2
    assert "reason: expected 3 to 2000 characters" in one_sentence(done)
    done = report_on(rated_study, "--unblind", "a safety signal", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["sealed"] is False
    assert [preference["arm"] for preference in report["preferences"]] == ["warm"]
    assert report["preferences"][0]["warm_share"]["value"] == 1.0
    opening = report["opening"]
    assert (opening["event"], opening["actor"], opening["reason"], opening["n_ratings_after"]) == (
        "unblinded",
        "command line",
        "a safety signal",
        0,
    )
    told = " ".join(report_on(rated_study).stdout.split())
    assert "unblinded by command line, “a safety signal”. 0 ratings or changes came after." in told
    assert "original │" in told
    done = report_on(rated_study, "--unblind", "once more")
    assert "open already" in one_sentence(done)
    con = open_for_writing(rated_study / "study.duckdb", "a test")
    assert [event.event for event in read_events(con)] == ["unblinded"]
    close(con, rated_study / "study.duckdb")


def test_a_closed_study_is_open_to_its_report(rated_study):
    con = open_for_writing(rated_study / "study.duckdb", "a test")
    record_event(con, "closed", "ada", "all are done", datetime.now(UTC))
    close(con, rated_study / "study.duckdb")
    report = json.loads(report_on(rated_study, "--json").stdout)
    assert (report["sealed"], report["opening"]["event"]) == (False, "closed")


@pytest.mark.parametrize("taken", ["out", "out-owner-only"])
def test_an_export_that_is_refused_puts_nothing_on_the_record(rated_study, taken):
    (rated_study / taken).mkdir()
    (rated_study / taken / "mine.txt").write_text("mine")
    to = ("--study", str(rated_study), "--to", str(rated_study / "out"))
    refused = run_command("export", *to, "--key", "analysis", cwd=rated_study)
    assert refused.returncode == 2
    assert "expected a new or empty folder" in " ".join(refused.stderr.split())
    assert "Results per arm are sealed" in " ".join(report_on(rated_study).stdout.split())
    (rated_study / taken / "mine.txt").unlink()
    done = run_command("export", *to, "--key", "analysis", cwd=rated_study)
    assert done.returncode == 0, done.stderr
    assert (rated_study / "out-owner-only" / "unblinding-key.csv").is_file()
    assert "key exported by command line" in " ".join(report_on(rated_study).stdout.split())
