"""The report's page put together: sections that may be shown, methods, hashes and versions.

What is sealed, `study_report.py` has decided by what it computed; how the page becomes a file,
`evaluation/html_report.py` knows. The clock and the installed packages are read by who calls.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime
from importlib import metadata
from typing import Any

from audit_app.study_report import (
    StudyReport,
    preregistration_sentences,
    report_notes,
    when,
)
from evaluation.findings import key_figures, tell_findings, tell_interim
from evaluation.formats import as_sentence, count_of, level_of, words_of
from evaluation.html_report import MethodNote, ReportPage
from evaluation.sections import Section, control_section, interim_sections, results_sections
from evaluation.statistics.outcomes import ADOPTION_DEFINITION, DEFINITIONS
from study.records import Estimate
from study.settings import Settings

_NUMBER = re.compile(r"\d+(?:,\d{3})*")
_PACKAGES = ("warmth-audit", "numpy", "scipy", "krippendorff", "duckdb", "matplotlib")


def report_sections(report: StudyReport) -> list[Section]:
    """The sections that may be shown."""
    if report.interim is not None:
        controls = [control_section(report.controls)] if report.controls is not None else []
        return [*interim_sections(report.interim, report.limited), *controls]
    assert report.results is not None
    return results_sections(report.results, report.checkpoint_choice, report.controls)


def build_report_page(
    report: StudyReport, settings: Settings, versions: Mapping[str, str], now: datetime
) -> ReportPage:
    """Everything that stands in the HTML file.

    Args:
        versions: of the packages that the numbers and figures come from.
        now: when the file is made, in UTC.
    """
    results, interim = report.results, report.interim
    if results is not None:
        findings, keys = tell_findings(results), key_figures(results)
    else:
        assert interim is not None
        findings, keys = tell_interim(interim), []
    return ReportPage(
        name=settings.name,
        question=settings.question,
        is_sealed=results is None,
        findings=tuple(findings),
        key_figures=tuple(keys),
        sections=tuple(report_sections(report)),
        methods=tuple(_method_notes(report, settings, versions)),
        made_at=f"as of {when(now.isoformat())}",
        limited=report.limited,
    )


def read_versions() -> dict[str, str]:
    """Installed versions of what the numbers and figures come from."""
    return {name: metadata.version(name) for name in _PACKAGES}


def _method_notes(
    report: StudyReport, settings: Settings, versions: Mapping[str, str]
) -> Iterator[MethodNote]:
    told = report.results or report.interim
    assert told is not None
    yield MethodNote("State", tuple(report_notes(report)))
    if report.results is not None:
        words = {words_of(name): one.words for name, one in DEFINITIONS.items()}
        words |= {"adoption": ADOPTION_DEFINITION}
        told_words = (f"{as_sentence(name)}: {said}." for name, said in words.items())
        yield MethodNote("Definitions", tuple(told_words))
    yield MethodNote(
        f"How {level_of(told.level)} were made", tuple(methods_in((told, report.controls)))
    )
    yield MethodNote("Seed", (f"{told.seed}, of the resampling",))
    yield MethodNote("SHA-256 of the settings", (settings.sha256,))
    yield MethodNote("Preregistration", tuple(preregistration_sentences(report.preregistration)))
    packages = (f"{name} {version}" for name, version in versions.items())
    yield MethodNote("Made with", (", ".join(packages),))


def methods_in(record: Any) -> list[str]:
    """Each way in which an interval was made, once, the most frequent first.

    Ways that differ in a number alone, such as degrees of freedom, are told with its range.
    """
    ways: dict[str, list[list[int]]] = {}
    for estimate in _estimates_in(record):
        if estimate.low is not None:
            way = _NUMBER.sub("{}", estimate.method)
            numbers = [int(one.replace(",", "")) for one in _NUMBER.findall(estimate.method)]
            ways.setdefault(way.replace("degree ", "degrees "), []).append(numbers)
    told = [
        f"{as_sentence(way.format(*map(_range, zip(*found, strict=True))))}: "
        f"{count_of(len(found), 'interval')}."
        for way, found in sorted(ways.items(), key=lambda one: -len(one[1]))
    ]
    return told or ["No interval could be made yet."]


def _range(numbers: Sequence[int]) -> str:
    low, high = min(numbers), max(numbers)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _estimates_in(record: Any) -> Iterator[Estimate]:
    if isinstance(record, Estimate):
        yield record
    elif is_dataclass(record):
        for field in fields(record):
            yield from _estimates_in(getattr(record, field.name))
    elif isinstance(record, tuple):
        for part in record:
            yield from _estimates_in(part)
