import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from graded_study import study_of

from evaluation.findings import key_figures, tell_findings
from evaluation.html_report import MethodNote, ReportPage, render_report, write_report
from evaluation.sections import results_sections
from evaluation.statistics.results import compute_results
from study.errors import BadInput

HOSTILE = "</title><script>window.ran = 1</script><img src='https://evil.example/x' onerror=window.ran=1>{{ 7 * 7 }}"
VOID = {"meta", "link", "img", "br", "hr"}


class Structure(HTMLParser):
    """What a browser would make of a page: its elements, ids, and whether all are closed."""

    def __init__(self, page):
        super().__init__()
        self.open, self.tags, self.ids, self.addresses = [], [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value)
            if name in ("src", "srcset", "href", "xlink:href", "action"):
                self.addresses.append(value)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def page():
    con = study_of(
        ("original", "warm"),
        tasks=("trivia", HOSTILE),
        contexts=("none", HOSTILE),
        beliefs=("none", "asserts_wrong"),
    )
    results = compute_results(con, seed=1, limited=HOSTILE)
    return ReportPage(
        name=HOSTILE,
        question=HOSTILE,
        is_sealed=False,
        findings=tuple(tell_findings(results)),
        key_figures=tuple(key_figures(results)),
        sections=tuple(results_sections(results)),
        methods=(MethodNote(HOSTILE, (HOSTILE,)),),
        made_at="as of noon",
        limited=HOSTILE,
    )


@pytest.fixture(scope="module")
def html(page):
    return render_report(page)


def test_every_hostile_word_is_text(html):
    structure = Structure(html)
    assert structure.open == []
    assert {"script", "img", "iframe", "object", "link"}.isdisjoint(structure.tags)
    assert "<script" not in html
    assert "{{ 7 * 7 }}" in html


def test_nothing_is_loaded_from_anywhere(html):
    structure = Structure(html)
    assert all(address.startswith("#") for address in structure.addresses)
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', html)
    assert policy is not None
    assert policy[1].startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:")
    assert re.findall(r"url\((?!#)", html) == []
    assert "@import" not in html


def test_headings_stand_in_order_and_ids_are_unique(html):
    structure = Structure(html)
    levels = [int(tag[1]) for tag in structure.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert len(structure.ids) == len(set(structure.ids))


def test_every_figure_comes_at_two_widths_with_its_numbers_below(page, html):
    plots = [plot for section in page.sections for plot in section.plots]
    assert len({plot.slug for plot in plots}) == len(plots) == 7
    assert html.count("<svg") == 2 * len(plots)
    assert html.count("The numbers of this figure") == len(plots)


def test_what_was_not_measured_or_could_not_be_told_is_said(html):
    assert "Agreement on warmth: not estimable because" in html
    assert "Not estimable because no checkpoint of the training was measured." in html
    assert "Not estimable because people have labelled none of the replies" in html


def test_figures_and_tables_lie_beside_the_file(page, tmp_path):
    file = write_report(tmp_path / "out", page)
    assert file.read_text(encoding="utf-8").startswith("<!doctype html>")
    names = {path.name for path in (tmp_path / "out" / "figures").iterdir()}
    slugs = [plot.slug for section in page.sections for plot in section.plots]
    assert {f"{slug}.{kind}" for slug in slugs for kind in ("svg", "png", "csv")} <= names
    n_tables = sum(len(section.tables) for section in page.sections)
    assert len([name for name in names if name.startswith("table-")]) == n_tables


def test_an_earlier_report_is_replaced_as_a_whole(page, tmp_path):
    folder = tmp_path / "out"
    (folder / "figures").mkdir(parents=True)
    (folder / "report.html").write_text("earlier")
    (folder / "figures" / "gone.svg").write_text("earlier")
    write_report(folder, page)
    assert (folder / "report.html").read_text(encoding="utf-8") != "earlier"
    assert not (folder / "figures" / "gone.svg").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("stranger", ["notes.txt", "figures/notes.txt", "report.html/notes.txt"])
def test_a_folder_with_something_else_is_left_alone(page, tmp_path, stranger):
    file = tmp_path / "out" / stranger
    file.parent.mkdir(parents=True)
    file.write_text("mine")
    with pytest.raises(BadInput, match=r"new or empty folder, or one with an earlier report"):
        write_report(tmp_path / "out", page)
    assert file.read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_when_writing_fails_the_earlier_report_stays_and_nothing_else(page, tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "report.html").write_text("earlier")
    # a name longer than a file system takes
    plot = page.sections[0].plots[0]
    section = type(page.sections[0])("x", (), (type(plot)(**{**vars(plot), "slug": "x" * 300}),))
    broken = type(page)(**{**vars(page), "sections": (section,)})
    with pytest.raises(OSError, match="name too long"):
        write_report(folder, broken)
    assert (folder / "report.html").read_text() == "earlier"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
