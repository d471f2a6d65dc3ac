"""Retries: which failures another try may mend, how often it is made, and after what wait."""

from dataclasses import dataclass
from random import Random

import httpx2
import openai

# 424 is what TGI answers when generation failed, as for lack of memory
_PASSING_STATUSES = frozenset({408, 424, 429})
_OWN_STATUSES = frozenset({424, 500})
_FEW_ATTEMPTS = 3


@dataclass(frozen=True)
class RetryPolicy:
    """How often and how fast a request is sent again."""

    attempts: int = 6
    """Of a 424 and of an answer that took too long: three at most."""
    first_delay_s: float = 0.5
    """Doubled after each attempt; the wait is drawn between half of it and all of it."""
    longest_delay_s: float = 8.0

    def delay_s(self, attempt: int, waits: Random) -> float:
        """How long to wait after an attempt, counted from 1."""
        delay_s = self.first_delay_s * 2.0 ** (attempt - 1)
        return float(min(delay_s, self.longest_delay_s) * waits.uniform(0.5, 1))

    def has_another(self, error: Exception, attempt: int) -> bool:
        """Whether a request that failed at this attempt, counted from 1, is sent again."""
        takes_long = is_timeout(error) or _status(error) == 424
        attempts = min(self.attempts, _FEW_ATTEMPTS) if takes_long else self.attempts
        return is_passing(error) and attempt < attempts


def is_passing(error: Exception) -> bool:
    """Whether the same request may succeed later."""
    status = _status(error)
    if status is not None:
        return status in _PASSING_STATUSES or status >= 500
    # what is no chat at all comes from a proxy whose server is away
    return isinstance(error, openai.APIConnectionError | openai.APIResponseValidationError)


def is_overload(error: Exception) -> bool:
    """Whether the server has too many requests at once."""
    return _status(error) == 429


def is_requests_own(error: Exception) -> bool:
    """Whether a failure that stays is the request's, as long as the server is in health."""
    return _status(error) in _OWN_STATUSES


def is_servers_failure(error: Exception) -> bool:
    """Whether the server failed, or something else answered in its place."""
    status = _status(error)
    failed = status is not None and (status >= 500 or status in _OWN_STATUSES)
    return failed or isinstance(error, openai.APIResponseValidationError)


def is_timeout(error: Exception) -> bool:
    """Whether the server took the request and did not answer in time."""
    # openai's aiohttp transport calls every broken connection a connect timeout
    return isinstance(error.__cause__, httpx2.ReadTimeout)


def is_no_answer(error: Exception) -> bool:
    """Whether nobody was there, or the connection broke."""
    return isinstance(error, openai.APIConnectionError) and not is_timeout(error)


def _status(error: Exception) -> int | None:
    return error.status_code if isinstance(error, openai.APIStatusError) else None
