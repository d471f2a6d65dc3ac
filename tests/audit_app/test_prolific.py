import contextlib
from collections.abc import Iterator

import pytest
from entry_app import build_entry_app, new_browser
from quick_server import running_app

from audit_app.arrivals import ArrivalChecks
from audit_app.prolific import ProlificDoor, build_prolific_router
from audit_app.raters import list_raters, read_standing, revoke
from audit_app.study_events import record_event
from audit_app.throttle import ArrivalThrottle, SignInThrottle

PID = "5f0a1b2c3d4e5f6a7b8c9d0e"
STUDY = "64aa0000000000000000bbbb"
SESSION = "77cc0000000000000000dddd"


def address(pid=PID, study=STUDY, session=SESSION):
    return f"/prolific?PROLIFIC_PID={pid}&STUDY_ID={study}&SESSION_ID={session}"


def build_router(con, noon, study=STUDY, throttle=None, arrivals=None):
    door = ProlificDoor(
        con,
        study,
        lambda: noon,
        throttle or SignInThrottle(),
        ArrivalChecks(con, arrivals or ArrivalThrottle()),
    )
    return build_prolific_router(door)


@pytest.fixture
def url(con, noon) -> Iterator[str]:
    with running_app(build_entry_app(con, build_router(con, noon))) as url:
        yield url


def test_a_new_id_makes_a_new_annotator_and_leaves_the_address(con, url):
    with new_browser(url) as browser:
        answer = browser.get(address())
        assert (answer.status_code, answer.headers["location"]) == (303, "/start/")
        rater_id = browser.get("/who").json()["annotator"]
    assert read_standing(con, rater_id).rater.role == "annotator"
    assert con.execute(
        "SELECT rater_id, provider, subject, study_ref, session_ref FROM identities"
    ).fetchall() == [(rater_id, "prolific", PID, STUDY, SESSION)]


def test_the_browser_in_which_somebody_began_goes_on(con, url):
    with new_browser(url) as browser:
        browser.get(address())
        before = browser.get("/who").json()
        assert browser.get(address(session="a" * 24)).status_code == 303
        assert browser.get("/who").json() == before
    assert len(list_raters(con)) == 1


@pytest.mark.parametrize("session", [SESSION, "a" * 24])
def test_an_id_in_an_address_is_no_key_to_somebody_elses_work(con, url, session):
    with new_browser(url) as theirs, new_browser(url) as other:
        theirs.get(address())
        refused = other.get(address(session=session))
        assert refused.status_code == 403
        assert "in use in another browser" in refused.text
        assert PID not in refused.text
        assert refused.headers["referrer-policy"] == "no-referrer"
        assert other.get("/who").json() == {}
        # nor with a browser that is signed in as somebody else
        assert other.get(address(pid="b" * 24)).status_code == 303
        own = other.get("/who").json()
        assert other.get(address()).status_code == 403
        assert other.get("/who").json() == own
    assert len(list_raters(con)) == 2


def test_another_person_in_the_same_browser_takes_the_role_over_by_a_button_alone(con, url):
    with new_browser(url) as browser:
        browser.get(address())
        first = browser.get("/who").json()
        asked = browser.get(address(pid="b" * 24))
        assert (asked.status_code, "signed in as somebody else" in asked.text) == (200, True)
        assert browser.get("/who").json() == first
        assert len(list_raters(con)) == 1
        assert browser.post(address(pid="b" * 24)).status_code == 303
        assert browser.get("/who").json() != first
        assert browser.get(address()).status_code == 403
        assert browser.post(address()).status_code == 403


def test_only_so_many_new_people_are_let_in_and_known_ones_always(con, noon):
    router = build_router(con, noon, arrivals=ArrivalThrottle(per_address=2))
    with running_app(build_entry_app(con, router)) as url, contextlib.ExitStack() as browsers:
        people = [browsers.enter_context(new_browser(url)) for _ in range(3)]
        answers = [one.get(address(pid=n * 24)) for one, n in zip(people, "abc", strict=True)]
        assert [answer.status_code for answer in answers] == [303, 303, 429]
        assert (answers[2].headers["retry-after"], len(list_raters(con))) == ("3600", 2)
        assert "More people arrive at this moment" in answers[2].text
        assert people[0].get(address(pid="a" * 24)).status_code == 303


def test_new_people_of_all_addresses_together_are_limited_too(con, noon):
    router = build_router(con, noon, arrivals=ArrivalThrottle(in_all=1))
    with (
        running_app(build_entry_app(con, router)) as url,
        new_browser(url) as one,
        new_browser(url) as other,
    ):
        assert one.get(address()).status_code == 303
        assert other.get(address(pid="b" * 24)).status_code == 429


def test_a_closed_study_takes_nobody_new_and_sends_them_back(con, noon, url):
    with new_browser(url) as known, new_browser(url) as new:
        known.get(address())
        record_event(con, "closed", "olga", "all are in", noon)
        for refused in (new.get(address(pid="b" * 24)), new.post(address(pid="b" * 24))):
            assert refused.status_code == 403
            assert "return your submission on Prolific" in refused.text
        assert known.get(address()).status_code == 303
    assert len(list_raters(con)) == 1


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ("/prolific", "PROLIFIC_PID"),
        (address(pid=""), "PROLIFIC_PID"),
        (address(pid="anna@example.org"), "PROLIFIC_PID"),
        (address(pid="short12"), "PROLIFIC_PID"),
        (address(pid="a" * 65), "PROLIFIC_PID"),
        (address(pid="{{%25PROLIFIC_PID%25}}"), "PROLIFIC_PID"),
        (address(study="<script>"), "STUDY_ID"),
        (address(session="%0A" + SESSION), "SESSION_ID"),
    ],
)
def test_what_prolific_would_not_send_is_refused_and_stores_nothing(con, url, wrong, name):
    with new_browser(url) as browser:
        refused = browser.get(wrong)
        assert refused.status_code == 400
        assert f"{name} is missing in this address or is not Prolific&#x27;s" in refused.text
        assert browser.get("/who").json() == {}
    assert list_raters(con) == []


def test_people_of_another_study_are_sent_back(con, url, noon):
    with new_browser(url) as browser:
        refused = browser.get(address(study="c" * 24))
        assert refused.status_code == 403
        assert "another study on Prolific" in refused.text
    assert list_raters(con) == []
    any_study = build_router(con, noon, study=None)
    with running_app(build_entry_app(con, any_study)) as url, new_browser(url) as browser:
        assert browser.get(address(study="c" * 24)).status_code == 303


def test_a_revoked_person_stays_out_in_their_own_browser_too(con, url, noon):
    with new_browser(url) as browser:
        browser.get(address())
        revoke(con, browser.get("/who").json()["annotator"], "Asked to leave.", "olga", noon)
        refused = browser.get(address())
        assert refused.status_code == 403
        assert "Your access to this study has ended" in refused.text


def test_a_program_that_looks_first_takes_no_ones_place(con, url):
    with new_browser(url) as browser:
        assert browser.head(address()).status_code == 405
    assert list_raters(con) == []


def test_failures_are_limited(con, noon):
    throttle = SignInThrottle(per_address=1)
    router = build_router(con, noon, throttle=throttle)
    with running_app(build_entry_app(con, router)) as url, new_browser(url) as browser:
        assert [browser.get("/prolific").status_code for _ in range(2)] == [400, 429]
        assert browser.get(address()).status_code == 303


def test_the_ids_are_in_no_log(con, url, capfd, caplog):
    with caplog.at_level("DEBUG"), new_browser(url) as browser, new_browser(url) as other:
        browser.get(address())
        other.get(address())
        other.get(address(study="c" * 24))
    # the test's own client logs what it asks for
    ours = [record for record in caplog.records if not record.name.startswith("http")]
    said = "".join(record.getMessage() for record in ours) + "".join(capfd.readouterr())
    assert PID not in said
    assert SESSION not in said
