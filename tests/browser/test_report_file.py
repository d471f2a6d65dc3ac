"""The HTML report in a real Chromium: nothing runs, nothing leaves, and everybody can read it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from axe_findings import axe_findings
from graded_study import study_of
from playwright.sync_api import Browser, Page, expect

from audit_app.report_page import build_report_page, read_versions
from audit_app.study_events import record_event
from audit_app.study_report import compute_report
from evaluation.html_report import write_report
from study.settings import Settings

pytestmark = pytest.mark.browser

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOSTILE = "".join(
    [
        "</title></style></svg><script>window.ran = 1; fetch('http://evil.example/a')</script>",
        "<img src='http://evil.example/b' onerror='window.ran = 1'>",
        "<style>@import url(http://evil.example/c); body { display: none }</style>",
        "<svg onload='window.ran = 1'><image href='http://evil.example/d'/></svg>",
        "<iframe src='http://evil.example/e'></iframe><meta http-equiv=refresh content='0;url=//evil.example'>",
        "{{ 7 * 7 }} {% include 'report.css' %} $\\frac{1}{2}$",
    ]
)


@pytest.fixture(scope="module", params=["open", "sealed"])
def report_file(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of a study whose every name is markup."""
    con = study_of(
        ("original", "warm", HOSTILE),
        tasks=("trivia", HOSTILE),
        contexts=("none", HOSTILE),
        beliefs=("none", "asserts_wrong"),
    )
    if request.param == "open":
        record_event(con, "closed", HOSTILE, f"all are done {HOSTILE}", NOON)
    settings = Settings(name="pilot", question=HOSTILE, seed=7)
    page = build_report_page(compute_report(con, settings), settings, read_versions(), NOON)
    return write_report(tmp_path_factory.mktemp("report") / "out", page)


@pytest.fixture(params=[320, 390, 1280])
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": request.param, "height": 900})
    yield context.new_page()
    context.close()


def test_nothing_runs_and_nothing_leaves(page: Page, report_file: Path):
    requests: list[str] = []
    troubles: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: troubles.append(message.text))
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.goto(report_file.as_uri())
    page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true })")
    page.wait_for_timeout(300)
    assert page.evaluate("window.ran") is None
    assert requests == [report_file.as_uri()]
    assert troubles == []
    assert page.locator(".question").text_content() == HOSTILE
    assert page.locator("script, iframe, img, image").count() == 0


def test_axe_finds_nothing_wrong_and_nothing_runs_out_of_the_page(page: Page, report_file: Path):
    page.goto(report_file.as_uri())
    for is_open in (False, True):
        if is_open:
            page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true })")
        # the page's own policy lets no script in, and axe is one
        assert axe_findings(page) == {}
        width = page.evaluate("document.documentElement.clientWidth")
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_one_of_both_widths_of_a_figure_is_shown(page: Page, report_file: Path):
    page.goto(report_file.as_uri())
    drawings = page.locator("figure svg[role=img]")
    shown = [drawing.is_visible() for drawing in drawings.all()]
    assert sum(shown) == len(shown) / 2
    first = page.locator("figure svg:visible").first
    expect(first).to_have_accessible_name(page.locator("figure h3").first.inner_text())


def test_paper_gets_wide_figures_and_no_controls(page: Page, report_file: Path):
    page.goto(report_file.as_uri())
    page.emulate_media(media="print")
    assert page.locator("figure .narrow:visible").count() == 0
    assert page.locator("figure details:visible").count() == 0
    assert page.locator("figure .wide").first.is_visible()
