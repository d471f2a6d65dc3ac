"""The app's door for batch stages: run files come in, a snapshot goes out, progress is heard.

Everything here takes the owner's token. A stage first says which settings it works with, and
goes no further when the study says otherwise. Rows are stored by the modules that own their
tables; this module knows which those are and writes nothing itself.
"""

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
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
from evaluation.checkpoint_choices import insert_checkpoint_choices
from evaluation.checkpoint_replies import insert_checkpoint_replies
from evaluation.context_sentences import insert_context_sentences
from evaluation.controls.grades import insert_control_grades
from evaluation.controls.questions import insert_control_questions
from evaluation.controls.replies import insert_control_replies
from evaluation.grading.table import insert_grades
from evaluation.items.table import insert_items
from evaluation.pairs import insert_pairs
from evaluation.prompts import insert_prompts
from evaluation.responses import insert_responses
from evaluation.serving.served_models import insert_served_models
from evaluation.warmth import insert_warmth_scores
from study.database import write_snapshot
from study.errors import BadSettings, DiskFull, StudyError
from study.progress import StageProgress, State
from study.run_files import CHUNK_BYTES, Chunk, Writer, bytes_taken, take_in
from study.settings import Settings
from study.versions import Content, record_version
from training.adapters import insert_training_runs
from training.rewrites import insert_rewrites


def writers(clock: Callable[[], datetime]) -> Mapping[str, Writer]:
    """The writer of each table that batch stages fill."""

    def insert_grades_and_flag(
        cursor: duckdb.DuckDBPyConnection, rows: list[Mapping[str, Any]]
    ) -> int:
        stored = insert_grades(cursor, rows)
        raise_by_rule(cursor, clock())
        return stored

    def insert_responses_and_hold_back(
        cursor: duckdb.DuckDBPyConnection, rows: list[Mapping[str, Any]]
    ) -> int:
        stored = insert_responses(cursor, rows)
        hold_back_replies(cursor, rows, clock())
        return stored

    return {
        "items": insert_items,
        "prompts": insert_prompts,
        "training_runs": insert_training_runs,
        "served_models": insert_served_models,
        "responses": insert_responses_and_hold_back,
        "grades": insert_grades_and_flag,
        "pairs": insert_pairs,
        "rewrites": insert_rewrites,
        "context_sentences": insert_context_sentences,
        "checkpoint_replies": insert_checkpoint_replies,
        "checkpoint_choices": insert_checkpoint_choices,
        "warmth_scores": insert_warmth_scores,
        "control_questions": insert_control_questions,
        "control_replies": insert_control_replies,
        "control_grades": insert_control_grades,
    }


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


@dataclass(frozen=True)
class IngestDoor:
    """What the door opens to."""

    con: duckdb.DuckDBPyConnection
    owner_token: str
    stages: StageBoard
    clock: Callable[[], datetime]
    on_rows: Callable[[], None] = lambda: None
    """Called when something that is rated was taken in, after the commit."""

    def take_in(self, chunk: Chunk) -> int:
        """Store what a stage hands in.

        Returns:
            The byte of its run file up to which the study has taken it in.
        Raises:
            StudyError: as `run_files.take_in` does.
        """
        tables: set[str] = set()

        def noting(table: str, write: Writer) -> Writer:
            def note_and_write(
                cursor: duckdb.DuckDBPyConnection, rows: list[Mapping[str, Any]]
            ) -> int:
                tables.add(table)
                return write(cursor, rows)

            return note_and_write

        noted = {table: noting(table, write) for table, write in writers(self.clock).items()}
        end_byte = take_in(self.con, chunk, noted, self.clock())
        if tables.intersection(_RATED):
            self.on_rows()
        return end_byte


def build_ingest_router(door: IngestDoor) -> APIRouter:
    """Routes under /ingest for stages that run in other processes or on other machines."""
    is_owner = Depends(owner_check(door.owner_token))
    router = APIRouter(prefix="/ingest", dependencies=[is_owner], include_in_schema=False)

    @router.post("/version")
    def check_version(message: VersionMessage) -> dict[str, str]:
        settings, now = message.settings, door.clock()
        try:
            record_version(door.con, settings, now, message.content, app_runs=True)
        except StudyError as error:
            raise _refusal(error) from error
        return {"settings_sha256": settings.sha256}

    @router.get("/snapshot")
    def send_snapshot() -> FileResponse:
        return _send_snapshot(door.con)

    @router.post("/progress")
    def hear_progress(message: ProgressMessage) -> dict[str, str]:
        door.stages.update(StageProgress(**message.model_dump()))
        return {"stage": message.stage}

    router.include_router(_build_run_router(door))
    return router


def _build_run_router(door: IngestDoor) -> APIRouter:
    """Routes by which run files come in."""
    router = APIRouter(prefix="/runs")

    @router.get("/{run_id}")
    def say_bytes(run_id: str) -> dict[str, int]:
        return {"bytes": bytes_taken(door.con, run_id)}

    @router.post("/{run_id}")
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
            return {"bytes": await run_in_threadpool(door.take_in, chunk)}
        except StudyError as error:
            raise _refusal(error) from error

    return router


def _send_snapshot(con: duckdb.DuckDBPyConnection) -> FileResponse:
    folder = tempfile.TemporaryDirectory(prefix="warmth-audit-")
    file = Path(folder.name) / "snapshot.duckdb"
    try:
        write_snapshot(con, file)
    except StudyError as error:
        folder.cleanup()
        raise _refusal(error) from error
    return FileResponse(file, background=BackgroundTask(folder.cleanup))


def _refusal(error: StudyError) -> HTTPException:
    """The status tells the sender whether its rows, its settings or the disk is to blame."""
    status = 422
    if isinstance(error, BadSettings):
        status = 409
    elif isinstance(error, DiskFull):
        status = 507
    return HTTPException(status, str(error))
