"""What an owner can download: report, blinded dataset, and on the record key and identities.

Plain routes below /owner/export/. The report tells what the owner's page does, sealed while that
is. It and the dataset are GETs; the two files that tell names are POSTs with a reason, since asking
for them is an event of the study.
"""

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

import duckdb
from fastapi import APIRouter, Depends, Form, HTTPException, Request
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from audit_app.dataset import write_dataset
from audit_app.exports import (
    IDENTITIES_FILE,
    KEY_FILE,
    ExportedTable,
    write_identities,
    write_key,
)
from audit_app.report_page import build_report_page, read_versions
from audit_app.sign_in import require_role, signed_in_as
from audit_app.study_events import Event, record_event
from audit_app.study_report import compute_report
from evaluation.html_report import HTML_FILE, render_report
from study.errors import BadInput, NotAllowed
from study.settings import Settings

_Writer = Callable[[duckdb.DuckDBPyConnection, str, Path], ExportedTable]


@dataclass(frozen=True)
class DownloadDesk:
    """What the downloads are made of."""

    con: duckdb.DuckDBPyConnection
    settings: Settings
    secret: str
    """Makes the codes of an export: the owner's token, so that the command line makes the same."""
    clock: Callable[[], datetime]


def build_download_router(desk: DownloadDesk) -> APIRouter:
    """Routes for the owner alone; whoever else asks gets nothing."""
    router = APIRouter(prefix="/owner/export", include_in_schema=False)

    def owner(request: Request) -> str:
        try:
            return require_role(desk.con, signed_in_as(request.session, "owner"), "owner").rater_id
        except NotAllowed as error:
            raise HTTPException(403, "this is for the study's owner") from error

    Owner = Annotated[str, Depends(owner)]
    Reason = Annotated[str, Form(max_length=2000)]

    @router.get("/dataset.zip")
    def send_dataset(_: Owner) -> FileResponse:
        def write(scratch: Path) -> Path:
            content = scratch / "dataset"
            content.mkdir()
            write_dataset(desk.con, desk.settings, desk.secret, content)
            return Path(shutil.make_archive(str(scratch / desk.settings.name), "zip", content))

        return _send(write)

    @router.get(f"/{HTML_FILE}")
    def send_report(_: Owner) -> FileResponse:
        def write(scratch: Path) -> Path:
            report = compute_report(desk.con, desk.settings)
            page = build_report_page(report, desk.settings, read_versions(), desk.clock())
            file = scratch / f"{desk.settings.name}-{HTML_FILE}"
            file.write_text(render_report(page), encoding="utf-8")
            return file

        return _send(write)

    @router.post(f"/{KEY_FILE}")
    def send_key(caller: Owner, reason: Reason) -> FileResponse:
        return send_on_record("key_exported", write_key, KEY_FILE, caller, reason)

    @router.post(f"/{IDENTITIES_FILE}")
    def send_identities(caller: Owner, reason: Reason) -> FileResponse:
        return send_on_record(
            "identities_exported", write_identities, IDENTITIES_FILE, caller, reason
        )

    def send_on_record(
        event: Event, write: _Writer, name: str, caller: str, reason: str
    ) -> FileResponse:
        try:
            record_event(desk.con, event, caller, reason, desk.clock())
        except BadInput as error:
            raise HTTPException(422, str(error)) from error

        def write_file(scratch: Path) -> Path:
            write(desk.con, desk.secret, scratch / name)
            return scratch / name

        return _send(write_file)

    return router


def _send(write: Callable[[Path], Path]) -> FileResponse:
    """Send a file that `write` makes in a folder, of which nothing is left in any case."""
    scratch = Path(tempfile.mkdtemp(prefix="warmth-audit-"))
    try:
        file = write(scratch)
    except BaseException:  # whatever ends it, nothing half-written stays
        shutil.rmtree(scratch, ignore_errors=True)
        raise
    clean = BackgroundTask(shutil.rmtree, scratch, ignore_errors=True)
    return FileResponse(file, filename=file.name, background=clean)
