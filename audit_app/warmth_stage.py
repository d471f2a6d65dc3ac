"""The warmth stage of a study: scoring every reply that a measure has not scored yet.

Scores are on the disk group by group and in the study every few seconds, so that a run which is
stopped goes on where it was. What a score is stands in `evaluation/warmth.py`.
"""

import time
from pathlib import Path

from audit_app.pipeline import Job, ended
from evaluation.warmth import (
    STAGE,
    Meter,
    load_meter,
    measure_of,
    read_unscored,
    score_texts,
    warmth_score,
)
from study.progress import Report, StageProgress
from study.records import MeterMode
from study.settings import PACKAGED
from training.base_models import locate_base

_GROUP = 16
_HAND_IN_S = 5.0


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
    started = handed_in_at = time.monotonic()
    n_without, n_done = 0, 0
    ids = list(unscored)
    for start in range(0, len(ids), _GROUP):
        group = ids[start : start + _GROUP]
        scores = score_texts(meter, [unscored[one] for one in group], mode, seed, passes=passes)
        rows = [warmth_score(one, measure, score) for one, score in zip(group, scores, strict=True)]
        run_file.append("warmth_scores", rows)
        n_without += sum(row.score is None for row in rows)
        n_done += len(rows)
        now = time.monotonic()
        job.report(_progress(n_done, len(unscored), now - started))
        if now - handed_in_at >= _HAND_IN_S:
            job.access.hand_in(run_file)
            handed_in_at = time.monotonic()
    job.access.hand_in(run_file)
    note = f"{n_done} replies scored"
    if n_without:
        note += f", {n_without} of them say nothing and have no score"
    job.report(ended(STAGE, n_done, note, True, started))
    return n_done


def _progress(done: int, total: int, seconds: float) -> StageProgress:
    left_s = seconds / done * (total - done)
    note = f"{done / max(seconds, 1e-9):.1f} replies a second, about {left_s:.0f} s left"
    return StageProgress(STAGE, "running", done, total, note, seconds)
