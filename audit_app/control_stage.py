"""The control stage of a study: every arm answers the control sets that its settings name.

The same canary, client and run files as for the study's own prompts, but other tables: what comes
of it is graded by rule and never paired, rated, audited or exported.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from audit_app.generation_stage import generate_responses, note_on_failed
from audit_app.intake import Destination
from audit_app.pipeline import Job, Questions, ended
from audit_app.run import Endpoint, meet_arms
from audit_app.serving_stage import CheckedArms, current_served_models
from audit_app.training_stage import TrainingPlan
from evaluation.controls.grades import read_ungraded_controls
from evaluation.controls.questions import (
    ControlSet,
    find_unstored,
    first_of_each,
    read_control_questions,
)
from evaluation.controls.replies import (
    as_prompt,
    plan_control_requests,
    read_answered_controls,
    read_failed_controls,
)
from evaluation.formats import count_of
from evaluation.responses import (
    ResponseRequest,
    ServedArm,
    choose_missing,
    count_failed,
    find_complete_arms,
)
from evaluation.serving.chat_client import ChatClient
from evaluation.serving.served_models import read_served_models
from study.errors import BadInput
from study.records import SYSTEM_PROMPT, ControlQuestion
from study.settings import IMPORTED, Settings

CONTROL_ARMS = ("untransformed", "cold", SYSTEM_PROMPT)
"""Arms that tell what else than warmth could make the difference."""

_STAGE = "controls"
_TO_CONTROLS = Destination(
    _STAGE, "control_replies", "control-grades", "control_grades", makes_pairs=False
)


@dataclass(frozen=True)
class ControlArms:
    """Which control arms a study has."""

    present: tuple[str, ...]
    missing: tuple[str, ...]
    line: str
    """What study.toml would say with all of them."""


def tell_control_arms(settings: Settings) -> ControlArms:
    """The control arms of a study, and the line that would add the others."""
    missing = tuple(arm for arm in CONTROL_ARMS if arm not in settings.arms)
    names = ", ".join(f'"{arm}"' for arm in (*settings.arms, *missing))
    present = tuple(arm for arm in CONTROL_ARMS if arm in settings.arms)
    return ControlArms(present, missing, f"arms = [{names}]")


def store_control_questions(job: Job) -> ControlSet:
    """Bring the questions of the study's control sets into the study.

    Raises:
        BadSettings: study.toml names no set.
        BadItems: a set cannot be read, or says otherwise than when the arms were asked.
        BadInput: the study was imported, so that nobody can be asked.
    """
    if IMPORTED in (job.settings.base, job.settings.evaluation.items):
        raise BadInput(
            f"expected a study whose arms can be asked, {job.settings.name} was imported with its "
            "replies; ask controls in a study of your own"
        )
    found = read_control_questions(job.located.controls, job.settings.seed)
    run_file = job.run_file("control-questions")
    with job.access.reading() as con:
        missing = find_unstored(con, found.questions)
    run_file.append("control_questions", missing)
    job.access.hand_in(run_file)
    tasks = sorted({question.item.task for question in found.questions})
    note = f"{count_of(len(found.questions), 'question')} of {', '.join(tasks)}"
    if found.left_out:
        listing = job.folder.runs / "left-out-control-items.txt"
        listing.write_text("\n".join(found.left_out) + "\n", encoding="utf-8")
        left_out = count_of(len(found.left_out), "item")
        note += f", {left_out} left out that cannot be asked (named in {listing})"
    job.report(ended("control questions", len(found.questions), note, bool(missing)))
    return found


def ask_controls(
    job: Job,
    found: ControlSet,
    plan: TrainingPlan,
    adapters: Mapping[str, Path],
    endpoint: Endpoint,
    dtype: str,
    cache: Path,
    limit: int | None = None,
    *,
    failed_again: bool = False,
) -> None:
    """Have every control question answered by every arm, and every answer graded.

    Args:
        found: what `store_control_questions` has stored.
        adapters: folder of each trained arm's.
        endpoint, dtype, cache: as `run.ask_arms` takes them.
        limit: ask this many questions of each set only.
        failed_again: ask once more for what has failed before.
    Raises:
        CanaryFailed: the endpoint serves something other than the arm asked for.
        ModelUnreachable: nothing answers at the endpoint; what has come is kept.
    """
    questions = first_of_each(found.questions, limit)
    # the stages of serving and asking sample as the settings of the evaluation say
    sampled = job.settings.evaluation.model_copy(update={"decoding": job.settings.control_decoding})
    asking = replace(job, settings=job.settings.model_copy(update={"evaluation": sampled}))
    with job.access.reading() as con:
        arms = current_served_models(read_served_models(con), adapters, plan, asking)

    def ask(client: ChatClient, checked: CheckedArms) -> None:
        requests = _missing_requests(asking, questions, checked.arms, failed_again=failed_again)
        generate_responses(
            asking, _as_questions(questions), requests, client, checked.check, _TO_CONTROLS
        )

    missing = _missing_requests(asking, questions, arms, failed_again=failed_again)
    if find_complete_arms(arms, missing) == set(job.settings.arms):
        _skip_controls(job, questions, arms)
    else:
        meet_arms(asking, plan, adapters, endpoint, dtype, cache, ask)
    grade_missing_controls(job)


def grade_missing_controls(job: Job) -> int:
    """Grade every control reply that the rules of today have not; returns how many there were."""
    run_file = job.run_file(_TO_CONTROLS.grade_stage)
    with job.access.reading() as con:
        ungraded = read_ungraded_controls(con)
    run_file.append(_TO_CONTROLS.grade_table, [one.grade() for one in ungraded])
    job.access.hand_in(run_file)
    return len(ungraded)


def _missing_requests(
    job: Job,
    questions: Sequence[ControlQuestion],
    arms: Sequence[ServedArm],
    *,
    failed_again: bool,
) -> list[ResponseRequest]:
    job.run_file(_STAGE)  # what a killed run left on the disk is handed in, and not paid twice
    with job.access.reading() as con:
        answered = read_answered_controls(con)
        failed = read_failed_controls(con) if failed_again else {}
    return choose_missing(plan_control_requests(questions, arms), answered, failed)


def _skip_controls(
    job: Job, questions: Sequence[ControlQuestion], arms: Sequence[ServedArm]
) -> None:
    """Say that every reply is there, and how many of them are failures."""
    with job.access.reading() as con:
        failed = read_failed_controls(con)
    n_failed = count_failed(plan_control_requests(questions, arms), failed)
    note = "every reply is there" + note_on_failed(n_failed, _STAGE)
    job.report(ended(_STAGE, 0, note, did_something=False))


def _as_questions(questions: Sequence[ControlQuestion]) -> Questions:
    items = {question.item.item_id: question.item for question in questions}
    return Questions(items, tuple(map(as_prompt, questions)), ())
