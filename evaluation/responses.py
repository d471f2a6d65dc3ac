"""Responses: what each arm is to answer to each prompt, and did. The only writer of
`response_attempts`.

Every prompt ends as one row per arm and sample: a text, or a failure with its reason. A failure that
is asked again keeps its row; that of the newest attempt is the one in `responses`, a view which all
others read. After a text there is no other attempt. How they are had is in `asking.py`.
"""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import duckdb

from evaluation.serving.chat_templates import TemplateFrame
from evaluation.serving.completions import ChatRequest, Completion
from evaluation.serving.served_models import read_newest_models
from study.database import insert_rows
from study.records import Prompt, Response, ServedModel, stable_id
from study.settings import Settings

_INSERT_RESPONSES = """
    INSERT INTO response_attempts (response_id, prompt_id, served_model_id, arm, sample, attempt,
        text, finish_reason, failure, n_tokens, seconds, created_at, usage_json, headers_json,
        templated_sha256)
    SELECT row.response_id, row.prompt_id, row.served_model_id, row.arm, row.sample, row.attempt,
        row.text, row.finish_reason, row.failure, row.n_tokens, row.seconds, row.created_at,
        row.usage_json, row.headers_json, row.templated_sha256
    FROM (SELECT unnest($rows) AS row)
    ON CONFLICT (response_id) DO NOTHING
"""
_SELECT_NEEDLESS = """
    SELECT late.row.response_id
    FROM (SELECT unnest($rows) AS row) AS late
    JOIN responses AS r
        ON r.prompt_id = late.row.prompt_id AND r.served_model_id = late.row.served_model_id
        AND r.sample = late.row.sample
        AND r.attempt < try_cast(late.row.attempt AS INTEGER)
    WHERE r.text IS NOT NULL
"""
_SELECT_ASKED = """
    WITH asked AS (
        SELECT count(DISTINCT r.prompt_id) AS n
        FROM responses AS r
        WHERE list_contains($newest, r.served_model_id)
        GROUP BY r.arm
    )
    SELECT coalesce(min(n), 0), (SELECT count(*) FROM prompts) FROM asked
"""
_SELECT_ANSWERED = "SELECT a.response_id FROM response_attempts AS a"
_SELECT_FAILED = """
    SELECT r.prompt_id, r.served_model_id, r.sample, r.attempt
    FROM responses AS r
    WHERE r.failure IS NOT NULL
"""
_COUNT_STILL_FAILED = """
    SELECT count(DISTINCT (r.prompt_id, r.served_model_id, r.sample))
    FROM (SELECT unnest($ids::VARCHAR[]) AS response_id) AS given
    JOIN response_attempts AS a ON a.response_id = given.response_id
    JOIN responses AS r
        ON r.prompt_id = a.prompt_id AND r.served_model_id = a.served_model_id
        AND r.sample = a.sample
    WHERE r.failure IS NOT NULL
"""
# run files that an earlier version wrote have no such columns
_LATER_COLUMNS = {"attempt": 1, "usage_json": None, "headers_json": None, "templated_sha256": None}

Asked = tuple[str, str, int]
"""What a response answers: ids of prompt and served model, and the sample."""


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
    attempt: int = 1
    """More where a failure is asked again."""

    @property
    def asked(self) -> Asked:
        """What it asks for, whatever the attempt."""
        return self.prompt.prompt_id, self.arm.model.served_model_id, self.sample

    def again(self, attempt: int) -> "ResponseRequest":
        """The same once more, after a failure; it samples by the same seed."""
        response_id = stable_id("response", *self.asked, attempt)
        return replace(self, response_id=response_id, attempt=attempt)

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
            attempt=self.attempt,
        )


def read_answered(con: duckdb.DuckDBPyConnection) -> set[str]:
    """Ids of the responses that the study has, failures that were asked again among them."""
    return {row[0] for row in con.execute(_SELECT_ANSWERED).fetchall()}


def read_failed(con: duckdb.DuckDBPyConnection) -> dict[Asked, int]:
    """What has failed and has no text by now, with the number of its newest attempt."""
    rows = con.execute(_SELECT_FAILED).fetchall()
    return {(prompt_id, model_id, sample): attempt for prompt_id, model_id, sample, attempt in rows}


def count_failed(planned: Iterable[ResponseRequest], failed: Container[Asked]) -> int:
    """How many of planned requests have failed and have no text by now."""
    return sum(request.asked in failed for request in planned)


def count_still_failed(con: duckdb.DuckDBPyConnection, response_ids: Sequence[str]) -> int:
    """How many requests have a failure still, of those that some stored attempts answered."""
    row = con.execute(_COUNT_STILL_FAILED, {"ids": list(response_ids)}).fetchone()
    return row[0] if row else 0


def describe_limits(con: duckdb.DuckDBPyConnection, settings: Settings) -> str | None:
    """How a study was cut down, to stand beside every number made from it; None when it is whole.

    A study of which some prompts were not asked yet, because `--limit` left them out or because
    generation is under way, is cut down as one whose settings say so. Counted are responses that
    results read; where arms were asked unequally many, the fewest.
    """
    newest = {"newest": read_newest_models(con, "responses")}
    asked, total = con.cursor().execute(_SELECT_ASKED, newest).fetchone() or (0, 0)
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


def choose_missing(
    planned: Iterable[ResponseRequest], answered: Set[str], failed: Mapping[Asked, int]
) -> list[ResponseRequest]:
    """Those of planned requests that are to be asked now, in their order.

    Args:
        answered: ids of the responses that are there.
        failed: what is to be asked again, with its newest attempt.
    """
    missing = []
    for request in planned:
        if request.response_id not in answered:
            missing.append(request)
        elif (attempt := failed.get(request.asked)) is not None:
            missing.append(request.again(attempt + 1))
    return missing


def find_complete_arms(
    arms: Sequence[ServedArm], missing: Sequence[ResponseRequest]
) -> frozenset[str]:
    """Arms that have a model of which no response is missing."""
    lacking = {request.arm.model.served_model_id for request in missing}
    return frozenset(one.model.arm for one in arms if one.model.served_model_id not in lacking)


def insert_responses(cursor: duckdb.DuckDBPyConnection, rows: Iterable[Mapping[str, Any]]) -> int:
    """Store responses, as `insert_attempts` does."""
    whole = [{**_LATER_COLUMNS, **row} for row in rows]
    return insert_attempts(cursor, whole, _INSERT_RESPONSES, _SELECT_NEEDLESS)


def insert_attempts(
    cursor: duckdb.DuckDBPyConnection,
    rows: Sequence[Mapping[str, Any]],
    insert: str,
    select_needless: str,
) -> int:
    """Store attempts; ones already stored are passed over, and so are later ones at what has a text.

    Args:
        insert: takes `$rows`.
        select_needless: finds the `response_id` of those of `$rows` that come after a text.
    """
    again = [row for row in rows if row["attempt"] != 1]
    n_first = insert_rows(cursor, insert, [row for row in rows if row["attempt"] == 1])
    if not again:
        return n_first
    needless = {found for (found,) in cursor.execute(select_needless, {"rows": again}).fetchall()}
    wanted = [row for row in again if row["response_id"] not in needless]
    return n_first + insert_rows(cursor, insert, wanted)
