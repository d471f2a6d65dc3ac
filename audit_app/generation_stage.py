"""The generation stage of a study: which responses it lacks, asking for them, taking them in.

How they come in is in `intake.py`. The replies to controls come in the same way
(`control_stage.py`), to a destination of their own.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import wait
from contextlib import closing
from datetime import UTC, datetime

from audit_app.intake import STAGE, THE_STUDY, Destination, Intake
from audit_app.pipeline import Job, Questions, ended
from evaluation.asking import cut_shards, generate, generate_in_shards
from evaluation.formats import count_of
from evaluation.responses import (
    ResponseRequest,
    ServedArm,
    choose_missing,
    count_failed,
    plan_requests,
    read_answered,
    read_failed,
)
from evaluation.serving.chat_client import ChatClient
from evaluation.serving.completions import Completion, count_tokens
from evaluation.serving.ray_shards import ShardPool
from evaluation.serving.request_run import Check
from study.errors import ModelUnreachable
from study.records import Response
from study.run_files import RunFile

_SHARD_STAGE = f"{STAGE}-shard"


def planned_requests(
    job: Job, questions: Questions, arms: Sequence[ServedArm], limit: int | None = None
) -> Iterator[ResponseRequest]:
    """All responses that a study is to have, in the order in which they are asked for.

    Args:
        limit: look at this many prompts only.
    """
    samples = job.settings.evaluation.decoding.samples
    return plan_requests(questions.prompts[:limit], arms, samples)


def missing_requests(
    job: Job,
    questions: Questions,
    arms: Sequence[ServedArm],
    limit: int | None = None,
    *,
    failed_again: bool = False,
) -> list[ResponseRequest]:
    """Responses that the study lacks, in the order in which they are asked for.

    Args:
        limit: look at this many prompts only.
        failed_again: ask for those too of which the study has a failure.
    """
    # what a killed run left on the disk is handed in, and not paid twice
    job.run_file(STAGE)
    for left in sorted(job.folder.runs.glob(f"{_SHARD_STAGE}-[0-9][0-9][0-9].jsonl")):
        job.run_file(left.stem)
    with job.access.reading() as con:
        answered, failed = read_answered(con), read_failed(con) if failed_again else {}
    return choose_missing(planned_requests(job, questions, arms, limit), answered, failed)


def skip_generation(
    job: Job,
    questions: Questions,
    arms: Sequence[ServedArm],
    limit: int | None = None,
    stage: str = STAGE,
) -> None:
    """Say that every response is there, and how many of them are failures.

    Args:
        limit: of this many prompts only.
        stage: which has nothing to do.
    """
    with job.access.reading() as con:
        failed = read_failed(con)
    n_failed = count_failed(planned_requests(job, questions, arms, limit), failed)
    note = "every response is there" + note_on_failed(n_failed, "generate")
    job.report(ended(stage, 0, note, did_something=False))


def note_on_failed(n_failed: int, command: str) -> str:
    """How many of the replies that are there have failed, and which command asks for them."""
    if not n_failed:
        return ""
    return f", {n_failed} of them failed; `{command} --ask-failed-again` asks for what failed once more"


def generate_responses(
    job: Job,
    questions: Questions,
    requests: Sequence[ResponseRequest],
    client: ChatClient,
    check: Check,
    to: Destination = THE_STUDY,
) -> None:
    """Ask for the missing responses and bring them into the study, with their grades and pairs.

    Args:
        check: the canary, for a replica that broke off and is back.
        to: where they go.
    Raises:
        ModelUnreachable: some got no answer; what has come is in the study.
        CanaryFailed: a replica that came back serves something else.
    """
    decoding, seed = job.settings.evaluation.decoding, job.settings.seed
    n_before = len(client.probes)
    with closing(Intake(job, questions, requests, to)) as intake:
        try:
            generate(requests, client, decoding, seed, _utc_now, intake.take, check)
        except ModelUnreachable:
            intake.hand_in()
            raise
        intake.end(note_on_probes(client.probes, n_before))


def generate_by_ray(
    job: Job, questions: Questions, requests: Sequence[ResponseRequest], pool: ShardPool
) -> None:
    """Ask for the missing responses by the workers of a Ray cluster, one run file a shard.

    Raises:
        StudyError: as for `generate_responses`, or as for `ShardPool.ask`; what has come is in
            the study, or on the disk for the next run.
    """
    shards = cut_shards(requests, pool.n_shards)
    n_before = len(pool.client.probes)
    of_shards: dict[int, RunFile] = {}

    def take(number: int, responses: list[Response]) -> None:
        if number not in of_shards:
            # what an earlier run left there was handed in before the requests were told
            stage = f"{_SHARD_STAGE}-{number:03}"
            of_shards[number] = RunFile(job.folder.run_file(stage), stage)
        if backlog := intake.take(responses, of_shards[number]):
            wait([backlog])

    with closing(Intake(job, questions, requests)) as intake:
        try:
            n_lost = generate_in_shards(shards, pool, job.settings.seed, _utc_now, take)
        except ModelUnreachable:
            intake.hand_in()
            raise
        note = f", in {len(shards)} shards{_note_on_losses(n_lost)}"
        intake.end(note + note_on_probes(pool.client.probes, n_before))


def _utc_now() -> datetime:
    return datetime.now(UTC)


def note_on_probes(probes: Sequence[Completion], n_before: int) -> str:
    """What the canary has cost beside the responses.

    Args:
        probes: answers to all that it has asked.
        n_before: how many of them came before the first request.
    """
    if not probes:
        return ""
    note = f"; canary: {count_of(len(probes), 'probe')}"
    if len(probes) > n_before:
        note += f", {len(probes) - n_before} of them on the way"
    tokens = count_tokens(probes)
    return note + (f", {tokens} tokens in all" if tokens is not None else "")


def _note_on_losses(n_lost: int) -> str:
    if not n_lost:
        return ""
    whose = "worker died and its shard" if n_lost == 1 else "workers died and their shards"
    return f"; {n_lost} Ray {whose} went on"
