"""Progress of stages in a terminal: a bar for the one at work, a line for each that has ended.

In a file or a pipe there is no bar, and the one at work has a line every half minute.
"""

import time
from dataclasses import replace

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from study.errors import AppUnreachable
from study.progress import Report, StageProgress

_SECONDS_BETWEEN_MESSAGES = 1.0
_SECONDS_BETWEEN_LINES = 30.0
_MARKS = {"waiting": "…", "running": "▶", "done": "✓", "skipped": "✓", "failed": "✗"}


class TerminalReport:
    """Shows each stage's newest progress; use as a context manager.

    The bar is there only while a stage of this process is at work, so that a process started
    in between can draw its own on the same terminal.
    """

    def __init__(self, console: Console) -> None:
        """Remember where to write."""
        self._console = console
        self._bar: Progress | None = None
        self._stage_at_work: str | None = None
        self._told_at = 0.0

    def __enter__(self) -> "TerminalReport":
        return self

    def __exit__(self, *exception: object) -> None:
        self._remove_bar()

    def __call__(self, progress: StageProgress) -> None:
        """Show it."""
        if progress.state in ("waiting", "running"):
            if self._console.is_terminal:
                self._show_bar(progress)
            else:
                self._tell_now_and_then(progress)
            return
        self._remove_bar()
        self._stage_at_work = None
        seconds = f" [dim]{progress.seconds:.0f} s[/]" if progress.seconds >= 1 else ""
        line = (
            f"{_MARKS[progress.state]} {escape(progress.stage)}: {escape(progress.note)}{seconds}"
        )
        self._console.print(line, soft_wrap=True, highlight=False)

    def _tell_now_and_then(self, progress: StageProgress) -> None:
        now = time.monotonic()
        if progress.stage != self._stage_at_work:
            self._stage_at_work, self._told_at = progress.stage, now
        elif now - self._told_at >= _SECONDS_BETWEEN_LINES:
            self._told_at = now
            how_far = f"{progress.done:,} of {progress.total:,}" if progress.total else "at work"
            line = f"{_MARKS[progress.state]} {progress.stage}: {how_far}, {progress.note}"
            self._console.print(escape(line), soft_wrap=True, highlight=False)

    def _show_bar(self, progress: StageProgress) -> None:
        if self._bar is None:
            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(bar_width=24),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                TextColumn("{task.fields[note]}", style="dim"),
                console=self._console,
                transient=True,
            )
            self._bar.add_task("", total=None, note="")
            self._bar.start()
        self._bar.update(
            self._bar.task_ids[0],
            description=f"{_MARKS[progress.state]} {escape(progress.stage)}",
            completed=progress.done,
            total=progress.total or None,
            note=escape(progress.note),
        )

    def _remove_bar(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


class BothReports:
    """Tells a terminal everything and an app's owner page as much as is worth a request."""

    def __init__(self, terminal: Report, app: Report) -> None:
        """Remember both receivers."""
        self._terminal = terminal
        self._app = app
        self._at_work: StageProgress | None = None
        self._told_at = 0.0

    def __call__(self, progress: StageProgress) -> None:
        """Pass the progress on; of the steps of one stage the app hears one a second."""
        self._terminal(progress)
        is_running = progress.state in ("waiting", "running")
        same = is_running and self._at_work is not None and self._at_work.stage == progress.stage
        if same and time.monotonic() - self._told_at < _SECONDS_BETWEEN_MESSAGES:
            return
        self._at_work = progress if is_running else None
        self._told_at = time.monotonic()
        try:
            self._app(progress)
        except AppUnreachable:
            # hours of training are worth more than a line on the owner's page; handing the
            # results in will say that the app is away
            return

    def fail(self, reason: str) -> None:
        """Say that the stage at work has ended before its time."""
        if self._at_work is not None:
            self(replace(self._at_work, state="failed", note=reason))
