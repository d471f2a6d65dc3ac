"""The local server: TGI's protocol over the local engine, for machines without a GPU.

Arms are asked for by name; the base answers to its own name and to `tgi`. Unlike TGI, an
unknown arm is refused. What TGI does otherwise stays: chat samples at temperature 1.0 when
none is given, top_p 1.0 is refused, and above 128 requests at once come 429s.
"""

import asyncio
import errno
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from evaluation.serving.endpoint import LOCAL_ROUTER
from evaluation.serving.generation import BASE_NAMES, Generation, GenerationRequest
from evaluation.serving.tgi_protocol import (
    MAX_STOP_SEQUENCES,
    ChatBody,
    GenerateBody,
    chat_response,
    generate_response,
    refuse_unserved,
    request_of_chat,
    request_of_generate,
)
from study.errors import BadInput, MissingExtra, ModelUnreachable, PortTaken
from study.progress import Report, StageProgress, silent

if TYPE_CHECKING:
    from evaluation.serving.engine import Engine

Dtype = Literal["auto", "bf16", "fp32"]
MAX_CONCURRENT = 128
_STAGE = "serve-models"
# answers still under way after this long at the end are cut off
_GRACE_S = 1


class _Overloaded(Exception):
    """More requests at once than are taken."""


class _Routes:
    """The handlers of one engine."""

    def __init__(self, engine: "Engine", clock: Callable[[], float], max_concurrent: int) -> None:
        self._engine = engine
        self._clock = clock
        self._started = int(clock())
        self._max_concurrent = max_concurrent
        # handlers run in one event loop: no lock
        self._n_under_way = 0

    async def info(self) -> dict[str, Any]:
        room = self._engine.max_total_tokens
        return {
            "model_id": self._engine.base_name,
            "model_sha": None,
            "model_dtype": self._engine.dtype,
            "model_device_type": "cpu",
            "model_pipeline_tag": "text-generation",
            "max_concurrent_requests": self._max_concurrent,
            "max_best_of": 1,
            "max_stop_sequences": MAX_STOP_SEQUENCES,
            "max_input_tokens": room - 1,
            "max_total_tokens": room,
            "validation_workers": 1,
            "max_client_batch_size": 1,
            "router": LOCAL_ROUTER,
            "version": self._engine.version,
            "sha": None,
            "docker_label": None,
        }

    async def health(self) -> Response:
        if self._engine.is_running:
            return Response()
        return _error(503, "the local engine has stopped; start the server again", "healthcheck")

    async def models(self) -> dict[str, Any]:
        names = (self._engine.base_name, *self._engine.adapter_names)
        entry = {"object": "model", "created": self._started, "owned_by": LOCAL_ROUTER}
        return {"object": "list", "data": [{"id": name, **entry} for name in names]}

    async def generate(self, body: GenerateBody) -> dict[str, Any]:
        refuse_unserved(body, is_chat=False)
        refuse_unserved(body.parameters, is_chat=False)
        model = self._resident(body.parameters.adapter_id)
        request = request_of_generate(
            body.parameters,
            self._engine.encode(body.inputs),
            self._engine.max_total_tokens,
            self._engine.draw_seed(),
        )
        generation = await self._answer(model, request)
        tokens = [self._engine.token_text(token_id) for token_id in generation.token_ids]
        return generate_response(generation, body.inputs, body.parameters, tokens)

    async def generate_compatible(self, body: GenerateBody) -> list[dict[str, Any]]:
        return [await self.generate(body)]

    async def chat(self, body: ChatBody) -> dict[str, Any]:
        refuse_unserved(body, is_chat=True)
        model = self._resident(body.model)
        prompt_ids = self._engine.encode_chat([m.as_template_input() for m in body.messages])
        request = request_of_chat(
            body, prompt_ids, self._engine.max_total_tokens, self._engine.draw_seed()
        )
        generation = await self._answer(model, request)
        return chat_response(
            generation, body.model or self._engine.base_name, int(self._clock()), LOCAL_ROUTER
        )

    def _resident(self, name: str | None) -> str:
        if name is None or name in BASE_NAMES or name == self._engine.base_name:
            return self._engine.base_name
        if name in self._engine.adapter_names:
            return name
        served = ", ".join((BASE_NAMES[0], self._engine.base_name, *self._engine.adapter_names))
        raise BadInput(f"no model {name!r} is served here; expected one of {served}")

    async def _answer(self, model: str, request: GenerationRequest) -> Generation:
        if self._n_under_way >= self._max_concurrent:
            raise _Overloaded
        self._n_under_way += 1
        try:
            return await asyncio.wrap_future(self._engine.submit(model, request))
        finally:
            self._n_under_way -= 1


def build_local_app(
    engine: "Engine",
    clock: Callable[[], float] = time.time,
    max_concurrent: int = MAX_CONCURRENT,
) -> FastAPI:
    """The app that speaks TGI's protocol for an engine, which stays the caller's to close.

    Args:
        engine: what computes.
        clock: seconds since 1970, for the `created` of answers.
        max_concurrent: requests at once; one more is answered with 429.
    """
    routes = _Routes(engine, clock, max_concurrent)
    app = FastAPI(title="warmth-audit local server", docs_url=None, redoc_url=None)
    app.add_api_route("/info", routes.info, methods=["GET"])
    app.add_api_route("/health", routes.health, methods=["GET"], response_class=Response)
    app.add_api_route("/v1/models", routes.models, methods=["GET"])
    app.add_api_route("/generate", routes.generate, methods=["POST"])
    app.add_api_route("/", routes.generate_compatible, methods=["POST"])
    app.add_api_route("/v1/chat/completions", routes.chat, methods=["POST"])
    app.add_exception_handler(RequestValidationError, _on_invalid_body)
    app.add_exception_handler(BadInput, _on_bad_input)
    app.add_exception_handler(_Overloaded, _on_overloaded)
    for failure in (ModelUnreachable, RuntimeError, MemoryError):
        app.add_exception_handler(failure, _on_failed_generation)
    return app


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
            note = f"models ({engine.dtype}) served at {_url(listener)}; Ctrl-C ends"
            report(StageProgress(_STAGE, "running", n, n, note))
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


def _error(status: int, error: str, error_type: str) -> JSONResponse:
    return JSONResponse({"error": error, "error_type": error_type}, status)


def _on_invalid_body(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    problem = error.errors()[0]
    place = ".".join(str(part) for part in problem["loc"] if part != "body") or "the body"
    return _error(422, f"{place}: {problem['msg']}; correct it and send again", "validation")


def _on_bad_input(request: Request, error: Exception) -> JSONResponse:
    return _error(422, str(error), "validation")


def _on_overloaded(request: Request, error: Exception) -> JSONResponse:
    return _error(429, "too many requests at once; send this one again later", "overloaded")


def _on_failed_generation(request: Request, error: Exception) -> JSONResponse:
    return _error(424, f"generation failed: {error}", "generation")
