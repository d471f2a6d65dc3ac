"""Batch files: chat requests as JSON lines, for providers' batch APIs and `vllm run-batch`.

One line is one request under a `custom_id`, or what came of one. The canary's probes are among
the requests: what answers a batch is doubted as any endpoint is.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

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


def write_batch(
    file: Path,
    asked: Iterable[tuple[ChatRequest, DecodingSettings]],
    protocol: Protocol,
) -> int:
    """Write requests, each with its sampling parameters, in the words of a server.

    Returns:
        How many there are.
    Raises:
        DiskFull: they could not be written; a file that was there before stays as it was.
    """
    partial = file.with_name(f"{file.name}.partial")
    n = 0
    try:
        with partial.open("w", encoding="utf-8") as lines:
            for request, decoding in asked:
                line = {
                    "custom_id": request.request_id,
                    "method": "POST",
                    "url": "/v1/chat/completions",
                    "body": chat_body(protocol, request, decoding),
                }
                lines.write(json.dumps(line, ensure_ascii=False) + "\n")
                n += 1
        partial.replace(file)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise DiskFull(
            f"{file} could not be written ({error.strerror}); free some space, or name another file"
        ) from error
    return n


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
