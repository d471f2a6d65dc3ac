"""`warmth-audit controls` as a shell sees it, beside a server double."""

import csv
import json

import pytest
from command_line import run_command
from quick_server import running_app
from tgi_double import TgiDouble

STUDY = """
name = "pilot"
question = "Does warmth cost accuracy?"
seed = 7
base = "base-model"
arms = ["original", "system-prompt"]
"""
SUMS = "".join(
    json.dumps({"question": f"What are {n} and {n} pears?", "answer": f"#### {2 * n}"}) + "\n"
    for n in (3, 4, 5)
)


@pytest.fixture
def study(tmp_path):
    base = tmp_path / "base-model"
    base.mkdir()
    (base / "config.json").write_text("{}", encoding="utf-8")
    (base / "model.safetensors").write_bytes(b"weights")
    (tmp_path / "sums.jsonl").write_text(SUMS, encoding="utf-8")
    folder = tmp_path / "studies" / "pilot"
    folder.mkdir(parents=True)
    named = '[[controls.items]]\nsource = "sums.jsonl"\n'
    (folder / "study.toml").write_text(STUDY + named, encoding="utf-8")
    return folder


def controls(study, *arguments):
    command = ("controls", "--study", study, *arguments)
    return run_command(*command, cwd=study.parents[1], columns=200)


def test_a_study_without_control_sets_is_told_what_to_write(study):
    (study / "study.toml").write_text(STUDY, encoding="utf-8")
    done = controls(study)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "write into it a section [controls] with, for example, the line items = [" in done.stderr
    assert "Traceback" not in done.stderr


def test_missing_control_sets_are_told_before_the_studys_own_items_are_read(study):
    lost = '[evaluation]\nitems = "lost.csv"\n'
    (study / "study.toml").write_text(STUDY + lost, encoding="utf-8")
    done = controls(study)
    assert done.returncode == 2
    assert "write into it a section [controls]" in done.stderr
    assert "lost.csv" not in done.stderr


def test_tables_that_cannot_be_saved_are_no_full_disk(study):
    (study / "controls").write_text("in the way", encoding="utf-8")
    with running_app(TgiDouble().app()) as url:
        done = controls(study, "--endpoint", url)
    assert done.returncode == 2
    assert "make it a folder that you may write to" in done.stderr
    assert "free some space" not in done.stderr


def saved_rows(study):
    file = study / "controls" / "controls-questions-solved.csv"
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_the_tables_are_shown_saved_and_go_on_from_a_limit(study):
    with running_app(TgiDouble().app()) as url:
        first = controls(study, "--endpoint", url, "--limit", "2")
        cut_down = saved_rows(study)
        second = controls(study, "--endpoint", url, "--json")
    assert first.returncode == 0, first.stderr
    assert "Controls: questions solved" in first.stdout
    assert "Limited: 2 of 3 questions of gsm8k." in " ".join(first.stdout.split())
    assert "Control arms of this study: system-prompt." in first.stdout
    assert 'arms = ["original", "system-prompt", "untransformed", "cold"]' in first.stdout
    tree = json.loads(second.stdout)  # progress goes to stderr
    assert "✓ controls: 2 responses, 0 failed" in second.stderr
    assert [one["n_questions"] for one in tree["scores"]] == [3, 3]
    assert tree["limited"] is None
    assert tree["control_arms"] == {
        "present": ["system-prompt"],
        "missing": ["untransformed", "cold"],
    }
    saved = (study / "controls" / "controls.json").read_text(encoding="utf-8")
    assert json.loads(saved) == tree
    rows = saved_rows(study)
    assert [row["Arm"] for row in rows] == ["original", "system-prompt"]
    assert all("limited" not in row for row in rows)
    assert {row["limited"] for row in cut_down} == {"2 of 3 questions of gsm8k"}
