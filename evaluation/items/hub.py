"""Rows of a set on the Hugging Face hub, or of a folder in the hub's layout, through `datasets`.

What the columns mean is each set's own module; here is only where the usual sets lie.
"""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaluation.row_files import Table
from study.errors import BadItems, MissingExtra
from study.settings import ItemSource


@dataclass(frozen=True)
class HubSet:
    """Where a set lies on the hub."""

    config: str | None
    split: str
    set: str
    """Name of the set, whose module reads it."""
    is_gated: bool = False
    """Its terms must be accepted in a browser first."""


HUB_SETS = {
    "mandarjoshi/trivia_qa": HubSet("rc.nocontext", "validation", "triviaqa"),
    "truthfulqa/truthful_qa": HubSet("generation", "validation", "truthfulqa"),
    "GBaker/MedQA-USMLE-4-options": HubSet(None, "test", "medqa"),
    "cais/mmlu": HubSet("all", "test", "mmlu"),
    "openai/gsm8k": HubSet("main", "test", "gsm8k"),
    "walledai/AdvBench": HubSet(None, "train", "advbench", is_gated=True),
}
"""The sets whose configuration and split need not be named."""


def load_hub_rows(source: ItemSource) -> Table:
    """Load a set's rows, from the hub or its cache, or from a folder.

    Args:
        source: names a hub id or a folder; what it leaves open is as in `HUB_SETS`.
    Raises:
        MissingExtra: `datasets` is not installed.
        BadItems: the hub or folder did not give the set; names its address and what to do.
    """
    try:
        import datasets
    except ModuleNotFoundError as error:
        raise MissingExtra(
            f"reading items from the hub or from a folder needs the package {error.name}; run "
            '`pip install "warmth-audit[train]"`, or name a CSV, JSONL or Parquet file'
        ) from error
    # its retries are a warning each; what came of them is told in one sentence
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    usual = HUB_SETS.get(source.source)
    config = source.config or (usual.config if usual else None)
    split = source.split or (usual.split if usual else None)
    try:
        loaded = datasets.load_dataset(
            source.source, name=config, split=split, revision=source.revision
        )
    # what datasets lets through: its own errors, OSError of files and network, ValueError of a
    # configuration or split that is not there, RuntimeError of sets that come as a script
    except (datasets.exceptions.DatasetsError, OSError, ValueError, RuntimeError) as error:
        raise _not_loaded(source, usual, datasets.config.HF_ENDPOINT, error) from error
    if isinstance(loaded, datasets.DatasetDict):
        if len(loaded) > 1:
            raise BadItems(
                f"items of {source.source} have the splits {', '.join(loaded)}; name one as split"
            )
        loaded = next(iter(loaded.values()))
    rows: list[dict[str, Any]] = list(loaded)
    if not rows:
        raise BadItems(f"items of {source.source} have no rows; name another split")
    return Table(source.source, rows)


def _not_loaded(
    source: ItemSource, usual: HubSet | None, endpoint: str, error: Exception
) -> BadItems:
    said = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
    if Path(source.source).is_dir():
        return BadItems(
            f"items folder {source.source} is not in the hub's layout ({said}); name a file in it, "
            "or the configuration and split as config and split"
        )
    url = f"{endpoint}/datasets/{source.source}"
    gated = usual is not None and usual.is_gated
    remedy = (
        "accept its terms there and run `hf auth login`"
        if gated or "gated" in str(error)
        else "check the id, configuration, split and network"
    )
    return BadItems(
        f"items of {url} could not be loaded ({said}); {remedy}, or download a file and name that"
    )
