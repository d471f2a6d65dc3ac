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
from authlib.integrations.starlette_client import OAuth, StarletteOAuth2App
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
# no address to send people to is a RuntimeError, no JSON a ValueError
_SILENCE = (httpx2.HTTPError, RuntimeError, ValueError)
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


@dataclass(frozen=True)
class OAuthDoor:
    """How people come in by an account."""

    con: duckdb.DuckDBPyConnection
    settings: OAuthSettings
    clock: Callable[[], datetime]
    throttle: SignInThrottle
    https_only: bool = False
    """The app is behind a proxy that speaks TLS, so that its own address is https although requests
    reach it as http."""

    def register(self) -> StarletteOAuth2App:
        """Make the provider known; nothing is asked of it yet."""
        url = self.settings.provider_url
        provider: StarletteOAuth2App = OAuth().register(
            "hugging_face",
            client_id=self.settings.client_id,
            client_secret=self.settings.client_secret,
            server_metadata_url=url.rstrip("/") + "/.well-known/openid-configuration",
            client_kwargs={
                "scope": "openid",
                "code_challenge_method": "S256",
                "timeout": _TIMEOUT_S,
                "trust_env": not is_loopback(url),
            },
        )
        return provider

    def no_answer(self, request: Request, error: Exception) -> Response:
        """The page for who cannot be sent on, or of whom the provider says nothing."""
        _log.warning("%s does not answer: %r", self.settings.provider_url, error)
        return self.throttle.refuse(request, _NO_ANSWER, 502)

    def not_confirmed(self, request: Request, error: Exception) -> Response:
        """The page for whom the provider does not confirm."""
        # without a code a person said no at the provider, or made the address up
        if "code" in request.query_params:
            _log.warning("%s confirms nobody: %r", self.settings.provider_url, error)
        return self.throttle.refuse(request, _NOT_CONFIRMED)

    def admit(self, subject: str) -> Rater:
        """The annotator with this account; somebody unknown is made one.

        Raises:
            NotAllowed: that annotator's access has ended.
        """
        arrival = receive(self.con, Identity("hugging_face", subject), self.clock())
        return require_role(self.con, arrival.rater_id, "annotator")


def build_oauth_router(door: OAuthDoor) -> APIRouter:
    """Routes to the provider and back."""
    router = APIRouter(prefix="/oauth", include_in_schema=False)
    provider = door.register()

    @router.get("/login")
    async def login(request: Request) -> Response:
        back = request.url_for("finish_login")
        if door.https_only:
            back = back.replace(scheme="https")
        try:
            answer: Response = await provider.authorize_redirect(request, back)
        except _SILENCE as error:
            return door.no_answer(request, error)
        return answer

    @router.get("/callback")
    async def finish_login(request: Request) -> Response:
        try:
            token = await provider.authorize_access_token(request)
            rater = await run_in_threadpool(door.admit, _subject(token))
        except MismatchingStateError:
            return door.throttle.refuse(request, _STALE)
        except (AuthlibBaseError, JoseError) as error:
            return door.not_confirmed(request, error)
        except _SILENCE as error:
            return door.no_answer(request, error)
        except NotAllowed as error:
            return door.throttle.refuse(request, str(error))
        return sign_in(request.session, rater)

    return router


def _subject(token: dict[str, object]) -> str:
    """The account's id out of the checked ID token; without one the nonce was not checked either."""
    claims = token.get("userinfo")
    subject = claims.get("sub") if isinstance(claims, dict) else None
    if not isinstance(subject, str) or not subject:
        raise NotAllowed(_NOT_CONFIRMED)
    return subject
