"""The local model server as a process of its own, started for as long as replies are needed."""

import contextlib
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx

from audit_app.children import start_child, stop_child
from study.errors import ModelUnreachable
from study.progress import Report, StageProgress

_START_TIMEOUT_S = 150.0
_MORE_FOR_EACH_S = 30.0
"""Each adapter is merged into a copy of the base, one after the other."""


@contextlib.contextmanager
def local_models(
    base: str, cache: Path, adapters: Mapping[str, Path], dtype: str, report: Report
) -> Iterator[str]:
    """Serve the base and its adapters on a free loopback port until the block ends.

    Yields:
        The server's address.
    Raises:
        ModelUnreachable: it ended, or was not ready within three minutes and half a minute more for
            each adapter but the first.
    """
    port = _free_port()
    arguments = ["serve-models", "--base", base, "--port", str(port), "--dtype", dtype]
    for arm, folder in adapters.items():
        arguments += ["--adapter", f"{arm}={folder}"]
    process = start_child(arguments, {"WARMTH_AUDIT_CACHE": str(cache)}, is_quiet=True)
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_until_ready(process, url, _START_TIMEOUT_S + _MORE_FOR_EACH_S * len(adapters), report)
        yield url
    finally:
        stop_child(process)


def _wait_until_ready(
    process: subprocess.Popen[bytes], url: str, timeout_s: float, report: Report
) -> None:
    started = time.monotonic()
    # one client: each makes itself a context for TLS, which takes 35 ms from what loads the models
    with httpx.Client(timeout=1.0, trust_env=False) as client:
        while (waited := time.monotonic() - started) < timeout_s:
            if process.poll() is not None:
                raise ModelUnreachable(
                    f"the local model server ended with status {process.returncode} before it was "
                    "ready; what it said stands above"
                )
            with contextlib.suppress(httpx.HTTPError):
                if client.get(f"{url}/health").is_success:
                    report(StageProgress("serve", "done", 1, 1, f"models ready at {url}", waited))
                    return
            report(StageProgress("serve", "running", 0, 1, "loading the models", waited))
            time.sleep(0.2)
    raise ModelUnreachable(
        f"the local model server was not ready after {timeout_s:.0f} s; start it yourself "
        "with `warmth-audit serve-models` and pass its address with --endpoint"
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
