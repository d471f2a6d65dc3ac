"""Charts: rows of points with intervals, or of bars, each with its name, numbers and n beside it.

A chart holds what is shown; the same record is drawn at any width, told in words and written as a
table, so that the three cannot differ. Which numbers stand in which chart, `plots.py` and
`rating_plots.py` decide; how it is drawn is in `chart_drawing.py`.
"""

from dataclasses import dataclass
from typing import Any, Literal

from evaluation.drawing import Style
from evaluation.formats import Table, make_table
from study.records import Estimate


@dataclass(frozen=True)
class Row:
    """One estimate under its name."""

    name: str
    estimate: Estimate
    style: Style


@dataclass(frozen=True)
class Group:
    """Rows that belong together."""

    title: str
    """Empty where the chart is one group."""
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Scale:
    """How estimates are told and drawn."""

    axis: str
    """What the numbers are, for the axis."""
    factor: float
    """From the unit of the estimates to that of the axis."""
    form: str
    """Of one number, such as `{:+.1f}`."""
    unit: str
    """Behind a number in words, with its space: ` pp`."""
    counted: str
    """What n counts, such as `prompts`."""
    limits: tuple[float, float]
    """The axis shows at least this much."""
    reference: float | None
    """Where a line stands that intervals may reach across, such as 0."""
    is_bounded: bool
    """Whether nothing lies beyond the limits."""


@dataclass(frozen=True)
class Chart:
    """What is shown, at any width."""

    title: str
    groups: tuple[Group, ...]
    scale: Scale
    mark: Literal["point", "bar"]
    note: str
    """How to read it: one or two sentences."""
    limited: str | None

    @property
    def rows(self) -> list[Row]:
        """All rows, from the top."""
        return [row for group in self.groups for row in group.rows]


def tell_chart(chart: Chart) -> str:
    """The chart in words, for those who do not see it; every row, with interval and n."""
    told = "; ".join(
        (f"{group.title}, " if group.title else "") + f"{row.name}: {_tell(row, chart.scale)}"
        for group in chart.groups
        for row in group.rows
    )
    kind = "Points with intervals" if chart.mark == "point" else "Bars"
    return f"{chart.title}. {kind}, {chart.scale.axis}. {told}."


def chart_as_table(chart: Chart) -> Table:
    """The numbers of the chart, with method and unit of each."""
    cells = [(group.title, row, row.estimate) for group in chart.groups for row in group.rows]
    columns = {
        **({"Part": [title or "all" for title, _, _ in cells]} if len(chart.groups) > 1 else {}),
        "Row": [row.name for _, row, _ in cells],
        "Value": [tell_value(found, chart.scale) or "not estimable" for _, _, found in cells],
        "Interval": [tell_interval(found, chart.scale) for _, _, found in cells],
        f"n ({chart.scale.counted})": [str(found.n) for _, _, found in cells],
        "Independent units": [f"{found.n_units} ({found.unit})" for _, _, found in cells],
        "How": [found.method for _, _, found in cells],
    }
    return make_table(chart.title, columns, f"{chart.scale.axis}. {chart.note}", chart.limited)


NUMBER_COLUMNS = (
    *("title", "part", "row", "value", "low", "high", "level", "n", "n_units", "unit", "method"),
    *("seed", "limited"),
)


def chart_as_numbers(chart: Chart) -> tuple[tuple[Any, ...], ...]:
    """The same at full precision, one row per `NUMBER_COLUMNS`, in the unit of the estimates."""
    return tuple(
        (
            *(chart.title, group.title, row.name),
            *(row.estimate.value, row.estimate.low, row.estimate.high, row.estimate.level),
            *(row.estimate.n, row.estimate.n_units, row.estimate.unit, row.estimate.method),
            *(row.estimate.seed, chart.limited),
        )
        for group in chart.groups
        for row in group.rows
    )


def _tell(row: Row, scale: Scale) -> str:
    found = row.estimate
    value = tell_value(found, scale)
    if value is None:
        return found.method
    interval = f" {tell_interval(found, scale)}" if found.low is not None else ""
    return f"{value}{scale.unit}{interval}, n = {found.n:,} {scale.counted}"


def tell_value(found: Estimate, scale: Scale) -> str | None:
    """The value in the form of the scale; None when there is none."""
    return None if found.value is None else _form(found.value, scale)


def tell_interval(found: Estimate, scale: Scale) -> str:
    """The interval, such as `[+1.0, +3.0]`; empty when there is none."""
    if found.low is None or found.high is None:
        return ""
    return f"[{_form(found.low, scale)}, {_form(found.high, scale)}]"


def _form(number: float, scale: Scale) -> str:
    told = scale.form.format(scale.factor * number).replace("-", "−")
    # what rounds to zero has no sign
    return told if any(digit in told for digit in "123456789") else told.lstrip("+−")
