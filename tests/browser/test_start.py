"""The pages before and after rating in a real Chromium: by keyboard alone, at any width, for everybody."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_findings import axe_findings
from new_study import open_new_study
from playwright.sync_api import Browser, Page, expect
from start_app import RIGHT, WRONG, StartRoom, open_start_room

from audit_app.exit_surveys import ExitSurvey, read_survey
from audit_app.onboarding import next_step
from study.database import close

pytestmark = pytest.mark.browser


@pytest.fixture
def room(tmp_path: Path) -> Iterator[StartRoom]:
    file = tmp_path / "study.duckdb"
    con = open_new_study(file)
    with open_start_room(con) as room:
        yield room
    close(con, file)


@pytest.fixture
def new_page(browser: Browser) -> Iterator:
    contexts = []

    def open_page(width: int = 1280) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 900})
        contexts.append(context)
        return context.new_page()

    yield open_page
    for context in contexts:
        context.close()


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until an element has the focus, as somebody without a mouse does."""
    for _ in range(40):
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not lead to {selector}")


def choose(page: Page, number: int, answer: str) -> None:
    """Go to the radios of a question and down to an answer."""
    tab_to(page, f"[id^='q{number}-']")
    focused = "document.activeElement"
    # an arrow key chooses where it goes; Space the one that has the focus
    page.keyboard.press("Space")
    for _ in range(3):
        if page.evaluate(f"{focused}.value") == answer:
            assert page.evaluate(f"{focused}.checked")
            return
        page.keyboard.press("ArrowDown")
    raise AssertionError(f"the arrow keys do not lead to {answer}")


def check_looks(page: Page, width: int) -> None:
    assert axe_findings(page) == {}
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_by_keyboard_alone_from_the_consent_to_the_rating_page(room, new_page):
    page = new_page()
    page.goto(room.link("anna"))
    expect(page.get_by_role("heading", name="Before you begin")).to_be_visible()
    tab_to(page, "[value=agree]")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="Guidelines")).to_be_visible()
    tab_to(page, "button.wa-submit")
    page.keyboard.press("Enter")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("every question needs an answer")
    expect(alert).to_be_focused()
    assert page.title().startswith("Please check: ")

    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#q1-1")).to_be_focused()
    for number, question in enumerate(room.texts.comprehension, start=1):
        choose(page, number, WRONG[question.name])
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(alert).to_contain_text("Not right yet: 1 of 4 answers")
    expect(alert).to_be_focused()
    expect(page.get_by_text(room.texts.comprehension[1].explanation)).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    choose(page, 2, RIGHT["apart"])
    tab_to(page, "button.wa-submit")
    page.keyboard.press("Enter")
    expect(page.get_by_text("rating begins")).to_be_visible()
    assert next_step(room.con, "anna", room.texts.sha256) == "practice"


def test_by_keyboard_alone_from_the_last_question_to_the_code(room, new_page):
    room.admit("anna", done=True)
    page = new_page()
    page.goto(room.link("anna"))
    page.goto(f"{room.url}/finish/")
    tab_to(page, "#guess-1")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.type("Drier")
    page.keyboard.press("Enter")
    page.keyboard.type("at times.")
    tab_to(page, "button.wa-submit")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Thank you, you are done")).to_be_visible()
    assert read_survey(room.con, "anna") == ExitSurvey("cooler", "Drier\nat times.", "")
    tab_to(page, "summary")
    page.keyboard.press("Enter")
    expect(page.get_by_label("In your own words")).to_have_value("Drier\nat times.")


@pytest.mark.parametrize("width", [320, 1280])
def test_axe_finds_nothing_wrong_and_nothing_scrolls_sideways(room, new_page, width):
    page = new_page(width)
    page.goto(room.link("anna"))
    check_looks(page, width)
    page.get_by_role("button", name="I do not take part").click()
    page.get_by_text("If you change your mind").click()
    check_looks(page, width)
    page.get_by_role("button", name="I agree and take part").click()
    expect(page.get_by_role("heading", name="Questions", exact=True)).to_be_visible()
    check_looks(page, width)
    page.get_by_role("button", name="Send answers").click()
    expect(page.get_by_role("alert")).to_be_visible()
    for answer in WRONG.values():
        page.get_by_label(answer, exact=True).check()
    page.get_by_role("button", name="Send answers").click()
    expect(page.get_by_role("alert")).to_contain_text("Not right yet")
    check_looks(page, width)
    page.get_by_label("B is warmer and more accurate").check()
    page.get_by_role("button", name="Send answers").click()
    expect(page.get_by_role("heading", name="You cannot rate in this study")).to_be_visible()
    check_looks(page, width)
    page.goto(f"{room.url}/guidelines")
    check_looks(page, width)


@pytest.mark.parametrize("width", [320, 1280])
def test_the_end_fits_too(room, new_page, width):
    room.admit("anna", done=True)
    room.from_prolific.add("anna")
    page = new_page(width)
    page.goto(room.link("anna"))
    page.goto(f"{room.url}/finish/")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("alert")).to_be_focused()
    check_looks(page, width)
    page.get_by_label("I have no idea").check()
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("link", name="Go back to Prolific")).to_be_visible()
    page.get_by_text("Change your last answers").click()
    check_looks(page, width)
    for radio in page.get_by_role("radio").all():
        box = radio.locator("xpath=..").bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 24


def test_somebody_else_comes_in_by_a_button_that_the_browser_may_press(room, new_page):
    page = new_page(320)
    page.goto(room.link("anna"))
    page.goto(room.link("abel"))
    expect(page.get_by_role("heading", name="Go on as another person?")).to_be_visible()
    assert axe_findings(page) == {}
    page.get_by_role("link", name="Leave it as it is").click()
    page.get_by_role("button", name="I do not take part").click()
    page.goto(room.link("abel"))
    tab_to(page, "button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Before you begin")).to_be_visible()
    assert next_step(room.con, "anna", room.texts.sha256) == "declined"
    assert next_step(room.con, "abel", room.texts.sha256) == "consent"
