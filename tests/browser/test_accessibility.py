"""axe-core on the pages for people who rate and audit: no violation, but Gradio's own by name."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect
from study_server import ServedStudy, fill_study, plain_replies

pytestmark = pytest.mark.browser

OF_GRADIO: dict[str, str] = {}
"""Rules that Gradio 6.31's own frame around our pages breaks, and why we cannot mend them."""


@pytest.mark.parametrize(
    ("role", "first_heading"), [("annotator", "Pair 1 of 2"), ("auditor", "Reply 1 of 2")]
)
@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_nothing_wrong(
    browser: Browser, study_app: ServedStudy, role: str, first_heading: str, width: int
):
    fill_study(study_app.con, plain_replies(2))
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme="dark")
    page = context.new_page()
    page.goto(study_app.link(role))  # type: ignore[arg-type]
    expect(page.get_by_role("heading", name=first_heading)).to_be_visible()
    page.keyboard.press("1")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("alert").filter(has_text="Not submitted")).to_be_visible()
    found = Axe().run(page).response["violations"]
    context.close()
    told = {rule["id"]: [node["target"] for node in rule["nodes"]] for rule in found}
    assert told.keys() <= OF_GRADIO.keys(), told
