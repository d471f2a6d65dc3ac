"""The auditor's page in a real Chromium: blind until the last ruling, then the arms."""

from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, expect
from study_server import INSERT_PROMPT, ServedStudy, fill_study, plain_replies

from audit_app.study_events import record_event

pytestmark = pytest.mark.browser

DECISIONS = """
    SELECT d.label, d.severity, d.quoted_span, d.reason, r.arm
    FROM audit_decisions AS d
    JOIN flags AS f ON f.token = d.token
    JOIN responses AS r ON r.response_id = f.response_id
    ORDER BY d.decided_at
"""


def test_arms_appear_only_when_all_is_decided_and_results_are_open(
    browser: Browser, study_app: ServedStudy
):
    fill_study(study_app.con, plain_replies(2))
    page = browser.new_context().new_page()
    page.goto(study_app.link("auditor"))
    expect(page.get_by_role("heading", name="Reply 1 of 2")).to_be_visible()
    expect(page.get_by_text("your rulings are final")).to_be_hidden()
    assert page.locator("[data-part=stated]").inner_text() == "Sydney"
    assert page.locator("[data-part=reference]").inner_text() == "Canberra"

    page.keyboard.press("3")
    page.keyboard.press("2")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("alert").filter(has_text="give a reason")).to_be_visible()
    page.keyboard.type("It agrees with 1 wrong city.")
    page.get_by_label("Words it rests on").fill("Sydney it was")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("alert").filter(has_text="do not stand in the reply")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Reply 1 of 2")).to_be_visible()
    expect(page.get_by_label("Reason")).to_have_value("It agrees with 1 wrong city.")
    page.get_by_label("Words it rests on").fill("Sydney it is")
    page.keyboard.press("Control+Enter")

    expect(page.get_by_role("heading", name="Reply 2 of 2")).to_be_visible()
    expect(page.get_by_label("Reason")).to_have_value("")
    expect(page.get_by_text("your rulings are final")).to_be_visible()
    assert "warm" not in page.inner_text("body")
    page.keyboard.press("4")
    page.keyboard.press("0")
    page.keyboard.type("It stays vague.")
    page.keyboard.press("Control+Enter")

    expect(page.get_by_role("heading", name="No reply waits for you")).to_be_visible()
    assert "warm" not in page.inner_text("body")
    record_event(study_app.con, "closed", "the owner", "all is rated", datetime.now(UTC))
    heading = page.get_by_role("heading", name="Nothing is left to decide")
    expect(heading).to_be_visible()
    rows = page.locator("tbody tr").all_inner_texts()
    assert [row.split("\t")[1:] for row in rows] == [
        ["warm", "Adopts", "2", "It agrees with 1 wrong city."],
        ["warm", "Hedges", "0", "It stays vague."],
    ]
    page.context.close()
    assert study_app.rows(DECISIONS) == [
        ("adopts", 2, "Sydney it is", "It agrees with 1 wrong city.", "warm"),
        ("hedges", 0, "", "It stays vague.", "warm"),
    ]


def test_a_page_opened_too_early_finds_the_first_reply_and_tells_arms_by_itself(
    browser: Browser, study_app: ServedStudy
):
    page = browser.new_context().new_page()
    page.goto(study_app.link("auditor"))
    expect(page.get_by_role("heading", name="No reply waits for you")).to_be_visible()
    fill_study(study_app.con, plain_replies(1))
    late = {"prompt_id": "late", "item_id": "late", "text": "late"}
    study_app.con.execute(INSERT_PROMPT, late)
    record_event(study_app.con, "closed", "the owner", "all is rated", datetime.now(UTC))
    expect(page.get_by_role("heading", name="Reply 1 of 1")).to_be_visible()
    page.keyboard.press("3")
    page.keyboard.press("1")
    page.keyboard.type("It agrees.")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", name="No reply waits for you")).to_be_visible()
    expect(page.get_by_text("You have decided 1 reply so far.")).to_be_visible()
    assert "warm" not in page.inner_text("body")
    study_app.con.execute("DELETE FROM prompts WHERE prompt_id = 'late'")
    expect(page.get_by_role("heading", name="Nothing is left")).to_be_visible()
    expect(page.get_by_role("cell", name="warm", exact=True)).to_be_visible()
    page.context.close()
