"""The local model server as a process of its own, started for as long as replies are needed."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

import httpx

from study.errors import ModelUnreachable
from study.progress import Report, StageProgress

PATIENT_THREADS = {"OMP_WAIT_POLICY": "PASSIVE"}
"""For processes that compute: torch's threads otherwise spin while they wait, and beside an app
and a browser on two cores a step that takes 2 s took 15."""

_START_TIMEOUT_S = 180.0
_STOP_TIMEOUT_S = 10.0


@contextlib.contextmanager
def local_models(
    base: str, cache: Path, adapters: Mapping[str, Path], dtype: str, report: Report
) -> Iterator[str]:
    """Serve the base and its adapters on a free loopback port until the block ends.

    Yields:
        The server's address.
    Raises:
        ModelUnreachable: it ended or was not ready within three minutes.
    """
    port = _free_port()
    command = [sys.executable, "-m", "audit_app", "serve-models", "--base", base]
    command += ["--port", str(port), "--dtype", dtype, "--until-eof"]
    for arm, folder in adapters.items():
        command += ["--adapter", f"{arm}={folder}"]
    environment = {**PATIENT_THREADS, **os.environ, "WARMTH_AUDIT_CACHE": str(cache)}
    process = subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_until_ready(process, url, report)
        yield url
    finally:
        _stop(process)


def stop_at_eof(stream: BinaryIO) -> None:
    """Send this process SIGINT when a stream ends: a server must not outlive a killed parent."""

    def watch() -> None:
        stream.read()
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=watch, daemon=True).start()


def _wait_until_ready(process: subprocess.Popen[bytes], url: str, report: Report) -> None:
    started = time.monotonic()
    while (waited := time.monotonic() - started) < _START_TIMEOUT_S:
        if process.poll() is not None:
            raise ModelUnreachable(
                f"the local model server ended with status {process.returncode} before it was "
                "ready; what it said stands above"
            )
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(f"{url}/health", timeout=1.0, trust_env=False).is_success:
                report(StageProgress("serve", "done", 1, 1, f"models ready at {url}", waited))
                return
        report(StageProgress("serve", "running", 0, 1, "loading the models", waited))
        time.sleep(0.2)
    raise ModelUnreachable(
        f"the local model server was not ready after {_START_TIMEOUT_S:.0f} s; start it yourself "
        "with `warmth-audit serve-models` and pass its address with --endpoint"
    )


def _stop(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    process.stdin.close()
    try:
        process.wait(_STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
