"""A small app of a few routers behind the real session cookie and guard, on loopback."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import duckdb
import httpx
from fastapi import APIRouter, FastAPI, Request
from starlette.middleware.sessions import SessionMiddleware

from audit_app.sign_in import require_role
from audit_app.web_guard import WebGuard
from study.records import Role

SECRET = "a secret of the tests"


def build_entry_app(
    con: duckdb.DuckDBPyConnection,
    *routers: APIRouter,
    mounts: Mapping[str, Role] | None = None,
    https_only: bool = False,
    **guard: Any,
) -> FastAPI:
    """Routers as the real app has them, and /who, which says what the session holds."""
    app = FastAPI(openapi_url=None)
    for router in routers:
        app.include_router(router)

    @app.get("/who")
    def who(request: Request) -> dict[str, Any]:
        return dict(request.session)

    admit = partial(require_role, con)
    app.add_middleware(WebGuard, mounts=mounts or {}, admit=admit, **guard)
    app.add_middleware(SessionMiddleware, secret_key=SECRET, same_site="lax", https_only=https_only)
    return app


def new_browser(url: str) -> httpx.Client:
    """Something with cookies of its own that follows no redirect."""
    # certificates, of which nothing on loopback has any, take 35 ms to read
    return httpx.Client(base_url=url, trust_env=False, verify=False)
