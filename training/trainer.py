"""TRL's trainer as one LoRA run wants it: quiet, watched step by step, and resumable.

A checkpoint counts only when it carries the mark that is written after it: the trainer writes
its files one by one, and a kill between two of them leaves a torn one behind. What goes into a
run and what comes out of it is in `lora.py`. The libraries of the extra `train` are imported
when they are needed and not before.
"""

import json
import math
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from study.errors import BadSettings, MissingExtra, TrainingFailed
from study.progress import Report, StageProgress
from study.settings import TrainingSettings

STAGE = "train"
TARGETS = "all-linear"
"""Attention and MLP projections of every layer, not the output head, which TGI would skip."""
STEPS_PER_CHECKPOINT = 10
WARMUP = 0.05
"""Share of the steps over which the rate rises; it falls along a cosine after that."""

_WHOLE_FILE = "whole.json"


@dataclass(frozen=True)
class Checkpoint:
    """Where a run can go on."""

    folder: Path | None
    """None when it begins anew."""
    seconds: float
    """What the run took up to there."""


def last_checkpoint(folder: Path) -> Checkpoint:
    """The newest checkpoint below a folder that was written to its end."""
    marks = sorted(
        folder.glob(f"checkpoint-*/{_WHOLE_FILE}"),
        key=lambda mark: int(mark.parent.name.rpartition("-")[2]),
    )
    for mark in reversed(marks):
        try:
            seconds = float(json.loads(mark.read_text(encoding="utf-8"))["seconds"])
        except ValueError:  # killed while the mark was written
            continue
        return Checkpoint(mark.parent, seconds)
    return Checkpoint(None, 0.0)


def make_trainer(
    model: Any,
    tokenizer: Any,
    rows: Sequence[dict[str, Any]],
    settings: TrainingSettings,
    seed: int,
    folder: Path,
) -> Any:
    """An SFTTrainer with a fresh LoRA on the model, whose checkpoints go to the folder.

    Args:
        model: a transformers causal language model, in the number format to train in.
        rows: `prompt` and `completion`, each a list of chat messages.
    """
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
        bf16=False,  # no autocast: the weights come in the format that is fast here
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


def kept_steps(epochs: Sequence[float], n_rows: int, batch_size: int) -> dict[int, float]:
    """The step at which each of these epochs is reached, as the trainer counts its own end.

    Raises:
        BadSettings: two of them are reached at one step.
    """
    per_epoch = math.ceil(n_rows / batch_size)
    # 0.1 * 30 is a little more than 3
    steps = {math.ceil(round(epoch * per_epoch, 6)): epoch for epoch in epochs}
    if len(steps) < len(epochs):
        raise BadSettings(
            f"training.checkpoints: expected each of {list(epochs)} at a step of its own, an epoch "
            f"has {per_epoch} steps here; name fewer, or train on more conversations"
        )
    return steps


def checkpoint_keeper(steps: Mapping[int, float], keep: Callable[[Any, float], None]) -> Any:
    """A callback that hands over the model after the named steps.

    It runs before the trainer writes its own checkpoint of a step: a run that goes on from there
    has kept all that came before.

    Args:
        keep: gets the model and the epoch.
    """
    from transformers import TrainerCallback

    class CheckpointKeeper(TrainerCallback):  # type: ignore[misc]  # transformers is untyped here
        def on_step_end(self, args: Any, state: Any, control: Any, model: Any, **_: Any) -> None:
            if state.global_step in steps:
                keep(model, steps[state.global_step])

    return CheckpointKeeper()


def step_watcher(report: Report, seconds_before: float) -> Any:
    """A callback that tells each step, stops on a bad loss and marks checkpoints as whole.

    Args:
        seconds_before: what the run took before this call.
    """
    from transformers import TrainerCallback

    made = time.monotonic()

    class StepWatcher(TrainerCallback):  # type: ignore[misc]  # transformers is untyped here
        first_step = 0
        first_step_began = made

        def seconds(self) -> float:
            return seconds_before + time.monotonic() - made

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
            taken = time.monotonic() - self.first_step_began
            per_step = taken / (state.global_step - self.first_step)
            left = round(per_step * (state.max_steps - state.global_step))
            note = f"steps, loss {logs['loss']:.2f}, {left // 60}:{left % 60:02d} left"
            done, total = state.global_step, state.max_steps
            report(StageProgress(STAGE, "running", done, total, note, self.seconds()))

        def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            mark = Path(args.output_dir) / f"checkpoint-{state.global_step}" / _WHOLE_FILE
            mark.write_text(json.dumps({"seconds": self.seconds()}), encoding="utf-8")

    return StepWatcher()


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """No bars, log lines or warnings on the terminal, and no usage report to a hub.

    Raises:
        MissingExtra: a package of the extra `train` is not installed.
    """
    try:
        import datasets
        import peft as _needed_later  # noqa: F401
        import trl as _needed_as_well  # noqa: F401
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
