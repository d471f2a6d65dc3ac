"""What simulated studies found against the truth, for the terminal and for other programs.

Nothing is computed here. Keys of the JSON are stable: people build on them.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from evaluation.formats import Table, condition_name, count_of, make_table, signed
from evaluation.simulation.designs import StudyDesign
from evaluation.simulation.performance import Performance
from study.records import Estimate

SIMULATION_FORMAT = "warmth-audit simulate 1"
# of short words and few columns: a terminal 100 wide cuts a word that its column cannot hold
_SHOWN = {
    "warm_share": "share called warmer",
    "left_share": "share of left replies",
    "alpha": "alpha of warmth",
    "error_rate": "error rate",
    "gap_pp": "gap to the original",
    "adoption_rate": "adoption rate",
    "difference_in_differences_pp": "gap with − without belief",
}


def simulation_as_json(
    performances: Sequence[Performance], design: StudyDesign, seed: int
) -> dict[str, Any]:
    """What the studies found for other programs, at full precision.

    Keys: `format`; `studies`; `seed`; `design` (sizes, and what is true of replies and ratings);
    `targets`: a list of {`name`, `arm`, `context`, `belief` (null where pooled), `is_headline`,
    `truth`, `no_effect` (null for rates), `n_estimated`, `n_intervals`, `mean`, `bias`,
    `bias_error` (Monte-Carlo standard error), `coverage`, `coverage_ci`, `power`, `power_ci`
    (null where there is no "no effect"), `mean_width`, `share_not_estimable`}. Names that end in
    `_pp` are in percentage points, shares and rates are proportions, alpha has no unit.
    """
    return {
        "format": SIMULATION_FORMAT,
        "studies": performances[0].n_studies,
        "seed": seed,
        "design": asdict(design),
        "targets": [_as_json(one) for one in performances],
    }


def _as_json(one: Performance) -> dict[str, Any]:
    target = one.target
    return {
        "name": target.name,
        "arm": target.arm,
        **asdict(target.condition),
        "is_headline": target.is_headline,
        "truth": one.truth.value,
        "no_effect": one.truth.no_effect,
        "n_estimated": one.n_estimated,
        "n_intervals": one.n_intervals,
        "mean": one.mean,
        "bias": one.bias,
        "bias_error": one.bias_error,
        "coverage": one.coverage.value,
        "coverage_ci": _bounds(one.coverage),
        "power": None if one.power is None else one.power.value,
        "power_ci": None if one.power is None else _bounds(one.power),
        "mean_width": one.mean_width,
        "share_not_estimable": one.share_not_estimable,
    }


def _bounds(estimate: Estimate) -> list[float | None] | None:
    return None if estimate.low is None else [estimate.low, estimate.high]


def simulation_as_tables(
    performances: Sequence[Performance], design: StudyDesign, seed: int
) -> list[Table]:
    """The same for people: headlines, then conditions where there are several."""
    n_studies = performances[0].n_studies
    note = (
        f"Studies drawn: {n_studies}, each of {count_of(design.n_items, 'item')} under "
        f"{count_of(len(design.conditions), 'condition')} and "
        f"{count_of(design.n_raters, 'rater')}, seed {seed}. Truth is the mean over all items, "
        "prompts and raters that could be drawn. Bias: mean of the studies − truth, with its Monte-Carlo "
        "error; covered: share of 95 % intervals that hold the truth; finds effect: share that "
        "excludes none; no value: share of studies where the number is not estimable. Shares with "
        "Wilson's 95 % interval over studies."
    )
    headlines = [one for one in performances if one.target.is_headline]
    others = [one for one in performances if not one.target.is_headline]
    tables = [make_table("Headline numbers", _columns(headlines), note, None)]
    if others:
        tables.append(make_table("By condition", _columns(others), "As above.", None))
    return tables


def _columns(performances: Sequence[Performance]) -> dict[str, list[str]]:
    return {
        "Number": [_name(one) for one in performances],
        "Replies": [condition_name(one.target.condition) for one in performances],
        "Truth": [_number(one, one.truth.value) for one in performances],
        "Bias": [_bias(one) for one in performances],
        "Covered": [_share(one.coverage) for one in performances],
        "Finds effect": ["" if one.power is None else _share(one.power) for one in performances],
        "Width": [_number(one, one.mean_width) for one in performances],
        "No value": [f"{100 * one.share_not_estimable:.1f} %" for one in performances],
    }


def _name(one: Performance) -> str:
    arm = "" if one.target.arm is None else f", {one.target.arm}"
    return f"{_SHOWN[one.target.name]}{arm}"


def _number(one: Performance, value: float | None) -> str:
    return "none" if value is None else _format_of(one)(value)


def _format_of(one: Performance) -> Callable[[float], str]:
    name = one.target.name
    if name.endswith("_pp"):
        return lambda value: f"{value:.2f} pp".replace("-", "−")
    if name == "alpha":
        return lambda value: f"{value:.3f}".replace("-", "−")
    return lambda value: f"{100 * value:.1f} %".replace("-", "−")


def _bias(one: Performance) -> str:
    if one.bias is None:
        return "none"
    # percentage points and shares are told in hundredths, alpha is not
    scale, digits = (1, 3) if one.target.name == "alpha" else (100, 2)
    if one.target.name.endswith("_pp"):
        scale = 1
    error = "" if one.bias_error is None else f" ± {scale * one.bias_error:.{digits}f}"
    return f"{signed(scale * one.bias, digits)}{error}"


def _share(estimate: Estimate) -> str:
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return "none"
    return f"{100 * estimate.value:.1f} % [{100 * estimate.low:.1f}, {100 * estimate.high:.1f}]"
