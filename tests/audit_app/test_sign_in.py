from collections.abc import Iterator
from datetime import timedelta

import pytest
from entry_app import SECRET, build_entry_app, new_browser
from quick_server import running_app

from audit_app.links import make_link_token, renew_link
from audit_app.raters import invite, restore, revoke
from audit_app.sign_in import build_sign_in_router, require_role, roles_of, sign_in, signed_in_as
from audit_app.throttle import SignInThrottle
from study.errors import NotAllowed

DAY_S = 24 * 3600.0
WHY = "The owner's reason."


@pytest.fixture
def url(con, noon) -> Iterator[str]:
    router = build_sign_in_router(con, SECRET, DAY_S, lambda: noon, SignInThrottle())
    with running_app(build_entry_app(con, router)) as url:
        yield url


def link(con, now, role, rater_id, once=False):
    invite(con, role, now, rater_id)
    return f"/join/{make_link_token(SECRET, rater_id, role, now, once)}"


def test_one_browser_holds_one_sign_in_per_role():
    session = {"annotator": "anna", "owner": "olga", "auditor": 7}
    assert signed_in_as(session, "annotator") == "anna"
    assert signed_in_as(session, "auditor") is None
    assert roles_of(session) == ("annotator", "owner")


def test_signing_in_clears_all_but_the_sign_ins_for_other_roles(con, noon):
    session = {"annotator": "anna", "owner": "olga", "auditor": 7, "_state_x_y": {"nonce": "n"}}
    sign_in(session, invite(con, "annotator", noon, "abel"))
    assert session == {"annotator": "abel", "owner": "olga"}


def test_a_role_is_looked_up_anew_at_every_call(con, noon):
    invite(con, "annotator", noon, "anna")
    assert require_role(con, "anna", "annotator").rater_id == "anna"
    for rater_id, role in (("anna", "auditor"), ("nobody", "annotator"), (None, "owner")):
        with pytest.raises(NotAllowed, match="link"):
            require_role(con, rater_id, role)


def test_a_revoked_person_is_nobody_until_restored(con, noon):
    invite(con, "annotator", noon, "anna")
    revoke(con, "anna", WHY, "olga", noon)
    with pytest.raises(NotAllowed, match="Your access to this study has ended") as refusal:
        require_role(con, "anna", "annotator")
    assert WHY not in str(refusal.value)
    restore(con, "anna", WHY, "olga", noon)
    assert require_role(con, "anna", "annotator").rater_id == "anna"


@pytest.mark.parametrize(
    ("role", "home"), [("annotator", "/start/"), ("auditor", "/audit/"), ("owner", "/owner/")]
)
def test_a_link_leads_to_where_its_role_begins(con, noon, url, role, home):
    with new_browser(url) as browser:
        answer = browser.get(link(con, noon, role, "anna"))
        assert (answer.status_code, answer.headers["location"]) == (303, home)
        assert browser.get("/who").json() == {role: "anna"}
        assert browser.get("/").headers["location"] == home


def test_a_link_opens_the_same_work_on_any_device(con, noon, url):
    path = link(con, noon, "annotator", "anna")
    for _ in range(3):
        with new_browser(url) as browser:
            assert browser.get(path).status_code == 303
            assert browser.get("/who").json() == {"annotator": "anna"}


def test_another_raters_link_takes_the_role_over_by_a_button_alone(con, noon, url):
    with new_browser(url) as browser:
        browser.get(link(con, noon, "annotator", "anna"))
        browser.get(link(con, noon, "owner", "olga"))
        path = link(con, noon, "annotator", "abel")
        asked = browser.get(path)
        assert (asked.status_code, "signed in as somebody else" in asked.text) == (200, True)
        assert '<form method="post"><button' in asked.text
        assert 'href="/start/"' in asked.text
        assert browser.get("/who").json() == {"annotator": "anna", "owner": "olga"}
        assert browser.post(path).headers["location"] == "/start/"
        assert browser.get("/who").json() == {"annotator": "abel", "owner": "olga"}


def test_a_link_that_works_once_signs_in_one_browser_by_a_button(con, noon, url):
    path = link(con, noon, "owner", "olga", once=True)
    with new_browser(url) as first, new_browser(url) as second:
        assert first.head(path).status_code == 405
        # programs that look at a link use nothing up
        for browser in (second, first):
            asked = browser.get(path)
            assert (asked.status_code, "works once" in asked.text) == (200, True)
            assert browser.get("/who").json() == {}
        assert first.post(path).headers["location"] == "/owner/"
        assert second.post(path).status_code == 403
        refused = second.get(path)
        assert refused.status_code == 403
        assert "has been used; start the study&#x27;s app again" in refused.text
        assert second.get("/who").json() == {}
        assert first.get(path).status_code == 303
        # signed in as another owner is not signed in as this one
        assert second.get(link(con, noon, "owner", "otto")).status_code == 303
        assert (second.get(path).status_code, second.post(path).status_code) == (403, 403)
        assert second.get("/who").json() == {"owner": "otto"}


def test_the_button_of_a_link_works_on_this_site_alone(con, noon, url):
    path = link(con, noon, "owner", "olga", once=True)
    with new_browser(url) as browser:
        forged = browser.post(path, headers={"Origin": "https://evil.example"})
        assert forged.status_code == 403
        # as browsers send it only under a policy that keeps the referrer within the site
        assert browser.get(path).headers["referrer-policy"] == "same-origin"
        assert browser.post(path, headers={"Origin": url}).status_code == 303


def test_a_link_that_was_replaced_opens_nothing_but_its_sessions_go_on(con, noon, url):
    path = link(con, noon, "annotator", "anna")
    with new_browser(url) as hers, new_browser(url) as other:
        hers.get(path)
        token = renew_link(con, SECRET, "anna", "olga", noon + timedelta(minutes=1))
        for refused in (other.get(path), other.post(path)):
            assert (refused.status_code, "replaced by a newer one" in refused.text) == (403, True)
        assert other.get("/who").json() == {}
        assert other.get(f"/join/{token}").status_code == 303
        assert hers.get(path).status_code == 303


def test_a_link_is_not_used_up_by_somebody_who_is_revoked(con, noon, url):
    path = link(con, noon, "auditor", "abel", once=True)
    revoke(con, "abel", WHY, "olga", noon)
    with new_browser(url) as browser:
        refused = browser.get(path)
        assert refused.status_code == 403
        assert "Your access to this study has ended" in refused.text
        restore(con, "abel", WHY, "olga", noon)
        assert "ask the study&#x27;s owner for a new one" in browser.get(path).text
        assert con.execute("SELECT count(*) FROM used_links").fetchone() == (0,)


def test_a_refused_link_says_why_and_goes_nowhere_else(con, noon, url):
    expired = make_link_token(SECRET, "anna", "annotator", noon - timedelta(days=2))
    for token, sentence in (("no-link", "not complete"), (expired, "has expired")):
        with new_browser(url) as browser:
            refused = browser.get(f"/join/{token}")
            assert refused.status_code == 403
            assert sentence in refused.text
            assert token not in refused.text
            assert refused.headers["referrer-policy"] == "no-referrer"
            assert refused.headers["cache-control"] == "no-store"
            assert "set-cookie" not in refused.headers


def test_the_front_door_leads_on_or_says_how_to_come_in(con, noon, url):
    with new_browser(url) as browser:
        assert browser.get("/").status_code == 200
        browser.get(link(con, noon, "annotator", "anna"))
        browser.get(link(con, noon, "owner", "olga"))
        page = browser.get("/").text
        assert 'href="/start/"' in page
        assert 'href="/owner/"' in page
        assert browser.get("/sign-out").status_code == 405
        assert browser.post("/sign-out").headers["location"] == "/"
        assert browser.get("/who").json() == {}


@pytest.mark.parametrize("https_only", [False, True])
def test_the_cookie_is_for_this_site_and_not_for_scripts(con, noon, https_only):
    router = build_sign_in_router(con, SECRET, DAY_S, lambda: noon, SignInThrottle())
    path = link(con, noon, "annotator", "anna")
    with (
        running_app(build_entry_app(con, router, https_only=https_only)) as url,
        new_browser(url) as browser,
    ):
        flags = browser.get(path).headers["set-cookie"].lower().split("; ")
    assert {"httponly", "samesite=lax", "path=/"} <= set(flags)
    assert ("secure" in flags) == https_only
