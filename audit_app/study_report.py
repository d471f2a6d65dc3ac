"""What the study's report says now: sealed while people rate, everything once it is open.

One place for the owner's page and the command line, so that neither shows more than the other.
Numbers come from `evaluation.statistics`, their words from `evaluation.report`; whether results
per arm may be shown, `study_events.py` says.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import duckdb

from audit_app.item_progress import StudyProgress, read_study_progress
from audit_app.study_events import Opening, read_opening, results_are_sealed
from evaluation.checkpoint_choices import read_newest_choice
from evaluation.checkpoint_tables import checkpoint_table, checkpoints_as_json
from evaluation.control_tables import controls_as_json, controls_as_tables
from evaluation.controls.replies import describe_control_limits
from evaluation.formats import Table
from evaluation.gate import Coverage, GateCheck, check_gate
from evaluation.interim_report import interim_as_json, interim_as_tables
from evaluation.report import results_as_json, results_as_tables
from evaluation.responses import describe_limits
from evaluation.statistics.control_results import ControlResults, compute_control_results
from evaluation.statistics.interim import InterimResults, compute_interim
from evaluation.statistics.results import StudyResults, compute_results
from study.records import CheckpointChoice
from study.settings import Settings
from study.versions import Preregistration, read_preregistration

_SEALED = (
    "Results per arm are sealed while people rate. They open when the study is closed, or when its "
    "owner unblinds with a reason, which goes on the study's record."
)


@dataclass(frozen=True)
class StudyReport:
    """All that may be told as of now."""

    interim: InterimResults | None
    """None once results per arm are open."""
    results: StudyResults | None
    """None as long as they are sealed."""
    controls: ControlResults | None
    """None when no control set was asked. Nobody rates those replies, so that they are not sealed;
    lengths of the study's own replies stand there once results per arm are open."""
    opening: Opening | None
    """What opened them; None when they are sealed, or when there is nothing to seal."""
    preregistration: Preregistration | None
    progress: StudyProgress
    limited: str | None
    """How the study was cut down; None when it was not."""
    checkpoint_choice: CheckpointChoice | None
    """Which checkpoint the trained arms are taken from; None while sealed, and where none was
    measured."""


def compute_report(con: duckdb.DuckDBPyConnection, settings: Settings) -> StudyReport:
    """Compute what may be shown, and nothing else.

    Raises:
        BadTable: a rating or response leads to a row that is not stored.
    """
    is_sealed = results_are_sealed(con)
    limited = describe_limits(con, settings)
    return StudyReport(
        interim=compute_interim(con, settings.seed) if is_sealed else None,
        results=None if is_sealed else compute_results(con, settings.seed, limited),
        controls=compute_controls(con),
        opening=read_opening(con),
        preregistration=read_preregistration(con),
        progress=read_study_progress(con, settings.rating.raters_per_pair),
        limited=limited,
        checkpoint_choice=None if is_sealed else read_newest_choice(con),
    )


def compute_controls(con: duckdb.DuckDBPyConnection) -> ControlResults | None:
    """What the controls found; of the study's own replies nothing while it is sealed.

    Raises:
        BadTable: a control reply belongs to a question that is not stored.
    """
    limited = describe_control_limits(con)
    return compute_control_results(con, limited, is_sealed=results_are_sealed(con))


def check_study_gate(con: duckdb.DuckDBPyConnection, settings: Settings) -> tuple[GateCheck, ...]:
    """Hold the study to the limits of its settings; while it is sealed no arm's number is told.

    Raises:
        BadSettings: no limit is set.
        BadTable: a rating or response leads to a row that is not stored.
    """
    report = compute_report(con, settings)
    progress = report.progress
    coverage = Coverage(progress.n_ratings, progress.n_pairs * progress.seats)
    arms = report.results.arms if report.results is not None else settings.arms
    return check_gate(settings.gate, report.results, arms, coverage)


def report_as_json(report: StudyReport) -> dict[str, Any]:
    """The report for other programs.

    Keys in both cases: `sealed`, `limited` (how the study was cut down, or lets conditions differ
    in more than the condition; null when neither), `opening` (`event`, `actor`, `reason`,
    `happened_at`, `n_ratings_after`; null when sealed or never sealed), `preregistration` (`version`,
    `settings_sha256`, `recorded_at`, `frozen_at`, `amendments` with `changes` of `name`,
    `before`, `after`; null before the first rating), `completeness` (`pairs_by_ratings`: how
    many pairs have 0, 1, … ratings; `n_pairs_held`, `n_surplus`), `checkpoints` (as
    `checkpoints_as_json`; null while sealed and where none was measured) and `controls` (as
    `controls_as_json` in `control_tables.py`; null when none were asked). While sealed those of
    `interim_as_json` besides, else those of `results_as_json`.
    """
    progress, opening = report.progress, report.opening
    common = {
        "sealed": report.results is None,
        "limited": report.limited,
        "opening": opening
        and {
            "event": opening.by.event,
            "actor": opening.by.actor,
            "reason": opening.by.reason,
            "happened_at": opening.by.happened_at,
            "n_ratings_after": opening.n_ratings_after,
        },
        "preregistration": report.preregistration and asdict(report.preregistration),
        "controls": report.controls and controls_as_json(report.controls),
        "completeness": {
            "pairs_by_ratings": list(progress.pairs_by_ratings),
            "n_pairs_held": progress.n_pairs_held,
            "n_surplus": progress.n_surplus,
        },
        "checkpoints": report.checkpoint_choice and checkpoints_as_json(report.checkpoint_choice),
    }
    if report.interim is not None:
        return interim_as_json(report.interim) | common
    assert report.results is not None
    return results_as_json(report.results) | common


def report_notes(report: StudyReport) -> list[str]:
    """What stands above the tables: sealed or since when open, and how complete."""
    notes = [_SEALED] if report.interim is not None else []
    if report.opening is not None:
        notes.append(_opening_sentence(report.opening))
    return [*notes, completeness_sentence(report.progress)]


def report_tables(report: StudyReport) -> Sequence[Table]:
    """The tables that may be shown."""
    controls = controls_as_tables(report.controls) if report.controls is not None else []
    if report.interim is not None:
        return [*interim_as_tables(report.interim, report.limited), *controls]
    assert report.results is not None
    choice = report.checkpoint_choice
    checkpoints = [checkpoint_table(choice)] if choice else []
    return [*results_as_tables(report.results), *checkpoints, *controls]


def preregistration_sentences(frozen: Preregistration | None) -> list[str]:
    """What the study set out to do, and how often that was changed."""
    if frozen is None:
        return ["Nothing is frozen yet: study.toml is hashed and frozen at the first rating."]
    return [
        f"Version {frozen.version} of the settings was in force at the first rating, "
        f"{when(frozen.frozen_at)}; it was noted {when(frozen.recorded_at)}.",
        f"SHA-256 of its settings: {frozen.settings_sha256}",
        f"Versions noted since: {len(frozen.amendments)}",
    ]


def completeness_sentence(progress: StudyProgress) -> str:
    """How many ratings there are of those that there should be."""
    return (
        f"{progress.n_ratings:,} of {progress.n_pairs * progress.seats:,} ratings given: "
        f"{progress.n_pairs:,} pairs, {progress.seats} people each."
    )


def when(moment: str) -> str:
    """An ISO time, to the second: `2026-03-01 12:00:00 UTC`."""
    return f"{moment[:19].replace('T', ' ')} UTC"


def _opening_sentence(opening: Opening) -> str:
    by = opening.by
    return (
        f"Results per arm are open since {when(by.happened_at)}: {by.event.replace('_', ' ')} by "
        f"{by.actor}, “{by.reason}”. {opening.n_ratings_after} ratings or changes came after."
    )
