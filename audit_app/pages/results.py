"""The owner's page: stages at work, progress, people, what is held back, the study's state, results.

The only page that may know arms, and only once results are open. It computes nothing: numbers
come from the modules named below, what they say in words from `owner_parts.py` and `shelf.py`,
how that becomes HTML from `markup.py`, where every text is escaped. What is light follows every
tick, what is heavy every slow one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import duckdb
import gradio as gr

from audit_app.holds import count_holds, list_holds, release
from audit_app.item_progress import list_items, read_study_progress
from audit_app.links import make_link_token
from audit_app.overview import count_stored, read_people, read_remarks
from audit_app.pages.frame import PRIVATE, new_blocks
from audit_app.pages.markup import SIGN_OUT, link_html, said_html, stages_html, title_html
from audit_app.pages.owner_parts import (
    EXPORTS,
    LISTED_HOLDS,
    counts_html,
    holds_html,
    items_html,
    people_html,
    preregistration_html,
    progress_html,
    quality_html,
    remarks_html,
    state_html,
)
from audit_app.pages.shelf import QualityShelf, ResultsShelf
from audit_app.raters import invite, restore, revoke
from audit_app.seating import RaterProgress
from audit_app.sign_in import caller
from audit_app.stages import StageBoard
from audit_app.study_events import (
    Event,
    read_events,
    read_study_state,
    record_event,
    results_are_sealed,
)
from study.errors import StudyError
from study.records import Role
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
    settings: Settings
    secret: str
    """Signs the links that are made here."""
    stages: StageBoard
    progress_of: Callable[[str], RaterProgress]
    """How far the annotator of an id has come."""
    forget_seats: Callable[[], None]
    """Called when pairs may be given that were held back before."""
    clock: Callable[[], datetime]


@dataclass(frozen=True)
class Section:
    """Some components that are shown anew together."""

    shown: tuple[Any, ...]
    fill: Callable[..., dict[Any, Any]]
    """Looks at the study anew and says what they are to show; gets the values of `inputs`."""
    inputs: tuple[Any, ...] = ()


def build_results_page(desk: ResultsDesk) -> gr.Blocks:
    """The page at /owner, for the study's owner."""
    page = new_blocks("Study")
    with page, gr.Column(elem_classes="wa-owner"):
        gr.HTML(title_html(desk.settings), apply_default_css=False)
        light = _build_work(desk)
        heavy = (
            _build_progress(desk),
            _build_people(desk),
            _build_holds(desk),
            _build_record(desk),
            _build_results(desk),
        )
        gr.HTML(EXPORTS, apply_default_css=False)
        gr.HTML(SIGN_OUT, apply_default_css=False)
        ticks, slow_ticks = gr.Timer(_TICK_S), gr.Timer(_SLOW_TICK_S)
        _show_on(desk, (page.load, ticks.tick), light)
        for section in heavy:
            _show_on(desk, (page.load, slow_ticks.tick), section)
    return page


def _show_on(desk: ResultsDesk, events: tuple[Callable[..., Any], ...], section: Section) -> None:
    def look(request: gr.Request, *values: Any) -> dict[Any, Any]:
        caller(desk.con, request, "owner")
        return section.fill(*values)

    for event in events:
        event(look, inputs=[*section.inputs], outputs=[*section.shown], **PRIVATE)


def _act_on(
    desk: ResultsDesk,
    button: gr.Button,
    inputs: tuple[Any, ...],
    said: gr.HTML,
    section: Section,
    act: Callable[..., str],
) -> None:
    """Let a button do something in the owner's name, say what became of it, and show it.

    Args:
        inputs: the last is the reason, which is cleared when it is on record.
        act: gets the owner's id, then the values of the inputs; answers with a sentence.
    """
    reason = inputs[-1]

    def click(request: gr.Request, *values: Any) -> dict[Any, Any]:
        owner = caller(desk.con, request, "owner")
        try:
            told = act(owner.rater_id, *values)
        except StudyError as error:
            return {said: said_html(f"Nothing was changed. {error}.", is_problem=True)}
        return {said: said_html(told), reason: "", **section.fill()}

    button.click(click, inputs=[*inputs], outputs=[said, reason, *section.shown], **PRIVATE)


def _html() -> gr.HTML:
    return gr.HTML(apply_default_css=False)


def _choice(label: str) -> gr.Dropdown:
    # without custom values Gradio greys what it shows, at a contrast of 2.3:1; what is typed is
    # checked by the module that acts on it
    return gr.Dropdown([], label=label, allow_custom_value=True)


def _build_work(desk: ResultsDesk) -> Section:
    stages, counts = _html(), _html()
    return Section(
        (stages, counts),
        lambda: {
            stages: stages_html(desk.stages.snapshot()),
            counts: counts_html(count_stored(desk.con), read_study_state(desk.con)),
        },
    )


def _build_progress(desk: ResultsDesk) -> Section:
    pairs = _html()
    words = gr.Textbox(label="Only items whose question has these words")
    show = gr.Button("Show these items")
    items = _html()

    def fill(wanted: str) -> dict[Any, Any]:
        progress = read_study_progress(desk.con, desk.settings.rating.raters_per_pair)
        return {
            pairs: progress_html(progress),
            items: items_html(list_items(progress, wanted)),
        }

    section = Section((pairs, items), fill, (words,))
    _show_on(desk, (words.submit, show.click), section)
    return section


def _build_people(desk: ResultsDesk) -> Section:
    shelf = QualityShelf(desk.con)
    people, link = _html(), _html()
    with gr.Row():
        new_annotator = gr.Button("New annotator link")
        new_auditor = gr.Button("New auditor link")
    person = _choice("Person whose access is to change")
    reason = gr.Textbox(label="Why, for the study's record")
    with gr.Row():
        gone, back = gr.Button("Revoke access"), gr.Button("Restore access")
    said, care = _html(), _html()

    def fill() -> dict[Any, Any]:
        everybody, quality = read_people(desk.con, desk.progress_of), shelf.latest()
        return {
            people: people_html(everybody, quality),
            care: quality_html(quality),
            person: gr.Dropdown([someone.rater.rater_id for someone in everybody]),
        }

    section = Section((people, care, person), fill)
    _invite_on(desk, new_annotator, "annotator", link)
    _invite_on(desk, new_auditor, "auditor", link)
    _act_on(desk, gone, (person, reason), said, section, partial(_revoke, desk))
    _act_on(desk, back, (person, reason), said, section, partial(_restore, desk))
    return section


def _invite_on(desk: ResultsDesk, button: gr.Button, role: Role, link: gr.HTML) -> None:
    def make(request: gr.Request) -> str:
        caller(desk.con, request, "owner")
        now = desk.clock()
        rater = invite(desk.con, role, now)
        token = make_link_token(desk.secret, rater.rater_id, role, now)
        at = request.url
        return link_html(f"{at.scheme}://{at.netloc}/join/{token}", desk.settings.rating.link_days)

    button.click(make, outputs=link, **PRIVATE)


def _revoke(desk: ResultsDesk, owner_id: str, rater_id: str | None, reason: str) -> str:
    revoke(desk.con, rater_id or "", reason, owner_id, desk.clock())
    return f"{rater_id} is let in no more. Ratings that were given stay."


def _restore(desk: ResultsDesk, owner_id: str, rater_id: str | None, reason: str) -> str:
    restore(desk.con, rater_id or "", reason, owner_id, desk.clock())
    return f"{rater_id} is let in again."


def _build_holds(desk: ResultsDesk) -> Section:
    holds = _html()
    reply = _choice("Held-back reply to release")
    reason = gr.Textbox(label="Why raters may see it, for the study's record")
    let_go = gr.Button("Release this reply")
    said, remarks = _html(), _html()

    def fill() -> dict[Any, Any]:
        replies = list_holds(desk.con)
        listed = [held.response_id for held in replies if not held.is_released][:LISTED_HOLDS]
        return {
            holds: holds_html(replies, count_holds(desk.con)),
            remarks: remarks_html(read_remarks(desk.con)),
            reply: gr.Dropdown(listed),
        }

    def act(owner_id: str, response_id: str | None, why: str) -> str:
        release(desk.con, response_id or "", why, owner_id, desk.clock())
        desk.forget_seats()
        return f"{response_id} is released: raters get its pairs from now on."

    section = Section((holds, remarks, reply), fill)
    _act_on(desk, let_go, (reply, reason), said, section, act)
    return section


def _build_record(desk: ResultsDesk) -> Section:
    state = _html()
    reason = gr.Textbox(label="Why the state changes, for the study's record")
    with gr.Row():
        buttons = [(event, gr.Button(word)) for event, word in _CHANGES]
    said, frozen = _html(), _html()
    section = Section(
        (state, frozen),
        lambda: {
            state: state_html(read_study_state(desk.con), read_events(desk.con)),
            frozen: preregistration_html(read_preregistration(desk.con)),
        },
    )
    for event, button in buttons:
        _act_on(desk, button, (reason,), said, section, partial(_record, desk, event))
    return section


def _record(desk: ResultsDesk, event: Event, owner_id: str, reason: str) -> str:
    record_event(desk.con, event, owner_id, reason, desk.clock())
    return f"On the record: the study is {event}."


def _build_results(desk: ResultsDesk) -> Section:
    shelf = ResultsShelf(desk.con, desk.settings, desk.clock)
    results = _html()
    refresh = gr.Button("Refresh results now")
    with gr.Column(visible=False) as sealed:
        reason = gr.Textbox(label="Why results are needed now, for the study's record")
        unblind = gr.Button("Unblind now")
    said = _html()

    def fill(anew: bool = False) -> dict[Any, Any]:
        is_sealed = results_are_sealed(desk.con)
        return {results: shelf.latest(anew=anew), sealed: gr.Column(visible=is_sealed)}

    section = Section((results, sealed), fill)
    _show_on(desk, (refresh.click,), Section(section.shown, partial(fill, anew=True)))
    _act_on(desk, unblind, (reason,), said, section, partial(_record, desk, "unblinded"))
    return section
