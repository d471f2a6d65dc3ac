"""Figures of a study's results, each with its text alternative. They compute nothing.

Values and intervals come from `statistics/results.py`, words from `formats.py`, and how a row
looks from `drawing.py`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from evaluation.drawing import (
    DPI,
    FONT,
    SMALL,
    TITLE,
    WIDTH_IN,
    Style,
    draw_interval,
    draw_marker,
    make_figure,
    make_layout,
    name_rows,
    place_rows,
    set_title,
    style_of,
    write_beside,
)
from evaluation.formats import (
    by_raters,
    condition_name,
    count_of,
    format_points,
    format_share,
    level_of,
    of_items,
    signed,
    words_of,
)
from evaluation.statistics.context_check import ContextCheck
from evaluation.statistics.error_rates import ErrorRate
from evaluation.statistics.gaps import Gap
from evaluation.statistics.results import StudyResults
from study.records import ORIGINAL, Estimate

AnyCell = TypeVar("AnyCell", ErrorRate, Gap)


@dataclass(frozen=True)
class Plot:
    """A figure, and the same in words."""

    figure: Figure
    alt_text: str
    title: str


def plot_error_rates(results: StudyResults) -> Plot:
    """Bars of the error rate per condition and arm, in per cent from 0, with intervals."""
    title = "Error rate by condition"
    cells = results.error_rates
    if not cells:
        return _empty_plot(title, "No replies yet.")
    figure, axes = _draw_by_condition(cells, _draw_rate, results)
    axes.set_xlim(0, 100)
    label = "Errors, % of scored replies; n: replies"
    _describe_axis(axes, label, [cell.rate for cell in cells], results.limited)
    _add_title_and_legend(figure, title, _bar_legend(results))
    told = _tell(cells, lambda cell: format_share(cell.rate, of_items(cell.rate, "replies")))
    return Plot(figure, f"Bar chart of error rates by condition and arm. {told}.", title)


def plot_gaps(results: StudyResults) -> Plot:
    """Forest plot of arm − original in percentage points, with intervals and a line at 0."""
    title = "Gap in error rate, arm − original"
    gaps = results.gaps
    if not gaps:
        return _empty_plot(title, "No arm to compare with the original yet.")
    figure, axes = _draw_by_condition(gaps, _draw_gap, results)
    axes.axvline(0, color="black", linewidth=1, zorder=1)
    differences = [gap.difference for gap in gaps]
    axes.set_xlim(*_limits_around_zero(differences))
    label = "More errors than the original, percentage points; n: prompts"
    _describe_axis(axes, label, differences, results.limited)
    _add_title_and_legend(figure, title, _marker_legend(results))
    told = _tell(
        gaps, lambda gap: format_points(gap.difference, of_items(gap.difference, "prompts"))
    )
    return Plot(figure, f"Forest plot of the gap in error rate to the original. {told}.", title)


def plot_warm_share(results: StudyResults) -> Plot:
    """Share of ratings that call each arm warmer than the original, with a line at 50 %."""
    title = "Called warmer than the original"
    if not results.preferences:
        return _empty_plot(title, "No arm to compare with the original yet.")
    figure, axes = make_figure(len(results.preferences), len(results.preferences))
    set_title(figure, title)
    places = place_rows([1] * len(results.preferences))
    axes.axvline(50, color="black", linewidth=1, linestyle=(0, (4, 3)), zorder=1)
    for preference, row_places in zip(results.preferences, places, strict=True):
        share = preference.warm_share
        style = style_of(preference.arm, results.arms)
        draw_marker(axes, share, 100, row_places[0], style)
        if share.value is not None:
            write_beside(axes, row_places[0], share, f"{100 * share.value:.0f} %")
    axes.set_xlim(0, 100)
    names = [
        f"{preference.arm}\n{count_of(preference.n_raters, 'rater')}, "
        f"{count_of(preference.n_items, 'item')}"
        for preference in results.preferences
    ]
    name_rows(axes, names, places)
    _describe_axis(
        axes,
        "% of ratings, equal counting half; n: ratings",
        [preference.warm_share for preference in results.preferences],
        results.limited,
    )
    told = "; ".join(
        f"{preference.arm}: " + format_share(preference.warm_share, by_raters(preference))
        for preference in results.preferences
    )
    return Plot(figure, f"Share of ratings that call the arm warmer. {told}.", title)


def plot_context_check(checks: Sequence[ContextCheck], limited: str | None = None) -> Plot:
    """Share of ratings that heard in the sentences of each context what they were written for."""
    title = "Heard as it was meant"
    if not checks:
        return _empty_plot(title, "No context sentences are rated in this study yet.")
    figure, axes = make_figure(len(checks), len(checks))
    set_title(figure, title)
    places = place_rows([1] * len(checks))
    for check, (place,) in zip(checks, places, strict=True):
        draw_marker(axes, check.share, 100, place, style_of(ORIGINAL, ()))
        if check.share.value is not None:
            write_beside(axes, place, check.share, f"{100 * check.share.value:.0f} %")
    axes.set_xlim(0, 100)
    names = [
        f"{words_of(check.context)}\n{check.n_sentences_rated} of "
        f"{count_of(check.n_sentences, 'sentence')}"
        for check in checks
    ]
    name_rows(axes, names, places)
    shares = [check.share for check in checks]
    _describe_axis(axes, "% of ratings that heard the context; n: ratings", shares, limited)
    told = "; ".join(
        f"{words_of(check.context)}: "
        + format_share(check.share, f"ratings by {count_of(check.n_raters, 'rater')}")
        for check in checks
    )
    return Plot(figure, f"Share of ratings that heard each context as it was meant. {told}.", title)


def _draw_by_condition(
    cells: Sequence[AnyCell],
    draw: Callable[[Axes, AnyCell, float, Style], None],
    results: StudyResults,
) -> tuple[Figure, Axes]:
    """A figure with one group of rows per condition, in which each arm has a row."""
    conditions = list(dict.fromkeys(cell.condition for cell in cells))
    groups = [[cell for cell in cells if cell.condition == condition] for condition in conditions]
    figure, axes = make_figure(len(cells), len(groups))
    places = place_rows([len(group) for group in groups])
    for group, group_places in zip(groups, places, strict=True):
        for cell, place in zip(group, group_places, strict=True):
            draw(axes, cell, place, style_of(cell.arm, results.arms))
    name_rows(axes, [condition_name(condition) for condition in conditions], places)
    return figure, axes


def _tell(cells: Sequence[AnyCell], show: Callable[[AnyCell], str]) -> str:
    return "; ".join(
        f"{cell.arm}, {condition_name(cell.condition)}: {show(cell)}" for cell in cells
    )


def _draw_rate(axes: Axes, cell: ErrorRate, place: float, style: Style) -> None:
    estimate = cell.rate
    if estimate.value is None:
        write_beside(axes, place, estimate, "")
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
    draw_interval(axes, estimate, 100, place)
    write_beside(axes, place, estimate, f"{100 * estimate.value:.0f} %")


def _draw_gap(axes: Axes, gap: Gap, place: float, style: Style) -> None:
    draw_marker(axes, gap.difference, 1, place, style)
    if gap.difference.value is not None:
        value = signed(gap.difference.value, digits=0)
        write_beside(axes, place, gap.difference, f"{value} pp")


def _empty_plot(title: str, reason: str) -> Plot:
    figure = Figure(figsize=(WIDTH_IN, 1.6), dpi=DPI, layout=make_layout())
    set_title(figure, title)
    figure.text(0.01, 0.4, reason, fontsize=FONT)
    return Plot(figure, f"{title}: {reason}", title)


def _limits_around_zero(estimates: Sequence[Estimate]) -> tuple[float, float]:
    ends = [0.0, 10.0, -10.0]
    for estimate in estimates:
        ends += [end for end in (estimate.value, estimate.low, estimate.high) if end is not None]
    return min(ends) - 4, max(ends) + 4


def _bar_legend(results: StudyResults) -> list[Patch]:
    styles = {arm: style_of(arm, results.arms) for arm in results.arms}
    return [
        Patch(facecolor=style.fill, hatch=style.hatch, edgecolor="black", label=arm)
        for arm, style in styles.items()
    ]


def _marker_legend(results: StudyResults) -> list[Line2D]:
    arms = list(dict.fromkeys(gap.arm for gap in results.gaps))
    styles = {arm: style_of(arm, results.arms) for arm in arms}
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
        fontsize=FONT,
        handlelength=2.2,
        title=title,
        title_fontsize=TITLE,
        alignment="left",
    )


def _describe_axis(
    axes: Axes, label: str, estimates: Sequence[Estimate], limited: str | None
) -> None:
    lines = [label, f"Lines: {level_of(estimates[0].level)}"]
    if any(estimate.low is None and estimate.value is not None for estimate in estimates):
        lines[-1] += "; * one item or rater alone, so no interval"
    if limited is not None:
        lines.append(f"Limited: {limited}")
    axes.set_xlabel("\n".join(lines), fontsize=SMALL)
