"""The owner's page: stages at work, progress, people, what is held back, the study's state, results.

The only page that may know arms, and only once results are open. It computes nothing: numbers
come from the modules named below, what they say in words from `owner_parts.py` and `shelf.py`,
how that becomes HTML from `markup.py`, where every text is escaped. What is light follows every
tick, what is heavy every slow one.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

import duckdb

from audit_app.holds import count_holds, list_holds, release
from audit_app.item_progress import list_items, read_study_progress
from audit_app.overview import count_stored, read_remarks
from audit_app.pages.frame import new_blocks
from audit_app.pages.markup import SIGN_OUT, stages_html, title_html
from audit_app.pages.owner_parts import (
    EXPORTS,
    LISTED_HOLDS,
    counts_html,
    holds_html,
    items_html,
    preregistration_html,
    progress_html,
    remarks_html,
    state_html,
)
from audit_app.pages.people import PeopleDesk, build_people
from audit_app.pages.sections import Section, act_on, new_choice, new_html, show_on
from audit_app.pages.shelf import ResultsShelf
from audit_app.quick_gradio import gr
from audit_app.stages import StageBoard
from audit_app.standings import Standings
from audit_app.study_events import (
    Event,
    read_events,
    read_study_state,
    record_event,
    results_are_sealed,
)
from study.settings import Settings
from study.versions import read_preregistration

_TICK_S = 2
_SLOW_TICK_S = 20
_CHANGES: tuple[tuple[Event, str], ...] = (
    ("paused", "Pause"),
    ("resumed", "Resume"),
    ("closed", "Close"),
    ("reopened", "Reopen"),
)


@dataclass(frozen=True)
class ResultsDesk:
    """What the owner's page works with."""

    con: duckdb.DuckDBPyConnection
    standings: Standings
    settings: Settings
    stages: StageBoard
    people: PeopleDesk
    forget_seats: Callable[[], None]
    """Called when pairs may be given that were held back before."""
    clock: Callable[[], datetime]


def build_results_page(desk: ResultsDesk) -> gr.Blocks:
    """The page at /owner, for the study's owner."""
    page = new_blocks("Study")
    with page, gr.Column(elem_classes="wa-owner"):
        gr.HTML(title_html(desk.settings), apply_default_css=False)
        light = _build_work(desk)
        progress = _build_progress(desk)
        people = build_people(desk.people)
        holds = _build_holds(desk)
        record = _build_record(desk)
        results = _build_results(desk)
        gr.HTML(EXPORTS, apply_default_css=False)
        gr.HTML(SIGN_OUT, apply_default_css=False)
        ticks, slow_ticks = gr.Timer(_TICK_S), gr.Timer(_SLOW_TICK_S)
        show_on(desk.standings.require, (page.load, ticks.tick), light)
        for section in (progress, people, holds, record, results):
            show_on(desk.standings.require, (page.load, slow_ticks.tick), section)
        show_on(desk.standings.require, holds.acted, progress)
        show_on(desk.standings.require, record.acted, results)
        show_on(desk.standings.require, results.acted, record)
    return page


def _build_work(desk: ResultsDesk) -> Section:
    stages, counts = new_html(), new_html()
    return Section(
        (stages, counts),
        lambda: {
            stages: stages_html(desk.stages.snapshot()),
            counts: counts_html(count_stored(desk.con), read_study_state(desk.con)),
        },
    )


def _build_progress(desk: ResultsDesk) -> Section:
    pairs = new_html()
    words = gr.Textbox(label="Only items whose question has these words")
    show = gr.Button("Show these items")
    items = new_html()

    def fill(wanted: str) -> dict[Any, Any]:
        progress = read_study_progress(desk.con, desk.settings.rating.raters_per_pair)
        return {
            pairs: progress_html(progress),
            items: items_html(list_items(progress, wanted)),
        }

    section = Section((pairs, items), fill, (words,))
    show_on(desk.standings.require, (words.submit, show.click), section)
    return section


def _build_holds(desk: ResultsDesk) -> Section:
    holds = new_html()
    reply = new_choice("Held-back reply to release")
    reason = gr.Textbox(label="Why raters may see it, for the study's record")
    let_go = gr.Button("Release this reply")
    said, remarks = new_html(), new_html()

    def fill() -> dict[Any, Any]:
        replies = list_holds(desk.con)
        listed = [held.response_id for held in replies if not held.is_released][:LISTED_HOLDS]
        return {
            holds: holds_html(replies, count_holds(desk.con)),
            remarks: remarks_html(read_remarks(desk.con)),
            reply: gr.Dropdown(listed),
        }

    def act(owner_id: str, response_id: str, why: str) -> str:
        release(desk.con, response_id, why, owner_id, desk.clock())
        desk.forget_seats()
        return f"{response_id} is released: raters get its pairs from now on."

    section = Section((holds, remarks, reply), fill)
    return replace(
        section,
        acted=(act_on(desk.standings.require, let_go, (reply, reason), said, section, act),),
    )


def _build_record(desk: ResultsDesk) -> Section:
    state = new_html()
    reason = gr.Textbox(label="Why the state changes, for the study's record")
    with gr.Row():
        buttons = [(event, gr.Button(word)) for event, word in _CHANGES]
    said, frozen = new_html(), new_html()
    section = Section(
        (state, frozen),
        lambda: {
            state: state_html(read_study_state(desk.con), read_events(desk.con)),
            frozen: preregistration_html(read_preregistration(desk.con)),
        },
    )
    acted = (
        act_on(
            desk.standings.require, button, (reason,), said, section, partial(_record, desk, event)
        )
        for event, button in buttons
    )
    return replace(section, acted=tuple(acted))


def _record(desk: ResultsDesk, event: Event, owner_id: str, reason: str) -> str:
    record_event(desk.con, event, owner_id, reason, desk.clock())
    return f"On the record: the study is {event}."


def _build_results(desk: ResultsDesk) -> Section:
    shelf = ResultsShelf(desk.con, desk.settings, desk.clock)
    results = new_html()
    refresh = gr.Button("Refresh results now")
    with gr.Column(visible=False) as sealed:
        reason = gr.Textbox(label="Why results are needed now, for the study's record")
        unblind = gr.Button("Unblind now")
    said = new_html()

    def fill(anew: bool = False) -> dict[Any, Any]:
        is_sealed = results_are_sealed(desk.con)
        return {results: shelf.latest(anew=anew), sealed: gr.Column(visible=is_sealed)}

    section = Section((results, sealed), fill)
    show_on(
        desk.standings.require, (refresh.click,), Section(section.shown, partial(fill, anew=True))
    )
    unblinded = partial(_record, desk, "unblinded")
    return replace(
        section,
        acted=(act_on(desk.standings.require, unblind, (reason,), said, section, unblinded),),
    )
