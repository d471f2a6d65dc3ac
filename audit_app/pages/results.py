"""The owner's page: stages at work, people's progress, results, and links to invite with.

The only page that may know arms. It computes nothing: numbers come from
`evaluation.statistics`, words from `evaluation.report`, figures from `evaluation.plots`; how
they become HTML is in `markup.py`, where every text is escaped.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb
import gradio as gr

from audit_app.overview import StoredCounts, count_stored, read_people
from audit_app.pages.frame import PRIVATE, new_blocks
from audit_app.pages.markup import (
    NO_RESULTS,
    SIGN_OUT,
    link_html,
    people_html,
    results_html,
    stages_html,
    title_html,
)
from audit_app.raters import invite
from audit_app.sign_in import caller, make_link_token
from audit_app.stages import StageBoard
from evaluation.plots import plot_error_rates, plot_gaps, plot_warm_share
from evaluation.report import results_as_tables
from evaluation.statistics.results import compute_results
from study.records import Role
from study.settings import Settings

_TICK_S = 2
_RESULTS_EVERY_S = 20
_HEAD = (
    "All results so far, as of {time}. They follow new rows by themselves, within half a minute."
)


@dataclass(frozen=True)
class ResultsDesk:
    """What the owner's page works with."""

    con: duckdb.DuckDBPyConnection
    settings: Settings
    secret: str
    """Signs the links that are made here."""
    stages: StageBoard
    clock: Callable[[], datetime]


def build_results_page(desk: ResultsDesk) -> gr.Blocks:
    """The page at /owner, for the study's owner."""
    shelf = ResultsShelf(desk)

    def watch(request: gr.Request) -> dict[Any, Any]:
        caller(desk.con, request, "owner")
        seats = desk.settings.rating.raters_per_pair
        people = people_html(count_stored(desk.con), read_people(desk.con, seats), seats)
        return {stages: stages_html(desk.stages.snapshot()), people_part: people}

    def follow(request: gr.Request) -> str:
        caller(desk.con, request, "owner")
        return shelf.latest(anew=False)

    def refresh(request: gr.Request) -> str:
        caller(desk.con, request, "owner")
        return shelf.latest(anew=True)

    def new_annotator(request: gr.Request) -> str:
        caller(desk.con, request, "owner")
        return link_html(_new_link(desk, request, "annotator"), desk.settings.rating.link_days)

    def new_auditor(request: gr.Request) -> str:
        caller(desk.con, request, "owner")
        return link_html(_new_link(desk, request, "auditor"), desk.settings.rating.link_days)

    page = new_blocks("Study")
    with page, gr.Column(elem_classes="wa-owner"):
        gr.HTML(title_html(desk.settings), apply_default_css=False)
        stages = gr.HTML(stages_html(()), apply_default_css=False)
        people_part = gr.HTML(apply_default_css=False)
        with gr.Row():
            annotator_button = gr.Button("New annotator link")
            auditor_button = gr.Button("New auditor link")
        link = gr.HTML(apply_default_css=False)
        results = gr.HTML(NO_RESULTS, apply_default_css=False)
        refresh_button = gr.Button("Refresh results now")
        gr.HTML(SIGN_OUT, apply_default_css=False)
        ticks = gr.Timer(_TICK_S)
        slow_ticks = gr.Timer(_RESULTS_EVERY_S)
        for event in (page.load, ticks.tick):
            event(watch, outputs=[stages, people_part], **PRIVATE)
        for event in (page.load, slow_ticks.tick):
            event(follow, outputs=results, **PRIVATE)
        refresh_button.click(refresh, outputs=results, **PRIVATE)
        annotator_button.click(new_annotator, outputs=link, **PRIVATE)
        auditor_button.click(new_auditor, outputs=link, **PRIVATE)
    return page


class ResultsShelf:
    """The newest results as HTML, computed once for however many windows look at them."""

    def __init__(self, desk: ResultsDesk) -> None:
        """Start with nothing computed."""
        self._desk = desk
        self._lock = threading.Lock()
        self._counts: StoredCounts | None = None
        self._html = NO_RESULTS

    def latest(self, anew: bool) -> str:
        """The results as HTML; computed when rows have come since the last time, or if asked."""
        with self._lock:
            counts = count_stored(self._desk.con)
            if anew or counts != self._counts:
                self._html = self._compute(counts)
                self._counts = counts
            return self._html

    def _compute(self, counts: StoredCounts) -> str:
        if counts.responses == 0:
            return NO_RESULTS
        results = compute_results(
            self._desk.con, self._desk.settings.seed, self._desk.settings.limited
        )
        return results_html(
            _HEAD.format(time=self._desk.clock().strftime("%H:%M:%S UTC")),
            results_as_tables(results),
            [plot_warm_share(results), plot_error_rates(results), plot_gaps(results)],
        )


def _new_link(desk: ResultsDesk, request: gr.Request, role: Role) -> str:
    now = desk.clock()
    rater = invite(desk.con, role, now)
    token = make_link_token(desk.secret, rater.rater_id, role, now)
    address = request.url
    return f"{address.scheme}://{address.netloc}/join/{token}"
