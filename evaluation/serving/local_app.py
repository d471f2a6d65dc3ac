"""The routes of the local server: TGI's protocol over the local engine.

Arms are asked for by name; the base answers to its own name and to `tgi`. Unlike TGI, an
unknown arm is refused. What TGI does otherwise stays: chat samples at temperature 1.0 when
none is given, top_p 1.0 is refused, and above 128 requests at once come 429s. A test drives
every route from TGI's own openapi.json.
"""

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

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
from study.errors import BadInput, ModelUnreachable

if TYPE_CHECKING:
    from evaluation.serving.engine import Engine

MAX_CONCURRENT = 128
_TOKENIZING = ("/tokenize", "/chat_tokenize")


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
        entry = {"created": self._started, "owned_by": LOCAL_ROUTER}
        models = [{"object": "model", "id": name, **entry} for name in names]
        # TGI's document says one model here, its router and every client a list: this is both
        return {"id": self._engine.base_name, **entry, "object": "list", "data": models}

    async def tokenize(self, body: GenerateBody) -> list[dict[str, Any]]:
        return self._engine.tokenize(body.inputs, add_special_tokens=True)

    async def chat_tokenize(self, body: ChatBody) -> dict[str, Any]:
        templated = self._engine.write_out([m.as_template_input() for m in body.messages])
        tokens = self._engine.tokenize(templated, add_special_tokens=False)
        return {"templated_text": templated, "tokenize_response": tokens}

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
    app.add_api_route("/tokenize", routes.tokenize, methods=["POST"])
    app.add_api_route("/chat_tokenize", routes.chat_tokenize, methods=["POST"])
    app.add_exception_handler(RequestValidationError, _on_invalid_body)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(BadInput, _on_bad_input)
    app.add_exception_handler(_Overloaded, _on_overloaded)
    app.add_exception_handler(ModelUnreachable, _on_stopped)
    for failure in (RuntimeError, MemoryError):
        app.add_exception_handler(failure, _on_failed_generation)
    return app


def _error(status: int, error: str, error_type: str) -> JSONResponse:
    # half a surrogate pair, which JSON can hold and UTF-8 cannot, may be in what was sent
    writable = error.encode("utf-8", "replace").decode("utf-8")
    return JSONResponse({"error": writable, "error_type": error_type}, status)


def _refusal(request: Request, error: str) -> JSONResponse:
    """TGI documents 404 alone for what it cannot tokenize, and 422 everywhere else."""
    is_tokenizing = request.url.path in _TOKENIZING
    return _error(404 if is_tokenizing else 422, error, "validation")


def _on_invalid_body(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    problem = error.errors()[0]
    place = ".".join(str(part) for part in problem["loc"] if part != "body") or "the body"
    return _refusal(request, f"{place}: {problem['msg']}; correct it and send again")


def _on_http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    if error.status_code == 400:  # bytes that are no text, which no reader of JSON gets to see
        return _refusal(request, "expected JSON in UTF-8, got other bytes; correct the body")
    return _error(error.status_code, f"{error.detail}", "validation")


def _on_bad_input(request: Request, error: Exception) -> JSONResponse:
    return _refusal(request, str(error))


def _on_overloaded(request: Request, error: Exception) -> JSONResponse:
    return _error(429, "too many requests at once; send this one again later", "overloaded")


def _on_failed_generation(request: Request, error: Exception) -> JSONResponse:
    return _error(424, f"generation failed: {error}", "generation")


def _on_stopped(request: Request, error: Exception) -> JSONResponse:
    # not 424: a client takes one that stays for a failure of the request itself
    return _error(500, f"no answer: {error}", "generation")
