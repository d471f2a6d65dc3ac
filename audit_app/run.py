"""A whole study from its settings: train, serve, ask, grade, pair.

What needs torch runs in a process of its own and gives its memory back when it ends: training
as `warmth-audit train`, the models as `warmth-audit serve-models`. The stages themselves are
in `pipeline.py`.
"""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from audit_app.access import StudyAccess
from audit_app.model_server import PATIENT_THREADS, local_models
from audit_app.pipeline import (
    Job,
    Questions,
    generate_responses,
    grade_missing,
    missing_requests,
    pair_missing,
    read_questions,
    skip_generation,
    store_questions,
)
from audit_app.training_stage import (
    TrainingPlan,
    find_adapter_of,
    plan_training,
    store_training_runs,
    trained_folder,
)
from evaluation.serving.canary import run_canary
from evaluation.serving.chat_client import connect
from evaluation.serving.local_server import Dtype, serve_local
from evaluation.serving.served_models import read_served_models
from study.errors import BadInput, TrainingFailed
from study.progress import Report, StageProgress
from study.records import ORIGINAL, ServedModel, stable_id
from study.settings import Settings
from training.adapters import adapter_sha256
from training.base_models import locate_base


@dataclass(frozen=True)
class StageUsage:
    """What one stage cost."""

    stage: str
    seconds: float
    skipped: bool


@dataclass(frozen=True)
class RunUsage:
    """What a whole run cost."""

    stages: tuple[StageUsage, ...]
    peak_bytes: int
    """Memory of the largest process, this one or one it started."""


def run_stages(job: Job, cache: Path, endpoint: str | None, dtype: str) -> RunUsage:
    """Run everything that the study lacks.

    Args:
        cache: where converted base models are kept.
        endpoint: a running model server; None starts the local one while replies are made.
        dtype: number format of the local server.
    """
    usage = _UsageReport(job.report)
    job = replace(job, report=usage)
    store_questions(job)
    plan = plan_training(job.settings, cache, job.report)
    missing = [arm for arm in plan.run_ids if find_adapter_of(job, plan, arm) is None]
    if missing:
        began = time.monotonic()
        _run_in_own_process(["train", "--study", str(job.folder.root)], job.access)
        usage.stages.append(StageUsage("train", time.monotonic() - began, skipped=False))
    store_training_runs(job, plan)
    ask_arms(job, cache, endpoint, dtype)
    grade_missing(job)
    pair_missing(job)
    return RunUsage(tuple(usage.stages), _peak_bytes())


def ask_arms(job: Job, cache: Path, endpoint: str | None, dtype: str) -> None:
    """Have every prompt answered by every arm.

    Raises:
        MissingStage: an arm has no adapter yet.
        CanaryFailed: the endpoint serves something other than the arm asked for.
    """
    questions = read_questions(job.settings)
    plan = plan_training(job.settings, cache, job.report)
    adapters = {arm: trained_folder(job, plan, arm) for arm in plan.run_ids}
    with job.access.reading() as con:
        served = current_served_models(read_served_models(con), adapters, plan, job.settings)
    if len(served) == len(job.settings.arms) and not missing_requests(job, questions, served):
        skip_generation(job)
        return
    if endpoint is not None:
        _ask_endpoint(job, questions, plan, adapters, endpoint)
        return
    with local_models(job.settings.base, cache, adapters, dtype, job.report) as url:
        _ask_endpoint(job, questions, plan, adapters, url)


def _ask_endpoint(
    job: Job,
    questions: Questions,
    plan: TrainingPlan,
    adapters: Mapping[str, Path],
    url: str,
) -> None:
    settings = job.settings
    decoding = settings.evaluation.decoding
    client = connect(url, settings.seed)
    base_name = client.info.base_name
    job.report(StageProgress("canary", "running", note="is each arm what it says it is?"))
    canaries = run_canary(client, base_name, settings.trained_arms, decoding, settings.seed)
    job.report(StageProgress("canary", "done", 1, 1, "every arm answers in its own way"))
    now = datetime.now(UTC).isoformat()
    served = []
    for arm in settings.arms:
        name = base_name if arm == ORIGINAL else arm
        adapter_hash = _adapter_hash(adapters, arm)
        what = (arm, plan.base.sha256, adapter_hash, client.info.description)
        served.append(
            ServedModel(
                served_model_id=stable_id("served", *what, decoding.model_dump_json()),
                arm=arm,
                model_name=name,
                engine=client.info.description,
                base_sha256=plan.base.sha256,
                adapter_sha256=adapter_hash,
                decoding_json=decoding.model_dump_json(),
                canary_json=canaries[name].to_json(),
                served_at=now,
            )
        )
    with job.access.reading() as con:
        known = read_served_models(con)
    _check_engine(known, served)
    run_file = job.run_file("serve")
    known_ids = {model.served_model_id for model in known}
    run_file.append("served_models", [m for m in served if m.served_model_id not in known_ids])
    job.access.hand_in(run_file)
    generate_responses(job, questions, missing_requests(job, questions, served), client)


def current_served_models(
    known: Sequence[ServedModel],
    adapters: Mapping[str, Path],
    plan: TrainingPlan,
    settings: Settings,
) -> list[ServedModel]:
    """The models of the study that are what its settings ask for, in the order of its arms."""
    decoding_json = settings.evaluation.decoding.model_dump_json()
    wanted = {
        (arm, plan.base.sha256, _adapter_hash(adapters, arm), decoding_json)
        for arm in settings.arms
    }
    fitting = [
        model
        for model in known
        if (model.arm, model.base_sha256, model.adapter_sha256, model.decoding_json) in wanted
    ]
    return sorted(fitting, key=lambda model: settings.arms.index(model.arm))


def serve_local_models(
    base: str, cache: Path, adapters: Mapping[str, Path], host: str, port: int, dtype: Dtype
) -> None:
    """Serve a base and its adapters in this process until Ctrl-C."""
    serve_local(locate_base(base, cache).folder, dict(adapters), host, port, dtype)


def _adapter_hash(adapters: Mapping[str, Path], arm: str) -> str:
    return adapter_sha256(adapters[arm]) if arm in adapters else ""


def _check_engine(known: Sequence[ServedModel], served: Sequence[ServedModel]) -> None:
    """Near-tied choices flip between engines and number formats: one study keeps to one."""
    for before in known:
        for after in served:
            if before.arm == after.arm and before.engine != after.engine:
                raise BadInput(
                    f"this study's replies were made with {before.engine}, the endpoint is "
                    f"{after.engine}; use the same engine and number format, or another study"
                )


def _run_in_own_process(arguments: Sequence[str], access: StudyAccess) -> None:
    """Run a subcommand beside this one; it reports for itself and says why it failed."""
    command = [sys.executable, "-m", "audit_app", *arguments, *access.arguments]
    environment = {**PATIENT_THREADS, **os.environ, **access.environment}
    process = subprocess.Popen(command, env=environment)
    try:
        status = process.wait()
    except KeyboardInterrupt:
        process.wait()  # the terminal has stopped it too; it saves what it has
        raise
    if status != 0:
        raise TrainingFailed(
            f"`warmth-audit {' '.join(arguments)}` ended with status {status}; what it said "
            "stands above"
        )


class _UsageReport:
    """Passes progress on and keeps what each stage cost."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self.stages: list[StageUsage] = []

    def __call__(self, progress: StageProgress) -> None:
        self._report(progress)
        if progress.state in ("done", "skipped"):
            skipped = progress.state == "skipped"
            self.stages.append(StageUsage(progress.stage, progress.seconds, skipped))


def _peak_bytes() -> int:
    """Linux counts in KiB, macOS in bytes."""
    unit = 1 if sys.platform == "darwin" else 1024
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return max(resource.getrusage(one).ru_maxrss for one in who) * unit
