"""Progress of stages in a terminal: a live line per stage, plain lines where there is none."""

import time

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from rich.progress import TimeElapsedColumn as ElapsedColumn

from study.errors import AppUnreachable
from study.progress import Report, StageProgress

_SECONDS_BETWEEN_MESSAGES = 1.0
_MARKS = {"waiting": "…", "running": "▶", "done": "✓", "skipped": "✓", "failed": "✗"}


class TerminalReport:
    """Shows each stage's newest progress; use as a context manager."""

    def __init__(self, console: Console) -> None:
        """Remember where to write."""
        self._console = console
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            ElapsedColumn(),
            TextColumn("{task.fields[note]}", style="dim"),
            console=console,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> "TerminalReport":
        if self._console.is_terminal:
            self._progress.start()
        return self

    def __exit__(self, *exception: object) -> None:
        if self._console.is_terminal:
            self._progress.stop()

    def __call__(self, progress: StageProgress) -> None:
        """Show it: as a bar on a terminal, else as a line when its state changes."""
        label = f"{_MARKS[progress.state]} {progress.stage}"
        if not self._console.is_terminal:
            if progress.state != "running":
                note = f"{progress.note}, {progress.seconds:.0f} s"
                self._console.print(f"{label} {progress.state}: {note}", soft_wrap=True)
            return
        if progress.stage not in self._tasks:
            self._tasks[progress.stage] = self._progress.add_task(label, note="", total=None)
        task = self._tasks[progress.stage]
        self._progress.update(
            task,
            description=label,
            completed=progress.done,
            total=progress.total or None,
            note=progress.note,
        )
        if progress.state in ("done", "skipped", "failed"):
            self._progress.stop_task(task)


class BothReports:
    """Tells a terminal everything and an app's owner page as much as is worth a request."""

    def __init__(self, terminal: Report, app: Report) -> None:
        """Remember both receivers."""
        self._terminal = terminal
        self._app = app
        self._told_at = float("-inf")

    def __call__(self, progress: StageProgress) -> None:
        """Pass the progress on."""
        self._terminal(progress)
        if progress.state == "running" and time.monotonic() - self._told_at < (
            _SECONDS_BETWEEN_MESSAGES
        ):
            return
        self._told_at = time.monotonic()
        try:
            self._app(progress)
        except AppUnreachable:
            # hours of training are worth more than a line on the owner's page; handing the
            # results in will say that the app is away
            return
