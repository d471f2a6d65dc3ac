"""The models that the local server holds: the base, and a merged copy for each adapter.

Merged copies measured nearly twice as fast as an active adapter, and no request waits for a
switch. An adapter is merged in fp32 and rounded once, to the number format that is served.
"""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
import transformers
from peft import PeftModel
from safetensors import SafetensorError
from transformers import AutoModelForCausalLM, AutoTokenizer

from evaluation.serving.generation import BASE_NAMES
from study.errors import BadInput
from study.progress import Report, StageProgress

STAGE = "serve-models"

DtypeChoice = Literal["auto", "bf16", "fp32"]
_DTYPES: dict[str, Any] = {"bf16": torch.bfloat16, "fp32": torch.float32}


@dataclass(frozen=True)
class ResidentModels:
    """Models in memory, by the name under which they are asked for."""

    base_name: str
    """Name of the base's folder; the machine's path stays out of every answer."""
    tokenizer: Any
    by_name: Mapping[str, Any]
    """The base under `base_name`, and each merged copy under its arm's name."""
    eos_ids: frozenset[int]
    """Tokens that end an answer."""
    max_total_tokens: int
    """Prompt and answer together."""
    dtype: str
    """`bf16` or `fp32`."""


def load_resident_models(
    base_folder: Path, adapters: Mapping[str, Path], dtype: DtypeChoice, report: Report
) -> ResidentModels:
    """Load the base and merge every adapter into a copy of it.

    Args:
        base_folder: config.json, safetensors and the tokenizer's files.
        adapters: folder of each adapter, by its arm's name.
        dtype: `auto` takes bf16 where the processor computes with it, else fp32.
        report: hears how many models are in memory.
    Raises:
        BadInput: a folder does not hold what it should, or an arm has a name of the base.
    """
    chosen = _choose_dtype() if dtype == "auto" else dtype
    transformers.utils.logging.disable_progress_bar()
    names = (base_folder.name, *BASE_NAMES)
    if taken := [name for name in adapters if name in names]:
        raise BadInput(f"an arm cannot be called {taken[0]!r}, which names the base; rename it")
    by_name: dict[str, Any] = {}
    for name, adapter in {base_folder.name: None, **adapters}.items():
        report(StageProgress(STAGE, "running", len(by_name), len(adapters) + 1, "models loaded"))
        model = _load_base(base_folder)
        if adapter is not None:
            model = _merge(model, adapter)
        by_name[name] = model.to(_DTYPES[chosen]).eval()
    base = by_name[base_folder.name]
    tokenizer = AutoTokenizer.from_pretrained(base_folder)
    return ResidentModels(
        base_name=base_folder.name,
        tokenizer=tokenizer,
        by_name=by_name,
        eos_ids=_eos_ids(base, tokenizer),
        max_total_tokens=base.config.max_position_embeddings,
        dtype=chosen,
    )


def _choose_dtype() -> str:
    """bf16 where the processor has instructions for it: 1.3 to 1.8 times as fast there (two
    cores, AVX512-BF16), but emulated and slower elsewhere."""
    read = getattr(torch.cpu, "get_capabilities", None)
    capabilities = read() if read else {}
    has_bf16 = any(capabilities.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16"))
    return "bf16" if has_bf16 else "fp32"


def _load_base(folder: Path) -> Any:
    try:
        return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    except (OSError, ValueError, SafetensorError) as error:
        raise BadInput(
            f"expected a causal language model with safetensors in {folder}, could not load one "
            f"({_first_line(error)}); name another with --base"
        ) from error


def _merge(model: Any, adapter: Path) -> Any:
    try:
        # peft would look for a missing file on a hub
        (adapter / "adapter_config.json").read_bytes()
        with warnings.catch_warnings():
            # peft 0.21 reads an attribute that transformers 5.23 renames in version 6
            warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing.*")
            return PeftModel.from_pretrained(model, adapter).merge_and_unload(safe_merge=True)
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise BadInput(
            f"expected a LoRA adapter for this base in {adapter}, could not merge one "
            f"({_first_line(error)}); train it again, or leave it out"
        ) from error


def _eos_ids(model: Any, tokenizer: Any) -> frozenset[int]:
    named = model.generation_config.eos_token_id
    ids = named if isinstance(named, list) else [named, tokenizer.eos_token_id]
    return frozenset(token_id for token_id in ids if token_id is not None)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
