"""The files that make a model or adapter, and their hashes: how a model is named for good.

The same folder has the same hash wherever it is trained, served or asked as a meter.
"""

import hashlib
from pathlib import Path

MODEL_FILES = (
    "*.safetensors",
    "*.safetensors.index.json",
    "config.json",
    "generation_config.json",
    "tokenizer*",
    "special_tokens_map.json",
    "added_tokens.json",
    "chat_template*",
    "vocab*",
    "merges.txt",
)
"""Patterns of the files that a causal language model is loaded from."""


def hash_files(folder: Path) -> dict[str, str]:
    """SHA-256 of each file that makes the model in a folder, by file name."""
    names = {file.name for pattern in MODEL_FILES for file in folder.glob(pattern)}
    return {name: file_sha256(folder / name) for name in sorted(names)}


def file_sha256(file: Path) -> str:
    """SHA-256 of a file's bytes, as hex digits."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def combined_sha256(hashes: dict[str, str]) -> str:
    """One hash over names and hashes of several files, whatever their order."""
    lines = "".join(f"{name} {sha256}\n" for name, sha256 in sorted(hashes.items()))
    return hashlib.sha256(lines.encode()).hexdigest()
