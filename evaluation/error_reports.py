"""Errors in a table from elsewhere, for the terminal and for other programs.

Nothing is computed here. Keys of the JSON are stable: people build on them. Agreement in such a
table is told in `agreement_reports.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from evaluation.formats import (
    Table,
    format_number,
    format_points,
    format_share,
    make_table,
    methods_of,
    of_items,
)
from evaluation.regression_tables import format_odds_ratio
from evaluation.statistics.error_cells import CellRate
from evaluation.statistics.logit import terms_of
from evaluation.statistics.marginal_effects import MarginalEffect
from evaluation.statistics.table_errors import TableErrors
from study.records import Estimate

ERROR_FORMAT = "warmth-audit error-rates 1"
_FAMILY = (
    "These intervals are a family: of nine with nothing to find, at least one excludes zero in about "
    "38 % of studies (docs/validity.md)."
)
_FACTORS = ("model", "task", "context", "belief")


@dataclass(frozen=True)
class MissingCells:
    """What a table of errors does not tell."""

    scores: Mapping[str, int]
    """Replies without an error cell, by arm."""
    levels: Mapping[str, int]
    """Rows without a level, by factor; they count as `none`."""


def errors_as_json(found: TableErrors, missing: MissingCells) -> dict[str, Any]:
    """Error rates of a table for other programs, at full precision.

    Keys: `format`; `reference`; `rates`: a list of {`arm`, `model`, `task`, `context`, `belief`
    (null where pooled), `errors`, `n`, `rate`, `rate_ci` (clustered by item where items are
    given), `wilson` (replies taken as independent), `n_items`, `method`, `unit`, `level`, `seed`
    (null, as nothing is drawn), `n_unscored` (replies there without a score), `if_unscored_right`,
    `if_unscored_wrong` (the rate if all of those were right, or wrong; null where there are
    none)}; `differences_pp`: a list of {`arm`, `reference`, the four factors, `value`, `low`,
    `high`, `n`, `n_items`, `method`, `unit`, `level`, `seed`} in percentage points; `regression`: {`terms`: [{`name`, `log_odds`, `se`,
    `se_clustered`, `odds_ratio`, `odds_ratio_ci` (null where `method` says why), `method`}],
    `marginal_effects_pp`: [{`arm`, `reference`,
    `context`, `belief`, `value`, `low`, `high`, `n`, `n_items`, `se`, `se_clustered`, `method`,
    `unit`, `level`, `seed`}],
    `difference_in_differences_pp`: the same by `belief`, `n`, `n_items`, `left_out` (terms that
    nothing tells about), `reason`}. `se` takes replies as independent, `se_clustered` clusters by
    item and is null where items are not given. Without a fit `terms` and effects are empty and
    `reason` says why. `n_missing`: replies without an error cell, by arm; `n_missing_levels`:
    rows without a level, by factor, which count as `none`. `n_items` is null without items.
    `not_estimable`: why lists of differences are empty, a sentence each; empty where none is.
    """
    return {
        "format": ERROR_FORMAT,
        "reference": found.reference,
        "rates": [_rate_as_json(rate) for rate in found.rates],
        "differences_pp": [
            {
                "arm": one.arm,
                "reference": found.reference,
                **{name: one.levels.get(name) for name in _FACTORS},
                **_estimate_as_json(one.difference),
            }
            for one in found.differences
        ],
        "regression": _regression_as_json(found),
        "n_missing": dict(missing.scores),
        "n_missing_levels": dict(missing.levels),
        "not_estimable": _why_empty(found),
    }


def _why_empty(found: TableErrors) -> list[str]:
    if not found.differences:
        return [f"differences_pp and marginal_effects_pp: {_no_other_arm(found)}"]
    if found.regression.fit is None or found.regression.differences:
        return []
    beliefs = {name for rate in found.rates if (name := rate.levels.get("belief"))}
    if len(beliefs) > 1 and "none" in beliefs:
        return []
    got = ", ".join(sorted(beliefs)) or "no column of beliefs"
    return [
        "difference_in_differences_pp: not estimable because they compare other beliefs with `none`, "
        f"and the table has {got}"
    ]


def _no_other_arm(found: TableErrors) -> str:
    return f"not estimable because no arm stands beside {found.reference}"


def _rate_as_json(cell: CellRate) -> dict[str, Any]:
    rate = cell.rate
    return {
        "arm": cell.levels["arm"],
        **{name: cell.levels.get(name) for name in _FACTORS},
        "errors": cell.n_errors,
        "n": cell.n,
        "rate": rate.value,
        "rate_ci": None if rate.low is None else [rate.low, rate.high],
        "wilson": None if cell.wilson is None else list(cell.wilson),
        **_origin_as_json(rate),
        "n_unscored": cell.n_unscored,
        "if_unscored_right": cell.if_unscored_right,
        "if_unscored_wrong": cell.if_unscored_wrong,
    }


def _estimate_as_json(estimate: Estimate) -> dict[str, Any]:
    return {
        "value": estimate.value,
        "low": estimate.low,
        "high": estimate.high,
        "n": estimate.n,
        **_origin_as_json(estimate),
    }


def _origin_as_json(estimate: Estimate) -> dict[str, Any]:
    return {
        "n_items": estimate.n_units if estimate.unit == "item" else None,
        "method": estimate.method,
        "unit": estimate.unit,
        "level": estimate.level,
        "seed": estimate.seed,
    }


def _regression_as_json(found: TableErrors) -> dict[str, Any]:
    regression = found.regression
    fit = regression.fit

    def effects(of: Sequence[MarginalEffect]) -> list[dict[str, Any]]:
        return [
            {
                "arm": one.arm,
                "reference": found.reference,
                **asdict(one.condition),
                **_estimate_as_json(one.effect),
                "se": one.se,
                "se_clustered": one.se_clustered,
            }
            for one in of
        ]

    return {
        "terms": [] if fit is None else [asdict(term) for term in terms_of(fit)],
        "marginal_effects_pp": effects(regression.effects),
        "difference_in_differences_pp": effects(regression.differences),
        "n": None if fit is None else fit.n,
        "n_items": None if fit is None else fit.n_items,
        "left_out": [] if fit is None else list(fit.design.left_out),
        "reason": regression.reason,
    }


def errors_as_tables(found: TableErrors, missing: MissingCells) -> list[Table]:
    """The same for people."""
    note = (
        "Shares of scored replies with 95 % intervals"
        f"{methods_of(rate.rate for rate in found.rates)}.{_words_of_missing(missing)}"
    )
    rates = {
        "Arm": [rate.levels["arm"] for rate in found.rates],
        "Replies": [_levels(rate.levels) for rate in found.rates],
        "Errors": [f"{rate.n_errors} of {rate.n}" for rate in found.rates],
        "Error rate": [format_share(rate.rate, _counted(rate.rate)) for rate in found.rates],
    }
    if any(rate.n_unscored for rate in found.rates):
        rates["Unscored"] = [_unscored(rate) for rate in found.rates]
    differences = {
        "Arm": [one.arm for one in found.differences],
        "Replies": [_levels(one.levels) for one in found.differences],
        f"More errors than {found.reference}": [
            format_points(one.difference, _counted(one.difference)) for one in found.differences
        ],
    }
    if not found.differences:
        differences = {"Result": [_no_other_arm(found)]}
    gap_note = f"Percentage points{methods_of(one.difference for one in found.differences)}."
    if len(found.differences) > 1:
        gap_note += f" {_FAMILY}"
    return [
        make_table("Error rates", rates, note, None),
        make_table(f"Differences from {found.reference}", differences, gap_note, None),
        *_regression_tables(found),
    ]


def _words_of_missing(missing: MissingCells) -> str:
    scores, levels = (
        ", ".join(f"{name} {n}" for name, n in one.items() if n)
        for one in (missing.scores, missing.levels)
    )
    return (f" Left out since their error cell is empty: {scores}." if scores else "") + (
        f" Rows that count as none since their cell is empty: {levels}." if levels else ""
    )


def _counted(estimate: Estimate) -> str:
    return of_items(estimate, "replies") if estimate.unit == "item" else "replies"


def _unscored(rate: CellRate) -> str:
    if rate.if_unscored_right is None or rate.if_unscored_wrong is None:
        return "0"
    low, high = 100 * rate.if_unscored_right, 100 * rate.if_unscored_wrong
    return f"{rate.n_unscored}: {low:.1f} % if all were right, {high:.1f} % if all were wrong"


def _levels(levels: Mapping[str, str]) -> str:
    named = [f"{name} {levels[name]}" for name in _FACTORS if name in levels]
    return ", ".join(named) or "all"


def _regression_tables(found: TableErrors) -> list[Table]:
    regression = found.regression
    fit = regression.fit
    if fit is None:
        return [make_table("Regression", {"Result": [regression.reason]}, "", None)]
    terms = terms_of(fit)
    left_out = f" Left out: {'; '.join(fit.design.left_out)}." if fit.design.left_out else ""
    without = "no items" if fit.n_items is None else "only one item"
    columns = {
        "Term": [term.name for term in terms],
        "Log-odds": [format_number(term.log_odds) for term in terms],
        "Error": [format_number(term.se) for term in terms],
        "Error by item": [
            without if term.se_clustered is None else format_number(term.se_clustered)
            for term in terms
        ],
        "Odds ratio": [format_odds_ratio(term) for term in terms],
    }
    effects = {
        "Arm": [one.arm for one in regression.effects + regression.differences],
        "What": [f"effect, {_condition(one)}" for one in regression.effects]
        + [f"difference-in-differences, {_condition(one)}" for one in regression.differences],
        "Percentage points": [
            format_points(one.effect, _counted(one.effect))
            for one in regression.effects + regression.differences
        ],
    }
    note = (
        "Average marginal effects: the mean change in the fitted chance of an error if all replies "
        f"were the arm's instead of those of {found.reference}"
        f"{methods_of(one.effect for one in regression.effects)}."
    )
    return [
        make_table("Regression of errors", columns, f"n = {fit.n} replies.{left_out}", None),
        make_table("What the arm changes, all else equal", effects, note, None),
    ]


def _condition(effect: MarginalEffect) -> str:
    parts = asdict(effect.condition)
    return ", ".join(f"{name} {level}" for name, level in parts.items() if level) or "all replies"
