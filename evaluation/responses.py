"""Responses: what each arm answered to each prompt. The only writer of `responses`.

Generation is resumable: what the study has is not asked again, and what a run has finished
is on the disk before the next group is asked. Every prompt ends as one row per arm and
sample: a text, or a failure with its reason.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, pairwise
from typing import Any

import duckdb

from evaluation.serving.chat_client import ChatClient
from evaluation.serving.chat_templates import TemplateFrame
from evaluation.serving.completions import ChatRequest, Completion
from evaluation.serving.ray_shards import Shard, ShardPool
from evaluation.serving.request_run import Check
from study.database import insert_rows
from study.errors import ModelUnreachable
from study.records import Prompt, Response, ServedModel, stable_id
from study.settings import DecodingSettings, Settings

_INSERT_RESPONSES = """
    INSERT INTO responses (response_id, prompt_id, served_model_id, arm, sample, text,
        finish_reason, failure, n_tokens, seconds, created_at, usage_json, headers_json,
        templated_sha256)
    SELECT row.response_id, row.prompt_id, row.served_model_id, row.arm, row.sample, row.text,
        row.finish_reason, row.failure, row.n_tokens, row.seconds, row.created_at,
        row.usage_json, row.headers_json, row.templated_sha256
    FROM (SELECT unnest($rows) AS row)
    ON CONFLICT (response_id) DO NOTHING
"""
_SELECT_ASKED = """
    SELECT count(*) FILTER (WHERE p.prompt_id IN (SELECT r.prompt_id FROM responses r)), count(*)
    FROM prompts p
"""
_SELECT_ANSWERED = "SELECT r.response_id FROM responses r"
# run files that an earlier version wrote have no such columns
_LATER_COLUMNS = {"usage_json": None, "headers_json": None, "templated_sha256": None}


@dataclass(frozen=True)
class ServedArm:
    """A served model with what a request to it needs besides."""

    model: ServedModel
    system_text: str | None = None
    """Its system prompt; None for an arm without."""
    frame: TemplateFrame | None = None
    """What the server writes around a prompt; None when it does not tell."""


@dataclass(frozen=True)
class ResponseRequest:
    """One response that is still to be had."""

    response_id: str
    prompt: Prompt
    arm: ServedArm
    sample: int

    def as_chat(self, seed: int) -> ChatRequest:
        """What is asked; it samples by a seed of its own, made of the study's and its prompt, so
        that the arms of one prompt are drawn alike."""
        own_seed = int(stable_id(seed, self.prompt.prompt_id, self.sample), 16) % 2**31
        return ChatRequest(
            request_id=self.response_id,
            model_name=self.arm.model.model_name,
            prompt_text=self.prompt.text,
            seed=own_seed,
            system_text=self.arm.system_text,
        )

    def as_response(self, completion: Completion, now: datetime) -> Response:
        """What came of it."""
        frame = self.arm.frame
        return Response(
            response_id=self.response_id,
            prompt_id=self.prompt.prompt_id,
            served_model_id=self.arm.model.served_model_id,
            arm=self.arm.model.arm,
            sample=self.sample,
            text=completion.text,
            finish_reason=completion.finish_reason,
            failure=completion.failure,
            n_tokens=completion.n_tokens,
            seconds=completion.seconds,
            created_at=now.isoformat(),
            usage_json=completion.usage_json,
            headers_json=completion.headers_json,
            templated_sha256=frame.prompt_sha256(self.prompt.text) if frame else None,
        )


def read_answered(con: duckdb.DuckDBPyConnection) -> set[str]:
    """Ids of the responses that the study has."""
    return {row[0] for row in con.execute(_SELECT_ANSWERED).fetchall()}


def describe_limits(con: duckdb.DuckDBPyConnection, settings: Settings) -> str | None:
    """How a study was cut down, to stand beside every number made from it; None when it is whole.

    A study of which some prompts were not asked yet, because `--limit` left them out or because
    generation is under way, is cut down as one whose settings say so.
    """
    asked, total = con.cursor().execute(_SELECT_ASKED).fetchone() or (0, 0)
    parts = [settings.limited] if settings.limited else []
    if 0 < asked < total:
        parts.append(f"{asked} of {total} prompts asked")
    return ", ".join(parts) or None


def plan_requests(
    prompts: Sequence[Prompt], arms: Sequence[ServedArm], samples: int
) -> Iterator[ResponseRequest]:
    """Every prompt for every arm and sample; the arms of one prompt stand together, so that
    its pair can be rated as soon as both have answered."""
    for prompt in prompts:
        for sample in range(samples):
            for arm in arms:
                model_id = arm.model.served_model_id
                response_id = stable_id("response", prompt.prompt_id, model_id, sample)
                yield ResponseRequest(response_id, prompt, arm, sample)


class _Asking:
    """Requests that are under way, and how many of them nobody answered."""

    def __init__(self, client: ChatClient, seed: int, now: Callable[[], datetime]) -> None:
        self._urls = [info.url for info in client.infos]
        self._seed = seed
        self._now = now
        self._under_way: dict[str, ResponseRequest] = {}
        self._n_unanswered, self._reason = 0, ""

    def send(self, requests: Iterable[ResponseRequest]) -> Iterator[ChatRequest]:
        """What is asked, each taken when there is room for it."""
        for request in requests:
            self._under_way[request.response_id] = request
            yield request.as_chat(self._seed)

    def receive(self, completions: Iterable[Completion]) -> list[Response]:
        """What came of them; those without an answer are counted alone."""
        came_at = self._now()
        responses = []
        for one in completions:
            request = self._under_way.pop(one.request_id)
            if one.may_pass:
                self._n_unanswered += 1
                self._reason = self._reason or one.failure or ""
            else:
                responses.append(request.as_response(one, came_at))
        return responses

    def end(self) -> None:
        """Raise ModelUnreachable where some have no answer."""
        if self._n_unanswered:
            raise ModelUnreachable(
                f"{self._n_unanswered} requests to {' and '.join(self._urls)} got no answer "
                f"({self._reason}); see that the endpoint runs and run the command again, it goes "
                "on from here"
            )


def generate(
    requests: Iterable[ResponseRequest],
    client: ChatClient,
    decoding: DecodingSettings,
    seed: int,
    now: Callable[[], datetime],
    on_done: Callable[[list[Response]], None],
    check: Check | None = None,
) -> None:
    """Ask for responses and wait for all of them.

    Args:
        requests: each is taken when there is room for it.
        decoding: sampling parameters, the same for every arm.
        seed: the study's.
        now: tells the time at which a response came.
        on_done: gets every response once, in groups as they come, from a thread of its own; one
            that the endpoint refused for good has no text. What it has stored is not asked again
            after an interruption.
        check: put to a replica that broke off and is back; the canary.
    Raises:
        ModelUnreachable: some requests found nobody, or an endpoint that could not answer now;
            they are not stored, so that the next run asks them again.
    """
    asking = _Asking(client, seed, now)

    def keep(done: list[Completion]) -> None:
        if responses := asking.receive(done):
            on_done(responses)

    client.complete_all(asking.send(requests), decoding, None, keep, check)
    asking.end()


def generate_in_shards(
    shards: Sequence[Sequence[ResponseRequest]],
    pool: ShardPool,
    seed: int,
    now: Callable[[], datetime],
    on_done: Callable[[int, list[Response]], None],
) -> int:
    """Ask for responses by the workers of a Ray cluster and wait for all of them.

    Args:
        shards: of `cut_shards`; numbered from 1.
        pool: the workers, with what they ask.
        seed: the study's.
        now: tells the time at which a response came.
        on_done: as for `generate`, with the shard's number.
    Returns:
        How many workers died; what they had under way was asked again.
    Raises:
        ModelUnreachable: as for `generate`.
        StudyError: as for `ShardPool.ask`.
    """
    asking = _Asking(pool.client, seed, now)

    def keep(number: int, done: list[Completion]) -> None:
        if responses := asking.receive(done):
            on_done(number, responses)

    n_lost = pool.ask(
        (
            Shard(number, list(asking.send(requests)))
            for number, requests in enumerate(shards, start=1)
        ),
        keep,
    )
    asking.end()
    return n_lost


def cut_shards(requests: Sequence[ResponseRequest], n: int) -> list[list[ResponseRequest]]:
    """Requests in as many parts of about one size, in their order; none is empty.

    The requests of one prompt stay together, so that its pair is not two shards' affair.
    """
    by_prompt = [list(group) for _, group in groupby(requests, lambda one: one.prompt.prompt_id)]
    edges = [len(by_prompt) * number // n for number in range(n + 1)]
    shards = [
        [request for group in by_prompt[start:end] for request in group]
        for start, end in pairwise(edges)
    ]
    return [shard for shard in shards if shard]


def insert_responses(cursor: duckdb.DuckDBPyConnection, rows: Iterable[Mapping[str, Any]]) -> int:
    """Store responses; ones already stored are passed over."""
    return insert_rows(cursor, _INSERT_RESPONSES, [{**_LATER_COLUMNS, **row} for row in rows])
