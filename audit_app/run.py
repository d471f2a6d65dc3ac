"""A whole study from its settings: train, serve, ask, grade, pair.

What needs torch runs in a process of its own and gives its memory back when it ends: training
as `warmth-audit train`, the models as `warmth-audit serve-models`. What each stage does is in
`pipeline.py`, `training_stage.py`, `serving_stage.py` and `generation_stage.py`.
"""

import resource
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from audit_app.access import StudyAccess
from audit_app.children import start_child, stop_child
from audit_app.generation_stage import (
    generate_by_ray,
    generate_responses,
    missing_requests,
    skip_generation,
)
from audit_app.model_server import local_models
from audit_app.pipeline import (
    Job,
    Questions,
    grade_missing,
    pair_missing,
    store_questions,
)
from audit_app.serving_stage import CheckedArms, check_served_models, current_served_models
from audit_app.stages import utc_now
from audit_app.training_stage import (
    TrainingPlan,
    find_adapter_of,
    plan_training,
    served_folders,
    store_training_runs,
)
from evaluation.responses import find_complete_arms
from evaluation.serving.chat_client import ChatClient, connect
from evaluation.serving.ray_cluster import open_cluster
from evaluation.serving.ray_shards import ShardPool
from evaluation.serving.served_models import read_served_models
from study.errors import MissingStage, TrainingFailed
from study.progress import Report, StageProgress


@dataclass(frozen=True)
class Endpoint:
    """Where the models of a study answer."""

    urls: tuple[str, ...] = ()
    """Addresses of one server or of its replicas; none for the local server."""
    api_key: str | None = None
    """Sent where the server asks for one."""
    trusts_model_id: bool = False
    """What it serves is the study's base, whatever name it gives."""


@dataclass(frozen=True)
class Sharing:
    """How the work of asking is shared among machines."""

    address: str
    """Of a Ray cluster, as `open_cluster` takes it."""
    n_shards: int | None = None
    """None for some for each worker."""


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


def run_stages(job: Job, cache: Path, endpoint: Endpoint, dtype: str) -> RunUsage:
    """Run everything that the study lacks.

    Args:
        cache: where converted base models are kept.
        endpoint: where the models answer; without an address the local server is started while
            replies are made.
        dtype: number format of the local server.
    """
    usage = _UsageReport(job.report)
    job = replace(job, report=usage)
    questions = store_questions(job)
    plan = plan_training(job.located, cache, job.report)
    missing = [arm for arm in plan.run_ids if find_adapter_of(job, plan, arm) is None]
    if missing:
        _run_as_child(["train", "--study", str(job.folder.root)], job.access)
        usage.note("train", skipped=False)
    store_training_runs(job, plan)
    if plan.rule is not None and not _is_chosen(job, plan):
        _choose_checkpoint(job, endpoint, dtype)
        usage.note("checkpoints", skipped=False)
    ask_arms(job, questions, plan, endpoint, dtype, cache)
    grade_missing(job)
    pair_missing(job)
    return RunUsage(tuple(usage.stages), _peak_bytes())


def ask_arms(
    job: Job,
    questions: Questions,
    plan: TrainingPlan,
    endpoint: Endpoint,
    dtype: str,
    cache: Path,
    limit: int | None = None,
    sharing: Sharing | None = None,
    *,
    failed_again: bool = False,
) -> None:
    """Have every prompt answered by every arm.

    Args:
        endpoint: where the models answer; without an address the local server is started.
        dtype: number format of the local server.
        cache: where converted base models are kept.
        limit: ask this many prompts only; the numbers say so until the rest is asked.
        sharing: the cluster whose workers ask; None for this process.
        failed_again: ask once more for what has failed before.
    Raises:
        MissingStage: an arm has no adapter yet.
        CanaryFailed: the endpoint serves something other than the arm asked for.
        ModelUnreachable: nothing answers at the endpoint; what has come is kept.
        StudyError: as for `open_cluster` and `generate_by_ray`, where work is shared.
    """
    adapters = adapters_of(job, plan)
    with job.access.reading() as con:
        arms = current_served_models(read_served_models(con), adapters, plan, job)
    missing = missing_requests(job, questions, arms, limit, failed_again=failed_again)
    if find_complete_arms(arms, missing) == set(job.settings.arms):
        skip_generation(job, questions, arms, limit)
        return

    def ask(client: ChatClient, checked: CheckedArms) -> None:
        requests = missing_requests(job, questions, checked.arms, limit, failed_again=failed_again)
        if cluster is None:
            generate_responses(job, questions, requests, client, checked.check)
            return
        decoding = job.settings.evaluation.decoding
        n_shards = sharing.n_shards if sharing else None
        pool = ShardPool(cluster, client, decoding, checked.check, n_shards)
        generate_by_ray(job, questions, requests, pool)

    with open_cluster(sharing.address) if sharing else nullcontext() as cluster:
        meet_arms(job, plan, adapters, endpoint, dtype, cache, ask)


def meet_arms(
    job: Job,
    plan: TrainingPlan,
    adapters: Mapping[str, Path],
    endpoint: Endpoint,
    dtype: str,
    cache: Path,
    ask: Callable[[ChatClient, CheckedArms], None],
) -> None:
    """Let the arms be asked where they answer, once the canary has let them through.

    Args:
        endpoint: where the models answer; without an address the local server is started.
        ask: gets a client of the endpoint, and the arms there.
    Raises:
        CanaryFailed: the endpoint serves something other than the arm asked for.
        ModelUnreachable: nothing answers at the endpoint.
    """

    def meet(urls: Sequence[str]) -> None:
        client = connect(urls, job.settings.seed, api_key=endpoint.api_key)
        trusted = endpoint.trusts_model_id
        ask(
            client,
            check_served_models(job, plan, adapters, client, utc_now, trusts_model_id=trusted),
        )

    if endpoint.urls:
        meet(endpoint.urls)
        return
    with local_models(job.settings.base, cache, adapters, dtype, job.report) as url:
        meet([url])


def adapters_of(job: Job, plan: TrainingPlan) -> dict[str, Path]:
    """Where the adapter of each trained arm lies; raises MissingStage where one is not trained."""
    return served_folders(job.folder, plan)


def _is_chosen(job: Job, plan: TrainingPlan) -> bool:
    """Whether every arm has the adapter that the rule took."""
    try:
        adapters_of(job, plan)
    except MissingStage:
        return False
    return True


def _choose_checkpoint(job: Job, endpoint: Endpoint, dtype: str) -> None:
    """In a process of its own, since the meter is a model; it says what it chose."""
    urls = [word for url in endpoint.urls for word in ("--endpoint", url)]
    arguments = ["checkpoints", "--study", str(job.folder.root), "--dtype", dtype, *urls]
    if endpoint.trusts_model_id:
        arguments.append("--trust-model-id")
    # status 1 is an answer too: where the rule could not tell, the arms are asked for and say why
    _run_as_child(arguments, job.access, answers=(0, 1))


def _run_as_child(
    arguments: Sequence[str], access: StudyAccess, answers: Sequence[int] = (0,)
) -> None:
    """Run a subcommand beside this one; it reports for itself and says why it failed.

    Args:
        answers: statuses with which it has done its work.
    """
    process = start_child([*arguments, *access.arguments], access.environment)
    try:
        status = process.wait()
    finally:
        stop_child(process)
    if status not in answers:
        raise TrainingFailed(
            f"`warmth-audit {' '.join(arguments)}` ended with status {status}; what it said "
            "stands above"
        )


class _UsageReport:
    """Passes progress on and keeps what each stage cost, from the end of the one before."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._began = time.monotonic()
        self.stages: list[StageUsage] = []

    def __call__(self, progress: StageProgress) -> None:
        if progress.state in ("done", "skipped"):
            self.note(progress.stage, skipped=progress.state == "skipped")
            progress = replace(progress, seconds=self.stages[-1].seconds)
        self._report(progress)

    def note(self, stage: str, *, skipped: bool) -> None:
        """Note that a stage has ended now."""
        now = time.monotonic()
        self.stages.append(StageUsage(stage, now - self._began, skipped))
        self._began = now


def _peak_bytes() -> int:
    """Linux counts in KiB, macOS in bytes."""
    unit = 1 if sys.platform == "darwin" else 1024
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return max(resource.getrusage(one).ru_maxrss for one in who) * unit
