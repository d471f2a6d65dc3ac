"""What is asked of the local engine and what it gives back. Torch-free: the server reads it too."""

from dataclasses import dataclass
from typing import Literal

BASE_NAMES = ("tgi", "dummy")
"""Names of the base beside its own: TGI's, and what huggingface_hub sends when none is given."""

FinishReason = Literal["length", "eos_token", "stop_sequence"]


@dataclass(frozen=True)
class GenerationRequest:
    """One prompt with its own decoding; neighbours in a batch do not change its answer."""

    prompt_ids: tuple[int, ...]
    max_new_tokens: int
    temperature: float = 0.0
    """0 is greedy: the likeliest token, nothing drawn."""
    top_p: float | None = None
    """Keep the likeliest tokens until their probabilities reach this sum; None keeps all."""
    top_k: int | None = None
    """Keep this many of the likeliest tokens; None keeps all."""
    repetition_penalty: float = 1.0
    """Over the prompt's tokens and the answer's, as in TGI and transformers; 1 changes nothing."""
    stop: tuple[str, ...] = ()
    """The answer ends with the first of these that it comes to; it is part of the text, as in TGI."""
    seed: int | None = None
    """Of this request's own random numbers; needed when the temperature is above 0."""


@dataclass(frozen=True)
class Generation:
    """One answer."""

    text: str
    finish_reason: FinishReason
    token_ids: tuple[int, ...]
    """With the end token, when the model came to it."""
    n_prompt_tokens: int
    seed: int | None
    """None when nothing was drawn."""
