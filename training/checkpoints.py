"""Checkpoints: the adapter as it was after some of the epochs of its run.

Each lies in the folder of the run's own adapter, cleaned and with a manifest like that one's, and
comes into place with it. When the trainer keeps one is in `trainer.py`; which of them stands for
its arm is decided by a rule on measured warmth, on another floor.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from study.errors import BadInput
from study.records import TrainingRun, stable_id
from training.adapters import (
    Manifest,
    adapter_sha256,
    hash_adapter,
    read_manifest,
    write_manifest,
)


@dataclass(frozen=True)
class KeptCheckpoint:
    """An adapter of a run after so many epochs; the last is the run's own."""

    epochs: float
    folder: Path
    run: TrainingRun
    """As in its manifest; its hash is that of this adapter."""


def checkpoint_folder(adapter: Path, epochs: float) -> Path:
    """Where the checkpoint of an epoch lies in the folder of its run's adapter."""
    return adapter / f"epoch-{epochs:g}"


def write_checkpoint_manifest(
    folder: Path, run: TrainingRun, epochs: float, losses: Sequence[float], model_type: str
) -> None:
    """Write the manifest of a checkpoint beside its adapter.

    Args:
        run: that of the adapter at the end.
        losses: of the steps up to here.
    """
    last = losses[-5:]
    up_to_here = replace(
        run,
        training_run_id=stable_id(run.training_run_id, "epoch", epochs),
        adapter_sha256=adapter_sha256(folder),
        steps=len(losses),
        last_loss=sum(last) / len(last),
    )
    write_manifest(folder, up_to_here, model_type)


def has_checkpoints(adapter: Path, epochs: Sequence[float]) -> bool:
    """Whether every checkpoint that a run should have left is there and unharmed."""
    try:
        return all(_is_whole(checkpoint_folder(adapter, one)) for one in epochs)
    except BadInput:
        return False


def list_checkpoints(adapter: Path, epochs: Sequence[float]) -> list[KeptCheckpoint]:
    """The checkpoints of a finished run and its own adapter, by epochs.

    Args:
        adapter: the folder of the run's own adapter.
        epochs: those that were to be kept.
    Raises:
        BadInput: one is missing or harmed.
    """
    own = read_manifest(adapter)
    end = float(json.loads(own.run.settings_json)["epochs"])
    kept = [_kept(checkpoint_folder(adapter, one), one) for one in epochs if one < end]
    return [*kept, KeptCheckpoint(end, adapter, own.run)]


def _kept(folder: Path, epochs: float) -> KeptCheckpoint:
    manifest = read_manifest(folder)
    if not _is_whole(folder, manifest):
        raise BadInput(
            f"expected the files of {folder} to be those of its manifest, got others; run "
            "`warmth-audit train` again"
        )
    return KeptCheckpoint(epochs, folder, manifest.run)


def _is_whole(folder: Path, manifest: Manifest | None = None) -> bool:
    return hash_adapter(folder) == (manifest or read_manifest(folder)).files
