"""The chosen checkpoint, as it lies beside a study for those who serve its arms.

The study's table has the record; the file says the same where no study file can be opened, and is
written anew from the record whenever `warmth-audit checkpoints` runs.
"""

import json
from dataclasses import asdict, fields
from pathlib import Path

from study.errors import BadInput, MissingStage
from study.folder import StudyFolder
from study.records import CheckpointChoice


def write_choice(folder: StudyFolder, choice: CheckpointChoice) -> Path:
    """Put a choice beside the study; returns the file."""
    draft = folder.checkpoint_choice.with_suffix(".part")
    text = json.dumps(asdict(choice), indent=1, ensure_ascii=False) + "\n"
    draft.write_text(text, encoding="utf-8")
    return draft.rename(folder.checkpoint_choice)


def read_chosen_epochs(folder: StudyFolder, training_run_id: str, rule: str) -> float:
    """After how many epochs the arms of a study are taken.

    Args:
        training_run_id: of the arm warm, as the settings have it now.
        rule: the same.
    Raises:
        MissingStage: nothing was chosen yet, or the rule could not tell.
        BadInput: the file is no choice of this version.
    """
    file = folder.checkpoint_choice
    again = f"run `warmth-audit checkpoints --study {folder.root}`"
    try:
        tree = json.loads(file.read_text(encoding="utf-8"))
        choice = CheckpointChoice(
            **{field.name: tree[field.name] for field in fields(CheckpointChoice)}
        )
    except FileNotFoundError as error:
        raise MissingStage(
            f"study.toml has the rule {rule!r} for checkpoints and none is chosen yet; {again}"
        ) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInput(f"{file} is no choice of this version ({error}); {again}") from error
    if (choice.training_run_id, choice.rule) != (training_run_id, rule):
        raise MissingStage(f"{file} is the choice of another training or rule; {again}")
    if choice.chosen_epochs is None:
        raise MissingStage(
            f"the rule {rule!r} took no checkpoint ({choice.reason}); begin another study beside "
            "this one with more messages or checkpoints, or with another rule"
        )
    return choice.chosen_epochs
