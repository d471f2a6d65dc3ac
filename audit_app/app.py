"""The web app, put together: ways in, session cookie, guard, one mounted page per role.

One process, one worker: it owns the study file. Everything it needs is handed in; nothing
is kept in globals, so that tests run several apps side by side. What knows an arm reaches what
raters use as a function, and is handed over here alone.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import duckdb
from fastapi import FastAPI
from starlette.middleware.sessions import SessionMiddleware

from audit_app.arrivals import ArrivalChecks
from audit_app.assignment import rater_progress
from audit_app.desk import DeskPlan, RatingDesk
from audit_app.gold import store_gold
from audit_app.holds import hold_back
from audit_app.identities import provider_of
from audit_app.ingest import BIGGEST_CHUNK, IngestDoor, build_ingest_router
from audit_app.oauth import LOGIN, OAuthDoor, OAuthSettings, build_oauth_router
from audit_app.pages.audit import AuditDesk, build_audit_page
from audit_app.pages.downloads import DownloadDesk, build_download_router
from audit_app.pages.frame import Page, mount_page, serve_assets
from audit_app.pages.people import PeopleDesk
from audit_app.pages.rate import build_rate_page, build_rate_routes
from audit_app.pages.results import ResultsDesk, build_results_page
from audit_app.pages.start import StartDesk, build_start_router
from audit_app.prolific import ProlificDoor, build_prolific_router
from audit_app.rater_texts import read_rater_texts
from audit_app.record_door import build_record_router
from audit_app.seating import Seating
from audit_app.sign_in import build_sign_in_router
from audit_app.stages import StageBoard, utc_now
from audit_app.standings import Standings
from audit_app.throttle import ArrivalThrottle, SignInThrottle
from audit_app.turns import RatingPlan
from audit_app.web_guard import Answer, WebGuard
from evaluation.pairs import read_orientations
from study.commits import GroupCommit
from study.database import transaction
from study.settings import RatingSettings, Settings

COOKIE = "warmth_audit_session"


@dataclass(frozen=True)
class AppKeys:
    """What proves who somebody is; never shown."""

    secret: str
    """Signs links, sessions and completion codes; who has it can be anybody."""
    owner_token: str
    """By which batch stages and the command line come in; makes the codes of exports."""


def build_app(
    con: duckdb.DuckDBPyConnection,
    commits: GroupCommit,
    settings: Settings,
    keys: AppKeys,
    stages: StageBoard,
    *,
    clock: Callable[[], datetime] = utc_now,
    https_only: bool = False,
    oauth: OAuthSettings | None = None,
) -> FastAPI:
    """The whole app over one open study file; long, since it is the one list of what hangs together.

    Args:
        con: the study file, migrated and open for writing; each request takes its own cursor.
        commits: the file's group commit, for what raters do.
        stages: what the owner's page shows live; whoever hears of progress updates it.
        https_only: send the session cookie over TLS alone.
        oauth: how the app is known to Hugging Face; None lets nobody in that way.
    Raises:
        BadInput: the study's own texts for raters cannot be used.
    """
    rating = settings.rating
    texts = read_rater_texts(rating.texts, rating.contact, rating.practice_pairs)
    gold_ids = store_gold(con, rating.texts)
    with transaction(con) as cursor:
        hold_back(cursor, clock())
    seating = Seating(_rating_plan(settings, gold_ids), read_orientations)
    commits.on_rollback(seating.forget)
    plan = DeskPlan(settings.seed, rating.break_every)
    standings = Standings(con)
    desk = RatingDesk(con, commits, seating, texts, plan, clock, stages.at_work)
    app = FastAPI(title="warmth-audit", openapi_url=None, docs_url=None, redoc_url=None)
    downloads = DownloadDesk(con, settings, keys.owner_token, clock)
    people = PeopleDesk(
        con,
        standings,
        keys.secret,
        rating.link_days,
        lambda rater_id: rater_progress(con, seating, rater_id, clock()),
        clock,
        https_only,
    )
    results = ResultsDesk(con, standings, settings, stages, people, seating.forget, clock)
    auditing = AuditDesk(con, standings.require, settings.seed, clock)
    pages = (
        Page("/rate", "annotator", build_rate_page(standings, desk)),
        Page("/audit", "auditor", build_audit_page(auditing)),
        Page("/owner", "owner", build_results_page(results)),
    )
    # routes are asked in turn: first those called most, and those below a mount before it
    rate, *others = pages
    mount_page(app, rate)
    app.include_router(build_download_router(downloads))
    for page in others:
        mount_page(app, page)
    _add_ways_in(app, con, rating, keys, clock, https_only, oauth)
    start = StartDesk(
        con,
        texts,
        keys.secret,
        clock,
        desk.outlook,
        rating.completion_code,
        lambda rater_id: provider_of(con, rater_id) == "prolific",
    )
    app.include_router(build_start_router(start))
    ingest = IngestDoor(con, keys.owner_token, stages, clock, seating.forget)
    app.include_router(build_ingest_router(ingest))
    app.include_router(build_record_router(con, keys.owner_token, clock))
    serve_assets(app)
    own_routes = {**build_rate_routes(standings, desk), "/owner/export/": None}
    _add_guards(app, standings, pages, own_routes, rating, keys.secret, https_only)
    return app


def _rating_plan(settings: Settings, gold_ids: frozenset[str]) -> RatingPlan:
    rating = settings.rating
    return RatingPlan(
        seed=settings.seed,
        forms=rating.forms,
        seats=rating.raters_per_pair,
        pairs_per_rater=rating.pairs_per_rater,
        reply_limit=rating.reply_limit,
        rewrite_limit=rating.rewrite_limit,
        repeat_share=rating.repeat_share,
        check_every=rating.check_every,
        lease=timedelta(minutes=rating.lease_minutes),
        gold_ids=gold_ids,
    )


def _add_ways_in(
    app: FastAPI,
    con: duckdb.DuckDBPyConnection,
    rating: RatingSettings,
    keys: AppKeys,
    clock: Callable[[], datetime],
    https_only: bool,
    oauth: OAuthSettings | None,
) -> None:
    throttle = SignInThrottle()
    link_age = timedelta(days=rating.link_days)
    by_account = oauth is not None and "hugging_face" in rating.entries
    login = LOGIN if by_account else None
    app.include_router(
        build_sign_in_router(con, keys.secret, link_age.total_seconds(), clock, throttle, login)
    )
    checks = ArrivalChecks(con, ArrivalThrottle())
    if "prolific" in rating.entries:
        prolific = ProlificDoor(con, rating.prolific_study, clock, throttle, checks)
        app.include_router(build_prolific_router(prolific))
    if oauth is not None and by_account:
        accounts = OAuthDoor(con, oauth, clock, throttle, checks, https_only)
        app.include_router(build_oauth_router(accounts))


def _add_guards(
    app: FastAPI,
    standings: Standings,
    pages: tuple[Page, ...],
    own_routes: Mapping[str, Answer | None],
    rating: RatingSettings,
    secret: str,
    https_only: bool,
) -> None:
    app.add_middleware(
        WebGuard,
        mounts={page.path: page.role for page in pages},
        admit=standings.require,
        own_routes=own_routes,
        body_limits={"/ingest/": BIGGEST_CHUNK},
    )
    # added last, so it runs first: the guard reads the session
    app.add_middleware(
        SessionMiddleware,
        secret_key=secret,
        session_cookie=COOKIE,
        max_age=int(timedelta(days=rating.link_days).total_seconds()),
        same_site="lax",
        https_only=https_only,
    )
