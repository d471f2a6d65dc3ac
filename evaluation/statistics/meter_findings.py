"""What meters of warmth say of a study's arms, and whether people hear the same.

One finding per measure, compared arm and kind of pair. A measure is a model, a mode and a seed; how it scores is
in `evaluation/warmth.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import numpy as np

from evaluation.statistics.columns import MeterTable, PreferenceTable, select_rows
from evaluation.statistics.meter_agreement import (
    MeterAgreement,
    Opinions,
    RatedPairs,
    agreement_with_people,
)
from evaluation.statistics.meter_scores import higher_share, mean_score
from evaluation.statistics.tables import read_meter_table
from evaluation.warmth import Measure, read_measures
from study.records import Estimate, PairKind


@dataclass(frozen=True)
class MeterFinding:
    """One arm beside the original, as one measure hears it."""

    measure: Measure
    arm: str
    kind: PairKind
    """Which pairs these are; the others have a finding of their own."""
    lift: Estimate
    """Mean score of the arm's replies less that of the original's in the same pairs."""
    higher_share: Estimate
    """Share of pairs in which the arm's reply has the higher score, equal ones counting half."""
    agreement: MeterAgreement
    """With what people said of the pairs."""
    n_without_score: int
    """Pairs, of those scored, in which a reply says nothing: left out."""


def compute_meter_findings(
    con: duckdb.DuckDBPyConnection,
    ratings: PreferenceTable,
    arms: Sequence[str],
    seed: int,
    level: float = 0.95,
    kind: PairKind = "reliability",
) -> tuple[MeterFinding, ...]:
    """Findings by every measure that scored replies of the study; none where none did.

    Args:
        ratings: of all arms, and of pairs of the same kind.
        arms: those compared with the original.
        seed: of the resampling behind the agreement.
    """
    return tuple(
        _find(measure, arm, kind, scored, ratings, seed, level)
        for measure in read_measures(con)
        for scored in (read_meter_table(con, measure, kind),)
        for arm in arms
    )


def _find(
    measure: Measure,
    arm: str,
    kind: PairKind,
    everything: MeterTable,
    ratings: PreferenceTable,
    seed: int,
    level: float,
) -> MeterFinding:
    pairs = select_rows(everything, everything.arm == arm)
    rated = select_rows(ratings, ratings.arm == arm)
    known = ~np.isnan(pairs.difference)
    return MeterFinding(
        measure=measure,
        arm=arm,
        kind=kind,
        lift=mean_score(pairs.difference[known], pairs.item[known], level),
        higher_share=higher_share(pairs.difference[known], pairs.item[known], level),
        agreement=agreement_with_people(
            Opinions(pairs.pair, pairs.difference),
            RatedPairs(rated.pair, rated.warmer, rated.item, rated.rater),
            seed,
            level=level,
        ),
        n_without_score=int((~known).sum()),
    )
