"""Generation through batch files: the requests that a study lacks, and what came of them.

For providers' batch APIs and `vllm run-batch`, where nothing can be asked while it runs. The
canary's probes go with the requests; nothing is taken in before their answers have passed.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from audit_app.generation_stage import Intake, missing_requests
from audit_app.pipeline import Job, Questions, ended
from audit_app.serving_stage import canary_of_study, served_arm, store_served_arms
from audit_app.training_stage import TrainingPlan
from evaluation.responses import ResponseRequest, ServedArm, plan_requests
from evaluation.serving.batch_files import read_batch, write_batch
from evaluation.serving.canary import probe_decoding
from evaluation.serving.completions import ChatRequest, Completion
from study.errors import BadTable, CanaryFailed
from study.settings import DecodingSettings

BatchServer = Literal["vllm", "openai"]
_STAGE = "batch"
_GROUP = 500


@dataclass(frozen=True)
class BatchEndpoint:
    """Who answers a batch; the same when it is written and when it is read."""

    server: BatchServer
    """In whose words sampling parameters are written."""
    base_name: str
    """Name under which it knows the base; adapters are asked for by their arm's name."""
    engine: str
    """Its version and number format, which it cannot be asked for."""


def write_requests(
    job: Job,
    questions: Questions,
    plan: TrainingPlan,
    adapters: Mapping[str, Path],
    endpoint: BatchEndpoint,
    file: Path,
    limit: int | None,
) -> None:
    """Write the canary's probes and every request that the study lacks."""
    requests = missing_requests(job, questions, _arms(job, plan, adapters, endpoint), limit)
    if not requests:
        job.report(ended(_STAGE, 0, "every response is there", did_something=False))
        return
    decoding, seed = job.settings.evaluation.decoding, job.settings.seed

    def asked() -> Iterator[tuple[ChatRequest, DecodingSettings]]:
        for probe in canary_of_study(job, endpoint.base_name).requests():
            yield probe, probe_decoding(decoding)
        for request in requests:
            yield request.as_chat(seed), decoding

    n = write_batch(file, asked(), endpoint.server)
    job.report(ended(_STAGE, n, f"{n} requests in {file}", did_something=True))


def read_replies(
    job: Job,
    questions: Questions,
    plan: TrainingPlan,
    adapters: Mapping[str, Path],
    endpoint: BatchEndpoint,
    file: Path,
) -> None:
    """Take the answers to a batch into the study, once the canary has passed.

    A request without an answer, or with one that may be another the next time, stays missing and
    is counted.

    Raises:
        BadTable: the file is no batch's, or holds answers to requests that are not this study's.
        CanaryFailed: an arm was answered by something else; nothing is taken in.
    """
    started = time.monotonic()
    arms = _arms(job, plan, adapters, endpoint)
    canary = canary_of_study(job, endpoint.base_name)
    probe_ids = {probe.request_id for probe in canary.requests()}
    probes = {one.request_id: one for one in read_batch(file) if one.request_id in probe_ids}
    if missing := probe_ids - probes.keys():
        raise CanaryFailed(
            f"expected {len(probe_ids)} answers to the canary's probes in {file}, {len(missing)} "
            f"are missing ({min(missing)!r} for one); read the whole output of the batch, with the "
            "base's name as it was written"
        )
    canaries = {file.name: canary.judge(probes, str(file))}
    checked = store_served_arms(job, arms, canaries, datetime.now(UTC))
    requests = {one.response_id: one for one in missing_requests(job, questions, checked)}
    known = {one.response_id for one in _all_requests(job, questions, checked)}
    intake = Intake(job, questions, list(requests.values()))
    n_left = 0
    for group in _groups(read_batch(file)):
        _see_known(group, known | probe_ids, file)
        wanted = [one for one in group if one.request_id in requests]
        final = [one for one in wanted if not one.may_pass]
        n_left += len(wanted) - len(final)
        came_at = datetime.now(UTC)
        # a second line for one request finds it gone
        responses = [
            requests.pop(one.request_id).as_response(one, came_at)
            for one in final
            if one.request_id in requests
        ]
        intake.take(responses)
    intake.hand_in()
    note = f"{intake.n_done} responses, {intake.n_failed} failed, {len(requests)} still missing"
    if n_left:
        note += f" ({n_left} of them to be asked again)"
    job.report(ended(_STAGE, intake.n_done, note, True, started))


def _arms(
    job: Job, plan: TrainingPlan, adapters: Mapping[str, Path], endpoint: BatchEndpoint
) -> tuple[ServedArm, ...]:
    return tuple(
        served_arm(arm, job, plan, adapters, endpoint.base_name, endpoint.engine)
        for arm in job.settings.arms
    )


def _all_requests(
    job: Job, questions: Questions, arms: Sequence[ServedArm]
) -> Iterator[ResponseRequest]:
    return plan_requests(questions.prompts, arms, job.settings.evaluation.decoding.samples)


def _groups(completions: Iterator[Completion]) -> Iterator[list[Completion]]:
    group: list[Completion] = []
    for completion in completions:
        group.append(completion)
        if len(group) == _GROUP:
            yield group
            group = []
    if group:
        yield group


def _see_known(group: Sequence[Completion], known: set[str], file: Path) -> None:
    for completion in group:
        if completion.request_id not in known:
            raise BadTable(
                f"{file} answers {completion.request_id!r}, which this study never asked of this "
                "engine; name the study, and the engine as it was written"
            )
