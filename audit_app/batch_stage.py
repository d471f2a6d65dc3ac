"""Generation through batch files: the requests that a study lacks, and what came of them.

For providers' batch APIs and `vllm run-batch`, where nothing can be asked while it runs. The
canary's probes go with the requests; nothing is taken in before their answers have passed. vLLM
refuses one request to a name that nobody serves, a provider the whole batch: there it is not tried.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Literal

from audit_app.generation_stage import missing_requests, planned_requests, skip_generation
from audit_app.intake import Intake
from audit_app.pipeline import Job, Questions, ended
from audit_app.serving_stage import (
    canary_of_study,
    see_same_engine,
    served_arm,
    store_served_arms,
)
from audit_app.training_stage import TrainingPlan
from evaluation.formats import count_of
from evaluation.responses import (
    ResponseRequest,
    ServedArm,
    count_still_failed,
    read_answered,
)
from evaluation.serving.batch_files import PROVIDER_LIMITS, read_batch, write_batches
from evaluation.serving.canary import CanaryPlan, probe_decoding
from evaluation.serving.completions import ChatRequest, Completion
from study.errors import BadInput, BadTable, CanaryFailed
from study.records import ORIGINAL, Response
from study.settings import DecodingSettings

BatchServer = Literal["vllm", "openai"]
_STAGE = "batch"
_GROUP = 500


@dataclass(frozen=True)
class BatchEndpoint:
    """Who answers a batch; the same when it is written and when it is read."""

    server: BatchServer
    """In whose words sampling parameters are written; `openai` is any provider."""
    base_name: str
    """Name under which it knows the base."""
    engine: str
    """Its version and number format, which it cannot be asked for."""
    arm_names: Mapping[str, str] = field(default_factory=dict)
    """By arm, the name of its adapter there, where it is another than the arm's."""


@dataclass
class _PassedOver:
    """Answers to a batch of which nothing was stored."""

    n_missing: int = 0
    """May be others the next time, and the study has nothing in their place."""
    n_failed: int = 0
    """May be others the next time, to failures that were asked again."""
    n_late: int = 0
    """Their requests have an answer in the study."""
    late_texts: list[str] = field(default_factory=list)
    """Ids of those among them that are no failures."""


def write_requests(
    job: Job,
    questions: Questions,
    plan: TrainingPlan,
    adapters: Mapping[str, Path],
    endpoint: BatchEndpoint,
    file: Path,
    limit: int | None,
    *,
    failed_again: bool = False,
) -> None:
    """Write the canary's probes and every request that the study lacks, a file for each model.

    Args:
        failed_again: write what has failed before too.
    Raises:
        BadInput: names do not fit the arms, or the study's replies were made by another engine.
    """
    canary = _canary(job, endpoint)
    arms = _arms(job, plan, adapters, endpoint)
    see_same_engine(job, [one.model for one in arms])
    requests = missing_requests(job, questions, arms, limit, failed_again=failed_again)
    if not requests:
        skip_generation(job, questions, arms, limit, _STAGE)
        return
    decoding, seed = job.settings.evaluation.decoding, job.settings.seed

    def asked() -> Iterator[tuple[ChatRequest, DecodingSettings]]:
        for probe in canary.requests():
            yield probe, probe_decoding(decoding)
        for request in requests:
            yield request.as_chat(seed), decoding

    labels = {one.model.model_name: one.model.arm for one in arms}
    labels[endpoint.base_name] = ORIGINAL
    if canary.nonsense_name is not None:
        labels[canary.nonsense_name] = ORIGINAL
    limits = PROVIDER_LIMITS if endpoint.server == "openai" else None
    written = write_batches(file, asked(), endpoint.server, labels, limits)
    note = ", ".join(f"{n} requests in {part}" for part, n in written.items())
    if canary.nonsense_name is None:
        note += "; a name that nobody serves is not tried, since a provider refuses a batch for it"
    job.report(ended(_STAGE, sum(written.values()), note, did_something=True))


def read_replies(
    job: Job,
    questions: Questions,
    plan: TrainingPlan,
    adapters: Mapping[str, Path],
    endpoint: BatchEndpoint,
    files: Sequence[Path],
) -> None:
    """Take the answers to a batch into the study, once the canary has passed.

    A request without an answer, or with one that may be another the next time, stays missing and
    is counted; where it asked for a failure again, that stays. An answer to a request that has one
    already is passed over and counted; so is a text after a failure, which is final until it is
    asked again.

    Args:
        files: all that the batch wrote.
    Raises:
        BadInput: names do not fit the arms, or the study's replies were made by another engine.
        BadTable: a file is no batch's, or holds answers to requests that are not this study's.
        CanaryFailed: an arm was answered by something else; nothing is taken in.
    """
    started = time.monotonic()
    arms = _arms(job, plan, adapters, endpoint)
    canary = _canary(job, endpoint)
    probe_ids = {probe.request_id for probe in canary.requests()}
    where = ", ".join(map(str, files))
    probes = _answers_to_probes(probe_ids, files, where)
    canaries = {", ".join(file.name for file in files): canary.judge(probes, where)}
    checked = store_served_arms(job, arms, canaries, datetime.now(UTC))
    # those that ask for failures again are known by their ids, whenever they were written
    missing = missing_requests(job, questions, checked, failed_again=True)
    requests = {one.response_id: one for one in missing}
    known = {one.response_id for one in planned_requests(job, questions, checked)} | requests.keys()
    with job.access.reading() as con:
        known |= read_answered(con)
    intake = Intake(job, questions, list(requests.values()))
    passed = _PassedOver()
    for file, group in _groups(files):
        _see_known(group, known | probe_ids, file)
        replies = [one for one in group if one.request_id not in probe_ids]
        intake.take(_take_wanted(replies, requests, passed))
    intake.hand_in()
    n_missing = sum(one.attempt == 1 for one in requests.values())
    note = f"{intake.n_done} responses, {intake.n_failed} failed, {n_missing} still missing"
    if passed.n_missing:
        note += f" ({passed.n_missing} of them to be asked again)"
    note += intake.note_on_again()
    if passed.n_failed:
        note += f"; {count_of(passed.n_failed, 'failure')} asked again without an answer as yet"
    note += _note_on_late(job, passed)
    job.report(ended(_STAGE, intake.n_done, note, True, started))


def _take_wanted(
    replies: Sequence[Completion], requests: dict[str, ResponseRequest], passed: _PassedOver
) -> list[Response]:
    """What answers some of the requests for good; those are taken out, the others counted."""
    came_at = datetime.now(UTC)
    wanted = []
    for one in replies:
        # a second line for one request finds it gone
        if one.request_id not in requests:
            passed.n_late += 1
            if one.text is not None:
                passed.late_texts.append(one.request_id)
        elif not one.may_pass:
            wanted.append(requests.pop(one.request_id).as_response(one, came_at))
        elif requests[one.request_id].attempt == 1:
            passed.n_missing += 1
        else:
            passed.n_failed += 1
    return wanted


def _note_on_late(job: Job, passed: _PassedOver) -> str:
    """How many answers were passed over, and what to do where a failure keeps a text out."""
    if not passed.n_late:
        return ""
    note = f"; {count_of(passed.n_late, 'answer')} passed over, to requests that have one already"
    with job.access.reading() as con:
        n_failed = count_still_failed(con, passed.late_texts)
    if n_failed:
        note += (
            f" ({n_failed} with a text where the study has a failure, which stays; `generate "
            "--write-batch` with --ask-failed-again asks for those once more)"
        )
    return note


def _answers_to_probes(
    probe_ids: set[str], files: Sequence[Path], where: str
) -> dict[str, Completion]:
    probes = {
        one.request_id: one
        for file in files
        for one in read_batch(file)
        if one.request_id in probe_ids
    }
    if missing := probe_ids - probes.keys():
        raise CanaryFailed(
            f"expected {len(probe_ids)} answers to the canary's probes in {where}, {len(missing)} "
            f"are missing ({min(missing)!r} for one); name every file that the batch wrote, with "
            "--base-name and --batch-for as they were when it was written"
        )
    return probes


def _arms(
    job: Job, plan: TrainingPlan, adapters: Mapping[str, Path], endpoint: BatchEndpoint
) -> tuple[ServedArm, ...]:
    served = (
        served_arm(arm, job, plan, adapters, endpoint.base_name, endpoint.engine)
        for arm in job.settings.arms
    )
    names = endpoint.arm_names
    return tuple(
        replace(
            one, model=replace(one.model, model_name=names.get(one.model.arm, one.model.model_name))
        )
        for one in served
    )


def _canary(job: Job, endpoint: BatchEndpoint) -> CanaryPlan:
    arms, named = job.settings.trained_arms, endpoint.arm_names
    if unknown := named.keys() - set(arms):
        raise BadInput(
            f"--arm-name names {min(unknown)!r}, expected an arm with an adapter "
            f"({', '.join(arms)}); the base's name goes with --base-name"
        )
    names = [endpoint.base_name, *(named.get(arm, arm) for arm in arms)]
    if len(set(names)) < len(names):
        raise BadInput(
            f"expected a name for each model there, got {', '.join(names)}; see --base-name and "
            "--arm-name"
        )
    plan = replace(canary_of_study(job, endpoint.base_name), names_there=named)
    return replace(plan, nonsense_name=None) if endpoint.server == "openai" else plan


def _groups(files: Sequence[Path]) -> Iterator[tuple[Path, list[Completion]]]:
    for file in files:
        completions = read_batch(file)
        while group := list(islice(completions, _GROUP)):
            yield file, group


def _see_known(group: Sequence[Completion], known: set[str], file: Path) -> None:
    for completion in group:
        if completion.request_id not in known:
            raise BadTable(
                f"{file} answers {completion.request_id!r}, which this study never asked of this "
                "engine; name the study, and the engine as it was written"
            )
