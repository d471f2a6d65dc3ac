"""The app's door for the study's record: what the command line asks for in the owner's name.

It takes the owner's token, as the ingest door beside it does. What an owner does on a page
reaches `study_events.py` directly.
"""

import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Annotated

import duckdb
from fastapi import APIRouter, Depends, Header, HTTPException
from pydantic import BaseModel

from audit_app.study_events import Event, record_event
from study.errors import BadInput

COMMAND_LINE = "command line"
"""The actor of what was asked for with the owner's token instead of the owner's link."""


class EventMessage(BaseModel):
    """One event for the record."""

    event: Event
    reason: str


def owner_check(owner_token: str) -> Callable[[str], None]:
    """A dependency of routes that lets nobody in without the owner's token."""

    def check_owner(authorization: Annotated[str, Header()] = "") -> None:
        given = authorization.removeprefix("Bearer ").encode()
        if not secrets.compare_digest(given, owner_token.encode()):
            raise HTTPException(401, "expected the owner's token in the Authorization header")

    return check_owner


def build_record_router(
    con: duckdb.DuckDBPyConnection, owner_token: str, clock: Callable[[], datetime]
) -> APIRouter:
    """The route below /ingest that puts an event on the study's record."""
    router = APIRouter(
        prefix="/ingest", dependencies=[Depends(owner_check(owner_token))], include_in_schema=False
    )

    @router.post("/record")
    def put_on_record(message: EventMessage) -> dict[str, str]:
        try:
            record_event(con, message.event, COMMAND_LINE, message.reason, clock())
        except BadInput as error:
            raise HTTPException(422, str(error)) from error
        return {"event": message.event}

    return router
