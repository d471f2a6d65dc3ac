"""Sampling parameters as each server is told them: all of them, every time.

Servers differ in what they assume, and in how they are told the repetition penalty:

- TGI and the local server: TGI's chat has no field for it, but makes it of `presence_penalty`
  by adding 2 (router/src/lib.rs, `presence_penalty.map(|x| x + 2.0)`; its last release stands).
  So `presence_penalty` = penalty - 2 is sent, which is exact. The route /generate has the field,
  but takes raw text: the chat template would be rendered here, and the start token doubled on
  models whose template writes it. `top_p` is left out when None: 1.0 is a 422.
- vLLM: fields of its own in the body, with everything else that a model's generation_config
  would set there.
- others: the field is sent only when it does something; a server that does not know it says so.
"""

from typing import Any

from evaluation.serving.completions import ChatRequest
from evaluation.serving.endpoint import Protocol
from study.settings import DecodingSettings


def chat_body(
    protocol: Protocol, request: ChatRequest, decoding: DecodingSettings
) -> dict[str, Any]:
    """Body of /v1/chat/completions for one request."""
    return {
        "model": request.model_name,
        "messages": request.messages,
        "max_tokens": decoding.max_new_tokens,
        "temperature": decoding.temperature,
        "seed": request.seed,
        "stream": False,
        **_sampling(protocol, decoding),
    }


def _sampling(protocol: Protocol, decoding: DecodingSettings) -> dict[str, Any]:
    """The parameters that servers spell differently."""
    if protocol == "tgi":
        top_p = {} if decoding.top_p is None else {"top_p": decoding.top_p}
        return {"presence_penalty": decoding.repetition_penalty - 2.0, **top_p}
    plain = {
        "top_p": 1.0 if decoding.top_p is None else decoding.top_p,
        "presence_penalty": 0.0,
        "frequency_penalty": 0.0,
    }
    if protocol == "vllm":
        own = {"repetition_penalty": decoding.repetition_penalty, "top_k": -1, "min_p": 0.0}
        return {**plain, **own}
    if decoding.repetition_penalty != 1:
        return {**plain, "repetition_penalty": decoding.repetition_penalty}
    return plain
