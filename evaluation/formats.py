"""Formats: how estimates, counts and conditions are told in words. Nothing is computed.

Every number is shown with its interval and with what it counts; one that could not be told is
a sentence. Which numbers stand in which table, `report.py` and `check_tables.py` decide.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from evaluation.statistics.agreement import Agreement
from evaluation.statistics.columns import Condition
from evaluation.statistics.intervals import count_of as count_of
from evaluation.statistics.resampling import caution_in
from study.records import Estimate

# docs/validity.md has the settings
SHARES_HELD = (
    " Intervals of shares near 0 or 1, and of ten to twenty items, held the truth in 92 to 94 % of drawn "
    "studies."
)
RARE_RATES_HELD = " Of rare ones it held the rate in 93 to 99 % of drawn studies."
"""What is said below tables of shares by item and rater, and of rates by item."""

_DEGREES = re.compile(r"t with (\d+) degrees? of freedom")


@dataclass(frozen=True)
class Table:
    """Plain strings, ready to be shown; as untrusted as the names in them."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str
    """What the numbers mean and how their intervals were made."""
    limited: str | None = None
    """How the study was cut down, which the note says too."""


def make_table(
    title: str, columns: Mapping[str, Sequence[str]], note: str, limited: str | None
) -> Table:
    """A table out of its columns, marked with how the study was cut down."""
    mark = "" if limited is None else f" Limited: {limited}."
    rows = tuple(zip(*columns.values(), strict=True))
    return Table(title, tuple(columns), rows, note.strip() + mark, limited)


def format_share(estimate: Estimate, counted: str) -> str:
    """A proportion in per cent, such as `12.5 % [3.2, 38.1], n = 16 replies of 8 items`.

    Args:
        counted: what n counts, such as `replies of 8 items`.
    """
    if estimate.value is None:
        return estimate.method
    interval = _interval(estimate, lambda bound: f"{100 * bound:.1f}")
    return f"{100 * estimate.value:.1f} % {interval}, n = {estimate.n:,} {counted}"


def format_points(estimate: Estimate, counted: str) -> str:
    """A difference in percentage points, such as `+12.5 pp [−3.2, +28.1], n = 16 prompts`."""
    if estimate.value is None:
        return estimate.method
    interval = _interval(estimate, signed)
    return f"{signed(estimate.value)} pp {interval}, n = {estimate.n:,} {counted}"


def on_one_line(text: str) -> str:
    """The text without line breaks, so that it ends no comment, line or row that it stands in."""
    return " ".join(text.split())


def share_interval(estimate: Estimate) -> str:
    """The bounds of a proportion alone, such as `[3.2, 38.1] %`, or why there are none."""
    if estimate.value is None or estimate.low is None:
        return estimate.method
    return _interval(estimate, lambda bound: f"{100 * bound:.1f}") + " %"


def points_interval(estimate: Estimate) -> str:
    """The bounds of a difference alone, such as `[−3.2, +28.1] pp`, or why there are none."""
    if estimate.value is None or estimate.low is None:
        return estimate.method
    return _interval(estimate, signed) + " pp"


def format_p(p: float) -> str:
    """A p-value to three digits; a very small one as a bound."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def format_agreement(agreement: Agreement) -> str:
    """Alpha, such as `0.43 [0.10, 0.70], n = 36 comparable ratings, 12 pairs`, or why there is none."""
    if agreement.alpha.value is None:
        return agreement.alpha.method
    interval = _interval(agreement.alpha, lambda bound: f"{bound:.2f}".replace("-", "−"))
    value = f"{agreement.alpha.value:.2f}".replace("-", "−")
    pairs = count_of(agreement.n_items, "pair")
    return f"{value} {interval}, n = {agreement.n_pairable:,} comparable ratings, {pairs}"


def format_value(estimate: Estimate, digits: int = 3) -> str:
    """A coefficient, such as `0.431 [0.102, 0.704]`, or that there is none."""
    if estimate.value is None:
        return "not estimable"
    interval = _interval(estimate, lambda bound: f"{bound:.{digits}f}")
    return f"{estimate.value:.{digits}f} {interval}".replace("-", "−")


def format_number(value: float | None) -> str:
    """A number to three digits, or that there is none."""
    return "not estimable" if value is None else f"{value:.3f}".replace("-", "−")


def signed(points: float, digits: int = 1) -> str:
    """Percentage points with their sign; what rounds to zero has none."""
    shown = f"{points:+.{digits}f}".replace("-", "−")
    return shown if any(digit in shown for digit in "123456789") else shown[1:]


def one_of(names: Sequence[str]) -> str:
    """Names to choose from: `failed`, `failed or unscored`, `cut, failed or unscored`."""
    *first, last = names or ("",)
    return f"{', '.join(first)} or {last}" if first else last


def of_items(estimate: Estimate, counted: str) -> str:
    """What an estimate counts that is clustered by item: `replies of 8 items`."""
    return f"{counted} of {count_of(estimate.n_units, 'item')}"


def by_raters(n_raters: int, n_items: int) -> str:
    """What a share of ratings counts: `ratings by 3 raters of 8 items`."""
    return f"ratings by {count_of(n_raters, 'rater')} of {count_of(n_items, 'item')}"


def condition_name(condition: Condition) -> str:
    """A condition in words: `sad, asserts wrong`."""
    if condition.context is None and condition.belief is None:
        return "all conditions"
    return f"{context_name(condition)}, {belief_name(condition)}"


def context_name(condition: Condition) -> str:
    """A context in words."""
    return _part_name(condition.context, "context")


def task_name(task: str | None) -> str:
    """A task in words."""
    return "any task" if task is None else words_of(task)


def belief_name(condition: Condition) -> str:
    """A belief in words."""
    return _part_name(condition.belief, "belief")


def methods_of(estimates: Iterable[Estimate]) -> str:
    """How intervals were made, each way once, to follow `level_of`; empty where there is none."""
    degrees: dict[str, list[int]] = {}
    for estimate in estimates:
        if estimate.low is not None:
            found = _DEGREES.search(estimate.method)
            way = _DEGREES.sub("t with {} degrees of freedom", estimate.method)
            degrees.setdefault(way, []).extend([int(found[1])] if found else [])
    told = [way.replace("{}", _from_to(numbers)) for way, numbers in degrees.items()]
    return f": {'; '.join(told)}" if told else ""


def _from_to(numbers: Sequence[int]) -> str:
    if not numbers:
        return ""
    low, high = min(numbers), max(numbers)
    return f"{low}" if low == high else f"{low} to {high}"


def intervals_of(estimates: Sequence[Estimate]) -> str:
    """How the intervals of a table were made, as a sentence of its own: it begins with the full stop of
    the one before, and leaves out its own."""
    methods = methods_of(estimates)
    return f". {as_sentence(level_of(estimates[0].level))}{methods}" if methods else ""


def level_of(level: float) -> str:
    """The level of intervals: `95 % intervals`."""
    return f"{100 * level:g} % intervals"


def as_sentence(words: str) -> str:
    """Words with a capital first."""
    return words[0].upper() + words[1:]


def words_of(name: str) -> str:
    """A label or name without underscores."""
    return name.replace("_", " ")


def _part_name(part: str | None, noun: str) -> str:
    if part is None:
        return f"any {noun}"
    return f"no {noun}" if part == "none" else words_of(part)


def _interval(estimate: Estimate, show: Callable[[float], str]) -> str:
    if estimate.low is None or estimate.high is None:
        return f"({estimate.method})"
    mark = " (likely too short)" if caution_in(estimate.method) else ""
    return f"[{show(estimate.low)}, {show(estimate.high)}]{mark}"
