"""Agreement of one table of ratings: every coefficient, beside what it was computed from."""

from dataclasses import dataclass

from evaluation.statistics.agreement import Agreement, LevelOfMeasurement, alpha_of_counts
from evaluation.statistics.codes import (
    MOST_PAIRS_OF_RATERS,
    Codes,
    LeftOut,
    RaterPair,
    confusion_of,
    confusions_by_cluster,
    disagreement_by_item,
    leave_one_out,
    rater_pairs,
)
from evaluation.statistics.coefficients import (
    UNIT,
    WEIGHTS_OF_LEVEL,
    Coefficient,
    Weights,
    coefficients_of_counts,
    cohen_kappa,
)
from evaluation.statistics.fine_scales import COARSE, alpha_of_fine_codes
from evaluation.statistics.intervals import not_estimable
from study.records import Estimate

MOST_DISPUTED = 10
LISTED = 200
"""Values that can be counted item by item, and read about one by one."""
_MOST_RATERS = 50


@dataclass(frozen=True)
class DisputedItem:
    """An item on which raters differ."""

    item: str
    disagreement: float
    """Share of its pairs of ratings that differ."""
    counts: dict[str, int]
    """Its ratings by value."""


@dataclass(frozen=True)
class TableAgreement:
    """How far the raters of a table agree."""

    level_of_measurement: LevelOfMeasurement
    weights: Weights
    """Of Gwet's AC and the weighted kappa, by the level of measurement."""
    alpha: Agreement
    percent: Estimate
    fleiss: Estimate
    gwet: Estimate
    """AC1 with identity weights, else AC2."""
    brennan_prediger: Estimate
    cohen: Estimate | None
    """Two raters only."""
    cohen_weighted: Estimate | None
    """Two raters only, and no nominal values."""
    n_raters: int
    n_values: int
    """Ratings in the table, those of items with one rating included."""
    prevalence: dict[str, int]
    """Ratings by value, rising; empty on a scale too fine to list."""
    left_out: tuple[LeftOut, ...]
    pairs: tuple[RaterPair, ...]
    disputed: tuple[DisputedItem, ...]
    """Items in dispute, the most divided first; at most `MOST_DISPUTED`."""


def agreement_of_table(
    codes: Codes,
    level_of_measurement: LevelOfMeasurement,
    seed: int,
    resamples: int = 1000,
    level: float = 0.95,
) -> TableAgreement:
    """Every coefficient of one table.

    On a scale of more than `LISTED` values only alpha can be told, and each other coefficient
    says so. Raters are compared one by one where there are
    few enough to read about.
    """
    weights = WEIGHTS_OF_LEVEL[level_of_measurement]
    n_raters = len(codes.raters)
    if len(codes.values) > LISTED:
        return _of_fine_scale(codes, level_of_measurement, seed, resamples, level)
    counts = codes.counts()

    def of_counts(
        *wanted: Coefficient, weights: Weights = "identity"
    ) -> dict[Coefficient, Estimate]:
        return coefficients_of_counts(
            wanted, counts, codes.domain, seed, weights, resamples, level, codes.cluster
        )

    def of_two(weights: Weights) -> Estimate | None:
        if n_raters != 2:
            return None
        confusion, by_cluster = confusion_of(codes, 0, 1), confusions_by_cluster(codes, 0, 1)
        return cohen_kappa(confusion, codes.domain, seed, weights, resamples, level, by_cluster)

    found = of_counts("percent", "fleiss", "brennan_prediger")
    are_few = n_raters * (n_raters - 1) // 2 <= MOST_PAIRS_OF_RATERS
    return TableAgreement(
        level_of_measurement,
        weights,
        alpha=(
            alpha_of_counts(
                counts, codes.domain, level_of_measurement, seed, resamples, level, codes.cluster
            )
            if len(codes.values) <= COARSE
            else alpha_of_fine_codes(codes, level_of_measurement, seed, resamples, level)
        ),
        percent=found["percent"],
        fleiss=found["fleiss"],
        gwet=of_counts("gwet", weights=weights)["gwet"],
        brennan_prediger=found["brennan_prediger"],
        cohen=of_two("identity"),
        cohen_weighted=None if level_of_measurement == "nominal" else of_two(weights),
        n_raters=n_raters,
        n_values=len(codes),
        prevalence=dict(zip(codes.values, map(int, counts.sum(axis=0)), strict=True)),
        left_out=leave_one_out(codes, level_of_measurement) if 2 < n_raters <= _MOST_RATERS else (),
        pairs=rater_pairs(codes) if are_few else (),
        disputed=_most_disputed(codes),
    )


def _of_fine_scale(
    codes: Codes,
    level_of_measurement: LevelOfMeasurement,
    seed: int,
    resamples: int,
    level: float,
) -> TableAgreement:
    reason = f"{len(codes.values):,} different values are more than {LISTED}; see alpha"
    too_fine = not_estimable(reason, UNIT, level)
    return TableAgreement(
        level_of_measurement,
        WEIGHTS_OF_LEVEL[level_of_measurement],
        alpha_of_fine_codes(codes, level_of_measurement, seed, resamples, level),
        percent=too_fine,
        fleiss=too_fine,
        gwet=too_fine,
        brennan_prediger=too_fine,
        cohen=too_fine if len(codes.raters) == 2 else None,
        cohen_weighted=None,
        n_raters=len(codes.raters),
        n_values=len(codes),
        prevalence={},
        left_out=(),
        pairs=(),
        disputed=(),
    )


def _most_disputed(codes: Codes) -> tuple[DisputedItem, ...]:
    shares, counts = disagreement_by_item(codes), codes.counts()
    ranked = sorted(
        (row for row, share in enumerate(shares) if share > 0), key=lambda row: -shares[row]
    )
    return tuple(
        DisputedItem(
            codes.items[row],
            float(shares[row]),
            {name: int(n) for name, n in zip(codes.values, counts[row], strict=True) if n},
        )
        for row in ranked[:MOST_DISPUTED]
    )
