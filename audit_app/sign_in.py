"""Who is asking: signed links that expire, and the session cookie that they set.

A link names one rater and one role and is signed with the study's secret; a browser may
hold one sign-in per role, so that the three links of a demo work side by side. Guards and
handlers ask here who is signed in; whether that person may touch a row is decided by the
module that owns the row.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, get_args

import duckdb
import gradio as gr
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from itsdangerous import BadSignature, URLSafeSerializer

from audit_app.pages.welcome import refused_page, welcome_page
from audit_app.raters import get_rater
from study.errors import NotAllowed
from study.records import Rater, Role

HOME: Mapping[Role, str] = {"annotator": "/rate/", "auditor": "/audit/", "owner": "/owner/"}
"""The page of each role."""

_BROKEN = "This link is not complete, or it was not made by this study"
_TOO_OLD = "This link has expired"
_SALT = "sign-in link"


@dataclass(frozen=True)
class LinkHolder:
    """Whom a link was made for."""

    rater_id: str
    role: Role


def make_link_token(secret: str, rater_id: str, role: Role, now: datetime) -> str:
    """The part of a sign-in link that follows /join/: signed, readable, safe in a URL."""
    content = {"rater": rater_id, "role": role, "made_at": int(now.timestamp())}
    return str(URLSafeSerializer(secret, salt=_SALT).dumps(content))


def read_link_token(secret: str, token: str, max_age_s: float, now: datetime) -> LinkHolder:
    """Whom a sign-in link was made for.

    Raises:
        NotAllowed: the signature does not fit, or the link is older than `max_age_s` seconds.
    """
    try:
        content = URLSafeSerializer(secret, salt=_SALT).loads(token)
    except BadSignature as error:
        raise NotAllowed(f"{_BROKEN}; ask the study's owner for a new one.") from error
    if now.timestamp() - content["made_at"] > max_age_s:
        raise NotAllowed(f"{_TOO_OLD}; ask the study's owner for a new one.")
    return LinkHolder(rater_id=content["rater"], role=content["role"])


def signed_in_as(session: Mapping[str, Any], role: Role) -> str | None:
    """The rater id under which this browser is signed in for a role; None when it is not."""
    rater_id = session.get(role)
    return rater_id if isinstance(rater_id, str) else None


def roles_of(session: Mapping[str, Any]) -> tuple[Role, ...]:
    """The roles for which this browser is signed in."""
    return tuple(role for role in get_args(Role) if signed_in_as(session, role))


def require_role(con: duckdb.DuckDBPyConnection, rater_id: str | None, role: Role) -> Rater:
    """The rater behind a call, looked up anew: the second line of defence in every handler.

    Raises:
        NotAllowed: nobody is signed in, or the study does not know that rater in that role.
    """
    if rater_id is None:
        raise NotAllowed("expected a signed-in browser, got none; open your link again")
    rater = get_rater(con, rater_id)
    if rater is None or rater.role != role:
        raise NotAllowed(f"expected the link of an {role}; open your own link again")
    return rater


def caller(con: duckdb.DuckDBPyConnection, request: gr.Request, role: Role) -> Rater:
    """The rater behind a Gradio event.

    Raises:
        gr.Error: whoever calls does not have the role.
    """
    try:
        return require_role(con, request.username, role)
    except NotAllowed as error:
        raise gr.Error(str(error), print_exception=False) from error


def build_sign_in_router(
    con: duckdb.DuckDBPyConnection,
    secret: str,
    link_age_s: float,
    clock: Callable[[], datetime],
) -> APIRouter:
    """Routes by which people come in, find their page, and leave."""
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    def welcome(request: Request) -> Response:
        roles = roles_of(request.session)
        if len(roles) == 1:
            return RedirectResponse(HOME[roles[0]], status_code=303)
        return HTMLResponse(welcome_page({role: HOME[role] for role in roles}))

    @router.get("/join/{token}")
    def join(token: str, request: Request) -> Response:
        try:
            holder = read_link_token(secret, token, link_age_s, clock())
            rater = require_role(con, holder.rater_id, holder.role)
        except NotAllowed as error:
            return HTMLResponse(refused_page(str(error)), status_code=403)
        request.session[rater.role] = rater.rater_id
        return RedirectResponse(HOME[rater.role], status_code=303)

    @router.post("/sign-out")
    def sign_out(request: Request) -> Response:
        request.session.clear()
        return RedirectResponse("/", status_code=303)

    return router
