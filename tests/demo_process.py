"""`warmth-audit demo` and `warmth-audit serve` as processes of their own, as a user starts them."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path


class StartedApp:
    """A started command with what it has printed so far."""

    def __init__(self, command: str, study: Path) -> None:
        """Start it on a free port, in a session of its own as a terminal would have it."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        arguments = ["--study", str(study), "--port", str(port)]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "audit_app", command, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._lines: list[str] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def __enter__(self) -> "StartedApp":
        return self

    def __exit__(self, *exception: object) -> None:
        """Leave no process behind when a test fails."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._ended()

    @property
    def said(self) -> str:
        """Everything printed so far."""
        return "".join(self._lines)

    def wait_for(self, pattern: str, timeout_s: float = 300) -> re.Match[str]:
        """Wait until a line matches; fails with what was said when the process ends before."""
        deadline = time.monotonic() + timeout_s
        while not (found := re.search(pattern, self.said)):
            assert self._process.poll() is None, self.said
            assert time.monotonic() < deadline, f"no {pattern!r} in:\n{self.said}"
            time.sleep(0.05)
        return found

    def link(self, role: str) -> str:
        """The sign-in link printed for a role."""
        return self.wait_for(rf"{role} +(http\S+)")[1]

    def press_ctrl_c(self) -> int:
        """Interrupt the command and all it started, as a terminal does; returns its status."""
        os.killpg(self._process.pid, signal.SIGINT)
        return self._ended()

    def kill(self) -> None:
        """kill -9 of the process that holds the study; its children are left to themselves."""
        self._process.kill()
        self._ended()

    def _ended(self) -> int:
        status = self._process.wait(60)
        self._reader.join(60)
        return status

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            self._lines.extend(iter(lines.readline, ""))
