"""Ctrl-C and kill -9 in every stage of a run: nothing lost, nothing doubled, and it goes on.

One study goes through all of them: what each run begins with is what the one before has left, and
models are loaded no more often than that needs.
"""

import os
import signal
import subprocess
import sys
import time

import duckdb
import pytest
from tiny_model import make_tiny_model

pytestmark = [pytest.mark.model, pytest.mark.slow]

STUDY = """
name = "pilot"
question = "Does warmth cost accuracy?"
seed = 7
base = "{base}"
[training]
limit = 24
epochs = 2
learning_rate = 0.01
[evaluation]
item_limit = 12
contexts = ["none", "sad"]
[evaluation.decoding]
max_new_tokens = 24
"""
N_PROMPTS = 12 * 2 * 2
STOPS = [
    ("train", signal.SIGINT),
    ("serve", signal.SIGINT),
    ("generate", signal.SIGINT),
    ("generate", signal.SIGKILL),
]


@pytest.fixture
def study(tmp_path):
    folder = tmp_path / "studies" / "pilot"
    folder.mkdir(parents=True)
    base = make_tiny_model(tmp_path / "tiny", seed=1)
    (folder / "study.toml").write_text(STUDY.format(base=base), encoding="utf-8")
    return folder


def start(study):
    """`warmth-audit run` in a session of its own, as a terminal would have it."""
    return subprocess.Popen(
        [sys.executable, "-m", "audit_app", "run", "--study", str(study)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def count_lines(study):
    """Lines of the run file that replies come into, its header among them."""
    responses = study / "runs" / "generate.jsonl"
    return responses.read_bytes().count(b"\n") if responses.exists() else 1


def has_begun(study, stage, n_before):
    if stage == "train":
        return any((study.parent / "adapters").glob("*.partial"))
    if stage == "serve":
        return any((study.parent / "adapters").glob("*/manifest.json"))
    return count_lines(study) > n_before


def wait_for(process, study, stage, n_before):
    deadline = time.monotonic() + 120
    while not has_begun(study, stage, n_before):
        assert process.poll() is None, process.stdout.read()
        assert time.monotonic() < deadline, f"{stage} did not begin"
        time.sleep(0.02)


def stop(process, how):
    if how == signal.SIGINT:
        os.killpg(process.pid, how)
        said, _ = process.communicate(timeout=60)
        assert process.returncode == 130, said
        assert "run the same command again" in said
        assert "Traceback" not in said
    else:
        process.kill()
        process.communicate(timeout=60)


def test_a_run_that_was_stopped_or_killed_goes_on_where_it_stopped(study):
    for stage, how in STOPS:
        n_before = count_lines(study)
        process = start(study)
        wait_for(process, study, stage, n_before)
        stop(process, how)

    last = start(study)
    said, _ = last.communicate(timeout=240)
    assert last.returncode == 0, said
    con = duckdb.connect(str(study / "study.duckdb"), read_only=True)
    rows = con.execute("SELECT arm, count(*), count(DISTINCT prompt_id) FROM responses GROUP BY 1")
    assert sorted(rows.fetchall()) == [
        ("original", N_PROMPTS, N_PROMPTS),
        ("warm", N_PROMPTS, N_PROMPTS),
    ]
    assert con.execute("SELECT count(*) FROM grades").fetchone() == (2 * N_PROMPTS,)
    assert con.execute("SELECT count(*) FROM pairs").fetchone() == (N_PROMPTS,)
    con.close()
