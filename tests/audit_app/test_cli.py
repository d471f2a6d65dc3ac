"""The command as a shell sees it: exit statuses, one-sentence errors, help."""

import socket
import subprocess
import sys

import pytest

COMMANDS = [
    "demo",
    "run",
    "train",
    "adapters",
    "serve-models",
    "generate",
    "grade",
    "pairs",
    "serve",
    "report",
]
STUDY = 'name = "pilot"\nquestion = "Does warmth cost accuracy?"\nseed = 7\n'


def warmth_audit(*arguments, cwd):
    return subprocess.run(
        [sys.executable, "-m", "audit_app", *arguments],
        capture_output=True,
        text=True,
        cwd=cwd,
        timeout=120,
    )


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
def test_every_command_explains_itself_with_an_example(command, tmp_path):
    done = warmth_audit(command, "--help", cwd=tmp_path)
    assert done.returncode == 0
    assert f"Example: warmth-audit {command}" in " ".join(done.stdout.split())


def test_a_missing_study_is_wrong_use(tmp_path):
    done = warmth_audit("grade", "--study", "nowhere", cwd=tmp_path)
    assert done.returncode == 2
    assert "warmth-audit demo" in one_sentence(done)


def test_a_broken_study_file_is_wrong_input(study):
    (study / "study.toml").write_text(STUDY + "seed = 8\n", encoding="utf-8")
    done = warmth_audit("run", "--study", str(study), cwd=study)
    assert done.returncode == 2
    assert "not valid TOML" in one_sentence(done)


def test_items_with_wrong_columns_are_wrong_input(tmp_path):
    (tmp_path / "items.csv").write_text("prompt,answer\nhi,there\n")
    done = warmth_audit("run", "--items", "items.csv", "--limit", "4", cwd=tmp_path)
    assert done.returncode == 2
    assert "columns prompt, answer" in one_sentence(done)


def test_a_taken_port_is_said_with_the_remedy(study):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = warmth_audit("serve", "--study", str(study), "--port", str(port), cwd=study)
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
        done = warmth_audit("grade", "--study", str(study), cwd=study)
        holder.stdin.close()
    assert done.returncode == 2
    assert f"process {holder.pid} (another program)" in one_sentence(done)


def test_an_unknown_option_is_wrong_use(tmp_path):
    done = warmth_audit("run", "--moood", cwd=tmp_path)
    assert done.returncode == 2
    assert "--moood" in done.stderr


def test_an_endpoint_that_does_not_answer_is_named(study, tmp_path):
    done = warmth_audit("generate", "--study", str(study), "--app", "http://127.0.0.1:9", cwd=study)
    assert done.returncode == 2
    assert "token" in one_sentence(done)
    done = warmth_audit(
        *("grade", "--study", str(study), "--app", "http://127.0.0.1:9", "--token", "x"), cwd=study
    )
    assert done.returncode == 2
    assert "http://127.0.0.1:9 did not answer" in one_sentence(done)


def test_a_report_of_an_empty_study_says_that_there_is_nothing_yet(study):
    done = warmth_audit("report", "--study", str(study), cwd=study)
    assert done.returncode == 0, done.stderr
    assert "no ratings yet" in done.stdout
