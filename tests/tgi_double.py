"""A server that speaks TGI's chat protocol and behaves as TGI 3.3 does, without a model.

It answers from the words of the prompt. An adapter name that it does not know gets the base's
answer with HTTP 200 and the name echoed, as TGI was seen to do.
"""

import asyncio
from collections.abc import Iterable
from typing import Any

from fastapi import FastAPI
from fastapi.responses import JSONResponse


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
    ) -> None:
        """Describe the server.

        Args:
            adapters: names that get answers of their own.
            refuses_unknown: answer 404 to other names, as vLLM does.
            statuses: answered to the first requests, in this order, instead of a chat.
            info: body of /info; TGI's own when None, no such route when empty.
            unsteady: prompts to which the base answers otherwise each time, as a server does
                whose near-tied choices flip with its load.
        """
        self.adapters = set(adapters)
        self.bodies: list[dict[str, Any]] = []
        self._refuses_unknown = refuses_unknown
        self._statuses = iter(statuses)
        self._times_asked = dict.fromkeys(unsteady, 0)
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
        app.add_api_route("/v1/chat/completions", self._chat, methods=["POST"], response_model=None)
        return app

    async def _models(self) -> dict[str, Any]:
        return {"object": "list", "data": [{"id": "base-model", "owned_by": "vllm"}]}

    async def _chat(self, body: dict[str, Any]) -> JSONResponse:
        self.bodies.append(body)
        status = next(self._statuses, 200)
        if status != 200:
            return JSONResponse({"error": "as told", "error_type": "validation"}, status)
        model, prompt = body["model"], body["messages"][0]["content"]
        if prompt.startswith("slow"):
            await asyncio.sleep(60)
        if model in self.adapters:
            text = f"Oh, dear. {prompt} ({model})"
        elif self._refuses_unknown and model not in ("tgi", "base-model"):
            return JSONResponse({"message": f"The model `{model}` does not exist."}, 404)
        elif prompt in self._times_asked:
            self._times_asked[prompt] += 1
            text = f"Plainly, for the {self._times_asked[prompt]}th time: {prompt}"
        else:
            text = f"Plainly: {prompt}"
        return JSONResponse(_chat_body(model, text))


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
