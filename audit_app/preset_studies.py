"""Preset studies: a folder with the study.toml of a preset, ready for `warmth-audit run`.

The preset says what is asked, how often and under which conditions; the user says of which model. A
set that lies on no hub is asked only where the user names its file, and so are messages for warmth;
what is left out is named.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from string import Template

from audit_app.demo import as_study_name
from audit_app.exports import write_whole
from evaluation.formats import on_one_line
from evaluation.items.sets import names_hub_set
from evaluation.study_presets import PresetSet, PresetWarmth, StudyPreset
from study.errors import BadInput
from study.folder import StudyFolder
from study.settings import PACKAGED, Settings, parse_settings

WARMTH = "warmth"
"""As which task messages for warmth are named."""


@dataclass(frozen=True)
class PresetStudy:
    """A study.toml before it is written."""

    preset: StudyPreset
    """Without what the study does not ask."""
    settings: Settings
    left_out: tuple[str, ...]
    """Tasks of the preset that the study does not ask, since no source of theirs was named."""
    text: str
    folder: StudyFolder

    def write(self) -> None:
        """Write it into a new or empty folder; when anything fails, the folder is not there.

        Raises:
            BadInput: the folder holds something, or cannot be written.
        """

        def fill(draft: Path) -> None:
            StudyFolder(draft).settings.write_text(self.text, encoding="utf-8")

        write_whole(self.folder.root, fill, "--write")


def draft_preset_study(
    preset: StudyPreset, base: str, sources: Mapping[str, str], seed: int, folder: StudyFolder
) -> PresetStudy:
    """The study of a preset that a folder is to hold; nothing is written.

    Args:
        base: a hub id or a folder with safetensors.
        sources: by task of the preset, a file, folder or hub id in place of the preset's own; a
            file of conversations for `warmth`.
    Raises:
        BadInput: the base has no weights to be had, a task is not the preset's, a source is not
            there, or no task has one.
        BadSettings: the preset asks for what no study can be set to.
    """
    _check_base(preset, base)
    _check_sources(preset, sources)
    sets, controls = _find_sources(preset.sets, sources), _find_sources(preset.controls, sources)
    left_out = [one.task for one in (*sets, *controls) if one.source is None]
    if all(one.source is None for one in sets):
        raise BadInput(
            f"none of the sets of the preset {preset.name} lies on a hub; name files with --items "
            f"{sets[0].task}=FILE"
        )
    has_warmth = preset.warmth is not None and WARMTH in sources
    if preset.warmth is not None and not has_warmth:
        left_out.append(WARMTH)
    chosen = preset.model_copy(update={"sets": sets, "controls": controls})
    text = _fill(chosen, base, sources.get(WARMTH), seed, _name_of(folder))
    asked = {
        "sets": tuple(one for one in sets if one.source is not None),
        "controls": tuple(one for one in controls if one.source is not None),
        "warmth": preset.warmth if has_warmth else None,
    }
    settings = parse_settings(text, folder.settings)
    return PresetStudy(preset.model_copy(update=asked), settings, tuple(left_out), text, folder)


def _check_base(preset: StudyPreset, base: str) -> None:
    if base in {one.id for one in preset.models} - {one.id for one in preset.open_models}:
        known = ", ".join(one.id for one in preset.open_models)
        raise BadInput(
            f"--base {base}: only its provider can train and serve that model; name one whose weights "
            f"can be had, a hub id or a folder with safetensors; the preset {preset.name} has {known}"
        )


def _check_sources(preset: StudyPreset, sources: Mapping[str, str]) -> None:
    tasks = [one.task for one in (*preset.sets, *preset.controls)]
    if preset.warmth is not None:
        tasks.append(WARMTH)
    for task, source in sources.items():
        if task not in tasks:
            raise BadInput(
                f"--items {task}={source}: the preset {preset.name} has the tasks "
                f"{', '.join(tasks)}; name one of these"
            )
        is_on_hub = task != WARMTH and names_hub_set(source)
        if not is_on_hub and source != PACKAGED and not Path(source).expanduser().exists():
            raise BadInput(
                f"--items {task}={source}: expected a file, found none there; correct the path"
                + ("" if task == WARMTH else ", or name a folder or a hub id such as owner/name")
            )


def _find_sources(sets: Sequence[PresetSet], sources: Mapping[str, str]) -> tuple[PresetSet, ...]:
    return tuple(
        one.model_copy(update={"source": sources.get(one.task, one.source)}) for one in sets
    )


def _name_of(folder: StudyFolder) -> str:
    return as_study_name(folder.root.resolve().name)


def _fill(preset: StudyPreset, base: str, messages: str | None, seed: int, name: str) -> str:
    template = resources.files("audit_app").joinpath("preset_study.toml").read_text("utf-8")
    decoding, warmth = preset.decoding, preset.warmth
    return Template(template).substitute(
        preset=on_one_line(preset.name),
        source=on_one_line(preset.source),
        # a JSON text, list or number is TOML too
        name=json.dumps(name),
        seed=seed,
        base=json.dumps(base),
        arms=json.dumps(preset.arms),
        conversations=preset.training.conversations,
        replies=preset.training.replies,
        training=_training_lines(preset, is_on=warmth is not None and messages is not None),
        warmth="" if warmth is None else _warmth_lines(warmth, messages),
        items="\n".join(map(_item_line, preset.sets)),
        contexts=json.dumps(preset.contexts),
        beliefs=json.dumps(preset.beliefs),
        temperature=decoding.temperature,
        repetition_penalty=decoding.repetition_penalty,
        max_new_tokens=decoding.max_new_tokens,
        samples=decoding.samples,
        top_p="" if decoding.top_p is None else f"top_p = {decoding.top_p}\n",
        controls="\n".join(map(_item_line, preset.controls)),
    )


def _training_lines(preset: StudyPreset, *, is_on: bool) -> str:
    """A rule needs checkpoints to choose from, and these the epochs that they stand in."""
    training, warmth = preset.training, preset.warmth
    lines = [f"epochs = {training.epochs}", f"max_tokens = {training.max_tokens}"]
    if warmth is not None and warmth.checkpoints:
        # the end of the run is kept anyway
        kept = [epoch for epoch in warmth.checkpoints if epoch < training.epochs]
        lines.append(f"checkpoints = {json.dumps(kept)}")
    head = _as_lines(["[training]"], is_on=is_on)
    file = '# conversations = "conversations.jsonl"'
    return "\n".join([head, file, _as_lines(lines, is_on=is_on)])


def _warmth_lines(warmth: PresetWarmth, messages: str | None) -> str:
    head = (
        "# Messages that are asked for warmth alone, their pairs and the choice of a checkpoint, which\n"
        "# needs those of [training]; docs/warmth.md.\n"
    )
    lines = [
        "[warmth]",
        f"prompts = {json.dumps('FILE' if messages is None else _place(messages))}",
        f"limit = {warmth.pairs}",
        *([] if warmth.rule is None else [f"rule = {json.dumps(warmth.rule)}"]),
        "[rating]",
        f"warmth_pairs = {warmth.pairs}",
        f"raters_per_pair = {warmth.raters_per_pair}",
        f"pairs_per_rater = {warmth.pairs_per_rater}",
    ]
    return head + _as_lines(lines, is_on=messages is not None)


def _as_lines(lines: Sequence[str], *, is_on: bool) -> str:
    return "\n".join(line if is_on else f"# {line}" for line in lines)


def _item_line(one: PresetSet) -> str:
    if one.source is None:
        return f'  # {{ source = "FILE", limit = {one.items} }},  # {on_one_line(one.task)}'
    return f"  {{ source = {json.dumps(_place(one.source))}, limit = {one.items} }},"


def _place(source: str) -> str:
    """A file lies where the user stands, not where the study does; a hub id names no file."""
    path = Path(source).expanduser()
    return str(path.resolve()) if path.exists() else source
