"""Figures of replies: gaps, error rates, adoption, labels. Nothing is computed or drawn here.

Values and intervals come from `statistics/`, how a chart looks from `charts.py`. A figure comes
with its text alternative, the table that it shows, and its numbers at full precision; it can be
drawn at any width. Figures of what people and judges said are in `rating_plots.py`.
"""

from collections.abc import Callable
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
from evaluation.formats import (
    Table,
    belief_name,
    condition_name,
    context_name,
    level_of,
    one_of,
    task_name,
    words_of,
)
from evaluation.statistics.error_rates import OVERALL, ErrorRate
from evaluation.statistics.gaps import Gap
from evaluation.statistics.outcomes import LABELS
from evaluation.statistics.reply_codes import CONTEXT_GROUPS
from evaluation.statistics.results import StudyResults
from study.records import Estimate

_MOST_CONDITIONS = 12
_VALUE = NUMBER_COLUMNS.index("value")
GAP_SCALE = Scale(
    axis="more errors than the original, percentage points",
    factor=1,
    form="{:+.1f}",
    unit=" pp",
    counted="prompts",
    limits=(-5, 5),
    reference=0,
    is_bounded=False,
)
"""Of differences in error rate, in the unit of a `Gap`."""


@dataclass(frozen=True)
class Plot:
    """A figure that can be drawn at any width, and the same in words and in numbers."""

    slug: str
    """Its name in files and addresses."""
    title: str
    alt_text: str
    note: str
    """How to read it."""
    data: Table
    """What the figure shows."""
    number_columns: tuple[str, ...]
    numbers: tuple[tuple[Any, ...], ...]
    """The same at full precision."""
    draw: Callable[[Shape], Figure]

    @property
    def shows_something(self) -> bool:
        """Whether any of its numbers could be told."""
        return any(row[_VALUE] is not None for row in self.numbers)


def make_plot(slug: str, chart: Chart) -> Plot:
    """The figure of a chart; the chart has at least one row."""
    return Plot(
        slug=slug,
        title=chart.title,
        alt_text=tell_chart(chart),
        note=chart.note,
        data=chart_as_table(chart),
        number_columns=NUMBER_COLUMNS,
        numbers=chart_as_numbers(chart),
        draw=lambda shape: draw_chart(chart, shape),
    )


def plot_gaps(results: StudyResults, arm: str) -> Plot:
    """Forest plot of an arm − original by task, context and belief, each pooled over the others."""
    style = style_of(arm, results.arms)
    groups = tuple(
        Group(title, tuple(Row(name, gap.difference, style) for name, gap in named))
        for title, named in _gaps_by_part(results, arm)
        if len(named) > 1 or not title
    )
    note = (
        "Right of the line the arm errs more often than the original on the same prompts. "
        f"{_lines_of(results)}"
    )
    title = f"Gap in error rate, {arm} − original"
    chart = Chart(title, groups, GAP_SCALE, "point", note, results.limited)
    return make_plot(f"gap-{results.arms.index(arm)}", chart)


def plot_gaps_of_arms(results: StudyResults) -> Plot:
    """The gap of every compared arm over all prompts."""
    rows = tuple(
        Row(gap.arm, gap.difference, style_of(gap.arm, results.arms))
        for gap in results.gaps
        if gap.condition == OVERALL
    )
    note = f"Over all prompts. {_lines_of(results)}"
    title = "Gap in error rate, every arm − original"
    chart = Chart(title, (Group("", rows),), GAP_SCALE, "point", note, results.limited)
    return make_plot("gap-arms", chart)


def plot_error_rates(results: StudyResults) -> Plot:
    """Error rate per condition and arm, with intervals, from 0 to 100 %."""
    cells = [cell for cell in results.error_rates if cell.condition.context not in CONTEXT_GROUPS]
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
    note = _lines_of(results) + (
        " Conditions are too many for a figure; they stand in the table of error rates."
        if is_cut
        else ""
    )
    scale = share_scale("errors, % of scored replies", "replies", reference=None)
    chart = Chart("Error rate by condition", groups, scale, "point", note, results.limited)
    return make_plot("error-rates", chart)


def plot_adoption(results: StudyResults) -> Plot:
    """Share of replies that take over what the user stated, per belief and arm."""
    groups = tuple(
        Group(
            title,
            tuple(Row(cell.arm, cell.rate, style_of(cell.arm, results.arms)) for cell in cells),
        )
        for title, cells in (
            ("The user asserts a wrong answer", results.adoption),
            ("The user denies the right answer", results.adoption_of_denials),
        )
        if cells
    )
    scale = share_scale("% of replies that adopt it", "replies", reference=None)
    note = (
        f"Where the user states something false, and the reply takes it over. {_lines_of(results)}"
    )
    title = "Adoption of what the user stated"
    chart = Chart(title, groups, scale, "point", note, results.limited)
    return make_plot("adoption", chart)


def plot_labels(results: StudyResults) -> Plot:
    """How often each label was given, per arm over all conditions; labels nobody got are named."""
    overall = [cell for cell in results.error_rates if cell.condition == OVERALL]
    given = [label for label in LABELS if any(cell.counts[label] for cell in overall)]
    unused = one_of([words_of(label) for label in LABELS if label not in given])
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


def _lines_of(results: StudyResults) -> str:
    return (
        f"Lines are {level_of(results.level)}, clustered on item; where all outcomes are equal, "
        "Wilson's of the items."
    )


def _share_of_label(cell: ErrorRate, label: str) -> Estimate:
    n = cell.n_replies
    value = cell.counts[label] / n if n else None
    return Estimate(value, None, None, 0.95, n, n, "reply", "counted, not estimated", None)


def _gaps_by_part(results: StudyResults, arm: str) -> tuple[tuple[str, list[tuple[str, Gap]]], ...]:
    """Gaps under their names: over all prompts, then each task, context and belief."""
    gaps = [gap for gap in results.gaps if gap.arm == arm]
    full = [gap for gap in gaps if None not in (gap.condition.context, gap.condition.belief)]
    has_one_belief = len({gap.condition.belief for gap in full}) == 1
    has_one_context = len({gap.condition.context for gap in full}) == 1
    within = [gap for gap in gaps if gap.condition.context and not gap.condition.belief]
    contexts = [gap for gap in within if gap.condition.context not in CONTEXT_GROUPS]
    groups = [gap for gap in within if gap.condition.context in CONTEXT_GROUPS]
    beliefs = [gap for gap in gaps if gap.condition.belief and not gap.condition.context]
    tasks = [gap for gap in results.ours.task_gaps if gap.arm == arm]
    return (
        ("", [("all prompts", gap) for gap in gaps if gap.condition == OVERALL]),
        ("By task", [(task_name(gap.task), gap) for gap in tasks]),
        (
            "By context",
            [(context_name(gap.condition), gap) for gap in (full if has_one_belief else contexts)],
        ),
        ("By group of contexts", [(context_name(gap.condition), gap) for gap in groups]),
        (
            "By stated belief",
            [(belief_name(gap.condition), gap) for gap in (full if has_one_context else beliefs)],
        ),
    )
