"""The local server: the engine behind its routes, listening until Ctrl-C.

Arms are asked for by name; the base answers to its own name and to `tgi`. What the routes are is
in `local_app.py`; here are ports, the order of loading and listening, and the end.
"""

import errno
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

import uvicorn
from fastapi import FastAPI

from evaluation.formats import count_of
from evaluation.serving.local_app import build_local_app
from study.errors import BadInput, MissingExtra, PortTaken
from study.progress import Report, StageProgress, silent

Dtype = Literal["auto", "bf16", "fp32"]
_STAGE = "serve-models"
# answers still under way after this long at the end are cut off
_GRACE_S = 1


def serve_local(
    base_folder: Path,
    adapters: Mapping[str, Path],
    host: str,
    port: int,
    dtype: Dtype,
    report: Report = silent,
) -> None:
    """Load the models and serve them until Ctrl-C.

    Args:
        base_folder: the base model's files.
        adapters: folder of each adapter, by the arm's name that it is asked for.
        host: address to listen at.
        port: 0 for any free one.
        dtype: number format of the weights; `auto` takes the faster one here.
        report: hears about loading, and the address once it is served.
    Raises:
        PortTaken: another process listens there; no model was loaded.
        MissingExtra: torch, transformers or peft are not installed.
        BadInput: a folder does not hold a model or an adapter.
    """
    listener = _bind(host, port)
    with listener, suppress(KeyboardInterrupt):
        try:
            from evaluation.serving.engine import Engine
        except ImportError as error:
            raise MissingExtra(
                f"serving models here needs the package {error.name}; "
                'run `pip install "warmth-audit[train]"`'
            ) from error
        engine = Engine.load(base_folder, adapters, dtype, report=report)
        try:
            n = len(adapters) + 1
            note = (
                f"{count_of(n, 'model')} ({engine.dtype}) served at {_url(listener)}; Ctrl-C ends"
            )
            report(StageProgress(_STAGE, "done", n, n, note))
            _Server(build_local_app(engine), engine.close).run(sockets=[listener])
        finally:
            engine.close()


@contextmanager
def running_app(app: FastAPI, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Serve an app from a thread of this process while the block runs; yields its address.

    Raises:
        PortTaken: another process listens there.
    """
    with _bind(host, port) as listener:
        server = _Server(app)
        thread = threading.Thread(
            target=server.run, kwargs={"sockets": [listener]}, name="local-server", daemon=True
        )
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.005)
        try:
            yield _url(listener)
        finally:
            server.should_exit = True
            thread.join()


class _Server(uvicorn.Server):
    """A server that may end what computes before it waits for answers under way."""

    def __init__(self, app: FastAPI, stop_answering: Callable[[], None] = lambda: None) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                ws="none",
                lifespan="off",
                timeout_graceful_shutdown=_GRACE_S,
            )
        )
        self._stop_answering = stop_answering

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._stop_answering()
        await super().shutdown(sockets)


def _bind(host: str, port: int) -> socket.socket:
    """A socket that does not listen yet: until the models are there, callers are refused."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(
                f"expected port {port} of {host} to be free, another process listens there; "
                "stop it, or name another port with --port"
            ) from error
        raise BadInput(
            f"port {port} of {host} cannot be opened ({error.strerror}); "
            "name another with --host and --port"
        ) from error
    return listener


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
