"""The owner's page in a real Chromium: stages live, results when there are some, links that work."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect
from study_server import ServedStudy, fill_study, plain_replies

from study.progress import StageProgress

pytestmark = pytest.mark.browser


def test_stages_results_and_links_are_on_the_owners_page(browser: Browser, study_app: ServedStudy):
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.goto(study_app.link("owner"))
    expect(page.get_by_text("There is nothing to analyse yet.")).to_be_visible()
    expect(page.get_by_text("No stage has reported")).to_be_visible()

    study_app.stages.update(StageProgress("train", "running", 21, 75, "steps"))
    expect(page.get_by_role("cell", name="21 of 75")).to_be_visible()
    study_app.stages.update(StageProgress("train", "done", 75, 75, "steps", 60.0))
    expect(page.get_by_role("cell", name="75 of 75")).to_be_visible()

    fill_study(study_app.con, plain_replies(2))
    page.get_by_role("button", name="Refresh results now").click()
    expect(page.get_by_role("heading", name="Error rates")).to_be_visible()
    figures = page.locator("figure img")
    expect(figures).to_have_count(3)
    for figure in figures.all():
        assert len(figure.get_attribute("alt") or "") > 40
        assert figure.evaluate("image => image.naturalWidth") > 600
    expect(page.get_by_text("0 of 6 ratings given")).to_be_visible()

    page.get_by_role("button", name="New annotator link").click()
    box = page.get_by_role("textbox", name="Send this link to one person only")
    expect(box).not_to_have_value("")
    invited = browser.new_context().new_page()
    invited.goto(box.input_value())
    expect(invited.get_by_role("heading", name="Pair 1 of 2")).to_be_visible()
    invited.context.close()
    page.context.close()


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_tables_scroll_in_their_own_box(browser: Browser, study_app: ServedStudy, width: int):
    fill_study(study_app.con, plain_replies(2))
    study_app.stages.update(StageProgress("train", "running", 21, 75, "steps of one long epoch"))
    page = browser.new_context(viewport={"width": width, "height": 900}).new_page()
    page.goto(study_app.link("owner"))
    expect(page.get_by_role("heading", name="Error rates")).to_be_visible()
    page.get_by_role("button", name="New auditor link").click()
    expect(page.get_by_role("textbox")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    found = Axe().run(page).response["violations"]
    page.context.close()
    assert {rule["id"]: [node["target"] for node in rule["nodes"]] for rule in found} == {}
