"""Watches: what is read of the study at most once a second, for those who ask at every step."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

T = TypeVar("T")

COUNTS_FOR = timedelta(seconds=1)
"""So long after it was read something is taken for what is so."""


@dataclass(frozen=True)
class _Known(Generic[T]):
    value: T
    read_at: datetime


class Watch(Generic[T]):
    """Reads one thing at most once a second."""

    def __init__(self, read: Callable[[], T], clock: Callable[[], datetime]) -> None:
        self._read = read
        self._clock = clock
        self._known: _Known[T] | None = None

    def now(self) -> T:
        """What was read last; a change shows within a second."""
        now = self._clock()
        known = self._known
        if known is None or abs(now - known.read_at) >= COUNTS_FOR:
            known = self._known = _Known(self._read(), now)
        return known.value
