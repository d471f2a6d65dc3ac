"""Charts as figures: where names, marks and numbers stand, at the width of a page or of a phone.

What a chart holds is in `charts.py`, how marks and words look in `drawing.py`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from evaluation.charts import Chart, Row, tell_interval, tell_value
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
from study.records import Estimate

_TITLE_IN = 0.42
_HEADING_IN = 0.3
_GROUP_IN = 0.3
_GAP_IN = 0.1
_AXIS_IN = 0.3
_LINE_IN = 0.17
_LEFT_IN = 1.95
_ESTIMATE_IN = 1.74
_COUNT_IN = 0.72
_INSET_IN = 0.06
# the reference line would run through words
_HALO: dict[str, Any] = {"facecolor": "white", "edgecolor": "none", "pad": 1.0}
_LONGEST = {False: 30, True: 26}


def draw_chart(chart: Chart, shape: Shape) -> Figure:
    """The chart as a figure of the shape's width, as high as its rows need."""
    top = shape.edge_in + (_TITLE_IN if shape.has_title else 0)
    top += 0 if shape.is_narrow else _HEADING_IN
    places, body = _place_rows(chart, shape)
    notes = _notes(chart)
    bottom = shape.edge_in + _AXIS_IN + _LINE_IN * len(notes)
    figure = make_figure(shape, top + body + bottom)
    left = shape.edge_in + (0 if shape.is_narrow else _LEFT_IN)
    # the last number below a narrow figure needs room
    right = shape.edge_in + (0.09 if shape.is_narrow else _ESTIMATE_IN + _COUNT_IN)
    axes = add_axes(figure, left + _INSET_IN, right + _INSET_IN, top, bottom)
    axes.set_ylim(body, 0)
    axes.set_yticks([])
    _set_limits(axes, chart)
    if chart.scale.reference is not None:
        axes.axvline(chart.scale.reference, color="#6b6b6b", linewidth=1, zorder=1)
    _draw_marks(axes, chart, places.rows)
    _write_heads(figure, chart, shape, top)
    for row, place in zip(chart.rows, places.rows, strict=True):
        _write_row(figure, row, chart, shape, top + place)
    for group, place in zip(chart.groups, places.groups, strict=True):
        inset = shape.edge_in + (_INSET_IN if shape.is_narrow else 0)
        halo = _HALO if shape.is_narrow else None
        write(figure, inset, top + place, group.title, size=SMALL, weight="bold", bbox=halo)
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


def _draw_marks(axes: Axes, chart: Chart, places: Sequence[float]) -> None:
    """All marks of a chart: a collection for each kind, since every artist takes its time."""
    known = [
        (row, place)
        for row, place in zip(chart.rows, places, strict=True)
        if row.estimate.value is not None
    ]
    for style in dict.fromkeys(row.style for row, _ in known):
        values = [
            (chart.scale.factor * (row.estimate.value or 0.0), place)
            for row, place in known
            if row.style == style
        ]
        if chart.mark == "bar":
            _draw_bars(axes, values, style)
        else:
            _draw_points(axes, values, style)
    if chart.mark == "point":
        _draw_intervals(axes, [(row.estimate, place) for row, place in known], chart.scale.factor)


def _draw_bars(axes: Axes, values: Sequence[tuple[float, float]], style: Style) -> None:
    axes.barh(
        [place for _, place in values],
        [value for value, _ in values],
        height=0.16,
        facecolor=style.fill,
        hatch=style.hatch,
        edgecolor=INK,
        linewidth=0.8,
        zorder=2,
    )


def _draw_points(axes: Axes, values: Sequence[tuple[float, float]], style: Style) -> None:
    axes.plot(
        [value for value, _ in values],
        [place for _, place in values],
        marker=style.marker,
        markersize=6.5,
        markerfacecolor=style.fill,
        markeredgecolor=INK,
        markeredgewidth=1,
        linestyle="none",
        zorder=4,
        clip_on=False,  # a marker at 100 % is drawn whole
    )


def _draw_intervals(axes: Axes, found: Sequence[tuple[Estimate, float]], factor: float) -> None:
    ends = [
        (factor * estimate.low, factor * estimate.high, place)
        for estimate, place in found
        if estimate.low is not None and estimate.high is not None
    ]
    if not ends:
        return
    lows, highs, places = zip(*ends, strict=True)
    axes.hlines(places, lows, highs, color=INK, linewidth=1.4, zorder=3, clip_on=False)
    axes.plot(
        [*lows, *highs],
        [*places, *places],
        color=INK,
        marker="|",
        markersize=6,
        markeredgewidth=1.2,
        linestyle="none",
        zorder=3,
        clip_on=False,
    )


def _write_heads(figure: Figure, chart: Chart, shape: Shape, top: float) -> None:
    if shape.has_title:
        write(figure, shape.edge_in, shape.edge_in + 0.14, chart.title, size=TITLE, weight="bold")
    if not shape.is_narrow:
        look = {"size": SMALL, "color": SOFT_INK}
        right = shape.width_in - shape.edge_in
        interval = chart.mark == "point" and f" [{100 * _level(chart):g} %]"
        head = (chart.scale.unit.strip() or "value") + (interval or "")
        write(figure, right - _COUNT_IN, top - 0.16, head, ha="right", **look)
        write(figure, right, top - 0.16, chart.scale.counted, ha="right", **look)


def _write_row(figure: Figure, row: Row, chart: Chart, shape: Shape, place: float) -> None:
    found, right = row.estimate, shape.width_in - shape.edge_in
    name = shorten(row.name, _LONGEST[shape.is_narrow])
    numbers = _numbers(found, chart)
    look: dict[str, Any] = {}
    if found.value is None:
        look |= {"style": "italic", "color": SOFT_INK}
    if shape.is_narrow:
        look["bbox"] = _HALO
        above, inset = place - 0.21, shape.edge_in + _INSET_IN
        write(figure, inset, above, f"{name} · n {found.n:,}", bbox=_HALO)
        write(figure, right - _INSET_IN, above, numbers, ha="right", **look)
        return
    write(figure, shape.edge_in + (0.12 if len(chart.groups) > 1 else 0), place, name)
    write(figure, right - _COUNT_IN, place, numbers, ha="right", **look)
    write(figure, right, place, f"{found.n:,}", ha="right", color=SOFT_INK, size=SMALL)


def _numbers(found: Estimate, chart: Chart) -> str:
    value = tell_value(found, chart.scale)
    if value is None:
        return "not estimable"
    if found.low is None or found.high is None:
        return value if chart.mark == "bar" else f"{value} *"
    return f"{value} {tell_interval(found, chart.scale)}"


def _notes(chart: Chart) -> list[str]:
    lines = [chart.scale.axis]
    if any(row.estimate.value is not None and row.estimate.low is None for row in chart.rows):
        lines += ["* one item or rater alone, so no interval"] if chart.mark == "point" else []
    if chart.limited is not None:
        lines.append(f"Limited: {chart.limited}")
    return lines


def _level(chart: Chart) -> float:
    return chart.rows[0].estimate.level if chart.rows else 0.95
