"""/start/, /guidelines and /finish/ over HTTP: who gets what, in which order, and what is refused."""

import re
from collections.abc import Iterator
from html import escape
from urllib.parse import urlencode

import httpx
import pytest
from entry_app import SECRET, new_browser
from start_app import NOON, RIGHT, WRONG, StartRoom, open_start_room

from audit_app.completion import completion_code
from audit_app.exit_surveys import ExitSurvey, read_survey
from audit_app.onboarding import next_step
from audit_app.pages.welcome import welcome_page
from audit_app.raters import revoke
from audit_app.study_events import record_event

ROUTES = [
    ("GET", "/start/"),
    ("POST", "/start/consent"),
    ("POST", "/start/comprehension"),
    ("GET", "/finish/"),
    ("POST", "/finish/"),
]
SURVEY = {"guess": "longer", "guess_text": "", "comments": "All well."}


@pytest.fixture
def room(con) -> Iterator[StartRoom]:
    with open_start_room(con) as room:
        yield room


@pytest.fixture
def anna(room) -> Iterator[httpx.Client]:
    """A browser signed in as an annotator who has done nothing yet."""
    with new_browser(room.url) as browser:
        browser.get(room.link("anna"))
        yield browser


def step(room, rater_id="anna"):
    return next_step(room.con, rater_id, room.texts.sha256)


def location(answer):
    assert answer.status_code == 303
    return answer.headers["location"]


def alert(answer):
    """The words of the one alert of a page."""
    (told,) = re.findall(r'role="alert".*?</div>', answer.text, re.DOTALL)
    return re.sub(r"<[^>]+>", " ", told)


def n_rows(room, table):
    return room.con.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608


def test_a_rater_is_led_from_consent_to_the_rating_page(room, anna):
    consent = anna.get("/start/")
    assert "<h1>Before you begin</h1>" in consent.text
    assert "mail@example.org" in consent.text
    assert location(anna.post("/start/consent", data={"answer": "agree"})) == "/start/"
    questions = anna.get("/start/").text
    assert "Which reply is warmer?" in questions
    assert questions.count("<fieldset") == 4
    assert " checked" not in questions
    assert location(anna.post("/start/comprehension", data=RIGHT)) == "/start/"
    assert location(anna.get("/start/")) == "/rate/"
    assert step(room) == "practice"


def test_pages_hold_no_script_and_nothing_from_elsewhere(room, anna):
    room.admit("done", done=True)
    pages = [anna.get("/start/"), anna.get("/guidelines")]
    anna.post("/start/consent", data={"answer": "agree"})
    pages.append(anna.get("/start/"))
    anna.post(room.link("done"))
    pages.append(anna.get("/finish/"))
    for page in pages:
        assert page.status_code == 200
        assert "<script" not in page.text
        assert not re.search(r"(?:src|href|action)=\"(?:https?:)?//", page.text)
        assert "script-src 'self'" in page.headers["content-security-policy"]
        assert page.headers["cache-control"] == "no-store"


def test_a_first_failure_explains_and_keeps_what_was_right(room, anna):
    anna.post("/start/consent", data={"answer": "agree"})
    assert location(anna.post("/start/comprehension", data=WRONG)) == "/start/"
    page = anna.get("/start/")
    assert "Not right yet: 1 of 4 answers" in alert(page)
    assert 'href="#q2-1"' in page.text
    apart = room.texts.comprehension[1]
    assert f"You chose: {WRONG['apart']}. {apart.explanation}" in page.text
    assert page.text.count(" checked") == 3
    assert f'value="{escape(WRONG["apart"])}" checked' not in page.text
    # a double click on the button, or a reload of the answer
    anna.post("/start/comprehension", data=WRONG)
    assert step(room) == "comprehension"
    anna.post("/start/comprehension", data=RIGHT)
    assert location(anna.get("/start/")) == "/rate/"


def test_a_second_failure_ends_it_with_the_contact(room, anna):
    anna.post("/start/consent", data={"answer": "agree"})
    anna.post("/start/comprehension", data=WRONG)
    anna.post("/start/comprehension", data=WRONG | {"warmth": "What it states is true"})
    page = anna.get("/start/")
    assert "<h1>You cannot rate in this study</h1>" in page.text
    assert "mail@example.org" in page.text
    assert "Prolific" not in page.text
    assert location(anna.post("/start/comprehension", data=RIGHT)) == "/start/"
    assert location(anna.post("/start/consent", data={"answer": "agree"})) == "/start/"
    assert step(room) == "refused"
    room.from_prolific.add("anna")
    assert "return your submission on Prolific" in anna.get("/start/").text


def test_open_questions_are_named_and_use_up_no_attempt(room, anna):
    anna.post("/start/consent", data={"answer": "agree"})
    some = {name: answer for name, answer in RIGHT.items() if name != "both_wrong"}
    page = anna.post("/start/comprehension", data=some)
    assert page.status_code == 422
    assert "every question needs an answer" in alert(page)
    assert room.texts.comprehension[3].text in alert(page)
    assert page.text.count(" checked") == 3
    assert n_rows(room, "onboarding_steps") == 1
    nonsense = anna.post("/start/comprehension", data=RIGHT | {"warmth": "<b>none</b>"})
    assert nonsense.status_code == 422
    assert "<b>none</b>" not in nonsense.text


def test_who_declines_is_left_alone_and_may_still_agree(room, anna):
    anna.post("/start/consent", data={"answer": "decline"})
    page = anna.get("/start/").text
    assert "<h1>You do not take part</h1>" in page
    assert "Prolific" not in page.split("<details>")[0]
    room.from_prolific.add("anna")
    assert "return your submission on Prolific" in anna.get("/start/").text.split("<details>")[0]
    anna.post("/start/consent", data={"answer": "agree"})
    assert step(room) == "comprehension"


@pytest.mark.parametrize("sent", [{}, {"answer": "perhaps"}])
def test_consent_is_one_of_two_buttons(room, anna, sent):
    page = anna.post("/start/consent", data=sent)
    assert page.status_code == 422
    assert "choose one of the two buttons" in alert(page)
    assert step(room) == "consent"


def test_no_step_can_be_jumped_by_a_direct_call(room, anna):
    assert location(anna.post("/start/comprehension", data=RIGHT)) == "/start/"
    assert location(anna.post("/start/comprehension", data={})) == "/start/"
    assert location(anna.get("/finish/")) == "/start/"
    room.outlooks["anna"] = "done"
    assert location(anna.post("/finish/", data=SURVEY)) == "/start/"
    assert n_rows(room, "onboarding_steps") + n_rows(room, "exit_surveys") == 0


def test_the_end_comes_only_when_the_rating_is_done(room, anna):
    room.admit("anna")
    early = anna.get("/finish/")
    assert early.status_code == 409
    assert 'href="/rate/"' in early.text
    assert anna.post("/finish/", data=SURVEY).status_code == 409
    assert n_rows(room, "exit_surveys") == 0


@pytest.mark.parametrize(
    ("outlook", "status", "heading", "is_over"),
    [
        ("more", 409, "More is being made", False),
        ("place", 409, "Every place is taken at this moment", False),
        ("no_work", 200, "No work is left", True),
        ("closed", 200, "This study has ended", True),
    ],
)
def test_who_has_rated_nothing_gets_no_code_and_is_told_why(
    room, anna, outlook, status, heading, is_over
):
    room.admit("anna")
    room.outlooks["anna"] = outlook
    for answer in (anna.get("/finish/"), anna.post("/finish/", data=SURVEY)):
        assert (answer.status_code, f"<h1>{heading}</h1>" in answer.text) == (status, True)
        assert ('href="/rate/"' in answer.text) == (not is_over)
        assert completion_code(SECRET, "anna", None) not in answer.text
        assert "rolific" not in answer.text
    assert n_rows(room, "exit_surveys") == 0
    room.from_prolific.add("anna")
    told = anna.get("/finish/").text
    assert ("return your submission on Prolific" in told) == is_over
    assert "submissions/complete" not in told


def test_the_code_comes_after_the_survey_and_again_later(room, anna):
    room.admit("anna", done=True)
    code = completion_code(SECRET, "anna", None)
    question = anna.get("/finish/").text
    assert "<h1>One last question</h1>" in question
    assert " checked" not in question
    assert code not in question
    assert location(anna.post("/finish/", data=SURVEY)) == "/finish/"
    for _ in range(2):
        thanks = anna.get("/finish/").text
        assert code in thanks
        assert "prolific" not in thanks.lower()
    assert 'value="longer" checked' in thanks
    assert ">\nAll well.</textarea>" in thanks
    anna.post("/finish/", data=SURVEY | {"guess": "warmer"})
    anna.post("/finish/", data=SURVEY | {"guess": "warmer"})
    assert read_survey(room.con, "anna") == ExitSurvey("warmer", "", "All well.")
    assert n_rows(room, "exit_surveys") == 2


@pytest.mark.parametrize("event", ["paused", "closed"])
def test_the_end_leads_back_to_the_own_ratings_as_long_as_they_can_be_changed(room, anna, event):
    room.admit("anna", done=True)
    question = anna.get("/finish/").text
    anna.post("/finish/", data=SURVEY)
    thanks = anna.get("/finish/").text
    assert all('href="/rate/?mine"' in page for page in (question, thanks))
    record_event(room.con, event, "owner", "lunch", NOON)
    assert "/rate/" not in anna.get("/finish/").text


def test_who_came_from_prolific_is_sent_back_with_the_code(room, anna):
    room.admit("anna", done=True)
    room.from_prolific.add("anna")
    anna.post("/finish/", data=SURVEY)
    code = completion_code(SECRET, "anna", None)
    address = f'href="https://app.prolific.com/submissions/complete?cc={code}"'
    assert address in anna.get("/finish/").text


def test_a_study_may_have_one_code_for_all(con):
    with open_start_room(con, fixed_code="C1A2B3") as room, new_browser(room.url) as browser:
        browser.get(room.link("anna"))
        room.admit("anna", done=True)
        browser.post("/finish/", data=SURVEY)
        assert ">C1A2B3</p>" in browser.get("/finish/").text


def test_the_front_door_names_an_account_only_where_one_leads_in():
    assert "Hugging Face" not in welcome_page({})
    assert '<a href="/oauth/login">' in welcome_page({}, "/oauth/login")
    assert "Hugging Face" not in welcome_page({"owner": "/owner/"}, "/oauth/login")


def test_a_raters_words_are_text_wherever_they_are_shown(room, anna):
    room.admit("anna", done=True)
    words = "</textarea><script>alert(1)</script> \"'&amp;"
    anna.post("/finish/", data={"guess": "other", "guess_text": words, "comments": "\n\nfirst"})
    page = anna.get("/finish/").text
    assert "<script" not in page
    assert escape(words) in page
    assert read_survey(room.con, "anna") == ExitSurvey("other", words, "\n\nfirst")
    refused = anna.post("/finish/", data={"guess": words, "comments": words})
    assert refused.status_code == 422
    assert "<script" not in refused.text


def test_a_survey_that_cannot_be_stored_comes_back_with_what_was_typed(room, anna):
    room.admit("anna", done=True)
    page = anna.post("/finish/", data={"comments": "kept"})
    assert (page.status_code, "choose an answer" in alert(page)) == (422, True)
    assert ">\nkept</textarea>" in page.text
    long = anna.post("/finish/", data=SURVEY | {"comments": "x" * 2001})
    assert "expected at most 2,000 characters, got 2,001" in alert(long)
    anna.post("/finish/", data=SURVEY)
    again = anna.post("/finish/", data=SURVEY | {"comments": "x" * 2001})
    assert "<details open>" in again.text
    assert n_rows(room, "exit_surveys") == 1


def test_a_line_break_counts_as_one_character_as_in_the_browser(room, anna):
    room.admit("anna", done=True)
    # 1,000 letters and 1,000 line breaks, as a browser sends them
    body = urlencode({"guess": "no_idea", "guess_text": "", "comments": "x\r\n" * 1000})
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert anna.post("/finish/", content=body, headers=form).status_code == 303
    assert len(read_survey(room.con, "anna").comments) == 2000


def test_a_form_of_any_length_is_not_read_to_its_end(room, anna):
    room.admit("anna", done=True)
    assert anna.post("/finish/", data=SURVEY | {"x": "y" * 65_536}).status_code == 413
    assert anna.post("/finish/", content=b"\xff\x00%ff&&==").status_code == 422
    assert n_rows(room, "exit_surveys") == 0


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_every_route_asks_who_is_there(room, method, path):
    with new_browser(room.url) as browser:
        nobody = browser.request(method, path, data=SURVEY)
        assert nobody.status_code == 401
        assert "open the link that you were given" in nobody.text
        for role in ("auditor", "owner"):
            browser.get(room.link(f"some-{role}", role))
            assert browser.request(method, path, data=SURVEY).status_code == 403
        browser.get(room.link("anna"))
        room.admit("anna", done=True)
        revoke(room.con, "anna", "she asked for it", "some-owner", NOON)
        gone = browser.request(method, path, data=SURVEY)
        assert (gone.status_code, "has ended" in gone.text) == (403, True)
    assert n_rows(room, "exit_surveys") == 0


@pytest.mark.parametrize("path", ["/start/consent", "/start/comprehension", "/finish/"])
def test_forms_of_other_sites_are_refused(room, anna, path):
    answer = anna.post(path, data={"answer": "agree"}, headers={"origin": "https://evil.example"})
    assert answer.status_code == 403
    assert step(room) == "consent"


def test_the_guidelines_are_for_everybody_in_the_study(room):
    with new_browser(room.url) as browser:
        assert browser.get("/guidelines").status_code == 401
        browser.get(room.link("abel", "auditor"))
        page = browser.get("/guidelines")
        assert (page.status_code, "<h1>Guidelines</h1>" in page.text) == (200, True)
        revoke(room.con, "abel", "he left", "olga", NOON)
        assert browser.get("/guidelines").status_code == 403
        browser.get(room.link("anna"))
        assert browser.get("/guidelines").status_code == 200


def test_a_closed_study_begins_with_nobody_but_thanks_who_is_done(room, anna):
    room.admit("done", done=True)
    record_event(room.con, "closed", "olga", "all are in", NOON)
    assert "<h1>This study has ended</h1>" in anna.get("/start/").text
    anna.post(room.link("done"))
    assert location(anna.get("/start/")) == "/rate/"
    assert anna.get("/finish/").status_code == 200


def test_what_the_study_cannot_store_is_told_on_a_page(room, anna):
    # rows that no code of ours writes: the next number is taken
    room.con.execute("""
        INSERT INTO onboarding_steps (
            rater_id, step, attempt, passed, texts_sha256, answers_json, recorded_at)
        VALUES ('anna', 'consent', 2, true, 'texts of old', '{}', now())
    """)
    page = anna.post("/start/consent", data={"answer": "agree"})
    assert (page.status_code, "<h1>Not saved</h1>" in page.text) == (507, True)
    assert "onboarding_steps" not in page.text
    assert step(room) == "consent"
