"""Replies that attack the page: shown as text, while nothing runs and nothing leaves loopback."""

import re
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect
from study_server import SETTINGS, ServedStudy, TwoReplies, fill_study, serve_study

from audit_app.study_events import record_event
from study.progress import StageProgress

pytestmark = pytest.mark.browser

# the last three aim at Gradio: it evaluates a filled-in html_template as a JavaScript template
HOSTILE = "\n".join(
    [
        "<script>window.ran = 1; fetch('https://evil.example/script')</script>",
        "<img src='https://evil.example/image' onerror='window.ran = 1'>",
        "<style>body { background: url(https://evil.example/style); display: none }</style>",
        "<a href='javascript:window.ran=1'>press</a> [press](javascript:window.ran=1)",
        "<iframe src='https://evil.example/frame' srcdoc='<script>parent.ran=1</script>'></iframe>",
        "<svg onload='window.ran = 1'><image href='https://evil.example/svg'/></svg>",
        "![image](https://evil.example/markdown) <form action='https://evil.example/form'>",
        "</textarea></script></div><base href='https://evil.example/'>",
        "${window.ran = 1} ${alert(1)} ${fetch('https://evil.example/template')}",
        "`; window.ran = 1; ` \\` \\u0041 {{constructor.constructor('window.ran=1')()}}",
        "{{{this}}} {{#each value}}{{/each}} @children",
    ]
)


class Watched:
    """A page of which every request, dialog and error is written down."""

    def __init__(self, browser: Browser) -> None:
        self.requests: list[str] = []
        self.troubles: list[str] = []
        self.page: Page = browser.new_context().new_page()
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("dialog", lambda dialog: self.troubles.append(dialog.message))
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))

    def left_loopback(self) -> list[str]:
        local = ("127.0.0.1", None, "")
        return [url for url in self.requests if urlsplit(url).hostname not in local]

    def check(self) -> None:
        self.page.wait_for_timeout(300)
        assert self.page.evaluate("window.ran") is None
        assert self.troubles == []
        assert self.left_loopback() == []
        assert len(self.requests) > 5
        self.page.context.close()


def test_hostile_replies_are_only_text_to_a_rater(browser: Browser, study_app: ServedStudy):
    fill_study(study_app.con, [TwoReplies(HOSTILE, HOSTILE, HOSTILE)] * 2)
    watched = Watched(browser)
    page = watched.page
    page.goto(study_app.link("annotator"))
    expect(page.get_by_role("heading", name="Pair 1 of 2")).to_be_visible()
    shown = page.locator("[data-form=pair] [data-text]")
    assert [text.text_content() for text in shown.all()] == [HOSTILE] * 3
    assert shown.locator("*").count() == 0
    page.get_by_role("button", name="Report a problem…").click()
    page.get_by_label("A text is broken").check()
    page.get_by_role("dialog").get_by_label("In your own words").fill(HOSTILE)
    page.get_by_role("button", name="Send the report").click()
    expect(page.locator(".wa-saved")).to_contain_text("your report is stored")
    page.keyboard.press("1")
    page.keyboard.press("1")
    page.get_by_label("Reason").fill(HOSTILE)
    expect(page.get_by_text("Draft kept")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Reason")).to_have_value(HOSTILE)
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", name="Pair 2 of 2")).to_be_visible()
    page.get_by_role("button", name="My ratings").click()
    excerpt = page.locator(".wa-mine .wa-excerpt")
    expect(excerpt).to_contain_text("<script>")
    assert excerpt.locator("*").count() == 0
    page.get_by_role("button", name="Change pair 1").click()
    expect(page.get_by_label("Reason")).to_have_value(HOSTILE)
    watched.check()
    assert study_app.rows("SELECT text FROM remarks") == [(HOSTILE,)]
    assert study_app.rows("SELECT reason FROM ratings") == [(HOSTILE,)]


def test_hostile_texts_of_other_forms_are_only_text(browser: Browser, tmp_path: Path):
    rating = SETTINGS.rating.model_copy(update={"forms": ("reply", "rewrite", "context")})
    settings = SETTINGS.model_copy(update={"rating": rating})
    with serve_study(tmp_path / "study.duckdb", settings) as study:
        fill_study(study.con, [TwoReplies(HOSTILE, HOSTILE, HOSTILE)])
        study.con.execute("DELETE FROM response_attempts WHERE response_id = 'warm reply 0'")
        hostile = {"text": HOSTILE}
        study.con.execute('UPDATE items SET "references" = [$text]', hostile)
        study.con.execute(
            "INSERT INTO rewrites VALUES ('a', 'a', $text, $text, $text, $text)", hostile
        )
        study.con.execute("INSERT INTO context_sentences VALUES ('a', 'angry', $text)", hostile)
        watched = Watched(browser)
        page = watched.page
        page.goto(study.link("annotator"))
        for thing, form, n_texts in (
            ("Reply", "reply", 3),
            ("Rewrite", "rewrite", 3),
            ("Sentence", "context", 1),
        ):
            expect(page.get_by_role("heading", name=re.compile(f"^{thing} "))).to_be_visible()
            shown = page.locator(f"[data-form={form}] [data-text]:not([data-text=stated])")
            assert [text.text_content() for text in shown.all()] == [HOSTILE] * n_texts
            assert shown.locator("*").count() == 0
            for _ in page.locator("fieldset[data-question]").all():
                page.keyboard.press("1")
            page.keyboard.press("Control+Enter")
        page.wait_for_url("**/finish/")
        watched.check()


def test_hostile_replies_are_only_text_to_an_auditor(browser: Browser, study_app: ServedStudy):
    fill_study(study_app.con, [TwoReplies(HOSTILE, HOSTILE, HOSTILE)])
    record_event(study_app.con, "closed", "the owner", "all is rated", datetime.now(UTC))
    watched = Watched(browser)
    watched.page.goto(study_app.link("auditor"))
    expect(watched.page.get_by_role("heading", name="Reply 1 of 1")).to_be_visible()
    assert watched.page.locator("[data-part=reply]").text_content() == HOSTILE
    watched.page.keyboard.press("3")
    watched.page.keyboard.press("3")
    watched.page.keyboard.insert_text(HOSTILE)
    watched.page.keyboard.press("Control+Enter")
    expect(watched.page.get_by_role("heading", name="Nothing is left")).to_be_visible()
    first, *_, last = watched.page.locator("tbody td").all()
    assert (first.text_content(), last.text_content()) == (HOSTILE, HOSTILE)
    watched.check()


def test_hostile_notes_are_only_text_to_the_owner(browser: Browser, study_app: ServedStudy):
    watched = Watched(browser)
    study_app.stages.update(StageProgress("train", "failed", 1, 2, HOSTILE))
    watched.page.goto(study_app.link("owner"))
    cell = watched.page.locator("td").nth(3)
    expect(cell).to_contain_text("window.ran")
    assert cell.text_content() == HOSTILE
    watched.check()


def test_the_watch_would_notice_a_request_that_leaves(browser: Browser, study_app: ServedStudy):
    watched = Watched(browser)
    watched.page.goto(study_app.url)
    watched.page.set_content("<img src='http://evil.example/image'>")
    watched.page.wait_for_timeout(200)
    assert watched.left_loopback() == ["http://evil.example/image"]
    watched.page.context.close()
