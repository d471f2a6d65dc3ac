"""How many failed sign-ins the app answers: so many a minute per address, and so many in all.

Only failures count, and only failures are refused: what proves somebody is looked at first, so
that a flood of wrong links keeps nobody out who has a right one. This is what makes a limit
safe behind a proxy, where all of the internet may have one address. X-Forwarded-For, which
anybody can write, is not read here; `serving_app.py` says when the server reads it.

The counts live in memory and follow the machine's clock, which `limits` reads itself.
"""

from fastapi import Request
from fastapi.responses import HTMLResponse
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from audit_app.pages.welcome import refused_page

_TOO_MANY = "There were too many attempts to sign in; wait a minute, then open your own link again."


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
        # the id or token in this page's address must not go along when its style sheet is fetched
        headers = {"Referrer-Policy": "no-referrer"}
        address = "unknown" if request.client is None else request.client.host
        if self._limiter.hit(self._per_address, "address", address) and self._limiter.hit(
            self._in_all, "all"
        ):
            return HTMLResponse(refused_page(sentence), status, headers)
        wait = {"Retry-After": str(self._in_all.get_expiry())}
        return HTMLResponse(refused_page(_TOO_MANY), 429, headers | wait)
