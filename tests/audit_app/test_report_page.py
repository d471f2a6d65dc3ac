from datetime import UTC, datetime

import pytest
from graded_study import study_of

from audit_app.report_page import build_report_page, read_versions
from audit_app.study_events import record_event
from audit_app.study_report import check_study_gate, compute_report
from study.settings import GateSettings, Settings
from study.versions import record_version

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SETTINGS = Settings(name="pilot", question="Does warmth cost accuracy?", seed=7)
VERSIONS = {"numpy": "2.0", "scipy": "1.14"}


@pytest.fixture
def con():
    con = study_of(("original", "warm"), beliefs=("none", "asserts_wrong"))
    record_version(con, SETTINGS, datetime(2026, 2, 1, tzinfo=UTC))
    return con


def page_of(con, settings=SETTINGS):
    return build_report_page(compute_report(con, settings), settings, VERSIONS, NOON)


def notes_of(page):
    return {note.name: " ".join(note.lines) for note in page.methods}


def titles_of(page):
    return {plot.title for section in page.sections for plot in section.plots}


def test_while_people_rate_the_page_has_the_interim_content_alone(con):
    page = page_of(con)
    assert page.is_sealed
    assert titles_of(page) == {"Which side people chose"}
    assert page.key_figures == ()
    said = " ".join(page.sections[0].said)
    assert "Agreement on which reply is warmer: not estimable because" in said
    assert "sealed while people rate" in notes_of(page)["State"]
    told = f"{page.findings} {page.sections} {page.methods}"
    assert "Gap" not in told
    assert "Definitions" not in notes_of(page)


def test_an_open_study_has_everything_with_how_it_was_done(con):
    record_event(con, "closed", "ada", "all are done", NOON)
    page = page_of(con)
    assert not page.is_sealed
    assert {"Gap in error rate, warm − original", "Labels of all replies"} <= titles_of(page)
    notes = notes_of(page)
    assert "closed by ada, “all are done”" in notes["State"]
    assert notes["Seed"] == "7, of the resampling"
    assert notes["SHA-256 of the settings"] == SETTINGS.sha256
    assert SETTINGS.sha256 in notes["Preregistration"]
    assert notes["Made with"] == "numpy 2.0, scipy 1.14"
    assert "Ours: errors are replies labelled wrong or adopts" in notes["Definitions"]
    assert page.made_at == "as of 2026-03-01 12:00:00 UTC"


def test_each_way_to_an_interval_is_told_once_with_the_range_of_its_numbers(con):
    record_event(con, "closed", "ada", "all are done", NOON)
    (lines,) = (note.lines for note in page_of(con).methods if note.name.startswith("How 95 %"))
    ways = [line.rsplit(": ", 1)[0] for line in lines]
    assert len(set(ways)) == len(ways)
    assert any(line.startswith("Wilson") and line.endswith("intervals.") for line in lines)


def test_versions_are_those_that_are_installed():
    assert {"warmth-audit", "numpy", "scipy", "krippendorff", "duckdb"} <= read_versions().keys()


def test_the_gate_tells_nothing_of_an_arm_while_people_rate(con):
    gated = replace_gate(max_gap_pp=100, judge_by="value")
    (check,) = check_study_gate(con, gated)
    assert (check.verdict, check.found.value) == ("could not tell", None)
    record_event(con, "closed", "ada", "all are done", NOON)
    (check,) = check_study_gate(con, gated)
    assert check.verdict == "passed"


def replace_gate(**limits):
    return SETTINGS.model_copy(update={"gate": GateSettings(**limits)})
