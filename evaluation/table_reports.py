"""What is found in a table from elsewhere, for the terminal and for other programs.

Nothing is computed here. Keys of the JSON are stable: people build on them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from evaluation.formats import (
    Table,
    count_of,
    format_points,
    format_share,
    format_value,
    make_table,
    methods_of,
    of_items,
)
from evaluation.statistics.error_cells import CellRate
from evaluation.statistics.logit import Term, terms_of
from evaluation.statistics.marginal_effects import MarginalEffect
from evaluation.statistics.resampling import caution_in
from evaluation.statistics.table_agreement import TableAgreement
from evaluation.statistics.table_errors import TableErrors
from study.records import Estimate

AGREEMENT_FORMAT = "warmth-audit agreement 1"
ERROR_FORMAT = "warmth-audit error-rates 1"
_FAMILY = (
    "These intervals are a family: of nine with nothing to find, at least one excludes zero in about "
    "38 % of studies (docs/validity.md)."
)
_FACTORS = ("model", "task", "context", "belief")


def agreement_as_json(found: TableAgreement, n_missing: int, seed: int) -> dict[str, Any]:
    """Agreement of a table for other programs, at full precision.

    Keys: `format`; `alpha`, `percent_agreement`, `fleiss_kappa`, `gwet_ac`, `brennan_prediger`,
    each a number or null, and beside each the same name with `_ci`: [low, high] or null; with two
    raters `cohen_kappa`, and on ordered scales `cohen_kappa_weighted`; `level_of_measurement`,
    `weights` (of Gwet's AC and the weighted kappa); `n_items` (rated at least once), `n_raters`,
    `n_values` (ratings), `n_pairable` (ratings of items with two or more), `n_missing` (empty
    cells); `prevalence` (ratings by value); `alpha_without` (by rater left out);
    `pairs_of_raters` (`first`, `second`, `n_items`, `percent_agreement`, `kappa`);
    `disputed_items` (`item`, `disagreement`, `counts`); `methods` (by coefficient, how its
    interval was made or why there is no value); `cautions` (sentences on intervals that are likely
    too short and on values without one; empty if none); `note`; `seed`.
    """
    estimates = _estimates(found)
    tree: dict[str, Any] = {"format": AGREEMENT_FORMAT}
    for name, estimate in estimates.items():
        tree[name] = estimate.value
        tree[f"{name}_ci"] = None if estimate.low is None else [estimate.low, estimate.high]
    return {
        **tree,
        "level_of_measurement": found.level_of_measurement,
        "weights": found.weights,
        "n_items": found.alpha.n_items,
        "n_raters": found.n_raters,
        "n_values": found.n_values,
        "n_pairable": found.alpha.n_pairable,
        "n_missing": n_missing,
        "prevalence": found.prevalence,
        "alpha_without": {left.rater: left.alpha for left in found.left_out},
        "pairs_of_raters": [asdict(pair) for pair in found.pairs],
        "disputed_items": [asdict(item) for item in found.disputed],
        "methods": {name: estimate.method for name, estimate in estimates.items()},
        "cautions": _cautions(estimates),
        "note": found.alpha.note,
        "seed": seed,
    }


def _cautions(estimates: Mapping[str, Estimate]) -> list[str]:
    told = {
        name: caution_in(estimate.method)
        for name, estimate in estimates.items()
        if estimate.value is not None
    }
    return [f"{_SHOWN[name]}: {caution}." for name, caution in told.items() if caution]


_SHOWN = {
    "alpha": "Krippendorff's alpha",
    "percent_agreement": "Percent agreement",
    "fleiss_kappa": "Fleiss' kappa",
    "gwet_ac": "Gwet's AC",
    "brennan_prediger": "Brennan–Prediger",
    "cohen_kappa": "Cohen's kappa",
    "cohen_kappa_weighted": "Cohen's weighted kappa",
}


def agreement_as_tables(found: TableAgreement, n_missing: int, seed: int) -> list[Table]:
    """The same for people."""
    estimates = _estimates(found)
    coefficients = {
        "Coefficient": [_SHOWN[name] for name in estimates],
        "Value": [format_value(estimate) for estimate in estimates.values()],
        "Method": [estimate.method for estimate in estimates.values()],
    }
    note = (
        f"{count_of(found.n_values, 'rating')} of {count_of(found.alpha.n_items, 'item')} by "
        f"{count_of(found.n_raters, 'rater')}, {count_of(n_missing, 'empty cell')}. "
        f"{found.alpha.note} 95 % intervals; seed {seed}. Alpha, kappa and the others differ in "
        "what they expect by chance: where one value is common they part, so read them beside how "
        "often each value was given."
    )
    tables = [make_table(f"Agreement, {found.level_of_measurement}", coefficients, note, None)]
    if found.prevalence:
        tables.append(_prevalence_table(found))
    if found.left_out:
        tables.append(_left_out_table(found))
    if found.n_raters > 2 and found.pairs:
        tables.append(_pair_table(found))
    if found.disputed:
        tables.append(_dispute_table(found))
    return tables


def _estimates(found: TableAgreement) -> Mapping[str, Estimate]:
    estimates = {
        "alpha": found.alpha.alpha,
        "percent_agreement": found.percent,
        "fleiss_kappa": found.fleiss,
        "gwet_ac": found.gwet,
        "brennan_prediger": found.brennan_prediger,
        "cohen_kappa": found.cohen,
        "cohen_kappa_weighted": found.cohen_weighted,
    }
    return {name: estimate for name, estimate in estimates.items() if estimate is not None}


def _prevalence_table(found: TableAgreement) -> Table:
    columns = {
        "Value": list(found.prevalence),
        "Ratings": [str(n) for n in found.prevalence.values()],
        "Share": [f"{100 * n / found.n_values:.1f} %" for n in found.prevalence.values()],
    }
    return make_table("How often each value was given", columns, f"n = {found.n_values}.", None)


def _left_out_table(found: TableAgreement) -> Table:
    columns = {
        "Without": [left.rater for left in found.left_out],
        "Alpha": [_number(left.alpha) for left in found.left_out],
    }
    note = f"All raters together: {_number(found.alpha.alpha.value)}."
    return make_table("Alpha without each rater in turn", columns, note, None)


def _pair_table(found: TableAgreement) -> Table:
    columns = {
        "Raters": [f"{pair.first}, {pair.second}" for pair in found.pairs],
        "Items both rated": [str(pair.n_items) for pair in found.pairs],
        "Agree": [
            "none" if pair.percent_agreement is None else f"{100 * pair.percent_agreement:.1f} %"
            for pair in found.pairs
        ],
        "Cohen's kappa": [_number(pair.kappa) for pair in found.pairs],
    }
    return make_table("Two raters at a time", columns, "Kappa is not weighted.", None)


def _dispute_table(found: TableAgreement) -> Table:
    columns = {
        "Item": [item.item for item in found.disputed],
        "Pairs of ratings that differ": [
            f"{100 * item.disagreement:.0f} %" for item in found.disputed
        ],
        "Ratings": [
            ", ".join(f"{value}: {n}" for value, n in item.counts.items())
            for item in found.disputed
        ],
    }
    note = f"The {len(found.disputed)} most divided."
    return make_table("Items on which raters differ", columns, note, None)


def _number(value: float | None) -> str:
    return "not estimable" if value is None else f"{value:.3f}".replace("-", "−")


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
    `context`, `belief`, `value`, `low`, `high`, `se`, `se_clustered`, `method`}],
    `difference_in_differences_pp`: the same by `belief`, `n`, `n_items`, `left_out` (terms that
    nothing tells about), `reason`}. `se` takes replies as independent, `se_clustered` clusters by
    item and is null where items are not given. Without a fit `terms` and effects are empty and
    `reason` says why. `n_missing`: replies without an error cell, by arm; `n_missing_levels`:
    rows without a level, by factor, which count as `none`. `n_items` is null without items.
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
    }


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


def _odds_ratio(term: Term) -> str:
    if term.odds_ratio_ci is None:
        return f"{_number(term.odds_ratio)} ({term.method})"
    low, high = term.odds_ratio_ci
    return f"{_number(term.odds_ratio)} [{_number(low)}, {_number(high)}]"


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
    columns = {
        "Term": [term.name for term in terms],
        "Log-odds": [_number(term.log_odds) for term in terms],
        "Error": [_number(term.se) for term in terms],
        "Error by item": [
            "no items" if term.se_clustered is None else _number(term.se_clustered)
            for term in terms
        ],
        "Odds ratio": [_odds_ratio(term) for term in terms],
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
