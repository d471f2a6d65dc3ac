"""How many failed sign-ins the app answers and how many new people it lets in, per address and in
all.

Of sign-ins only failures count, and only failures are refused: what proves somebody is looked at
first, so that a flood of wrong links keeps nobody out who has a right one. This is what makes a
limit safe behind a proxy, where all of the internet may have one address. Whom no owner invited is
another matter: ids in an address prove nothing, accounts can be made by the dozen, and each would be
somebody new to the study, so these are limited themselves. X-Forwarded-For, which anybody can write, is not read here; `serving_app.py` says when
the server reads it.

The counts live in memory and follow the machine's clock, which `limits` reads itself.
"""

from fastapi import Request
from fastapi.responses import HTMLResponse
from limits import RateLimitItemPerHour, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from audit_app.pages.welcome import refused_page

_TOO_MANY_NEW = (
    "More people arrive at this moment than this study can take; come back in an hour, from where "
    "you came."
)
_TOO_MANY = "There were too many attempts to sign in; wait a minute, then open your own link again."

# the id or token in a page's address must not go along when its style sheet is fetched
_HEADERS = {"Referrer-Policy": "no-referrer"}


class SignInThrottle:
    """Counts the failures of all ways in; one for the whole app."""

    def __init__(self, per_address: int = 20, in_all: int = 200) -> None:
        """Start with nothing counted.

        Args:
            per_address: failures a minute that one client address may have.
            in_all: failures a minute of all addresses together.
        """
        self._per_address = RateLimitItemPerMinute(per_address)
        self._in_all = RateLimitItemPerMinute(in_all)
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def refuse(self, request: Request, sentence: str, status: int = 403) -> HTMLResponse:
        """The page for a failed sign-in: why it failed, or that there were too many."""
        if self._limiter.hit(self._per_address, "address", _address(request)) and self._limiter.hit(
            self._in_all, "all"
        ):
            return HTMLResponse(refused_page(sentence), status, _HEADERS)
        return _wait(_TOO_MANY, self._in_all.get_expiry())


class ArrivalThrottle:
    """Counts people who are new to the study and were not invited; one for the whole app."""

    def __init__(self, per_address: int = 60, in_all: int = 600) -> None:
        """Start with nobody counted.

        Args:
            per_address: people an hour who may come from one client address.
            in_all: people an hour who may come from all addresses together.
        """
        self._per_address = RateLimitItemPerHour(per_address)
        self._in_all = RateLimitItemPerHour(in_all)
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def refusal(self, request: Request) -> HTMLResponse | None:
        """Count somebody new; None lets them in, a page tells them to come later."""
        if self._limiter.hit(self._per_address, "address", _address(request)) and self._limiter.hit(
            self._in_all, "all"
        ):
            return None
        return _wait(_TOO_MANY_NEW, self._in_all.get_expiry())


def _address(request: Request) -> str:
    return "unknown" if request.client is None else request.client.host


def _wait(sentence: str, seconds: int) -> HTMLResponse:
    headers = {**_HEADERS, "Retry-After": str(seconds)}
    return HTMLResponse(refused_page(sentence), 429, headers)
