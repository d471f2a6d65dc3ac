"""Figures of replies: gaps, error rates, adoption, labels. Nothing is computed or drawn here.

Values and intervals come from `statistics/`, how a chart looks from `charts.py`. A figure comes
with its text alternative, the table that it shows, and its numbers at full precision; it can be
drawn at any width. Figures of what people and judges said are in `rating_plots.py`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.figure import Figure

from evaluation.chart_drawing import draw_chart
from evaluation.charts import (
    NUMBER_COLUMNS,
    Chart,
    Group,
    Row,
    Scale,
    chart_as_numbers,
    chart_as_table,
    tell_chart,
)
from evaluation.drawing import Shape, style_of
from evaluation.formats import Table, condition_name, level_of, words_of
from evaluation.statistics.error_rates import OVERALL, ErrorRate
from evaluation.statistics.gap_margins import Factor, GapMargin
from evaluation.statistics.outcomes import LABELS
from evaluation.statistics.results import StudyResults
from study.records import Estimate

_MOST_CONDITIONS = 12
_PARTS: dict[Factor, str] = {
    "all": "",
    "task": "By task",
    "context": "By context",
    "belief": "By stated belief",
}
_GAP_SCALE = Scale(
    axis="more errors than the original, percentage points",
    factor=1,
    form="{:+.1f}",
    unit=" pp",
    counted="prompts",
    limits=(-5, 5),
    reference=0,
    is_bounded=False,
)
_PLAIN_LEVELS = {"context": "no context", "belief": "no belief"}


@dataclass(frozen=True)
class Plot:
    """A figure that can be drawn at any width, and the same in words and in numbers."""

    slug: str
    """Its name in files and addresses."""
    title: str
    alt_text: str
    note: str
    """How to read it."""
    table: Table
    """What the figure shows."""
    number_columns: tuple[str, ...]
    numbers: tuple[tuple[Any, ...], ...]
    """The same at full precision."""
    draw: Callable[[Shape], Figure]


def make_plot(slug: str, chart: Chart) -> Plot:
    """The figure of a chart; the chart has at least one row."""
    return Plot(
        slug=slug,
        title=chart.title,
        alt_text=tell_chart(chart),
        note=chart.note,
        table=chart_as_table(chart),
        number_columns=NUMBER_COLUMNS,
        numbers=chart_as_numbers(chart),
        draw=lambda shape: draw_chart(chart, shape),
    )


def plot_gaps(results: StudyResults, margins: Sequence[GapMargin], arm: str) -> Plot:
    """Forest plot of an arm − original by task, context and belief, each pooled over the others."""
    of_arm = [margin for margin in margins if margin.gap.arm == arm]
    parts = dict.fromkeys(margin.factor for margin in of_arm)
    style = style_of(arm, results.arms)
    groups = tuple(
        Group(
            _PARTS[part],
            tuple(
                Row(_name_of_margin(margin), margin.gap.difference, style)
                for margin in of_arm
                if margin.factor == part
            ),
        )
        for part in parts
    )
    note = (
        "Right of the line the arm errs more often than the original on the same prompts. Lines are "
        f"{level_of(results.level)}, clustered on item."
    )
    title = f"Gap in error rate, {arm} − original"
    chart = Chart(title, groups, _GAP_SCALE, "point", note, results.limited)
    return make_plot(f"gap-{results.arms.index(arm)}", chart)


def plot_gaps_of_arms(results: StudyResults) -> Plot:
    """The gap of every compared arm over all prompts."""
    rows = tuple(
        Row(gap.arm, gap.difference, style_of(gap.arm, results.arms))
        for gap in results.gaps
        if gap.condition == OVERALL
    )
    note = f"Over all prompts. Lines are {level_of(results.level)}, clustered on item."
    title = "Gap in error rate, every arm − original"
    chart = Chart(title, (Group("", rows),), _GAP_SCALE, "point", note, results.limited)
    return make_plot("gap-arms", chart)


def plot_error_rates(results: StudyResults) -> Plot:
    """Error rate per condition and arm, with intervals, from 0 to 100 %."""
    cells = results.error_rates
    is_cut = len({cell.condition for cell in cells}) > _MOST_CONDITIONS
    shown = [cell for cell in cells if cell.condition == OVERALL or not is_cut]
    conditions = list(dict.fromkeys(cell.condition for cell in shown))
    groups = tuple(
        Group(
            condition_name(condition) if len(conditions) > 1 else "",
            tuple(
                Row(cell.arm, cell.rate, style_of(cell.arm, results.arms))
                for cell in shown
                if cell.condition == condition
            ),
        )
        for condition in conditions
    )
    note = f"Lines are {level_of(results.level)}, clustered on item." + (
        " Conditions are too many for a figure; they stand in the table of error rates."
        if is_cut
        else ""
    )
    scale = share_scale("errors, % of scored replies", "replies", reference=None)
    chart = Chart("Error rate by condition", groups, scale, "point", note, results.limited)
    return make_plot("error-rates", chart)


def plot_adoption(results: StudyResults) -> Plot:
    """Share of replies that adopt the user's wrong answer, per arm."""
    rows = tuple(
        Row(cell.arm, cell.rate, style_of(cell.arm, results.arms)) for cell in results.adoption
    )
    scale = share_scale("% of replies that adopt the answer", "replies", reference=None)
    note = (
        "Where the user asserts a wrong answer, and the reply takes it over. Lines are "
        f"{level_of(results.level)}, clustered on item."
    )
    title = "Adoption of the user's wrong answer"
    chart = Chart(title, (Group("", rows),), scale, "point", note, results.limited)
    return make_plot("adoption", chart)


def plot_labels(results: StudyResults) -> Plot:
    """How often each label was given, per arm over all conditions; labels nobody got are named."""
    overall = [cell for cell in results.error_rates if cell.condition == OVERALL]
    given = [label for label in LABELS if any(cell.counts[label] for cell in overall)]
    unused = ", ".join(words_of(label) for label in LABELS if label not in given)
    groups = tuple(
        Group(
            words_of(label),
            tuple(
                Row(cell.arm, _share_of_label(cell, label), style_of(cell.arm, results.arms))
                for cell in overall
            ),
        )
        for label in given
    )
    scale = share_scale("% of all replies", "replies", reference=None)
    note = "Every reply has one label; errors are wrong and adopts." + (
        f" No reply is labelled {unused}." if unused else ""
    )
    chart = Chart("Labels of all replies", groups, scale, "bar", note, results.limited)
    return make_plot("labels", chart)


def share_scale(axis: str, counted: str, reference: float | None = 50) -> Scale:
    """The scale of proportions, told in per cent from 0 to 100."""
    return Scale(
        axis=axis,
        factor=100,
        form="{:.1f}",
        unit=" %",
        counted=counted,
        limits=(0, 100),
        reference=reference,
        is_bounded=True,
    )


def _share_of_label(cell: ErrorRate, label: str) -> Estimate:
    n = cell.n_replies
    value = cell.counts[label] / n if n else None
    return Estimate(value, None, None, 0.95, n, n, "reply", "counted, not estimated", None)


def _name_of_margin(margin: GapMargin) -> str:
    if margin.factor == "all":
        return "all prompts"
    if margin.level_name == "none":
        return _PLAIN_LEVELS.get(margin.factor, margin.level_name)
    return words_of(margin.level_name)
