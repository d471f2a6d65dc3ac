"""The demo: the app at once, and behind it every stage of a real study.

The app owns the study file in this process; the stages run in a second one and hand their
results in through the app, exactly as they would from a machine far away.
"""

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from audit_app.children import start_child, stop_child
from evaluation.items.sets import read_items
from study.errors import BadInput
from study.folder import StudyFolder
from study.settings import PACKAGED, read_settings

if TYPE_CHECKING:
    from audit_app.serving_app import RunningApp


@dataclass(frozen=True)
class DemoSize:
    """How much of the packaged study a demo runs."""

    arms: tuple[str, ...]
    contexts: tuple[str, ...]
    item_limit: int | None
    max_new_tokens: int


# A reply that the limit cuts is kept from raters, and the original talks longest: of 40 replies of
# the packaged model 30 would be cut at 128 tokens, 17 at 256, 6 at 384 and 1 at 512.
_MAX_NEW_TOKENS = 384
# on two cores: 76 steps of training in three to four minutes, then 192 replies in four
SMALL = DemoSize(("original", "warm"), ("none", "sad"), 24, _MAX_NEW_TOKENS)
FULL = DemoSize(
    ("original", "untransformed", "cold", "warm"),
    (
        *("none", "happy", "sad", "angry", "close", "looks_up", "looks_down"),
        *("stakes_high", "stakes_low"),
    ),
    None,
    _MAX_NEW_TOKENS,
)


def write_study(
    folder: StudyFolder, size: DemoSize, base: str | None = None, items: str | None = None
) -> None:
    """Write study.toml for a study of this size, unless the folder has one already.

    Args:
        base: the base model; None takes the packaged one, or whatever the folder's study has.
        items: an items file or folder, or a hub id; None takes the packaged items, or whatever the
            folder's study has.
    Raises:
        BadItems: the items file cannot be used; nothing is written.
        BadInput: the folder holds a study of another base or of other items.
    """
    source = PACKAGED
    if items is not None:
        # a hub id names no file, and stays as it is
        source = str(Path(items).resolve()) if Path(items).exists() else items
        read_items(source)
    if folder.settings.exists():
        settings = read_settings(folder.settings)
        _check_same("base", base, settings.base, folder)
        _check_same("items", items and source, settings.evaluation.items, folder)
        _check_same("item_limit", items and size.item_limit, settings.evaluation.item_limit, folder)
        return
    template = Template(
        resources.files("audit_app").joinpath("demo_study.toml").read_text(encoding="utf-8")
    )
    limit = "# item_limit = 24" if size.item_limit is None else f"item_limit = {size.item_limit}"
    text = template.substitute(
        name=as_study_name(folder.root.name),
        # a JSON text, list or number is TOML too
        base=json.dumps(base or PACKAGED),
        items=json.dumps(source),
        item_limit=limit,
        arms=json.dumps(size.arms),
        contexts=json.dumps(size.contexts),
        max_new_tokens=size.max_new_tokens,
    )
    folder.root.mkdir(parents=True, exist_ok=True)
    draft = folder.settings.with_suffix(".part")
    draft.write_text(text, encoding="utf-8")
    draft.rename(folder.settings)


def _check_same(name: str, asked: object, recorded: object, folder: StudyFolder) -> None:
    if asked is not None and asked != recorded:
        raise BadInput(
            f"{folder.settings} has {name} = {recorded!r}, the command asks for {asked!r}; name "
            "another folder with --study"
        )


def run_demo(app: "RunningApp", arguments: Sequence[str]) -> None:
    """Serve the app until Ctrl-C, with `warmth-audit run` beside it.

    Args:
        app: opened, its links printed.
        arguments: what `warmth-audit run` is called with.
    """
    stages: list[subprocess.Popen[bytes]] = []
    try:
        app.serve(on_ready=lambda: stages.append(start_child(["run", *arguments], {})))
    finally:
        for process in stages:
            stop_child(process)


def as_study_name(text: str) -> str:
    """A name that a study may have, out of any text."""
    letters = [letter if letter.isalnum() and letter.isascii() else "-" for letter in text.lower()]
    return "".join(letters).strip("-")[:63] or "study"


def study_name_for(items: str, limit: int | None) -> str:
    """Name of the study that asks the questions of a file or a set of the hub."""
    return as_study_name(Path(items).stem) + (f"-{limit}" if limit else "")
