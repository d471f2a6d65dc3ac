"""The canary: does an endpoint serve the arm that is asked for?

TGI 3.3 answers an unknown adapter with the base and HTTP 200, echoing the name: a typo would
make warm equal original. So before a run the base, every arm and a nonsense name answer the
same probes greedily. An arm stops the run unless it differs from the base, and from the nonsense
name, on two probes and on more than those two differ from each other: servers flip near-ties.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from random import Random

from evaluation.serving.chat_client import ChatClient
from evaluation.serving.completions import ChatRequest, Completion
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
_FEWEST_DIFFERENT = 2


@dataclass(frozen=True)
class Canary:
    """What one model said to the probes, beside the base and a name that nobody serves."""

    model_name: str
    nonsense_name: str | None
    """None where none was tried: providers refuse a whole batch for it."""
    probes: tuple[str, ...]
    answers: tuple[str, ...]
    """This model's, one per probe."""
    base_answers: tuple[str, ...]
    nonsense_answers: tuple[str, ...] | None
    """None when the endpoint refused the name, or was not asked for it."""
    nonsense_refusal: str | None
    """How it refused; None when it answered, or was not asked."""


Canaries = Mapping[str, Mapping[str, Canary]]
"""By endpoint, one address for each replica, what each model said there."""


def canary_as_json(canaries: Canaries, who: str) -> str:
    """For `ServedModel.canary_json`: what one model said at each endpoint."""
    told = {where: asdict(by_model[who]) for where, by_model in canaries.items()}
    return json.dumps(told, ensure_ascii=False)


@dataclass(frozen=True)
class CanaryPlan:
    """Who is asked the probes: the base, every arm, and a name that nobody serves."""

    base_name: str
    """Name under which the endpoint serves the base."""
    arm_names: tuple[str, ...]
    """Names of the adapters, without the base's."""
    nonsense_name: str | None
    """None where none is tried."""
    system_texts: Mapping[str, str]
    """System prompts by arm, for arms that are the base with one."""
    names_there: Mapping[str, str] = field(default_factory=dict)
    """What the endpoint calls an adapter, where it has another name there."""

    def requests(self) -> list[ChatRequest]:
        """Every probe to every one of them."""
        return [
            ChatRequest(_request_id(who, number), model_name, probe, 0, self.system_texts.get(who))
            for who, model_name in self._names_asked().items()
            for number, probe in enumerate(PROBES)
        ]

    def judge(self, by_id: Mapping[str, Completion], where: str) -> dict[str, Canary]:
        """What the completions of the requests come to.

        Args:
            by_id: every request's completion, by its id.
            where: the endpoint's address, for the messages.
        Returns:
            One record per model, under its name, the base's among them.
        Raises:
            CanaryFailed: an arm answers as the base or as the nonsense name does on too many
                probes, or the nonsense name could not be tried; the message names the arm.
            ModelUnreachable: a probe got no answer.
        """
        replies = {
            who: [by_id[_request_id(who, number)] for number in range(len(PROBES))]
            for who in self._names_asked()
        }
        nonsense = replies.pop(self.nonsense_name, None) if self.nonsense_name else None
        # first the models: a server that fails all of them is none, whatever the name meets
        answers = {who: _answers(who, completions, where) for who, completions in replies.items()}
        nonsense_answers, refusal = None, None
        if self.nonsense_name is not None and nonsense is not None:
            nonsense_answers, refusal = _nonsense_answers(self.nonsense_name, nonsense, where)
        for who in (*self.arm_names, *self.system_texts):
            is_adapter = who not in self.system_texts
            base_answers = answers[self.base_name]
            _check_arm(who, answers[who], base_answers, nonsense_answers, where, is_adapter)
        return {
            who: Canary(
                model_name=self._names_asked()[who],
                nonsense_name=self.nonsense_name,
                probes=PROBES,
                answers=answers[who],
                base_answers=answers[self.base_name],
                nonsense_answers=nonsense_answers,
                nonsense_refusal=refusal,
            )
            for who in answers
        }

    def _names_asked(self) -> dict[str, str]:
        """By who is asked, the model's name in the request."""
        asked = {self.base_name: self.base_name}
        asked |= {arm: self.names_there.get(arm, arm) for arm in self.arm_names}
        if self.nonsense_name is not None:
            asked[self.nonsense_name] = self.nonsense_name
        return asked | dict.fromkeys(self.system_texts, self.base_name)


def plan_canary(
    base_name: str,
    arm_names: Sequence[str],
    seed: int,
    system_texts: Mapping[str, str] | None = None,
) -> CanaryPlan:
    """A canary whose nonsense name is drawn by seed."""
    nonsense = f"canary-{Random(seed).getrandbits(64):016x}"
    return CanaryPlan(base_name, tuple(arm_names), nonsense, system_texts or {})


def probe_decoding(decoding: DecodingSettings) -> DecodingSettings:
    """The study's decoding, but greedy and in fewer tokens."""
    few = min(MAX_PROBE_TOKENS, decoding.max_new_tokens)
    return decoding.model_copy(update={"temperature": 0.0, "top_p": None, "max_new_tokens": few})


def run_canary(client: ChatClient, plan: CanaryPlan, decoding: DecodingSettings) -> Canaries:
    """Put the probes to every replica of an endpoint; what they are answered is in `client.probes` too.

    Returns:
        By replica, one record per model under its name.
    Raises:
        CanaryFailed: a replica serves something other than an arm asked for.
        ModelUnreachable: a probe got no answer.
    """
    few = probe_decoding(decoding)
    return {one.info.url: _run(one, plan, few) for one in client.one_of_each()}


def _run(client: ChatClient, plan: CanaryPlan, decoding: DecodingSettings) -> dict[str, Canary]:
    by_id: dict[str, Completion] = {}

    def keep(done: list[Completion]) -> None:
        by_id.update({completion.request_id: completion for completion in done})

    client.complete_all(plan.requests(), decoding, None, keep)
    client.probes.extend(by_id.values())
    return plan.judge(by_id, client.info.url)


def _request_id(who: str, number: int) -> str:
    return f"canary/{who}/{number}"


def _answers(name: str, completions: list[Completion], where: str) -> tuple[str, ...]:
    for completion in completions:
        if completion.text is None:
            failure = completion.failure or ""
            remedy = "see that the endpoint serves it under this name"
            if completion.http_status in (401, 403):
                remedy = "set WARMTH_AUDIT_ENDPOINT_KEY to a key that the endpoint accepts for this model"
            elif "template" in failure.lower():
                remedy = (
                    "the model has no chat template, or one that takes no system prompt; serve a "
                    "chat model, or give the server a template"
                )
            raise ModelUnreachable(
                f"expected the model {name!r} at {where} to answer the canary's probes, got: "
                f"{failure}; {remedy}"
            )
    return tuple(completion.text or "" for completion in completions)


def _nonsense_answers(
    name: str, completions: list[Completion], where: str
) -> tuple[tuple[str, ...] | None, str | None]:
    """What the nonsense name answered, or how it was refused."""
    failed = [completion for completion in completions if completion.failure is not None]
    if not failed:
        return tuple(completion.text or "" for completion in completions), None
    for completion in failed:
        if completion.http_status is None or completion.may_pass:
            raise CanaryFailed(
                f"expected {where} to answer or refuse the nonsense name {name}, got: "
                f"{completion.failure}; look at the server's log and run the command again"
            )
    return None, failed[0].failure


def _check_arm(
    name: str,
    answers: tuple[str, ...],
    base_answers: tuple[str, ...],
    nonsense_answers: tuple[str, ...] | None,
    where: str,
    is_adapter: bool,
) -> None:
    """Refuse an arm that is no further from the base than the base is from itself."""
    # a name that nobody serves is the base where it is answered at all: what differs there are
    # near-tied choices that flipped
    flipped = _count_different(base_answers, nonsense_answers or base_answers)
    wanted = max(_FEWEST_DIFFERENT, flipped + 1)
    expected = (
        f"of {len(PROBES)} probes, expected at least {wanted} (the base itself flips {flipped})"
    )
    if is_adapter and nonsense_answers is not None:
        different = _count_different(answers, nonsense_answers)
        if different < wanted:
            raise CanaryFailed(
                f"the arm {name!r} answers otherwise than a name that nobody serves on "
                f"{different} {expected}, so {where} puts another model in its place; load "
                "the adapter under this name (LORA_ADAPTERS of TGI) and run the command again"
            )
    different = _count_different(answers, base_answers)
    if different < wanted:
        why = (
            f"its adapter changes next to nothing or is not loaded at {where}; see that the "
            "right adapter is served under this name, or train it longer"
            if is_adapter
            else f"{where} passes over the system prompt; use a model whose template takes one"
        )
        raise CanaryFailed(
            f"the arm {name!r} answers otherwise than the base on {different} {expected}, so {why}"
        )


def _count_different(answers: tuple[str, ...], others: tuple[str, ...]) -> int:
    return sum(one != other for one, other in zip(answers, others, strict=True))
