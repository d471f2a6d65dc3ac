"""The one client of chat endpoints: TGI, vLLM, the local server, any OpenAI-compatible one.

A request ends as one Completion, with a text or with a failure; none is lost and none raises.
Every sampling parameter that the server knows is sent each time, since servers differ in what
they assume. How each server is told the repetition penalty:

- TGI and the local server: TGI's chat has no field for it, but makes it of `presence_penalty`
  by adding 2 (router/src/lib.rs, `presence_penalty.map(|x| x + 2.0)`; its last release stands).
  So `presence_penalty` = penalty - 2 is sent, which is exact. The route /generate has the field,
  but takes raw text: the chat template would be rendered here, and the start token doubled on
  models whose template writes it. `top_p` is left out when None: 1.0 is a 422.
- vLLM: fields of its own in the body, with everything else that a model's generation_config
  would set there.
- others: the field is sent only when it does something; a server that does not know it says so.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Literal

import openai
from openai.types.chat import ChatCompletion

from evaluation.serving.endpoint import EndpointInfo, base_url, is_loopback, read_info
from study.settings import DecodingSettings

_GROUP_S = 0.25
_LONGEST_FAILURE = 300
# 424 is what TGI answers when generation failed, as for lack of memory
_PASSING_STATUSES = frozenset({408, 424, 429})


@dataclass(frozen=True)
class ChatRequest:
    """One user message to one model."""

    request_id: str
    model_name: str
    """Name under which the endpoint knows the arm."""
    prompt_text: str
    seed: int
    """Of the sampling; sent with greedy requests too, where it changes nothing."""


@dataclass(frozen=True)
class Completion:
    """What came of one request."""

    request_id: str
    text: str | None
    """None when the request failed for good."""
    finish_reason: Literal["stop", "length"] | None
    """`stop` at the model's own end, `length` when cut by the token limit."""
    n_tokens: int | None
    """Tokens of the answer, its end token among them; None when the server does not count."""
    failure: str | None
    """Why there is no text; None when there is one."""
    seconds: float
    """From the first attempt to the end of the last, waiting between them included."""
    http_status: int | None = None
    """Of a failure that the server answered; None when there is a text, or no answer at all."""
    may_pass: bool = False
    """The failure says nothing about the request: nobody answered, or the server could not now.
    The same request may succeed later, so such a failure is no result."""


@dataclass(frozen=True)
class RetryPolicy:
    """How often and how fast a request is sent again."""

    attempts: int = 6
    first_delay_s: float = 0.5
    """Doubled after each attempt; the wait is drawn between half of it and all of it."""
    longest_delay_s: float = 8.0


class ChatClient:
    """Asks one endpoint."""

    def __init__(
        self,
        url: str,
        info: EndpointInfo,
        seed: int,
        retry: RetryPolicy | None = None,
        timeout_s: float = 600.0,
    ) -> None:
        """Describe the endpoint; nothing is sent yet.

        Args:
            url: address of the server, with or without `/v1`.
            info: what `read_info` said of it.
            seed: of the waits between attempts.
            retry: how often a request is sent again; RetryPolicy() when None.
            timeout_s: longest wait for one answer, queueing at the server included.
        """
        self.info = info
        self._url = base_url(url)
        self._seed = seed
        self._retry = retry or RetryPolicy()
        self._timeout_s = timeout_s
        # when one request found nobody at every attempt, the rest get one attempt each, until
        # one comes through: a thousand requests to a dead server must not wait one by one
        self._is_gone = False

    def complete_all(
        self,
        requests: Sequence[ChatRequest],
        decoding: DecodingSettings,
        concurrency: int,
        on_done: Callable[[list[Completion]], None],
    ) -> None:
        """Ask all and wait for all.

        Args:
            requests: sent in this order.
            decoding: sampling parameters, the same for every request; `samples` is not looked at.
            concurrency: requests under way at once; never more than the server takes.
            on_done: gets each completion once, in groups as they finish.
        Raises:
            KeyboardInterrupt: after what has finished was handed over.
        """
        asyncio.run(self._complete_all(requests, decoding, concurrency, on_done))

    async def _complete_all(
        self,
        requests: Sequence[ChatRequest],
        decoding: DecodingSettings,
        concurrency: int,
        on_done: Callable[[list[Completion]], None],
    ) -> None:
        waiting = iter(requests)
        finished: list[Completion] = []

        async def work(connection: openai.AsyncOpenAI) -> None:
            for request in waiting:
                finished.append(await self._complete(connection, request, decoding))

        def hand_over() -> None:
            group = finished.copy()
            finished.clear()
            if group:
                on_done(group)

        n_workers = min(concurrency, self.info.max_concurrent, len(requests))
        async with self._connect() as connection:
            workers = asyncio.gather(*(work(connection) for _ in range(n_workers)))
            try:
                while not workers.done():
                    await asyncio.wait([workers], timeout=_GROUP_S)
                    hand_over()
                workers.result()
            finally:
                workers.cancel()
                await asyncio.gather(workers, return_exceptions=True)
                hand_over()

    def _connect(self) -> openai.AsyncOpenAI:
        return openai.AsyncOpenAI(
            base_url=f"{self._url}/v1",
            api_key="none",
            max_retries=0,
            timeout=self._timeout_s,
            http_client=openai.DefaultAioHttpClient(
                timeout=self._timeout_s, trust_env=not is_loopback(self._url)
            ),
        )

    async def _complete(
        self, connection: openai.AsyncOpenAI, request: ChatRequest, decoding: DecodingSettings
    ) -> Completion:
        started = time.monotonic()
        waits = Random(f"{self._seed}/{request.request_id}")
        attempt = 1
        while True:
            try:
                reply = await self._send(connection, request, decoding)
            except (openai.APIError, ValueError) as error:
                no_answer = isinstance(error, openai.APIConnectionError)
                is_last = attempt >= self._retry.attempts or (no_answer and self._is_gone)
                if is_last or not _is_passing(error):
                    self._is_gone = no_answer
                    return _failed(request, error, time.monotonic() - started)
            else:
                self._is_gone = False
                return _completion(request, reply, time.monotonic() - started)
            await asyncio.sleep(self._delay_s(attempt, waits))
            attempt += 1

    def _delay_s(self, attempt: int, waits: Random) -> float:
        delay_s = self._retry.first_delay_s * 2.0 ** (attempt - 1)
        return float(min(delay_s, self._retry.longest_delay_s) * waits.uniform(0.5, 1))

    async def _send(
        self, connection: openai.AsyncOpenAI, request: ChatRequest, decoding: DecodingSettings
    ) -> ChatCompletion:
        body = {
            "model": request.model_name,
            "messages": [{"role": "user", "content": request.prompt_text}],
            "max_tokens": decoding.max_new_tokens,
            "temperature": decoding.temperature,
            "seed": request.seed,
            "stream": False,
            **_sampling(self.info, decoding),
        }
        return await connection.post("/chat/completions", body=body, cast_to=ChatCompletion)


def connect(url: str, seed: int, retry: RetryPolicy | None = None) -> ChatClient:
    """A client of the server at an address, after asking what it is.

    Raises:
        ModelUnreachable: nothing answers there, or nothing that serves models.
    """
    return ChatClient(url, read_info(url), seed, retry)


def _sampling(info: EndpointInfo, decoding: DecodingSettings) -> dict[str, Any]:
    """The parameters that servers spell differently; the reasons are at the top."""
    if info.protocol == "tgi":
        top_p = {} if decoding.top_p is None else {"top_p": decoding.top_p}
        return {"presence_penalty": decoding.repetition_penalty - 2.0, **top_p}
    plain = {
        "top_p": 1.0 if decoding.top_p is None else decoding.top_p,
        "presence_penalty": 0.0,
        "frequency_penalty": 0.0,
    }
    if info.protocol == "vllm":
        own = {"repetition_penalty": decoding.repetition_penalty, "top_k": -1, "min_p": 0.0}
        return {**plain, **own}
    if decoding.repetition_penalty != 1:
        return {**plain, "repetition_penalty": decoding.repetition_penalty}
    return plain


def _is_passing(error: Exception) -> bool:
    """Whether the same request may succeed later."""
    if isinstance(error, openai.APIStatusError):
        return error.status_code in _PASSING_STATUSES or error.status_code >= 500
    return isinstance(error, openai.APIConnectionError)


def _completion(request: ChatRequest, reply: object, seconds: float) -> Completion:
    """A reply as a Completion; one without a text is a failure."""
    # a body that is not JSON comes out of openai as text, one of another shape with holes
    choices = reply.choices if isinstance(reply, ChatCompletion) else None
    if not isinstance(reply, ChatCompletion) or not choices or choices[0].message is None:
        return _without_text(request, "the server answered something other than a chat", seconds)
    text, reason = choices[0].message.content, str(choices[0].finish_reason)
    if text is None or reason not in ("stop", "eos_token", "stop_sequence", "length"):
        return _without_text(request, f"the answer ended with {reason!r} and has no text", seconds)
    return Completion(
        request_id=request.request_id,
        text=text,
        finish_reason="length" if reason == "length" else "stop",
        n_tokens=reply.usage.completion_tokens if reply.usage else None,
        failure=None,
        seconds=seconds,
    )


def _failed(request: ChatRequest, error: Exception, seconds: float) -> Completion:
    if isinstance(error, openai.APIStatusError):
        failure, status = f"HTTP {error.status_code}: {_message(error)}", error.status_code
    else:
        cause = error.__cause__ or error
        failure, status = f"no answer ({type(cause).__name__}: {cause or error})", None
    return _without_text(request, failure, seconds, status, _is_passing(error))


def _without_text(
    request: ChatRequest,
    failure: str,
    seconds: float,
    http_status: int | None = None,
    may_pass: bool = False,
) -> Completion:
    failure = " ".join(failure.split())[:_LONGEST_FAILURE]
    return Completion(request.request_id, None, None, None, failure, seconds, http_status, may_pass)


def _message(error: openai.APIStatusError) -> str:
    """What the server wrote: TGI a text, vLLM and others an object with a message."""
    body = error.body
    if isinstance(body, dict):
        body = body.get("error", body.get("message", body))
    return str(body) if body else error.message
