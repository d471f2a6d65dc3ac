"""Every test ends well within the minute that a failure counts."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest
from entry_app import SECRET, build_entry_app, new_browser
from quick_server import running_app

from audit_app.links import make_link_token
from audit_app.raters import invite
from audit_app.sign_in import build_sign_in_router
from audit_app.throttle import SignInThrottle


@pytest.fixture
def browser_of(con, noon) -> Callable[..., object]:
    """A browser at an app whose throttle the test chooses."""

    @contextmanager
    def open_browser(throttle: SignInThrottle) -> Iterator[httpx.Client]:
        router = build_sign_in_router(con, SECRET, 3600.0, lambda: noon, throttle)
        with running_app(build_entry_app(con, router)) as url, new_browser(url) as browser:
            yield browser

    return open_browser


def test_the_twenty_first_failure_of_a_minute_is_told_to_wait(browser_of):
    with browser_of(SignInThrottle()) as browser:
        statuses = [browser.get("/join/wrong").status_code for _ in range(20)]
        assert statuses == [403] * 20
        refused = browser.get("/join/wrong")
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "60")
    assert "too many attempts to sign in; wait a minute" in refused.text
    assert refused.headers["content-type"].startswith("text/html")


def test_failures_of_all_addresses_together_are_limited_too(browser_of):
    with browser_of(SignInThrottle(per_address=20, in_all=3)) as browser:
        statuses = [browser.get("/join/wrong").status_code for _ in range(5)]
    assert statuses == [403, 403, 403, 429, 429]


def test_a_right_link_works_in_the_middle_of_a_flood_and_counts_for_nothing(con, noon, browser_of):
    invite(con, "annotator", noon, "anna")
    path = f"/join/{make_link_token(SECRET, 'anna', 'annotator', noon)}"
    with browser_of(SignInThrottle(per_address=2)) as browser:
        assert {browser.get(path).status_code for _ in range(5)} == {303}
        statuses = [browser.get("/join/wrong").status_code for _ in range(3)]
        assert statuses == [403, 403, 429]
        assert browser.get(path).status_code == 303


def test_two_apps_count_apart(browser_of):
    first, second = SignInThrottle(per_address=1), SignInThrottle(per_address=1)
    with browser_of(first) as one, browser_of(second) as other:
        assert [one.get("/join/wrong").status_code for _ in range(2)] == [403, 429]
        assert other.get("/join/wrong").status_code == 403


def test_an_address_that_the_client_claims_to_have_changes_nothing(browser_of):
    with browser_of(SignInThrottle(per_address=2)) as browser:
        statuses = [
            browser.get("/join/wrong", headers={"X-Forwarded-For": f"192.0.2.{n}"}).status_code
            for n in range(3)
        ]
    assert statuses == [403, 403, 429]
