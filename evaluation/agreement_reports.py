"""Agreement of raters, in a study or in a table from elsewhere, for people and other programs.

Nothing is computed here. Keys of the JSON are stable: people build on them. Errors of such a table
are told in `error_reports.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from evaluation.formats import Table, count_of, format_number, format_value, make_table
from evaluation.statistics.codes import RaterPair
from evaluation.statistics.rater_agreement import ComparedQuestion, RaterAgreement
from evaluation.statistics.resampling import caution_in
from evaluation.statistics.table_agreement import LISTED, TableAgreement
from study.records import Estimate

AGREEMENT_FORMAT = "warmth-audit agreement 1"

_MOST_SHOWN = 20
_QUESTIONS: dict[ComparedQuestion, str] = {"warmer": "warmth", "more_accurate": "accuracy"}


@dataclass(frozen=True)
class _Words:
    """What differs between a table from elsewhere and a study."""

    title: str
    coded: str
    """What is rated."""
    missing: str
    """How many ratings say nothing."""
    limited: str | None


def agreement_as_json(found: TableAgreement, n_missing: int, seed: int) -> dict[str, Any]:
    """Agreement of a table for other programs, at full precision.

    Keys: `format`; `alpha`, `percent_agreement`, `fleiss_kappa`, `gwet_ac`, `brennan_prediger`,
    each a number or null, and beside each the same name with `_ci`: [low, high] or null; `level` and
    `unit` of those intervals; with two raters `cohen_kappa`, and on ordered scales `cohen_kappa_weighted`; `level_of_measurement`,
    `weights` (of Gwet's AC and the weighted kappa); `n_items` (rated at least once), `n_raters`,
    `n_values` (ratings), `n_pairable` (ratings of items with two or more), `n_missing` (empty
    cells); `prevalence` (ratings by value); `alpha_without` (by rater left out);
    `pairs_of_raters` (`first`, `second`, `n_items`, `percent_agreement`, `kappa`);
    `disputed_items` (`item`, `disagreement`, `counts`); `methods` (by coefficient, how its
    interval was made or why there is no value); `cautions` (sentences on intervals that are likely
    too short and on values without one; empty if none); `note`; `seed`.
    """
    return {"format": AGREEMENT_FORMAT, **_as_tree(found, n_missing, seed)}


def raters_as_json(found: Sequence[RaterAgreement], seed: int) -> list[dict[str, Any]]:
    """Agreement of a study's raters: per arm and question, keys as `agreement_as_json`.

    Besides them `arm` and `question` (`warmer`, `more_accurate`). Items are pairs; `n_missing` are
    ratings that cannot judge.
    """
    return [
        {"arm": one.arm, "question": one.question} | _as_tree(one.found, one.n_cannot_judge, seed)
        for one in found
    ]


def _as_tree(found: TableAgreement, n_missing: int, seed: int) -> dict[str, Any]:
    estimates = _estimates(found)
    tree: dict[str, Any] = {}
    for name, estimate in estimates.items():
        tree[name] = estimate.value
        tree[f"{name}_ci"] = None if estimate.low is None else [estimate.low, estimate.high]
    return {
        **tree,
        "level": found.alpha.alpha.level,
        "unit": found.alpha.alpha.unit,
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
        "note": _note(found),
        "seed": seed,
    }


def _note(found: TableAgreement) -> str:
    if not found.n_values or found.prevalence:
        return found.alpha.note
    return (
        f"{found.alpha.note} On a scale of more than {LISTED} values nothing is told of single values, "
        "raters and items."
    )


_Part = tuple[str, dict[str, list[str]], str]
"""Title, columns and note of a table."""


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
    title = f"Agreement, {found.level_of_measurement}"
    return _as_tables(found, seed, _Words(title, "item", count_of(n_missing, "empty cell"), None))


def raters_as_tables(
    found: Sequence[RaterAgreement], seed: int, limited: str | None
) -> list[Table]:
    """Agreement of a study's raters, for people; no table where nobody rated."""
    tables = []
    for one in found:
        title = f"Agreement on {_QUESTIONS[one.question]}, {one.arm} beside original"
        words = _Words(title, "pair", f"{one.n_cannot_judge} more cannot judge", limited)
        tables += _as_tables(one.found, seed, words)
    return tables


def _as_tables(found: TableAgreement, seed: int, words: _Words) -> list[Table]:
    estimates = _estimates(found)
    coefficients = {
        "Coefficient": [_SHOWN[name] for name in estimates],
        "Value": [format_value(estimate) for estimate in estimates.values()],
        "Method": [estimate.method for estimate in estimates.values()],
    }
    note = (
        f"{count_of(found.n_values, 'rating')} of {count_of(found.alpha.n_items, words.coded)} by "
        f"{count_of(found.n_raters, 'rater')}, {words.missing}. "
        f"{_note(found)} 95 % intervals from resampled {found.alpha.alpha.unit}s; seed {seed}. Alpha, kappa and the others differ in "
        "what they expect by chance: where one value is common they part, so read them beside how "
        "often each value was given. There intervals of alpha and Fleiss' kappa are a little short: "
        "with 100 items, 85 in 100 of one value, they held the truth in 93 % of drawn studies, "
        "and of 20 items those of Cohen's kappa did. Those of percent agreement, AC1 and Brennan and Prediger's coefficient held it in 94 to 99 %."
    )
    parts = [(words.title, coefficients, note)]
    if found.n_values and found.prevalence:
        parts.append(_prevalence(found))
    if found.left_out:
        parts.append(_left_out(found))
    if found.n_raters > 2 and found.pairs:
        parts.append(_pairs(found, words.coded))
    if found.disputed:
        parts.append(_disputes(found, words.coded))
    # those of a study stand among many others, so that each says what it is of
    titles = [words.title] + [
        title if words.coded == "item" else f"{words.title}: {title[0].lower()}{title[1:]}"
        for title, _, _ in parts[1:]
    ]
    return [
        make_table(title, columns, said, words.limited)
        for title, (_, columns, said) in zip(titles, parts, strict=True)
    ]


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


def _prevalence(found: TableAgreement) -> _Part:
    columns = {
        "Value": list(found.prevalence),
        "Ratings": [str(n) for n in found.prevalence.values()],
        "Share": [f"{100 * n / found.n_values:.1f} %" for n in found.prevalence.values()],
    }
    return "How often each value was given", columns, f"n = {found.n_values}."


def _left_out(found: TableAgreement) -> _Part:
    columns = {
        "Without": [left.rater for left in found.left_out],
        "Alpha": [format_number(left.alpha) for left in found.left_out],
    }
    note = f"All raters together: {format_number(found.alpha.alpha.value)}."
    return "Alpha without each rater in turn", columns, note


def _pairs(found: TableAgreement, coded: str) -> _Part:
    shown: Sequence[RaterPair] = found.pairs
    note = "Kappa is not weighted."
    if len(shown) > _MOST_SHOWN:
        # who rated nothing in common has nothing to show
        shown = sorted(shown, key=lambda one: 2 if one.kappa is None else one.kappa)[:_MOST_SHOWN]
        note += f" The {_MOST_SHOWN} of {len(found.pairs)} that agree least; --json has all."
    columns = {
        "Raters": [f"{pair.first}, {pair.second}" for pair in shown],
        f"{coded.capitalize()}s both rated": [str(pair.n_items) for pair in shown],
        "Agree": [
            "none" if pair.percent_agreement is None else f"{100 * pair.percent_agreement:.1f} %"
            for pair in shown
        ],
        "Cohen's kappa": [format_number(pair.kappa) for pair in shown],
    }
    return "Two raters at a time", columns, note


def _disputes(found: TableAgreement, coded: str) -> _Part:
    columns = {
        coded.capitalize(): [item.item for item in found.disputed],
        "Pairs of ratings that differ": [
            f"{100 * item.disagreement:.0f} %" for item in found.disputed
        ],
        "Ratings": [
            ", ".join(f"{value}: {n}" for value, n in item.counts.items())
            for item in found.disputed
        ],
    }
    note = f"The {len(found.disputed)} most divided."
    return f"{coded.capitalize()}s on which raters differ", columns, note
