"""What is heavy to compute on the owner's page, once for however many windows look at it."""

import threading
from collections.abc import Callable, Mapping
from datetime import datetime

import duckdb

from audit_app.overview import StoredCounts, count_stored
from audit_app.pages.markup import NO_RESULTS, results_html
from audit_app.rater_quality import RaterQuality, read_quality
from audit_app.report_page import report_sections
from audit_app.study_report import compute_report, report_notes
from audit_app.word_counts import WordCounts
from study.settings import Settings

_AS_OF = "As of {time}. Numbers follow new rows by themselves, within half a minute."


class ResultsShelf:
    """The newest results as HTML: those that may be shown."""

    def __init__(
        self, con: duckdb.DuckDBPyConnection, settings: Settings, clock: Callable[[], datetime]
    ) -> None:
        """Start with nothing computed."""
        self._con = con
        self._settings = settings
        self._clock = clock
        self._lock = threading.Lock()
        self._counts: StoredCounts | None = None
        self._html = NO_RESULTS

    def latest(self, *, anew: bool) -> str:
        """The results as HTML; computed when rows have come since the last time, or if asked."""
        with self._lock:
            counts = count_stored(self._con)
            if anew or counts != self._counts:
                self._html = self._compute(counts)
                self._counts = counts
            return self._html

    def _compute(self, counts: StoredCounts) -> str:
        if counts.responses == 0:
            return NO_RESULTS
        report = compute_report(self._con, self._settings)
        notes = [*report_notes(report), _AS_OF.format(time=self._clock().strftime("%H:%M:%S UTC"))]
        return results_html(notes, report_sections(report))


class QualityShelf:
    """How carefully people work; computed when they have rated or skipped since the last time."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        """Start with nothing computed."""
        self._con = con
        self._lock = threading.Lock()
        self._words = WordCounts()
        self._rows: tuple[int, int] | None = None
        self._quality: Mapping[str, RaterQuality] = {}

    def latest(self) -> Mapping[str, RaterQuality]:
        """Quality by rater id."""
        with self._lock:
            counts = count_stored(self._con)
            rows = (counts.rating_rows, counts.remarks)
            if rows != self._rows:
                self._quality = read_quality(self._con, self._words)
                self._rows = rows
            return self._quality
