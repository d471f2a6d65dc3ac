"""What a rater meets before and after rating: /start/, /guidelines and /finish/.

Each request asks the study anew what is due, so that reloads, old tabs and other devices all
show the same; what comes out of turn stores nothing and is sent to what is due. Plain forms
without script. What the pages look like is in `start_markup.py`.
"""

import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import parse_qsl

import duckdb
from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.routing import APIRoute

from audit_app.completion import completion_code
from audit_app.exit_surveys import GUESSES, ExitSurvey, read_survey, save_survey
from audit_app.onboarding import (
    Step,
    last_comprehension,
    next_step,
    record_comprehension,
    record_consent,
    unanswered,
)
from audit_app.outlooks import WAIT_WORDS, Outlook
from audit_app.pages.frame import sentence_for
from audit_app.pages.start_markup import (
    comprehension_page,
    consent_page,
    declined_page,
    ended_page,
    guidelines_page,
    no_work_page,
    not_done_page,
    not_stored_page,
    refused_rater_page,
    survey_page,
    thanks_page,
    waiting_page,
)
from audit_app.pages.welcome import refused_page
from audit_app.rater_texts import RaterTexts
from audit_app.sign_in import require_role, roles_of, signed_in_as
from audit_app.study_events import read_study_state
from study.errors import NotAllowed, StudyError

_log = logging.getLogger(__name__)

# two texts of 2,000 characters, each of up to twelve bytes when encoded for a form
_BIGGEST_FORM = 64 * 1024


@dataclass(frozen=True)
class StartDesk:
    """What the pages before and after rating are made of."""

    con: duckdb.DuckDBPyConnection
    texts: RaterTexts
    secret: str
    """The study's; completion codes are made of it."""
    clock: Callable[[], datetime]
    outlook: Callable[[str], Outlook]
    """What a rater who is admitted can expect of the rating page."""
    fixed_code: str | None
    """The study's one completion code; None makes each rater one of their own."""
    is_prolific: Callable[[str], bool]
    """Whether a rater came from Prolific."""

    def step(self, rater_id: str) -> Step:
        """What this rater has to do next, or what it came to."""
        return next_step(self.con, rater_id, self.texts.sha256)

    def due(self, rater_id: str) -> Response:
        """The page of the next step, or the way to the rating page."""
        step = self.step(rater_id)
        if step == "refused":
            return HTMLResponse(refused_rater_page(self.texts, self.is_prolific(rater_id)))
        if step != "admitted" and read_study_state(self.con).is_closed:
            return HTMLResponse(ended_page(self.texts, self.is_prolific(rater_id)))
        if step in ("practice", "admitted"):
            return _to("/rate/")
        if step == "declined":
            return HTMLResponse(declined_page(self.texts, self.is_prolific(rater_id)))
        if step == "consent":
            return HTMLResponse(consent_page(self.texts))
        return self.questions(rater_id, {}, ())

    def questions(
        self, rater_id: str, chosen: Mapping[str, str], missing: Sequence[str]
    ) -> Response:
        """The comprehension check, with what is wrong or missing in what was sent before."""
        last = last_comprehension(self.con, rater_id, self.texts)
        page = comprehension_page(self.texts, last, chosen, missing)
        return HTMLResponse(page, 422 if missing else 200)

    def finish(self, rater_id: str, sent: ExitSurvey | None, problem: str | None) -> Response:
        """The end: a question, then thanks and the code."""
        status = 200 if problem is None else 422
        stored = read_survey(self.con, rater_id)
        can_change = read_study_state(self.con).name == "open"
        if stored is None:
            return HTMLResponse(survey_page(sent, can_change, problem), status)
        code = completion_code(self.secret, rater_id, self.fixed_code)
        from_prolific = self.is_prolific(rater_id)
        page = thanks_page(sent or stored, code, from_prolific, can_change, problem)
        return HTMLResponse(page, status)

    def instead_of_finish(self, rater_id: str) -> Response | None:
        """What who gets no code gets in place of the end; None for who is done."""
        if self.step(rater_id) != "admitted":
            return _to("/start/")
        from_prolific = self.is_prolific(rater_id)
        # no redirect to the rating page: it may just have sent the browser here
        match self.outlook(rater_id):
            case "done":
                return None
            case "closed":
                return HTMLResponse(ended_page(self.texts, from_prolific))
            case "no_work":
                return HTMLResponse(no_work_page(self.texts, from_prolific))
            case "to_do":
                return HTMLResponse(not_done_page(), 409)
            case wait:
                return HTMLResponse(waiting_page(WAIT_WORDS[wait]), 409)


class _PlainRoute(APIRoute):
    """Tells who may not come in, or whose answers could not be stored, so on a page."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handle(request)
            except NotAllowed as error:
                status = 403 if roles_of(request.session) else 401
                return HTMLResponse(refused_page(str(error)), status)
            except StudyError as error:
                _log.warning("a step before or after rating was not stored: %s", error)
                return HTMLResponse(not_stored_page(), 507)

        return answer


async def _read_form(request: Request) -> Mapping[str, str]:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _BIGGEST_FORM:
            raise HTTPException(413, f"at most {_BIGGEST_FORM} bytes")
    fields = parse_qsl(body.decode(errors="replace"), keep_blank_values=True)
    # browsers send CR LF where they count, and show, one line break
    return {name: value.replace("\r\n", "\n") for name, value in fields}


Sent = Annotated[Mapping[str, str], Depends(_read_form)]


def build_start_router(desk: StartDesk) -> APIRouter:
    """Routes for annotators, and the guidelines."""
    router = APIRouter(include_in_schema=False, route_class=_PlainRoute)

    def annotator(request: Request) -> str:
        rater_id = signed_in_as(request.session, "annotator")
        if rater_id is None:
            raise NotAllowed("This page is for people who rate; open the link that you were given.")
        return require_role(desk.con, rater_id, "annotator").rater_id

    _add_beginning(router, desk, annotator)
    _add_end(router, desk, annotator)
    router.include_router(_guidelines_router(desk))
    return router


def _add_beginning(router: APIRouter, desk: StartDesk, annotator: Callable[..., str]) -> None:
    Rater = Annotated[str, Depends(annotator)]

    @router.get("/start/")
    def start(rater_id: Rater) -> Response:
        return desk.due(rater_id)

    @router.post("/start/consent")
    def consent(rater_id: Rater, sent: Sent) -> Response:
        answer = sent.get("answer")
        if answer not in ("agree", "decline"):
            problem = "Nothing was stored: choose one of the two buttons at the end."
            return HTMLResponse(consent_page(desk.texts, problem), 422)
        with suppress(NotAllowed):  # out of turn: /start/ shows what is due
            record_consent(desk.con, rater_id, desk.texts, answer == "agree", desk.clock())
        return _to("/start/")

    @router.post("/start/comprehension")
    def comprehension(rater_id: Rater, sent: Sent) -> Response:
        missing = unanswered(desk.texts, sent)
        if missing:
            is_due = desk.step(rater_id) == "comprehension"
            return desk.questions(rater_id, sent, missing) if is_due else _to("/start/")
        with suppress(NotAllowed):
            record_comprehension(desk.con, rater_id, desk.texts, sent, desk.clock())
        return _to("/start/")


def _add_end(router: APIRouter, desk: StartDesk, annotator: Callable[..., str]) -> None:
    Rater = Annotated[str, Depends(annotator)]

    @router.get("/finish/")
    def finish(rater_id: Rater) -> Response:
        return desk.instead_of_finish(rater_id) or desk.finish(rater_id, None, None)

    @router.post("/finish/")
    def survey(rater_id: Rater, sent: Sent) -> Response:
        instead = desk.instead_of_finish(rater_id)
        if instead is not None:
            return instead
        said = ExitSurvey(*(sent.get(name, "") for name in ("guess", "guess_text", "comments")))
        if said.guess not in GUESSES:
            return desk.finish(rater_id, said, "Not saved: choose an answer to the question.")
        try:
            save_survey(desk.con, rater_id, said, desk.clock())
        except StudyError as error:
            _log.warning("a rater's last answers were refused: %s", error)
            return desk.finish(rater_id, said, sentence_for(error))
        return _to("/finish/")


def _guidelines_router(desk: StartDesk) -> APIRouter:
    """The guidelines: for everybody who is signed in, in whatever role."""
    router = APIRouter(route_class=_PlainRoute)

    def anybody(request: Request) -> None:
        refusal = NotAllowed("The guidelines are for people in this study; open your own link.")
        for role in roles_of(request.session):
            try:
                require_role(desk.con, signed_in_as(request.session, role), role)
            except NotAllowed as error:
                refusal = error
            else:
                return
        raise refusal

    @router.get("/guidelines", dependencies=[Depends(anybody)])
    def guidelines() -> Response:
        return HTMLResponse(guidelines_page(desk.texts))

    return router


def _to(path: str) -> Response:
    return RedirectResponse(path, status_code=303)
