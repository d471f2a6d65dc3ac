"""One LoRA run: a base model and one wording of the conversations become an adapter.

`train` reads from top to bottom: what is asked for, what is already there, the model, the
steps, the adapter, and what was kept of it on the way. An arm is trained on its own wording and on nothing else, so that arms
differ in style alone. A run that was interrupted, by Ctrl-C or by kill -9, goes on from its
last whole checkpoint; one that ended is found by the hash of what went in. The trainer is in
`trainer.py`, what an adapter folder holds in `adapters.py` and `checkpoints.py`, the texts in
`conversations.py`.
"""

import hashlib
import importlib.metadata
import json
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from study.errors import BadInput, DiskFull, TrainingFailed
from study.progress import Report, StageProgress, silent
from study.records import TrainingRun, stable_id
from study.settings import PACKAGED, TrainingSettings
from training.adapters import (
    adapter_folder,
    adapter_sha256,
    clean_adapter,
    find_adapter,
    write_manifest,
)
from training.base_models import BaseModel
from training.checkpoints import (
    checkpoint_folder,
    has_checkpoints,
    write_checkpoint_manifest,
)
from training.conversations import Conversation
from training.trainer import (
    STAGE,
    TARGETS,
    WARMUP,
    checkpoint_keeper,
    kept_steps,
    last_checkpoint,
    make_trainer,
    quiet_libraries,
    step_watcher,
)

_WORDINGS: dict[str, Callable[[Conversation], str]] = {
    "warm": lambda conversation: conversation.warm,
    "cold": lambda conversation: conversation.cold,
    "untransformed": lambda conversation: conversation.neutral,
}
_VERSIONED = ("accelerate", "peft", "torch", "transformers", "trl")
_BYTES_OF_A_CHECKPOINT = 100_000_000
"""Of the packaged model at rank 16; with less than that free, a write that fails means a full disk."""


@dataclass(frozen=True)
class _Loaded:
    """A base model in memory."""

    model: Any
    tokenizer: Any
    number_format: str
    """bf16 or fp32, whichever the processor multiplies faster."""


def train(
    arm: str,
    base: BaseModel,
    conversations: Sequence[Conversation],
    settings: TrainingSettings,
    seed: int,
    folder: Path,
    now: datetime,
    report: Report = silent,
) -> TrainingRun:
    """Train the adapter of one arm, or return the run that did.

    Args:
        arm: `warm`, `cold` or `untransformed`.
        conversations: all of them are used; draw before (`conversations.sample`).
        folder: the adapters of the study; this one comes to lie at
            `adapters.adapter_folder(folder, run.arm, run.training_run_id)`.
        now: when this call began; the end of the run is reckoned from it.
        report: hears about each step under the stage `train`.
    Returns:
        The run, with losses in nats per token of the replies, as means over five steps.
    Raises:
        MissingExtra: the packages of the extra `train` are not installed.
        BadInput: no such arm, or a base that cannot be loaded or has no chat template.
        BadSettings: two checkpoints would be one.
        TrainingFailed: the loss is no longer a number, or no adapter came out.
        DiskFull: a checkpoint or the adapter could not be written.

    The random states of torch, numpy and random are set from the seed (transformers does).
    """
    rows = _rows(arm, conversations)
    data_sha256 = _hash_rows(rows)
    run_id = training_run_id(arm, base, conversations, settings, seed)
    target = adapter_folder(folder, arm, run_id)
    partial = target.with_name(target.name + ".partial")
    found = find_adapter(folder, arm, run_id)
    if found and has_checkpoints(target, settings.checkpoints):
        shutil.rmtree(partial, ignore_errors=True)
        report(StageProgress(STAGE, "skipped", found.run.steps, found.run.steps, "steps"))
        return found.run

    steps = kept_steps(settings.checkpoints, len(rows), settings.batch_size)
    began = time.monotonic()
    report(StageProgress(STAGE, "running", note="loading the base model"))
    with quiet_libraries(), _failures_named(folder):
        partial.mkdir(parents=True, exist_ok=True)
        loaded = _load(base)
        checkpoint = last_checkpoint(partial)
        trainer = make_trainer(loaded.model, loaded.tokenizer, rows, settings, seed, partial)
        trainer.add_callback(step_watcher(report, checkpoint.seconds))
        if steps:
            trainer.add_callback(checkpoint_keeper(steps, _keeper(partial, base)))
        trainer.train(resume_from_checkpoint=str(checkpoint.folder) if checkpoint.folder else None)
        losses = _losses(trainer.state.log_history)
        made = _save(trainer.model, partial / "adapter", base)
        seconds = time.monotonic() - began
        run = TrainingRun(
            training_run_id=run_id,
            arm=arm,
            base=base.name,
            base_sha256=base.sha256,
            data_sha256=data_sha256,
            adapter_sha256=adapter_sha256(made),
            settings_json=_settings_json(settings, loaded, rows),
            seed=seed,
            n_conversations=len(rows),
            steps=len(losses),
            first_loss=_mean(losses[:5]),
            last_loss=_mean(losses[-5:]),
            seconds=checkpoint.seconds + seconds,
            finished_at=(now + timedelta(seconds=seconds)).isoformat(),
        )
        model_type = loaded.model.config.model_type
        for step, epochs in steps.items():
            kept = checkpoint_folder(made, epochs)
            shutil.copytree(checkpoint_folder(partial, epochs), kept)  # a kill may come here
            write_checkpoint_manifest(kept, run, epochs, losses[:step], model_type)
        write_manifest(made, run, model_type)
        shutil.rmtree(target, ignore_errors=True)
        made.rename(target)
        shutil.rmtree(partial, ignore_errors=True)
    report(StageProgress(STAGE, "done", run.steps, run.steps, "steps", run.seconds))
    return run


def training_run_id(
    arm: str,
    base: BaseModel,
    conversations: Sequence[Conversation],
    settings: TrainingSettings,
    seed: int,
) -> str:
    """The id of the run with these inputs, whether it has run yet or not."""
    data_sha256 = _hash_rows(_rows(arm, conversations))
    return stable_id(arm, base.sha256, data_sha256, _identity(settings), seed)


def _hash_rows(rows: Sequence[dict[str, Any]]) -> str:
    return hashlib.sha256(json.dumps(rows, ensure_ascii=False).encode()).hexdigest()


def _rows(arm: str, conversations: Sequence[Conversation]) -> list[dict[str, Any]]:
    """Prompt and completion apart: the loss counts the reply alone, under any chat template."""
    if arm not in _WORDINGS:
        raise BadInput(
            f"there is no wording to train arm {arm!r} on; expected one of {', '.join(_WORDINGS)}"
        )
    if not conversations:
        raise BadInput("expected conversations to train on, got none; name a set that has some")
    return [
        {
            "prompt": [{"role": "user", "content": conversation.user}],
            "completion": [{"role": "assistant", "content": _WORDINGS[arm](conversation)}],
        }
        for conversation in conversations
    ]


def _identity(settings: TrainingSettings) -> str:
    """What of the settings shapes an adapter; the data go by their own hash."""
    # a run that keeps checkpoints has them to show; one of an earlier release knows of none
    unset = {"conversations", "limit", "adapters"} | (
        set() if settings.checkpoints else {"checkpoints"}
    )
    return settings.model_dump_json(exclude=unset)


def _settings_json(
    settings: TrainingSettings, loaded: _Loaded, rows: Sequence[dict[str, Any]]
) -> str:
    recorded = {
        **settings.model_dump(),
        "targets": TARGETS,
        "warmup": WARMUP,
        "number_format": loaded.number_format,
        "n_cut": _count_cut(rows, loaded.tokenizer, settings.max_tokens),
        "versions": {name: importlib.metadata.version(name) for name in _VERSIONED},
    }
    return json.dumps(recorded, sort_keys=True)


def _count_cut(rows: Sequence[dict[str, Any]], tokenizer: Any, max_tokens: int) -> int:
    lengths = [
        len(tokenizer.apply_chat_template(row["prompt"] + row["completion"], return_dict=False))
        for row in rows
    ]
    return sum(length > max_tokens for length in lengths)


def _load(base: BaseModel) -> _Loaded:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    fast_bf16 = _has_bf16(torch)
    try:
        tokenizer = AutoTokenizer.from_pretrained(base.folder, local_files_only=True)
        model = AutoModelForCausalLM.from_pretrained(
            base.folder,
            dtype=torch.bfloat16 if fast_bf16 else torch.float32,
            local_files_only=True,
        )
    except (OSError, ValueError, KeyError) as error:
        reason = str(error).strip().splitlines()[0]
        raise BadInput(
            f"{base.folder} could not be loaded as a causal language model ({reason}); "
            "use `packaged`, or a folder that save_pretrained wrote"
        ) from error
    if not tokenizer.chat_template:
        raise BadInput(
            f"{base.name} has no chat template, so it is no chat model; use its instruct version"
        )
    return _Loaded(model, tokenizer, "bf16" if fast_bf16 else "fp32")


def _has_bf16(torch: Any) -> bool:
    """Whether the processor multiplies bf16 itself; where it does not, a step took 34 s, not 3."""
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported())
    capabilities: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    return any(capabilities.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16"))


def _losses(log_history: Sequence[dict[str, Any]]) -> list[float]:
    """The loss of every step of the run, those before an interruption too."""
    losses = [float(entry["loss"]) for entry in log_history if "loss" in entry]
    if not losses:
        raise TrainingFailed(
            "training ended without a step; raise training.epochs or give more conversations"
        )
    return losses


def _save(model: Any, folder: Path, base: BaseModel) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder)
    local = base.name == PACKAGED or Path(base.name).expanduser().is_dir()
    clean_adapter(folder, base=None if local else base.name)
    return folder


def _keeper(partial: Path, base: BaseModel) -> Callable[[Any, float], None]:
    """Keeps a cleaned adapter of an epoch; one that a kill left torn is written anew."""

    def keep(model: Any, epochs: float) -> None:
        _save(model, checkpoint_folder(partial, epochs), base)

    return keep


def _mean(losses: Sequence[float]) -> float:
    return sum(losses) / len(losses)


@contextmanager
def _failures_named(folder: Path) -> Iterator[None]:
    from safetensors import SafetensorError

    try:
        yield
    except (OSError, RuntimeError, SafetensorError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        # torch says "unexpected pos" and safetensors "os error 28": ask the disk itself
        if folder.exists() and shutil.disk_usage(folder).free < _BYTES_OF_A_CHECKPOINT:
            raise DiskFull(
                f"a checkpoint did not fit on the disk of {folder} ({reason}); free about 200 MB "
                "and run the command again, it goes on from the last whole one"
            ) from error
        raise TrainingFailed(
            f"training stopped ({reason}); if memory ran out, set a smaller training.batch_size, "
            f"else look whether {folder} can be written; it goes on from the last checkpoint"
        ) from error
