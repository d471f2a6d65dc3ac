"""State watch: whether the study is open, paused or closed, for those who ask at every step."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import duckdb

from audit_app.study_events import read_study_state

StateName = Literal["open", "paused", "closed"]

COUNTS_FOR = timedelta(seconds=1)
"""So long after it was read a state is taken for the one in force."""


@dataclass(frozen=True)
class _Known:
    name: StateName
    read_at: datetime


class StateWatch:
    """Reads the state at most once a second."""

    def __init__(self, con: duckdb.DuckDBPyConnection, clock: Callable[[], datetime]) -> None:
        self._con = con
        self._clock = clock
        self._known: _Known | None = None

    def state(self) -> StateName:
        """The study's state; a change shows within a second."""
        now = self._clock()
        known = self._known
        if known is None or abs(now - known.read_at) >= COUNTS_FOR:
            known = self._known = _Known(self._read(), now)
        return known.name

    def _read(self) -> StateName:
        state = read_study_state(self._con)
        if state.is_closed:
            return "closed"
        return "paused" if state.is_paused else "open"
