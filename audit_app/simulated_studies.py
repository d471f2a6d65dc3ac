"""Simulated studies: a study that was drawn, put into a study file and analysed as a real one is.

Rows are stored by the modules that own their tables, ratings through the seats, sides and group
commit that raters get; this module writes nothing itself. What is drawn is said in
`evaluation/simulation`.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from audit_app.assignment import next_assignment
from audit_app.raters import add_rater
from audit_app.ratings import Answers, save_rating
from audit_app.seating import Seating
from audit_app.turns import RatingPlan
from evaluation.grading.table import insert_grades
from evaluation.items.table import insert_items
from evaluation.pairs import insert_pairs, read_orientations
from evaluation.prompts import insert_prompts
from evaluation.responses import insert_responses
from evaluation.serving.served_models import insert_served_models
from evaluation.simulation.designs import StudyDesign
from evaluation.simulation.performance import Performance, measure_performance
from evaluation.simulation.studies import SimulatedStudy, draw_study, find_chances
from evaluation.simulation.targets import find_estimates, find_truths
from evaluation.statistics.results import compute_results
from study.commits import GroupCommit
from study.database import transaction
from study.errors import BadInput
from study.migrations import migrate
from study.progress import Report, StageProgress, silent
from study.records import stable_id

STAGE = "simulate"


def simulate_studies(
    design: StudyDesign, n_studies: int, seed: int, now: datetime, report: Report = silent
) -> tuple[Performance, ...]:
    """Draw studies, analyse each, and hold what they find against the truth.

    Args:
        seed: of all studies; each is drawn by one of its own, made of this and its number.
        now: when everything in them happened.
        report: hears of each study.
    Raises:
        BadInput: the design cannot be drawn, or no study is asked for.
    """
    if n_studies < 1:
        raise BadInput(f"studies: expected at least 1, got {n_studies}; 200 tell coverage to 3 %")
    chances = find_chances(design)
    found = []
    with tempfile.TemporaryDirectory(prefix="warmth-audit-") as folder:
        # migrating takes most of the time that a small study does
        empty = Path(folder) / "empty.duckdb"
        with duckdb.connect(str(empty)) as con:
            migrate(con)
        for number in range(n_studies):
            report(StageProgress(STAGE, "running", number, n_studies, "studies"))
            study = draw_study(chances, study_seed(seed, number), now)
            file = Path(folder) / "study.duckdb"
            shutil.copyfile(empty, file)
            with duckdb.connect(str(file)) as con:
                store_study(con, study, now)
                found.append(find_estimates(compute_results(con, study.seed)))
            file.unlink()
    report(StageProgress(STAGE, "done", n_studies, n_studies, f"{n_studies} studies"))
    return measure_performance(find_truths(chances), found, seed)


def study_seed(seed: int, number: int) -> int:
    """The seed of one study among many."""
    return int(stable_id(seed, "study", number), 16) % 2**31


def store_study(con: duckdb.DuckDBPyConnection, study: SimulatedStudy, now: datetime) -> int:
    """Put a drawn study into an empty study file, and have its raters rate until nothing is left.

    Args:
        con: a migrated study without rows.
        now: when everything in it happened.
    Returns:
        The number of ratings.
    Raises:
        BadTable: a row does not fit its table.
    """
    with transaction(con) as cursor:
        for insert, records in _tables(study):
            insert(cursor, map(asdict, records))
        for rater_id in study.raters.ids:
            add_rater(cursor, "annotator", now, rater_id)
    seating = Seating(_rating_plan(study), read_orientations)
    with GroupCommit(con) as commits:
        commits.on_rollback(seating.forget)
        return commits.run(lambda cursor: _rate_all(cursor, seating, study, now))


_Insert = Callable[[duckdb.DuckDBPyConnection, Iterable[Mapping[str, Any]]], int]


def _tables(study: SimulatedStudy) -> list[tuple[_Insert, Iterable[Any]]]:
    return [
        (insert_items, study.items),
        (insert_prompts, study.prompts),
        (insert_served_models, study.served_models),
        (insert_responses, study.responses),
        (insert_grades, study.grades),
        (insert_pairs, study.pairs),
    ]


def _rating_plan(study: SimulatedStudy) -> RatingPlan:
    return RatingPlan(
        seed=study.seed,
        forms=("pair",),
        seats=study.design.raters_per_pair,
        pairs_per_rater=None,
        reply_limit=None,
        rewrite_limit=None,
        repeat_share=0.0,
        check_every=0,
        lease=timedelta(days=1),
    )


def _rate_all(
    cursor: duckdb.DuckDBPyConnection, seating: Seating, study: SimulatedStudy, now: datetime
) -> int:
    """Raters take turns, so that all rate about equally many."""
    n_ratings = 0
    waiting = list(study.raters.ids)
    while waiting:
        for rater_id in list(waiting):
            given = next_assignment(cursor, seating, rater_id, now)
            if given is None:
                waiting.remove(rater_id)
                continue
            assert given.first_is_left is not None, "a pair has sides"
            heard = study.raters.answer(rater_id, given.subject_id, given.first_is_left)
            # accuracy is not simulated, and has no truth
            answers = Answers(
                {"warmer": heard, "more_accurate": "cannot_judge"}, "", 9.0, "columns"
            )
            save_rating(cursor, seating, given, answers, given.token, now)
            n_ratings += 1
    return n_ratings
