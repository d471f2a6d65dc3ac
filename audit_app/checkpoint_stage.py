"""The checkpoint stage of a study: every kept checkpoint answers, is scored, and the rule chooses.

Resumable like generation: a reply is on the disk as soon as it has come, and so is its score. What a checkpoint is lies
in `training/checkpoints.py`, what is asked in `evaluation/warmth_prompts.py`.
"""

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from audit_app.chosen_checkpoint import write_choice
from audit_app.model_server import local_models
from audit_app.pipeline import Job, ended, read_warmth, store_questions
from audit_app.run import Endpoint
from audit_app.serving_stage import see_base
from audit_app.training_stage import TrainingPlan, finished_folder, plan_training
from audit_app.warmth_stage import find_meter, store_scores
from evaluation.asking import generate
from evaluation.checkpoint_choices import (
    MeasuredRun,
    ScoredReplies,
    choose_checkpoint,
    read_newest_choice,
)
from evaluation.checkpoint_replies import (
    AskedModel,
    as_reply,
    checkpoint_name,
    plan_replies,
    read_checkpoint_replies,
)
from evaluation.prompts import read_prompt_ids
from evaluation.responses import ResponseRequest
from evaluation.serving.canary import plan_canary, run_canary
from evaluation.serving.chat_client import ChatClient, connect
from evaluation.serving.request_run import Check
from evaluation.warmth import Meter, measure_of, read_scores
from study.errors import BadSettings
from study.progress import StageProgress
from study.records import WARM, CheckpointChoice, CheckpointReply, Prompt, Response
from training.checkpoints import KeptCheckpoint, list_checkpoints

STAGE = "checkpoints"
_ORIGINAL = AskedModel("", 0.0, "")


@dataclass(frozen=True)
class _Run:
    """What is to be measured."""

    plan: TrainingPlan
    checkpoints: Sequence[KeptCheckpoint]
    prompts: Sequence[Prompt]


def take_checkpoint(job: Job, cache: Path, endpoint: Endpoint, dtype: str) -> CheckpointChoice:
    """Have every checkpoint of the arm warm answer, score the replies, and apply the rule.

    Args:
        cache: where converted base models are kept.
        endpoint: has each checkpoint under its name (`checkpoint_name`); without an address the
            local server is started.
        dtype: number format of the local server.
    Returns:
        The choice, which may be that it cannot be told; it is in the study and beside it.
    Raises:
        BadSettings: the study has no rule.
        MissingStage: the arm warm is not trained yet.
        CanaryFailed: the endpoint serves something other than a checkpoint asked for.
        BadInput: the endpoint names another base.
        ModelUnreachable: nothing answers there; what has come is kept.
    """
    if job.settings.warmth.rule is None:
        raise BadSettings(
            "warmth.rule: expected a rule by which a checkpoint is taken, got none; write one before "
            'the study begins, such as [warmth] with prompts = "packaged" and '
            'rule = "first_within_one_se"'
        )
    run = _find_run(job, cache)
    if known := _known_choice(job, run):
        write_choice(job.folder, known)
        job.report(ended(STAGE, 1, known.reason, did_something=False))
        return known
    replies = _ask(job, run, cache, endpoint, dtype)
    choice = choose_checkpoint(_measure(job, run, replies, cache), job.settings, datetime.now(UTC))
    run_file = job.run_file(STAGE)
    run_file.append("checkpoint_choices", [choice])
    job.access.hand_in(run_file)
    write_choice(job.folder, choice)
    job.report(ended(STAGE, 1, choice.reason, did_something=True))
    return choice


def _find_run(job: Job, cache: Path) -> _Run:
    prompts = read_warmth(job.located).prompts
    with job.access.reading() as con:
        stored = read_prompt_ids(con)
    if any(prompt.prompt_id not in stored for prompt in prompts):
        # before anything is measured: from here on the rule stands in settings that cannot change
        store_questions(job)
    plan = plan_training(job.located, cache, job.report)
    adapter = finished_folder(job.folder, plan, WARM)
    return _Run(plan, list_checkpoints(adapter, job.settings.training.checkpoints), prompts)


def _known_choice(job: Job, run: _Run) -> CheckpointChoice | None:
    with job.access.reading() as con:
        choice = read_newest_choice(con)
    warmth = job.settings.warmth
    wanted = (run.plan.run_ids[WARM], warmth.rule, warmth.mode)
    return (
        choice if choice and (choice.training_run_id, choice.rule, choice.mode) == wanted else None
    )


def _ask(job: Job, run: _Run, cache: Path, endpoint: Endpoint, dtype: str) -> list[CheckpointReply]:
    """Replies of one engine to every prompt, by the original and by every checkpoint."""
    job.run_file(STAGE)  # what a killed run left on the disk is handed in, and not asked twice
    decoding_json = job.settings.evaluation.decoding.model_dump_json()
    with job.access.reading() as con:
        known = read_checkpoint_replies(con, run.plan.base.sha256, decoding_json)
    for engine in dict.fromkeys(reply.engine for reply in known):
        if not _missing(job, run, known, engine, ""):
            return [reply for reply in known if reply.engine == engine]

    def ask(addresses: Sequence[str]) -> str:
        client = connect(addresses, job.settings.seed, api_key=endpoint.api_key)
        if not endpoint.trusts_model_id:
            see_base(client.info, run.plan.base)
        engine, base_name = client.info.description, client.info.base_name
        check = _see_checkpoints(job, run, client)
        _generate(job, run, client, _missing(job, run, known, engine, base_name), check)
        return engine

    if endpoint.urls:
        engine = ask(endpoint.urls)
    else:
        folders = {checkpoint_name(one.epochs): one.folder for one in run.checkpoints}
        with local_models(job.settings.base, cache, folders, dtype, job.report) as url:
            engine = ask([url])
    with job.access.reading() as con:
        replies = read_checkpoint_replies(con, run.plan.base.sha256, decoding_json)
    return [reply for reply in replies if reply.engine == engine]


def _missing(
    job: Job, run: _Run, known: Sequence[CheckpointReply], engine: str, base_name: str
) -> list[ResponseRequest]:
    models = [replace(_ORIGINAL, name=base_name)]
    models += [
        AskedModel(checkpoint_name(one.epochs), one.epochs, one.run.adapter_sha256)
        for one in run.checkpoints
    ]
    decoding_json = job.settings.evaluation.decoding.model_dump_json()
    planned = plan_replies(run.prompts, models, run.plan.base.sha256, engine, decoding_json)
    there = {reply.reply_id for reply in known}
    return [request for request in planned if request.response_id not in there]


def _see_checkpoints(job: Job, run: _Run, client: ChatClient) -> Check:
    """The canary: of the last checkpoint, and of all where unknown names are answered.

    An early checkpoint may well answer as the base does. Where a name that nobody serves is refused,
    that it is not refused itself shows that it is served.

    Returns:
        The same for a replica that comes back.
    """
    names = [checkpoint_name(one.epochs) for one in run.checkpoints]
    decoding, seed = job.settings.evaluation.decoding, job.settings.seed
    base_name = client.info.base_name
    plan = plan_canary(base_name, names[-1:], seed)
    found = run_canary(client, plan, decoding)
    if any(canaries[names[-1]].nonsense_refusal is None for canaries in found.values()):
        plan = plan_canary(base_name, names, seed)
        run_canary(client, plan, decoding)
    return partial(run_canary, plan=plan, decoding=decoding)


def _generate(
    job: Job, run: _Run, client: ChatClient, requests: Sequence[ResponseRequest], check: Check
) -> None:
    run_file = job.run_file(STAGE)
    by_id = {request.response_id: request for request in requests}
    epochs = {"": 0.0} | {one.run.adapter_sha256: one.epochs for one in run.checkpoints}
    started, n_done = time.monotonic(), 0

    def keep(responses: list[Response]) -> None:
        nonlocal n_done
        rows = []
        for response in responses:
            request = by_id[response.response_id]
            rows.append(as_reply(response, request, epochs[request.arm.model.adapter_sha256]))
        run_file.append("checkpoint_replies", rows)
        n_done += len(rows)
        seconds = time.monotonic() - started
        job.report(StageProgress(STAGE, "running", n_done, len(requests), "replies", seconds))

    decoding, seed = job.settings.evaluation.decoding, job.settings.seed
    try:
        generate(requests, client, decoding, seed, lambda: datetime.now(UTC), keep, check)
    finally:
        job.access.hand_in(run_file)


def _measure(job: Job, run: _Run, replies: Sequence[CheckpointReply], cache: Path) -> MeasuredRun:
    meter = find_meter(job.settings.warmth.meter, cache, job.report)
    asked = {prompt.prompt_id for prompt in run.prompts}
    told = [reply for reply in replies if reply.prompt_id in asked and reply.text is not None]
    scores = _score(job, meter, {reply.reply_id: reply.text or "" for reply in told})
    by_adapter: dict[str, dict[str, float]] = defaultdict(dict)
    for reply in told:
        by_adapter[reply.adapter_sha256][reply.prompt_id] = scores[reply.reply_id]
    return MeasuredRun(
        training_run_id=run.plan.run_ids[WARM],
        original=ScoredReplies(0.0, "", by_adapter[""]),
        checkpoints=[
            ScoredReplies(one.epochs, one.run.adapter_sha256, by_adapter[one.run.adapter_sha256])
            for one in run.checkpoints
        ],
        n_prompts=len(run.prompts),
        engine=replies[0].engine,
        meter=meter.name,
        meter_sha256=meter.sha256,
    )


def _score(job: Job, meter: Meter, texts: Mapping[str, str]) -> dict[str, float]:
    """Scores of replies by their ids; those that are stored are not made again."""
    measure = measure_of(meter, job.settings.warmth.mode, job.settings.seed)
    with job.access.reading() as con:
        known = read_scores(con, measure)
    missing = sorted(texts.keys() - known.keys(), key=lambda one: (len(texts[one]), one))
    store_scores(
        *(job, STAGE, job.run_file(STAGE), meter, measure), {one: texts[one] for one in missing}
    )
    with job.access.reading() as con:
        stored = read_scores(con, measure)
    return {reply_id: stored[reply_id] for reply_id in texts}
