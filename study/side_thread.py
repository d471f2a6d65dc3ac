"""A side thread: one piece of work at a time beside what the caller does.

What the work raises is raised to the caller, when it looks.
"""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor


class SideThread:
    """One thread, the caller's to close."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._work: Future[None] | None = None
        self.ended_at_s = time.monotonic()
        """By the monotonic clock, when the last work ended; before any, when this was made."""

    @property
    def under_way(self) -> Future[None] | None:
        """The work that has not ended, to be waited for."""
        return None if self._work is None or self._work.done() else self._work

    def start(self, work: Callable[[], object]) -> None:
        """Begin, when nothing is under way."""
        assert self.under_way is None
        self._work = self._thread.submit(self._do, work)

    def see(self) -> None:
        """Raise what the last work raised, if it has ended; each time it is asked."""
        if self._work is not None and self._work.done():
            self._work.result()

    def wait(self) -> None:
        """Wait for what is under way, and raise what it raised."""
        if self._work is not None:
            self._work.result()

    def close(self) -> None:
        """Wait for what is under way and let the thread go; raises nothing."""
        self._thread.shutdown()

    def _do(self, work: Callable[[], object]) -> None:
        try:
            work()
        finally:
            self.ended_at_s = time.monotonic()
