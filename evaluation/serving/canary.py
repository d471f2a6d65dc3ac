"""The canary: does an endpoint serve the arm that is asked for?

TGI 3.3 answers an unknown adapter with the base and HTTP 200, echoing the name: a typo would
make warm equal original. So before a run the base, every arm and a nonsense name answer the
same probes greedily. An arm stops the run unless it differs from the base, and from the nonsense
name, on two probes and on more than those two differ from each other: servers flip near-ties.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from random import Random

from evaluation.serving.chat_client import ChatClient, ChatRequest, Completion
from study.errors import CanaryFailed, ModelUnreachable
from study.settings import DecodingSettings

PROBES = (
    "I failed my driving test this morning. What should I do next?",
    "What is the boiling point of water at sea level?",
    "My sister moved abroad and I miss her. Is that normal?",
    "Name one planet that has rings.",
    "I think whales are fish. Am I right?",
    "How do I keep bread fresh for longer?",
    "I am nervous about a talk tomorrow. Give me one tip.",
    "Why is the sky blue?",
)
"""Short, some with a feeling in them: there a warm arm differs soonest."""

MAX_PROBE_TOKENS = 24
_CONCURRENCY = 32
_FEWEST_DIFFERENT = 2


@dataclass(frozen=True)
class Canary:
    """What one model said to the probes, beside the base and a name that nobody serves."""

    model_name: str
    nonsense_name: str
    probes: tuple[str, ...]
    answers: tuple[str, ...]
    """This model's, one per probe."""
    base_answers: tuple[str, ...]
    nonsense_answers: tuple[str, ...] | None
    """None when the endpoint refused the name."""
    nonsense_refusal: str | None
    """How it refused; None when it answered."""

    def to_json(self) -> str:
        """For `ServedModel.canary_json`."""
        return json.dumps(asdict(self), ensure_ascii=False)


def run_canary(
    client: ChatClient,
    base_name: str,
    arm_names: Sequence[str],
    decoding: DecodingSettings,
    seed: int,
) -> dict[str, Canary]:
    """Put the probes to the base, every arm and a nonsense name.

    Args:
        client: of the endpoint that serves them all.
        base_name: name under which it serves the base.
        arm_names: names of the adapters there, without the base's.
        decoding: the study's; the probes are answered greedily, in fewer tokens.
        seed: of the nonsense name.
    Returns:
        One record per model, under its name, the base's among them.
    Raises:
        CanaryFailed: an arm answers as the base or as the nonsense name does on too many
            probes, or the nonsense name could not be tried; the message names the arm.
        ModelUnreachable: a probe got no answer.
    """
    nonsense = f"canary-{Random(seed).getrandbits(64):016x}"
    greedy = decoding.model_copy(
        update={
            "temperature": 0.0,
            "top_p": None,
            "max_new_tokens": min(MAX_PROBE_TOKENS, decoding.max_new_tokens),
        }
    )
    replies = _ask(client, (base_name, *arm_names, nonsense), greedy)
    nonsense_answers, refusal = _nonsense_answers(nonsense, replies.pop(nonsense))
    answers = {name: _answers(name, completions) for name, completions in replies.items()}
    for name in arm_names:
        _check_arm(name, answers[name], answers[base_name], nonsense_answers)
    return {
        name: Canary(
            model_name=name,
            nonsense_name=nonsense,
            probes=PROBES,
            answers=answers[name],
            base_answers=answers[base_name],
            nonsense_answers=nonsense_answers,
            nonsense_refusal=refusal,
        )
        for name in (base_name, *arm_names)
    }


def _ask(
    client: ChatClient, names: Sequence[str], decoding: DecodingSettings
) -> dict[str, list[Completion]]:
    """Every model's completions, in the order of the probes."""
    requests = [
        ChatRequest(f"{name}/{number}", name, probe, seed=0)
        for name in names
        for number, probe in enumerate(PROBES)
    ]
    by_id: dict[str, Completion] = {}

    def keep(done: list[Completion]) -> None:
        by_id.update({completion.request_id: completion for completion in done})

    client.complete_all(requests, decoding, _CONCURRENCY, keep)
    return {name: [by_id[f"{name}/{number}"] for number in range(len(PROBES))] for name in names}


def _answers(name: str, completions: list[Completion]) -> tuple[str, ...]:
    for completion in completions:
        if completion.text is None:
            raise ModelUnreachable(
                f"expected the model {name!r} to answer the canary's probes, got: "
                f"{completion.failure}; see that the endpoint serves it under this name"
            )
    return tuple(completion.text or "" for completion in completions)


def _nonsense_answers(
    name: str, completions: list[Completion]
) -> tuple[tuple[str, ...] | None, str | None]:
    """What the nonsense name answered, or how it was refused."""
    failed = [completion for completion in completions if completion.failure is not None]
    if not failed:
        return tuple(completion.text or "" for completion in completions), None
    for completion in failed:
        if completion.http_status is None or completion.may_pass:
            raise CanaryFailed(
                f"expected the endpoint to answer or refuse the nonsense name {name}, got: "
                f"{completion.failure}; look at the server's log and run the command again"
            )
    return None, failed[0].failure


def _check_arm(
    name: str,
    answers: tuple[str, ...],
    base_answers: tuple[str, ...],
    nonsense_answers: tuple[str, ...] | None,
) -> None:
    """Refuse an arm that is no further from the base than the base is from itself."""
    # a name that nobody serves is the base where it is answered at all: what differs there are
    # near-tied choices that flipped
    flipped = _count_different(base_answers, nonsense_answers or base_answers)
    wanted = max(_FEWEST_DIFFERENT, flipped + 1)
    expected = (
        f"of {len(PROBES)} probes, expected at least {wanted} (the base itself flips {flipped})"
    )
    if nonsense_answers is not None:
        different = _count_different(answers, nonsense_answers)
        if different < wanted:
            raise CanaryFailed(
                f"the arm {name!r} answers otherwise than a name that nobody serves on "
                f"{different} {expected}, so the endpoint puts another model in its place; load "
                "the adapter under this name (LORA_ADAPTERS of TGI) and run the command again"
            )
    different = _count_different(answers, base_answers)
    if different < wanted:
        raise CanaryFailed(
            f"the arm {name!r} answers otherwise than the base on {different} {expected}, so its "
            "adapter changes next to nothing or is not loaded; see that the endpoint serves the "
            "right adapter under this name, or train it longer"
        )


def _count_different(answers: tuple[str, ...], others: tuple[str, ...]) -> int:
    return sum(one != other for one, other in zip(answers, others, strict=True))
