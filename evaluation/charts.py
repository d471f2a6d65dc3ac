"""Charts: rows of points with intervals, or of bars, each with its name, numbers and n beside it.

A chart holds what is shown; the same record is drawn at any width, told in words and written as a
table, so that the three cannot differ. Which numbers stand in which chart, `plots.py` decides.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from evaluation.drawing import (
    INK,
    SMALL,
    SOFT_INK,
    TITLE,
    Shape,
    Style,
    add_axes,
    make_figure,
    shorten,
    write,
)
from evaluation.formats import Table, make_table
from study.records import Estimate

_TITLE_IN = 0.42
_HEADING_IN = 0.3
_GROUP_IN = 0.3
_GAP_IN = 0.1
_EDGE_IN = 0.06
_AXIS_IN = 0.3
_LINE_IN = 0.17
_LEFT_IN = 2.05
_ESTIMATE_IN = 1.62
_COUNT_IN = 0.72
_INSET_IN = 0.08
_LONGEST = {False: 30, True: 26}


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
        **({"Part": [title for title, _, _ in cells]} if len(chart.groups) > 1 else {}),
        "Row": [row.name for _, row, _ in cells],
        "Value": [_value(found, chart.scale) or "not estimable" for _, _, found in cells],
        "Interval": [_interval(found, chart.scale) for _, _, found in cells],
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


def draw_chart(chart: Chart, shape: Shape) -> Figure:
    """The chart as a figure of the shape's width, as high as its rows need."""
    top = _EDGE_IN + (_TITLE_IN if shape.has_title else 0)
    top += 0 if shape.is_narrow else _HEADING_IN
    places, body = _place_rows(chart, shape)
    notes = _notes(chart)
    bottom = _EDGE_IN + _AXIS_IN + _LINE_IN * len(notes)
    figure = make_figure(shape, top + body + bottom)
    left = _EDGE_IN if shape.is_narrow else _LEFT_IN
    right = _EDGE_IN if shape.is_narrow else _ESTIMATE_IN + _COUNT_IN
    axes = add_axes(figure, left + _INSET_IN, right + _INSET_IN, top, bottom)
    axes.set_ylim(body, 0)
    axes.set_yticks([])
    _set_limits(axes, chart)
    if chart.scale.reference is not None:
        axes.axvline(chart.scale.reference, color="#6b6b6b", linewidth=1, zorder=1)
    _write_heads(figure, chart, shape, top)
    for row, place in zip(chart.rows, places.rows, strict=True):
        _draw_mark(axes, row, chart, place)
        _write_row(figure, row, chart, shape, top + place)
    for group, place in zip(chart.groups, places.groups, strict=True):
        inset = _EDGE_IN + (_INSET_IN if shape.is_narrow else 0)
        write(figure, inset, top + place, group.title, size=SMALL, weight="bold")
    height = float(figure.get_size_inches()[1])
    for number, line in enumerate(notes):
        place = height - bottom + _AXIS_IN + _LINE_IN * (number + 0.5)
        write(figure, left + _INSET_IN, place, line, size=SMALL, color=SOFT_INK)
    return figure


@dataclass(frozen=True)
class _Places:
    """Inches below the top of the rows."""

    rows: tuple[float, ...]
    groups: tuple[float, ...]


def _place_rows(chart: Chart, shape: Shape) -> tuple[_Places, float]:
    row_in = 0.44 if shape.is_narrow else 0.27
    rows, groups, at = [], [], 0.04
    for group in chart.groups:
        groups.append(at + _GROUP_IN / 2)
        at += _GROUP_IN if group.title else 0
        for _ in group.rows:
            # on a narrow figure the mark stands in the lower half of its row
            rows.append(at + row_in * (0.72 if shape.is_narrow else 0.5))
            at += row_in
        at += _GAP_IN
    return _Places(tuple(rows), tuple(groups)), at


def _set_limits(axes: Axes, chart: Chart) -> None:
    scale = chart.scale
    ends = list(scale.limits)
    if not scale.is_bounded:
        ends += [scale.factor * end for row in chart.rows for end in _ends(row.estimate)]
    low, high = min(ends), max(ends)
    room = 0 if scale.is_bounded else 0.03 * (high - low)
    axes.set_xlim(low - room, high + room)
    axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))


def _ends(estimate: Estimate) -> Iterator[float]:
    for end in (estimate.value, estimate.low, estimate.high):
        if end is not None:
            yield end


def _draw_mark(axes: Axes, row: Row, chart: Chart, place: float) -> None:
    found, factor, style = row.estimate, chart.scale.factor, row.style
    if found.value is None:
        return
    value = factor * found.value
    if chart.mark == "bar":
        axes.barh(
            place,
            value,
            height=0.16,
            facecolor=style.fill,
            hatch=style.hatch,
            edgecolor=INK,
            linewidth=0.8,
            zorder=2,
        )
        return
    if found.low is not None and found.high is not None:
        ends = [factor * found.low, factor * found.high]
        axes.plot(
            ends,
            [place, place],
            color=INK,
            linewidth=1.4,
            marker="|",
            markersize=6,
            markeredgewidth=1.2,
            zorder=3,
            clip_on=False,
        )
    axes.plot(
        [value],
        [place],
        marker=style.marker,
        markersize=6.5,
        markerfacecolor=style.fill,
        markeredgecolor=INK,
        markeredgewidth=1,
        linestyle="none",
        zorder=4,
        clip_on=False,  # a marker at 100 % is drawn whole
    )


def _write_heads(figure: Figure, chart: Chart, shape: Shape, top: float) -> None:
    if shape.has_title:
        write(figure, _EDGE_IN, _EDGE_IN + 0.14, chart.title, size=TITLE, weight="bold")
    if not shape.is_narrow:
        look = {"size": SMALL, "color": SOFT_INK}
        right = shape.width_in - _EDGE_IN
        interval = chart.mark == "point" and f" [{100 * _level(chart):g} %]"
        head = (chart.scale.unit.strip() or "value") + (interval or "")
        write(figure, right - _COUNT_IN, top - 0.16, head, ha="right", **look)
        write(figure, right, top - 0.16, chart.scale.counted, ha="right", **look)


def _write_row(figure: Figure, row: Row, chart: Chart, shape: Shape, place: float) -> None:
    found, right = row.estimate, shape.width_in - _EDGE_IN
    name = shorten(row.name, _LONGEST[shape.is_narrow])
    numbers = _numbers(found, chart)
    look: dict[str, Any] = {}
    if found.value is None:
        look |= {"style": "italic", "color": SOFT_INK}
    if shape.is_narrow:
        # the reference line would run through the words
        look["bbox"] = {"facecolor": "white", "edgecolor": "none", "pad": 1.0}
        above, inset = place - 0.21, _EDGE_IN + _INSET_IN
        write(figure, inset, above, f"{name}  n {found.n:,}", bbox=look["bbox"])
        write(figure, right - _INSET_IN, above, numbers, ha="right", **look)
        return
    write(figure, _EDGE_IN + (0.12 if len(chart.groups) > 1 else 0), place, name)
    write(figure, right - _COUNT_IN, place, numbers, ha="right", **look)
    write(figure, right, place, f"{found.n:,}", ha="right", color=SOFT_INK, size=SMALL)


def _numbers(found: Estimate, chart: Chart) -> str:
    value = _value(found, chart.scale)
    if value is None:
        return "not estimable"
    if found.low is None or found.high is None:
        return value if chart.mark == "bar" else f"{value} *"
    return f"{value} {_interval(found, chart.scale)}"


def _notes(chart: Chart) -> list[str]:
    lines = [chart.scale.axis]
    if any(row.estimate.value is not None and row.estimate.low is None for row in chart.rows):
        lines += ["* one item or rater alone, so no interval"] if chart.mark == "point" else []
    if chart.limited is not None:
        lines.append(f"Limited: {chart.limited}")
    return lines


def _tell(row: Row, scale: Scale) -> str:
    found = row.estimate
    value = _value(found, scale)
    if value is None:
        return found.method
    interval = f" {_interval(found, scale)}" if found.low is not None else ""
    return f"{value}{scale.unit}{interval}, n = {found.n} {scale.counted}"


def _value(found: Estimate, scale: Scale) -> str | None:
    return None if found.value is None else _form(found.value, scale)


def _interval(found: Estimate, scale: Scale) -> str:
    if found.low is None or found.high is None:
        return ""
    return f"[{_form(found.low, scale)}, {_form(found.high, scale)}]"


def _form(number: float, scale: Scale) -> str:
    told = scale.form.format(scale.factor * number).replace("-", "−")
    # what rounds to zero has no sign
    return told if any(digit in told for digit in "123456789") else told.lstrip("+−")


def _level(chart: Chart) -> float:
    return chart.rows[0].estimate.level if chart.rows else 0.95
