"""What all pages share: one look, assets from this server alone, and events that stay private.

The pages for raters and auditors are a card each: one component whose value is everything that
the browser learns. How a card is shown and asked for anew is here; what it holds, its page says.

Untrusted text (prompts, replies, reasons) never passes through an `html_template`: Gradio
6.31 evaluates the filled-in template as a JavaScript template literal, so that `${…}` in a
reply would run although Handlebars escaped it. The templates here are constant, and the
asset scripts put text in place by `textContent`.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.responses import RedirectResponse
from fastapi.staticfiles import StaticFiles

from audit_app.quick_gradio import gr
from audit_app.sign_in import Admit, caller, signed_in_as
from study.errors import BadInput, BadTable, StudyError
from study.records import Role

ASSETS = Path(__file__).parent.parent / "assets"
_CHECK_EVERY_S = 5
_LOOKS_AGAIN = ("waiting", "paused")
_IDLE_QUEUE_S = 1.0

PRIVATE: dict[str, Any] = {
    "queue": False,
    "show_progress": "hidden",
    "api_visibility": "private",
}
"""Arguments of every event: no queue (three times the throughput, no stream to overhear)."""

NO_CHANGE_TEXT = "Nothing was saved. Reload the page and go on from there."


@dataclass(frozen=True)
class Page:
    """One page, and whom it is for."""

    path: str
    """Where it is mounted, without the last slash."""
    role: Role
    blocks: gr.Blocks


CardValue = dict[str, Any]
"""What the browser gets to show; `view` says which part of the card's template that is."""


@dataclass(frozen=True)
class Card:
    """What makes one card page differ from another."""

    title: str
    role: Role
    """Whom it is for: asked anew at every event."""
    name: str
    """Of its template among the assets."""
    scripts: tuple[str, ...]
    """The assets that give it its behaviour."""
    start: str
    """The script's function that brings the card to life."""
    show: Callable[[str], CardValue]
    """From a rater's id, what that person should see now."""
    submit: Callable[[str, Any], CardValue]
    """From a rater's id and what the browser sent, what to show next."""


def asset_text(name: str) -> str:
    """The content of an asset file."""
    return (ASSETS / name).read_text(encoding="utf-8")


def asset_address(name: str) -> str:
    """Where an asset is served; its hash is in the address, so that browsers never mix versions."""
    digest = hashlib.sha256((ASSETS / name).read_bytes()).hexdigest()[:12]
    return f"/assets/{name}?v={digest}"


def script_tag(name: str) -> str:
    """What loads an asset script before a component's `js_on_load` runs."""
    return f'<script src="{asset_address(name)}"></script>'


def serve_assets(app: FastAPI) -> None:
    """Serve the asset files, which hold nothing secret, to everybody."""
    app.mount("/assets", StaticFiles(directory=ASSETS), name="assets")

    @app.get("/favicon.ico", include_in_schema=False)
    def icon() -> RedirectResponse:
        return RedirectResponse(asset_address("icon.svg"))


def new_blocks(title: str) -> gr.Blocks:
    """Blocks with Gradio's telemetry switched off, and a queue that hardly looks for events."""
    page = gr.Blocks(title=f"{title} · warmth-audit", analytics_enabled=False)
    # no event uses it; each page's would look a thousand times a second, at the cost of submits
    page._queue.sleep_when_free = _IDLE_QUEUE_S
    page._queue.progress_update_sleep_when_free = _IDLE_QUEUE_S
    return page


def build_card_page(admit: Admit, made: Card) -> gr.Blocks:
    """A page of one card, which looks for something to do by itself while it is waiting."""

    def show(request: gr.Request) -> dict[Any, Any]:
        return shown(made.show(caller(admit, request, made.role).rater_id))

    def submit(event: gr.EventData, request: gr.Request) -> dict[Any, Any]:
        return shown(made.submit(caller(admit, request, made.role).rater_id, event._data))

    def shown(value: CardValue) -> dict[Any, Any]:
        return {card: value, timer: gr.update(active=value["view"] in _LOOKS_AGAIN)}

    page = new_blocks(made.title)
    with page:
        card = gr.HTML(
            value={"view": "loading"},
            html_template=asset_text(made.name + ".html"),
            js_on_load=f"{made.start}(element, trigger, props, watch);",
            head="".join(script_tag(name) for name in made.scripts),
            apply_default_css=False,
        )
        timer = gr.Timer(_CHECK_EVERY_S, active=False)
        page.load(show, outputs=[card, timer], **PRIVATE)
        timer.tick(show, outputs=[card, timer], **PRIVATE)
        card.submit(submit, outputs=[card, timer], **PRIVATE)
    return page


def sentence_for(error: StudyError) -> str:
    """What a rater or auditor is told of a refused submit; never the words of the database."""
    # a row that the database refuses is quoted in its message, internal ids and all
    if isinstance(error, BadInput) and not isinstance(error, BadTable):
        return f"Not saved: {error}."
    return "Not saved: the study could not store it. What you entered is kept; submit again."


def mount_page(app: FastAPI, page: Page) -> None:
    """Mount a page so that only its role gets anything out of it."""
    head = (
        f'<link rel="stylesheet" href="{asset_address("app.css")}">'
        f'<link rel="icon" href="{asset_address("icon.svg")}">'
    )
    gr.mount_gradio_app(
        app,
        page.blocks,
        path=page.path,
        auth_dependency=partial(_rater_of, role=page.role),
        footer_links=[],
        run_history=False,
        ssr_mode=False,
        enable_monitoring=False,
        mcp_server=False,
        pwa=False,
        show_error=False,
        max_file_size=1,
        theme=_theme(),
        head=head,
    )


def _rater_of(request: Any, role: Role) -> str | None:
    return signed_in_as(request.session, role)


def _theme() -> gr.themes.Base:
    # font stacks of the system: a named font would be fetched from Google
    sans = ("ui-sans-serif", "system-ui", "sans-serif")
    mono = ("ui-monospace", "Consolas", "monospace")
    theme = gr.themes.Base(
        primary_hue="teal",
        neutral_hue="slate",
        font=[gr.themes.Font(name) for name in sans],
        font_mono=[gr.themes.Font(name) for name in mono],
    )
    return theme.set(
        body_background_fill="#f5f6f8",
        button_primary_background_fill="#0f5f5c",
        button_primary_background_fill_hover="#0b4a48",
        button_primary_text_color="#ffffff",
        input_border_color="#6b7785",
        input_border_width="1px",
    )
