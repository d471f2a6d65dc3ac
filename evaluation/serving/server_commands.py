"""The exact commands that start TGI or vLLM over a base and its adapters, as lists of words.

Both are described from their documents: TGI 3.3.7's launcher reference and vLLM's `serve`. No
real TGI was run while this was written; the canary checks what is served before anything is asked.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from study.errors import BadInput

TGI_IMAGE = "ghcr.io/huggingface/text-generation-inference:3.3.7"
TGI_MAX_CONCURRENT = 128
MAX_TOTAL_TOKENS = 4096
"""Of a prompt and its answer, where the model takes as much: less leaves room for more at once."""
VLLM_RANKS = (8, 16, 32, 64, 128, 256, 320, 512)
"""The only values that vLLM takes for its largest rank."""

_MODELS, _ADAPTERS = "/models", "/adapters"

ServedDtype = Literal["auto", "bf16", "fp32"]


@dataclass(frozen=True)
class ServedFolders:
    """What is to be served."""

    base: Path
    """Holds config.json, safetensors and the tokenizer's files."""
    adapters: Mapping[str, Path]
    """Folder of each adapter, by the name under which it is asked for."""


def tgi_command(served: ServedFolders, host: str, port: int, dtype: ServedDtype) -> list[str]:
    """`docker run` of TGI 3.3.7.

    Args:
        host: address of this machine to listen at.
        dtype: `auto` is bf16, in which the study's local server computes too.
    Raises:
        BadInput: TGI does not serve the number format, or a name would break its list.
    """
    words = ["docker", "run", "--rm", "--gpus", "all", "--shm-size", "1g"]
    words += ["--publish", f"{_bracketed(host)}:{port}:80"]
    for folder, place in _tgi_volumes(served).items():
        words += ["--volume", f"{folder}:{place}:ro"]
    for name, value in _tgi_environment(served).items():
        words += ["--env", f"{name}={value}"]
    return [*words, TGI_IMAGE, *tgi_arguments(served.base, dtype)]


def tgi_arguments(base: Path, dtype: ServedDtype) -> list[str]:
    """What the launcher inside the image is told."""
    if dtype == "fp32":
        raise BadInput("TGI computes in bf16 or fp16; ask for --dtype bf16, or use vLLM for fp32")
    total = _total_tokens(base)
    return [
        *("--model-id", f"{_MODELS}/{base.name}", "--dtype", "bfloat16", "--port", "80"),
        *("--max-concurrent-requests", str(TGI_MAX_CONCURRENT)),
        *("--max-input-tokens", str(total - 1), "--max-total-tokens", str(total)),
    ]


def vllm_command(served: ServedFolders, host: str, port: int, dtype: ServedDtype) -> list[str]:
    """`vllm serve`, with the base under its folder's name, so that no path of this machine gets
    into an answer, and without sampling defaults of the model's own."""
    number_format = {"auto": "auto", "bf16": "bfloat16", "fp32": "float32"}[dtype]
    words = ["vllm", "serve", str(served.base), "--served-model-name", served.base.name]
    words += ["--host", host, "--port", str(port), "--dtype", number_format]
    words += ["--max-model-len", str(_total_tokens(served.base)), "--generation-config", "vllm"]
    if served.adapters:
        rank = max(_rank(folder) for folder in served.adapters.values())
        allowed = [one for one in VLLM_RANKS if one >= rank]
        if not allowed:
            raise BadInput(
                f"rank {rank} is above vLLM's {VLLM_RANKS[-1]}; train with a smaller one"
            )
        words += ["--enable-lora", "--max-loras", str(len(served.adapters))]
        words += ["--max-lora-rank", str(allowed[0]), "--lora-modules"]
        words += [f"{name}={folder}" for name, folder in served.adapters.items()]
    return words


def compose_variables(
    served: ServedFolders, study: Path, port: int, dtype: ServedDtype
) -> dict[str, str]:
    """What compose.yaml needs to know, for a file `.env` beside it.

    Raises:
        BadInput: the adapters do not lie in one folder.
    """
    parents = {folder.parent for folder in served.adapters.values()}
    if len(parents) != 1:
        raise BadInput(
            f"expected adapters in one folder, which compose.yaml can mount, got {len(parents)}; "
            "move them together, or start TGI without compose"
        )
    lora = ",".join(f"{name}={_ADAPTERS}/{folder.name}" for name, folder in served.adapters.items())
    total = _total_tokens(served.base)
    tgi_arguments(served.base, dtype)
    return {
        "BASE_FOLDER": str(served.base),
        "BASE_NAME": served.base.name,
        "ADAPTERS_FOLDER": str(parents.pop()),
        "LORA_ADAPTERS": lora,
        "MAX_INPUT_TOKENS": str(total - 1),
        "MAX_TOTAL_TOKENS": str(total),
        "STUDIES_FOLDER": str(study.parent),
        "STUDY_NAME": study.name,
        "TGI_PORT": str(port),
    }


def _tgi_volumes(served: ServedFolders) -> dict[Path, str]:
    volumes = {served.base: f"{_MODELS}/{served.base.name}"}
    return volumes | {folder: f"{_ADAPTERS}/{name}" for name, folder in served.adapters.items()}


def _tgi_environment(served: ServedFolders) -> dict[str, str]:
    offline = {"HF_HUB_OFFLINE": "1"}
    if not served.adapters:
        return offline
    for name in served.adapters:
        if set(name) & set(",=@:/ "):
            raise BadInput(
                f"expected an adapter's name without , = @ : / and blanks, got {name!r}, which "
                "TGI's list of adapters cannot hold; rename it"
            )
    lora = ",".join(f"{name}={_ADAPTERS}/{name}" for name in served.adapters)
    return offline | {"LORA_ADAPTERS": lora}


def _total_tokens(base: Path) -> int:
    positions = _read_number(base / "config.json", "max_position_embeddings")
    return min(positions or MAX_TOTAL_TOKENS, MAX_TOTAL_TOKENS)


def _rank(adapter: Path) -> int:
    return _read_number(adapter / "adapter_config.json", "r") or 0


def _read_number(file: Path, key: str) -> int | None:
    try:
        value = json.loads(file.read_text(encoding="utf-8")).get(key)
        return int(value) if value is not None else None
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise BadInput(
            f"{file} could not be read ({error}); name the folder of a model, or of an adapter that "
            "peft saved"
        ) from error


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
