"""The rater's page in a real Chromium: keys only, a refresh in the middle, rows in the study."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect
from study_server import ServedStudy, fill_study, plain_replies

pytestmark = pytest.mark.browser

NEWEST_RATINGS = """
    SELECT r.warmer, r.more_accurate, r.reason, r.layout, r.revision
    FROM ratings AS r
    JOIN assignments AS a ON a.token = r.token
    ORDER BY a.position
"""


def open_page(browser: Browser, address: str, width: int = 1280) -> Page:
    page = browser.new_context(viewport={"width": width, "height": 900}).new_page()
    page.goto(address)
    return page


def heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1, name=text)).to_be_visible()


def chosen(page: Page, question: str) -> str:
    return page.evaluate("q => document.querySelector('form').elements[q].value", question)


def test_five_pairs_are_rated_by_keyboard_over_a_refresh(browser: Browser, study_app: ServedStudy):
    fill_study(study_app.con, plain_replies(5))
    page = open_page(browser, study_app.link("annotator"))
    heading(page, "Pair 1 of 5")
    assert chosen(page, "warmer") == chosen(page, "more_accurate") == ""

    page.keyboard.press("1")
    page.keyboard.press("4")
    page.keyboard.press("Control+Enter")
    heading(page, "Pair 2 of 5")
    expect(page.locator(".wa-saved")).to_have_text(re.compile(r"^Saved \d\d:\d\d:\d\d UTC$"))
    expect(page.get_by_role("heading", level=1)).to_be_focused()

    page.keyboard.press("5")
    page.keyboard.press("0")
    expect(page.get_by_text("Draft kept")).to_be_visible()
    page.keyboard.press("Shift+Tab")
    page.keyboard.type("12 words, and ? is only a question mark here")
    expect(page.get_by_text("Draft kept")).to_be_visible()
    sides = [page.locator(f"[data-part={side}]").inner_text() for side in ("left", "right")]
    page.reload()
    heading(page, "Pair 2 of 5")
    assert sides == [page.locator(f"[data-part={s}]").inner_text() for s in ("left", "right")]
    assert (chosen(page, "warmer"), chosen(page, "more_accurate")) == (
        "right_clearly",
        "cannot_judge",
    )
    page.keyboard.press("Control+Enter")

    for number, keys in ((3, "32"), (4, "23"), (5, "41")):
        heading(page, f"Pair {number} of 5")
        for key in keys:
            page.keyboard.press(key)
        page.keyboard.press("Control+Enter")
    heading(page, "Thank you, that was the last pair")
    expect(page.get_by_text("You have rated 5 pairs. Every answer is saved.")).to_be_visible()
    page.context.close()

    typed = "12 words, and ? is only a question mark here"
    assert study_app.rows(NEWEST_RATINGS) == [
        ("left_clearly", "right_slightly", "", "columns", 1),
        ("right_clearly", "cannot_judge", typed, "columns", 1),
        ("equal", "left_slightly", "", "columns", 1),
        ("left_slightly", "equal", "", "columns", 1),
        ("right_slightly", "left_clearly", "", "columns", 1),
    ]


def test_a_submit_without_an_answer_says_which_and_stores_nothing(
    browser: Browser, study_app: ServedStudy
):
    fill_study(study_app.con, plain_replies(1))
    page = open_page(browser, study_app.link("annotator"))
    heading(page, "Pair 1 of 1")
    page.keyboard.press("2")
    page.keyboard.press("Control+Enter")
    expect(
        page.get_by_role("alert").filter(has_text="Which reply is more accurate?")
    ).to_be_visible()
    expect(page.locator("input[name=more_accurate]").first).to_be_focused()
    page.context.close()
    assert study_app.rows("SELECT token FROM ratings") == []


def test_two_clicks_make_one_rating(browser: Browser, study_app: ServedStudy):
    fill_study(study_app.con, plain_replies(1))
    page = open_page(browser, study_app.link("annotator"), width=390)
    page.get_by_label("A clearly").first.check()
    page.get_by_label("I cannot judge this").check()
    page.get_by_role("button", name="Submit and go on").dblclick()
    heading(page, "Thank you, that was the last pair")
    page.context.close()
    assert study_app.rows(NEWEST_RATINGS) == [("left_clearly", "cannot_judge", "", "stacked", 1)]


def test_a_page_opened_too_early_finds_the_first_pair_by_itself(
    browser: Browser, study_app: ServedStudy
):
    page = open_page(browser, study_app.link("annotator"))
    heading(page, "More pairs are being made")
    fill_study(study_app.con, plain_replies(2))
    expect(page.get_by_role("heading", level=1, name="Pair 1 of 2")).to_be_visible(timeout=9000)
    page.context.close()


def test_time_spent_reading_counts_over_a_refresh_and_hidden_time_does_not(
    browser: Browser, study_app: ServedStudy
):
    fill_study(study_app.con, plain_replies(1))
    page = open_page(browser, study_app.link("annotator"))
    heading(page, "Pair 1 of 1")
    page.wait_for_timeout(1500)
    page.reload()
    heading(page, "Pair 1 of 1")
    show_or_hide(page, "hidden")
    page.wait_for_timeout(3000)
    show_or_hide(page, "visible")
    page.keyboard.press("1")
    page.keyboard.press("1")
    page.keyboard.press("Control+Enter")
    heading(page, "Thank you, that was the last pair")
    page.context.close()
    ((seconds,),) = study_app.rows("SELECT seconds FROM ratings")
    assert 1.5 <= seconds < 4.5  # type: ignore[operator]


def show_or_hide(page: Page, state: str) -> None:
    # a headless page is never hidden by itself
    page.evaluate(
        """state => {
            Object.defineProperty(document, "hidden", { get: () => state === "hidden", configurable: true });
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        state,
    )


def test_keys_are_shown_and_off_while_they_are_shown(browser: Browser, study_app: ServedStudy):
    fill_study(study_app.con, plain_replies(1))
    page = open_page(browser, study_app.link("annotator"))
    heading(page, "Pair 1 of 1")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("3")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert chosen(page, "warmer") == ""
    page.context.close()


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_nothing_runs_out_of_the_page(browser: Browser, study_app: ServedStudy, width: int):
    fill_study(study_app.con, plain_replies(1))
    study_app.con.execute("UPDATE responses SET text = repeat('long', 200)")
    page = open_page(browser, study_app.link("annotator"), width=width)
    heading(page, "Pair 1 of 1")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    left, right = (box.bounding_box() for box in page.locator(".wa-reply").all())
    assert left is not None
    assert right is not None
    assert left["width"] == pytest.approx(right["width"], abs=1)
    assert (left["y"] == right["y"]) == (width > 720)
    small = [
        box
        for box in (target.bounding_box() for target in page.locator("label, button").all())
        if box is not None and box["height"] < 24
    ]
    assert small == []
    page.context.close()
