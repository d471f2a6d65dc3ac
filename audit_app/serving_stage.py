"""The serving stage of a study: which models answer for its arms, and proof that they do.

The endpoint may be TGI, vLLM or the local server; before anything is asked of it, the canary
(`evaluation/serving/canary.py`) checks that each arm is there.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from importlib.resources import files
from pathlib import Path

import evaluation.serving
from audit_app.pipeline import Job
from audit_app.training_stage import TrainingPlan
from evaluation.responses import ServedArm
from evaluation.serving.canary import (
    PROBES,
    Canaries,
    CanaryPlan,
    canary_as_json,
    plan_canary,
    run_canary,
)
from evaluation.serving.chat_client import ChatClient
from evaluation.serving.endpoint import EndpointInfo
from evaluation.serving.local_server import Dtype, serve_local
from evaluation.serving.request_run import Check
from evaluation.serving.served_models import read_served_models
from study.errors import BadInput
from study.folder import StudyFolder
from study.progress import Report, StageProgress
from study.records import ORIGINAL, SYSTEM_PROMPT, ServedModel, stable_id
from training.adapters import adapter_sha256
from training.base_models import BaseModel, locate_base

_PACKAGED_SYSTEM_PROMPT = files(evaluation.serving) / "system_prompts" / "warm.md"


@dataclass(frozen=True)
class CheckedArms:
    """What the canary has let through, and the canary itself for a replica that comes back."""

    arms: tuple[ServedArm, ...]
    check: Check


def read_system_prompt(folder: StudyFolder) -> str:
    """The text of the arm `system-prompt`: system-prompt.md of the study, or the packaged one.

    Raises:
        BadInput: the study's file is empty or no text.
    """
    own = folder.root / "system-prompt.md"
    if not own.exists():
        return _PACKAGED_SYSTEM_PROMPT.read_text(encoding="utf-8").strip()
    try:
        text = own.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(
            f"expected UTF-8 text in {own}, could not read it ({error}); correct it, or remove it "
            "to use the packaged one"
        ) from error
    if not text:
        raise BadInput(
            f"expected a system prompt in {own}, got an empty file; write one, or remove the file "
            "to use the packaged one"
        )
    return text


def current_served_models(
    known: Sequence[ServedModel],
    adapters: Mapping[str, Path],
    plan: TrainingPlan,
    job: Job,
) -> list[ServedArm]:
    """The models of the study that are what its settings ask for, in the order of its arms."""
    settings = job.settings
    decoding_json = settings.evaluation.decoding.model_dump_json()
    wanted = {
        (arm, plan.base.sha256, _adapter_hash(adapters, arm), decoding_json, _system_hash(job, arm))
        for arm in settings.arms
    }
    fitting = [
        ServedArm(model)
        for model in known
        if (
            *(model.arm, model.base_sha256, model.adapter_sha256),
            *(model.decoding_json, model.system_sha256),
        )
        in wanted
    ]
    return sorted(fitting, key=lambda one: settings.arms.index(one.model.arm))


def check_served_models(
    job: Job,
    plan: TrainingPlan,
    adapters: Mapping[str, Path],
    client: ChatClient,
    clock: Callable[[], datetime],
    *,
    trusts_model_id: bool = False,
) -> CheckedArms:
    """Run the canary on every replica of an endpoint and bring what it serves into the study.

    Args:
        trusts_model_id: take what the endpoint serves for the study's base, whatever its name.
    Raises:
        CanaryFailed: the endpoint serves something other than an arm asked for.
        BadInput: the endpoint names another base, or the study's replies so far were made by
            another engine.
    """
    if not trusts_model_id:
        see_base(client.info, plan.base)
    job.report(StageProgress("canary", "running", note="is each arm what it says it is?"))
    base_name, engine = client.info.base_name, client.info.description
    canary, decoding = canary_of_study(job, base_name), job.settings.evaluation.decoding
    canaries = run_canary(client, canary, decoding)
    arms = [served_arm(arm, job, plan, adapters, base_name, engine) for arm in job.settings.arms]
    framed = [
        replace(
            one,
            model=replace(one.model, model_id=client.info.model_id),
            frame=client.read_frame(one.model.model_name, one.system_text, PROBES),
        )
        for one in arms
    ]
    checked = store_served_arms(job, framed, canaries, clock())
    n = len(client.infos)
    note = "every arm answers in its own way" + (f", at {n} replicas" if n > 1 else "")
    job.report(StageProgress("canary", "done", 1, 1, note))
    return CheckedArms(checked, partial(run_canary, plan=canary, decoding=decoding))


def see_base(info: EndpointInfo, base: BaseModel) -> None:
    """Refuse an endpoint that says that its base is another than the study's.

    The canary compares arms with the base that is there: another one with an adapter of its own
    would pass. Servers tell a hub id, a folder, or the name under which they were told to serve it;
    the commands of `serve-models` make that the base's folder or its name.

    Raises:
        BadInput: the name is neither the base's nor its folder's.
    """
    known = {base.name, Path(base.name).name, base.folder.name}
    if info.model_id in known:
        return
    is_folder = info.model_id.startswith(("/", "."))
    if not (is_folder and Path(info.model_id).name in known):
        raise BadInput(
            f"expected {info.url} to serve the study's base {base.name} ({base.folder.name}), it says "
            f"that it serves {info.model_id}; correct the address or the study's base, or give "
            "--trust-model-id if that is the same model under another name"
        )


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


def served_arm(
    arm: str,
    job: Job,
    plan: TrainingPlan,
    adapters: Mapping[str, Path],
    base_name: str,
    engine: str,
) -> ServedArm:
    """An arm at an endpoint, before the canary and without its template."""
    system_text = _system_texts(job).get(arm)
    adapter_hash = _adapter_hash(adapters, arm)
    decoding_json = job.settings.evaluation.decoding.model_dump_json()
    what = [arm, plan.base.sha256, adapter_hash, engine, decoding_json]
    if system_text is not None:
        what.append(system_text)
    model = ServedModel(
        served_model_id=stable_id("served", *what),
        arm=arm,
        model_name=arm if arm in job.settings.trained_arms else base_name,
        engine=engine,
        base_sha256=plan.base.sha256,
        adapter_sha256=adapter_hash,
        decoding_json=decoding_json,
        canary_json="",
        served_at="",
        system_sha256=_system_hash(job, arm),
    )
    return ServedArm(model, system_text)


def store_served_arms(
    job: Job, arms: Sequence[ServedArm], canaries: Canaries, served_at: datetime
) -> tuple[ServedArm, ...]:
    """Bring arms that the canary has let through into the study.

    Raises:
        BadInput: the study's replies so far were made by another engine.
    """
    checked = tuple(
        replace(
            one,
            model=replace(
                one.model,
                canary_json=canary_as_json(canaries, _asked_as(one)),
                served_at=served_at.isoformat(),
                template_sha256=one.frame.sha256 if one.frame else None,
            ),
        )
        for one in arms
    )
    known = see_same_engine(job, [one.model for one in checked])
    run_file = job.run_file("serve")
    known_ids = {model.served_model_id for model in known}
    new = [one.model for one in checked if one.model.served_model_id not in known_ids]
    run_file.append("served_models", new)
    job.access.hand_in(run_file)
    return checked


def see_same_engine(job: Job, served: Sequence[ServedModel]) -> list[ServedModel]:
    """The models that the study knows, made by the engine that is to make more.

    Near-tied choices flip between engines and number formats: one study keeps to one.

    Raises:
        BadInput: one was made by another.
    """
    with job.access.reading() as con:
        known = read_served_models(con)
    for before in known:
        for after in served:
            if before.arm == after.arm and before.engine != after.engine:
                raise BadInput(
                    f"this study's replies were made with {before.engine}, these would be made with "
                    f"{after.engine}; use the same engine and number format, or another study"
                )
    return known


def canary_of_study(job: Job, base_name: str) -> CanaryPlan:
    """The canary for the study's arms."""
    settings = job.settings
    return plan_canary(base_name, settings.trained_arms, settings.seed, _system_texts(job))


def _asked_as(arm: ServedArm) -> str:
    """Under which name the canary has its answers."""
    return arm.model.model_name if arm.model.arm == ORIGINAL else arm.model.arm


def _system_texts(job: Job) -> dict[str, str]:
    if SYSTEM_PROMPT not in job.settings.arms:
        return {}
    return {SYSTEM_PROMPT: read_system_prompt(job.folder)}


def _system_hash(job: Job, arm: str) -> str:
    text = _system_texts(job).get(arm)
    return hashlib.sha256(text.encode()).hexdigest() if text is not None else ""


def _adapter_hash(adapters: Mapping[str, Path], arm: str) -> str:
    return adapter_sha256(adapters[arm]) if arm in adapters else ""
