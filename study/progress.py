"""Progress of a stage, as its caller wants to hear it."""

from dataclasses import dataclass
from typing import Literal, Protocol

State = Literal["waiting", "running", "done", "skipped", "failed"]


@dataclass(frozen=True)
class StageProgress:
    """How far one stage has come."""

    stage: str
    state: State
    done: int = 0
    total: int = 0
    """0 when the stage cannot say how much there is."""
    note: str = ""
    """What the numbers count, or what went wrong; free of arms and results."""
    seconds: float = 0.0


class Report(Protocol):
    """What a stage calls as often as it likes; the receiver decides what to show."""

    def __call__(self, progress: StageProgress) -> None: ...


def silent(progress: StageProgress) -> None:
    """Report to nobody."""
