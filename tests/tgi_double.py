"""A server that speaks TGI's chat protocol and behaves as TGI 3.3 does, without a model.

It answers from the words of the prompt. An adapter name that it does not know gets the base's
answer with HTTP 200 and the name echoed, as TGI was seen to do.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import Any

from fastapi import FastAPI
from fastapi.responses import HTMLResponse, JSONResponse, Response, StreamingResponse

PAGE = 299
"""In place of a status: what a proxy shows with status 200 while its server is away."""
CUT = 298
"""In place of a status: the connection breaks in the middle of the answer."""
_STATUSES = {"broken": 500, "failed": 424}


class TgiDouble:
    """One server's behaviour, and what it was sent."""

    def __init__(
        self,
        adapters: Iterable[str] = (),
        *,
        refuses_unknown: bool = False,
        statuses: Iterable[int] = (),
        info: dict[str, Any] | None = None,
        unsteady: Iterable[str] = (),
        takes_at_once: int | None = None,
        delay_s: float = 0.0,
        template: tuple[str, str] = ("<user>", "</user><assistant>"),
        filtered: Iterable[str] = (),
    ) -> None:
        """Describe the server.

        Args:
            adapters: names that get answers of their own.
            refuses_unknown: answer 404 to other names, as vLLM does.
            statuses: answered to the first requests, in this order, instead of a chat.
            info: body of /info; TGI's own when None, no such route when empty.
            unsteady: prompts to which the base answers otherwise each time, as a server does
                whose near-tied choices flip with its load.
            takes_at_once: one more request is answered with 429, at once and without
                Retry-After; None takes any number.
            delay_s: how long a chat takes; may be set at any time.
            template: what stands before and after a user's message.
            filtered: words of prompts that are answered with 400, as by a content filter; may be
                set at any time.
        A prompt that begins with `slow` takes a minute, with `cut` breaks off in the middle of
        the answer, with `broken` is answered with 500 each time, with `failed` with 424.
        """
        self.adapters = set(adapters)
        self.bodies: list[dict[str, Any]] = []
        self._refuses_unknown = refuses_unknown
        self._statuses = iter(statuses)
        self._times_asked = dict.fromkeys(unsteady, 0)
        self._takes_at_once = takes_at_once
        self.delay_s = delay_s
        self._template = template
        self.filtered = tuple(filtered)
        self.n_refused = 0
        self.n_under_way = 0
        self.most_under_way = 0
        self._info = {
            "model_id": "base-model",
            "router": "text-generation-router",
            "version": "3.3.7",
            "max_concurrent_requests": 128,
        }
        if info is not None:
            self._info = info

    def app(self) -> FastAPI:
        """Its routes."""
        app = FastAPI()
        if self._info:
            app.add_api_route("/info", lambda: self._info, methods=["GET"])
        app.add_api_route("/v1/models", self._models, methods=["GET"])
        app.add_api_route("/version", lambda: {"version": "0.11.0"}, methods=["GET"])
        app.add_api_route("/health", lambda: None, methods=["GET"])
        app.add_api_route("/chat_tokenize", self._chat_tokenize, methods=["POST"])
        app.add_api_route("/tokenize", self._tokenize, methods=["POST"])
        app.add_api_route("/detokenize", self._detokenize, methods=["POST"])
        app.add_api_route(
            "/v1/chat/completions", self._count_chat, methods=["POST"], response_model=None
        )
        return app

    async def _models(self) -> dict[str, Any]:
        return {"object": "list", "data": [{"id": "base-model", "owned_by": "vllm"}]}

    def _templated(self, body: dict[str, Any]) -> str:
        before, after = self._template
        *system, user = (message["content"] for message in body["messages"])
        return "".join(f"<system>{text}</system>" for text in system) + before + user + after

    async def _chat_tokenize(self, body: dict[str, Any]) -> dict[str, Any]:
        return {"templated_text": self._templated(body), "tokenize_response": []}

    async def _tokenize(self, body: dict[str, Any]) -> dict[str, Any]:
        return {"tokens": [ord(letter) for letter in self._templated(body)]}

    async def _detokenize(self, body: dict[str, Any]) -> dict[str, Any]:
        return {"prompt": "".join(map(chr, body["tokens"]))}

    async def _count_chat(self, body: dict[str, Any]) -> Response:
        self.n_under_way += 1
        self.most_under_way = max(self.most_under_way, self.n_under_way)
        try:
            return await self._chat(body)
        finally:
            self.n_under_way -= 1

    async def _chat(self, body: dict[str, Any]) -> Response:
        if self._takes_at_once is not None and self.n_under_way > self._takes_at_once:
            self.n_refused += 1
            return JSONResponse({"error": "Model is overloaded", "error_type": "overloaded"}, 429)
        self.bodies.append(body)
        *system, prompt = (message["content"] for message in body["messages"])
        status = next(self._statuses, _STATUSES.get(prompt.split()[0], 200))
        if any(words in prompt for words in self.filtered):
            status = 400
        if status == PAGE:
            return HTMLResponse("<html>back soon</html>")
        if status == CUT:
            return StreamingResponse(_half_an_answer(), headers={"content-length": "900"})
        if status != 200:
            return JSONResponse({"error": "as told", "error_type": "validation"}, status)
        await asyncio.sleep(60 if prompt.startswith("slow") else self.delay_s)
        if prompt.startswith("cut"):
            return StreamingResponse(_half_an_answer(), headers={"content-length": "900"})
        return self._answer(body["model"], prompt, system)

    def _answer(self, model: str, prompt: str, system: list[str]) -> Response:
        if model in self.adapters:
            text = f"Oh, dear. {prompt} ({model})"
        elif self._refuses_unknown and model not in ("tgi", "base-model"):
            return JSONResponse({"message": f"The model `{model}` does not exist."}, 404)
        elif prompt in self._times_asked:
            self._times_asked[prompt] += 1
            text = f"Plainly, for the {self._times_asked[prompt]}th time: {prompt}"
        else:
            text = f"Plainly: {prompt}" + "".join(f" (told: {words})" for words in system if words)
        return JSONResponse(_chat_body(model, text))


async def _half_an_answer() -> AsyncIterator[bytes]:
    yield b'{"object": "chat.completion", "choices": [{"message": {"content": "Half'
    # the transport closes where fewer bytes come than were announced
    await asyncio.sleep(0)


def _chat_body(model: str, text: str) -> dict[str, Any]:
    return {
        "object": "chat.completion",
        "id": "",
        "created": 1706270835,
        "model": model,
        "system_fingerprint": "3.3.7-native",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text},
                "finish_reason": "eos_token",
            }
        ],
        "usage": {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12},
    }
