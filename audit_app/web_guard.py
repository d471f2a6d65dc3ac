"""What every request meets before a page does: origin, role, open routes, size, and headers out.

Gradio publishes far more routes than these pages use (uploads, deep links, file and proxy
routes, an OpenAPI schema). Only those named here are open, and only to the role whose page
it is. Origin and size are checked of every request there is, below a mount or not. The
Content-Security-Policy lets no page fetch, post or frame anything from elsewhere.
"""

import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from audit_app.pages.welcome import refused_page
from audit_app.sign_in import signed_in_as
from study.errors import NotAllowed
from study.records import Role

Answer = Callable[[Request], Awaitable[Response]]

# Gradio's templates are compiled in the browser, hence 'unsafe-eval'; its theme sets styles inline
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-eval' 'nonce-{nonce}'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'self'; object-src 'none'; "
    "frame-ancestors 'self'"
)
_FRONTEND_FILES = re.compile(r"/(assets|static)/.+")
# no queue and no heartbeat: events here are not queued, so that no stream exists to overhear
_OPEN_ROUTES = re.compile(
    r"/|/config/?|/theme\.css|/gradio_api/(info/?|app_id/?|startup-events|run/\w+/?)"
)
_EVENTS = "/gradio_api/run/"
_INLINE_SCRIPT = re.compile(rb"<script(?= data-gradio-mode>|>)")
_BIGGEST_BODY = 256 * 1024
_SIGN_IN_FIRST = "This page is for an {role}; open the sign-in link that you were given for it."


class WebGuard:
    """ASGI middleware; `SessionMiddleware` must run before it."""

    def __init__(
        self,
        app: ASGIApp,
        mounts: Mapping[str, Role],
        admit: Callable[[str | None, Role], object],
        own_routes: Mapping[str, Answer | None] = MappingProxyType({}),
        body_limits: Mapping[str, int] | None = None,
    ) -> None:
        """Guard the given mounts, and every route beside them.

        Args:
            mounts: path of each mounted page, without the last slash, and the role it is for.
            admit: raises NotAllowed unless the study knows that rater in that role; asked for
                pages, not for events and own routes, which ask it themselves. Runs on the event
                loop, so it must answer from memory once it knows somebody.
            own_routes: paths below a mount that are this app's own and not Gradio's; one that
                ends in a slash stands for all below it. Where it comes with an answer, that is
                given here at once; the app behind answers the others.
            body_limits: bytes that a body may have below other paths than most.
        """
        self._app = app
        self._mounts = mounts
        self._admit = admit
        self._own_routes = own_routes
        self._body_limits = body_limits or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse the request, or pass it on and put the headers on what comes back."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        nonce = secrets.token_urlsafe(16)
        mount = self._mount_of(scope["path"])
        refusal = self._refusal(scope) or await self._refusal_below(mount, scope)
        if mount is not None and scope["path"] == mount + "/":
            # the page is rewritten on its way out, which compressed bytes do not allow
            del MutableHeaders(scope=scope)["accept-encoding"]
            sender: Send = _PageSender(send, nonce)
        else:
            sender = send
        if refusal is not None and refusal.status_code != 413:
            await _read_to_end(receive)
        response, answer = refusal, self._own_routes.get(scope["path"])
        if response is None and answer is not None:
            response = await answer(Request(scope, receive))
        await (response or self._app)(scope, receive, self._with_headers(sender, scope, nonce))

    def _mount_of(self, path: str) -> str | None:
        return next((mount for mount in self._mounts if path.startswith(mount + "/")), None)

    def _refusal(self, scope: Scope) -> Response | None:
        """What is refused of anybody, anywhere: requests from other sites, bodies without end."""
        headers = Headers(scope=scope)
        if not _from_here(headers):
            return JSONResponse({"detail": "requests from other sites are refused"}, 403)
        path = scope["path"]
        limits = (size for start, size in self._body_limits.items() if path.startswith(start))
        limit = next(limits, _BIGGEST_BODY)
        length = headers.get("content-length", "0")
        is_unstated = "transfer-encoding" in headers
        if is_unstated or not length.isdecimal() or int(length) > limit:
            return JSONResponse({"detail": f"at most {limit} bytes, stated first"}, 413)
        return None

    async def _refusal_below(self, mount: str | None, scope: Scope) -> Response | None:
        """What is refused below a mount: other routes than those that are open, to other roles."""
        if mount is None:
            return None
        path = scope["path"]
        rest = path[len(mount) :]
        if _FRONTEND_FILES.fullmatch(rest):
            return None
        role = self._mounts[mount]
        rater_id = signed_in_as(scope["session"], role)
        if rater_id is None:
            return _refused(_SIGN_IN_FIRST.format(role=role), is_page=rest == "/")
        if self._is_own(path):
            return None
        if not _OPEN_ROUTES.fullmatch(rest):
            return JSONResponse({"detail": "there is no such route"}, 404)
        if not rest.startswith(_EVENTS):
            try:
                self._admit(rater_id, role)
            except NotAllowed as error:
                return _refused(str(error), is_page=rest == "/")
        return None

    def _is_own(self, path: str) -> bool:
        return path in self._own_routes or any(
            path.startswith(route) for route in self._own_routes if route.endswith("/")
        )

    def _with_headers(self, send: Send, scope: Scope, nonce: str) -> Send:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = _POLICY.format(nonce=nonce)
                headers["X-Content-Type-Options"] = "nosniff"
                headers.setdefault("Referrer-Policy", "same-origin")
                if "/assets/" not in scope["path"] and "/static/" not in scope["path"]:
                    headers["Cache-Control"] = "no-store"
            await send(message)

        return send_with_headers


class _PageSender:
    """Holds a page back until it is whole, then gives its inline scripts the nonce.

    Gradio has no setting for the colour scheme of a mounted page but an attribute of its
    element; these pages are drawn for the light one.
    """

    def __init__(self, send: Send, nonce: str) -> None:
        self._send = send
        self._nonce = nonce.encode()
        self._start: Message = {}
        self._body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        self._body += message.get("body", b"")
        if message.get("more_body", False):
            return
        page = _INLINE_SCRIPT.sub(b'<script nonce="' + self._nonce + b'"', self._body)
        page = page.replace(b"<gradio-app", b'<gradio-app theme_mode="light"', 1)
        headers = MutableHeaders(scope=self._start)
        if headers.get("content-length", "0") != "0":
            headers["Content-Length"] = str(len(page))
        await self._send(self._start)
        await self._send({"type": "http.response.body", "body": page})


def _from_here(headers: Headers) -> bool:
    """No Origin is a person following a link, or a program that is no browser."""
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host")


async def _read_to_end(receive: Receive) -> None:
    """A connection closed on an unread body is reset, and the client never sees the answer."""
    n_bytes = 0
    while n_bytes <= _BIGGEST_BODY:
        message = await receive()
        n_bytes += len(message.get("body", b""))
        if not message.get("more_body", False):
            return


def _refused(sentence: str, is_page: bool) -> Response:
    if is_page:
        return HTMLResponse(refused_page(sentence), status_code=401)
    return JSONResponse({"detail": sentence}, 401)
