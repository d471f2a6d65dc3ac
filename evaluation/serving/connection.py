"""A connection to one replica: how a chat request goes there and how an answer comes back.

The `openai` package says what is sent along, brings it there by its aiohttp transport, and names
the failures. What is the same in all requests is asked of it once: its `post` makes address,
headers and options anew each time, which took half of the client's time. No cookies are sent.
"""

import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx2
import openai

from evaluation.serving.completions import Completion, headers_as_json, without_text
from evaluation.serving.endpoint import EndpointInfo, is_loopback

_CONNECT_TIMEOUT_S = 10.0
# they tell the server about this machine, and each takes time
_UNSENT = "x-stainless-"


@dataclass(frozen=True)
class ChatAnswer:
    """What a server answered with status 200."""

    body: Mapping[str, Any]
    headers: Mapping[str, str]


class Connection:
    """An open connection pool of one replica, the caller's to close."""

    def __init__(self, info: EndpointInfo, timeout_s: float, api_key: str | None) -> None:
        """Describe it; nothing is sent yet.

        Args:
            info: what answers there.
            timeout_s: longest wait for one answer.
            api_key: sent where a server asks for one.
        """
        timeout = httpx2.Timeout(timeout_s, connect=_CONNECT_TIMEOUT_S)
        self._http = openai.DefaultAioHttpClient(
            timeout=timeout, trust_env=not is_loopback(info.url)
        )
        self._client = openai.AsyncOpenAI(
            base_url=f"{info.url}/v1", api_key=api_key or "none", http_client=self._http
        )
        self._pattern = self._http.build_request(
            "POST", f"{self._client.base_url}chat/completions", headers=_headers(self._client)
        )
        # of a request that has no body
        del self._pattern.headers["Content-Length"]

    async def post_chat(self, body: Mapping[str, Any]) -> ChatAnswer:
        """The answer to one chat request.

        Raises:
            openai.APIConnectionError: none came; APITimeoutError where it took too long.
            openai.APIStatusError: the server refused or failed.
            openai.APIResponseValidationError: what answered is no chat server, as a proxy's page.
            ValueError: the body cannot be written as JSON in UTF-8.
        """
        content = json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        request = httpx2.Request(
            self._pattern.method,
            self._pattern.url,
            headers=self._pattern.headers,
            content=content.encode(),
            extensions=self._pattern.extensions,
        )
        try:
            response = await self._http.send(request)
        except httpx2.TimeoutException as error:
            raise openai.APITimeoutError(request) from error
        except (httpx2.RequestError, ssl.SSLError) as error:
            raise openai.APIConnectionError(request=request) from error
        if not response.is_success:
            message = f"the server answered with status {response.status_code}"
            raise openai.APIStatusError(message, response=response, body=_said(response))
        said = _said(response)
        if not isinstance(said, dict) or "choices" not in said:
            message = "the server answered something other than a chat"
            raise openai.APIResponseValidationError(response, said, message=message)
        return ChatAnswer(said, _headers_of(response))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._client.close()


def _headers(client: openai.AsyncOpenAI) -> httpx2.Headers:
    headers = httpx2.Headers(client.auth_headers)
    headers.update(
        {
            name: value
            for name, value in client.default_headers.items()
            if isinstance(value, str) and not name.lower().startswith(_UNSENT)
        }
    )
    return headers


def _headers_of(response: httpx2.Response) -> dict[str, str]:
    # as bytes: httpx2 guesses an encoding for every look at its headers
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in response.headers.raw}


def _said(response: httpx2.Response) -> object:
    """What an answer says: JSON, or its text."""
    try:
        return json.loads(response.content)
    except ValueError:
        return response.text.strip()


def failure_of(request_id: str, error: Exception, seconds: float, *, may_pass: bool) -> Completion:
    """An error of `openai` as a Completion."""
    if isinstance(error, openai.APIStatusError | openai.APIResponseValidationError):
        said = _message(error) if isinstance(error, openai.APIStatusError) else error.message
        return without_text(
            request_id,
            f"HTTP {error.status_code}: {said}",
            seconds,
            error.status_code,
            may_pass,
            headers_as_json(error.response.headers),
        )
    cause = error.__cause__ or error
    failure = f"no answer ({type(cause).__name__}: {cause or error})"
    return without_text(request_id, failure, seconds, may_pass=may_pass)


def _message(error: openai.APIStatusError) -> str:
    """What the server wrote: TGI a text, vLLM and others an object with a message."""
    body = error.body
    if isinstance(body, dict):
        body = body.get("error", body.get("message", body))
    return str(body) if body else error.message
