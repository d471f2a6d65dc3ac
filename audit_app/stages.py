"""What the batch stages last said about themselves, for the owner's page to show.

Kept in memory only: a restarted app knows nothing of stages until they speak again. What
they made is in the study file.
"""

import threading

from study.progress import StageProgress

_AT_WORK = ("waiting", "running")


class StageBoard:
    """The latest progress of each stage, in the order in which the stages first spoke."""

    def __init__(self) -> None:
        """Start with no stage known."""
        self._lock = threading.Lock()
        self._latest: dict[str, StageProgress] = {}

    def update(self, progress: StageProgress) -> None:
        """Put a stage's newest progress in the place of the one before."""
        with self._lock:
            self._latest[progress.stage] = progress

    def snapshot(self) -> tuple[StageProgress, ...]:
        """The latest progress of every stage that has spoken."""
        with self._lock:
            return tuple(self._latest.values())

    def at_work(self) -> bool:
        """Whether a stage is still running or waiting, so that more pairs may come."""
        return any(progress.state in _AT_WORK for progress in self.snapshot())
