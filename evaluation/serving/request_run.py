"""One run of requests: shared among replicas, sent again where that helps, handed over as they end.

A replica that breaks off gets nothing more until it answers again and the caller's check, the
canary, has passed; its requests go to the others. A failure is a request's own only where the same
server has answered others; one that fails the first ten gets nothing more. What has come is handed
over at once, whatever else happens, since what is not on the disk is paid twice after a kill.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, wait
from contextlib import AsyncExitStack
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING, Any

import openai

from evaluation.serving.completions import ChatRequest, Completion, completion_of, without_text
from evaluation.serving.connection import ChatAnswer, Connection, failure_of
from evaluation.serving.endpoint import is_healthy
from evaluation.serving.replicas import FIRST_LIMIT, AdaptiveLimit, NobodyLeft, Replica, Replicas
from evaluation.serving.retries import (
    is_no_answer,
    is_overload,
    is_passing,
    is_requests_own,
    is_servers_failure,
)
from evaluation.serving.sampling import chat_body
from study.errors import ModelUnreachable
from study.settings import DecodingSettings

if TYPE_CHECKING:
    from evaluation.serving.chat_client import ChatClient

# while they are written down: on a slow disk more would be lost by a kill
_MOST_UNKEPT = 250
_MOST_FAILED = 10

Check = Callable[["ChatClient"], object]
Keep = Callable[[list[Completion]], Future[None] | None]


class RequestRun:
    """One call of `complete_all`, in one event loop."""

    def __init__(
        self,
        client: "ChatClient",
        decoding: DecodingSettings,
        concurrency: int | None,
        on_done: Keep,
        check: Check | None,
    ) -> None:
        self._client = client
        self._retry = client.retry
        self._decoding = decoding
        self._on_done = on_done
        self._check = check
        most = [min(info.most_at_once, concurrency or 1 << 20) for info in client.infos]
        self._n_workers = sum(most)
        self._replicas = Replicas(
            tuple(
                # a batch of the local server takes minutes and is one arm's: none is to be half empty
                Replica(info, AdaptiveLimit(limit, limit if info.is_local else FIRST_LIMIT))
                for info, limit in zip(client.infos, most, strict=True)
            )
        )
        self._connections: dict[Replica, Connection] = {}
        self._finished: list[Completion] = []
        self._came = asyncio.Event()
        self._has_room = asyncio.Event()
        self._backlog: asyncio.Task[object] | None = None
        self._is_over = False
        self._searches: set[asyncio.Task[None]] = set()
        self._last_error = "no server was left"

    async def ask(self, requests: Iterable[ChatRequest]) -> None:
        """Everything, to its end."""
        waiting = iter(requests)
        self._has_room.set()
        self._trouble: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        async with AsyncExitStack() as stack:
            for replica in self._replicas.members:
                connection = self._client.connect_to(replica.info)
                self._connections[replica] = await stack.enter_async_context(connection)
            keeper = asyncio.create_task(self._keep())
            workers = asyncio.create_task(self._work_all(waiting))
            ends: set[asyncio.Future[Any]] = {workers, keeper, self._trouble}
            try:
                await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
                for end in ends:
                    if end.done():
                        end.result()
            finally:
                self._trouble.cancel()
                others: list[asyncio.Future[Any]] = [workers, *self._searches]
                for other in others:
                    other.cancel()
                await asyncio.gather(*others, return_exceptions=True)
                self._is_over = True
                self._came.set()
                await self._end_keeping(keeper)

    async def _work_all(self, waiting: Iterator[ChatRequest]) -> None:
        await asyncio.gather(*(self._work(waiting) for _ in range(self._n_workers)))
        for replica in self._replicas.members:
            await self._settle(replica)

    async def _work(self, waiting: Iterator[ChatRequest]) -> None:
        for request in waiting:
            await self._complete(request)
            if len(self._finished) > _MOST_UNKEPT:
                self._has_room.clear()
            await self._has_room.wait()
            if self._backlog is not None:
                await asyncio.wait([self._backlog])

    async def _keep(self) -> None:
        """Hand over what has finished as soon as the group before is kept."""
        while self._finished or not self._is_over:
            await self._came.wait()
            self._came.clear()
            group, self._finished = self._finished, []
            self._has_room.set()
            backlog = await asyncio.to_thread(self._on_done, group) if group else None
            if backlog is not None and (self._backlog is None or self._backlog.done()):
                self._backlog = asyncio.create_task(asyncio.to_thread(wait, [backlog]))
            if self._is_over:
                self._came.set()

    async def _end_keeping(self, keeper: asyncio.Task[None]) -> None:
        """Hand over the rest, also where the caller has failed at the group before it."""
        try:
            await keeper
        finally:
            if self._finished:
                await asyncio.to_thread(self._on_done, self._finished)

    def _finish(self, completions: Iterable[Completion]) -> None:
        self._finished.extend(completions)
        self._came.set()

    async def _complete(self, request: ChatRequest) -> None:
        """Ask until there is an answer, or a failure that stays."""
        started = time.monotonic()
        waits: Random | None = None
        attempt = 0
        while True:
            try:
                replica = await self._replicas.take()
            except NobodyLeft:
                seconds = time.monotonic() - started
                error = self._last_error
                self._finish([without_text(request.request_id, error, seconds, may_pass=True)])
                return
            attempt += 1
            try:
                answer = await self._send(replica, request)
            except (openai.APIError, ValueError) as error:
                failure: Exception = error
            else:
                self._take_answer(request, replica, answer, started)
                return
            finally:
                await self._replicas.give_back(replica)
            if await self._is_end(request, replica, failure, attempt, started):
                return
            waits = waits or self._client.waits(request.request_id)
            await asyncio.sleep(self._retry.delay_s(attempt, waits))

    async def _send(self, replica: Replica, request: ChatRequest) -> ChatAnswer:
        body = chat_body(replica.info.protocol, request, self._decoding)
        return await self._connections[replica].post_chat(body)

    def _take_answer(
        self, request: ChatRequest, replica: Replica, answer: ChatAnswer, started: float
    ) -> None:
        replica.limit.grow(time.monotonic())
        seconds = time.monotonic() - started
        completion = completion_of(request.request_id, answer.body, answer.headers, seconds)
        self._finish([completion])
        if completion.text is not None and not replica.has_answered:
            replica.has_answered = True
            self._finish(replica.failed)
            replica.failed.clear()

    async def _is_end(
        self,
        request: ChatRequest,
        replica: Replica,
        error: Exception,
        attempt: int,
        started: float,
    ) -> bool:
        """Whether a failed attempt is the last; False when the request is to be sent again."""
        if is_overload(error):
            replica.limit.shrink(time.monotonic())
        elif is_no_answer(error):
            failed = failure_of(request.request_id, error, 0.0, may_pass=True)
            self._last_error = failed.failure or self._last_error
            await self._lose(replica)
        if self._retry.has_another(error, attempt):
            return False
        may_pass = is_passing(error)
        if may_pass and is_requests_own(error):
            may_pass = not await asyncio.to_thread(is_healthy, replica.info.url)
        seconds = time.monotonic() - started
        completion = failure_of(request.request_id, error, seconds, may_pass=may_pass)
        if replica.has_answered or not is_servers_failure(error):
            self._finish([completion])
        else:
            await self._note_failure(replica, completion)
        return True

    async def _note_failure(self, replica: Replica, completion: Completion) -> None:
        """Keep back a failure of a server that has answered nothing; the tenth is its last."""
        replica.failed.append(completion)
        if len(replica.failed) < _MOST_FAILED and not replica.is_given_up:
            return
        await self._replicas.lose(replica)
        await self._replicas.give_up(replica)
        self._last_error = (
            f"{completion.failure}, and none of the first {_MOST_FAILED} was answered by "
            f"{replica.info.url}"
        )
        self._finish(
            replace(one, failure=self._last_error, may_pass=True) for one in replica.failed
        )
        replica.failed.clear()

    async def _settle(self, replica: Replica) -> None:
        """Failures of a server that answered nothing else are the requests' own if it passes the
        check now."""
        if not replica.failed:
            return
        failed, replica.failed = replica.failed, []
        try:
            await asyncio.to_thread(self._client.find_again, replica.info, self._check)
        except ModelUnreachable:
            failed = [replace(completion, may_pass=True) for completion in failed]
        self._finish(failed)

    async def _lose(self, replica: Replica) -> None:
        """Take a replica out and look for it, once at a time."""
        if await self._replicas.lose(replica):
            search = asyncio.create_task(self._search(replica))
            self._searches.add(search)
            search.add_done_callback(self._end_search)

    def _end_search(self, search: asyncio.Task[None]) -> None:
        """Whatever a search ends with, other than its replica, ends the run."""
        self._searches.discard(search)
        error = None if search.cancelled() else search.exception()
        if error is not None and not self._trouble.done():
            self._trouble.set_exception(error)

    async def _search(self, replica: Replica) -> None:
        """Look for a replica that broke off until it is there, or the run ends without it."""
        waits = self._client.waits(replica.info.url)
        attempt = 0
        while True:
            try:
                await asyncio.to_thread(self._client.find_again, replica.info, self._check)
            except ModelUnreachable:
                attempt += 1
            else:
                await self._replicas.find(replica)
                return
            if attempt == self._retry.attempts:
                await self._replicas.give_up(replica)
            await asyncio.sleep(self._retry.delay_s(min(attempt, self._retry.attempts), waits))
