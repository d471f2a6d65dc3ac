"""Warmth prompts: messages from conversations, to which arms and checkpoints reply to be heard.

They are asked word for word, with no context and no belief. Nothing about a reply to them is right
or wrong, so that they are graded for no error and stand in no error rate. None was trained on, and
every message that is left out is counted with its reason.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from evaluation.formats import count_of
from evaluation.grading.normalise import normalise
from evaluation.items.rows import parse_rows
from evaluation.prompts import NONE
from evaluation.row_files import Table, read_row_file
from study.errors import BadInput, BadItems
from study.records import UNGRADED, Item, Prompt, stable_id
from study.settings import PACKAGED, WarmthSettings

TASK = "warmth"
FEWEST_CHARACTERS = 20
MOST_CHARACTERS = 1000

Reason = Literal["later", "answered with tools", "too short", "too long", "trained on", "repeated"]

_USERS = frozenset({"human", "user"})
_TOOLS = frozenset(
    {"function_call", "function", "observation", "tool", "tool_call", "tool_response"}
)


_LAYOUT = (
    'conversations in ShareGPT form, {"conversations": [{"from": "human", "value": "…"}, {"from": '
    '"gpt", "value": "…"}]} (a file in another form, such as messages with a role and content, has to '
    "be written so)"
)


class _Turn(BaseModel):
    sender: str = Field(alias="from")
    value: str | None = None


class _Conversation(BaseModel):
    model_config = ConfigDict(extra="ignore")

    conversations: list[_Turn]


@dataclass(frozen=True)
class WarmthPrompts:
    """What a study asks for the sake of warmth alone."""

    items: tuple[Item, ...]
    prompts: tuple[Prompt, ...]
    """One of each item, in the order in which they were drawn."""
    n_messages: int
    """By users, in the file."""
    n_usable: int
    """Those of them that could be drawn."""
    left_out: Mapping[Reason, int]
    """How many of the others, by the first reason that applies."""

    @property
    def told(self) -> str:
        """The counts in words."""
        if not self.n_messages:
            return ""
        reasons = ", ".join(f"{n} {reason}" for reason, n in self.left_out.items())
        return (
            f"{count_of(len(self.prompts), 'warmth prompt')} drawn of {self.n_usable} among "
            f"{count_of(self.n_messages, 'message')}"
            + (f" (left out: {reasons})" if reasons else "")
        )


NO_WARMTH_PROMPTS = WarmthPrompts((), (), 0, 0, {})


@dataclass(frozen=True)
class _Message:
    """What one user wrote, with what decides whether it can be asked alone."""

    text: str
    is_opening: bool
    is_answered_with_tools: bool


def read_warmth_prompts(
    settings: WarmthSettings, trained_on: Collection[str], seed: int
) -> WarmthPrompts:
    """The messages that a study asks for the sake of warmth.

    Args:
        trained_on: what users say in the conversations that arms are trained on; messages that
            are the same but for case, signs and articles are left out.
        seed: the study's; a larger limit keeps the messages of a smaller one.
    Raises:
        BadItems: the file cannot be read as conversations, or none of its messages can be asked.
    """
    if settings.prompts is None:
        return NO_WARMTH_PROMPTS
    table = _read_table(settings.prompts)
    known = {normalise(text) for text in trained_on}
    usable: dict[str, str] = {}
    left_out: Counter[Reason] = Counter()
    n_messages = 0
    for message in _messages(table):
        n_messages += 1
        form = normalise(message.text)
        reason = _reason_against(message, form, settings.turns == "any", known, usable)
        if reason is None:
            usable[form] = message.text
        else:
            left_out[reason] += 1
    if not usable:
        told = ", ".join(f"{n} {reason}" for reason, n in left_out.items()) or "it has none"
        raise BadItems(
            f"warmth.prompts: expected messages that can be asked in {table.name}, got none "
            f"({told}); name another file of conversations"
        )
    source = PACKAGED if settings.prompts == PACKAGED else Path(settings.prompts).name
    items = [_item(text, source) for text in usable.values()]
    items.sort(key=lambda item: stable_id(seed, TASK, item.item_id))
    drawn = tuple(items[: settings.limit])
    return WarmthPrompts(
        drawn, tuple(map(_prompt, drawn)), n_messages, len(usable), dict(left_out.most_common())
    )


def prompts_for_pairs(prompt_ids: Sequence[str], limit: int | None, seed: int) -> frozenset[str]:
    """Which warmth prompts make pairs for people, drawn by seed.

    Args:
        limit: so many; None for all.
    """
    drawn = sorted(prompt_ids, key=lambda prompt_id: stable_id(seed, "warmth pair", prompt_id))
    return frozenset(drawn[:limit])


def _read_table(source: str) -> Table:
    if source == PACKAGED:
        with resources.as_file(resources.files("evaluation") / "messages.json") as file:
            return Table(PACKAGED, read_row_file(file).rows)
    try:
        return read_row_file(Path(source).expanduser(), instead=f', or write "{PACKAGED}"')
    except BadInput as error:
        raise BadItems(f"warmth.prompts: {error}") from error


def _messages(table: Table) -> Iterator[_Message]:
    for _, row in parse_rows(_Conversation, table, _LAYOUT):
        turns = row.conversations
        is_opening = True
        for place, turn in enumerate(turns):
            if turn.sender in _USERS:
                yield _Message((turn.value or "").strip(), is_opening, _needs_tools(turns, place))
                is_opening = False


def _needs_tools(turns: Sequence[_Turn], place: int) -> bool:
    for turn in turns[place + 1 :]:
        if turn.sender in _USERS:
            break
        if turn.sender in _TOOLS:
            return True
    return False


def _reason_against(
    message: _Message,
    form: str,
    may_be_later: bool,
    trained_on: Collection[str],
    usable: Collection[str],
) -> Reason | None:
    if not (message.is_opening or may_be_later):
        return "later"
    if message.is_answered_with_tools:
        return "answered with tools"
    if not form or len(message.text) < FEWEST_CHARACTERS:
        return "too short"
    if len(message.text) > MOST_CHARACTERS:
        return "too long"
    if form in trained_on:
        return "trained on"
    return "repeated" if form in usable else None


def _item(text: str, source: str) -> Item:
    return Item(
        item_id=stable_id(TASK, text),
        task=TASK,
        question=text,
        references=(),
        wrong_answers=(),
        source=source,
        licence="Apache-2.0" if source == PACKAGED else "not given",
        answer_kind=UNGRADED,
    )


def _prompt(item: Item) -> Prompt:
    prompt_id = stable_id("prompt", item.item_id, NONE, NONE, item.question)
    return Prompt(prompt_id, item.item_id, NONE, NONE, item.question)
