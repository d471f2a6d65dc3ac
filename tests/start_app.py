"""The pages before and after rating on loopback, behind real sign-in, cookie and guard."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import duckdb
from entry_app import SECRET, build_entry_app
from fastapi import APIRouter
from quick_server import running_app

from audit_app.links import make_link_token
from audit_app.onboarding import record_comprehension, record_consent, record_practice
from audit_app.outlooks import Outlook
from audit_app.pages.frame import serve_assets
from audit_app.pages.start import StartDesk, build_start_router
from audit_app.rater_texts import RaterTexts, read_rater_texts
from audit_app.raters import invite
from audit_app.sign_in import build_sign_in_router
from audit_app.throttle import SignInThrottle
from study.records import Role

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
TEXTS = read_rater_texts("packaged", "mail@example.org", 3)
RIGHT = {question.name: question.right for question in TEXTS.comprehension}
WRONG = RIGHT | {"apart": "About equal in both, since each has one strength"}


@dataclass
class StartRoom:
    """One study, what its raters can expect, and who of them came from Prolific."""

    con: duckdb.DuckDBPyConnection
    texts: RaterTexts = TEXTS
    outlooks: dict[str, Outlook] = field(default_factory=dict)
    """Of raters for whom there is not just something to rate."""
    from_prolific: set[str] = field(default_factory=set)
    url: str = ""

    def link(self, rater_id: str = "anna", role: Role = "annotator") -> str:
        """A sign-in link; whoever is not in the study yet is invited."""
        invite(self.con, role, NOON, rater_id)
        return f"{self.url}/join/{make_link_token(SECRET, rater_id, role, NOON)}"

    def admit(self, rater_id: str = "anna", *, done: bool = False) -> None:
        """Bring a rater past all that comes before rating, or past rating too."""
        record_consent(self.con, rater_id, self.texts, True, NOON)
        record_comprehension(self.con, rater_id, self.texts, RIGHT, NOON)
        record_practice(self.con, rater_id, self.texts, NOON)
        if done:
            self.outlooks[rater_id] = "done"


@contextlib.contextmanager
def open_start_room(
    con: duckdb.DuckDBPyConnection, fixed_code: str | None = None
) -> Iterator[StartRoom]:
    """The pages as the app serves them, until the test ends."""
    room = StartRoom(con)
    desk = StartDesk(
        con=con,
        texts=room.texts,
        secret=SECRET,
        clock=lambda: NOON,
        outlook=lambda rater_id: room.outlooks.get(rater_id, "to_do"),
        fixed_code=fixed_code,
        is_prolific=room.from_prolific.__contains__,
    )
    rating = APIRouter()

    @rating.get("/rate/")
    def rate() -> str:
        return "rating begins"

    sign_in = build_sign_in_router(con, SECRET, 3600.0, lambda: NOON, SignInThrottle())
    app = build_entry_app(con, sign_in, build_start_router(desk), rating)
    serve_assets(app)
    with running_app(app) as room.url:
        yield room
