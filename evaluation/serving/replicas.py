"""Replicas: the servers behind one client, and who gets the next request.

The one with the fewest requests under way gets it, as far as its limit allows. A limit starts
low, grows while answers come, and shrinks when the server says 429. A replica that breaks off
gets nothing more until it was found again.
"""

import asyncio
from dataclasses import dataclass, field

from evaluation.serving.completions import Completion
from evaluation.serving.endpoint import EndpointInfo

FIRST_LIMIT = 16
SHRINK = 0.8
COOL_DOWN_S = 1.0
"""After a 429 the limit stays for so long: those under way were sent under the old one."""


class AdaptiveLimit:
    """How many requests one server is given at once."""

    def __init__(self, most: int, first: int = FIRST_LIMIT) -> None:
        """Nothing is refused yet.

        Args:
            most: requests at once that it never goes above.
            first: requests at once before any answer came.
        """
        self.most = max(1, most)
        self.first = min(first, self.most)
        self._value = float(self.first)
        self._was_refused = False
        self._cool_until_s = float("-inf")

    @property
    def value(self) -> int:
        """Requests at once."""
        return int(self._value)

    def grow(self, now_s: float) -> None:
        """Note an answer: doubles within a round until the first 429, then one more a round."""
        if now_s >= self._cool_until_s:
            step = 1 / self._value if self._was_refused else 1.0
            self._value = min(self._value + step, float(self.most))

    def shrink(self, now_s: float) -> None:
        """Note a 429; the many of one moment count once."""
        if now_s >= self._cool_until_s:
            self._value = max(1.0, self._value * SHRINK)
            self._was_refused = True
            self._cool_until_s = now_s + COOL_DOWN_S


@dataclass(eq=False)
class Replica:
    """One server and how it stands with it."""

    info: EndpointInfo
    limit: AdaptiveLimit
    n_under_way: int = 0
    is_up: bool = True
    is_given_up: bool = False
    """It was looked for often enough; should it come back, it is taken again."""
    has_answered: bool = False
    """A request of this run: until then its failures say nothing about the requests."""
    failed: list[Completion] = field(default_factory=list)
    """Failures of its own before any answer; they are not handed over yet."""

    @property
    def has_room(self) -> bool:
        """Whether it may be given another request."""
        return self.is_up and self.n_under_way < self.limit.value


class NobodyLeft(Exception):
    """Every replica is given up."""


@dataclass
class Replicas:
    """All of them, in one event loop."""

    members: tuple[Replica, ...]
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def take(self) -> Replica:
        """Wait for room at a replica and take it, the least busy one's first.

        Raises:
            NobodyLeft: there is none that could have room.
        """
        async with self._changed:
            while True:
                if all(one.is_given_up for one in self.members):
                    raise NobodyLeft
                free = [one for one in self.members if one.has_room]
                if free:
                    chosen = min(free, key=lambda one: one.n_under_way)
                    chosen.n_under_way += 1
                    return chosen
                await self._changed.wait()

    async def give_back(self, replica: Replica) -> None:
        """Give back the room of one request."""
        async with self._changed:
            replica.n_under_way -= 1
            # a limit may have grown by one beside the room that came back
            self._changed.notify(2)

    async def lose(self, replica: Replica) -> bool:
        """Note that a replica broke off; False when that was known."""
        async with self._changed:
            was_up, replica.is_up = replica.is_up, False
            return was_up

    async def give_up(self, replica: Replica) -> None:
        """Note that it was not found."""
        async with self._changed:
            replica.is_given_up = True
            self._changed.notify_all()

    async def find(self, replica: Replica) -> None:
        """Note that it is back; it starts low again."""
        async with self._changed:
            replica.is_up, replica.is_given_up = True, False
            replica.limit = AdaptiveLimit(replica.limit.most, replica.limit.first)
            self._changed.notify_all()
