"""Runs of Inspect AI against a server that speaks TGI's protocol, each in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tgi_double import TgiDouble

from evaluation.serving.local_server import running_app

_REASON = (
    "the extra `inspect` is not installed; it does not go with constraints.txt, since Inspect AI 0.3.285 "
    "wants fsspec <= 2026.6.0 and its aiobotocore python-dateutil < 3: install without -c"
)


def need_inspect() -> None:
    """Skip a test where Inspect AI is not installed."""
    pytest.importorskip("inspect_ai", reason=_REASON)


def run_task(
    benchmark: Path, models: list[str], logs: Path, log_format: str = "eval"
) -> list[Path]:
    """Have each model answer a written benchmark; the logs, in the order of the models."""
    found = []
    with running_app(TgiDouble(["warm"]).app()) as url:
        environment = os.environ | {"DOUBLE_API_KEY": "none", "DOUBLE_BASE_URL": f"{url}/v1"}
        for model in models:
            folder = logs / model
            options = ("--log-dir", str(folder), "--log-format", log_format, "--display", "plain")
            subprocess.run(
                [
                    *(sys.executable, "-m", "inspect_ai", "eval", "task.py"),
                    *("--model", f"openai-api/double/{model}", *options),
                ],
                cwd=benchmark,
                env=environment,
                check=True,
                capture_output=True,
                timeout=300,
            )
            found += sorted(folder.glob(f"*.{log_format}"))
    return found
