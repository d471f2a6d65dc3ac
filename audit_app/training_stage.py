"""The training stage of a study: which LoRA runs it needs, running them, handing them in.

A run itself is in `training/lora.py`, what an adapter folder holds in `training/adapters.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from audit_app.chosen_checkpoint import read_chosen_epochs
from audit_app.pipeline import Job
from study.errors import MissingStage
from study.folder import StudyFolder
from study.progress import Report, StageProgress
from study.records import WARM, TrainingRun
from study.settings import CheckpointRule, Settings
from training.adapters import (
    MANIFEST_FILE,
    adapter_folder,
    check_adapter,
    find_adapter,
    list_adapters,
    read_training_run_ids,
)
from training.base_models import BaseModel, locate_base
from training.checkpoints import list_checkpoints
from training.conversations import Conversation, read_conversations, sample
from training.lora import train, training_run_id


@dataclass(frozen=True)
class TrainingPlan:
    """The runs that a study's arms need, each with its id."""

    base: BaseModel
    conversations: Sequence[Conversation]
    run_ids: Mapping[str, str]
    checkpoints: tuple[float, ...] = ()
    """Epochs after which adapters are kept beside the last."""
    rule: CheckpointRule | None = None
    """By which one of them is taken; None for the last."""
    given: Mapping[str, Path] = field(default_factory=dict)
    """By arm, the folder of an adapter that was made elsewhere."""


def plan_training(settings: Settings, cache: Path, report: Report) -> TrainingPlan:
    """What has to be trained, from the settings alone; fetches or converts the base model."""
    base = locate_base(settings.base, cache, report)
    everything = read_conversations(settings.training.conversations)
    conversations = sample(everything, settings.training.limit, settings.seed)
    return TrainingPlan(
        base,
        conversations,
        {
            arm: training_run_id(arm, base, conversations, settings.training, settings.seed)
            for arm in settings.arms_to_train
        },
        settings.training.checkpoints,
        settings.warmth.rule,
        {arm: Path(folder).expanduser() for arm, folder in settings.training.adapters.items()},
    )


def find_adapter_of(job: Job, plan: TrainingPlan, arm: str) -> TrainingRun | None:
    """The finished run of an arm; None when it must be trained."""
    manifest = find_adapter(job.folder.adapters, arm, plan.run_ids[arm])
    return manifest.run if manifest else None


def train_arms(job: Job, cache: Path, arms: Sequence[str]) -> None:
    """Train arms in this process, one after the other, and hand each run in."""
    job.run_file("train")  # held from here on, so that no two processes train for one study
    plan = plan_training(job.located, cache, job.report)
    for arm in arms:

        def report(progress: StageProgress, arm: str = arm) -> None:
            job.report(replace(progress, stage=f"train {arm}"))

        train(
            arm,
            plan.base,
            plan.conversations,
            job.settings.training,
            job.settings.seed,
            job.folder.adapters,
            datetime.now(UTC),
            report,
        )
    store_training_runs(job, plan)


def store_training_runs(job: Job, plan: TrainingPlan) -> None:
    """Bring the manifests of finished runs into the study."""
    runs = [run for arm in plan.run_ids if (run := find_adapter_of(job, plan, arm))]
    run_file = job.run_file("train")
    with job.access.reading() as con:
        known = read_training_run_ids(con)
    run_file.append("training_runs", [run for run in runs if run.training_run_id not in known])
    job.access.hand_in(run_file)


def served_folders(folder: StudyFolder, plan: TrainingPlan) -> dict[str, Path]:
    """Where the adapter of each arm lies that has one.

    Raises:
        MissingStage: one is not trained yet, or the rule has taken none.
        BadInput: a checkpoint is harmed, or what was chosen cannot be read.
    """
    return {**plan.given, **{arm: trained_folder(folder, plan, arm) for arm in plan.run_ids}}


def trained_folder(folder: StudyFolder, plan: TrainingPlan, arm: str) -> Path:
    """Where the adapter lies that is served for an arm: the end of its run, or what the rule took.

    Raises:
        MissingStage: it is not trained yet, or the rule has taken none.
        BadInput: a checkpoint is harmed, or what was chosen cannot be read.
    """
    adapter = finished_folder(folder, plan, arm)
    if plan.rule is None:
        return adapter
    epochs = read_chosen_epochs(folder, plan.run_ids[WARM], plan.rule)
    kept = {one.epochs: one.folder for one in list_checkpoints(adapter, plan.checkpoints)}
    if epochs not in kept:
        raise MissingStage(
            f"expected the adapter of arm {arm!r} after {epochs:g} epochs, which the rule took, "
            f"found those after {', '.join(f'{one:g}' for one in kept)}; run `warmth-audit "
            f"checkpoints --study {folder.root}`"
        )
    return kept[epochs]


def finished_folder(folder: StudyFolder, plan: TrainingPlan, arm: str) -> Path:
    """Where the adapter lies with which the run of an arm ended.

    Raises:
        MissingStage: it is not trained yet, or was harmed since.
    """
    place = adapter_folder(folder.adapters, arm, plan.run_ids[arm])
    if find_adapter(folder.adapters, arm, plan.run_ids[arm]) is None:
        is_there = (place / MANIFEST_FILE).is_file()
        what = f"a harmed adapter in {place}" if is_there else "no finished adapter"
        raise MissingStage(
            f"arm {arm!r} has {what}; run `warmth-audit train --study {folder.root}`"
        )
    return place


def check_adapters(folder: StudyFolder) -> list[dict[str, Any]]:
    """Every finished adapter beside a study, with what keeps TGI from serving it."""
    checks = []
    for manifest in list_adapters(folder.adapters):
        run = manifest.run
        place = adapter_folder(folder.adapters, run.arm, run.training_run_id)
        problems = check_adapter(place)
        checks.append({**asdict(run), "folder": str(place), "problems": problems})
    return checks
