"""The web app, put together: sign-in, session cookie, guard, one mounted page per role.

One process, one worker: it owns the study file. Everything it needs is handed in; nothing
is kept in globals, so that tests run several apps side by side. Ingest and the server that
runs this app are put together by the command line.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import duckdb
from fastapi import APIRouter, FastAPI
from starlette.middleware.sessions import SessionMiddleware

from audit_app.pages.audit import AuditDesk, build_audit_page
from audit_app.pages.frame import Page, mount_page, serve_assets
from audit_app.pages.rate import RatingDesk, build_draft_router, build_rate_page
from audit_app.pages.results import ResultsDesk, build_results_page
from audit_app.sign_in import build_sign_in_router
from audit_app.stages import StageBoard, utc_now
from audit_app.web_guard import WebGuard
from study.settings import Settings

COOKIE = "warmth_audit_session"


def build_app(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    secret: str,
    stages: StageBoard,
    ingest_router: APIRouter | None = None,
    *,
    clock: Callable[[], datetime] = utc_now,
    https_only: bool = False,
) -> FastAPI:
    """The whole app over one open study file.

    Args:
        con: the study file, migrated and open for writing; each request takes its own cursor.
        secret: signs links and sessions; who has it can be anybody.
        stages: what the owner's page shows live; whoever hears of progress updates it.
        ingest_router: routes for batch stages, which guard themselves.
        https_only: send the session cookie over TLS alone.
    """
    link_age = timedelta(days=settings.rating.link_days)
    app = FastAPI(title="warmth-audit", openapi_url=None, docs_url=None, redoc_url=None)
    app.include_router(build_sign_in_router(con, secret, link_age.total_seconds(), clock))
    app.include_router(build_draft_router(con, clock))
    if ingest_router is not None:
        app.include_router(ingest_router)
    serve_assets(app)
    pages = _build_pages(con, settings, secret, stages, clock)
    for page in pages:
        mount_page(app, page)
    app.add_middleware(
        WebGuard,
        mounts={page.path: page.role for page in pages},
        own_routes=frozenset({"/rate/draft"}),
    )
    # added last, so it runs first: the guard reads the session
    app.add_middleware(
        SessionMiddleware,
        secret_key=secret,
        session_cookie=COOKIE,
        max_age=int(link_age.total_seconds()),
        same_site="lax",
        https_only=https_only,
    )
    return app


def _build_pages(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    secret: str,
    stages: StageBoard,
    clock: Callable[[], datetime],
) -> tuple[Page, ...]:
    seats = settings.rating.raters_per_pair
    rating = RatingDesk(con, settings.seed, seats, clock, stages.at_work)
    auditing = AuditDesk(con, settings.seed, clock)
    results = ResultsDesk(con, settings, secret, stages, clock)
    return (
        Page("/rate", "annotator", build_rate_page(rating)),
        Page("/audit", "auditor", build_audit_page(auditing)),
        Page("/owner", "owner", build_results_page(results)),
    )
