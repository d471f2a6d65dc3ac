"""Error rates of one table: per arm and cell, differences from the reference, and a regression."""

from dataclasses import dataclass

from evaluation.statistics.error_cells import (
    ARM,
    CellRate,
    ErrorCells,
    cell_difference,
    cell_rate,
    margins,
)
from evaluation.statistics.logit import Fit, NotFitted, fit_logit
from evaluation.statistics.marginal_effects import (
    MarginalEffect,
    differences_in_differences,
    marginal_effects,
)
from study.records import Estimate


@dataclass(frozen=True)
class CellDifference:
    """How much more often an arm errs than the reference, where other factors have given levels."""

    arm: str
    levels: dict[str, str]
    """By factor; those that are not named are pooled."""
    difference: Estimate
    """Percentage points."""


@dataclass(frozen=True)
class Regression:
    """Errors by arm, all else held equal, or why there is no fit."""

    fit: Fit | None
    effects: tuple[MarginalEffect, ...]
    differences: tuple[MarginalEffect, ...]
    """Difference-in-differences by belief."""
    reason: str
    """Why there is none; empty where there is a fit."""


@dataclass(frozen=True)
class TableErrors:
    """What a table says about errors."""

    reference: str
    rates: tuple[CellRate, ...]
    differences: tuple[CellDifference, ...]
    regression: Regression


def errors_of_table(cells: ErrorCells, level: float = 0.95) -> TableErrors:
    """Rates, differences and the regression of one table."""
    arms, places = cells.arm.levels, margins(cells)
    return TableErrors(
        reference=arms[0],
        rates=tuple(
            cell_rate(cells, {ARM: arm} | levels, level)
            for levels in places
            for arm in range(len(arms))
        ),
        differences=tuple(
            CellDifference(
                arms[arm], _names(cells, levels), cell_difference(cells, arm, levels, level)
            )
            for levels in places
            for arm in range(1, len(arms))
        ),
        regression=_regress(cells, level),
    )


def _names(cells: ErrorCells, levels: dict[str, int]) -> dict[str, str]:
    return {
        factor.name: factor.levels[levels[factor.name]]
        for factor in cells.factors
        if factor.name in levels
    }


def _regress(cells: ErrorCells, level: float) -> Regression:
    try:
        fit = fit_logit(cells)
    except NotFitted as error:
        return Regression(None, (), (), str(error))
    return Regression(fit, marginal_effects(fit, level), differences_in_differences(fit, level), "")
