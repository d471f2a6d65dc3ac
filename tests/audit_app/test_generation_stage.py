"""Generation over a server double: every prompt ends as one row per arm and sample, whatever happens."""

import hashlib
import json
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import duckdb
import pytest
from quick_server import running_app
from served_study import PLAN, make_adapters, make_job
from tgi_double import CUT, TgiDouble

from audit_app.generation_stage import generate_responses, missing_requests, skip_generation
from audit_app.overview import count_stored
from audit_app.pipeline import grade_missing, pair_missing, store_questions
from audit_app.serving_stage import check_served_models, current_served_models, read_system_prompt
from audit_app.stages import utc_now
from audit_app.study_report import compute_report
from evaluation.serving.chat_client import connect
from evaluation.serving.retries import RetryPolicy
from evaluation.serving.served_models import read_served_models
from evaluation.statistics.results import compute_results
from study.errors import BadInput, ModelUnreachable
from study.records import stable_id
from study.run_files import RunFile

N_PROMPTS = 8
QUICK = RetryPolicy(attempts=2, first_delay_s=0.01)


def ask(job, url, adapters, limit=None, *, failed_again=False):
    questions = store_questions(job)
    client = connect(url, seed=1, retry=QUICK)
    checked = check_served_models(job, PLAN, adapters, client, utc_now)
    requests = missing_requests(job, questions, checked.arms, limit, failed_again=failed_again)
    generate_responses(job, questions, requests, client, checked.check)
    pair_missing(job)
    return len(requests)


def rows(job, query):
    with job.access.reading() as con:
        return con.execute(query).fetchall()


@pytest.fixture
def adapters(tmp_path):
    return make_adapters(tmp_path)


def test_every_prompt_has_one_row_per_arm_and_sample_with_grade_and_pair(tmp_path, adapters):
    job = make_job(tmp_path, samples=2)
    with running_app(TgiDouble(["warm"]).app()) as url:
        ask(job, url, adapters)
    counted = rows(
        job, "SELECT arm, count(*), count(DISTINCT (prompt_id, sample)) FROM responses GROUP BY ALL"
    )
    assert sorted(counted) == [(arm, 16, 16) for arm in ("original", "system-prompt", "warm")]
    assert rows(job, "SELECT count(*) FROM grades") == [(48,)]
    assert rows(job, "SELECT count(*) FROM pairs") == [(32,)]


def test_what_the_server_said_besides_is_kept(tmp_path, adapters):
    job = make_job(tmp_path)
    with running_app(TgiDouble(["warm"]).app()) as url:
        ask(job, url, adapters)
    query = """
        SELECT r.usage_json, r.headers_json, r.templated_sha256, p.text
        FROM responses r JOIN prompts p USING (prompt_id) WHERE r.arm = 'original' LIMIT 1"""
    usage, headers, templated, prompt = rows(job, query)[0]
    assert json.loads(usage)["completion_tokens"] == 7
    assert json.loads(headers)["content-type"] == "application/json"
    whole = f"<user>{prompt}</user><assistant>"
    assert templated == hashlib.sha256(whole.encode()).hexdigest()


def test_the_arm_by_system_prompt_is_the_base_with_the_studys_own_text(tmp_path, adapters):
    job = make_job(tmp_path)
    (job.folder.root / "system-prompt.md").write_text("Be kind.\n", encoding="utf-8")
    with running_app(TgiDouble(["warm"]).app()) as url:
        ask(job, url, adapters)
    texts = rows(job, "SELECT text FROM responses WHERE arm = 'system-prompt'")
    assert all(text.endswith("(told: Be kind.)") for (text,) in texts)
    with job.access.reading() as con:
        models = {model.arm: model for model in read_served_models(con)}
    assert models["system-prompt"].model_name == "tgi"
    assert models["system-prompt"].system_sha256 == hashlib.sha256(b"Be kind.").hexdigest()
    assert models["original"].system_sha256 == ""
    assert models["original"].template_sha256 == models["warm"].template_sha256
    assert models["original"].template_sha256 != models["system-prompt"].template_sha256


def test_another_system_prompt_is_another_model(tmp_path, adapters):
    job = make_job(tmp_path)
    with running_app(TgiDouble(["warm"]).app()) as url:
        ask(job, url, adapters)
    with job.access.reading() as con:
        known = read_served_models(con)
    assert len(current_served_models(known, adapters, PLAN, job)) == 3
    (job.folder.root / "system-prompt.md").write_text("Be kind.", encoding="utf-8")
    assert len(current_served_models(known, adapters, PLAN, job)) == 2


def test_an_empty_system_prompt_is_refused(tmp_path):
    job = make_job(tmp_path)
    (job.folder.root / "system-prompt.md").write_text(" \n", encoding="utf-8")
    with pytest.raises(BadInput, match="expected a system prompt"):
        read_system_prompt(job.folder)


def test_a_limit_asks_some_prompts_and_the_rest_another_time(tmp_path, adapters):
    job = make_job(tmp_path)
    with running_app(TgiDouble(["warm"]).app()) as url:
        assert ask(job, url, adapters, limit=2) == 2 * 3
        assert marks(job) == "at most 2 items, 2 of 8 prompts asked"
        assert ask(job, url, adapters) == (N_PROMPTS - 2) * 3
    assert marks(job) == "at most 2 items"
    assert rows(job, "SELECT count(*) FROM responses") == [(N_PROMPTS * 3,)]


def marks(job):
    """What stands beside every number of the study."""
    with job.access.reading() as con:
        return compute_report(con, job.settings).limited


def test_progress_says_rate_time_left_and_failures(tmp_path, adapters):
    said = []
    job = make_job(tmp_path, report=said.append)
    with running_app(TgiDouble(["warm"]).app()) as url:
        ask(job, url, adapters)
    running = [one for one in said if one.stage == "generate" and one.state == "running"]
    assert "a minute, about" in running[0].note
    # eight probes by each arm and the nonsense name, each of 12 tokens
    assert ended(said).note == "24 responses, 0 failed; canary: 32 probes, 384 tokens in all"


def test_what_the_canary_of_a_broken_connection_cost_is_told(tmp_path, adapters):
    said = []
    job = make_job(tmp_path, report=said.append)
    double = TgiDouble(["warm"], statuses=[200] * (4 * 8 + 5) + [CUT])
    with running_app(double.app()) as url:
        ask(job, url, adapters)
        n_probes = len(double.bodies) - 24 - 1
    assert ended(said).note == (
        "24 responses, 0 failed; canary: 64 probes, 32 of them on the way, 768 tokens in all"
    )
    assert n_probes == 64


def ended(said):
    """How the last generation said that it was done."""
    return [one for one in said if one.stage == "generate" and one.state == "done"][-1]


def filtered_words(job):
    """Words of the first of two questions, in all its four prompts; by them a filter knows it."""
    questions = store_questions(job)
    return (questions.items[questions.prompts[0].item_id].question,)


def n_labels_failed(job):
    """Of the responses that count; as many as have no text."""
    query = """
        SELECT count(*) FILTER (g.label = 'failed'),
            count(*) FILTER (r.text IS NULL), count(DISTINCT r.response_id) = count(*)
        FROM responses r JOIN grades g USING (response_id)"""
    ((n_labels, n_without_text, is_one_each),) = rows(job, query)
    assert (n_labels, is_one_each) == (n_without_text, True)
    return n_labels


def test_failures_are_asked_again_when_that_is_wanted_and_a_reply_takes_their_place(
    tmp_path, adapters
):
    said = []
    job = make_job(tmp_path, samples=2, report=said.append)
    double = TgiDouble(["warm"], filtered=filtered_words(job))
    n_failed, total = 4 * 2 * 3, N_PROMPTS * 2 * 3
    with running_app(double.app()) as url:
        assert ask(job, url, adapters) == total
        assert rows(job, "SELECT count(*), count(failure) FROM responses") == [(total, n_failed)]
        assert n_labels_failed(job) == n_failed
        drawn = rows(job, "SELECT * FROM pairs")
        # they are final unless they are asked for
        assert ask(job, url, adapters) == 0
        double.filtered = ()
        assert ask(job, url, adapters, limit=2, failed_again=True) == n_failed / 2
        told = "12 failures asked again: 12 answered now, 0 failed again"
        assert ended(said).note.startswith(f"12 responses, 0 failed; {told}; canary: 32 probes")
        running = [one.note for one in said if one.stage == "generate" and one.state == "running"]
        assert "asked again" in running[-1]
        assert ask(job, url, adapters, failed_again=True) == n_failed / 2
        assert ask(job, url, adapters, failed_again=True) == 0
    query = "SELECT count(*), count(DISTINCT (prompt_id, arm, sample)), count(text) FROM responses"
    assert rows(job, query) == [(total, total, total)]
    assert n_labels_failed(job) == 0
    # pairs that people may have rated stay as they were drawn
    assert rows(job, "SELECT count(*) FROM pairs") == [(total * 2 // 3,)]
    assert set(drawn) < set(rows(job, "SELECT * FROM pairs"))
    # why they failed, and when, is still there
    query = """
        SELECT DISTINCT a.failure, a.created_at < r.created_at
        FROM response_attempts a JOIN responses r USING (prompt_id, served_model_id, sample)
        WHERE a.attempt = 1 AND r.attempt = 2"""
    ((reason, was_before),) = rows(job, query)
    assert (reason.startswith("HTTP 400"), was_before) == (True, True)
    with job.access.reading() as con:
        counts = count_stored(con)
    assert (counts.responses, counts.grades, counts.attempts) == (total, total, total + n_failed)


def test_what_fails_again_is_one_row_still_and_is_told(tmp_path, adapters):
    said = []
    job = make_job(tmp_path, report=said.append)
    double = TgiDouble(["warm"], filtered=filtered_words(job))
    pairs = "SELECT pair_id FROM pairs ORDER BY 1"
    with running_app(double.app()) as url:
        ask(job, url, adapters)
        before = rows(job, pairs)
        assert ask(job, url, adapters, failed_again=True) == 12
        asked = [body["seed"] for body in double.bodies if body["max_tokens"] == 64]
        # how many there are is told of the prompts that were looked at
        questions = store_questions(job)
        with job.access.reading() as con:
            arms = current_served_models(read_served_models(con), adapters, PLAN, job)
        there = "every response is there, {} of them failed; `generate --ask-failed-again`"
        for limit, n_failed in ((2, 6), (None, 12)):
            skip_generation(job, questions, arms, limit)
            assert said.pop().note.startswith(there.format(n_failed))
    told = "12 failures asked again: 0 answered now, 12 failed again"
    assert ended(said).note.startswith(f"12 responses, 12 failed; {told}; canary: 32 probes")
    query = "SELECT count(*), count(failure), max(attempt) FROM responses"
    assert rows(job, query) == [(24, 12, 2)]
    assert (n_labels_failed(job), rows(job, pairs)) == (12, before)
    # the same prompts, drawn by the same seeds
    assert set(asked[24:]) <= set(asked[:24])
    with job.access.reading() as con:
        again = compute_results(con, seed=7).asked_again
    assert [(one.arm, one.n, one.n_failed) for one in again] == [
        (arm, 4, 4) for arm in ("original", "system-prompt", "warm")
    ]


def test_a_run_file_of_before_brings_no_failure_back(tmp_path, adapters):
    job = make_job(tmp_path)
    double = TgiDouble(["warm"], filtered=filtered_words(job))
    with running_app(double.app()) as url:
        ask(job, url, adapters)
        run_file = job.folder.run_file("generate")
        header, lines = run_file.read_bytes().split(b"\n", 1)
        double.filtered = ()
        ask(job, url, adapters, failed_again=True)
    before = rows(job, "SELECT response_id, text FROM responses ORDER BY 1")
    # the same rows under the name of another run, so that the study looks at each
    header = json.dumps(json.loads(header) | {"run_id": "0123456789abcdef"}).encode()
    run_file.write_bytes(header + b"\n" + lines)
    job.access.hand_in(RunFile(run_file, "generate"))
    assert rows(job, "SELECT response_id, text FROM responses ORDER BY 1") == before
    assert rows(job, "SELECT count(*), count(failure) FROM responses") == [(24, 0)]


def test_a_server_that_stops_leaves_what_has_come_in_the_study(tmp_path, adapters):
    job = make_job(tmp_path)
    # the canary's probes, four of them by three models and the nonsense name, then some replies
    double = TgiDouble(["warm"], statuses=[200] * (4 * 8 + 5) + [503] * 99)
    with (
        running_app(double.app()) as url,
        pytest.raises(ModelUnreachable, match=f"requests to {url} got no answer .*HTTP 503"),
    ):
        ask(job, url, adapters)
    assert rows(job, "SELECT count(*) FROM responses") == [(5,)]
    with running_app(TgiDouble(["warm"]).app()) as url:
        assert ask(job, url, adapters) == N_PROMPTS * 3 - 5


def test_a_server_in_health_that_fails_every_reply_leaves_no_row(tmp_path, adapters):
    job = make_job(tmp_path)
    # the canary passes; then nothing is answered, though /health says that all is well
    double = TgiDouble(["warm"], statuses=[200] * (4 * 8) + [500] * 9999)
    with (
        running_app(double.app()) as url,
        pytest.raises(
            ModelUnreachable,
            match=rf"24 requests to {url} .*HTTP 500.* none of the first 10 was answered",
        ),
    ):
        ask(job, url, adapters)
    assert rows(job, "SELECT count(*) FROM responses") == [(0,)]
    with running_app(TgiDouble(["warm"]).app()) as url:
        assert ask(job, url, adapters) == N_PROMPTS * 3


ASK = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from served_study import PLAN, make_adapters, make_job
from audit_app.generation_stage import generate_responses, missing_requests
from audit_app.pipeline import store_questions
from audit_app.serving_stage import check_served_models
from audit_app.stages import utc_now
from audit_app.study_report import compute_report
from evaluation.serving.chat_client import connect
folder = Path(sys.argv[1])
job, adapters = make_job(folder, samples=5, n_items=10), make_adapters(folder)
questions = store_questions(job)
client = connect(sys.argv[2], seed=1)
checked = check_served_models(job, PLAN, adapters, client, utc_now)
failed_again = sys.argv[4:] == ["again"]
requests = missing_requests(job, questions, checked.arms, failed_again=failed_again)
print("asking", flush=True)
generate_responses(job, questions, requests, client, checked.check)
"""


ASK_SLOWLY = ASK.replace(
    "questions = ",
    """
class SlowAccess:
    def __init__(self, access):
        self._access = access
    def __getattr__(self, name):
        return getattr(self._access, name)
    def hand_in(self, run_file):
        if run_file.stage == "generate" and run_file.path.read_bytes().count(b"\\n") > 1:
            print("handing in", flush=True)
            time.sleep(600)
        self._access.hand_in(run_file)
job = replace(job, access=SlowAccess(job.access))
questions = """,
    1,
).replace("samples=5", "samples=16")


@pytest.mark.slow
def test_what_comes_during_a_slow_hand_in_survives_kill_9(tmp_path):
    double = TgiDouble(["warm"], delay_s=0.4)
    stored = tmp_path / "studies" / "served" / "runs" / "generate.jsonl"
    program = "import time\nfrom dataclasses import replace\n" + ASK_SLOWLY

    def n_answered():
        return _asked_seeds(double.bodies).total() - double.n_under_way

    def n_stored():
        return stored.read_bytes().count(b"\n") - 1

    with running_app(double.app()) as url:
        command = [
            sys.executable,
            "-c",
            program,
            str(tmp_path),
            url,
            str(Path(__file__).parents[1]),
        ]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert process.stdout.readline() == b"asking\n"
        assert process.stdout.readline() == b"handing in\n"
        n_before = n_answered()
        while n_answered() < n_before + 300:
            time.sleep(0.01)
        double.delay_s = 600  # from here on requests stay under way
        time.sleep(3)
        process.kill()
        process.wait()
        process.stdout.close()
        n_then = n_answered()
        assert n_stored() == n_then >= n_before + 300
        double.delay_s = 0
        job = make_job(tmp_path, samples=16, n_items=10)
        assert ask(job, url, make_adapters(tmp_path)) == 10 * 4 * 3 * 16 - n_then
    assert rows(job, "SELECT count(*), count(DISTINCT response_id) FROM responses") == [
        (10 * 4 * 3 * 16,) * 2
    ]


def _asked_seeds(bodies):
    return Counter(body["seed"] for body in bodies if body["max_tokens"] == 64)


def _stored_seeds(stored, seed=7):
    """Of each sampling seed, which is the same for the arms of a prompt, how many are on the disk."""
    whole = [line for line in stored.read_bytes().splitlines(True) if line.endswith(b"\n")]
    responses = [json.loads(line)["row"] for line in whole[1:]]
    return Counter(
        int(stable_id(seed, row["prompt_id"], row["sample"]), 16) % 2**31 for row in responses
    )


@pytest.mark.slow
def test_after_kill_9_nothing_is_lost_doubled_or_paid_twice(tmp_path):
    double = TgiDouble(["warm"], delay_s=0.05)
    tests = str(Path(__file__).parents[1])
    stored = tmp_path / "studies" / "served" / "runs" / "generate.jsonl"
    n_arms, on_disk, asked = 3, [], []
    with running_app(double.app()) as url:
        command = [sys.executable, "-c", ASK, str(tmp_path), url, tests]
        while True:
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            assert process.stdout.readline() == b"asking\n"
            before = stored.read_bytes().count(b"\n") if stored.exists() else 0
            n_before = len(double.bodies)
            killed = False
            while process.poll() is None and len(on_disk) < 3:
                if stored.exists() and stored.read_bytes().count(b"\n") > before + 100:
                    process.kill()
                    killed = True
                    break
                time.sleep(0.002)
            process.wait(timeout=120)
            process.stdout.close()
            asked.append(_asked_seeds(double.bodies[n_before:]))
            if not killed:
                break
            on_disk.append(_stored_seeds(stored))
    assert (process.returncode, len(on_disk)) == (0, 3)
    total = 10 * 4 * n_arms * 5
    con = duckdb.connect(str(tmp_path / "studies" / "served" / "study.duckdb"), read_only=True)
    assert con.execute(
        "SELECT count(*), count(DISTINCT (prompt_id, arm, sample)) FROM responses"
    ).fetchall() == [(total, total)]
    con.close()
    # what was on the disk at a kill is not asked again, by any run after it
    for seeds, later in zip(on_disk, asked[1:], strict=True):
        assert all(later[seed] <= n_arms - n for seed, n in seeds.items())
    # the last run asks for what was missing, and for each of it once
    assert asked[-1].total() == total - on_disk[-1].total()


@pytest.mark.slow
def test_kill_9_while_failures_are_asked_again_loses_and_doubles_nothing(tmp_path):
    # half of the prompts state a belief
    double = TgiDouble(["warm"], filtered=["the answer is"])
    n_failed, total = 10 * 2 * 3 * 5, 10 * 4 * 3 * 5
    run_file = tmp_path / "studies" / "served" / "runs" / "generate.jsonl"
    with running_app(double.app()) as url:
        tests = str(Path(__file__).parents[1])
        command = [sys.executable, "-c", ASK, str(tmp_path), url, tests]
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        # so slow that hundreds are left when the first have come, also on a busy machine
        double.filtered, double.delay_s = (), 0.5
        n_lines, n_asked = run_file.read_bytes().count(b"\n"), len(double.bodies)
        assert n_lines == 1 + total
        process = subprocess.Popen(
            [*command, "again"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert process.stdout.readline() == b"asking\n"
        deadline = time.monotonic() + 120
        while run_file.read_bytes().count(b"\n") < n_lines + 60:
            assert process.poll() is None, "all was asked before the kill"
            assert time.monotonic() < deadline, "not 60 replies came in two minutes"
            time.sleep(0.002)
        process.kill()
        process.wait()
        process.stdout.close()
        n_kept = run_file.read_bytes().count(b"\n") - n_lines
        n_first = _asked_seeds(double.bodies[n_asked:]).total()
        assert 60 <= n_kept <= n_first < n_failed
        double.delay_s = 0
        job, adapters = make_job(tmp_path, samples=5, n_items=10), make_adapters(tmp_path)
        n_left = ask(job, url, adapters, failed_again=True)
    assert n_left == n_failed - n_kept
    query = "SELECT count(*), count(DISTINCT (prompt_id, arm, sample)), count(text) FROM responses"
    assert rows(job, query) == [(total, total, total)]
    query = "SELECT count(*), count(failure) FROM response_attempts"
    assert rows(job, query) == [(total + n_failed, n_failed)]
    grade_missing(job)
    assert n_labels_failed(job) == 0
    assert rows(job, "SELECT count(*) FROM pairs") == [(total * 2 // 3,)]
