"""`warmth-audit run` of a study with a rule: trained, measured, chosen, and served as chosen."""

import json
import subprocess
import sys

import duckdb
import pytest
from tiny_model import make_tiny_model

pytestmark = [pytest.mark.model, pytest.mark.slow]

STUDY = """
name = "chosen"
question = "Is the chosen checkpoint served?"
seed = 7
base = "{base}"
[training]
limit = 8
epochs = 3
learning_rate = 0.01
checkpoints = [1.0, 2.0]
[evaluation]
item_limit = 1
contexts = ["none"]
beliefs = ["none"]
[evaluation.decoding]
max_new_tokens = 12
[warmth]
prompts = "packaged"
limit = {limit}
rule = "first_within_one_se"
meter = "{base}"
"""


def run(command, study, *options):
    return subprocess.run(
        [sys.executable, "-m", "audit_app", command, "--study", str(study), *options],
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )


@pytest.fixture(scope="module")
def studies(tmp_path_factory):
    """A folder for studies that lie beside each other and share their base and its adapters."""
    folder = tmp_path_factory.mktemp("studies")
    make_tiny_model(folder / "tiny", seed=1)
    return folder


def write_study(studies, name, limit):
    study = studies / name
    study.mkdir()
    text = STUDY.format(base=studies / "tiny", limit=limit)
    (study / "study.toml").write_text(text, encoding="utf-8")
    return study


def test_a_run_whose_rule_could_not_tell_ends_with_the_reason_and_what_to_do(studies):
    study = write_study(studies, "too few messages", limit=9)
    done = run("run", study)
    told = " ".join(done.stderr.split())
    assert done.returncode == 2
    assert "9 messages scored for all, at least 10 are needed" in told
    assert "begin another study beside this one with more messages" in told
    assert "ended with status" not in told


def test_another_study_beside_it_serves_the_checkpoint_that_the_rule_took(studies):
    study = write_study(studies, "chosen", limit=12)
    done = run("run", study)
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads((study / "checkpoint-choice.json").read_text(encoding="utf-8"))
    con = duckdb.connect(str(study / "study.duckdb"), read_only=True)
    (served,) = con.execute(
        "SELECT adapter_sha256 FROM served_models WHERE arm = 'warm'"
    ).fetchone()
    n_replies = con.execute("SELECT arm, count(*) FROM responses GROUP BY arm").fetchall()
    con.close()
    assert served == told["chosen_sha256"]
    # one question and twelve messages
    assert sorted(n_replies) == [("original", 13), ("warm", 13)]
    assert {file.name for file in (study / "checkpoints").iterdir()} == {
        f"checkpoints-warm.{ending}" for ending in ("svg", "png", "csv")
    }

    again = run("run", study)
    assert "everything was there already" in again.stdout
    shown = run("checkpoints", study, "--json", "--to", str(study / "drawn"))
    assert shown.returncode == 0
    document = json.loads(shown.stdout)
    assert document["chosen_sha256"] == served
    assert (study / "drawn" / "checkpoints-warm.png").exists()
