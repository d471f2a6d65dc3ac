"""What a server makes of a prompt before its model reads it, so that it can be told by a hash.

The server's chat template is asked about a few prompts; where it is the same text before and
after each of them, every prompt's hash follows without asking again. Where it is not, or the
server has no route that tells, there is none.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from evaluation.serving.completions import ChatRequest
from evaluation.serving.endpoint import EndpointInfo, is_loopback

_TIMEOUT_S = 30.0


@dataclass(frozen=True)
class TemplateFrame:
    """What stands around a prompt when the model reads it, start token and system prompt included."""

    before: str
    after: str

    @property
    def sha256(self) -> str:
        """Of the frame itself; equal where two models read a prompt alike."""
        return _sha256(f"{self.before}\x1f{self.after}")

    def prompt_sha256(self, prompt_text: str) -> str | None:
        """Of the whole text that the model reads; None for a prompt with blank ends, which many
        templates cut off."""
        if prompt_text != prompt_text.strip():
            return None
        return _sha256(self.before + prompt_text + self.after)


def read_frame(
    info: EndpointInfo,
    model_name: str,
    system_text: str | None,
    prompts: Sequence[str],
    api_key: str | None = None,
) -> TemplateFrame | None:
    """Ask a server how it writes prompts out.

    Args:
        info: the server, whichever replica of it.
        model_name: whose template it is.
        system_text: the arm's system prompt.
        prompts: texts to try; at least two.
        api_key: sent where the server asks for one.
    Returns:
        None when the server does not tell, or does otherwise with one prompt than with another.
    """
    headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
    with httpx.Client(
        base_url=info.url,
        timeout=_TIMEOUT_S,
        trust_env=not is_loopback(info.url),
        headers=headers,
    ) as client:
        frames = {
            _frame(_templated(client, info, model_name, system_text, prompt), prompt)
            for prompt in prompts
        }
    return frames.pop() if len(frames) == 1 else None


def _templated(
    client: httpx.Client,
    info: EndpointInfo,
    model_name: str,
    system_text: str | None,
    prompt: str,
) -> str | None:
    """The text that the model reads; None when the server does not tell."""
    messages = ChatRequest("", model_name, prompt, 0, system_text).messages
    body: dict[str, Any] = {"model": model_name, "messages": messages}
    try:
        if info.protocol == "tgi":
            told = client.post("/chat_tokenize", json=body).raise_for_status().json()
            return str(told["templated_text"])
        if info.protocol == "vllm":
            body["add_generation_prompt"] = True
            tokens = client.post("/tokenize", json=body).raise_for_status().json()["tokens"]
            back = {"model": model_name, "tokens": tokens}
            return str(client.post("/detokenize", json=back).raise_for_status().json()["prompt"])
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return None
    return None


def _frame(templated: str | None, prompt: str) -> TemplateFrame | None:
    if templated is None or templated.count(prompt) != 1:
        return None
    before, after = templated.split(prompt)
    return TemplateFrame(before, after)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
