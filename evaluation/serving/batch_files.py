"""Batch files: chat requests as JSON lines, for providers' batch APIs and `vllm run-batch`.

One line is one request under a `custom_id`, or what came of one. A file holds the requests to one
model, which is all that a provider takes in one, and there are more where one would be too large.
The canary's probes are among the requests: what answers a batch is doubted as any endpoint is.
"""

import contextlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from evaluation.serving.completions import (
    ChatRequest,
    Completion,
    completion_of,
    without_text,
)
from evaluation.serving.endpoint import Protocol
from evaluation.serving.sampling import chat_body
from study.errors import BadTable, DiskFull
from study.settings import DecodingSettings

_PASSING_STATUSES = frozenset({408, 424, 429})


@dataclass(frozen=True)
class BatchLimits:
    """What one file may hold."""

    n_requests: int
    n_bytes: int


PROVIDER_LIMITS = BatchLimits(50_000, 200_000_000)
"""Of OpenAI's batch API; others take as much or more."""


def write_batches(
    file: Path,
    asked: Iterable[tuple[ChatRequest, DecodingSettings]],
    protocol: Protocol,
    labels: Mapping[str, str],
    limits: BatchLimits | None = None,
) -> dict[Path, int]:
    """Write requests, each with its sampling parameters, in the words of a server.

    Args:
        file: asked.jsonl becomes asked-LABEL.jsonl, asked-LABEL-2.jsonl and so on.
        labels: by a model's name, what tells its files apart.
        limits: None for files of any size.
    Returns:
        By file, how many requests it holds.
    Raises:
        DiskFull: they could not be written; files that were there before stay as they were.
    """
    parts: dict[str, list[_Part]] = {}
    written: dict[Path, int] = {}
    try:
        for request, decoding in asked:
            line = {
                "custom_id": request.request_id,
                "method": "POST",
                "url": "/v1/chat/completions",
                "body": chat_body(protocol, request, decoding),
            }
            data = f"{json.dumps(line, ensure_ascii=False)}\n".encode()
            label = labels[request.model_name]
            of_label = parts.setdefault(label, [])
            if not of_label or not of_label[-1].has_room(data, limits):
                if of_label:
                    of_label[-1].end()
                of_label.append(_Part(_name_of(file, label, len(of_label) + 1)))
            of_label[-1].add(data)
        for part in _all(parts):
            part.end()  # what the disk has no room for fails here, before a file takes its place
        for part in _all(parts):
            part.finish()
            written[part.file] = part.n_requests
    except OSError as error:
        raise DiskFull(
            f"{file} could not be written ({error.strerror}); free some space, or name another file"
        ) from error
    finally:
        for part in _all(parts):
            part.close()
    for label, of_label in parts.items():
        _remove_further_parts(file, label, len(of_label))
    return written


def _remove_further_parts(file: Path, label: str, n_parts: int) -> None:
    """What an earlier, longer batch left would be sent again beside this one."""
    while (further := _name_of(file, label, n_parts + 1)).exists():
        further.unlink()
        n_parts += 1


def _name_of(file: Path, label: str, number: int) -> Path:
    return file.with_name(f"{file.stem}-{label}{f'-{number}' if number > 1 else ''}{file.suffix}")


def _all(parts: "Mapping[str, list[_Part]]") -> "list[_Part]":
    return [part for of_label in parts.values() for part in of_label]


class _Part:
    """A file on its way; it is there under its name once it is whole."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.n_requests = 0
        self._n_bytes = 0
        self._partial = file.with_name(f"{file.name}.partial")
        self._lines: BinaryIO = self._partial.open("wb")

    def has_room(self, line: bytes, limits: BatchLimits | None) -> bool:
        return limits is None or (
            self.n_requests < limits.n_requests and self._n_bytes + len(line) <= limits.n_bytes
        )

    def add(self, line: bytes) -> None:
        self._lines.write(line)
        self.n_requests += 1
        self._n_bytes += len(line)

    def end(self) -> None:
        self._lines.close()

    def finish(self) -> None:
        self.end()
        self._partial.replace(self.file)

    def close(self) -> None:
        """What is not whole leaves nothing behind."""
        with contextlib.suppress(OSError):
            self.end()
        self._partial.unlink(missing_ok=True)


def read_batch(file: Path) -> Iterator[Completion]:
    """What came of the requests of a batch, in the order of the file.

    Raises:
        BadTable: the file is missing, or a line is not the answer to a request.
    """
    try:
        with file.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield _completion(line, f"line {number} of {file}")
    except (OSError, UnicodeDecodeError) as error:
        raise BadTable(
            f"{file} could not be read as UTF-8 text ({error}); name the file that the batch wrote"
        ) from error


def _completion(line: str, where: str) -> Completion:
    try:
        entry = json.loads(line)
        request_id = entry["custom_id"]
        response, error = entry.get("response") or {}, entry.get("error")
        status = response.get("status_code")
        body = response.get("body")
    except (ValueError, KeyError, TypeError, AttributeError) as error_in_line:
        raise BadTable(
            f"{where} is no answer of a batch ({error_in_line!r}); expected JSON with custom_id "
            "and response, as the batch wrote it"
        ) from error_in_line
    if not isinstance(request_id, str):
        raise BadTable(f"{where} has the custom_id {request_id!r}; expected the text that was sent")
    if status == 200 and not error:
        return completion_of(request_id, body, None, 0.0)
    may_pass = status is None or status >= 500 or status in _PASSING_STATUSES
    said = error or _message(body) or "no answer"
    failure = f"HTTP {status}: {said}" if status else f"no answer ({said})"
    return without_text(request_id, failure, 0.0, status, may_pass)


def _message(body: Any) -> Any:
    return body.get("error", body) if isinstance(body, dict) else body
