"""The serving stage of a study: which models answer for its arms, and proof that they do.

The endpoint may be TGI, vLLM or the local server; before anything is asked of it, the canary
(`evaluation/serving/canary.py`) checks that each arm is there.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from audit_app.pipeline import Job
from audit_app.training_stage import TrainingPlan
from evaluation.serving.canary import Canary, run_canary
from evaluation.serving.chat_client import ChatClient
from evaluation.serving.local_server import Dtype, serve_local
from evaluation.serving.served_models import read_served_models
from study.errors import BadInput
from study.progress import Report, StageProgress
from study.records import ORIGINAL, ServedModel, stable_id
from study.settings import Settings
from training.adapters import adapter_sha256
from training.base_models import locate_base


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


def check_served_models(
    job: Job,
    plan: TrainingPlan,
    adapters: Mapping[str, Path],
    client: ChatClient,
    clock: Callable[[], datetime],
) -> list[ServedModel]:
    """Run the canary on an endpoint and bring what it serves into the study.

    Raises:
        CanaryFailed: the endpoint serves something other than an arm asked for.
        BadInput: the study's replies so far were made by another engine.
    """
    settings = job.settings
    base_name = client.info.base_name
    job.report(StageProgress("canary", "running", note="is each arm what it says it is?"))
    canaries = run_canary(
        client, base_name, settings.trained_arms, settings.evaluation.decoding, settings.seed
    )
    served_at = clock()
    served = [
        _served_model(arm, settings, plan, adapters, client, canaries, served_at)
        for arm in settings.arms
    ]
    with job.access.reading() as con:
        known = read_served_models(con)
    _check_engine(known, served)
    run_file = job.run_file("serve")
    known_ids = {model.served_model_id for model in known}
    run_file.append("served_models", [m for m in served if m.served_model_id not in known_ids])
    job.access.hand_in(run_file)
    job.report(StageProgress("canary", "done", 1, 1, "every arm answers in its own way"))
    return served


def serve_local_models(
    base: str,
    cache: Path,
    adapters: Mapping[str, Path],
    host: str,
    port: int,
    dtype: Dtype,
    report: Report,
) -> None:
    """Serve a base and its adapters in this process until Ctrl-C."""
    folder = locate_base(base, cache, report).folder
    serve_local(folder, dict(adapters), host, port, dtype, report)


def _served_model(
    arm: str,
    settings: Settings,
    plan: TrainingPlan,
    adapters: Mapping[str, Path],
    client: ChatClient,
    canaries: Mapping[str, Canary],
    served_at: datetime,
) -> ServedModel:
    name = client.info.base_name if arm == ORIGINAL else arm
    adapter_hash = _adapter_hash(adapters, arm)
    decoding_json = settings.evaluation.decoding.model_dump_json()
    what = (arm, plan.base.sha256, adapter_hash, client.info.description, decoding_json)
    return ServedModel(
        served_model_id=stable_id("served", *what),
        arm=arm,
        model_name=name,
        engine=client.info.description,
        base_sha256=plan.base.sha256,
        adapter_sha256=adapter_hash,
        decoding_json=decoding_json,
        canary_json=canaries[name].to_json(),
        served_at=served_at.isoformat(),
    )


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
