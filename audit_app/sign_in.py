"""Who is asking: how a browser is signed in by a link, and who it is signed in as.

A browser may hold one sign-in per role, so that the three links of a demo work side by side.
Somebody else takes a role over by a button alone, and a link that works once is used up by a
button alone: programs that look at a link before a person opens it press none. Guards and
handlers ask here who is signed in; whether that person may touch a row is decided by the module
that owns the row. What a link is made of is in `links.py`; other ways in are `prolific.py` and
`oauth.py`.
"""

from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, get_args

import duckdb
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from audit_app.links import Link, is_used, is_void, read_link_token, use_link
from audit_app.pages.welcome import confirm_page, welcome_page
from audit_app.quick_gradio import gr
from audit_app.raters import let_in, read_standing
from audit_app.throttle import SignInThrottle
from study.errors import NotAllowed
from study.records import Rater, Role

Admit = Callable[[str | None, Role], Rater]
"""Gives the rater of an id in a role; raises NotAllowed unless the study lets that one in."""

_USED_UP = (
    "This link worked once and has been used; start the study's app again, which prints a new one."
)

HOME: Mapping[Role, str] = {"annotator": "/start/", "auditor": "/audit/", "owner": "/owner/"}
"""Where each role begins."""


def signed_in_as(session: Mapping[str, Any], role: Role) -> str | None:
    """The rater id under which this browser is signed in for a role; None when it is not."""
    rater_id = session.get(role)
    return rater_id if isinstance(rater_id, str) else None


def roles_of(session: Mapping[str, Any]) -> tuple[Role, ...]:
    """The roles for which this browser is signed in."""
    return tuple(role for role in get_args(Role) if signed_in_as(session, role))


def sign_in(session: MutableMapping[str, Any], rater: Rater) -> Response:
    """Sign this browser in, and send it to where the role begins.

    Of what the session held before, only the sign-ins for other roles stay.
    """
    kept: dict[str, str] = {role: session[role] for role in roles_of(session)}
    session.clear()
    session.update(kept | {rater.role: rater.rater_id})
    return RedirectResponse(HOME[rater.role], status_code=303)


def require_role(con: duckdb.DuckDBPyConnection, rater_id: str | None, role: Role) -> Rater:
    """The rater behind a call, looked up anew: the second line of defence in every handler.

    Raises:
        NotAllowed: nobody is signed in, the study does not know that rater in that role, or the
            rater was revoked.
    """
    return let_in(None if rater_id is None else read_standing(con, rater_id), role)


def caller(admit: Admit, request: gr.Request, role: Role) -> Rater:
    """The rater behind a Gradio event.

    Raises:
        gr.Error: whoever calls does not have the role.
    """
    try:
        return admit(request.username, role)
    except NotAllowed as error:
        raise gr.Error(str(error), print_exception=False) from error


def ask_before_replacing(role: Role) -> Response:
    """A page that asks whether somebody else than who is signed in for a role is to be so.

    It keeps the guard's referrer policy: under `no-referrer` browsers send the button's POST with
    the origin "null", which the guard refuses.
    """
    sentence = (
        "This browser is signed in as somebody else. If you go on, that person is signed out here; "
        "what they did stays stored."
    )
    return HTMLResponse(confirm_page("Go on as another person?", sentence, "Go on", HOME[role]))


@dataclass(frozen=True)
class LinkDoor:
    """How people come in by a link."""

    con: duckdb.DuckDBPyConnection
    secret: str
    link_age_s: float
    clock: Callable[[], datetime]

    def visit(self, token: str, session: MutableMapping[str, Any]) -> Response:
        """Sign in whom a link was made for, or ask first.

        Raises:
            NotAllowed: the link opens nothing, or nothing any more.
        """
        link, rater = self._read(token, session)
        here = signed_in_as(session, link.role)
        if here == link.rater_id:
            return sign_in(session, rater)
        if here is not None:
            return ask_before_replacing(link.role)
        if link.works_once:
            sentence = "This link works once: the button uses it up and signs this browser in."
            return HTMLResponse(confirm_page("Come in", sentence, "Sign in", None))
        return sign_in(session, rater)

    def enter(self, token: str, session: MutableMapping[str, Any]) -> Response:
        """Sign in whom a link was made for, whoever was signed in before; use it up.

        Raises:
            NotAllowed: the link opens nothing, or nothing any more.
        """
        link, rater = self._read(token, session)
        is_new_here = signed_in_as(session, link.role) != link.rater_id
        if link.works_once and is_new_here and not use_link(self.con, link, self.clock()):
            raise NotAllowed(_USED_UP)
        return sign_in(session, rater)

    def _read(self, token: str, session: Mapping[str, Any]) -> tuple[Link, Rater]:
        link = read_link_token(self.secret, token, self.link_age_s, self.clock())
        rater = require_role(self.con, link.rater_id, link.role)
        if signed_in_as(session, link.role) != link.rater_id:
            if is_void(self.con, link):
                raise NotAllowed(
                    "This link was replaced by a newer one, or ended; ask the study's owner for a "
                    "new one."
                )
            if link.works_once and is_used(self.con, link):
                raise NotAllowed(_USED_UP)
        return link, rater


def build_sign_in_router(
    con: duckdb.DuckDBPyConnection,
    secret: str,
    link_age_s: float,
    clock: Callable[[], datetime],
    throttle: SignInThrottle,
    login: str | None = None,
) -> APIRouter:
    """Routes by which people come in, find their page, and leave.

    Args:
        login: where somebody with a Hugging Face account begins; None when the study takes none.
    """
    router = APIRouter(include_in_schema=False)
    door = LinkDoor(con, secret, link_age_s, clock)

    @router.get("/")
    def welcome(request: Request) -> Response:
        roles = roles_of(request.session)
        if len(roles) == 1:
            return RedirectResponse(HOME[roles[0]], status_code=303)
        return HTMLResponse(welcome_page({role: HOME[role] for role in roles}, login))

    @router.get("/join/{token}")
    def visit(token: str, request: Request) -> Response:
        try:
            return door.visit(token, request.session)
        except NotAllowed as error:
            return throttle.refuse(request, str(error))

    @router.post("/join/{token}")
    def enter(token: str, request: Request) -> Response:
        try:
            return door.enter(token, request.session)
        except NotAllowed as error:
            return throttle.refuse(request, str(error))

    @router.post("/sign-out")
    def sign_out(request: Request) -> Response:
        request.session.clear()
        return RedirectResponse("/", status_code=303)

    return router
