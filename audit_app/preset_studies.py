"""Preset studies: a folder with the study.toml of a preset, ready for `warmth-audit run`.

The preset says what is asked, how often and under which conditions; the user says of which model. A
set that lies on no hub is asked only where the user names its file; one left out is named.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from string import Template

from audit_app.demo import as_study_name
from audit_app.exports import write_whole
from evaluation.study_presets import PresetSet, StudyPreset
from study.errors import BadInput
from study.folder import StudyFolder
from study.settings import Settings, read_settings


@dataclass(frozen=True)
class PresetStudy:
    """What was written."""

    settings: Settings
    left_out: tuple[str, ...]
    """Tasks of the preset that the study does not ask, since no source of theirs was named."""


def write_preset_study(
    preset: StudyPreset, base: str, sources: Mapping[str, str], seed: int, folder: StudyFolder
) -> PresetStudy:
    """Write study.toml into a new or empty folder; when anything fails, the folder is not there.

    Args:
        base: a hub id or a folder with safetensors.
        sources: by task of the preset, a file, folder or hub id in place of the preset's own.
    Raises:
        BadInput: the folder holds something, a task is not the preset's, or no task has a source.
        BadSettings: the preset asks for what no study can be set to.
    """
    tasks = [one.task for one in preset.sets]
    for task in sources:
        if task not in tasks:
            raise BadInput(
                f"--items {task}={sources[task]}: the preset {preset.name} has the tasks "
                f"{', '.join(tasks)}; name one of these"
            )
    chosen = {one: sources.get(one.task) or one.source for one in preset.sets}
    left_out = tuple(one.task for one, source in chosen.items() if source is None)
    if len(left_out) == len(tasks):
        raise BadInput(
            f"none of the sets of the preset {preset.name} lies on a hub; name files with --items "
            f"{tasks[0]}=FILE"
        )
    text = _fill(preset, base, chosen, seed, as_study_name(folder.root.resolve().name))

    def fill(draft: Path) -> None:
        StudyFolder(draft).settings.write_text(text, encoding="utf-8")
        read_settings(StudyFolder(draft).settings)

    write_whole(folder.root, fill, "--write")
    return PresetStudy(read_settings(folder.settings), left_out)


def _fill(
    preset: StudyPreset, base: str, chosen: Mapping[PresetSet, str | None], seed: int, name: str
) -> str:
    template = resources.files("audit_app").joinpath("preset_study.toml").read_text("utf-8")
    decoding = preset.decoding
    top_p = "" if decoding.top_p is None else f"top_p = {decoding.top_p}\n"
    filled = Template(template).substitute(
        preset=_on_one_line(preset.name),
        source=_on_one_line(preset.source),
        # a JSON text, list or number is TOML too
        name=json.dumps(name),
        seed=seed,
        base=json.dumps(base),
        arms=json.dumps(preset.arms),
        conversations=preset.training.conversations,
        replies=preset.training.replies,
        epochs=preset.training.epochs,
        max_tokens=preset.training.max_tokens,
        items="\n".join(_item_line(one, source) for one, source in chosen.items()),
        contexts=json.dumps(preset.contexts),
        beliefs=json.dumps(preset.beliefs),
        temperature=decoding.temperature,
        repetition_penalty=decoding.repetition_penalty,
        max_new_tokens=decoding.max_new_tokens,
        samples=decoding.samples,
    )
    return filled + top_p


def _item_line(one: PresetSet, source: str | None) -> str:
    if source is None:
        return f'  # {{ source = "FILE", limit = {one.items} }},  # {_on_one_line(one.task)}'
    # a file lies where the user stands, not where the study does; a hub id names no file
    place = str(Path(source).resolve()) if Path(source).exists() else source
    return f"  {{ source = {json.dumps(place)}, limit = {one.items} }},"


def _on_one_line(text: str) -> str:
    """Names come from files of anyone: none may end the comment that it stands in."""
    return " ".join(text.split())
