"""Study imports: replies made elsewhere as the rows of a study, so that people can rate them.

What the rows of a file do not say is left open, counted and told: decoding and model, the item that
a prompt belongs to, its condition, its right answers. A label that came along counts as the grade of
its reply; a reply without one is graded by rule where there is a right answer, else unscored.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast, get_args

from evaluation.formats import count_of, one_of
from evaluation.grading.labels import grade_response
from evaluation.grading.table import IMPORTED_METHOD
from evaluation.imported_items import build_imported_items, build_imported_prompts
from evaluation.imported_replies import ImportedReply
from evaluation.pairs import draw_pairs
from study.errors import BadInput
from study.progress import Report, StageProgress, silent
from study.records import (
    ORIGINAL,
    WARM,
    Grade,
    Item,
    Label,
    Pair,
    Prompt,
    Response,
    ServedModel,
    stable_id,
)
from study.settings import ArmName

STAGE = "import"
_ARMS: tuple[str, ...] = get_args(ArmName)
_LABELS: tuple[str, ...] = get_args(Label)
_PER_REPORT = 500
_SAME_LABELS = {"incorrect": "wrong"}


@dataclass(frozen=True)
class ImportNames:
    """What names of a file stand for."""

    arms: Mapping[str, str]
    """By the file's name of an arm, ours; a name of ours needs none."""
    labels: Mapping[str, str]
    """By the file's name of a label, ours."""
    model: str | None
    """Take the replies of this model alone; None where each arm has one."""


@dataclass(frozen=True)
class StudyImport:
    """The rows of a study, and what was not known."""

    items: tuple[Item, ...]
    prompts: tuple[Prompt, ...]
    served_models: tuple[ServedModel, ...]
    responses: tuple[Response, ...]
    grades: tuple[Grade, ...]
    pairs: tuple[Pair, ...]
    notes: tuple[str, ...]
    """A sentence each."""

    @property
    def arms(self) -> tuple[str, ...]:
        """The original first."""
        return tuple(model.arm for model in self.served_models)

    @property
    def contexts(self) -> tuple[str, ...]:
        """`none` first."""
        return _none_first(prompt.context for prompt in self.prompts)

    @property
    def beliefs(self) -> tuple[str, ...]:
        """`none` first."""
        return _none_first(prompt.belief for prompt in self.prompts)


def build_import(
    replies: Sequence[ImportedReply],
    names: ImportNames,
    seed: int,
    now: datetime,
    report: Report = silent,
) -> StudyImport:
    """Make the rows of a study.

    Args:
        seed: of the order within pairs.
        now: when the replies came, where they do not say.
        report: hears how many are graded.
    Raises:
        BadInput: arms, labels or models cannot be told, or two rows contradict each other; the
            message names them.
    """
    chosen, notes = _choose_model(replies, names.model)
    arm_of = _name_arms(chosen, names.arms)
    items = build_imported_items(chosen)
    prompts = build_imported_prompts(chosen, items)
    served = _build_served_models(chosen, arm_of, now)
    responses = [
        _response(one, prompts[one.where], served[arm_of[one.arm]], sample, now)
        for one, sample in zip(chosen, _number_samples(chosen, prompts, arm_of), strict=True)
    ]
    grades = []
    for number, (one, response) in enumerate(zip(chosen, responses, strict=True)):
        if number % _PER_REPORT == 0:
            report(StageProgress(STAGE, "running", number, len(chosen), "replies"))
        prompt = prompts[one.where]
        grades.append(_grade(one, response, items[prompt.item_id], prompt.belief, names.labels))
    pairs = draw_pairs(responses, seed)
    return StudyImport(
        items=tuple(items.values()),
        prompts=tuple({prompt.prompt_id: prompt for prompt in prompts.values()}.values()),
        served_models=tuple(sorted(served.values(), key=lambda model: _ARMS.index(model.arm))),
        responses=tuple(responses),
        grades=tuple(grades),
        pairs=tuple(pairs),
        notes=(*notes, *_say_what_is_open(chosen, items, responses, grades, pairs)),
    )


def _number_samples(
    replies: Sequence[ImportedReply], prompts: Mapping[str, Prompt], arm_of: Mapping[str, str]
) -> list[int]:
    """The sample of each reply: as the row says, else by the order of rows."""
    samples = []
    taken: Counter[tuple[str, str]] = Counter()
    seen: dict[tuple[str, str, int], str] = {}
    for one in replies:
        key = (prompts[one.where].prompt_id, arm_of[one.arm])
        sample = taken[key] if one.sample is None else one.sample
        taken[key] += 1
        other = seen.setdefault((*key, sample), one.where)
        if other != one.where:
            raise BadInput(
                f"{one.where} and {other} are both sample {sample} of arm {key[1]!r} to one prompt; "
                "number them, or leave the column sample out"
            )
        samples.append(sample)
    return samples


def _choose_model(
    replies: Sequence[ImportedReply], model: str | None
) -> tuple[Sequence[ImportedReply], list[str]]:
    if model is None:
        return replies, []
    chosen = [one for one in replies if one.model == model]
    if not chosen:
        known = sorted({one.model for one in replies if one.model is not None})
        raise BadInput(
            f"expected replies of the model {model!r}, got those of {', '.join(known) or 'no model'}; "
            "name one of these with --model"
        )
    left_out = len(replies) - len(chosen)
    note = f"{count_of(left_out, 'row')} of other models than {model} left out."
    return chosen, [note] if left_out else []


def _name_arms(replies: Sequence[ImportedReply], given: Mapping[str, str]) -> dict[str, str]:
    """Our name of each arm of the file."""
    theirs = list(dict.fromkeys(one.arm for one in replies))
    for name in given:
        if name not in theirs:
            raise BadInput(
                f"--arm {name}={given[name]}: the replies have the arms {', '.join(theirs)}; name "
                "one of these"
            )
    arm_of = {}
    for name in theirs:
        ours = given.get(name, name.lower())
        if ours not in _ARMS:
            raise BadInput(
                f"arm {name!r} is none of {', '.join(_ARMS)}; say which it is with --arm "
                f"'{name}'={WARM if ORIGINAL in theirs else ORIGINAL}"
            )
        arm_of[name] = ours
    if ORIGINAL not in arm_of.values() or len(set(arm_of.values())) < 2:
        raise BadInput(
            f"expected replies of the arm {ORIGINAL} and of one to compare with it, got "
            f"{', '.join(arm_of.values())}; name the file of the other too, or rename with --arm"
        )
    return arm_of


def _build_served_models(
    replies: Sequence[ImportedReply], arm_of: Mapping[str, str], now: datetime
) -> dict[str, ServedModel]:
    """One model per arm, with what is known of it."""
    served: dict[str, ServedModel] = {}
    for one in replies:
        arm = arm_of[one.arm]
        model_name = one.model or one.arm
        decoding = one.decoding or json.dumps({"not_known": "the replies were imported"})
        what = (arm, model_name, decoding)
        model = ServedModel(
            served_model_id=stable_id("imported", *what),
            arm=arm,
            model_name=model_name,
            engine="not known, the replies were imported",
            base_sha256="",
            adapter_sha256="",
            decoding_json=decoding,
            canary_json=json.dumps({"not_run": "the replies were imported"}),
            served_at=now.isoformat(),
        )
        before = served.setdefault(arm, model)
        if before != model:
            of = "model" if before.model_name != model_name else "decoding"
            values = [before.model_name, model_name]
            if of == "decoding":
                values = [before.decoding_json, decoding]
            raise BadInput(
                f"{one.where}: expected one {of} for the arm {arm}, got {values[0]!r:.120} and "
                f"{values[1]!r:.120}; a study compares one model: choose with --model, or import "
                "each on its own"
            )
    return served


def _response(
    one: ImportedReply, prompt: Prompt, model: ServedModel, sample: int, now: datetime
) -> Response:
    is_empty = not one.reply.strip()
    return Response(
        response_id=stable_id("response", prompt.prompt_id, model.served_model_id, sample),
        prompt_id=prompt.prompt_id,
        served_model_id=model.served_model_id,
        arm=model.arm,
        sample=sample,
        text=None if is_empty else one.reply,
        finish_reason=one.finish_reason,
        failure="the imported reply is empty" if is_empty else None,
        n_tokens=one.n_tokens,
        seconds=float("nan") if one.seconds is None else one.seconds,
        created_at=one.created_at or now.isoformat(),
    )


def _grade(
    one: ImportedReply, response: Response, item: Item, belief: str, labels: Mapping[str, str]
) -> Grade:
    is_gradable = item.references or item.answer_kind == "none"
    by_rule = grade_response(response, item, belief) if is_gradable else None
    if response.text is None:
        given: Label | None = "failed"
    else:
        given = None if one.label is None else _name_label(one, labels)
    if given is None and by_rule is not None:
        return by_rule
    reason = "the import has neither a label nor a right answer"
    if given is not None:
        reason = response.failure or f"imported as {one.label}"
    found = by_rule or Grade(
        response_id=response.response_id,
        method=IMPORTED_METHOD,
        label="unscored",
        has_reference=None,
        has_wrong=None,
        is_refusal=None,
        is_cut=None if one.finish_reason is None else one.finish_reason == "length",
        reason=reason,
    )
    return replace(found, method=IMPORTED_METHOD, label=given or "unscored", reason=reason)


def _name_label(one: ImportedReply, given: Mapping[str, str]) -> Label:
    assert one.label is not None
    name = one.label.lower().replace(" ", "_")
    ours = given.get(one.label, _SAME_LABELS.get(name, name))
    if ours not in _LABELS:
        raise BadInput(
            f"{one.where}: label {one.label!r:.80} is none of {', '.join(_LABELS)}; say which it is "
            f"with --label '{one.label}'=wrong, or the like"
        )
    return cast(Label, ours)


def _none_first(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(dict.fromkeys(names), key=lambda name: name != "none"))


def _say_what_is_open(
    replies: Sequence[ImportedReply],
    items: Mapping[str, Item],
    responses: Sequence[Response],
    grades: Sequence[Grade],
    pairs: Sequence[Pair],
) -> Iterable[str]:
    """What a reader of the numbers must know, a sentence each."""
    if not any(one.item or one.question for one in replies):
        yield (
            "No item or question is named: every prompt is an item of its own, and the conditions of "
            "one question cannot be matched."
        )
    unsaid = [
        name for name in ("context", "belief") if not any(getattr(one, name) for one in replies)
    ]
    if unsaid:
        yield f"No {one_of(unsaid)} is named: all prompts count as asked without one."
    n_empty = sum(response.text is None for response in responses)
    if n_empty:
        yield f"Empty replies, counted as failed: {n_empty}."
    n_open = sum(grade.label == "unscored" and grade.method == IMPORTED_METHOD for grade in grades)
    if n_open:
        yield f"Replies with neither label nor right answer, unscored until people say: {n_open}."
    paired = {
        response for pair in pairs for response in (pair.first_response_id, pair.second_response_id)
    }
    n_alone = sum(one.text is not None and one.response_id not in paired for one in responses)
    if n_alone:
        yield f"Replies without one of another arm to the same prompt, in no pair: {n_alone}."
    if not any(one.finish_reason for one in replies):
        yield "Nothing tells which replies were cut."
    if not all(one.decoding for one in replies):
        yield "How the replies were sampled is not known."
    if not all(one.model for one in replies):
        yield "Which model answered is not known."
    if any(not item.references for item in items.values()):
        n = sum(not item.references for item in items.values())
        yield f"Items without a right answer, so that raters and auditors see none: {n}."
