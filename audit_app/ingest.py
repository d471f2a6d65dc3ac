"""The app's door for batch stages: run files come in, a snapshot goes out, progress is heard.

Everything here takes the owner's token. A stage first says which settings it works with, and
goes no further when the study says otherwise. Rows are stored by the modules that own their
tables; this module knows which those are and writes nothing itself.
"""

import tempfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import duckdb
from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse
from pydantic import BaseModel
from starlette.background import BackgroundTask

from audit_app.flags import raise_by_rule
from audit_app.holds import hold_back_replies
from audit_app.record_door import owner_check
from audit_app.stages import StageBoard
from evaluation.context_sentences import insert_context_sentences
from evaluation.grading.table import insert_grades
from evaluation.items.table import insert_items
from evaluation.pairs import insert_pairs
from evaluation.prompts import insert_prompts
from evaluation.responses import insert_responses
from evaluation.serving.served_models import insert_served_models
from study.database import write_snapshot
from study.errors import BadSettings, DiskFull, StudyError
from study.progress import StageProgress, State
from study.run_files import CHUNK_BYTES, Chunk, Writer, bytes_taken, take_in
from study.settings import Settings
from study.versions import Content, record_version
from training.adapters import insert_training_runs
from training.rewrites import insert_rewrites


def _insert_grades_and_flag(
    cursor: duckdb.DuckDBPyConnection, rows: list[Mapping[str, Any]]
) -> int:
    stored = insert_grades(cursor, rows)
    raise_by_rule(cursor, datetime.now(UTC))
    return stored


def _insert_responses_and_hold_back(
    cursor: duckdb.DuckDBPyConnection, rows: list[Mapping[str, Any]]
) -> int:
    stored = insert_responses(cursor, rows)
    hold_back_replies(cursor, rows, datetime.now(UTC))
    return stored


WRITERS: Mapping[str, Writer] = {
    "items": insert_items,
    "prompts": insert_prompts,
    "training_runs": insert_training_runs,
    "served_models": insert_served_models,
    "responses": _insert_responses_and_hold_back,
    "grades": _insert_grades_and_flag,
    "pairs": insert_pairs,
    "rewrites": insert_rewrites,
    "context_sentences": insert_context_sentences,
}
"""The writer of each table that batch stages fill."""

_RATED = ("pairs", "responses", "rewrites", "context_sentences")
"""Tables whose new rows are new seats for raters, or take some away."""

BIGGEST_CHUNK = 8 * CHUNK_BYTES
"""Bytes that a chunk may have; the app's guard lets no more through."""


class VersionMessage(BaseModel):
    """What a stage elsewhere works with."""

    settings: Settings
    content: Content | None = None


class ProgressMessage(BaseModel):
    """One `StageProgress` as JSON."""

    stage: str
    state: State
    done: int = 0
    total: int = 0
    note: str = ""
    seconds: float = 0.0


def build_ingest_router(
    con: duckdb.DuckDBPyConnection,
    owner_token: str,
    stages: StageBoard,
    on_rows: Callable[[], None] = lambda: None,
) -> APIRouter:
    """Routes under /ingest for stages that run in other processes or on other machines.

    Args:
        on_rows: called when something that is rated was taken in, after the commit.
    """

    router = APIRouter(
        prefix="/ingest", dependencies=[Depends(owner_check(owner_token))], include_in_schema=False
    )

    @router.post("/version")
    def check_version(message: VersionMessage) -> dict[str, str]:
        try:
            record_version(con, message.settings, datetime.now(UTC), message.content, app_runs=True)
        except StudyError as error:
            raise _refusal(error) from error
        return {"settings_sha256": message.settings.sha256}

    @router.get("/snapshot")
    def send_snapshot() -> FileResponse:
        folder = tempfile.TemporaryDirectory(prefix="warmth-audit-")
        file = Path(folder.name) / "snapshot.duckdb"
        try:
            write_snapshot(con, file)
        except StudyError as error:
            folder.cleanup()
            raise _refusal(error) from error
        return FileResponse(file, background=BackgroundTask(folder.cleanup))

    @router.post("/progress")
    def hear_progress(message: ProgressMessage) -> dict[str, str]:
        stages.update(StageProgress(**message.model_dump()))
        return {"stage": message.stage}

    @router.get("/runs/{run_id}")
    def say_bytes(run_id: str) -> dict[str, int]:
        return {"bytes": bytes_taken(con, run_id)}

    @router.post("/runs/{run_id}")
    async def take_chunk(
        run_id: str,
        request: Request,
        stage: Annotated[str, Query()],
        start_byte: Annotated[int, Query(ge=0)],
    ) -> dict[str, int]:
        content = await request.body()
        if len(content) > BIGGEST_CHUNK:
            raise HTTPException(413, f"expected at most {BIGGEST_CHUNK} bytes at once")
        chunk = Chunk(run_id, stage, start_byte, content)
        try:
            # raters are served by the event loop meanwhile
            return {"bytes": await run_in_threadpool(_take_in, con, chunk, on_rows)}
        except StudyError as error:
            raise _refusal(error) from error

    return router


def _take_in(con: duckdb.DuckDBPyConnection, chunk: Chunk, on_rows: Callable[[], None]) -> int:
    tables: set[str] = set()

    def noting(table: str, write: Writer) -> Writer:
        def note_and_write(cursor: duckdb.DuckDBPyConnection, rows: list[Mapping[str, Any]]) -> int:
            tables.add(table)
            return write(cursor, rows)

        return note_and_write

    writers = {table: noting(table, write) for table, write in WRITERS.items()}
    end_byte = take_in(con, chunk, writers, datetime.now(UTC))
    if tables.intersection(_RATED):
        on_rows()
    return end_byte


def _refusal(error: StudyError) -> HTTPException:
    """The status tells the sender whether its rows, its settings or the disk is to blame."""
    status = 422
    if isinstance(error, BadSettings):
        status = 409
    elif isinstance(error, DiskFull):
        status = 507
    return HTTPException(status, str(error))
