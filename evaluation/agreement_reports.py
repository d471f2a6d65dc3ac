"""Agreement in a table from elsewhere, for the terminal and for other programs.

Nothing is computed here. Keys of the JSON are stable: people build on them. Errors of such a table
are told in `error_reports.py`.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from evaluation.formats import Table, count_of, format_number, format_value, make_table
from evaluation.statistics.resampling import caution_in
from evaluation.statistics.table_agreement import TableAgreement
from study.records import Estimate

AGREEMENT_FORMAT = "warmth-audit agreement 1"


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
        "often each value was given. There intervals of alpha and Fleiss' kappa are a little short: "
        "with 100 items, 85 in 100 of one value, they held the truth in 93 % of drawn studies."
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
        "Alpha": [format_number(left.alpha) for left in found.left_out],
    }
    note = f"All raters together: {format_number(found.alpha.alpha.value)}."
    return make_table("Alpha without each rater in turn", columns, note, None)


def _pair_table(found: TableAgreement) -> Table:
    columns = {
        "Raters": [f"{pair.first}, {pair.second}" for pair in found.pairs],
        "Items both rated": [str(pair.n_items) for pair in found.pairs],
        "Agree": [
            "none" if pair.percent_agreement is None else f"{100 * pair.percent_agreement:.1f} %"
            for pair in found.pairs
        ],
        "Cohen's kappa": [format_number(pair.kappa) for pair in found.pairs],
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
