"""The warmth stage of a study: scoring every reply that a measure has not scored yet.

Scores are on the disk group by group and in the study every few seconds, so that a run which is
stopped goes on where it was. What a score is stands in `evaluation/warmth.py`.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from audit_app.pipeline import Job, ended
from evaluation.warmth import (
    STAGE,
    Measure,
    Meter,
    has_replies,
    load_meter,
    measure_of,
    read_unscored,
    score_texts,
    warmth_score,
)
from study.errors import MissingStage
from study.progress import Report, StageProgress
from study.records import MeterMode
from study.run_files import RunFile
from study.settings import PACKAGED
from training.base_models import locate_base

_GROUP = 16
_HAND_IN_S = 5.0


@dataclass(frozen=True)
class StoredScores:
    """What was scored just now."""

    n: int
    n_without: int
    """Of them, texts that say nothing and have no score."""


def see_replies(job: Job) -> None:
    """See that there is something to score, before a meter is loaded for it.

    Raises:
        MissingStage: no reply of the study has a text yet.
    """
    with job.access.reading() as con:
        if not has_replies(con):
            raise MissingStage(
                "expected replies to score, the study has none yet; run `warmth-audit generate "
                f"--study {job.folder.root}`"
            )


def find_meter(name: str, cache: Path, report: Report) -> Meter:
    """A meter by `packaged`, a hub id or a folder.

    Raises:
        BadInput: there is no causal language model by that name.
        MissingExtra: what loads or converts it is not installed.
    """
    base = locate_base(name, cache, report)
    # a machine's path says nothing to others, and its hash says all
    is_folder = name != PACKAGED and Path(name).expanduser().is_dir()
    return load_meter(base.folder, base.folder.name if is_folder else name)


def score_replies(job: Job, meter: Meter, mode: MeterMode, seed: int, passes: int) -> int:
    """Score every reply with a text that has no score by this measure.

    Args:
        seed, passes: of the dropout, where there is any.
    Returns:
        How many replies were scored now.
    """
    measure = measure_of(meter, mode, seed, passes)
    run_file = job.run_file(STAGE)
    with job.access.reading() as con:
        unscored = read_unscored(con, measure)
    if not unscored:
        job.report(ended(STAGE, 0, "every reply has a score", did_something=False))
        return 0
    started = time.monotonic()
    stored = store_scores(job, STAGE, run_file, meter, measure, unscored)
    note = f"{stored.n} replies scored"
    if stored.n_without:
        note += f", {stored.n_without} of them say nothing and have no score"
    job.report(ended(STAGE, stored.n, note, True, started))
    return stored.n


def store_scores(
    job: Job,
    stage: str,
    run_file: RunFile,
    meter: Meter,
    measure: Measure,
    texts: Mapping[str, str],
) -> StoredScores:
    """Score texts group by group, so that a run which is stopped keeps all groups but its last.

    Args:
        stage: whose progress it is, and whose run file.
        measure: of this meter.
        texts: by the id under which their score is stored, the short ones first.
    """
    started = handed_in_at = time.monotonic()
    n_without, n_done = 0, 0
    ids = list(texts)
    for start in range(0, len(ids), _GROUP):
        group = ids[start : start + _GROUP]
        own = [texts[one] for one in group]
        scores = score_texts(meter, own, measure.mode, measure.seed or 0, passes=measure.passes)
        rows = [warmth_score(one, measure, score) for one, score in zip(group, scores, strict=True)]
        run_file.append("warmth_scores", rows)
        n_without += sum(row.score is None for row in rows)
        n_done += len(rows)
        now = time.monotonic()
        job.report(_progress(stage, n_done, len(ids), now - started))
        if now - handed_in_at >= _HAND_IN_S:
            job.access.hand_in(run_file)
            handed_in_at = time.monotonic()
    job.access.hand_in(run_file)
    return StoredScores(n_done, n_without)


def _progress(stage: str, done: int, total: int, seconds: float) -> StageProgress:
    left_s = seconds / done * (total - done)
    note = f"{done / max(seconds, 1e-9):.1f} replies a second, about {left_s:.0f} s left"
    return StageProgress(stage, "running", done, total, note, seconds)
