"""Responses: what each arm answered to each prompt. The only writer of `responses`.

Generation is resumable: what the study has is not asked again, and what a run has finished
is on the disk before the next group is asked. Every prompt ends as one row per arm and
sample: a text, or a failure with its reason.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb

from evaluation.serving.chat_client import ChatClient, ChatRequest, Completion
from study.database import insert_rows
from study.errors import ModelUnreachable
from study.records import Prompt, Response, ServedModel, stable_id
from study.settings import DecodingSettings

_INSERT_RESPONSES = """
    INSERT INTO responses (response_id, prompt_id, served_model_id, arm, sample, text,
        finish_reason, failure, n_tokens, seconds, created_at)
    SELECT row.response_id, row.prompt_id, row.served_model_id, row.arm, row.sample, row.text,
        row.finish_reason, row.failure, row.n_tokens, row.seconds, row.created_at
    FROM (SELECT unnest($rows) AS row)
    ON CONFLICT (response_id) DO NOTHING
"""
_SELECT_ANSWERED = "SELECT r.response_id FROM responses r"


@dataclass(frozen=True)
class ResponseRequest:
    """One response that is still to be had."""

    response_id: str
    prompt: Prompt
    served_model: ServedModel
    sample: int


def read_answered(con: duckdb.DuckDBPyConnection) -> set[str]:
    """Ids of the responses that the study has."""
    return {row[0] for row in con.execute(_SELECT_ANSWERED).fetchall()}


def plan_requests(
    prompts: Sequence[Prompt], served_models: Sequence[ServedModel], samples: int
) -> list[ResponseRequest]:
    """Every prompt for every arm and sample; the arms of one prompt stand together, so that
    its pair can be rated as soon as both have answered."""
    return [
        ResponseRequest(
            response_id=stable_id(
                "response", prompt.prompt_id, served_model.served_model_id, sample
            ),
            prompt=prompt,
            served_model=served_model,
            sample=sample,
        )
        for prompt in prompts
        for sample in range(samples)
        for served_model in served_models
    ]


def in_blocks(
    requests: Sequence[ResponseRequest], n_prompts: int
) -> Iterator[list[ResponseRequest]]:
    """The requests in order, cut into blocks that hold all arms of some prompts."""
    block: list[ResponseRequest] = []
    prompt_ids: set[str] = set()
    for request in requests:
        if request.prompt.prompt_id not in prompt_ids and len(prompt_ids) == n_prompts:
            yield block
            block, prompt_ids = [], set()
        block.append(request)
        prompt_ids.add(request.prompt.prompt_id)
    if block:
        yield block


def generate(
    requests: Sequence[ResponseRequest],
    client: ChatClient,
    decoding: DecodingSettings,
    seed: int,
    concurrency: int,
    now: Callable[[], datetime],
    on_done: Callable[[list[Response]], None],
) -> None:
    """Ask for responses and wait for all of them.

    Args:
        decoding: sampling parameters, the same for every arm.
        seed: the study's; each request samples by a seed of its own, made of this and its prompt,
            so that the arms of one prompt are drawn alike.
        concurrency: requests under way at once.
        now: tells the time at which a response came.
        on_done: gets every response once, in groups as they come; one that the endpoint refused
            for good has no text. What it has stored is not asked again after an interruption.
    Raises:
        ModelUnreachable: some requests found nobody, or an endpoint that could not answer now;
            they are not stored, so that the next run asks them again.
    """
    wanted = {request.response_id: request for request in requests}
    chat_requests = [
        ChatRequest(
            request_id=request.response_id,
            model_name=request.served_model.model_name,
            prompt_text=request.prompt.text,
            seed=int(stable_id(seed, request.prompt.prompt_id, request.sample), 16) % 2**31,
        )
        for request in requests
    ]

    unanswered: list[Completion] = []

    def keep(done: list[Completion]) -> None:
        came_at = now()
        unanswered.extend(one for one in done if one.may_pass)
        final = [one for one in done if not one.may_pass]
        on_done([_response(wanted[one.request_id], one, came_at) for one in final])

    client.complete_all(chat_requests, decoding, concurrency, keep)
    if unanswered:
        raise ModelUnreachable(
            f"{len(unanswered)} of {len(requests)} requests got no answer "
            f"({unanswered[0].failure}); see that the endpoint runs and run the command again, it "
            "goes on from here"
        )


def insert_responses(cursor: duckdb.DuckDBPyConnection, rows: Iterable[Mapping[str, Any]]) -> int:
    """Store responses; ones already stored are passed over."""
    return insert_rows(cursor, _INSERT_RESPONSES, rows)


def _response(request: ResponseRequest, completion: Completion, now: datetime) -> Response:
    return Response(
        response_id=request.response_id,
        prompt_id=request.prompt.prompt_id,
        served_model_id=request.served_model.served_model_id,
        arm=request.served_model.arm,
        sample=request.sample,
        text=completion.text,
        finish_reason=completion.finish_reason,
        failure=completion.failure,
        n_tokens=completion.n_tokens,
        seconds=completion.seconds,
        created_at=now.isoformat(),
    )
