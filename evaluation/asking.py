"""Asking: requests put to an endpoint, by this process or by the workers of a Ray cluster.

Resumable: the caller asks for what the study lacks, and stores each group of responses before the
next is taken in. What a request is and becomes is in `responses.py`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from datetime import datetime
from itertools import groupby, pairwise

from evaluation.responses import ResponseRequest
from evaluation.serving.chat_client import ChatClient
from evaluation.serving.completions import ChatRequest, Completion
from evaluation.serving.ray_shards import Shard, ShardPool
from evaluation.serving.request_run import Check
from study.errors import ModelUnreachable
from study.records import Response
from study.settings import DecodingSettings


class _Asking:
    """Requests that are under way, and how many of them nobody answered."""

    def __init__(self, client: ChatClient, seed: int, now: Callable[[], datetime]) -> None:
        self._urls = [info.url for info in client.infos]
        self._seed = seed
        self._now = now
        self._under_way: dict[str, ResponseRequest] = {}
        self._n_unanswered, self._reason = 0, ""

    def send(self, requests: Iterable[ResponseRequest]) -> Iterator[ChatRequest]:
        """What is asked, each taken when there is room for it."""
        for request in requests:
            self._under_way[request.response_id] = request
            yield request.as_chat(self._seed)

    def receive(self, completions: Iterable[Completion]) -> list[Response]:
        """What came of them; those without an answer are counted alone."""
        came_at = self._now()
        responses = []
        for one in completions:
            request = self._under_way.pop(one.request_id)
            if one.may_pass:
                self._n_unanswered += 1
                self._reason = self._reason or one.failure or ""
            else:
                responses.append(request.as_response(one, came_at))
        return responses

    def end(self) -> None:
        """Raise ModelUnreachable where some have no answer."""
        if self._n_unanswered:
            raise ModelUnreachable(
                f"{self._n_unanswered} requests to {' and '.join(self._urls)} got no answer "
                f"({self._reason}); see that the endpoint runs and run the command again, it goes "
                "on from here"
            )


def generate(
    requests: Iterable[ResponseRequest],
    client: ChatClient,
    decoding: DecodingSettings,
    seed: int,
    now: Callable[[], datetime],
    on_done: Callable[[list[Response]], Future[None] | None],
    check: Check | None = None,
) -> None:
    """Ask for responses and wait for all of them.

    Args:
        requests: each is taken when there is room for it.
        decoding: sampling parameters, the same for every arm.
        seed: the study's.
        now: tells the time at which a response came.
        on_done: gets every response once, in groups as they come, from a thread of its own; one
            that the endpoint refused for good has no text. What it has stored is not asked again
            after an interruption; what it returns is waited for before more is asked.
        check: put to a replica that broke off and is back; the canary.
    Raises:
        ModelUnreachable: some requests found nobody, or an endpoint that could not answer now;
            they are not stored, so that the next run asks them again.
    """
    asking = _Asking(client, seed, now)

    def keep(done: list[Completion]) -> Future[None] | None:
        responses = asking.receive(done)
        return on_done(responses) if responses else None

    client.complete_all(asking.send(requests), decoding, None, keep, check)
    asking.end()


def generate_in_shards(
    shards: Sequence[Sequence[ResponseRequest]],
    pool: ShardPool,
    seed: int,
    now: Callable[[], datetime],
    on_done: Callable[[int, list[Response]], None],
) -> int:
    """Ask for responses by the workers of a Ray cluster and wait for all of them.

    Args:
        shards: of `cut_shards`; numbered from 1.
        pool: the workers, with what they ask.
        seed: the study's.
        now: tells the time at which a response came.
        on_done: as for `generate`, with the shard's number.
    Returns:
        How many workers died; what they had under way was asked again.
    Raises:
        ModelUnreachable: as for `generate`.
        StudyError: as for `ShardPool.ask`.
    """
    asking = _Asking(pool.client, seed, now)

    def keep(number: int, done: list[Completion]) -> None:
        if responses := asking.receive(done):
            on_done(number, responses)

    n_lost = pool.ask(
        (
            Shard(number, list(asking.send(requests)))
            for number, requests in enumerate(shards, start=1)
        ),
        keep,
    )
    asking.end()
    return n_lost


def cut_shards(requests: Sequence[ResponseRequest], n: int) -> list[list[ResponseRequest]]:
    """Requests in as many parts of about one size, in their order; none is empty.

    The requests of one prompt stay together, so that its pair is not two shards' affair.
    """
    by_prompt = [list(group) for _, group in groupby(requests, lambda one: one.prompt.prompt_id)]
    edges = [len(by_prompt) * number // n for number in range(n + 1)]
    shards = [
        [request for group in by_prompt[start:end] for request in group]
        for start, end in pairwise(edges)
    ]
    return [shard for shard in shards if shard]
