"""Where the files lie that study.toml names: beside it, or else in the working directory.

Settings are stored and hashed as they are written. What is located here is for reading alone.
"""

from pathlib import Path

from evaluation.items.sets import names_hub_set
from study.errors import BadSettings
from study.settings import IMPORTED, PACKAGED, ItemSource, Settings


def locate_files(settings: Settings, folder: Path) -> Settings:
    """The settings with the paths of items, wordings, conversations and adapters as they are found.

    Args:
        folder: that of study.toml.
    Raises:
        BadSettings: a file lies in neither place.
    """
    evaluation, controls, warmth = settings.evaluation, settings.controls, settings.warmth
    items = (
        _locate_items(evaluation.items, folder)
        if isinstance(evaluation.items, str)
        else _locate_sources(evaluation.items, folder)
    )
    prompts = warmth.prompts and _locate(warmth.prompts, folder)
    training = {
        "conversations": _locate(settings.training.conversations, folder),
        "adapters": {
            arm: _locate(adapter, folder) for arm, adapter in settings.training.adapters.items()
        },
    }
    found = {
        "evaluation": {"items": items, "wordings": _locate(evaluation.wordings, folder)},
        "controls": {"items": _locate_sources(controls.items, folder)},
        "warmth": {"prompts": prompts},
        "training": training,
    }
    return settings.model_copy(
        update={
            section: getattr(settings, section).model_copy(update=paths)
            for section, paths in found.items()
        }
    )


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
