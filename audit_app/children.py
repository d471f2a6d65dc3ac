"""Processes that this one starts: `warmth-audit` itself, with another command.

A child never outlives its parent. Its standard input is a pipe that nothing is written to; when
the pipe closes, because the parent wants it or because the parent was killed, the child
interrupts itself, as Ctrl-C would, and saves what it has. Each child has a process group of its
own, so that a Ctrl-C in the terminal reaches the parent alone and is passed on once.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence

CHILD_MARK = "WARMTH_AUDIT_CHILD"
"""Environment variable by which a process knows that it is a child."""

_STOP_TIMEOUT_S = 30.0


def start_child(
    arguments: Sequence[str], environment: Mapping[str, str], *, is_quiet: bool = False
) -> subprocess.Popen[bytes]:
    """Start `warmth-audit` with these arguments.

    Args:
        environment: variables beside this process's own.
        is_quiet: throw away what it prints; errors still show.
    """
    return subprocess.Popen(
        [sys.executable, "-m", "audit_app", *arguments],
        env={**os.environ, **environment, CHILD_MARK: "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL if is_quiet else None,
        process_group=0,
    )


def stop_child(process: subprocess.Popen[bytes]) -> None:
    """Have a child save and end; one that does not within half a minute is killed."""
    assert process.stdin is not None
    process.stdin.close()
    try:
        process.wait(_STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def interrupt_at_eof(file_descriptor: int) -> None:
    """Interrupt this process when the pipe behind a file descriptor ends."""

    def watch() -> None:
        # not through sys.stdin: Python aborts at its end when a thread waits in a buffered reader
        while os.read(file_descriptor, 1024):
            continue
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=watch, daemon=True).start()
