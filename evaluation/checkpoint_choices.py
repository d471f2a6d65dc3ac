"""Checkpoint choices: what the rule took, from which measures. The only writer of
`checkpoint_choices`.

A choice carries the rule, everything that went into it, and the hash of the settings that the rule
stands in, so that anybody can see that it was written before. Replies come from
`checkpoint_replies.py`, scores from `warmth.py`, the rule is in `statistics/checkpoint_rule.py`.
"""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import duckdb
import numpy as np

from evaluation.statistics.checkpoint_rule import (
    CheckpointWarmth,
    apply_rule,
    measure_warmth,
)
from study.database import insert_rows
from study.records import WARM, CheckpointChoice, Estimate, MeterMode, stable_id
from study.settings import PACKAGED, Settings

_INSERT_CHECKPOINT_CHOICES = """
    INSERT INTO checkpoint_choices (choice_id, arm, training_run_id, settings_sha256, rule, mode,
        meter_sha256, seed, measures_json, chosen_epochs, chosen_sha256, reason, chosen_at)
    SELECT row.choice_id, row.arm, row.training_run_id, row.settings_sha256, row.rule, row.mode,
        row.meter_sha256, row.seed, row.measures_json, row.chosen_epochs, row.chosen_sha256,
        row.reason, row.chosen_at
    FROM (SELECT unnest($rows) AS row)
    ON CONFLICT (choice_id) DO NOTHING
"""
_SELECT_NEWEST_CHOICE = """
    SELECT c.choice_id, c.arm, c.training_run_id, c.settings_sha256, c.rule, c.mode,
        c.meter_sha256, c.seed, c.measures_json, c.chosen_epochs, c.chosen_sha256, c.reason,
        c.chosen_at::VARCHAR
    FROM checkpoint_choices c
    ORDER BY c.chosen_at DESC, c.choice_id
    LIMIT 1
"""


@dataclass(frozen=True)
class ScoredReplies:
    """One checkpoint's replies, or the original's, with the meter's scores."""

    epochs: float
    adapter_sha256: str
    scores: Mapping[str, float]
    """By prompt id, of replies with a text; NaN where the text says nothing."""


@dataclass(frozen=True)
class MeasuredRun:
    """What was measured of a training run, and by what."""

    training_run_id: str
    original: ScoredReplies
    checkpoints: Sequence[ScoredReplies]
    """By rising epochs."""
    n_prompts: int
    engine: str
    meter: str
    """As the user named it."""
    meter_sha256: str


@dataclass(frozen=True)
class MeasuredCheckpoints:
    """The measures of a choice, as they are kept with it."""

    points: tuple[CheckpointWarmth, ...]
    sha256: tuple[str, ...]
    """Of each point's adapter."""
    n_prompts: int
    n_left_out: int
    """Prompts to which the original or a checkpoint gave no text, or one that says nothing."""
    n_without: tuple[int, ...]
    """By point, the prompts to which this checkpoint did: one alone can leave them out for all."""
    n_original_without: int
    """The same for the original."""
    engine: str
    meter: str
    bar: float | None
    """The warmth that the rule asks of a checkpoint; None where it asks for none."""


def choose_checkpoint(
    measured: MeasuredRun, settings: Settings, now: datetime, level: float = 0.95
) -> CheckpointChoice:
    """Apply the study's rule to what was measured.

    Only prompts count to which the original and every checkpoint gave a text that has a score, so
    that all are compared on the same.
    """
    rule = settings.warmth.rule
    assert rule is not None, "callers see to it"
    everyone = (measured.original, *measured.checkpoints)
    scored = [
        {name for name, score in one.scores.items() if not math.isnan(score)} for one in everyone
    ]
    shared = sorted(set.intersection(*scored))
    original, *scores = ([one.scores[name] for name in shared] for one in everyone)
    n_original_without, *n_without = (measured.n_prompts - len(own) for own in scored)
    epochs = [one.epochs for one in measured.checkpoints]
    table = np.array(scores, dtype=np.float64).reshape(len(epochs), len(shared))
    points = measure_warmth(epochs, table, np.array(original, dtype=np.float64), level)
    outcome = apply_rule(rule, points)
    sha256 = {one.epochs: one.adapter_sha256 for one in measured.checkpoints}
    measures = MeasuredCheckpoints(
        points=tuple(points),
        sha256=tuple(sha256[point.epochs] for point in points),
        n_prompts=measured.n_prompts,
        n_left_out=measured.n_prompts - len(shared),
        n_without=tuple(n_without),
        n_original_without=n_original_without,
        engine=measured.engine,
        meter=measured.meter,
        bar=outcome.bar,
    )
    measures_json = json.dumps(asdict(measures), ensure_ascii=False)
    mode, run_id = settings.warmth.mode, measured.training_run_id
    what = (settings.sha256, run_id, rule, mode, measured.meter_sha256, measures_json)
    return CheckpointChoice(
        choice_id=stable_id("choice", *what),
        arm=WARM,
        training_run_id=run_id,
        settings_sha256=settings.sha256,
        rule=rule,
        mode=mode,
        meter_sha256=measured.meter_sha256,
        seed=settings.seed,
        measures_json=measures_json,
        chosen_epochs=outcome.epochs,
        chosen_sha256=None if outcome.epochs is None else sha256[outcome.epochs],
        reason=outcome.reason + _caution(mode, measured.meter),
        chosen_at=now.isoformat(),
    )


def _caution(mode: MeterMode, meter: str) -> str:
    if meter != PACKAGED or mode == "manner":
        return ""
    return f"; by mode {mode} the packaged meter does not rank texts by warmth (docs/validity.md)"


def measures_of(choice: CheckpointChoice) -> MeasuredCheckpoints:
    """The measures that a choice rests on."""
    tree = json.loads(choice.measures_json)
    points = tuple(
        CheckpointWarmth(point["epochs"], Estimate(**point["warmth"]), point["stderr"])
        for point in tree["points"]
    )
    columns = {name: tuple(tree[name]) for name in ("sha256", "n_without")}
    return MeasuredCheckpoints(**{**tree, **columns, "points": points})


def read_newest_choice(con: duckdb.DuckDBPyConnection) -> CheckpointChoice | None:
    """The study's choice; None when nothing was chosen yet."""
    row = con.cursor().execute(_SELECT_NEWEST_CHOICE).fetchone()
    return CheckpointChoice(*row) if row else None


def insert_checkpoint_choices(
    cursor: duckdb.DuckDBPyConnection, rows: Iterable[Mapping[str, Any]]
) -> int:
    """Store choices; one already stored is passed over."""
    return insert_rows(cursor, _INSERT_CHECKPOINT_CHOICES, rows)
