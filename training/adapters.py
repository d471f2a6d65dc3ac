"""Adapters: what a LoRA run leaves behind, with the manifest that says how it came about.

An adapter folder holds adapter_config.json, adapter_model.safetensors and manifest.json, and
exists only when the run has ended well: `lora.py` renames it into place. The manifest is the
TrainingRun and the hash of each file. This is the only writer of `training_runs`. Merging an
adapter into its base happens where it is served, on the other floor.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import duckdb

from study.database import insert_rows
from study.errors import BadInput
from study.model_files import combined_sha256, file_sha256
from study.records import TrainingRun

MANIFEST_FILE = "manifest.json"
CONFIG_FILE = "adapter_config.json"
WEIGHTS_FILE = "adapter_model.safetensors"
FORMAT = "warmth-audit adapter 1"

SERVED_MODEL_TYPES = ("gemma", "gemma2", "llama", "mistral", "qwen2", "starcoder2")
"""Architectures for which TGI 3.3.x has LoRA in its own model code."""
MAX_RANK = 128
"""TGI's kernels take no larger rank (MAX_RANK_CUSTOM of the punica kernels in TGI 3.3.x)."""

_CONFIG_KEYS = frozenset(
    {
        "alpha_pattern",
        "base_model_name_or_path",
        "bias",
        "fan_in_fan_out",
        "inference_mode",
        "init_lora_weights",
        "layers_to_transform",
        "lora_alpha",
        "lora_dropout",
        "modules_to_save",
        "peft_type",
        "r",
        "rank_pattern",
        "target_modules",
        "task_type",
        "use_dora",
        "use_rslora",
    }
)
"""What a server reads; what else a newer peft writes is kept only where it says something."""
_INERT_KEYS = frozenset({"megatron_core", "peft_version", "qalora_group_size"})
"""Always set and without effect on plain LoRA; an older peft refuses keys it does not know."""

_INSERT_TRAINING_RUNS = """
    INSERT INTO training_runs (
        training_run_id, arm, base, base_sha256, data_sha256, adapter_sha256, settings_json,
        seed, n_conversations, steps, first_loss, last_loss, seconds, finished_at
    )
    SELECT
        run.training_run_id, run.arm, run.base, run.base_sha256, run.data_sha256,
        run.adapter_sha256, run.settings_json, run.seed, run.n_conversations, run.steps,
        run.first_loss, run.last_loss, run.seconds, run.finished_at::TIMESTAMPTZ
    FROM (SELECT unnest($rows) AS run)
    ON CONFLICT DO NOTHING
"""
_SELECT_TRAINING_RUN_IDS = "SELECT run.training_run_id FROM training_runs run"


@dataclass(frozen=True)
class Manifest:
    """How an adapter came about, and the hashes by which it is known."""

    run: TrainingRun
    model_type: str
    """Architecture of the base as its config.json names it, such as llama."""
    files: dict[str, str]
    """SHA-256 of each file of the adapter, by name."""


def adapter_folder(adapters: Path, arm: str, training_run_id: str) -> Path:
    """Where the adapter of a run lies among the adapters of a study."""
    return adapters / f"{arm}-{training_run_id}"


def hash_adapter(folder: Path) -> dict[str, str]:
    """SHA-256 of the configuration and the weights, by file name.

    Raises:
        BadInput: one of the two is missing.
    """
    for name in (CONFIG_FILE, WEIGHTS_FILE):
        if not (folder / name).is_file():
            raise BadInput(
                f"{folder} has no {name}, so it is no LoRA adapter; train it again, or name "
                "a folder that peft saved"
            )
    return {name: file_sha256(folder / name) for name in (CONFIG_FILE, WEIGHTS_FILE)}


def harmed_files(folder: Path) -> list[str]:
    """Names of an adapter's files that are missing or not those of its manifest; none without one.

    Raises:
        BadInput: the manifest is not one that this version writes.
    """
    if not (folder / MANIFEST_FILE).is_file():
        return []
    written = read_manifest(folder).files
    return [
        name
        for name, sha256 in written.items()
        if not (folder / name).is_file() or file_sha256(folder / name) != sha256
    ]


def adapter_sha256(folder: Path) -> str:
    """The one hash by which an adapter goes in every table."""
    return combined_sha256(hash_adapter(folder))


def write_manifest(folder: Path, run: TrainingRun, model_type: str) -> Manifest:
    """Write manifest.json beside a cleaned adapter; it is the last file to come."""
    manifest = Manifest(run=run, model_type=model_type, files=hash_adapter(folder))
    content = {"format": FORMAT, **asdict(manifest)}
    text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    (folder / MANIFEST_FILE).write_text(text, encoding="utf-8")
    return manifest


def read_manifest(folder: Path) -> Manifest:
    """Read how an adapter came about.

    Raises:
        BadInput: there is no manifest, or it is not one that this version writes.
    """
    file = folder / MANIFEST_FILE
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        if content.pop("format") != FORMAT:
            raise ValueError("another format")
        return Manifest(
            run=TrainingRun(**content["run"]),
            model_type=content["model_type"],
            files=content["files"],
        )
    except FileNotFoundError as error:
        raise BadInput(
            f"{folder} has no {MANIFEST_FILE}; train the adapter here with `warmth-audit train`"
        ) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInput(
            f"{file} is not a manifest of this version ({error}); remove {folder} and run "
            "`warmth-audit train` again"
        ) from error


def find_adapter(adapters: Path, arm: str, training_run_id: str) -> Manifest | None:
    """The manifest of a finished run whose files are unharmed; None when it must be trained."""
    folder = adapter_folder(adapters, arm, training_run_id)
    try:
        manifest = read_manifest(folder)
        return manifest if hash_adapter(folder) == manifest.files else None
    except BadInput:
        return None


def list_adapters(adapters: Path) -> list[Manifest]:
    """Manifests of all finished runs below a folder, by name of their folder."""
    found = sorted(adapters.glob(f"*/{MANIFEST_FILE}"))
    return [read_manifest(file.parent) for file in found if ".partial" not in file.parent.name]


def clean_adapter(folder: Path, base: str | None) -> None:
    """Leave in a folder that peft or TRL wrote only what a server needs.

    TRL leaves a chat template made for training, a tokenizer, its arguments and a card behind,
    and the absolute path of the base in the configuration: a server would take the template
    for the base's own, and the path names somebody's home folder. The same adapter gives the
    same bytes whenever it is cleaned.

    Args:
        base: hub id to keep as the base's name; None for a base that no hub knows.
    """
    for file in folder.iterdir():
        if file.is_file() and file.name not in (CONFIG_FILE, WEIGHTS_FILE, MANIFEST_FILE):
            file.unlink()
    config = _read_config(folder)
    config = {
        key: value
        for key, value in config.items()
        if key in _CONFIG_KEYS or (value not in (None, False, [], {}) and key not in _INERT_KEYS)
    }
    config["base_model_name_or_path"] = base
    if isinstance(config.get("target_modules"), list):
        config["target_modules"].sort()  # peft keeps a set, whose order changes from run to run
    text = json.dumps(config, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    (folder / CONFIG_FILE).write_text(text, encoding="utf-8")
    for name in (CONFIG_FILE, WEIGHTS_FILE):
        (folder / name).chmod(0o644)  # safetensors writes 0600; a server may be another user


def check_adapter(folder: Path) -> list[str]:
    """What keeps TGI from serving this adapter as it was trained, one sentence each.

    TGI reads one rank and one alpha, the pairs lora_A and lora_B, and layers that all have
    them; it passes over the rest with no more than a line in its log.

    Returns:
        No sentence for an adapter that can be served.
    """
    config = _read_config(folder)
    problems = _config_problems(config)
    base = config.get("base_model_name_or_path")
    if base and (PurePosixPath(base).is_absolute() or PureWindowsPath(base).is_absolute()):
        problems.append(
            f"{CONFIG_FILE} names the base by the absolute path {base}; write its hub id there, or null"
        )
    if list(folder.glob("chat_template*")) or list(folder.glob("tokenizer*")):
        problems.append(
            "a tokenizer or chat template from training lies beside the adapter; remove its files"
        )
    if not (folder / WEIGHTS_FILE).is_file():
        problems.append(f"there is no {WEIGHTS_FILE}; TGI loads safetensors only")
    elif harmed := harmed_files(folder):
        problems.append(
            f"{' and '.join(harmed)} changed since the training; train the adapter again"
        )
    if (folder / MANIFEST_FILE).is_file():
        model_type = read_manifest(folder).model_type
        if model_type not in SERVED_MODEL_TYPES:
            problems.append(
                f"TGI has no LoRA for {model_type} models, only for "
                f"{', '.join(SERVED_MODEL_TYPES)}; use vLLM or the local server"
            )
    return problems


def _config_problems(config: Mapping[str, Any]) -> list[str]:
    targets = config.get("target_modules") or []
    named = [targets] if isinstance(targets, str) else list(targets)
    problems = []
    if config.get("peft_type") != "LORA":
        problems.append(f"the adapter is of type {config.get('peft_type')}; TGI serves LORA")
    if config.get("modules_to_save"):
        problems.append("modules_to_save holds whole layers, which TGI skips; train without it")
    if any(name.endswith(("lm_head", "embed_tokens")) for name in named):
        problems.append("lm_head or embed_tokens is a target, which TGI skips; leave it out")
    if int(config.get("r") or 0) > MAX_RANK:
        problems.append(f"rank {config['r']} is above {MAX_RANK}; train with a smaller rank")
    if config.get("rank_pattern") or config.get("alpha_pattern"):
        problems.append("layers differ in rank or alpha; TGI applies one to all of them")
    if config.get("use_dora"):
        problems.append("the adapter uses DoRA, whose magnitudes TGI does not read")
    if config.get("layers_to_transform") is not None:
        problems.append("only some layers are adapted; TGI then passes over the whole adapter")
    if config.get("bias", "none") != "none":
        problems.append("the adapter trains biases, which TGI does not read; use bias none")
    return problems


def read_training_run_ids(con: duckdb.DuckDBPyConnection) -> set[str]:
    """Ids of the training runs that the study has."""
    return {row[0] for row in con.execute(_SELECT_TRAINING_RUN_IDS).fetchall()}


def insert_training_runs(
    cursor: duckdb.DuckDBPyConnection, rows: Iterable[Mapping[str, Any]]
) -> int:
    """Store training runs; a run that is already known stays as it is.

    Returns:
        The number of runs that were new.
    Raises:
        BadTable: a row does not have the fields of TrainingRun.
    """
    return insert_rows(cursor, _INSERT_TRAINING_RUNS, rows)


def _read_config(folder: Path) -> dict[str, Any]:
    file = folder / CONFIG_FILE
    try:
        config = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadInput(
            f"{file} could not be read as JSON ({error}); name a folder that peft saved"
        ) from error
    if not isinstance(config, dict):
        raise BadInput(f"{file} is not a JSON object; name a folder that peft saved")
    return config
