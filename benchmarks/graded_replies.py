"""Graded replies made up for benchmarks: Parquet files in which arms, contexts and items matter.

Run by `regression.py` and `graded_rows.py`; what they share about child processes is here too.
"""

import importlib
import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

ARMS = ("original", "warm")
MODELS = tuple(f"model-{number}" for number in range(10))
TASKS = ("disinformation", "medqa", "triviaqa", "truthfulqa")
CONTEXTS = (
    "none",
    "happy",
    "sad",
    "angry",
    "close",
    "looks_up",
    "looks_down",
    "stakes_high",
    "stakes_low",
)
BELIEFS = ("none", "asserts_wrong", "denies_right")
_ROWS_AT_ONCE = 1_000_000


@dataclass(frozen=True)
class Layout:
    """What replies differ in."""

    n_items: int
    models: tuple[str, ...] = MODELS
    contexts: tuple[str, ...] = CONTEXTS
    beliefs: tuple[str, ...] = BELIEFS


def write_replies(path: Path, n_rows: int, layout: Layout, seed: int) -> None:
    """Write replies with `arm`, `model`, `task`, `context`, `belief`, `item` and `wrong`.

    An item has one task and a difficulty of its own, so that errors of one item go together.
    """
    # here, so that it takes no memory of the side that does without
    import pyarrow as pa
    import pyarrow.parquet as pq

    random = np.random.default_rng(seed)
    difficulty = random.normal(0, 0.8, layout.n_items)
    of_levels = [
        random.normal(0, 0.3, len(levels))
        for levels in (layout.models, TASKS, layout.contexts, layout.beliefs)
    ]
    writer = None
    for start in range(0, n_rows, _ROWS_AT_ONCE):
        n = min(_ROWS_AT_ONCE, n_rows - start)
        item = random.integers(layout.n_items, size=n)
        arm, model, context, belief = (
            random.integers(len(levels), size=n)
            for levels in (ARMS, layout.models, layout.contexts, layout.beliefs)
        )
        task = item % len(TASKS)
        log_odds = -0.8 + 0.43 * arm + 0.2 * arm * (context == 2) + difficulty[item]
        for effects, index in zip(of_levels, (model, task, context, belief), strict=True):
            log_odds = log_odds + effects[index]
        items = tuple(f"item-{number:05}" for number in range(layout.n_items))
        texts = {
            "arm": (arm, ARMS),
            "model": (model, layout.models),
            "task": (task, TASKS),
            "context": (context, layout.contexts),
            "belief": (belief, layout.beliefs),
            "item": (item, items),
        }
        columns = {
            name: pa.DictionaryArray.from_arrays(pa.array(index), levels).cast(pa.string())
            for name, (index, levels) in texts.items()
        }
        wrong = random.random(n) < 1 / (1 + np.exp(-log_odds))
        columns["wrong"] = pa.array(wrong.astype(np.int8))
        rows = pa.table(columns)
        writer = writer or pq.ParquetWriter(path, rows.schema)
        writer.write_table(rows)
    assert writer is not None, "at least one row"
    writer.close()


@dataclass(frozen=True)
class Side:
    """One of the two ways that a benchmark compares."""

    work: Callable[[Path], dict[str, Any]]
    modules: tuple[str, ...]
    """What it imports."""


def run_side(script: str, side: str, file: Path) -> dict[str, Any]:
    """Run one side of a benchmark in a process of its own, on the file; what it printed."""
    done = subprocess.run(
        [sys.executable, script, "--side", side, str(file)],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def report_side(side: Side, file: Path) -> None:
    """Print what a side found, with its wall and CPU time and the process's peak memory.

    Packages are loaded before the clocks start; what they take of memory counts.
    """
    for module in side.modules:
        importlib.import_module(module)
    started, started_cpu = time.perf_counter(), time.process_time()
    found = side.work(file)
    seconds, cpu_s = time.perf_counter() - started, time.process_time() - started_cpu
    # getrusage's peak is also that of the parent before it became this process
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    peak_mb = int(status.split("VmHWM:")[1].split()[0]) / 1024
    print(json.dumps({"seconds": seconds, "cpu_s": cpu_s, "peak_mb": peak_mb, **found}))
