"""What the command line puts on the study's record, past the app that holds the study."""

import contextlib

import httpx
import pytest
from entry_app import build_entry_app
from quick_server import running_app

from audit_app.access import AppAccess
from audit_app.ingest import IngestDoor, build_ingest_router
from audit_app.record_door import build_record_router
from audit_app.stages import StageBoard
from audit_app.study_events import read_events
from study.errors import BadInput
from study.settings import Settings

TOKEN = "the owner's token"
SETTINGS = Settings(name="door", question="Who may write on the record?", seed=7)


@pytest.fixture
def url(con, noon):
    ingest = build_ingest_router(IngestDoor(con, TOKEN, StageBoard(), lambda: noon))
    record = build_record_router(con, TOKEN, lambda: noon)
    with running_app(build_entry_app(con, ingest, record)) as url:
        yield url


def test_an_event_goes_through_the_app_with_who_why_and_when(con, url, noon):
    with contextlib.closing(AppAccess(url, TOKEN, SETTINGS)) as access:
        access.record_event("unblinded", "a safety signal")
    (event,) = read_events(con)
    assert (event.event, event.actor, event.reason) == (
        "unblinded",
        "command line",
        "a safety signal",
    )
    assert event.happened_at == noon.isoformat()


def test_what_makes_no_sense_comes_back_as_the_sentence(con, url):
    with contextlib.closing(AppAccess(url, TOKEN, SETTINGS)) as access:
        with pytest.raises(BadInput, match="not paused; raters can go on"):
            access.record_event("resumed", "the lift moves")
        with pytest.raises(BadInput, match="reason: expected 3"):
            access.record_event("unblinded", "")
    assert read_events(con) == []


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer another token"}])
def test_nobody_gets_in_without_the_owners_token(con, url, headers):
    message = {"event": "unblinded", "reason": "just curious"}
    answer = httpx.post(f"{url}/ingest/record", json=message, headers=headers, trust_env=False)
    assert answer.status_code == 401
    assert read_events(con) == []
