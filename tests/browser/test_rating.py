"""The rater's page in a real Chromium: keys only, a refresh in the middle, rows in the study."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect
from study_server import (
    OWNER_TOKEN,
    SETTINGS,
    ServedStudy,
    fill_study,
    plain_replies,
    serve_study,
)

from audit_app.forms import question_order
from audit_app.study_events import record_event
from evaluation.statistics.results import compute_results
from study.progress import StageProgress

pytestmark = pytest.mark.browser

NEWEST_RATINGS = """
    SELECT r.warmer, r.more_accurate, r.both_bad, r.reason, r.layout, r.revision
    FROM ratings AS r
    JOIN assignments AS a ON a.token = r.token
    ORDER BY a.position, r.revision
"""
RATINGS_OF_FORMS = """
    SELECT correct, adopts, facts_kept, expresses, layout
    FROM ratings
    ORDER BY rated_at
"""
PAIRS = "SELECT pair_id, prompt_id, first_response_id, second_response_id FROM pairs"
SCALE = ("left_clearly", "left_slightly", "equal", "right_slightly", "right_clearly")

OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    contexts = []

    def open_one(address: str, width: int = 1280, *, frozen: bool = False) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 900})
        contexts.append(context)
        page = context.new_page()
        if frozen:
            page.clock.install()
        page.goto(address)
        return page

    yield open_one
    for context in contexts:
        context.close()


def serve_rating(tmp_path: Path, **rating: Any):
    """A study whose app has some rating settings of its own."""
    changed = SETTINGS.rating.model_copy(update=rating)
    settings = SETTINGS.model_copy(update={"rating": changed})
    return serve_study(tmp_path / "study.duckdb", settings)


def heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1, name=text)).to_be_visible()


def chosen(page: Page, question: str) -> str:
    return page.evaluate("q => document.querySelector('form').elements[q].value", question)


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def rate(page: Page, first: str = "3", second: str = "3") -> None:
    """Answer the two questions of a pair by their keys, and submit."""
    press(page, first, second, "Control+Enter")


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name)


def order_of(page: Page) -> list[str]:
    fields = page.locator("fieldset[data-question]").all()
    return [field.get_attribute("data-question") or "" for field in fields]


def kept(page: Page) -> None:
    expect(page.get_by_text("Draft kept")).to_be_visible()


def test_warmth_pairs_are_rated_among_the_others_and_counted_apart(
    tmp_path: Path, open_page: OpenPage
):
    with serve_rating(tmp_path, repeat_share=0) as study:
        fill_study(study.con, plain_replies(4))
        asked = study.rows(
            "SELECT text FROM prompts WHERE item_id IN (SELECT item_id FROM items ORDER BY item_id LIMIT 2)"
        )
        study.con.execute("""
            UPDATE items SET task = 'warmth', answer_kind = 'ungraded'
            WHERE item_id IN (SELECT item_id FROM items ORDER BY item_id LIMIT 2)""")
        page = open_page(study.link("annotator", "ada"))
        met = []
        for number in range(1, 5):
            heading(page, f"Pair {number} of 4")
            met.append(page.locator("main").inner_text())
            assert "warmth" not in page.url
            # what is asked of a pair does not tell of which kind it is
            assert order_of(page) == [
                n for n in question_order("pair", "ada", 7) if n != "both_bad"
            ]
            rate(page, "1", "1")
        page.wait_for_url("**/finish/")
        assert all(any(text in shown for shown in met) for (text,) in asked)
        results = compute_results(study.con, seed=7)
        kinds = (results.preferences, results.warmth_pairs)
        assert [[one.n_pairs for one in of_kind] for of_kind in kinds] == [[2], [2]]
        assert [[one.n_ratings for one in of_kind] for of_kind in kinds] == [[2], [2]]
        assert results.n_warmth_replies == 4


def test_ten_pairs_are_rated_by_keyboard_over_a_refresh(tmp_path: Path, open_page: OpenPage):
    with serve_rating(tmp_path, repeat_share=0) as study:
        fill_study(study.con, plain_replies(10))
        page = open_page(study.link("annotator", "ada"))
        heading(page, "Pair 1 of 10")
        order = order_of(page)
        assert order == [n for n in question_order("pair", "ada", 7) if n != "both_bad"]
        assert chosen(page, "warmer") == chosen(page, "more_accurate") == ""
        rate(page, "1", "4")
        heading(page, "Pair 2 of 10")
        expect(page.locator(".wa-saved")).to_have_text(re.compile(r"^Saved \d\d:\d\d:\d\d$"))
        expect(page.get_by_role("status").filter(has_text="Saved. Pair 2 of 10.")).to_have_count(1)
        expect(page.get_by_role("heading", level=1)).to_be_focused()
        assert order_of(page) == order

        press(page, "5", "2", "Shift+Tab")
        page.keyboard.type("12 words, and ?sug are only letters here")
        press(page, "Shift+Tab", "Space")
        kept(page)
        sides = [page.locator(f"[data-text={side}]").inner_text() for side in ("left", "right")]
        page.reload()
        heading(page, "Pair 2 of 10")
        assert sides == [page.locator(f"[data-text={s}]").inner_text() for s in ("left", "right")]
        assert [chosen(page, name) for name in order] == ["right_clearly", "left_slightly"]
        press(page, "Control+Enter")
        for number in range(3, 11):
            heading(page, f"Pair {number} of 10")
            rate(page, "1", str(number // 2))
        page.wait_for_url("**/finish/")

        rows = study.rows(NEWEST_RATINGS)
        answers = [dict(zip(("warmer", "more_accurate"), row[:2], strict=True)) for row in rows]
        given = [[SCALE.index(answer[name]) + 1 for name in order] for answer in answers]
        assert given == [[1, 4], [5, 2], *([1, number // 2] for number in range(3, 11))]
        typed = "12 words, and ?sug are only letters here"
        assert [row[2:] for row in rows] == [
            (number == 1, typed if number == 1 else "", "columns", 1) for number in range(10)
        ]


def test_a_submit_without_an_answer_says_which_and_stores_nothing(
    study_app: ServedStudy, open_page: OpenPage
):
    fill_study(study_app.con, plain_replies(1))
    page = open_page(study_app.link("annotator"))
    heading(page, "Pair 1 of 1")
    press(page, "2", "Control+Enter")
    last = page.locator("fieldset[data-question]").nth(1)
    legend = last.locator("legend").inner_text()
    expect(page.get_by_role("alert").filter(has_text=legend)).to_be_visible()
    expect(last.locator("input").first).to_be_focused()
    press(page, "ArrowRight")
    expect(last.locator("input").nth(1)).to_be_checked()
    assert study_app.rows("SELECT token FROM ratings") == []


def test_two_clicks_and_a_lost_answer_make_one_rating(study_app: ServedStudy, open_page: OpenPage):
    fill_study(study_app.con, plain_replies(2))
    page = open_page(study_app.link("annotator"), width=390, frozen=True)
    heading(page, "Pair 1 of 2")
    page.get_by_label("A clearly").first.check()
    page.get_by_label("I cannot judge this").check()
    page.get_by_label("A clearly").nth(1).check()
    page.get_by_label("Both replies are bad").check()
    if order_of(page)[0] == "more_accurate":
        page.get_by_label("I cannot judge this").check()
    button(page, "Submit and go on").dblclick()
    heading(page, "Pair 2 of 2")

    def lose(route: Route) -> None:
        # the answer never comes; one that broke off would let Gradio reload the page as it likes
        route.fetch()

    page.route("**/gradio_api/run/**", lose)
    rate(page)
    page.wait_for_timeout(300)
    page.clock.fast_forward(15_000)
    alert = page.get_by_role("alert").filter(has_text="the server did not answer")
    expect(alert).to_be_visible()
    page.unroute("**/gradio_api/run/**")
    press(page, "Control+Enter")
    page.wait_for_url("**/finish/")
    rows = study_app.rows(NEWEST_RATINGS)
    assert [(row[2], *row[4:]) for row in rows] == [(True, "stacked", 1), (False, "stacked", 1)]


def test_undo_and_change_add_a_revision_and_cancel_none(
    study_app: ServedStudy, open_page: OpenPage
):
    fill_study(study_app.con, plain_replies(3))
    page = open_page(study_app.link("annotator"))
    heading(page, "Pair 1 of 3")
    expect(button(page, "Undo")).to_be_hidden()
    rate(page, "1", "1")
    heading(page, "Pair 2 of 3")
    press(page, "5", "u")
    heading(page, "Change your rating of pair 1")
    expect(button(page, "Skip…")).to_be_hidden()
    assert chosen(page, "warmer") == chosen(page, "more_accurate") == "left_clearly"
    page.get_by_label("A slightly").first.check()
    page.get_by_label("A slightly").last.check()
    button(page, "Save the change").click()
    heading(page, "Pair 2 of 3")
    expect(page.locator(".wa-saved")).to_have_text(re.compile(r"^Your change is saved\. Saved "))
    expect(page.locator("fieldset[data-question] input:checked")).to_have_value("right_clearly")
    press(page, "4", "Control+Enter")

    heading(page, "Pair 3 of 3")
    button(page, "My ratings").click()
    heading(page, "My ratings")
    mine = page.locator(".wa-mine li")
    expect(mine).to_have_count(2)
    expect(mine.last).to_contain_text("A slightly")
    button(page, "Change pair 2").click()
    heading(page, "Change your rating of pair 2")
    page.get_by_label("A clearly").first.check()
    kept(page)
    button(page, "Cancel").click()
    heading(page, "Pair 3 of 3")
    press(page, "u")
    heading(page, "Change your rating of pair 2")
    given = [chosen(page, question) for question in order_of(page)]
    assert given == ["right_clearly", "right_slightly"]
    assert [(set(row[:2]), row[5]) for row in study_app.rows(NEWEST_RATINGS)] == [
        ({"left_clearly"}, 1),
        ({"left_slightly"}, 2),
        ({"right_clearly", "right_slightly"}, 1),
    ]


def test_who_is_done_can_change_the_last_rating_and_comes_back_to_the_same_code(
    study_app: ServedStudy, open_page: OpenPage
):
    fill_study(study_app.con, plain_replies(1))
    page = open_page(study_app.link("annotator"))
    heading(page, "Pair 1 of 1")
    rate(page, "1", "1")
    heading(page, "One last question")
    own_ratings = page.get_by_role("link", name="Look at your ratings")
    own_ratings.click()
    heading(page, "My ratings")
    button(page, "Back").click()
    heading(page, "One last question")
    page.get_by_label("I have no idea").check()
    button(page, "Send").click()
    code = page.locator(".wa-code").inner_text()

    own_ratings.click()
    heading(page, "My ratings")
    button(page, "Change pair 1").click()
    heading(page, "Change your rating of pair 1")
    page.get_by_label("B clearly").first.check()
    page.get_by_label("B clearly").last.check()
    button(page, "Save the change").click()
    heading(page, "Thank you, you are done")
    assert page.locator(".wa-code").inner_text() == code
    assert [(set(row[:2]), row[5]) for row in study_app.rows(NEWEST_RATINGS)] == [
        ({"left_clearly"}, 1),
        ({"right_clearly"}, 2),
    ]

    record_event(study_app.con, "closed", "the owner", "all done", datetime.now(UTC))
    page.reload()
    expect(page.locator(".wa-code")).to_have_text(code)
    expect(own_ratings).to_have_count(0)
    page.wait_for_timeout(1100)  # the app looks once a second
    page.goto(f"{study_app.url}/rate/?mine")
    heading(page, "Thank you, you are done")


def test_who_waits_for_more_can_change_what_is_rated(study_app: ServedStudy, open_page: OpenPage):
    fill_study(study_app.con, plain_replies(1))
    study_app.stages.update(StageProgress("generate", "running", 1, 9))
    page = open_page(study_app.link("annotator"))
    heading(page, "Pair 1 of 1")
    rate(page)
    heading(page, "More is being made")
    button(page, "My ratings").click()
    heading(page, "My ratings")
    button(page, "Back").click()
    heading(page, "More is being made")
    press(page, "u")
    heading(page, "Change your rating of pair 1")
    button(page, "Cancel").click()
    heading(page, "More is being made")


def keys_help(page: Page) -> None:
    """The help and the guidelines come by their keys, and the help goes again."""
    press(page, "?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    press(page, "Escape")
    with page.context.expect_page() as guidelines:
        press(page, "g")
    guidelines.value.close()


def test_help_and_guidelines_come_by_their_keys_in_every_view(tmp_path: Path, open_page: OpenPage):
    with serve_rating(tmp_path, break_every=5) as study:
        fill_study(study.con, plain_replies(7))
        link = study.link("annotator", "ada")
        study.con.execute("DELETE FROM onboarding_steps WHERE step = 'practice'")
        page = open_page(link)
        for number in (1, 2, 3):
            heading(page, f"Practice pair {number} of 3, not counted")
            expect(button(page, "My ratings")).to_be_hidden()
            rate(page)
            expect(button(page, "Submit and go on")).to_be_hidden()
            keys_help(page)
            press(page, "Control+Enter")
        for number in range(1, 6):
            heading(page, f"Pair {number} of ")
            rate(page)
        heading(page, "Time for a short break")
        keys_help(page)
        press(page, "u")
        heading(page, "Change your rating of pair 5")
        button(page, "My ratings").click()
        heading(page, "My ratings")
        keys_help(page)
        press(page, "s")
        expect(page.get_by_role("dialog")).to_have_count(0)
        record_event(study.con, "paused", "the owner", "lunch", datetime.now(UTC))
        page.wait_for_timeout(1100)
        button(page, "Back").click()
        heading(page, "The study is paused")
        keys_help(page)


def test_a_skipped_pair_comes_back_and_a_report_keeps_the_answers(
    study_app: ServedStudy, open_page: OpenPage
):
    fill_study(study_app.con, plain_replies(2))
    page = open_page(study_app.link("annotator"))
    heading(page, "Pair 1 of 2")
    skipped = page.locator("[data-text=prompt]").first.inner_text()
    press(page, "s")
    dialog = page.get_by_role("dialog", name="Skip this one")
    dialog.get_by_role("button", name="Skip it").click()
    expect(dialog.get_by_role("alert")).to_have_text("Not sent: choose a reason.")
    press(page, "Space", "ArrowDown", "Enter")
    expect(page.locator(".wa-saved")).to_have_text("Skipped. It comes back once, later.")
    assert page.locator("[data-text=prompt]").first.inner_text() != skipped

    press(page, "2")
    button(page, "Report a problem…").click()
    report = page.get_by_role("dialog", name="Report a problem")
    report.get_by_label("A text is broken").check()
    report.get_by_label("In your own words").fill("The reply stops.")
    report.get_by_role("button", name="Send the report").click()
    expect(page.locator(".wa-saved")).to_contain_text("your report is stored")
    expect(button(page, "Report a problem…")).to_be_focused()
    expect(page.locator("fieldset[data-question] input:checked")).to_have_value("left_slightly")
    press(page, "3", "Control+Enter")
    expect(page.locator("[data-text=prompt]").first).to_have_text(skipped)
    assert study_app.rows("SELECT kind, reason, text FROM remarks ORDER BY remarked_at") == [
        ("skip", "distressing", ""),
        ("problem", "text", "The reply stops."),
    ]


def test_single_keys_can_be_switched_off_and_are_off_in_dialogs(
    study_app: ServedStudy, open_page: OpenPage
):
    fill_study(study_app.con, plain_replies(1))
    page = open_page(study_app.link("annotator"))
    heading(page, "Pair 1 of 1")
    page.evaluate("window.history.pushState({}, '', '?here')")
    press(page, "Backspace", "?")
    assert page.url.endswith("?here")
    shown = page.get_by_role("dialog", name="Keys")
    expect(shown.get_by_role("heading")).to_be_focused()
    press(page, "3", "s")
    expect(button(page, "Skip…")).to_have_attribute("aria-keyshortcuts", "s")
    page.get_by_label("Single-key shortcuts").uncheck()
    press(page, "Escape", "3", "?", "s")
    page.reload()
    heading(page, "Pair 1 of 1")
    press(page, "3", "?", "s")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("fieldset[data-question] input:checked")).to_have_count(0)
    assert page.locator("form[data-card] [aria-keyshortcuts]").all_inner_texts() == [
        "Submit and go on"
    ]
    button(page, "Keys").click()
    page.get_by_label("Single-key shortcuts").check()
    button(page, "Close").click()
    press(page, "3")
    expect(page.locator("fieldset[data-question] input:checked")).to_have_value("equal")
    with page.context.expect_page() as guidelines:
        press(page, "g")
    assert guidelines.value.url.endswith("/guidelines")


def show_or_hide(page: Page, state: str) -> None:
    # a headless page is never hidden by itself
    page.evaluate(
        """state => {
            Object.defineProperty(document, "hidden", { get: () => state === "hidden", configurable: true });
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        state,
    )


def test_hidden_and_idle_time_do_not_count_and_a_refresh_loses_none(
    study_app: ServedStudy, open_page: OpenPage
):
    fill_study(study_app.con, plain_replies(1))
    page = open_page(study_app.link("annotator"), frozen=True)
    heading(page, "Pair 1 of 1")
    page.clock.fast_forward(20_000)  # counts: 20
    page.reload()
    heading(page, "Pair 1 of 1")
    page.clock.fast_forward(10_000)  # counts: 30
    show_or_hide(page, "hidden")
    page.clock.fast_forward(500_000)
    show_or_hide(page, "visible")
    page.clock.fast_forward(400_000)  # counts for a minute: 90
    page.mouse.wheel(0, 10)
    page.wait_for_timeout(100)
    page.clock.fast_forward(5_000)  # counts: 95
    # what is sent: the study keeps no more than has passed by its own clock, which runs on
    with page.expect_request(lambda request: '"rate"' in (request.post_data or "")) as sent:
        rate(page)
    page.wait_for_url("**/finish/")
    assert 95 <= sent.value.post_data_json["event_data"]["seconds"] < 100


def leave(page: Page) -> None:
    """Put a page away as who closes a laptop does, then close it."""
    show_or_hide(page, "hidden")
    page.goto("about:blank")
    page.wait_for_timeout(700)  # what it sent while it went is stored by then


def test_a_page_left_open_elsewhere_takes_nothing_from_what_was_chosen_since(
    study_app: ServedStudy, open_page: OpenPage
):
    fill_study(study_app.con, plain_replies(2))
    laptop, phone = (open_page(study_app.link("annotator", "ada"), width=w) for w in (1280, 390))
    for page in (laptop, phone):
        heading(page, "Pair 1 of 2")
    phone.get_by_label("A clearly").first.check()
    phone.get_by_label("Reason").fill("Long words")
    kept(phone)
    first = order_of(phone)[0]
    leave(laptop)
    phone.reload()
    heading(phone, "Pair 1 of 2")
    assert chosen(phone, first) == "left_clearly"
    expect(phone.get_by_label("Reason")).to_have_value("Long words")

    # a page that was touched has nothing to say either, once that is kept
    phone.get_by_label("Reason").fill("Longer words")
    kept(phone)
    laptop.goto(f"{study_app.url}/rate/")
    heading(laptop, "Pair 1 of 2")
    expect(laptop.get_by_label("Reason")).to_have_value("Longer words")
    laptop.get_by_label("B clearly").first.check()
    kept(laptop)
    leave(phone)
    third = open_page(study_app.link("annotator", "ada"))
    heading(third, "Pair 1 of 2")
    assert chosen(third, first) == "right_clearly"


def test_a_draft_that_was_not_kept_is_sent_again_and_holds_nobody_up(
    study_app: ServedStudy, open_page: OpenPage
):
    fill_study(study_app.con, plain_replies(1))
    page = open_page(study_app.link("annotator"), frozen=True)
    heading(page, "Pair 1 of 1")
    page.route("**/rate/draft", lambda route: route.abort())
    page.get_by_label("Reason").fill("Half of a thought")
    expect(page.get_by_text("Draft not kept")).to_be_visible()
    page.unroute("**/rate/draft")
    page.clock.run_for(15_000)
    kept(page)
    page.reload()
    expect(page.get_by_label("Reason")).to_have_value("Half of a thought")

    page.route("**/rate/draft", lambda route: None)  # never answered
    page.get_by_label("Reason").fill("A thought")
    button(page, "My ratings").click()
    heading(page, "My ratings")


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_nothing_runs_out_of_the_page(study_app: ServedStudy, open_page: OpenPage, width: int):
    fill_study(study_app.con, plain_replies(2))
    study_app.con.execute("UPDATE response_attempts SET text = repeat('long', 200)")
    page = open_page(study_app.link("annotator"), width=width)
    heading(page, "Pair 1 of 2")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    left, right = (box.bounding_box() for box in page.locator("[data-side]").all())
    assert left is not None
    assert right is not None
    assert left["width"] == pytest.approx(right["width"], abs=1)
    assert (left["y"] == right["y"]) == (width > 720)
    boxes = [part.bounding_box() for part in page.locator("label, button, a, summary").all()]
    assert [box for box in boxes if box is not None and box["height"] < 24] == []
    switch = page.get_by_role("group", name="Replies to show")
    expect(switch).to_be_visible(visible=width <= 720)
    if width <= 720:
        switch.get_by_label("B", exact=True).check()
        expect(page.locator("[data-side=left]")).to_be_hidden()
        at = page.locator("[data-side=right]").bounding_box()
        assert at is not None
        assert at["y"] == pytest.approx(left["y"], abs=1)
        page.mouse.wheel(0, 400)
        page.wait_for_timeout(100)
        stuck = switch.bounding_box()
        assert stuck is not None
        assert -1 <= stuck["y"] < left["y"]
    rate(page)
    heading(page, "Pair 2 of 2")
    ((layout,),) = study_app.rows("SELECT layout FROM ratings")
    assert layout == ("switched" if width <= 720 else "columns")
    expect(page.locator("[data-side=left]")).to_be_visible()


def test_a_second_tab_a_pause_and_the_end_of_access_are_told(
    study_app: ServedStudy, open_page: OpenPage
):
    fill_study(study_app.con, plain_replies(2))
    page = open_page(study_app.link("annotator", "ada"), frozen=True)
    heading(page, "Pair 1 of 2")
    page.reload()
    heading(page, "Pair 1 of 2")
    page.wait_for_timeout(300)
    banner = page.get_by_text("This page is open in another tab")
    expect(banner).to_be_hidden()
    other = page.context.new_page()
    other.goto(page.url)
    heading(other, "Pair 1 of 2")
    expect(other.get_by_text("This page is open in another tab")).to_be_visible()
    other.close()
    page.clock.run_for(15_000)
    expect(banner).to_be_visible()

    record_event(study_app.con, "paused", "the owner", "a check of the texts", datetime.now(UTC))
    page.wait_for_timeout(1100)  # the app looks once a second
    page.clock.run_for(15_000)
    expect(page.get_by_text("The study is paused. You can still submit")).to_be_visible()
    rate(page)
    heading(page, "The study is paused")
    record_event(study_app.con, "resumed", "the owner", "all is well", datetime.now(UTC))
    page.wait_for_timeout(1100)
    page.clock.run_for(5_500)
    heading(page, "Pair 2 of 2")

    page.get_by_label("Reason").fill("Half of a thought")
    study_app.end_access("ada")
    page.clock.run_for(15_000)
    alert = page.get_by_role("alert").filter(has_text="Your access has ended")
    expect(alert).to_be_visible()
    expect(page.get_by_label("Reason")).to_have_value("Half of a thought")
    expect(page.get_by_label("Reason")).not_to_be_editable()
    expect(button(page, "Submit and go on")).to_be_disabled()


def test_a_submit_after_the_seat_went_to_somebody_else_is_kept_and_the_page_goes_on(
    tmp_path: Path, open_page: OpenPage
):
    # two seconds: fewer than a study may set, so that the test need not wait for minutes
    with serve_rating(tmp_path, raters_per_pair=1, lease_minutes=2 / 60) as study:
        fill_study(study.con, plain_replies(1))
        late = open_page(study.link("annotator", "late"))
        heading(late, "Pair 1 of 1")
        show_or_hide(late, "hidden")
        late.wait_for_timeout(2_500)
        prompt = open_page(study.link("annotator", "prompt"))
        heading(prompt, "Pair 1 of 1")
        rate(prompt)
        heading(prompt, "One last question")
        show_or_hide(late, "visible")
        rate(late)
        heading(late, "One last question")
        rater_and_surplus = """
            SELECT a.rater_id, r.is_surplus
            FROM ratings AS r JOIN assignments AS a ON a.token = r.token
            ORDER BY r.rated_at
        """
        assert study.rows(rater_and_surplus) == [("prompt", False), ("late", True)]


def test_two_tabs_that_submit_one_sheet_make_one_rating(
    study_app: ServedStudy, open_page: OpenPage
):
    fill_study(study_app.con, plain_replies(2))
    first = open_page(study_app.link("annotator"))
    second = first.context.new_page()
    second.goto(first.url)
    for tab in (first, second):
        heading(tab, "Pair 1 of 2")
        press(tab, "1", "5")
        kept(tab)
    for tab in (first, second):
        press(tab, "Control+Enter")
        heading(tab, "Pair 2 of 2")
    assert [row[5] for row in study_app.rows(NEWEST_RATINGS)] == [1]
    press(second, "u")
    heading(second, "Change your rating of pair 1")
    given = [chosen(second, question) for question in order_of(second)]
    assert given == ["left_clearly", "right_clearly"]


def test_the_link_of_somebody_whose_access_has_ended_opens_nothing(
    study_app: ServedStudy, open_page: OpenPage
):
    fill_study(study_app.con, plain_replies(1))
    link = study_app.link("annotator", "ada")
    study_app.end_access("ada")
    page = open_page(link)
    expect(page.get_by_text("Your access to this study has ended")).to_be_visible()
    assert page.context.cookies() == []
    told = page.goto(f"{study_app.url}/rate/")
    assert told is not None
    assert told.status == 401
    assert study_app.rows("SELECT token FROM assignments") == []


def test_a_page_says_who_is_signed_in_when_it_is_not_its_rater(
    study_app: ServedStudy, open_page: OpenPage
):
    fill_study(study_app.con, plain_replies(2))
    page = open_page(study_app.link("annotator", "ada"))
    heading(page, "Pair 1 of 2")
    press(page, "3", "3")
    own_link, other_link = (study_app.link("annotator", name) for name in ("ada", "ben"))
    for address, told in ((other_link, "Somebody else is signed in"), (None, "You are signed out")):
        # before the cookie changes: the draft of it may tell the page already, which locks it
        page.get_by_label("Reason").fill(told)
        page.context.clear_cookies()
        if address is not None:
            page.context.request.get(address)
        press(page, "Control+Enter")
        expect(page.get_by_role("alert").filter(has_text=told)).to_be_visible()
        expect(page.get_by_text("the server did not answer")).to_be_hidden()
        expect(page.get_by_label("Reason")).to_have_value(told)
        expect(button(page, "Submit and go on")).to_be_disabled()
        page.context.clear_cookies()
        page.context.request.get(own_link)
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        expect(button(page, "Submit and go on")).to_be_enabled()
    press(page, "Control+Enter")
    heading(page, "Pair 2 of 2")
    assert study_app.rows("SELECT reason FROM ratings") == [("You are signed out",)]


def hand_in_pairs(study: ServedStudy) -> None:
    """Send the pairs as a batch stage does, so that the app hears of what came in."""
    columns = ("pair_id", "prompt_id", "first_response_id", "second_response_id")
    lines = [
        {"table": "pairs", "row": dict(zip(columns, row, strict=True))} for row in study.rows(PAIRS)
    ]
    httpx.post(
        f"{study.url}/ingest/runs/a-run",
        params={"stage": "generate", "start_byte": 0},
        content="".join(json.dumps(line) + "\n" for line in lines).encode(),
        headers={"Authorization": f"Bearer {OWNER_TOKEN}"},
        trust_env=False,
    ).raise_for_status()


def test_a_page_opened_too_early_finds_pairs_by_itself_and_offers_a_break(
    tmp_path: Path, open_page: OpenPage
):
    with serve_rating(tmp_path, break_every=5) as study:
        page = open_page(study.link("annotator"), frozen=True)
        heading(page, "More is being made")
        fill_study(study.con, plain_replies(7))
        hand_in_pairs(study)
        page.clock.run_for(5_500)
        for number in range(1, 6):
            heading(page, f"Pair {number} of ")
            rate(page)
        heading(page, "Time for a short break")
        expect(page.get_by_role("heading", level=1)).to_be_focused()
        expect(page.get_by_text("You have done 5 of ")).to_be_visible()
        page.clock.fast_forward(50_000)
        press(page, "Control+Enter")
        heading(page, "Pair 6 of ")
        expect(page.get_by_role("heading", level=1)).to_be_focused()
        expect(page.get_by_text(re.compile(r"^about \d+ min left$"))).to_be_visible()
        rate(page)
        heading(page, "Pair 7 of ")
        assert study.rows("SELECT count(*) FROM ratings WHERE seconds > 40") == [(0,)]


def test_keys_held_down_submit_once_and_leave_the_feedback_to_be_read(
    study_app: ServedStudy, open_page: OpenPage
):
    link = study_app.link("annotator", "ada")
    study_app.con.execute("DELETE FROM onboarding_steps WHERE step = 'practice'")
    page = open_page(link)
    heading(page, "Practice pair 1 of 3, not counted")
    press(page, "3", "3")
    page.keyboard.down("Control")
    page.keyboard.down("Enter")
    feedback = page.get_by_role("heading", name="Practice pair 1 of 3", exact=True)
    expect(feedback).to_be_focused()
    for _ in range(5):
        page.keyboard.down("Enter")
    page.wait_for_timeout(500)
    expect(feedback).to_be_visible()
    page.keyboard.up("Enter")
    page.keyboard.down("Enter")
    heading(page, "Practice pair 2 of 3, not counted")


def test_practice_is_told_apart_answered_with_feedback_and_stored_nowhere(
    study_app: ServedStudy, open_page: OpenPage
):
    fill_study(study_app.con, plain_replies(1))
    link = study_app.link("annotator", "ada")
    study_app.con.execute("DELETE FROM onboarding_steps WHERE step = 'practice'")
    page = open_page(link)
    for number in (1, 2, 3):
        heading(page, f"Practice pair {number} of 3, not counted")
        expect(button(page, "Skip…")).to_be_hidden()
        expect(button(page, "Report a problem…")).to_be_hidden()
        rate(page)
        title = page.get_by_role("heading", name=f"Practice pair {number} of 3", exact=True)
        expect(title).to_be_focused()
        expect(page.get_by_text("Your answer: About equal")).to_have_count(2)
        press(page, "Control+Enter")
    heading(page, "Pair 1 of 1")
    assert study_app.rows("SELECT token FROM ratings") == []


INSERT_REWRITE = """
    INSERT INTO rewrites (rewrite_id, conversation_id, style, user_text, source_text, text)
    VALUES ('one', 'one', 'warm', 'Is tea older than coffee?', 'Yes.', 'Oh, what a question! Yes.')
"""
INSERT_SENTENCE = """
    INSERT INTO context_sentences (sentence_id, context, text) VALUES ('one', 'angry', 'My car!')
"""


def test_replies_rewrites_and_sentences_have_forms_of_their_own(
    tmp_path: Path, open_page: OpenPage
):
    with serve_rating(tmp_path, forms=("reply", "rewrite", "context"), reply_limit=1) as study:
        fill_study(study.con, plain_replies(1))
        study.con.execute(INSERT_REWRITE)
        study.con.execute(INSERT_SENTENCE)
        page = open_page(study.link("annotator"), width=390)
        heading(page, "Reply 1 of 3")
        expect(page.get_by_role("heading", name="Reference answer")).to_be_visible()
        expect(page.get_by_text("Canberra", exact=True)).to_be_visible()
        expect(page.get_by_text("Sydney", exact=True)).to_be_visible()
        rate(page, "1", "0")
        heading(page, "Rewrite 2 of 3")
        expect(page.get_by_role("heading", name="Rewritten reply")).to_be_visible()
        press(page, "2", "Control+Enter")
        heading(page, "Sentence 3 of 3")
        expect(page.get_by_text("My car!")).to_be_visible()
        press(page, "9", "Control+Enter")
        page.wait_for_url("**/finish/")
        rows = study.rows(RATINGS_OF_FORMS)
        assert set(rows[0][:2]) == {"yes", "cannot_judge"}
        assert rows[1:] == [
            (None, None, "minor_change", None, "stacked"),
            (None, None, None, "none_of_these", "stacked"),
        ]
