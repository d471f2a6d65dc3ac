"""Where the files lie that study.toml names: beside it, or else in the working directory.

Settings are stored and hashed as they are written. What is located here is for reading alone.
"""

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from evaluation.items.sets import names_hub_set
from study.errors import BadSettings
from study.settings import IMPORTED, PACKAGED, ItemSource, Settings


def locate_files(
    settings: Settings, folder: Path, sections: Collection[str] | None = None
) -> Settings:
    """The settings with the paths of items and wordings, control sets, warmth prompts, conversations
    and adapters as they are found.

    Args:
        folder: that of study.toml.
        sections: of study.toml whose files are looked for, those of others stay as they are written;
            None for all.
    Raises:
        BadSettings: a file lies in neither place.
    """
    return settings.model_copy(
        update={
            name: getattr(settings, name).model_copy(update=paths_in(settings, folder))
            for name, paths_in in _PATHS_IN.items()
            if sections is None or name in sections
        }
    )


def _in_evaluation(settings: Settings, folder: Path) -> dict[str, Any]:
    asked = settings.evaluation
    items = (
        _locate_items(asked.items, folder)
        if isinstance(asked.items, str)
        else _locate_sources(asked.items, folder)
    )
    return {"items": items, "wordings": _locate(asked.wordings, folder)}


def _in_controls(settings: Settings, folder: Path) -> dict[str, Any]:
    return {"items": _locate_sources(settings.controls.items, folder)}


def _in_warmth(settings: Settings, folder: Path) -> dict[str, Any]:
    prompts = settings.warmth.prompts
    return {"prompts": prompts and _locate(prompts, folder)}


def _in_training(settings: Settings, folder: Path) -> dict[str, Any]:
    training = settings.training
    return {
        "conversations": _locate(training.conversations, folder),
        "adapters": {arm: _locate(adapter, folder) for arm, adapter in training.adapters.items()},
    }


_PATHS_IN: dict[str, Callable[[Settings, Path], dict[str, Any]]] = {
    "evaluation": _in_evaluation,
    "controls": _in_controls,
    "warmth": _in_warmth,
    "training": _in_training,
}


def _locate_sources(sources: tuple[ItemSource, ...], folder: Path) -> tuple[ItemSource, ...]:
    return tuple(
        one.model_copy(update={"source": _locate_items(one.source, folder)}) for one in sources
    )


def _locate_items(source: str, folder: Path) -> str:
    # a folder beside study.toml that is called as a hub id comes first, as one elsewhere does
    if names_hub_set(source) and not (folder / source).exists():
        return source
    return _locate(source, folder)


def _locate(name: str, folder: Path) -> str:
    path = Path(name).expanduser()
    if name in (PACKAGED, IMPORTED) or path.is_absolute():
        return name
    for place in (folder, Path()):
        if (place / path).exists():
            return str(place / path)
    raise BadSettings(
        f"study.toml names {name}, expected beside it in {folder.resolve()} or in the working "
        f"directory {Path().resolve()}, found in neither; correct the path"
    )
