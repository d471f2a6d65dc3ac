"""Arrival by a Hugging Face account: OpenID Connect with state, PKCE and nonce, by `authlib`.

The provider vouches for who somebody is, so that people come back to their own work from any
browser. Of what it tells, only the account's id is kept (`identities.py`), and it is taken from
the signed ID token; no name, picture or address is asked for. Who is new meets the checks of
`arrivals.py`. An answer of the provider is good for once: while a person is asked whether to be
signed in instead of somebody else, the session of that browser remembers who was confirmed.
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

from audit_app.arrivals import ArrivalChecks
from audit_app.identities import Identity, find_rater, receive
from audit_app.sign_in import require_role, sign_in
from audit_app.throttle import SignInThrottle
from evaluation.serving.endpoint import is_loopback
from study.errors import NotAllowed

_log = logging.getLogger(__name__)

LOGIN = "/oauth/login"
"""Where somebody without a link begins."""

_TIMEOUT_S = 10.0
_ASKED = "asked_account"
_ASKED_FOR_S = 600.0
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
_NOTHING_TO_DO = "there is nothing more for you to do"
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
    checks: ArrivalChecks
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

    def come(self, request: Request, subject: str, *, is_sure: bool) -> Response:
        """Sign in who has this account, or ask first; somebody unknown is made an annotator.

        Args:
            is_sure: to be signed in instead of whom this browser is signed in as.
        Raises:
            NotAllowed: that annotator's access has ended, or the study takes nobody new.
        """
        identity = Identity("hugging_face", subject)
        known = find_rater(self.con, identity)
        if known is not None:
            require_role(self.con, known, "annotator")
        instead = self.checks.instead_of(request, known, is_sure=is_sure, go_back=_NOTHING_TO_DO)
        if instead is not None:
            if instead.status_code == 200:
                request.session[_ASKED] = [subject, self.clock().timestamp()]
            return instead
        arrival = receive(self.con, identity, self.clock())
        return sign_in(request.session, require_role(self.con, arrival.rater_id, "annotator"))

    def go_on(self, request: Request) -> Response:
        """Sign in whom this browser was asked about, by the button of that page.

        Raises:
            NotAllowed: it was asked about nobody, or too long ago, or as in `come`.
        """
        subject, asked_at = request.session.pop(_ASKED, (None, 0.0))
        if subject is None or self.clock().timestamp() - asked_at > _ASKED_FOR_S:
            raise NotAllowed(_STALE)
        return self.come(request, subject, is_sure=True)


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
            return await run_in_threadpool(door.come, request, _subject(token), is_sure=False)
        except MismatchingStateError:
            return door.throttle.refuse(request, _STALE)
        except (AuthlibBaseError, JoseError) as error:
            return door.not_confirmed(request, error)
        except _SILENCE as error:
            return door.no_answer(request, error)
        except NotAllowed as error:
            return door.throttle.refuse(request, str(error))

    @router.post("/callback")
    def go_on(request: Request) -> Response:
        try:
            return door.go_on(request)
        except NotAllowed as error:
            return door.throttle.refuse(request, str(error))

    return router


def _subject(token: dict[str, object]) -> str:
    """The account's id out of the checked ID token; without one the nonce was not checked either."""
    claims = token.get("userinfo")
    subject = claims.get("sub") if isinstance(claims, dict) else None
    if not isinstance(subject, str) or not subject:
        raise NotAllowed(_NOT_CONFIRMED)
    return subject
