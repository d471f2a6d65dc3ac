"""`warmth-audit` as a shell calls it, without the seconds in which a new process imports everything.

What ends a command, and where its words go, is its own doing; so are exit statuses. Tests that
kill a command, or hold a study against it, start a process instead.
"""

import contextlib
import io
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from audit_app.cli import main


def run_command(
    *arguments: Any, cwd: Path | None = None, columns: int = 80
) -> subprocess.CompletedProcess[str]:
    """Run a command until it exits; what it said, and its status."""
    call = ["warmth-audit", *map(str, arguments)]
    said, told = io.StringIO(), io.StringIO()
    with (
        contextlib.redirect_stdout(said),
        contextlib.redirect_stderr(told),
        contextlib.chdir(cwd or Path.cwd()),
        _as_a_process(call, columns),
    ):
        try:
            main()
        except SystemExit as ended:
            status = ended.code
    assert isinstance(status, int)
    return subprocess.CompletedProcess(call, status, said.getvalue(), told.getvalue())


@contextlib.contextmanager
def _as_a_process(call: list[str], columns: int) -> Iterator[None]:
    """The arguments, width and signals of a process of its own; put back afterwards."""
    environment, arguments = dict(os.environ), sys.argv
    handlers = {sign: signal.getsignal(sign) for sign in (signal.SIGINT, signal.SIGTERM)}
    os.environ["COLUMNS"] = str(columns)
    sys.argv = call
    try:
        yield
    finally:
        sys.argv = arguments
        os.environ.clear()
        os.environ.update(environment)
        for sign, handler in handlers.items():
            signal.signal(sign, handler)
