"""Generation by two workers of a Ray cluster on this machine, over a server double.

Every prompt ends as one row per arm and sample, whichever process is killed.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from quick_server import running_app
from served_study import PLAN, make_adapters, make_job
from tgi_double import CUT, TgiDouble

from audit_app.generation_stage import generate_by_ray, missing_requests
from audit_app.pipeline import grade_missing, pair_missing, store_questions
from audit_app.serving_stage import check_served_models
from audit_app.stages import utc_now
from evaluation.serving.chat_client import connect
from evaluation.serving.ray_cluster import open_cluster
from evaluation.serving.ray_shards import ShardPool, ShardWork, see_worker
from evaluation.serving.retries import RetryPolicy
from study.errors import BadInput, ModelUnreachable
from study.settings import DecodingSettings

pytestmark = pytest.mark.slow

TOTAL = 10 * 4 * 3 * 2
"""Items, conditions, arms, samples."""
N_SHARDS = 8
# three quarters of 22 are 16: two workers of 8 at once, however many CPUs there are
INFO = {
    "model_id": "base-model",
    "router": "text-generation-router",
    "version": "3.3.7",
    "max_concurrent_requests": 22,
}
AT_ONCE = 8


@pytest.fixture(scope="module")
def cluster():
    on_sigterm = signal.getsignal(signal.SIGTERM)
    with open_cluster("local") as cluster:
        assert signal.getsignal(signal.SIGTERM) is on_sigterm
        yield cluster


@pytest.fixture
def double():
    return TgiDouble(["warm"], info=INFO, delay_s=0.03)


def ask(folder, url, cluster, report=lambda progress: None, *, failed_again=False):
    """Returns how many responses were missing."""
    job, adapters = make_job(folder, samples=2, n_items=10, report=report), make_adapters(folder)
    questions = store_questions(job)
    client = connect(url, seed=1, retry=RetryPolicy(attempts=2, first_delay_s=0.01))
    checked = check_served_models(job, PLAN, adapters, client, utc_now)
    requests = missing_requests(job, questions, checked.arms, failed_again=failed_again)
    pool = ShardPool(
        cluster, client, job.settings.evaluation.decoding, checked.check, n_shards=N_SHARDS
    )
    generate_by_ray(job, questions, requests, pool)
    return len(requests)


def questions_at(double):
    """Of what it was sent, all but the canary's probes."""
    return [body for body in double.bodies if body["max_tokens"] == 64]


def rows_on_disk(folder):
    """Rows in the run file of each shard."""
    files = sorted((folder / "studies" / "served" / "runs").glob("generate-shard-???.jsonl"))
    return {
        file.stem: [json.loads(line)["row"] for line in file.read_text().splitlines()[1:]]
        for file in files
    }


def assert_one_row_each(folder, n_failures=0):
    job = make_job(folder, samples=2, n_items=10)
    # what an end came between is graded and paired by the stages that follow
    grade_missing(job)
    pair_missing(job)
    with job.access.reading() as con:
        counted = con.execute("""
            SELECT count(*), count(DISTINCT (prompt_id, arm, sample)), count(text)
            FROM responses""").fetchone()
        assert counted == (TOTAL, TOTAL, TOTAL)
        assert con.execute("SELECT count(*) FROM grades").fetchone() == (TOTAL + n_failures,)
        query = "SELECT count(*), count(failure) FROM response_attempts"
        assert con.execute(query).fetchone() == (TOTAL + n_failures, n_failures)
        # warm and system-prompt, each against the original
        assert con.execute("SELECT count(*) FROM pairs").fetchone() == (TOTAL * 2 // 3,)


def workers_asking():
    return [
        process
        for process in psutil.Process().children(recursive=True)
        if "ray::_ask_shard" in " ".join(process.cmdline())
    ]


def test_a_killed_worker_costs_what_it_had_under_way_and_nothing_else(tmp_path, cluster, double):
    said = []

    def kill_one():
        while sum(map(len, rows_on_disk(tmp_path).values())) < 60 or not workers_asking():
            time.sleep(0.02)
        workers_asking()[0].kill()

    killer = threading.Thread(target=kill_one, daemon=True)
    with running_app(double.app()) as url:
        killer.start()
        assert ask(tmp_path, url, cluster, said.append) == TOTAL
    killer.join()
    assert_one_row_each(tmp_path)
    assert [len(rows) for rows in rows_on_disk(tmp_path).values()] == [TOTAL / N_SHARDS] * N_SHARDS
    # those that were under way, and those that had come and were not handed over yet
    assert TOTAL <= len(questions_at(double)) <= TOTAL + 2 * AT_ONCE
    assert double.most_under_way <= 2 * AT_ONCE
    assert said[-1].note == (
        "240 responses, 0 failed, in 8 shards; 1 Ray worker died and its shard went on; "
        "canary: 32 probes, 384 tokens in all"
    )


def test_failures_are_asked_again_and_probes_of_a_lost_connection_counted(
    tmp_path, cluster, double
):
    said = []
    # the sentence of a belief, in half of the prompts
    double.filtered = ["the answer is"]
    with running_app(double.app()) as url:
        assert ask(tmp_path, url, cluster) == TOTAL
    double = TgiDouble(["warm"], info=INFO, statuses=[200] * (32 + 40) + [CUT])
    with running_app(double.app()) as url:
        assert ask(tmp_path, url, cluster, said.append, failed_again=True) == TOTAL // 2
    assert said[-1].note.startswith(
        "120 responses, 0 failed; 120 failures asked again: 120 answered now, 0 failed again, in 8 "
        "shards; canary: 64 probes, 32 of them on the way, 768 tokens in all"
    )
    assert_one_row_each(tmp_path, n_failures=TOTAL // 2)


ASK = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[4])
from test_generation_by_ray import ask
from evaluation.serving.ray_cluster import open_cluster
with open_cluster(sys.argv[3]) as cluster:
    ask(Path(sys.argv[1]), sys.argv[2], cluster)
"""


def test_after_kill_9_of_the_study_process_finished_shards_are_skipped(tmp_path, cluster, double):
    import ray

    here = Path(__file__).parent
    environment = {**os.environ, "PYTHONPATH": f"{here.parent}{os.pathsep}{os.getcwd()}"}
    address = ray.get_runtime_context().gcs_address
    with running_app(double.app()) as url:
        command = [sys.executable, "-c", ASK, str(tmp_path), url, address, str(here)]
        process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
        while sum(map(len, rows_on_disk(tmp_path).values())) < 100:
            assert process.poll() is None
            time.sleep(0.02)
        process.kill()
        process.wait()
    before = rows_on_disk(tmp_path)
    stored = sum(map(len, before.values()))
    assert max(map(len, before.values())) == TOTAL / N_SHARDS  # some shard was whole
    again = TgiDouble(["warm"], info=INFO)
    with running_app(again.app()) as url:
        assert ask(tmp_path, url, cluster) == TOTAL - stored
    assert len(questions_at(again)) == TOTAL - stored
    assert_one_row_each(tmp_path)


def test_a_node_that_dies_ends_the_command_with_a_sentence_and_what_came_is_kept(tmp_path, cluster):
    here = Path(__file__).parent
    environment = {**os.environ, "PYTHONPATH": f"{here.parent}{os.pathsep}{os.getcwd()}"}
    slow = TgiDouble(["warm"], info=INFO, delay_s=0.2)
    with running_app(slow.app()) as url:
        command = [sys.executable, "-c", ASK, str(tmp_path), url, "local", str(here)]
        process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE)
        while sum(map(len, rows_on_disk(tmp_path).values())) < 20:
            assert process.poll() is None
            time.sleep(0.02)
        for child in psutil.Process(process.pid).children(recursive=True):
            if child.name() == "raylet":
                child.kill()
        _, said = process.communicate(timeout=60)
    assert b"ClusterUnreachable: " in said
    assert b"run the command again, it goes on from here" in said
    stored = sum(map(len, rows_on_disk(tmp_path).values()))
    with running_app(TgiDouble(["warm"], info=INFO).app()) as url:
        assert ask(tmp_path, url, cluster) == TOTAL - stored
    assert_one_row_each(tmp_path)


def test_an_endpoint_that_ends_leaves_what_has_come_in_the_study(tmp_path, cluster):
    probes = 4 * 8
    ending = TgiDouble(["warm"], info=INFO, statuses=[200] * (probes + 20) + [503] * 9999)
    with (
        running_app(ending.app()) as url,
        pytest.raises(ModelUnreachable, match=rf"\d+ requests to {url} got no answer .*HTTP 503"),
    ):
        ask(tmp_path, url, cluster)
    with running_app(TgiDouble(["warm"], info=INFO).app()) as url:
        assert ask(tmp_path, url, cluster) == TOTAL - 20
    assert_one_row_each(tmp_path)


def test_a_worker_of_another_version_or_machine_refuses(cluster, double):
    import ray

    with running_app(double.app()) as url:
        client = connect(url, seed=1)
    here = ShardWork.of(client, DecodingSettings(), None, 8)
    see_worker(here)
    with pytest.raises(BadInput, match=r"expected warmth-audit 0\.0\.1 at every Ray worker"):
        see_worker(replace(here, version="0.0.1"))
    assert ray.util.get_node_ip_address() == "127.0.0.1"
    with pytest.raises(BadInput, match=f"{url} is another machine at 127.0.0.1"):
        see_worker(replace(here, host="192.0.2.7"))
