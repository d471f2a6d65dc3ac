"""Figures of a study's results, each with its text alternative. They compute nothing.

Values and intervals come from `statistics/results.py`, words from `report.py`. Figures are made
without pyplot, so that threads of the app share no state. Arms differ in shade, hatch and
marker, so they can be told apart in grey; sizes are for 640 pixels of width and more.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from evaluation.report import (
    by_raters,
    condition_name,
    count_of,
    format_points,
    format_share,
    of_items,
    signed,
)
from evaluation.statistics.error_rates import ErrorRate, Gap
from evaluation.statistics.results import StudyResults
from study.records import Estimate

_WIDTH_IN = 8.0
_DPI = 160
_FONT = 12.5
_SMALL = 11.0
_TITLE = 14.5


@dataclass(frozen=True)
class Plot:
    """A figure, and the same in words."""

    figure: Figure
    alt_text: str
    title: str


@dataclass(frozen=True)
class _Style:
    fill: str
    hatch: str
    marker: str


_STYLES = {
    "original": _Style("#ffffff", "", "o"),
    "warm": _Style("#c8553d", "", "D"),
    "untransformed": _Style("#e3e3e3", "..", "s"),
    "cold": _Style("#9cc3de", "//", "v"),
}
_OTHER_STYLES = (
    _Style("#d9b84a", "xx", "^"),
    _Style("#5f9e6e", "\\\\", "P"),
    _Style("#8d7bb3", "++", "X"),
)


def plot_error_rates(results: StudyResults) -> Plot:
    """Bars of the error rate per condition and arm, in per cent from 0, with intervals."""
    title = "Error rate by condition"
    if not results.error_rates:
        return _empty_plot(title, "No replies yet.")
    conditions = list(dict.fromkeys(cell.condition for cell in results.error_rates))
    rows = [
        [cell for cell in results.error_rates if cell.condition == condition]
        for condition in conditions
    ]
    figure, axes = _make_figure(sum(len(row) for row in rows), len(rows))
    places = _places([len(row) for row in rows])
    for row, row_places in zip(rows, places, strict=True):
        for cell, place in zip(row, row_places, strict=True):
            _draw_rate(axes, cell, place, _style(cell.arm, results.arms))
    axes.set_xlim(0, 100)
    _name_rows(axes, [condition_name(condition) for condition in conditions], places)
    _describe_axis(axes, "Errors, % of scored replies; n: replies", results)
    patches = [
        Patch(
            facecolor=_style(arm, results.arms).fill,
            hatch=_style(arm, results.arms).hatch,
            edgecolor="black",
            label=arm,
        )
        for arm in results.arms
    ]
    _add_title_and_legend(figure, title, patches)
    told = "; ".join(
        f"{cell.arm}, {condition_name(cell.condition)}: "
        + format_share(cell.rate, of_items(cell.rate, "replies"))
        for cell in results.error_rates
    )
    return Plot(figure, f"Bar chart of error rates by condition and arm. {told}.", title)


def plot_gaps(results: StudyResults) -> Plot:
    """Forest plot of arm − original in percentage points, with intervals and a line at 0."""
    title = "Gap in error rate, arm − original"
    if not results.gaps:
        return _empty_plot(title, "No arm to compare with the original yet.")
    conditions = list(dict.fromkeys(gap.condition for gap in results.gaps))
    rows = [[gap for gap in results.gaps if gap.condition == condition] for condition in conditions]
    figure, axes = _make_figure(sum(len(row) for row in rows), len(rows))
    places = _places([len(row) for row in rows])
    axes.axvline(0, color="black", linewidth=1, zorder=1)
    for row, row_places in zip(rows, places, strict=True):
        for gap, place in zip(row, row_places, strict=True):
            _draw_gap(axes, gap, place, _style(gap.arm, results.arms))
    axes.set_xlim(*_limits_around_zero([gap.difference for gap in results.gaps]))
    _name_rows(axes, [condition_name(condition) for condition in conditions], places)
    _describe_axis(axes, "More errors than the original, percentage points; n: prompts", results)
    _add_title_and_legend(figure, title, _marker_legend(results))
    told = "; ".join(
        f"{gap.arm}, {condition_name(gap.condition)}: "
        + format_points(gap.difference, of_items(gap.difference, "prompts"))
        for gap in results.gaps
    )
    return Plot(figure, f"Forest plot of the gap in error rate to the original. {told}.", title)


def plot_warm_share(results: StudyResults) -> Plot:
    """Share of ratings that call each arm warmer than the original, with a line at 50 %."""
    title = "Called warmer than the original"
    if not results.preferences:
        return _empty_plot(title, "No arm to compare with the original yet.")
    figure, axes = _make_figure(len(results.preferences), len(results.preferences))
    _set_title(figure, title)
    places = _places([1] * len(results.preferences))
    axes.axvline(50, color="black", linewidth=1, linestyle=(0, (4, 3)), zorder=1)
    for preference, row_places in zip(results.preferences, places, strict=True):
        share = preference.warm_share
        style = _style(preference.arm, results.arms)
        _draw_marker(axes, share, 100, row_places[0], style)
        if share.value is not None:
            _write_beside(axes, row_places[0], share, f"{100 * share.value:.0f} %")
    axes.set_xlim(0, 100)
    names = [
        f"{preference.arm}\n{count_of(preference.n_raters, 'rater')}, "
        f"{count_of(preference.n_items, 'item')}"
        for preference in results.preferences
    ]
    _name_rows(axes, names, places)
    _describe_axis(axes, "% of ratings, equal counting half; n: ratings", results)
    told = "; ".join(
        f"{preference.arm}: " + format_share(preference.warm_share, by_raters(preference))
        for preference in results.preferences
    )
    return Plot(figure, f"Share of ratings that call the arm warmer. {told}.", title)


def _draw_rate(axes: Axes, cell: ErrorRate, place: float, style: _Style) -> None:
    estimate = cell.rate
    if estimate.value is None:
        _write_missing(axes, place)
        return
    axes.barh(
        place,
        100 * estimate.value,
        height=0.86,
        facecolor=style.fill,
        hatch=style.hatch,
        edgecolor="black",
        linewidth=0.8,
        zorder=2,
    )
    _draw_interval(axes, estimate, 100, place)
    _write_beside(axes, place, estimate, f"{100 * estimate.value:.0f} %")


def _draw_gap(axes: Axes, gap: Gap, place: float, style: _Style) -> None:
    _draw_marker(axes, gap.difference, 1, place, style)
    if gap.difference.value is not None:
        value = signed(gap.difference.value, digits=0)
        _write_beside(axes, place, gap.difference, f"{value} pp")


def _draw_marker(axes: Axes, estimate: Estimate, scale: float, place: float, style: _Style) -> None:
    if estimate.value is None:
        _write_missing(axes, place)
        return
    _draw_interval(axes, estimate, scale, place)
    axes.plot(
        [scale * estimate.value],
        [place],
        marker=style.marker,
        markersize=9,
        markerfacecolor=style.fill,
        markeredgecolor="black",
        linestyle="none",
        zorder=4,
    )


def _draw_interval(axes: Axes, estimate: Estimate, scale: float, place: float) -> None:
    if estimate.low is None or estimate.high is None:
        return
    ends = [scale * estimate.low, scale * estimate.high]
    axes.plot(
        ends,
        [place, place],
        color="black",
        linewidth=1.8,
        marker="|",
        markersize=9,
        zorder=3,
        clip_on=False,
    )


def _write_beside(axes: Axes, place: float, estimate: Estimate, value: str) -> None:
    axes.annotate(
        f"{value}, n = {estimate.n}" + ("" if estimate.low is not None else "*"),
        (1.02, place),
        xycoords=axes.get_yaxis_transform(),
        va="center",
        fontsize=_SMALL,
        annotation_clip=False,
    )


def _write_missing(axes: Axes, place: float) -> None:
    axes.annotate(
        "not estimable",
        (1.02, place),
        xycoords=axes.get_yaxis_transform(),
        va="center",
        fontsize=_SMALL,
        style="italic",
        annotation_clip=False,
    )


def _make_figure(n_bars: int, n_groups: int) -> tuple[Figure, Axes]:
    height_in = 1.7 + 0.3 * n_bars + 0.22 * n_groups
    figure = Figure(figsize=(_WIDTH_IN, height_in), dpi=_DPI, layout="constrained")
    axes = figure.add_subplot()
    axes.tick_params(labelsize=_SMALL)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color="#cccccc", linewidth=0.7, zorder=0)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    return figure, axes


def _empty_plot(title: str, reason: str) -> Plot:
    figure = Figure(figsize=(_WIDTH_IN, 1.6), dpi=_DPI, layout="constrained")
    _set_title(figure, title)
    figure.text(0.01, 0.4, reason, fontsize=_FONT)
    return Plot(figure, f"{title}: {reason}", title)


def _set_title(figure: Figure, title: str) -> None:
    figure.suptitle(title, fontsize=_TITLE, x=0.01, ha="left")


def _places(group_sizes: Sequence[int]) -> list[list[float]]:
    places, next_place = [], 0.0
    for size in group_sizes:
        places.append([next_place + offset for offset in range(size)])
        next_place += size + 0.7
    return places


def _name_rows(axes: Axes, names: Sequence[str], places: Sequence[Sequence[float]]) -> None:
    middles = [(row[0] + row[-1]) / 2 for row in places]
    axes.set_yticks(middles, names, fontsize=_FONT)
    axes.set_ylim(places[-1][-1] + 0.8, -0.8)


def _limits_around_zero(estimates: Sequence[Estimate]) -> tuple[float, float]:
    ends = [0.0, 10.0, -10.0]
    for estimate in estimates:
        ends += [end for end in (estimate.value, estimate.low, estimate.high) if end is not None]
    return min(ends) - 4, max(ends) + 4


def _marker_legend(results: StudyResults) -> list[Line2D]:
    arms = list(dict.fromkeys(gap.arm for gap in results.gaps))
    styles = {arm: _style(arm, results.arms) for arm in arms}
    return [
        Line2D(
            [],
            [],
            marker=styles[arm].marker,
            markersize=9,
            markerfacecolor=styles[arm].fill,
            markeredgecolor="black",
            color="black",
            linewidth=1.6,
            label=arm,
        )
        for arm in arms
    ]


def _add_title_and_legend(
    figure: Figure, title: str, handles: Sequence[Patch] | Sequence[Line2D]
) -> None:
    # the layout engine would draw a title of the figure over a legend that stands outside
    figure.legend(
        handles=list(handles),
        loc="outside upper left",
        ncols=min(4, len(handles)),
        frameon=False,
        fontsize=_FONT,
        handlelength=2.2,
        title=title,
        title_fontsize=_TITLE,
        alignment="left",
    )


def _describe_axis(axes: Axes, label: str, results: StudyResults) -> None:
    lines = [label, f"Lines: {100 * results.level:g} % intervals; * one item or rater, no interval"]
    if results.limited is not None:
        lines.append(f"Limited: {results.limited}")
    axes.set_xlabel("\n".join(lines), fontsize=_SMALL)


def _style(arm: str, arms: Sequence[str]) -> _Style:
    if arm in _STYLES:
        return _STYLES[arm]
    others = [name for name in arms if name not in _STYLES]
    return _OTHER_STYLES[others.index(arm) % len(_OTHER_STYLES)]
