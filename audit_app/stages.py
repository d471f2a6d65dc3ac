"""What the batch stages last said about themselves, for the owner's page to show.

Kept in memory only: a restarted app knows nothing of stages until they speak again. A stage
that was killed says nothing of it, so one that has been silent for long counts as gone until
it speaks again. What the stages made is in the study file.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from study.progress import StageProgress

Clock = Callable[[], datetime]

SILENT_AFTER = timedelta(seconds=120)
"""Well above the time between two words of a stage at work; one that takes longer is back at work
when it speaks."""

_AT_WORK = ("waiting", "running")


def utc_now() -> datetime:
    """The clock of a served app; tests hand in their own."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class HeardStage:
    """What a stage last said, and when."""

    progress: StageProgress
    heard_at: datetime
    is_silent: bool
    """It said that it was at work, and nothing since, for longer than `SILENT_AFTER`."""

    @property
    def is_at_work(self) -> bool:
        """Whether it is still running or waiting, as far as can be told."""
        return self.progress.state in _AT_WORK and not self.is_silent


class StageBoard:
    """The latest progress of each stage, in the order in which the stages first spoke."""

    def __init__(self, clock: Clock = utc_now) -> None:
        """Start with no stage known."""
        self._clock = clock
        self._lock = threading.Lock()
        self._latest: dict[str, tuple[StageProgress, datetime]] = {}

    def update(self, progress: StageProgress) -> None:
        """Put a stage's newest progress in the place of the one before."""
        with self._lock:
            self._latest[progress.stage] = (progress, self._clock())

    def snapshot(self) -> tuple[HeardStage, ...]:
        """The latest progress of every stage that has spoken."""
        now = self._clock()
        with self._lock:
            latest = tuple(self._latest.values())
        return tuple(
            HeardStage(
                progress,
                heard_at,
                is_silent=progress.state in _AT_WORK and now - heard_at > SILENT_AFTER,
            )
            for progress, heard_at in latest
        )

    def at_work(self) -> bool:
        """Whether a stage is still running or waiting, so that more pairs may come."""
        return any(stage.is_at_work for stage in self.snapshot())
