"""The one client of chat endpoints: TGI, vLLM, the local server, any OpenAI-compatible one.

A request ends as one Completion, with a text or with a failure; none is lost and none raises.
Behind a client stand one or more replicas of one server. How requests are shared among them and
sent again is in `request_run.py`, what is sent in `sampling.py`, what an answer means in
`completions.py`.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace
from random import Random

from evaluation.serving.chat_templates import TemplateFrame, read_frame
from evaluation.serving.completions import ChatRequest, Completion
from evaluation.serving.connection import Connection
from evaluation.serving.endpoint import EndpointInfo, base_url, read_info
from evaluation.serving.request_run import Check, Keep, RequestRun
from evaluation.serving.retries import RetryPolicy
from study.errors import BadInput
from study.settings import DecodingSettings


class ChatClient:
    """Asks one endpoint, or several that serve the same."""

    def __init__(
        self,
        infos: Sequence[EndpointInfo],
        seed: int,
        retry: RetryPolicy | None = None,
        timeout_s: float = 600.0,
        api_key: str | None = None,
        probes: list[Completion] | None = None,
    ) -> None:
        """Describe the endpoints; nothing is sent yet.

        Args:
            infos: what `read_info` said of each.
            seed: of the waits between attempts.
            retry: how often a request is sent again; RetryPolicy() when None.
            timeout_s: longest wait for one answer, queueing at the server included.
            api_key: sent where a server asks for one.
            probes: of the client that this one is a part of; its own when None.
        """
        self.infos = tuple(infos)
        self._seed = seed
        self._retry = retry or RetryPolicy()
        self._timeout_s = timeout_s
        self._api_key = api_key
        self._probes = probes if probes is not None else []

    @property
    def info(self) -> EndpointInfo:
        """What the endpoints are; they differ in their addresses alone."""
        return self.infos[0]

    def one_of_each(self) -> "list[ChatClient]":
        """A client for each replica, which asks that one alone."""
        return [self._of(info) for info in self.infos]

    def complete_all(
        self,
        requests: Iterable[ChatRequest],
        decoding: DecodingSettings,
        concurrency: int | None,
        on_done: Keep,
        check: Check | None = None,
    ) -> None:
        """Ask all and wait for all.

        Args:
            requests: sent in this order, each taken when there is room for it.
            decoding: sampling parameters, the same for every request; `samples` is not looked at.
            concurrency: requests under way at once at one replica; None for as many as it takes
                well, three quarters of its own limit.
            on_done: gets each completion once, as they finish, from a thread of its own and
                never twice at once. What it returns is waited for before more is asked, while
                what was under way still comes to it. Once it has raised it gets the rest that
                has come, and the run ends.
            check: put to a replica that broke off and is back, before it is asked again; what it
                raises, other than ModelUnreachable, stops the run.
        Raises:
            KeyboardInterrupt: after what has finished was handed over.
        """
        asyncio.run(RequestRun(self, decoding, concurrency, on_done, check).ask(requests))

    def connect_to(self, info: EndpointInfo) -> Connection:
        """An open connection pool of one replica, the caller's to close."""
        return Connection(info, self._timeout_s, self._api_key)

    def find_again(self, info: EndpointInfo, check: Check | None) -> None:
        """See that a replica answers and is what it was.

        Raises:
            ModelUnreachable: nobody answers.
            BadInput: something else answers there now.
        """
        now = read_info(info.url, self._api_key)
        _see_alike((info, now))
        if check is not None:
            check(self._of(now))

    def read_frame(
        self, model_name: str, system_text: str | None, prompts: Sequence[str]
    ) -> TemplateFrame | None:
        """What the server writes around a prompt; None when it does not tell."""
        return read_frame(self.info, model_name, system_text, prompts, self._api_key)

    @property
    def probes(self) -> list[Completion]:
        """What the canary was answered at any replica, since that is paid too; threads add to it."""
        return self._probes

    @property
    def retry(self) -> RetryPolicy:
        """How often a request is sent again."""
        return self._retry

    def waits(self, what: str) -> Random:
        """The random numbers by which a request, or a search for a replica, waits."""
        return Random(f"{self._seed}/{what}")

    def _of(self, info: EndpointInfo) -> "ChatClient":
        return ChatClient(
            (info,), self._seed, self._retry, self._timeout_s, self._api_key, self._probes
        )


def connect(
    urls: str | Sequence[str],
    seed: int,
    retry: RetryPolicy | None = None,
    api_key: str | None = None,
) -> ChatClient:
    """A client of the servers at some addresses, after asking what they are.

    Args:
        urls: one address, or those of replicas that serve the same.
        seed: of the waits between attempts.
        retry: how often a request is sent again; RetryPolicy() when None.
        api_key: sent where a server asks for one.
    Raises:
        ModelUnreachable: nothing answers at one of them, or nothing that serves models.
        BadInput: they serve different models, or by different engines.
    """
    addresses = [urls] if isinstance(urls, str) else list(urls)
    different = dict.fromkeys(base_url(url) for url in addresses)
    infos = [read_info(url, api_key) for url in different]
    _see_alike(infos)
    return ChatClient(infos, seed, retry, api_key=api_key)


def _see_alike(infos: Sequence[EndpointInfo]) -> None:
    """Near-tied choices flip between engines and number formats: replicas must not differ."""
    first = infos[0]
    for info in infos[1:]:
        if replace(info, url=first.url, max_concurrent=first.max_concurrent) != first:
            raise BadInput(
                f"expected the same model and engine at every address, got {first.model_id} on "
                f"{first.description} at {first.url} and {info.model_id} on {info.description} at "
                f"{info.url}; name replicas of one server"
            )
