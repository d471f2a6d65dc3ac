"""Sections of the owner's page: shown anew by ticks, changed by buttons, each call by the owner.

What a section says is its builder's business (`results.py`). Here every event first asks who is
calling, since Gradio publishes each handler.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from audit_app.pages.frame import PRIVATE
from audit_app.pages.markup import said_html
from audit_app.quick_gradio import gr
from audit_app.sign_in import Admit, caller
from study.errors import StudyError


@dataclass(frozen=True)
class Section:
    """Some components that are shown anew together."""

    shown: tuple[Any, ...]
    fill: Callable[..., dict[Any, Any]]
    """Looks at the study anew and says what they are to show; gets the values of `inputs`."""
    inputs: tuple[Any, ...] = ()
    acted: tuple[Callable[..., Any], ...] = ()
    """Events of its buttons having done something that other sections show too."""


def show_on(admit: Admit, events: tuple[Callable[..., Any], ...], section: Section) -> None:
    """Show a section anew whenever one of these events fires, if it is the owner who asks."""

    def look(request: gr.Request, *values: Any) -> dict[Any, Any]:
        caller(admit, request, "owner")
        return section.fill(*_texts(values))

    for event in events:
        event(look, inputs=[*section.inputs], outputs=[*section.shown], **PRIVATE)


def act_on(
    admit: Admit,
    button: gr.Button,
    inputs: tuple[Any, ...],
    said: gr.HTML,
    section: Section,
    act: Callable[..., str],
) -> Callable[..., Any]:
    """Let a button do something in the owner's name, say what became of it, and show it.

    Args:
        inputs: the last is the reason, which is cleared when it is on record.
        act: gets the owner's id, then the values of the inputs; answers with a sentence.
    Returns:
        The event of all that having been done.
    """
    reason = inputs[-1]

    def click(request: gr.Request, *values: Any) -> dict[Any, Any]:
        owner = caller(admit, request, "owner")
        try:
            told = act(owner.rater_id, *_texts(values))
        except StudyError as error:
            return {said: said_html(f"Nothing was changed. {error}.", is_problem=True)}
        return {said: said_html(told), reason: "", **section.fill()}

    outputs = [said, reason, *section.shown]
    done: Callable[..., Any] = button.click(
        click, inputs=[*inputs], outputs=outputs, **PRIVATE
    ).then
    return done


def new_html() -> gr.HTML:
    """A place for HTML that `markup.py` made."""
    return gr.HTML(apply_default_css=False)


def new_choice(label: str) -> gr.Dropdown:
    """A list to choose from, whose entries come later."""
    # without custom values Gradio greys what it shows, at a contrast of 2.3:1; what is typed is
    # checked by the module that acts on it
    return gr.Dropdown([], label=label, allow_custom_value=True)


def _texts(values: tuple[Any, ...]) -> list[str]:
    """What stands in fields; one that is empty may come as nothing at all."""
    return ["" if value is None else str(value) for value in values]
