"""`warmth-audit generate` as a shell sees it, against servers that speak TGI's protocol."""

import json
import resource
import shutil
import subprocess
import sys
import time
from contextlib import ExitStack

import duckdb
import pytest
from command_line import run_command
from quick_server import running_app
from served_study import make_adapters
from tgi_double import TgiDouble

from training.adapters import adapter_sha256

N_PROMPTS = 8
N_ARMS = 2
STUDY = """
name = "pilot"
question = "Does warmth cost accuracy?"
seed = 7
base = "{base}"
arms = ["original", "system-prompt"]
[evaluation]
items = "{items}"
item_limit = {n_items}
"""


def warmth_audit(*arguments):
    return run_command(*arguments, columns=200)


def make_study(folder, items="packaged", n_items=2):
    """Four prompts an item; no arm needs an adapter, and nobody loads the base."""
    base = folder / "base-model"
    base.mkdir()
    (base / "config.json").write_text("{}", encoding="utf-8")
    (base / "model.safetensors").write_bytes(b"weights")
    study = folder / "study"
    study.mkdir()
    text = STUDY.format(base=base, items=items, n_items=n_items)
    (study / "study.toml").write_text(text, encoding="utf-8")
    return study


@pytest.fixture
def study(tmp_path):
    return make_study(tmp_path)


def rows(study, query):
    with duckdb.connect(str(study / "study.duckdb"), read_only=True) as con:
        return con.execute(query).fetchall()


def count(study):
    """Replies, graded ones and pairs."""
    (found,) = rows(
        study,
        "SELECT (SELECT count(DISTINCT (prompt_id, arm, sample)) FROM responses), "
        "(SELECT count(DISTINCT response_id) FROM grades), (SELECT count(*) FROM pairs)",
    )
    return found


def one_sentence(done):
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert done.returncode == 2
    assert len(lines) == 1, done.stderr
    return lines[0]


def test_replicas_share_the_prompts_and_a_second_run_asks_nothing(study):
    doubles = [TgiDouble(delay_s=0.05), TgiDouble(delay_s=0.05)]
    with ExitStack() as stack:
        urls = [stack.enter_context(running_app(double.app())) for double in doubles]
        options = [word for url in urls for word in ("--endpoint", url)]
        done = warmth_audit("generate", "--study", study, *options)
        assert done.returncode == 0, done.stderr
        assert "at 2 replicas" in done.stdout
        n_asked = [sum(body["max_tokens"] == 64 for body in double.bodies) for double in doubles]
        again = warmth_audit("generate", "--study", study, *options)
    assert min(n_asked) > 0
    assert sum(n_asked) == N_PROMPTS * N_ARMS
    assert count(study) == (N_PROMPTS * N_ARMS, N_PROMPTS * N_ARMS, N_PROMPTS)
    assert "every response is there" in again.stdout
    # what the canary said is kept of each replica
    for arm, told in rows(study, "SELECT arm, canary_json FROM served_models"):
        said = json.loads(told)
        assert sorted(said) == sorted(urls), arm
        assert all(len(one["answers"]) == len(one["probes"]) for one in said.values())
    assert sum(body["max_tokens"] == 64 for one in doubles for body in one.bodies) == sum(n_asked)


def test_a_limit_asks_some_prompts_and_the_next_run_the_rest(study):
    with running_app(TgiDouble().app()) as url:
        assert (
            warmth_audit("generate", "--study", study, "--endpoint", url, "--limit", 2).returncode
            == 0
        )
        assert count(study) == (2 * N_ARMS, 2 * N_ARMS, 2)
        assert warmth_audit("generate", "--study", study, "--endpoint", url).returncode == 0
    assert count(study) == (N_PROMPTS * N_ARMS, N_PROMPTS * N_ARMS, N_PROMPTS)


def test_failures_are_final_until_they_are_asked_again(study):
    # the belief's sentence: two prompts of four, a pair of arms each
    double = TgiDouble(filtered=["the answer is"])
    n_failed = N_PROMPTS * N_ARMS // 2
    with running_app(double.app()) as url:
        asking = ("generate", "--study", study, "--endpoint", url)
        assert warmth_audit(*asking).returncode == 0
        assert count(study) == (N_PROMPTS * N_ARMS, N_PROMPTS * N_ARMS, N_PROMPTS // 2)
        double.filtered = ()
        told = " ".join(warmth_audit(*asking).stdout.split())
        assert f"every response is there, {n_failed} of them failed; `generate --ask-fail" in told
        again = warmth_audit(*asking, "--ask-failed-again")
    assert again.returncode == 0, again.stderr
    told = f"{n_failed} failures asked again: {n_failed} answered now, 0 failed again"
    assert told in " ".join(again.stdout.split())
    query = "SELECT count(*), count(text), count(*) FILTER (attempt = 2) FROM responses"
    assert rows(study, query) == [(N_PROMPTS * N_ARMS, N_PROMPTS * N_ARMS, n_failed)]
    assert rows(study, "SELECT count(*) FROM pairs") == [(N_PROMPTS,)]


def test_a_batch_is_written_answered_elsewhere_and_read(study, tmp_path):
    asked, answered = tmp_path / "asked.jsonl", tmp_path / "answered.jsonl"
    there = ("--study", study, "--base-name", "base", "--engine", "vllm 0.33.0 bf16")
    written = warmth_audit("generate", *there, "--write-batch", asked, "--limit", 3)
    assert written.returncode == 0, written.stderr
    assert "asked-original.jsonl" in written.stdout
    lines = _lines(tmp_path / "asked-original.jsonl")
    answered.write_text("".join(json.dumps(_answer(line)) + "\n" for line in lines))
    read = warmth_audit("generate", *there, "--read-batch", answered)
    assert read.returncode == 0, read.stderr
    assert f"{3 * N_ARMS} responses, 0 failed, {5 * N_ARMS} still missing" in read.stdout
    assert count(study) == (3 * N_ARMS, 3 * N_ARMS, 3)
    # those that are there are in no second batch
    provider = ("--write-batch", tmp_path / "rest.jsonl", "--batch-for", "openai")
    told = warmth_audit("generate", *there, *provider).stdout
    assert "a name that nobody serves is not tried" in " ".join(told.split())
    bodies = [line["body"] for line in _lines(tmp_path / "rest-original.jsonl")]
    assert {body["model"] for body in bodies} == {"base"}
    assert sum(body["max_tokens"] == 64 for body in bodies) == 5 * N_ARMS


def test_an_adapter_that_was_made_elsewhere_is_asked_by_its_arms_name(study, tmp_path):
    adapter = make_adapters(tmp_path)["warm"]
    shutil.move(adapter, study / "ours")
    file = study / "study.toml"
    text = file.read_text(encoding="utf-8").replace('"system-prompt"', '"warm"')
    file.write_text(f'{text}[training]\nadapters = {{ warm = "ours" }}\n', encoding="utf-8")
    with running_app(TgiDouble(["warm"]).app()) as url:
        done = warmth_audit("generate", "--study", study, "--endpoint", url)
    assert done.returncode == 0, done.stderr
    assert count(study) == (N_PROMPTS * N_ARMS, N_PROMPTS * N_ARMS, N_PROMPTS)
    served = rows(study, "SELECT model_name, adapter_sha256 FROM served_models WHERE arm = 'warm'")
    assert served == [("warm", adapter_sha256(study / "ours"))]
    assert rows(study, "SELECT count(*) FROM training_runs") == [(0,)]
    told = one_sentence(warmth_audit("train", "--study", study, "--arm", "warm"))
    assert "no arm 'warm' to train; it has none" in told


def test_another_base_at_the_endpoint_is_one_sentence_and_can_be_trusted(study):
    info = {"model_id": "org/other", "router": "text-generation-router", "version": "3.3.7"}
    with running_app(TgiDouble(info=info).app()) as url:
        asking = ("generate", "--study", study, "--endpoint", url)
        assert "it says that it serves org/other" in one_sentence(warmth_audit(*asking))
        assert warmth_audit(*asking, "--trust-model-id").returncode == 0
    assert rows(study, "SELECT DISTINCT model_id FROM served_models") == [("org/other",)]


def _lines(file):
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def _answer(line):
    """What `vllm run-batch` writes for a request; it knows no name but the base's."""
    body = line["body"]
    said = " ".join(message["content"] for message in body["messages"])
    choice = {"index": 0, "message": {"role": "assistant", "content": f"I say: {said}"}}
    reply = {"choices": [choice | {"finish_reason": "stop"}]}
    refusal = {"error": {"message": "no such model"}}
    known = body["model"] == "base"
    response = {"status_code": 200 if known else 404, "body": reply if known else refusal}
    return {"id": "1", "custom_id": line["custom_id"], "response": response, "error": None}


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--write-batch", "a.jsonl", "--read-batch", "b.jsonl"], "are two steps; give one"),
        (["--arm-name", "warm=w"], "say who answers a batch; give them with --write-batch"),
        (["--write-batch", "a.jsonl"], "give --base-name, the base's name there, and --engine"),
        (
            ["--read-batch", "no.jsonl", "--base-name", "b", "--engine", "vllm 1"],
            "no.jsonl could not be read",
        ),
        (
            ["--write-batch", "a.jsonl", "--base-name", "b", "--engine", "v", "--trust-model-id"],
            "--trust-model-id is about a running endpoint",
        ),
        (["--endpoint", "http://127.0.0.1:9"], "http://127.0.0.1:9"),
        (
            ["--read-batch", "a.jsonl", "--base-name", "b", "--engine", "v", "--ask-failed-again"],
            "--ask-failed-again goes with --write-batch",
        ),
    ],
)
def test_what_cannot_be_asked_ends_with_one_sentence(study, options, told):
    assert told in one_sentence(warmth_audit("generate", "--study", study, *options))


@pytest.fixture
def wordy_study(tmp_path):
    """Long questions, so that replies soon fill what room there is."""
    file = tmp_path / "wordy.jsonl"
    with file.open("w", encoding="utf-8") as lines:
        for number in range(60):
            question = f"Number {number}. {'Please read this slowly. ' * 150}Is it so?"
            row = {"question": question, "reference": "yes", "wrong_answer": "no"}
            lines.write(json.dumps(row) + "\n")
    return make_study(tmp_path, items=file, n_items=60)


@pytest.mark.slow
def test_a_full_disk_ends_with_one_sentence_and_the_next_run_goes_on_from_there(wordy_study):
    total = 60 * 4 * N_ARMS
    run_file = wordy_study / "runs" / "generate.jsonl"
    double = TgiDouble(delay_s=0.2)
    with running_app(double.app()) as url:
        asking = [sys.executable, "-m", "audit_app", "generate", "--study", str(wordy_study)]
        process = subprocess.Popen(
            [*asking, "--endpoint", url],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        while process.poll() is None and not (run_file.exists() and run_file.stat().st_size > 9999):
            time.sleep(0.002)
        # beyond this size the kernel refuses bytes of any file, as a full disk does
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (run_file.stat().st_size + 4000,) * 2)
        _, said = process.communicate(timeout=240)
        kept = run_file.read_bytes()
        assert process.returncode == 2
        assert said.count("\n") == 1
        assert "free some space and run the command again" in said
        # each row is whole, and none is counted that is not on the disk
        assert kept.endswith(b"\n")
        replies = [json.loads(line) for line in kept.splitlines()[1:]]
        assert 0 < len(replies) < total
        n_asked = len(double.bodies)
        again = warmth_audit("generate", "--study", wordy_study, "--endpoint", url)
    assert again.returncode == 0, again.stderr
    assert count(wordy_study) == (total, total, total // 2)
    questions = [body for body in double.bodies if body["max_tokens"] == 64]
    # lost is what was under way when there was no room, 96 requests at most and no more
    assert total <= len(questions) <= total + 96 + 96
    assert n_asked < len(double.bodies)
