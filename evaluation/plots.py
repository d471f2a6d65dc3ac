"""Which numbers stand in which figure. Nothing is computed here, and nothing drawn.

Values and intervals come from `statistics/`, how a chart looks from `charts.py`. A figure comes
with its text alternative, the table that it shows, and its numbers at full precision; it can be
drawn at any width.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.figure import Figure

from evaluation.charts import (
    NUMBER_COLUMNS,
    Chart,
    Group,
    Row,
    Scale,
    chart_as_numbers,
    chart_as_table,
    draw_chart,
    tell_chart,
)
from evaluation.drawing import PLAIN, Shape, style_of
from evaluation.formats import Table, condition_name, level_of, words_of
from evaluation.statistics.agreement import Agreement
from evaluation.statistics.context_check import ContextCheck
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


def plot_gaps(results: StudyResults, margins: Sequence[GapMargin]) -> Plot:
    """Forest plot of arm − original by task, context and belief, each pooled over the others."""
    arms = list(dict.fromkeys(margin.gap.arm for margin in margins))
    parts = dict.fromkeys(margin.factor for margin in margins)
    groups = tuple(
        Group(
            _PARTS[part] or ("All prompts" if len(parts) > 1 else ""),
            tuple(
                Row(
                    _name_of_margin(margin, with_arm=len(arms) > 1),
                    margin.gap.difference,
                    style_of(margin.gap.arm, results.arms),
                )
                for margin in margins
                if margin.factor == part
            ),
        )
        for part in parts
    )
    scale = Scale(
        axis="more errors than the original, percentage points",
        factor=1,
        form="{:+.1f}",
        unit=" pp",
        counted="prompts",
        limits=(-5, 5),
        reference=0,
        is_bounded=False,
    )
    note = (
        "Right of the line the arm errs more often than the original on the same prompts. Lines are "
        f"{level_of(results.level)}, clustered on item."
    )
    title = "Gap in error rate, arm − original"
    return make_plot("gap", Chart(title, groups, scale, "point", note, results.limited))


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
    scale = _share_scale("errors, % of scored replies", "replies", reference=None)
    chart = Chart("Error rate by condition", groups, scale, "point", note, results.limited)
    return make_plot("error-rates", chart)


def plot_warm_share(results: StudyResults) -> Plot:
    """Share of ratings that call each arm warmer than the original, with a line at 50 %."""
    rows = tuple(
        Row(one.arm, one.warm_share, style_of(one.arm, results.arms)) for one in results.preferences
    )
    scale = _share_scale("% of ratings that call the arm warmer, equal counting half", "ratings")
    note = (
        "Beyond the line at 50 % people hear the arm as the warmer one. Lines are "
        f"{level_of(results.level)}, clustered on item and rater."
    )
    title = "Called warmer than the original"
    chart = Chart(title, (Group("", rows),), scale, "point", note, results.limited)
    return make_plot("warm-share", chart)


def plot_agreement(found: Sequence[tuple[str, Agreement]], limited: str | None) -> Plot:
    """Krippendorff's alpha under the name of each arm, or of all together."""
    names = [name for name, _ in found]
    rows = tuple(
        Row(name, agreement.alpha, style_of(name, names) if len(found) > 1 else PLAIN)
        for name, agreement in found
    )
    scale = Scale(
        axis="Krippendorff's alpha, ordinal",
        factor=1,
        form="{:.2f}",
        unit="",
        counted="ratings",
        limits=(-0.2, 1),
        reference=0,
        is_bounded=False,
    )
    note = (
        "1 is agreement on every pair, 0 what chance would give. Of the five-point answers about "
        "warmth; resampled by item."
    )
    chart = Chart("Agreement on warmth", (Group("", rows),), scale, "point", note, limited)
    return make_plot("agreement", chart)


def plot_sides(left_share: Estimate, limited: str | None) -> Plot:
    """Share of ratings that call the left reply warmer."""
    rows = (Row("left reply", left_share, PLAIN),)
    scale = _share_scale("% of ratings that call the left reply warmer", "ratings")
    note = "Near the line the side does not matter. Sides are counterbalanced."
    chart = Chart("Which side people chose", (Group("", rows),), scale, "point", note, limited)
    return make_plot("sides", chart)


def plot_adoption(results: StudyResults) -> Plot:
    """Share of replies that adopt the user's wrong answer, per arm."""
    rows = tuple(
        Row(cell.arm, cell.rate, style_of(cell.arm, results.arms)) for cell in results.adoption
    )
    scale = _share_scale("% of replies that adopt the answer", "replies", reference=None)
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
    scale = _share_scale("% of all replies", "replies", reference=None)
    note = "Every reply has one label; errors are wrong and adopts." + (
        f" No reply is labelled {unused}." if unused else ""
    )
    chart = Chart("Labels of all replies", groups, scale, "bar", note, results.limited)
    return make_plot("labels", chart)


def plot_context_check(checks: Sequence[ContextCheck], limited: str | None = None) -> Plot:
    """Share of ratings that heard in the sentences of each context what they were written for."""
    rows = tuple(Row(words_of(check.context), check.share, PLAIN) for check in checks)
    scale = _share_scale("% of ratings that heard the context", "ratings", reference=None)
    note = "Sentences of each context, heard as they were meant."
    chart = Chart("Heard as it was meant", (Group("", rows),), scale, "point", note, limited)
    return make_plot("contexts", chart)


def _share_scale(axis: str, counted: str, reference: float | None = 50) -> Scale:
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


def _name_of_margin(margin: GapMargin, *, with_arm: bool) -> str:
    name = words_of(margin.level_name)
    if margin.factor == "all":
        return margin.gap.arm if with_arm else f"{margin.gap.arm}, all prompts"
    if margin.level_name == "none":
        name = _PLAIN_LEVELS.get(margin.factor, name)
    return f"{name}, {margin.gap.arm}" if with_arm else name


def _share_of_label(cell: ErrorRate, label: str) -> Estimate:
    n = cell.n_replies
    value = cell.counts[label] / n if n else None
    return Estimate(value, None, None, 0.95, n, n, "reply", "counted, not estimated", None)
