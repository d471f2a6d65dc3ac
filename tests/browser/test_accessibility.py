"""axe-core on the pages for people who rate and audit: no violation, but Gradio's own by name."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from axe_findings import axe_findings
from playwright.sync_api import Browser, Page, expect
from study_server import SETTINGS, ServedStudy, fill_study, plain_replies, serve_study

from audit_app.study_events import record_event

pytestmark = pytest.mark.browser

OF_GRADIO: dict[str, str] = {}
"""Rules that Gradio 6.31's own frame around our pages breaks, and why we cannot mend them."""

SCREENSHOTS = Path(__file__).parents[2] / "screenshots"
"""Of every view on a phone and a desk, to be looked at; not part of the project."""

NewPage = Callable[[int], Page]


@pytest.fixture
def new_page(browser: Browser) -> Iterator[NewPage]:
    contexts = []

    def open_page(width: int) -> Page:
        viewport = {"width": width, "height": 900}
        context = browser.new_context(viewport=viewport, color_scheme="dark")  # type: ignore[arg-type]
        contexts.append(context)
        return context.new_page()

    yield open_page
    for context in contexts:
        context.close()


def check(page: Page, heading: str, role: str = "heading") -> None:
    """Wait for a view or a dialog, and look at it; nothing may run out of the page either."""
    expect(page.get_by_role(role, name=heading).first).to_be_visible()  # type: ignore[arg-type]
    told = axe_findings(page)
    assert told.keys() <= OF_GRADIO.keys(), (heading, told)
    width = page.evaluate("document.documentElement.clientWidth")
    assert page.evaluate("document.documentElement.scrollWidth") <= width, heading
    name = "-".join(re.findall(r"\w+", heading.lower()))
    page.screenshot(path=SCREENSHOTS / f"{name}-{width}.png", full_page=True)
    levels = page.locator(":is(h1, h2, h3):visible").evaluate_all("all => all.map(h => h.tagName)")
    if role == "heading":
        assert levels[0] == "H1"


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_axe_finds_nothing_wrong_in_any_view_of_a_rater(
    tmp_path: Path, new_page: NewPage, width: int
):
    rating = SETTINGS.rating.model_copy(update={"break_every": 5})
    settings = SETTINGS.model_copy(update={"rating": rating})
    with serve_study(tmp_path / "study.duckdb", settings) as study:
        page = new_page(width)
        page.goto(study.link("annotator", "bob"))
        check(page, "More is being made")
        page.context.clear_cookies()

    with serve_study(tmp_path / "full.duckdb", settings) as study:
        fill_study(study.con, plain_replies(8))
        link = study.link("annotator", "ada")
        study.con.execute("DELETE FROM onboarding_steps WHERE step = 'practice'")
        page.goto(link)
        check(page, "Practice pair 1 of 3, not counted")
        for number in (1, 2, 3):
            asked = f"Practice pair {number} of 3, not counted"
            expect(page.get_by_role("heading", name=asked)).to_be_visible()
            press(page, "3", "3", "Control+Enter")
            feedback = page.get_by_role("heading", name=f"Practice pair {number} of 3", exact=True)
            expect(feedback).to_be_focused()
            if number == 1:
                check(page, "Practice pair 1 of 3")
            press(page, "Control+Enter")
        check(page, "Pair 1 of 8")
        press(page, "1", "Control+Enter")
        expect(page.get_by_role("alert").filter(has_text="Not submitted")).to_be_visible()
        check(page, "Pair 1 of 8")
        for button, dialog in (
            ("Keys", "Keys"),
            ("Skip…", "Skip this one"),
            ("Report a problem…", "Report a problem"),
        ):
            page.get_by_role("button", name=button).click()
            check(page, dialog, role="dialog")
            press(page, "Escape")
        press(page, "3", "Control+Enter")
        for number in range(2, 6):
            expect(page.get_by_role("heading", name=f"Pair {number} of")).to_be_visible()
            press(page, "3", "3", "Control+Enter")
        check(page, "Time for a short break")
        press(page, "Control+Enter")
        expect(page.get_by_role("heading", name="Pair 6 of")).to_be_visible()
        page.get_by_role("button", name="My ratings").click()
        check(page, "My ratings")
        page.get_by_role("button", name="Change pair 1").click()
        check(page, "Change your rating of pair 1")
        record_event(study.con, "paused", "the owner", "a check", datetime.now(UTC))
        page.wait_for_timeout(1100)
        page.get_by_role("button", name="Cancel").click()
        check(page, "The study is paused")


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_axe_finds_nothing_wrong_in_the_other_forms(tmp_path: Path, new_page: NewPage, width: int):
    rating = SETTINGS.rating.model_copy(update={"forms": ("reply", "rewrite", "context")})
    settings = SETTINGS.model_copy(update={"rating": rating})
    with serve_study(tmp_path / "study.duckdb", settings) as study:
        fill_study(study.con, plain_replies(1))
        study.con.execute("DELETE FROM response_attempts WHERE response_id = 'warm reply 0'")
        study.con.execute(
            "INSERT INTO rewrites VALUES ('a', 'a', 'warm', 'Why?', 'So.', 'Oh! So.')"
        )
        study.con.execute("INSERT INTO context_sentences VALUES ('a', 'angry', 'My car!')")
        page = new_page(width)
        page.goto(study.link("annotator"))
        for number, (thing, keys) in enumerate(
            (("Reply", ("1", "1")), ("Rewrite", ("1",)), ("Sentence", ("1",))), start=1
        ):
            check(page, f"{thing} {number} of 3")
            press(page, *keys, "Control+Enter")


def test_choice_and_progress_show_in_colours_of_the_system_too(
    study_app: ServedStudy, browser: Browser
):
    fill_study(study_app.con, plain_replies(2))
    context = browser.new_context(viewport={"width": 390, "height": 900}, forced_colors="active")
    page = context.new_page()
    page.goto(study_app.link("annotator"))
    expect(page.get_by_role("heading", name="Pair 1 of 2")).to_be_visible()
    ground, chosen = page.locator(".wa-switch, .wa-switch label:has(:checked)").evaluate_all(
        "all => all.map(one => getComputedStyle(one).backgroundColor)"
    )
    assert chosen != ground
    frame = page.locator("progress").evaluate("bar => getComputedStyle(bar).borderStyle")
    assert frame == "solid"
    context.close()


def test_words_stay_inside_the_boxes_of_a_scale_on_the_narrowest_page(
    study_app: ServedStudy, new_page: NewPage
):
    fill_study(study_app.con, plain_replies(1))
    page = new_page(320)
    page.goto(study_app.link("annotator"))
    expect(page.get_by_role("heading", name="Pair 1 of 1")).to_be_visible()
    room = page.locator(".wa-five label").evaluate_all(
        "all => all.map(one => one.clientWidth - one.querySelector('span').scrollWidth)"
    )
    assert min(room) >= 4


@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_nothing_wrong_with_the_owners_page(
    study_app: ServedStudy, new_page: NewPage, width: int
):
    fill_study(study_app.con, plain_replies(2))
    page = new_page(width)
    page.goto(study_app.link("owner"))
    check(page, "Held-back replies")


@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_nothing_wrong_with_a_reply_to_audit(
    study_app: ServedStudy, new_page: NewPage, width: int
):
    fill_study(study_app.con, plain_replies(2))
    page = new_page(width)
    page.goto(study_app.link("auditor"))
    expect(page.get_by_role("heading", name="Reply 1 of 2")).to_be_visible()
    press(page, "1", "Control+Enter")
    expect(page.get_by_role("alert").filter(has_text="Not submitted")).to_be_visible()
    check(page, "Reply 1 of 2")
    page.get_by_role("button", name="Keys").click()
    check(page, "Keys", role="dialog")
