"""The people part of the owner's page: who takes part, links, notes, access, and care.

What it says in words is in `owner_parts.py`; every change is made by the module that owns the
table.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import duckdb

from audit_app.links import make_link_token, renew_link
from audit_app.overview import read_people
from audit_app.pages.frame import PRIVATE
from audit_app.pages.markup import link_html, said_html
from audit_app.pages.owner_parts import people_html, quality_html
from audit_app.pages.sections import Section, act_on, new_choice, new_html
from audit_app.pages.shelf import QualityShelf
from audit_app.quick_gradio import gr
from audit_app.rater_notes import check_note, read_notes, save_note
from audit_app.raters import invite
from audit_app.seating import RaterProgress
from audit_app.sign_in import caller
from audit_app.standings import Standings
from study.errors import StudyError
from study.records import Role


@dataclass(frozen=True)
class PeopleDesk:
    """What this part works with."""

    con: duckdb.DuckDBPyConnection
    standings: Standings
    secret: str
    """Signs the links that are made here."""
    link_days: int
    progress_of: Callable[[str], RaterProgress]
    """How far the annotator of an id has come."""
    clock: Callable[[], datetime]
    https_only: bool
    """Browsers reach the app over TLS alone, whatever the proxy before it speaks to it."""


def build_people(desk: PeopleDesk) -> Section:
    """The part, inside the page that is being built."""
    shelf = QualityShelf(desk.con)
    people = new_html()
    _build_inviting(desk)
    person = new_choice("Person whose link, note or access is to change")
    reason = gr.Textbox(label="Why, for the study's record")
    with gr.Row():
        again = gr.Button("New link for this person")
        gone, back = gr.Button("Revoke access"), gr.Button("Restore access")
    note = gr.Textbox(label="Note on this person instead of the one before, for owners alone")
    keep = gr.Button("Save note")
    said, link, care = new_html(), new_html(), new_html()

    def fill() -> dict[Any, Any]:
        everybody, quality = read_people(desk.con, desk.progress_of), shelf.latest()
        return {
            people: people_html(everybody, quality, read_notes(desk.con)),
            care: quality_html(quality),
            person: gr.Dropdown([someone.rater.rater_id for someone in everybody]),
        }

    section = Section((people, care, person), fill)
    require = desk.standings.require
    _renew_on(desk, again, person, said, link)
    act_on(require, gone, (person, reason), said, section, partial(_revoke, desk))
    act_on(require, back, (person, reason), said, section, partial(_restore, desk))
    act_on(require, keep, (person, note), said, section, partial(_note, desk))
    return section


def _build_inviting(desk: PeopleDesk) -> None:
    note = gr.Textbox(label="Note on whom you invite, such as a name, for owners alone (optional)")
    with gr.Row():
        buttons: list[tuple[Role, gr.Button]] = [
            ("annotator", gr.Button("New annotator link")),
            ("auditor", gr.Button("New auditor link")),
        ]
    link = new_html()
    for role, button in buttons:
        _invite_on(desk, button, role, note, link)


def _invite_on(
    desk: PeopleDesk, button: gr.Button, role: Role, note: gr.Textbox, link: gr.HTML
) -> None:
    def make(request: gr.Request, words: str | None) -> dict[Any, Any]:
        owner, now = caller(desk.standings.require, request, "owner"), desk.clock()
        try:
            kept = check_note(words or "")
            rater = invite(desk.con, role, now)
            save_note(desk.con, rater.rater_id, kept, owner.rater_id, now)
        except StudyError as error:
            return {link: said_html(f"Nobody was invited. {error}.", is_problem=True)}
        token = make_link_token(desk.secret, rater.rater_id, role, now)
        return {link: _shown(desk, request, token), note: ""}

    button.click(make, inputs=note, outputs=[link, note], **PRIVATE)


def _renew_on(
    desk: PeopleDesk, button: gr.Button, person: gr.Dropdown, said: gr.HTML, link: gr.HTML
) -> None:
    def renew(request: gr.Request, rater_id: str | None) -> dict[Any, Any]:
        owner = caller(desk.standings.require, request, "owner")
        chosen = rater_id or ""
        try:
            token = renew_link(desk.con, desk.secret, chosen, owner.rater_id, desk.clock())
        except StudyError as error:
            told = said_html(f"Nothing was changed. {error}.", is_problem=True)
            return {said: told, link: ""}
        told = said_html(f"A new link for {chosen} is below; those before it open nothing now.")
        return {said: told, link: _shown(desk, request, token)}

    button.click(renew, inputs=person, outputs=[said, link], **PRIVATE)


def _shown(desk: PeopleDesk, request: gr.Request, token: str) -> str:
    at = request.url
    scheme = "https" if desk.https_only else at.scheme
    return link_html(f"{scheme}://{at.netloc}/join/{token}", desk.link_days)


def _revoke(desk: PeopleDesk, owner_id: str, rater_id: str, reason: str) -> str:
    desk.standings.revoke(rater_id, reason, owner_id, desk.clock())
    return f"{rater_id} is let in no more. Ratings that were given stay."


def _restore(desk: PeopleDesk, owner_id: str, rater_id: str, reason: str) -> str:
    desk.standings.restore(rater_id, reason, owner_id, desk.clock())
    return f"{rater_id} is let in again; links of before stay void, so make a new one."


def _note(desk: PeopleDesk, owner_id: str, rater_id: str, note: str) -> str:
    save_note(desk.con, rater_id, note, owner_id, desk.clock())
    return f"The note on {rater_id} is {'saved' if note.strip() else 'erased'}."
