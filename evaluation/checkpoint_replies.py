"""Checkpoint replies: what each kept checkpoint says to the warmth prompts. The only writer of
`checkpoint_replies`.

They stand apart from the study's responses: nobody rates or grades them, and no arm is told by them.
They are asked for as responses are (`responses.py`), with the study's decoding, one reply a prompt.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from evaluation.responses import ResponseRequest, ServedArm, plan_requests
from study.database import insert_rows
from study.records import ORIGINAL, WARM, CheckpointReply, Prompt, Response, ServedModel, stable_id

_INSERT_CHECKPOINT_REPLIES = """
    INSERT INTO checkpoint_replies (reply_id, prompt_id, arm, epochs, base_sha256, adapter_sha256,
        engine, decoding_json, text, finish_reason, failure, n_tokens, created_at)
    SELECT row.reply_id, row.prompt_id, row.arm, row.epochs, row.base_sha256, row.adapter_sha256,
        row.engine, row.decoding_json, row.text, row.finish_reason, row.failure, row.n_tokens,
        row.created_at
    FROM (SELECT unnest($rows) AS row)
    ON CONFLICT (reply_id) DO NOTHING
"""
_SELECT_CHECKPOINT_REPLIES = """
    SELECT r.reply_id, r.prompt_id, r.arm, r.epochs, r.base_sha256, r.adapter_sha256, r.engine,
        r.decoding_json, r.text, r.finish_reason, r.failure, r.n_tokens, r.created_at::VARCHAR
    FROM checkpoint_replies r
    WHERE r.base_sha256 = $base_sha256 AND r.decoding_json = $decoding_json
    ORDER BY r.created_at, r.reply_id
"""


@dataclass(frozen=True)
class AskedModel:
    """A checkpoint, or the original, as it is asked."""

    name: str
    """Under which an endpoint serves it."""
    epochs: float
    """0 for the original."""
    adapter_sha256: str
    """Empty for the original."""


def checkpoint_name(epochs: float) -> str:
    """Under which name an endpoint has to serve a checkpoint: `warm-epoch-0.5`."""
    return f"{WARM}-epoch-{epochs:g}"


def plan_replies(
    prompts: Sequence[Prompt],
    models: Sequence[AskedModel],
    base_sha256: str,
    engine: str,
    decoding_json: str,
) -> list[ResponseRequest]:
    """Every prompt for the original and every checkpoint, one reply each."""
    arms = [
        ServedArm(
            ServedModel(
                served_model_id=stable_id(
                    "checkpoint", base_sha256, one.adapter_sha256, engine, decoding_json
                ),
                arm=WARM if one.adapter_sha256 else ORIGINAL,
                model_name=one.name,
                engine=engine,
                base_sha256=base_sha256,
                adapter_sha256=one.adapter_sha256,
                decoding_json=decoding_json,
                canary_json="",
                served_at="",
            )
        )
        for one in models
    ]
    return list(plan_requests(prompts, arms, samples=1))


def as_reply(response: Response, request: ResponseRequest, epochs: float) -> CheckpointReply:
    """What came of a request, as it is kept."""
    model = request.arm.model
    return CheckpointReply(
        reply_id=response.response_id,
        prompt_id=response.prompt_id,
        arm=response.arm,
        epochs=epochs,
        base_sha256=model.base_sha256,
        adapter_sha256=model.adapter_sha256,
        engine=model.engine,
        decoding_json=model.decoding_json,
        text=response.text,
        finish_reason=response.finish_reason,
        failure=response.failure,
        n_tokens=response.n_tokens,
        created_at=response.created_at,
    )


def read_checkpoint_replies(
    con: duckdb.DuckDBPyConnection, base_sha256: str, decoding_json: str
) -> list[CheckpointReply]:
    """Replies of a base and its checkpoints with one decoding, the earliest first."""
    values = {"base_sha256": base_sha256, "decoding_json": decoding_json}
    rows = con.execute(_SELECT_CHECKPOINT_REPLIES, values).fetchall()
    return [CheckpointReply(*row) for row in rows]


def insert_checkpoint_replies(
    cursor: duckdb.DuckDBPyConnection, rows: Iterable[Mapping[str, Any]]
) -> int:
    """Store replies; ones already stored are passed over."""
    return insert_rows(cursor, _INSERT_CHECKPOINT_REPLIES, rows)
