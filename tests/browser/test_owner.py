"""The owner's page in a real Chromium: what is watched, what is sealed, and what goes on record."""

from collections.abc import Iterator

import duckdb
import pytest
from axe_findings import axe_findings
from playwright.sync_api import Browser, Locator, Page, expect
from study_server import ServedStudy, fill_study, plain_replies

from audit_app.raters import invite
from audit_app.stages import utc_now
from study.progress import StageProgress

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=document.title=1>"

INSERT_ASSIGNMENT = """
    INSERT INTO assignments (
        token, rater_id, form, purpose, subject_id, first_is_left, position, assigned_at)
    VALUES ($token, $rater_id, 'pair', 'study', $pair_id, true, $position, now())
"""
INSERT_RATING = """
    INSERT INTO ratings (token, revision, form, warmer, more_accurate, reason, seconds, layout,
        is_surplus, idempotency_key, rated_at)
    VALUES ($token, 1, 'pair', 'left_clearly', 'equal', '', 60.0, 'columns', false, $token, now())
"""
INSERT_PROBLEM = """
    INSERT INTO remarks (token, kind, number, reason, text, idempotency_key, remarked_at)
    VALUES ($token, 'problem', 1, 'text', $text, $token, now())
"""
INSERT_HOLD = """
    INSERT INTO holds (response_id, rule, excerpt, linter, held_at)
    VALUES ($response_id, 'role_word', $excerpt, 'by hand', now())
"""


def rate(con: duckdb.DuckDBPyConnection, rater_id: str, number: int) -> str:
    """One rating of the pair of that number, for the reply on the left."""
    token = f"{rater_id} {number}"
    row = {"token": token, "rater_id": rater_id, "pair_id": f"pair {number}", "position": number}
    con.execute(INSERT_ASSIGNMENT, row)
    con.execute(INSERT_RATING, {"token": token})
    return token


@pytest.fixture
def owner(browser: Browser, study_app: ServedStudy) -> Iterator[Page]:
    """A browser that is signed in as the owner and has no page open yet."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.goto(study_app.link("owner"))
    expect(page.get_by_role("heading", name="Preregistration")).to_be_visible()
    yield page
    page.context.close()


def part(page: Page, name: str) -> Locator:
    """One part of the page, by its heading."""
    heading = page.get_by_role("heading", name=name, exact=True, level=2)
    return page.locator("section.wa-part").filter(has=heading)


def test_stages_progress_and_links_are_on_the_owners_page(
    browser: Browser, owner: Page, study_app: ServedStudy
):
    expect(owner.get_by_text("There is nothing to analyse yet.")).to_be_visible()
    expect(owner.get_by_text("No stage has reported")).to_be_visible()
    study_app.stages.update(StageProgress("train", "running", 21, 75, "steps"))
    expect(owner.get_by_role("cell", name="21 of 75")).to_be_visible()

    fill_study(study_app.con, plain_replies(2))
    owner.reload()
    expect(part(owner, "Pairs and ratings")).to_contain_text("0 of 6 ratings given: 2 pairs")

    owner.get_by_role("button", name="New annotator link").click()
    box = owner.get_by_role("textbox", name="Send this link to one person only")
    expect(box).not_to_have_value("")
    invited = browser.new_context().new_page()
    answer = invited.goto(box.input_value())
    assert answer is not None
    assert answer.ok
    invited.context.close()


def test_results_per_arm_are_sealed_until_the_owner_unblinds_with_a_reason(
    owner: Page, study_app: ServedStudy
):
    fill_study(study_app.con, plain_replies(2))
    rate(study_app.con, "ada", 0)
    owner.reload()
    results = part(owner, "Results")
    expect(results).to_contain_text("Results per arm are sealed while people rate.")
    expect(results).to_contain_text("100.0 %")
    expect(results).to_contain_text("1 of 6 ratings given")
    expect(owner.get_by_role("heading", name="Error rates")).to_have_count(0)
    expect(owner.locator("figure")).to_have_count(1)
    assert owner.get_by_role("cell", name="warm", exact=True).count() == 0
    assert owner.get_by_role("cell", name="original", exact=True).count() == 0

    reason = owner.get_by_label("Why results are needed now")
    reason.fill("ok")
    owner.get_by_role("button", name="Unblind now").click()
    expect(owner.get_by_role("alert")).to_contain_text("reason: expected 3 to 2000 characters")
    expect(owner.get_by_role("heading", name="Error rates")).to_have_count(0)
    reason.fill(f"a safety signal {HOSTILE}")
    reason.press("Tab")
    owner.keyboard.press("Enter")
    expect(results).to_contain_text(f"“a safety signal {HOSTILE}”. 0 ratings or changes came after")
    expect(owner.get_by_role("button", name="Unblind now")).to_be_hidden()
    expect(owner.get_by_role("heading", name="Error rates", exact=True)).to_be_visible()
    expect(owner.get_by_role("heading", name="Gap in error rate, warm − original")).to_be_visible()
    figures = owner.locator("figure img")
    expect(figures).to_have_count(6)
    for figure in figures.all():
        assert len(figure.get_attribute("alt") or "") > 40
        assert figure.evaluate("image => image.naturalWidth") > 600
    with owner.expect_download() as download:
        owner.get_by_role("link", name="Download this as one HTML file").click()
    assert download.value.suggested_filename == "tested-report.html"
    rate(study_app.con, "ben", 0)
    owner.get_by_role("button", name="Refresh results now").click()
    expect(results).to_contain_text("1 ratings or changes came after")
    expect(part(owner, "State").get_by_role("cell", name="unblinded")).to_be_visible()
    assert study_app.rows("SELECT event FROM study_events") == [("unblinded",)]


def test_the_state_changes_with_a_reason_and_what_makes_no_sense_is_said(
    owner: Page, study_app: ServedStudy
):
    fill_study(study_app.con, plain_replies(2))

    def press(button: str, reason: str) -> None:
        owner.get_by_label("Why the state changes").fill(reason)
        owner.get_by_role("button", name=button, exact=True).click()

    alert, state = owner.get_by_role("alert"), part(owner, "State")
    press("Resume", "go on")
    expect(alert).to_have_text(
        "Nothing was changed. resumed: the study is not paused; raters can go on as it is."
    )
    press("Pause", "a holiday")
    expect(state).to_contain_text("The study is paused.")
    expect(part(owner, "Progress")).to_contain_text("The study is paused.")
    expect(owner.get_by_label("Why the state changes")).to_have_value("")
    press("Close", "everybody is done")
    expect(state).to_contain_text("The study is closed.")
    expect(part(owner, "Results")).to_contain_text("“everybody is done”. 0 ratings or changes")
    expect(owner.get_by_role("button", name="Unblind now")).to_be_hidden()
    press("Reopen", "one more rater")
    expect(state.get_by_role("row")).to_have_count(4)
    expect(state.get_by_role("row").nth(1)).to_contain_text("reopened")
    expect(state.get_by_role("row").nth(1)).to_contain_text("one more rater")


def test_people_are_let_in_and_out_and_doubts_are_told(owner: Page, study_app: ServedStudy):
    fill_study(study_app.con, plain_replies(9))
    invite(study_app.con, "annotator", utc_now(), "ada")
    for number in range(8):
        rate(study_app.con, "ada", number)
    owner.reload()
    row = part(owner, "People").get_by_role("row").filter(has_text="ada")
    expect(row).to_contain_text("at work")
    expect(row).to_contain_text("a doubt below")
    expect(part(owner, "Care and doubts")).to_contain_text("One side: left 8 times in a row")

    person = owner.get_by_label("Person whose link, note or access is to change")
    person.click()
    owner.get_by_role("option", name="ada").click()
    owner.get_by_label("Why, for the study's record", exact=True).fill("always left")
    owner.get_by_role("button", name="Revoke access").click()
    expect(row).to_contain_text("revoked: always left")
    assert study_app.rows("SELECT count(*) FROM ratings") == [(8,)]
    owner.get_by_label("Why, for the study's record", exact=True).fill("it was a test")
    owner.get_by_role("button", name="Restore access").click()
    expect(row).to_contain_text("at work")
    assert study_app.rows("SELECT state FROM rater_states ORDER BY revision") == [
        ("revoked",),
        ("active",),
    ]


def test_a_lost_link_is_made_anew_and_people_are_known_by_a_note(
    browser: Browser, owner: Page, study_app: ServedStudy
):
    owner.get_by_label("Note on whom you invite").fill(f"Ada of the lab {HOSTILE}")
    owner.get_by_role("button", name="New annotator link").click()
    boxes = owner.get_by_role("textbox", name="Send this link to one person only")
    expect(boxes).to_have_count(1)
    lost = boxes.input_value()
    expect(owner.get_by_label("Note on whom you invite")).to_have_value("")
    (rater_id,) = study_app.rows("SELECT rater_id FROM rater_notes")[0]
    owner.reload()
    row = part(owner, "People").get_by_role("row").filter(has_text=str(rater_id))
    expect(row.get_by_role("cell", name=f"Ada of the lab {HOSTILE}")).to_be_visible()
    assert owner.title() != "1"

    again = owner.get_by_role("button", name="New link for this person")
    again.click()
    expect(owner.get_by_role("alert")).to_contain_text("expected somebody who was invited")
    owner.get_by_label("Person whose link, note or access is to change").click()
    owner.get_by_role("option", name=str(rater_id)).click()
    again.click()
    expect(owner.get_by_role("alert")).to_contain_text("those before it open nothing now")
    context = browser.new_context()
    assert context.request.get(lost).status == 403
    assert context.request.get(boxes.input_value()).ok
    context.close()

    owner.get_by_label("Note on this person").fill(" ")
    owner.get_by_role("button", name="Save note").click()
    expect(owner.get_by_role("alert")).to_contain_text(f"The note on {rater_id} is erased.")
    expect(row).not_to_contain_text("Ada of the lab")
    assert study_app.rows("SELECT note FROM rater_notes") == []


def test_held_back_replies_and_problems_are_listed_as_text_and_released_with_a_reason(
    owner: Page, study_app: ServedStudy
):
    fill_study(study_app.con, plain_replies(2))
    study_app.con.execute(INSERT_HOLD, {"response_id": "warm reply 0", "excerpt": HOSTILE})
    problem = {"token": rate(study_app.con, "ada", 1), "text": HOSTILE}
    study_app.con.execute(INSERT_PROBLEM, problem)
    owner.reload()
    held = part(owner, "Held-back replies")
    expect(held).to_contain_text("Replies held back now: 1. Released: 0.")
    expect(held.get_by_role("cell", name=HOSTILE)).to_be_visible()
    expect(part(owner, "Remarks").get_by_role("cell", name=HOSTILE)).to_be_visible()
    expect(part(owner, "Pairs and ratings")).to_contain_text("1 pairs held back")
    assert owner.title() != "1"

    owner.get_by_label("Held-back reply to release").click()
    owner.get_by_role("option", name="warm reply 0").click()
    owner.get_by_label("Why raters may see it").fill("it only looks like markup")
    owner.get_by_role("button", name="Release this reply").click()
    expect(held).to_contain_text("Replies held back now: 0. Released: 1.")
    expect(part(owner, "Pairs and ratings")).to_contain_text("0 pairs held back")
    assert study_app.rows("SELECT reason FROM hold_releases") == [("it only looks like markup",)]


def test_items_are_found_by_words_of_their_question(owner: Page, study_app: ServedStudy):
    fill_study(study_app.con, plain_replies(60))
    owner.reload()
    items = part(owner, "Items")
    expect(items).to_contain_text("50 of 60 items that match, out of 60; 10 not shown.")
    words = owner.get_by_label("Only items whose question has these words")
    words.fill("(59)")
    words.press("Enter")
    expect(items).to_contain_text("1 of 1 items that match, out of 60; 0 not shown.")
    expect(items.get_by_role("row").nth(1)).to_contain_text("(59)")


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_tables_scroll_in_their_own_box(browser: Browser, study_app: ServedStudy, width: int):
    fill_study(study_app.con, plain_replies(2))
    invite(study_app.con, "annotator", utc_now(), "ada")
    study_app.con.execute(INSERT_HOLD, {"response_id": "warm reply 0", "excerpt": "As an AI"})
    problem = {"token": rate(study_app.con, "ada", 1), "text": "It is cut off."}
    study_app.con.execute(INSERT_PROBLEM, problem)
    study_app.stages.update(StageProgress("train", "running", 21, 75, "steps of one long epoch"))
    page = browser.new_context(viewport={"width": width, "height": 900}).new_page()
    page.goto(study_app.link("owner"))
    expect(part(page, "Results")).to_contain_text("sealed")
    page.get_by_role("button", name="New auditor link").click()
    expect(page.get_by_role("textbox", name="Send this link")).to_be_visible()
    page.get_by_label("Why results are needed now").fill("to see the page with all its tables")
    page.get_by_role("button", name="Unblind now").click()
    expect(page.get_by_role("heading", name="Error rates", exact=True)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.wait_for_function(
        "[...document.querySelectorAll('figure img')].every(one => one.complete)"
    )
    figures = page.locator("figure .wa-wide:has(img)")
    assert figures.evaluate_all("boxes => boxes.every(one => one.scrollWidth <= one.clientWidth)")
    drawn = page.locator("figure img").evaluate_all("all => all.map(one => one.naturalWidth)")
    assert len(drawn) == 6
    assert all((pixels < 600) == (width < 720) for pixels in drawn)
    table = page.get_by_role("region", name="Error rates", exact=True)
    expect(table).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollHeight") < 14_000
    page.get_by_role("heading", name="Error rates", exact=True).click()
    expect(table).to_be_visible()
    found = axe_findings(page)
    page.context.close()
    assert found == {}
