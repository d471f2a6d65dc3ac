"""Completions: one request to a model and what came of it, read from the server's answer.

A request ends with a text or with a failure that says why. The failures that another try may
mend are told apart from those that say something about the request itself.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

_LONGEST_FAILURE = 300
_REASONS = frozenset({"stop", "eos_token", "stop_sequence", "length"})
_SECRET_HEADERS = frozenset({"set-cookie", "authorization"})


@dataclass(frozen=True)
class ChatRequest:
    """One user message to one model."""

    request_id: str
    model_name: str
    """Name under which the endpoint knows the arm."""
    prompt_text: str
    seed: int
    """Of the sampling; sent with greedy requests too, where it changes nothing."""
    system_text: str | None = None
    """Put before the user's message as the system's; None sends none."""

    @property
    def messages(self) -> list[dict[str, str]]:
        """As chat endpoints take them."""
        user = {"role": "user", "content": self.prompt_text}
        if self.system_text is None:
            return [user]
        return [{"role": "system", "content": self.system_text}, user]


@dataclass(frozen=True)
class Completion:
    """What came of one request."""

    request_id: str
    text: str | None
    """None when the request failed for good."""
    finish_reason: Literal["stop", "length"] | None
    """`stop` at the model's own end, `length` when cut by the token limit."""
    n_tokens: int | None
    """Tokens of the answer, its end token among them; None when the server does not count."""
    failure: str | None
    """Why there is no text; None when there is one."""
    seconds: float
    """From the first attempt to the end of the last, waiting between them included."""
    http_status: int | None = None
    """Of a failure that the server answered; None when there is a text, or no answer at all."""
    may_pass: bool = False
    """The failure says nothing about the request: nobody answered, or the server could not now.
    The same request may succeed later, so such a failure is no result."""
    usage_json: str | None = None
    """What the server counted, as it said it; None when it said nothing."""
    headers_json: str | None = None
    """The answer's headers, without cookies; None when there was no answer."""


def count_tokens(completions: Iterable[Completion]) -> int | None:
    """Tokens of prompts and answers together, as the server counted them; None where it did not."""
    total = 0
    for one in completions:
        if one.text is None:
            continue
        tokens = json.loads(one.usage_json or "{}").get("total_tokens")
        if not isinstance(tokens, int):
            return None
        total += tokens
    return total


def completion_of(
    request_id: str, body: object, headers: Mapping[str, str] | None, seconds: float
) -> Completion:
    """A server's answer as a Completion; one without a text is a failure.

    Args:
        body: the JSON of an answer with status 200, or None where it was not JSON.
        headers: the answer's; None where there are none, as in a batch file.
        seconds: from the first attempt on.
    """
    headers_json = headers_as_json(headers)
    try:
        choice = body["choices"][0]  # type: ignore[index]
        text, reason = choice["message"].get("content"), choice.get("finish_reason")
        usage = body.get("usage") or None  # type: ignore[attr-defined]
        n_tokens = usage.get("completion_tokens") if usage else None
    except (TypeError, KeyError, IndexError, AttributeError):
        failure = "the server answered something other than a chat"
        return without_text(request_id, failure, seconds, headers_json=headers_json)
    if not isinstance(text, str) or reason not in _REASONS:
        failure = f"the answer ended with {reason!r} and has no text"
        return without_text(request_id, failure, seconds, headers_json=headers_json)
    return Completion(
        request_id=request_id,
        text=text,
        finish_reason="length" if reason == "length" else "stop",
        n_tokens=n_tokens,
        failure=None,
        seconds=seconds,
        usage_json=json.dumps(usage) if usage else None,
        headers_json=headers_json,
    )


def without_text(
    request_id: str,
    failure: str,
    seconds: float,
    http_status: int | None = None,
    may_pass: bool = False,
    headers_json: str | None = None,
) -> Completion:
    """A request that failed, with its reason on one line."""
    failure = " ".join(failure.split())[:_LONGEST_FAILURE]
    return Completion(
        request_id=request_id,
        text=None,
        finish_reason=None,
        n_tokens=None,
        failure=failure,
        seconds=seconds,
        http_status=http_status,
        may_pass=may_pass,
        headers_json=headers_json,
    )


def headers_as_json(headers: Mapping[str, str] | None) -> str | None:
    if headers is None:
        return None
    kept = {name: value for name, value in headers.items() if name.lower() not in _SECRET_HEADERS}
    return json.dumps(kept, ensure_ascii=False)
