"""TGI's protocol as the local server speaks it: request bodies in, response bodies out.

What TGI 3.3 would answer otherwise than asked is refused here instead: an unknown arm (TGI
answers with the base), parameters that it drops in silence, and what is not built (streams,
tools, log-probabilities). Shapes are those of TGI's openapi.json.
"""

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from evaluation.serving.generation import Generation, GenerationRequest
from study.errors import BadInput

DEFAULT_MAX_NEW_TOKENS = 1024
MAX_STOP_SEQUENCES = 4

_Stops = Annotated[list[str], Field(max_length=MAX_STOP_SEQUENCES)]
_Seed = Annotated[int, Field(ge=0, lt=2**63)]
_TopP = Annotated[float, Field(gt=0, lt=1)]


class _Body(BaseModel):
    # TGI passes over fields that it does not know; the ones that would matter are refused below
    model_config = ConfigDict(frozen=True, extra="allow", allow_inf_nan=False)


class GenerateParameters(_Body):
    """Parameters of /generate; without any, greedy."""

    adapter_id: str | None = None
    max_new_tokens: Annotated[int, Field(ge=1)] | None = None
    do_sample: bool = False
    temperature: Annotated[float, Field(gt=0)] | None = None
    top_p: _TopP | None = None
    top_k: Annotated[int, Field(gt=0)] | None = None
    repetition_penalty: Annotated[float, Field(gt=0)] | None = None
    stop: _Stops | None = None
    seed: _Seed | None = None
    details: bool = False
    return_full_text: bool | None = None

    @property
    def samples(self) -> bool:
        """Whether tokens are drawn: asked for, or any setting that only makes sense then."""
        return (
            self.do_sample
            or self.temperature not in (None, 1.0)
            or self.top_p is not None
            or self.top_k is not None
        )


class GenerateBody(_Body):
    """Body of /generate and of /."""

    inputs: str
    parameters: GenerateParameters = GenerateParameters()
    stream: bool = False


class TextChunk(_Body):
    """A piece of a message; only text is taken."""

    type: str
    text: str = ""


class ChatMessage(_Body):
    """One message of a chat."""

    role: str
    content: str | list[TextChunk]

    def as_template_input(self) -> dict[str, str]:
        """Role and text, as chat templates take them."""
        if isinstance(self.content, str):
            return {"role": self.role, "content": self.content}
        if any(chunk.type != "text" for chunk in self.content):
            raise BadInput("a message holds something other than text; send text alone")
        return {"role": self.role, "content": "".join(chunk.text for chunk in self.content)}


class ChatBody(_Body):
    """Body of /v1/chat/completions."""

    messages: Annotated[list[ChatMessage], Field(min_length=1)]
    model: str | None = None
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    temperature: Annotated[float, Field(ge=0)] | None = None
    """Omitted, TGI samples at 1.0."""
    top_p: _TopP | None = None
    presence_penalty: Annotated[float, Field(gt=-2, le=2)] | None = None
    """TGI makes a repetition penalty of it by adding 2."""
    seed: _Seed | None = None
    stop: str | _Stops | None = None


_NOT_SERVED = (
    "stream",
    "logprobs",
    "top_logprobs",
    "tools",
    "response_format",
    "logit_bias",
    "frequency_penalty",
    "decoder_input_details",
    "grammar",
    "top_n_tokens",
    "truncate",
    "typical_p",
    "watermark",
)
_DROPPED_BY_CHAT = ("repetition_penalty", "top_k", "min_p")


def refuse_unserved(body: BaseModel, *, is_chat: bool) -> None:
    """Refuse parameters that would be passed over.

    Raises:
        BadInput: one of them is set to something.
    """
    given = {**body.__dict__, **(body.model_extra or {})}
    for name in _NOT_SERVED:
        if given.get(name):
            raise BadInput(f"`{name}` is not supported by the local server; leave it out")
    if any((given.get(name) or 1) > 1 for name in ("n", "best_of")):
        raise BadInput("only one answer per request is served; send one request for each")
    for name in _DROPPED_BY_CHAT if is_chat else ():
        if given.get(name) is not None:
            raise BadInput(
                f"TGI's chat drops `{name}` in silence; leave it out, use /generate, or for a "
                "repetition penalty r send `presence_penalty` r - 2"
            )


def request_of_generate(
    parameters: GenerateParameters, prompt_ids: tuple[int, ...], room: int, drawn_seed: int
) -> GenerationRequest:
    """What /generate asks; raises BadInput when it does not fit into `room` tokens."""
    temperature = parameters.temperature or 1.0
    return GenerationRequest(
        prompt_ids=prompt_ids,
        max_new_tokens=_fitting(parameters.max_new_tokens, len(prompt_ids), room),
        temperature=temperature if parameters.samples else 0.0,
        top_p=parameters.top_p,
        top_k=parameters.top_k,
        repetition_penalty=parameters.repetition_penalty or 1.0,
        stop=_stops(parameters.stop),
        seed=drawn_seed if parameters.seed is None else parameters.seed,
    )


def request_of_chat(
    body: ChatBody, prompt_ids: tuple[int, ...], room: int, drawn_seed: int
) -> GenerationRequest:
    """What a chat asks; raises BadInput when it does not fit into `room` tokens."""
    penalty = 1.0 if body.presence_penalty is None else body.presence_penalty + 2.0
    return GenerationRequest(
        prompt_ids=prompt_ids,
        max_new_tokens=_fitting(body.max_tokens, len(prompt_ids), room),
        temperature=1.0 if body.temperature is None else body.temperature,
        top_p=body.top_p,
        repetition_penalty=penalty,
        stop=_stops(body.stop),
        seed=drawn_seed if body.seed is None else body.seed,
    )


def generate_response(
    generation: Generation, inputs: str, parameters: GenerateParameters, tokens: Sequence[str]
) -> dict[str, Any]:
    """Body of /generate's answer; `tokens` are the texts of its tokens, used for the details."""
    text = inputs + generation.text if parameters.return_full_text else generation.text
    if not parameters.details:
        return {"generated_text": text}
    pieces = zip(generation.token_ids, tokens, strict=True)
    return {
        "generated_text": text,
        "details": {
            "finish_reason": generation.finish_reason,
            "generated_tokens": len(generation.token_ids),
            "seed": generation.seed,
            "prefill": [],
            # the schema lets a logprob be null; nothing here reads one, so none is computed
            "tokens": [
                {"id": token_id, "text": piece, "logprob": None, "special": False}
                for token_id, piece in pieces
            ],
        },
    }


def chat_response(
    generation: Generation, model: str, created: int, fingerprint: str
) -> dict[str, Any]:
    """Body of /v1/chat/completions' answer."""
    n_prompt, n_new = generation.n_prompt_tokens, len(generation.token_ids)
    return {
        "object": "chat.completion",
        "id": "",
        "created": created,
        "model": model,
        "system_fingerprint": fingerprint,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": generation.text},
                "logprobs": None,
                "finish_reason": "length" if generation.finish_reason == "length" else "stop",
            }
        ],
        "usage": {
            "prompt_tokens": n_prompt,
            "completion_tokens": n_new,
            "total_tokens": n_prompt + n_new,
        },
    }


def _stops(given: str | Sequence[str] | None) -> tuple[str, ...]:
    stops = (given,) if isinstance(given, str) else tuple(given or ())
    return tuple(stop for stop in stops if stop)


def _fitting(asked: int | None, n_prompt: int, room: int) -> int:
    if n_prompt == 0:
        raise BadInput("expected a prompt, got none; put some text into the request")
    left = room - n_prompt
    wanted = min(DEFAULT_MAX_NEW_TOKENS, max(left, 1)) if asked is None else asked
    if wanted > left:
        raise BadInput(
            f"expected at most {room} tokens of prompt and answer together, got {n_prompt} and "
            f"{wanted}; shorten the prompt or ask for fewer tokens"
        )
    return wanted
