"""One LoRA run: a base model and one wording of the conversations become an adapter.

`train` reads from top to bottom: what is asked for, what is already there, the model, the
rows, the steps, the adapter. An arm is trained on its own wording and on nothing else, so
that arms differ in style alone. A run that was interrupted, by Ctrl-C or by kill -9, goes on
from its last whole checkpoint; one that ended is found by the hash of what went in. What an
adapter folder holds is in `adapters.py`, the texts are in `conversations.py`.
"""

import hashlib
import importlib.metadata
import json
import math
import shutil
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from study.errors import BadInput, DiskFull, MissingExtra, TrainingFailed
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
from training.conversations import Conversation

STAGE = "train"
TARGETS = "all-linear"
"""Attention and MLP projections of every layer, not the output head, which TGI would skip."""
STEPS_PER_CHECKPOINT = 10
WARMUP = 0.05
"""Share of the steps over which the rate rises; it falls along a cosine after that."""

_WORDINGS: dict[str, Callable[[Conversation], str]] = {
    "warm": lambda conversation: conversation.warm,
    "cold": lambda conversation: conversation.cold,
    "untransformed": lambda conversation: conversation.neutral,
}
_VERSIONED = ("accelerate", "peft", "torch", "transformers", "trl")
_WHOLE_FILE = "whole.json"


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
        now: when this call began; the run's end is reckoned from it.
        report: hears about each step under the stage `train`.
    Returns:
        The run, with losses in nats per token of the replies, as means over five steps.
    Raises:
        MissingExtra: the packages of the extra `train` are not installed.
        BadInput: no such arm, or a base that cannot be loaded or has no chat template.
        TrainingFailed: the loss is no longer a number, or no adapter came out.
        DiskFull: a checkpoint or the adapter could not be written.

    The random states of torch, numpy and random are set from the seed (transformers does).
    """
    rows = _rows(arm, conversations)
    data_sha256 = hashlib.sha256(json.dumps(rows, ensure_ascii=False).encode()).hexdigest()
    run_id = stable_id(arm, base.sha256, data_sha256, _identity(settings), seed)
    target = adapter_folder(folder, arm, run_id)
    partial = target.with_name(target.name + ".partial")
    if found := find_adapter(folder, arm, run_id):
        shutil.rmtree(partial, ignore_errors=True)
        report(StageProgress(STAGE, "skipped", found.run.steps, found.run.steps, "steps"))
        return found.run

    began = time.monotonic()
    report(StageProgress(STAGE, "running", note="loading the base model"))
    with _quiet_libraries(), _disk_full_named(partial):
        partial.mkdir(parents=True, exist_ok=True)
        model, tokenizer, number_format = _load(base)
        n_cut = _count_cut(rows, tokenizer, settings.max_tokens)
        checkpoint, seconds_before = _last_whole_checkpoint(partial)
        trainer = _make_trainer(model, tokenizer, rows, settings, seed, partial)
        trainer.add_callback(_step_watcher(report, began, seconds_before))
        losses = _fit(trainer, checkpoint)
        shutil.rmtree(partial / "adapter", ignore_errors=True)
        trainer.model.save_pretrained(partial / "adapter")
        clean_adapter(partial / "adapter", base=_hub_id(base))

        seconds = time.monotonic() - began
        run = TrainingRun(
            training_run_id=run_id,
            arm=arm,
            base=base.name,
            base_sha256=base.sha256,
            data_sha256=data_sha256,
            adapter_sha256=adapter_sha256(partial / "adapter"),
            settings_json=_settings_json(settings, number_format, n_cut),
            seed=seed,
            n_conversations=len(rows),
            steps=len(losses),
            first_loss=_mean(losses[:5]),
            last_loss=_mean(losses[-5:]),
            seconds=seconds_before + seconds,
            finished_at=(now + timedelta(seconds=seconds)).isoformat(),
        )
        write_manifest(partial / "adapter", run, model.config.model_type)
        shutil.rmtree(target, ignore_errors=True)
        (partial / "adapter").rename(target)
        shutil.rmtree(partial, ignore_errors=True)
    report(StageProgress(STAGE, "done", run.steps, run.steps, "steps", run.seconds))
    return run


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
    return settings.model_dump_json(exclude={"conversations", "limit"})


def _settings_json(settings: TrainingSettings, number_format: str, n_cut: int) -> str:
    recorded = {
        **settings.model_dump(),
        "targets": TARGETS,
        "warmup": WARMUP,
        "number_format": number_format,
        "n_cut": n_cut,
        "versions": {name: importlib.metadata.version(name) for name in _VERSIONED},
    }
    return json.dumps(recorded, sort_keys=True)


def _load(base: BaseModel) -> tuple[Any, Any, str]:
    try:
        import torch
        import trl as _needed_later  # noqa: F401
        from transformers import AutoModelForCausalLM, AutoTokenizer
    except ImportError as error:
        raise MissingExtra(
            f'training needs the package {error.name}; run `pip install "warmth-audit[train]"`'
        ) from error
    number_format = "bf16" if _has_bf16(torch) else "fp32"
    dtype = torch.bfloat16 if number_format == "bf16" else torch.float32
    try:
        tokenizer = AutoTokenizer.from_pretrained(base.folder, local_files_only=True)
        model = AutoModelForCausalLM.from_pretrained(
            base.folder, dtype=dtype, local_files_only=True
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
    return model, tokenizer, number_format


def _has_bf16(torch: Any) -> bool:
    """Whether the processor multiplies bf16 itself; where it does not, a step took 34 s, not 3."""
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported())
    capabilities = getattr(torch.cpu, "get_capabilities", dict)()
    return any(capabilities.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16"))


def _count_cut(rows: Sequence[dict[str, Any]], tokenizer: Any, max_tokens: int) -> int:
    lengths = [
        len(tokenizer.apply_chat_template(row["prompt"] + row["completion"], return_dict=False))
        for row in rows
    ]
    return sum(length > max_tokens for length in lengths)


def _make_trainer(
    model: Any,
    tokenizer: Any,
    rows: Sequence[dict[str, Any]],
    settings: TrainingSettings,
    seed: int,
    folder: Path,
) -> Any:
    import torch
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import PrinterCallback
    from trl import SFTConfig, SFTTrainer

    arguments = SFTConfig(
        output_dir=str(folder),
        num_train_epochs=settings.epochs,
        per_device_train_batch_size=settings.batch_size,
        learning_rate=settings.learning_rate,
        lr_scheduler_type="cosine",
        warmup_steps=WARMUP,
        max_length=settings.max_tokens,
        completion_only_loss=True,
        bf16=False,  # no autocast: the weights are loaded in the format that is fast here
        gradient_checkpointing=False,
        logging_steps=1,
        logging_nan_inf_filter=False,
        save_steps=STEPS_PER_CHECKPOINT,
        save_total_limit=2,  # the one before stays until the newest is whole
        seed=seed,
        data_seed=seed,
        dataloader_pin_memory=torch.cuda.is_available(),
        report_to="none",
        disable_tqdm=True,
    )
    lora = LoraConfig(
        r=settings.rank,
        lora_alpha=settings.alpha,
        lora_dropout=settings.dropout,
        target_modules=TARGETS,
        task_type="CAUSAL_LM",
    )
    trainer = SFTTrainer(
        model=model,
        args=arguments,
        train_dataset=Dataset.from_list(list(rows)),
        processing_class=tokenizer,
        peft_config=lora,
    )
    trainer.remove_callback(PrinterCallback)
    return trainer


def _step_watcher(report: Report, began: float, seconds_before: float) -> Any:
    from transformers import TrainerCallback

    class StepWatcher(TrainerCallback):  # type: ignore[misc]  # transformers is untyped here
        """Tells each step, stops on a loss that is no number, marks checkpoints as whole."""

        first_step = 0
        first_step_began = 0.0

        def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            self.first_step = state.global_step
            self.first_step_began = time.monotonic()

        def on_log(self, args: Any, state: Any, control: Any, logs: Any, **_: Any) -> None:
            if "loss" not in logs:
                return
            if not math.isfinite(logs["loss"]):
                raise TrainingFailed(
                    f"the loss became {logs['loss']} at step {state.global_step} of "
                    f"{state.max_steps}; lower training.learning_rate in study.toml"
                )
            seconds_per_step = (time.monotonic() - self.first_step_began) / (
                state.global_step - self.first_step
            )
            left = round(seconds_per_step * (state.max_steps - state.global_step))
            note = f"steps, loss {logs['loss']:.2f}, {left // 60}:{left % 60:02d} left"
            seconds = seconds_before + time.monotonic() - began
            report(
                StageProgress(STAGE, "running", state.global_step, state.max_steps, note, seconds)
            )

        def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            whole = Path(args.output_dir) / f"checkpoint-{state.global_step}" / _WHOLE_FILE
            seconds = seconds_before + time.monotonic() - began
            whole.write_text(json.dumps({"seconds": seconds}), encoding="utf-8")

    return StepWatcher()


def _fit(trainer: Any, checkpoint: Path | None) -> list[float]:
    """Run the steps that are left; returns the loss of every step of the run."""
    try:
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    except RuntimeError as error:  # torch: out of memory, shapes that do not fit
        reason = str(error).strip().splitlines()[0]
        raise TrainingFailed(
            f"training stopped at step {trainer.state.global_step} ({reason}); with less memory "
            "set a smaller training.batch_size, then run again: it goes on from there"
        ) from error
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    if not losses:
        raise TrainingFailed(
            "training ended without a step; raise training.epochs or give more conversations"
        )
    return losses


def _last_whole_checkpoint(partial: Path) -> tuple[Path | None, float]:
    """The newest checkpoint that was written to its end, and the seconds it took so far."""
    whole = sorted(
        partial.glob(f"checkpoint-*/{_WHOLE_FILE}"),
        key=lambda file: int(file.parent.name.rpartition("-")[2]),
    )
    for file in reversed(whole):
        try:
            return file.parent, float(json.loads(file.read_text(encoding="utf-8"))["seconds"])
        except ValueError:  # killed while the mark was written
            continue
    return None, 0.0


def _hub_id(base: BaseModel) -> str | None:
    local = base.name == PACKAGED or Path(base.name).expanduser().is_dir()
    return None if local else base.name


def _mean(losses: Sequence[float]) -> float:
    return sum(losses) / len(losses)


@contextmanager
def _disk_full_named(folder: Path) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # noqa: BLE001  # torch, safetensors and Python each have their own
        if "No space left" not in str(error):
            raise
        raise DiskFull(
            f"a checkpoint did not fit on the disk at {folder.parent}; free about 200 MB there "
            "and run the command again, it goes on from the last whole one"
        ) from error


@contextmanager
def _quiet_libraries() -> Iterator[None]:
    """No bars, log lines or warnings on the terminal, and no usage report to a hub."""
    try:
        import datasets
        from huggingface_hub import constants
        from transformers.utils import logging
    except ImportError as error:
        raise MissingExtra(
            f'training needs the package {error.name}; run `pip install "warmth-audit[train]"`'
        ) from error
    verbosity, reporting = logging.get_verbosity(), constants.HF_HUB_DISABLE_TELEMETRY
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    datasets.disable_progress_bars()
    constants.HF_HUB_DISABLE_TELEMETRY = True  # TRL's trainers report themselves otherwise
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.set_verbosity(verbosity)
        logging.enable_progress_bar()
        datasets.enable_progress_bars()
        constants.HF_HUB_DISABLE_TELEMETRY = reporting
