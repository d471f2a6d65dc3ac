"""Arrival by a Hugging Face account: OpenID Connect with state, PKCE and nonce, by `authlib`.

The provider vouches for who somebody is, so that people come back to their own work from any
browser. Of what it tells, only the account's id is kept (`identities.py`), and it is taken from
the signed ID token; no name, picture or address is asked for.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import duckdb
import httpx2  # what authlib speaks HTTP with
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.base_client.errors import MismatchingStateError
from authlib.integrations.starlette_client import OAuth
from fastapi import APIRouter, Request
from fastapi.responses import Response
from joserfc.errors import JoseError
from starlette.concurrency import run_in_threadpool

from audit_app.identities import Identity, receive
from audit_app.sign_in import require_role, sign_in
from audit_app.throttle import SignInThrottle
from evaluation.serving.endpoint import is_loopback
from study.errors import NotAllowed
from study.records import Rater

_log = logging.getLogger(__name__)

LOGIN = "/oauth/login"
"""Where somebody without a link begins."""

_TIMEOUT_S = 10.0
_STALE = (
    "This sign-in was begun in another browser, or another one was begun since; go to the front "
    "page of the study and begin again."
)
_NOT_CONFIRMED = (
    "Hugging Face did not confirm who you are, so you are not signed in; go to the front page of "
    "the study to try again."
)
_NO_ANSWER = (
    "Hugging Face cannot be reached from this study at the moment, so you are not signed in; try "
    "again in some minutes."
)


@dataclass(frozen=True)
class OAuthSettings:
    """What a provider gave this app to be known by."""

    client_id: str
    client_secret: str = field(repr=False)
    provider_url: str
    """Where its /.well-known/openid-configuration is."""


def build_oauth_router(
    con: duckdb.DuckDBPyConnection,
    settings: OAuthSettings,
    clock: Callable[[], datetime],
    throttle: SignInThrottle,
    https_only: bool = False,
) -> APIRouter:
    """Routes to the provider and back.

    Args:
        https_only: the app is behind a proxy that speaks TLS, so that its own address is https
            although requests reach it as http.
    """
    router = APIRouter(prefix="/oauth", include_in_schema=False)
    provider = OAuth().register(
        "hugging_face",
        client_id=settings.client_id,
        client_secret=settings.client_secret,
        server_metadata_url=settings.provider_url.rstrip("/") + "/.well-known/openid-configuration",
        client_kwargs={
            "scope": "openid",
            "code_challenge_method": "S256",
            "timeout": _TIMEOUT_S,
            "trust_env": not is_loopback(settings.provider_url),
        },
    )

    @router.get("/login")
    async def login(request: Request) -> Response:
        back = request.url_for("finish_login")
        if https_only:
            back = back.replace(scheme="https")
        try:
            answer: Response = await provider.authorize_redirect(request, back)
        # no address to send people to is a RuntimeError, no JSON a ValueError
        except (httpx2.HTTPError, RuntimeError, ValueError) as error:
            _log.warning("%s sends nobody on: %r", settings.provider_url, error)
            return throttle.refuse(request, _NO_ANSWER, 502)
        return answer

    @router.get("/callback")
    async def finish_login(request: Request) -> Response:
        try:
            token = await provider.authorize_access_token(request)
            rater = await run_in_threadpool(admit, _subject(token))
        except MismatchingStateError:
            return throttle.refuse(request, _STALE)
        except (AuthlibBaseError, JoseError) as error:
            # without a code a person said no at the provider, or made the address up
            if "code" in request.query_params:
                _log.warning("%s confirms nobody: %r", settings.provider_url, error)
            return throttle.refuse(request, _NOT_CONFIRMED)
        except (httpx2.HTTPError, RuntimeError, ValueError) as error:
            _log.warning("%s confirms nobody: %r", settings.provider_url, error)
            return throttle.refuse(request, _NO_ANSWER, 502)
        except NotAllowed as error:
            return throttle.refuse(request, str(error))
        return sign_in(request.session, rater)

    def admit(subject: str) -> Rater:
        arrival = receive(con, Identity("hugging_face", subject), clock())
        return require_role(con, arrival.rater_id, "annotator")

    return router


def _subject(token: dict[str, object]) -> str:
    """The account's id out of the checked ID token; without one the nonce was not checked either."""
    claims = token.get("userinfo")
    subject = claims.get("sub") if isinstance(claims, dict) else None
    if not isinstance(subject, str) or not subject:
        raise NotAllowed(_NOT_CONFIRMED)
    return subject
