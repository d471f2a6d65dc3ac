"""A browser, the study's app and a real provider on loopback; no step is left out."""

import base64
import contextlib
import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from entry_app import build_entry_app, new_browser
from openid_provider import CLIENT_ID, CLIENT_SECRET, OpenIdProvider
from quick_server import running_app

from audit_app.arrivals import ArrivalChecks
from audit_app.oauth import LOGIN, OAuthDoor, OAuthSettings, build_oauth_router
from audit_app.raters import list_raters, revoke
from audit_app.study_events import record_event
from audit_app.throttle import ArrivalThrottle, SignInThrottle


@dataclass(frozen=True)
class Place:
    """The app and its provider."""

    url: str
    provider: OpenIdProvider
    provider_url: str


def build_app(
    con,
    noon,
    provider_url,
    secret=CLIENT_SECRET,
    per_address=20,
    https_only=False,
    arrivals=None,
    clock=None,
):
    settings = OAuthSettings(CLIENT_ID, secret, provider_url)
    throttle = SignInThrottle(per_address)
    checks = ArrivalChecks(con, arrivals or ArrivalThrottle())
    door = OAuthDoor(con, settings, clock or (lambda: noon), throttle, checks, https_only)
    return build_entry_app(con, build_oauth_router(door))


@pytest.fixture
def place(con, noon) -> Iterator[Place]:
    provider = OpenIdProvider()
    with (
        running_app(provider.app()) as provider_url,
        running_app(build_app(con, noon, provider_url)) as url,
    ):
        yield Place(url, provider, provider_url)


def nobodys_address() -> str:
    """Where nothing listens any more."""
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        return f"http://127.0.0.1:{nobody.getsockname()[1]}"


def way_back(browser: httpx.Client) -> str:
    """The address with which the provider sends the browser back."""
    to_provider = browser.get(LOGIN)
    assert to_provider.status_code == 302
    sent_back = httpx.get(to_provider.headers["location"], trust_env=False)
    assert sent_back.status_code == 302, sent_back.text
    return sent_back.headers["location"]


def test_a_new_account_makes_a_new_annotator(con, place):
    with new_browser(place.url) as browser:
        answer = browser.get(way_back(browser))
        assert (answer.status_code, answer.headers["location"]) == (303, "/start/")
        session = browser.get("/who").json()
    # nothing of the way there is left in the session
    assert session == {"annotator": list_raters(con)[0].rater_id}
    rows = con.execute("SELECT rater_id, provider, subject FROM identities").fetchall()
    assert rows == [(session["annotator"], "hugging_face", "account-of-anna")]


def test_only_the_account_is_asked_for_with_state_nonce_and_pkce(place):
    with new_browser(place.url) as browser:
        way_back(browser)
    asked = place.provider.asked[0]
    assert (asked["scope"], asked["response_type"]) == ("openid", "code")
    assert asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"] == f"{place.url}/oauth/callback"
    assert min(len(asked[name]) for name in ("state", "nonce", "code_challenge")) >= 20


def test_a_known_account_comes_back_to_its_own_work_from_any_browser(con, place):
    seen = []
    for account in ("account-of-anna", "account-of-abel", "account-of-anna"):
        place.provider.account = account
        with new_browser(place.url) as browser:
            assert browser.get(way_back(browser)).status_code == 303
            seen.append(browser.get("/who").json()["annotator"])
    assert seen[0] == seen[2] != seen[1]
    assert len(list_raters(con)) == 2


@pytest.mark.parametrize("state", ["", "&state=", "&state=another"])
def test_a_way_back_that_this_browser_did_not_begin_is_refused(con, place, state):
    with new_browser(place.url) as browser, new_browser(place.url) as victim:
        back = way_back(browser)
        code = parse_qs(urlsplit(back).query)["code"][0]
        for refused in (
            victim.get(back),
            browser.get(f"/oauth/callback?code={code}{state}"),
        ):
            assert refused.status_code == 403
            assert "begun in another browser" in refused.text
            assert code not in refused.text
            assert refused.headers["referrer-policy"] == "no-referrer"
    assert list_raters(con) == []


def test_a_way_back_works_once(con, place):
    with new_browser(place.url) as browser:
        back = way_back(browser)
        assert browser.get(back).status_code == 303
        assert "begun in another browser" in browser.get(back).text
        # nor its code with the state of another sign-in
        code = parse_qs(urlsplit(back).query)["code"][0]
        state = parse_qs(urlsplit(way_back(browser)).query)["state"][0]
        refused = browser.get(f"/oauth/callback?code={code}&state={state}")
        assert (refused.status_code, "did not confirm" in refused.text) == (403, True)
    assert len(list_raters(con)) == 1


def test_an_answer_to_another_question_is_refused(con, place):
    place.provider.nonce = "the nonce of another sign-in"
    with new_browser(place.url) as browser:
        refused = browser.get(way_back(browser))
        assert refused.status_code == 403
        assert "did not confirm who you are" in refused.text
        assert browser.get("/who").json() == {}
    assert list_raters(con) == []


def test_without_an_id_token_nobody_comes_in(con, place):
    place.provider.gives_id_tokens = False
    with new_browser(place.url) as browser:
        refused = browser.get(way_back(browser))
        assert (refused.status_code, "did not confirm" in refused.text) == (403, True)
    assert list_raters(con) == []


def test_a_code_that_the_provider_does_not_know_is_refused(con, place):
    with new_browser(place.url) as browser:
        state = parse_qs(urlsplit(way_back(browser)).query)["state"][0]
        refused = browser.get(f"/oauth/callback?code=made-up&state={state}")
        assert (refused.status_code, "did not confirm" in refused.text) == (403, True)
    assert list_raters(con) == []


def test_who_says_no_at_the_provider_is_not_signed_in(con, place):
    with new_browser(place.url) as browser:
        refused = browser.get("/oauth/callback?error=access_denied&error_description=%3Cb%3E")
        assert (refused.status_code, "did not confirm" in refused.text) == (403, True)
        assert "access_denied" not in refused.text
        assert "<b>" not in refused.text


def test_a_revoked_account_stays_out(con, noon, place):
    with new_browser(place.url) as browser:
        browser.get(way_back(browser))
        revoke(con, list_raters(con)[0].rater_id, "Asked to leave.", "olga", noon)
        refused = browser.get(way_back(browser))
        assert refused.status_code == 403
        assert "Your access to this study has ended" in refused.text


def test_a_closed_study_takes_no_new_account_and_lets_known_ones_in(con, noon, place):
    with new_browser(place.url) as known, new_browser(place.url) as new:
        known.get(way_back(known))
        record_event(con, "closed", "olga", "all are in", noon)
        place.provider.account = "account-of-abel"
        refused = new.get(way_back(new))
        assert (refused.status_code, "This study has ended" in refused.text) == (403, True)
        assert new.get("/who").json() == {}
        place.provider.account = "account-of-anna"
        assert known.get(way_back(known)).status_code == 303
    assert len(list_raters(con)) == 1


def test_only_so_many_new_accounts_are_let_in_and_known_ones_always(con, noon, place):
    app = build_app(con, noon, place.provider_url, arrivals=ArrivalThrottle(per_address=1))
    statuses = []
    with running_app(app) as url:
        for account in ("account-of-anna", "account-of-abel", "account-of-anna"):
            place.provider.account = account
            with new_browser(url) as browser:
                statuses.append(browser.get(way_back(browser)).status_code)
    assert statuses == [303, 429, 303]
    assert len(list_raters(con)) == 1


@pytest.mark.parametrize("is_known", [False, True])
def test_another_account_in_the_same_browser_takes_the_role_over_by_a_button_alone(
    con, place, is_known
):
    if is_known:
        place.provider.account = "account-of-abel"
        with new_browser(place.url) as elsewhere:
            elsewhere.get(way_back(elsewhere))
            abel = elsewhere.get("/who").json()
        place.provider.account = "account-of-anna"
    with new_browser(place.url) as browser:
        browser.get(way_back(browser))
        anna = browser.get("/who").json()["annotator"]
        place.provider.account = "account-of-abel"
        asked = browser.get(back := way_back(browser))
        assert (asked.status_code, "signed in as somebody else" in asked.text) == (200, True)
        assert browser.get("/who").json()["annotator"] == anna
        assert len(list_raters(con)) == 1 + is_known
        assert browser.post(back).status_code == 303
        # nothing of the question is left in the session, and the button works once
        now = browser.get("/who").json()
        assert now.keys() == {"annotator"}
        assert now["annotator"] != anna
        assert not is_known or now == abel
        assert "begin again" in browser.post(back).text
    assert len(list_raters(con)) == 2


def test_the_button_works_in_the_browser_that_was_asked_and_for_ten_minutes(con, noon, place):
    late = [noon]
    app = build_app(con, noon, place.provider_url, clock=lambda: late[0])
    with running_app(app) as url, new_browser(url) as browser, new_browser(url) as other:
        browser.get(way_back(browser))
        anna = browser.get("/who").json()
        place.provider.account = "account-of-abel"
        back = way_back(browser)
        assert browser.get(back).status_code == 200
        assert other.post(back).status_code == 403
        late[0] += timedelta(minutes=11)
        assert browser.post(back).status_code == 403
        assert browser.get("/who").json() == anna
    assert len(list_raters(con)) == 1


def test_a_revoked_account_is_not_asked_about(con, noon, place):
    with new_browser(place.url) as browser:
        browser.get(way_back(browser))
        place.provider.account = "account-of-abel"
        with new_browser(place.url) as elsewhere:
            elsewhere.get(way_back(elsewhere))
            revoke(con, elsewhere.get("/who").json()["annotator"], "Asked.", "olga", noon)
        refused = browser.get(way_back(browser))
        assert (refused.status_code, "has ended" in refused.text) == (403, True)


def test_a_wrong_secret_is_told_to_whoever_runs_the_app(con, noon, place, caplog):
    app = build_app(con, noon, place.provider_url, secret="outdated")
    with running_app(app) as url, new_browser(url) as browser:
        refused = browser.get(way_back(browser))
        assert (refused.status_code, "did not confirm" in refused.text) == (403, True)
        assert "outdated" not in refused.text
    assert "invalid_client" in caplog.text


def test_a_provider_that_is_down_is_a_sentence_on_the_way_there(con, noon):
    with running_app(build_app(con, noon, nobodys_address())) as url, new_browser(url) as browser:
        refused = browser.get(LOGIN)
        assert refused.status_code == 502
        assert "Hugging Face cannot be reached from this study" in refused.text


def test_a_provider_that_goes_down_meanwhile_is_a_sentence_on_the_way_back(con, noon):
    provider = OpenIdProvider()
    with contextlib.ExitStack() as provider_runs:
        app = build_app(con, noon, provider_runs.enter_context(running_app(provider.app())))
        with running_app(app) as url, new_browser(url) as browser:
            back = way_back(browser)
            provider_runs.close()
            refused = browser.get(back)
    assert (refused.status_code, "cannot be reached" in refused.text) == (502, True)
    assert list_raters(con) == []


def test_something_else_than_a_provider_is_told_as_such(con, noon):
    other = build_entry_app(con)
    other.get("/.well-known/openid-configuration")(lambda: {"hello": "there"})
    with (
        running_app(other) as somewhere,
        running_app(build_app(con, noon, somewhere)) as url,
        new_browser(url) as browser,
    ):
        assert browser.get(LOGIN).status_code == 502


def test_failures_are_limited(con, noon):
    app = build_app(con, noon, nobodys_address(), per_address=1)
    with running_app(app) as url, new_browser(url) as browser:
        statuses = [browser.get("/oauth/callback?code=c").status_code for _ in range(2)]
    assert statuses == [403, 429]


def test_behind_a_proxy_with_tls_the_way_back_is_https(con, noon, place):
    app = build_app(con, noon, place.provider_url, https_only=True)
    with running_app(app) as url, new_browser(url) as browser:
        asked = parse_qs(urlsplit(browser.get(LOGIN).headers["location"]).query)
    assert asked["redirect_uri"] == [url.replace("http://", "https://") + "/oauth/callback"]


def test_the_secret_is_in_no_cookie_and_no_repr(place):
    with new_browser(place.url) as browser:
        browser.get(LOGIN)
        payload = browser.cookies["session"].split(".")[0]
        session = json.loads(base64.b64decode(payload + "=" * (-len(payload) % 4)))
    assert len(session) == 1
    assert CLIENT_SECRET not in json.dumps(session)
    assert CLIENT_SECRET not in repr(OAuthSettings(CLIENT_ID, CLIENT_SECRET, "https://hf.co"))
