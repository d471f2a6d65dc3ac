"""Batch files: written from a study, answered elsewhere, taken in."""

import json
from dataclasses import replace

import pytest
from served_study import PLAN, make_adapters, make_job

from audit_app.batch_stage import BatchEndpoint, read_replies, write_requests
from audit_app.pipeline import store_questions
from study.errors import BadInput, BadTable, CanaryFailed

VLLM = BatchEndpoint("vllm", "base", "vllm 0.33.0 bf16")
PROVIDER = BatchEndpoint("openai", "base", "a provider", {"warm": "ft:base:us::1"})
N_PROBES = 4 * 8
N_REQUESTS = 8 * 3


@pytest.fixture
def adapters(tmp_path):
    return make_adapters(tmp_path)


@pytest.fixture
def job(tmp_path):
    return make_job(tmp_path)


def write(job, adapters, folder, endpoint=VLLM, *, failed_again=False):
    """The requests that a study lacks, by the file in which they were written."""
    write_requests(
        job,
        store_questions(job),
        PLAN,
        adapters,
        endpoint,
        folder / "asked.jsonl",
        None,
        failed_again=failed_again,
    )
    return {
        file.name: [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        for file in sorted(folder.glob("asked*"))
    }


@pytest.fixture
def batch(job, adapters, tmp_path):
    """The requests of a study without replies, those to the base first."""
    return [line for lines in write(job, adapters, tmp_path).values() for line in lines]


def answer(line, *, served=("base", "warm"), status=200):
    """What `vllm run-batch` writes for one request."""
    body = line["body"]
    if body["model"] not in served:
        status = 404
    *system, user = (message["content"] for message in body["messages"])
    reply = {
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": f"{body['model']} {system}: {user}"},
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12},
    }
    refusal = {"error": {"message": "as told"}}
    return {
        "id": "vllm-1",
        "custom_id": line["custom_id"],
        "response": {"status_code": status, "body": reply if status == 200 else refusal},
        "error": None,
    }


def take_in(job, adapters, tmp_path, *outputs, endpoint=VLLM):
    files = [tmp_path / f"output-{number}.jsonl" for number in range(len(outputs))]
    for file, lines in zip(files, outputs, strict=True):
        file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    read_replies(job, store_questions(job), PLAN, adapters, endpoint, files)


def count(job, query):
    with job.access.reading() as con:
        return con.execute(query).fetchone()


def is_probe(line):
    return line["custom_id"].startswith("canary/")


def test_a_batch_holds_the_probes_and_every_request_with_its_parameters(batch):
    assert len(batch) == N_PROBES + N_REQUESTS
    assert len({line["custom_id"] for line in batch}) == len(batch)
    assert {(line["method"], line["url"]) for line in batch} == {("POST", "/v1/chat/completions")}
    last = batch[-1]["body"]
    assert (last["temperature"], last["top_k"], last["repetition_penalty"]) == (0.8, -1, 1.15)
    assert {line["body"]["temperature"] for line in batch if is_probe(line)} == {0.0}
    assert sum(map(is_probe, batch)) == N_PROBES


def test_each_model_has_a_file_of_its_own_and_the_base_that_of_the_nonsense_name(
    job, adapters, tmp_path
):
    files = write(job, adapters, tmp_path)
    models = {name: {line["body"]["model"] for line in lines} for name, lines in files.items()}
    assert models["asked-warm.jsonl"] == {"warm"}
    base, nonsense = sorted(models["asked-original.jsonl"])
    assert (len(files), base) == (2, "base")
    assert nonsense.startswith("canary-")
    # one that is written anew takes the place of the one before
    assert write(job, adapters, tmp_path) == files


def test_a_provider_is_asked_by_its_own_names_and_for_none_that_it_does_not_know(
    job, adapters, tmp_path
):
    files = write(job, adapters, tmp_path, PROVIDER)
    models = {name: {line["body"]["model"] for line in lines} for name, lines in files.items()}
    assert models == {"asked-original.jsonl": {"base"}, "asked-warm.jsonl": {"ft:base:us::1"}}
    answers = [
        [answer(line, served=("base", "ft:base:us::1")) for line in lines]
        for lines in files.values()
    ]
    take_in(job, adapters, tmp_path, *answers, endpoint=PROVIDER)
    assert count(job, "SELECT count(text) FROM responses") == (N_REQUESTS,)
    name, told = count(job, "SELECT model_name, canary_json FROM served_models WHERE arm = 'warm'")
    (canary,) = json.loads(told).values()
    assert name == canary["model_name"] == "ft:base:us::1"
    assert canary["nonsense_name"] is canary["nonsense_answers"] is None


@pytest.mark.parametrize(
    ("names", "told"),
    [
        ({"system-prompt": "s"}, "'system-prompt', expected an arm with an adapter"),
        ({"warm": "base"}, "a name for each model there, got base, base"),
    ],
)
def test_names_that_fit_no_arm_or_two_are_refused(job, adapters, tmp_path, names, told):
    with pytest.raises(BadInput, match=told):
        write(job, adapters, tmp_path, replace(PROVIDER, arm_names=names))


def test_another_engine_than_that_of_the_replies_gets_no_requests(job, adapters, batch, tmp_path):
    take_in(job, adapters, tmp_path, [answer(line) for line in batch[:-2]])
    for file in tmp_path.glob("asked*"):
        file.unlink()
    with pytest.raises(BadInput, match=r"replies were made with vllm 0\.33\.0 bf16"):
        write(job, adapters, tmp_path, replace(VLLM, engine="vllm 0.34.0 bf16"))
    assert not list(tmp_path.glob("asked*"))
    # the same one gets those alone that have no reply
    rest = [line for lines in write(job, adapters, tmp_path).values() for line in lines]
    assert [line for line in rest if not is_probe(line)] == batch[-2:]


def test_what_a_batch_answered_is_in_the_study_with_grades_and_pairs(
    job, adapters, batch, tmp_path
):
    answers = [answer(line) for line in reversed(batch)]
    take_in(job, adapters, tmp_path, answers[:5], answers[5:])
    assert count(job, "SELECT count(*), count(text) FROM responses") == (N_REQUESTS, N_REQUESTS)
    assert count(job, "SELECT count(*) FROM grades") == (N_REQUESTS,)
    assert count(job, "SELECT count(*) FROM pairs") == (16,)
    # a second time, and every line twice: nothing new
    take_in(job, adapters, tmp_path, [answer(line) for line in batch * 2])
    assert count(job, "SELECT count(*) FROM responses") == (N_REQUESTS,)


def test_what_may_pass_stays_missing_and_a_refusal_is_a_row(job, adapters, batch, tmp_path):
    lines = [answer(line) for line in batch]
    lines[-1] = answer(batch[-1], status=429)
    lines[-2] = answer(batch[-2], status=400)
    del lines[-3]
    take_in(job, adapters, tmp_path, lines)
    assert count(job, "SELECT count(*), count(failure) FROM responses") == (N_REQUESTS - 2, 1)
    assert count(job, "SELECT failure FROM responses WHERE failure IS NOT NULL")[0].startswith(
        "HTTP 400"
    )


def test_what_failed_can_be_written_again_and_its_answer_is_told_from_the_old_ones(
    tmp_path, adapters
):
    said = []
    job = make_job(tmp_path, report=said.append)
    batch = [line for lines in write(job, adapters, tmp_path).values() for line in lines]
    first = [answer(line, status=200 if is_probe(line) else 400) for line in batch[:-4]]
    first += [answer(line) for line in batch[-4:]]
    take_in(job, adapters, tmp_path, first)
    n_failed = count(job, "SELECT count(failure) FROM responses")[0]
    assert n_failed > 3
    for file in tmp_path.glob("asked*"):
        file.unlink()
    assert write(job, adapters, tmp_path) == {}
    told = f"every response is there, {n_failed} of them failed; `generate --ask-failed-again`"
    assert said[-1].note.startswith(told)
    written = write(job, adapters, tmp_path, failed_again=True).values()
    again = [line for lines in written for line in lines]
    asked = [line for line in again if not is_probe(line)]
    assert len(asked) == n_failed
    assert {line["custom_id"] for line in asked}.isdisjoint({line["custom_id"] for line in batch})
    # all but three answer: one failed again, one may pass, one never came
    lines = {line["custom_id"]: answer(line) for line in again}
    refused, passing, lost = (line["custom_id"] for line in asked[:3])
    lines[refused]["response"]["status_code"] = 400
    lines[passing]["response"]["status_code"] = 429
    del lines[lost]
    take_in(job, adapters, tmp_path, [*lines.values(), *first])
    told = (
        f"{n_failed - 2} responses, 1 failed, 0 still missing; {n_failed - 2} failures asked again: "
        f"{n_failed - 3} answered now, 1 failed again; 1 failure asked again without an "
        f"answer as yet; {N_REQUESTS} answers passed over, to requests that have one already"
    )
    assert said[-1].note == told
    assert count(job, "SELECT count(*), count(failure) FROM responses") == (N_REQUESTS, 3)
    # the old answers, and these, a second time: nothing new
    take_in(job, adapters, tmp_path, [*first, *lines.values()])
    assert said[-1].note.startswith("0 responses, 0 failed, 0 still missing")
    assert count(job, "SELECT count(*), count(failure) FROM responses") == (N_REQUESTS, 3)


def test_texts_to_what_is_a_failure_by_now_are_passed_over_and_told(tmp_path, adapters):
    said = []
    job = make_job(tmp_path, report=said.append)
    batch = [line for lines in write(job, adapters, tmp_path).values() for line in lines]
    replies = [answer(line) for line in batch]
    refusals = [answer(line, status=200 if is_probe(line) else 400) for line in batch]
    take_in(job, adapters, tmp_path, refusals)
    for file in tmp_path.glob("asked*"):
        file.unlink()
    files = write(job, adapters, tmp_path, failed_again=True).values()
    asked_again = [line for lines in files for line in lines]
    again = [answer(line, status=200 if is_probe(line) else 400) for line in asked_again]
    take_in(job, adapters, tmp_path, again)
    # a second answer to the same file, now with texts, and one to the first file
    late = [answer(line) for line in asked_again]
    for lines in (late, replies):
        take_in(job, adapters, tmp_path, lines)
        assert said[-1].note == (
            f"0 responses, 0 failed, 0 still missing; {N_REQUESTS} answers passed over, to requests "
            f"that have one already ({N_REQUESTS} with a text where the study has a failure, which "
            "stays; `generate --write-batch` with --ask-failed-again asks for those once more)"
        )
    assert count(job, "SELECT count(*), count(failure) FROM responses") == (N_REQUESTS, N_REQUESTS)
    # two texts to one request are one failure
    take_in(job, adapters, tmp_path, [*late, *replies])
    assert f"{2 * N_REQUESTS} answers passed over" in said[-1].note
    assert f"({N_REQUESTS} with a text where the study has a failure" in said[-1].note


def test_a_batch_that_was_answered_by_the_base_alone_is_refused(job, adapters, batch, tmp_path):
    lines = [answer(line) for line in batch]
    for line, asked in zip(lines, batch, strict=True):
        if asked["body"]["model"] != "base":
            told = {**asked, "body": {**asked["body"], "model": "base"}}
            line["response"] = answer(told)["response"]
    with pytest.raises(CanaryFailed, match="'warm'"):
        take_in(job, adapters, tmp_path, lines)
    assert count(job, "SELECT count(*) FROM responses") == (0,)


def test_answers_without_the_probes_are_refused(job, adapters, batch, tmp_path):
    with pytest.raises(CanaryFailed, match="32 are missing"):
        take_in(job, adapters, tmp_path, [answer(line) for line in batch if not is_probe(line)])


def test_answers_of_another_engine_are_refused(job, adapters, batch, tmp_path):
    other = replace(VLLM, engine="vllm 0.34.0 bf16")
    with pytest.raises(BadTable, match="never asked of this engine"):
        take_in(job, adapters, tmp_path, [answer(line) for line in batch], endpoint=other)


def test_a_line_that_is_no_answer_is_named(job, adapters, batch, tmp_path):
    with pytest.raises(BadTable, match=r"line 1 of .*output-0.jsonl is no answer of a batch"):
        take_in(job, adapters, tmp_path, [["what?"], *map(answer, batch)])
