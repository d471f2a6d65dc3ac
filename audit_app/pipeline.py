"""The batch stages of one study, in order: texts, adapters, responses, grades, pairs.

Each stage reads what the study has, does what is missing, appends it to its run file and
hands that in; run again, it goes on where it stopped. What one stage computes lives in
`training` and `evaluation`; here is only the order, and what goes into which run file.
"""

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING

from audit_app.access import StudyAccess
from audit_app.holds import tell_pairs
from audit_app.named_files import locate_files
from evaluation.context_sentences import build_context_sentences, read_sentence_ids
from evaluation.grading.labels import grade_response
from evaluation.grading.table import read_ungraded
from evaluation.items.sets import draw_items, read_items
from evaluation.pairs import draw_pairs, read_unpaired
from evaluation.prompts import build_prompts, read_prompt_ids, read_wordings
from evaluation.warmth_prompts import (
    NO_WARMTH_PROMPTS,
    WarmthPrompts,
    prompts_for_pairs,
    read_warmth_prompts,
)
from study.errors import BadInput
from study.folder import StudyFolder
from study.progress import Report, StageProgress, State
from study.records import ContextSentence, Item, Prompt
from study.run_files import RunFile
from study.settings import IMPORTED, Settings
from study.versions import Content
from training.conversations import read_conversations, sample
from training.rewrites import Rewrites, build_rewrites, read_rewrite_ids

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


@dataclass(frozen=True)
class Job:
    """What every stage of one study works with."""

    folder: StudyFolder
    settings: Settings
    access: StudyAccess
    report: Report

    @property
    def located(self) -> Settings:
        """The settings with the paths of their files as they are found."""
        return locate_files(self.settings, self.folder.root)

    def run_file(self, stage: str) -> RunFile:
        """The run file of a stage, with what an earlier run left there handed in."""
        run_file = RunFile(self.folder.run_file(stage), stage)
        self.access.hand_in(run_file)
        return run_file


@dataclass(frozen=True)
class Questions:
    """What the study asks: its items and every prompt made of them."""

    items: dict[str, Item]
    """Those of the warmth prompts among them."""
    prompts: tuple[Prompt, ...]
    """Warmth prompts last."""
    left_out: tuple[str, ...]
    """One sentence per item of the file that cannot be asked."""
    warmth: WarmthPrompts = NO_WARMTH_PROMPTS

    def unseen_prompt_ids(self, settings: Settings) -> frozenset[str]:
        """Warmth prompts whose replies make no pair, since the study asks for fewer pairs."""
        ids = [prompt.prompt_id for prompt in self.warmth.prompts]
        return frozenset(ids) - prompts_for_pairs(ids, settings.rating.warmth_pairs, settings.seed)


def read_questions(settings: Settings) -> Questions:
    """The study's items and prompts, which follow from its settings alone.

    Raises:
        BadInput: the study was imported; its items and prompts are rows alone.
    """
    evaluation = settings.evaluation
    if evaluation.items == IMPORTED:
        raise BadInput(
            f"expected a study that asks questions, {settings.name} was imported with its replies; "
            "serve, report, grade or pairs go on with it"
        )
    item_set = read_items(
        evaluation.items, settings.seed, keep_suspicious=evaluation.keep_suspicious
    )
    items = draw_items(item_set.items, evaluation.item_limit, settings.seed)
    prompts = build_prompts(
        items,
        evaluation.contexts,
        evaluation.beliefs,
        read_wordings(evaluation.wordings),
        settings.seed,
        evaluation.shape,
    )
    left_out = tuple(doubt.sentence for doubt in item_set.left_out)
    warmth = read_warmth(settings)
    asked = {item.item_id: item for item in (*items, *warmth.items)}
    return Questions(asked, (*prompts, *warmth.prompts), left_out, warmth)


def read_warmth(settings: Settings) -> WarmthPrompts:
    """The study's warmth prompts, none of which stands in the conversations of its training.

    Raises:
        BadItems: the file of conversations cannot be used.
    """
    if settings.warmth.prompts is None:
        return NO_WARMTH_PROMPTS
    trained_on = [one.user for one in read_conversations(settings.training.conversations)]
    return read_warmth_prompts(settings.warmth, trained_on, settings.seed)


def read_content(settings: Settings) -> Content:
    """Hashes of the files that the settings name: they may change under one name.

    Raises:
        BadItems: the items file cannot be used.
        BadInput: the conversations cannot be used.
        BadSettings: the wordings cannot be used, or lack a context or belief of the study.
    """
    questions = read_questions(settings)
    return Content(
        items_sha256=hash_records(list(questions.items.values())),
        conversations_sha256=hash_records(read_conversations(settings.training.conversations)),
        wordings_sha256=hash_records(questions.prompts),
    )


def store_questions(job: Job) -> Questions:
    """Bring the study's items and prompts into the study, and what else is rated of its texts."""
    settings = job.located
    questions = read_questions(settings)
    rewrites, sentences = read_rewrites(settings), read_sentences(settings)
    run_file = job.run_file("prompts")
    with job.access.reading() as con:
        known = read_prompt_ids(con)
        known_rewrites, known_sentences = read_rewrite_ids(con), read_sentence_ids(con)
    missing = [prompt for prompt in questions.prompts if prompt.prompt_id not in known]
    item_ids = {prompt.item_id for prompt in missing}
    rows: Mapping[str, Sequence[DataclassInstance]] = {
        "items": [questions.items[item_id] for item_id in sorted(item_ids)],
        "prompts": missing,
        "rewrites": [one for one in rewrites.rewrites if one.rewrite_id not in known_rewrites],
        "context_sentences": [one for one in sentences if one.sentence_id not in known_sentences],
    }
    for table, records in rows.items():
        run_file.append(table, records)
    job.access.hand_in(run_file)
    n_warmth = len(questions.warmth.prompts)
    note = f"{len(questions.items) - n_warmth} items, {len(questions.prompts) - n_warmth} prompts"
    note += f", {questions.warmth.told}" if n_warmth else ""
    note += _note_on_left_out(job, questions) + _note_on_rated_texts(rewrites, sentences)
    job.report(ended("prompts", len(questions.prompts), note, any(rows.values())))
    return questions


def read_rewrites(settings: Settings) -> Rewrites:
    """What the study's arms were trained on, to be rated; nothing where the study does not ask."""
    if "rewrite" not in settings.rating.forms:
        return Rewrites((), 0)
    everything = read_conversations(settings.training.conversations)
    conversations = sample(everything, settings.training.limit, settings.seed)
    return build_rewrites(conversations, settings.arms_to_train)


def read_sentences(settings: Settings) -> list[ContextSentence]:
    """Sentences of the study's contexts, to be rated; nothing where the study does not ask."""
    if "context" not in settings.rating.forms:
        return []
    return build_context_sentences(
        read_wordings(settings.evaluation.wordings), settings.evaluation.contexts
    )


def _note_on_left_out(job: Job, questions: Questions) -> str:
    if not questions.left_out:
        return ""
    listing = job.folder.runs / "left-out-items.txt"
    listing.write_text("\n".join(questions.left_out) + "\n", encoding="utf-8")
    return f", {len(questions.left_out)} suspicious items left out (named in {listing})"


def _note_on_rated_texts(rewrites: Rewrites, sentences: Sequence[ContextSentence]) -> str:
    note = ""
    if rewrites.rewrites or rewrites.n_unchanged:
        note += f", {len(rewrites.rewrites)} rewrites to rate"
    if rewrites.n_unchanged:
        note += f" ({rewrites.n_unchanged} that change nothing left out)"
    if sentences:
        note += f", {len(sentences)} context sentences to rate"
    return note


def grade_missing(job: Job) -> int:
    """Grade every response that has no grade; returns how many there were."""
    run_file = job.run_file("grade")
    with job.access.reading() as con:
        ungraded = read_ungraded(con)
    run_file.append(
        "grades", [grade_response(one.response, one.item, one.belief) for one in ungraded]
    )
    job.access.hand_in(run_file)
    note = f"{len(ungraded)} new grades" if ungraded else "every response is graded"
    job.report(ended("grade", len(ungraded), note, bool(ungraded)))
    return len(ungraded)


def pair_missing(job: Job) -> int:
    """Draw pairs for every prompt that has none; returns how many were drawn."""
    run_file = job.run_file("pairs")
    with job.access.reading() as con:
        rating, seed = job.settings.rating, job.settings.seed
        unpaired = read_unpaired(con, rating.warmth_pairs, seed)
    pairs = draw_pairs(unpaired, job.settings.seed)
    run_file.append("pairs", pairs)
    job.access.hand_in(run_file)
    with job.access.reading() as con:
        told = tell_pairs(con)
    note = f"{len(pairs)} new pairs, {told}" if pairs else f"no new pairs, {told}"
    job.report(ended("pairs", len(pairs), note, bool(pairs)))
    return len(pairs)


def ended(
    stage: str, total: int, note: str, did_something: bool, started: float | None = None
) -> StageProgress:
    """The last word of a stage, which may have found nothing to do."""
    seconds = time.monotonic() - started if started is not None else 0.0
    state: State = "done" if did_something else "skipped"
    return StageProgress(stage, state, total, total, note, seconds)


def _given(record: "DataclassInstance") -> dict[str, object]:
    """A record's fields without those at their default: one added later changes no old hash."""
    defaults = {field.name: field.default for field in fields(record)}
    return {name: value for name, value in asdict(record).items() if value != defaults[name]}


def hash_records(records: "Sequence[DataclassInstance]") -> str:
    """SHA-256 of records in their order."""
    rows = [_given(record) for record in records]
    return hashlib.sha256(json.dumps(rows, ensure_ascii=False).encode()).hexdigest()
