"""Shards of a run of requests, each asked by a worker of a Ray cluster.

A worker asks as one process does (`request_run.py`) and hands each group of completions over as
it comes; it keeps nothing, so that no common disk is needed. Where a worker dies, its shard goes
on at another one with the requests that have not come back.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from queue import Queue
from typing import Any

from evaluation.serving.chat_client import ChatClient
from evaluation.serving.completions import ChatRequest, Completion
from evaluation.serving.endpoint import is_loopback
from evaluation.serving.ray_cluster import RayCluster, see_node
from evaluation.serving.request_run import Check
from study.errors import BadInput, ClusterUnreachable, StudyError
from study.settings import DecodingSettings

_PACKAGE = "warmth-audit"
_MOST_LOSSES = 3
_MOST_UNTAKEN = 8
# Ray itself ends the process without a word, about 13 s after its node here has died
_SEE_NODE_S = 4.0
# fewer at once than this are not worth a process of their own
_FEWEST_AT_ONCE = 8
_SHARDS_PER_WORKER = 4
# each has a run file, which is held open
_MOST_SHARDS = 999

KeepOfShard = Callable[[int, list[Completion]], None]


@dataclass(frozen=True)
class Shard:
    """Requests that one worker asks at a time."""

    number: int
    requests: Sequence[ChatRequest]


@dataclass(frozen=True)
class ShardGroup:
    """What a worker hands over at a time."""

    completions: list[Completion]
    probes: list[Completion]
    """Of the canary, put since the group before to a replica that came back."""


@dataclass(frozen=True)
class ShardWork:
    """What is the same for every shard."""

    client: ChatClient
    """The endpoints, with their key."""
    decoding: DecodingSettings
    check: Check | None
    """Put to a replica that broke off and is back; it travels, so it is no local function."""
    at_once: int
    """Requests that one worker has under way at one replica."""
    version: str
    """Of this package; a worker with another one refuses."""
    host: str
    """Of the process that shares the work: its loopback addresses lead elsewhere on another."""

    @classmethod
    def of(
        cls, client: ChatClient, decoding: DecodingSettings, check: Check | None, at_once: int
    ) -> "ShardWork":
        """Work that is shared by this process."""
        import ray

        host = ray.util.get_node_ip_address()
        return cls(client, decoding, check, at_once, version(_PACKAGE), host)


class ShardUnderWay:
    """A shard at a worker, and what has not come back of it."""

    def __init__(self, shard: Shard) -> None:
        self.number = shard.number
        self._left = {request.request_id: request for request in shard.requests}
        self._n_losses = 0

    def take(self, completions: list[Completion]) -> None:
        """Note what has come; a loss before it no longer counts."""
        for completion in completions:
            del self._left[completion.request_id]
        self._n_losses = 0

    def rest_after_loss(self, error: Exception) -> list[ChatRequest]:
        """What is still to be asked; raises ClusterUnreachable at the third loss in a row."""
        self._n_losses += 1
        if self._n_losses == _MOST_LOSSES:
            raise ClusterUnreachable(
                f"{_MOST_LOSSES} Ray workers in a row died without a reply of shard {self.number} "
                f"({type(error).__name__}); see that the nodes have memory and stay up, and run "
                "the command again, it goes on from here"
            ) from error
        return list(self._left.values())


class ShardPool:
    """Workers of a cluster that ask the same endpoints."""

    def __init__(
        self,
        cluster: RayCluster,
        client: ChatClient,
        decoding: DecodingSettings,
        check: Check | None = None,
        n_shards: int | None = None,
    ) -> None:
        """Share what the endpoints take at once among workers.

        Args:
            check: put to a replica that broke off and is back; what it raises ends the run.
            n_shards: how many there will be, at most; four for each worker when None.
        """
        self.client = client
        self._decoding = decoding
        self._check = check
        self._most_at_once = min(info.most_at_once for info in client.infos)
        n_workers = max(1, min(cluster.n_cpus, self._most_at_once // _FEWEST_AT_ONCE))
        self.n_shards = n_shards or min(n_workers * _SHARDS_PER_WORKER, _MOST_SHARDS)
        self.n_workers = min(n_workers, self.n_shards)

    def ask(self, shards: Iterable[Shard], on_done: KeepOfShard) -> int:
        """Ask all shards and wait for all of them.

        Args:
            shards: each is taken when a worker is free for it.
            on_done: gets a shard's number and each of its completions once, in groups as they
                come.
        Returns:
            How many workers died; what they had not handed over was asked again.
        Raises:
            BadInput: a worker has another version of this package, or none, or cannot reach an
                endpoint that is named by a loopback address.
            ClusterUnreachable: the workers of one shard died again and again, with nothing to
                show, or Ray's node on this machine died.
        """
        import ray

        # not run again by Ray, which would ask for a whole shard
        remote = ray.remote(
            num_cpus=1, max_retries=0, _generator_backpressure_num_objects=_MOST_UNTAKEN
        )(_ask_shard)
        at_once = max(1, self._most_at_once // self.n_workers)
        work = ray.put(ShardWork.of(self.client, self._decoding, self._check, at_once))
        waiting = iter(shards)
        under_way: dict[Any, ShardUnderWay] = {}
        n_lost = 0
        while True:
            while len(under_way) < self.n_workers and (new := next(waiting, None)) is not None:
                under_way[remote.remote(work, new.requests)] = ShardUnderWay(new)
            if not under_way:
                return n_lost
            ready, _ = ray.wait(list(under_way), num_returns=1, timeout=_SEE_NODE_S)
            if not ready:
                see_node(ray)
                continue
            shard = under_way.pop(stream := ready[0])
            try:
                group = _next_group(ray, stream)
            except ray.exceptions.RayError as error:
                n_lost += 1
                if rest := shard.rest_after_loss(error):
                    under_way[remote.remote(work, rest)] = shard
                continue
            if group is not None:
                self.client.probes.extend(group.probes)
                if group.completions:
                    shard.take(group.completions)
                    on_done(shard.number, group.completions)
                # behind the others: the first that is ready is taken first
                under_way[stream] = shard


def _next_group(ray: Any, stream: Any) -> ShardGroup | None:
    """What a worker hands over next; None at the end of its shard."""
    try:
        group: ShardGroup = ray.get(next(stream))
    except StopIteration:
        return None
    except ray.exceptions.RayTaskError as error:
        if isinstance(error.cause, StudyError):
            raise error.cause from None
        raise BadInput(
            f"a Ray worker could not ask its shard ({_last_line(error)}); install the same "
            f'version of "{_PACKAGE}[ray]" on every node of the cluster'
        ) from error
    return group


def _last_line(error: Exception) -> str:
    return str(error).strip().splitlines()[-1]


def _ask_shard(work: ShardWork, requests: Sequence[ChatRequest]) -> Iterator[ShardGroup]:
    """What a worker does."""
    see_worker(work)
    # those that the client brought along are known where it came from
    n_told = len(work.client.probes)
    # one group waits: while the run that asked takes its time, no more is asked
    groups: Queue[list[Completion] | None] = Queue(maxsize=1)
    with ThreadPoolExecutor(max_workers=1) as thread:
        asking = thread.submit(
            work.client.complete_all,
            requests,
            work.decoding,
            work.at_once,
            groups.put,
            work.check,
        )
        asking.add_done_callback(lambda _: groups.put(None))
        while (group := groups.get()) is not None:
            probes = work.client.probes[n_told:]
            n_told += len(probes)
            yield ShardGroup(group, probes)
        asking.result()
    if probes := work.client.probes[n_told:]:
        yield ShardGroup([], probes)


def see_worker(work: ShardWork) -> None:
    """See that this process is fit to ask what another one shares.

    Raises:
        BadInput: it has another version of this package, or a loopback address would lead it to
            another machine than was meant.
    """
    import ray

    here, host = version(_PACKAGE), ray.util.get_node_ip_address()
    if here != work.version:
        raise BadInput(
            f"expected {_PACKAGE} {work.version} at every Ray worker, {host} has {here}; install "
            "the same version on every node"
        )
    for info in work.client.infos:
        if is_loopback(info.url) and host != work.host:
            raise BadInput(
                f"expected endpoints that every Ray worker reaches, {info.url} is another machine "
                f"at {host}; name them by host names that hold in the whole cluster"
            )
