"""The checkpoint curve: how warmth grew while an arm was trained, and which state the rule took.

Draws what it is given; nothing here measures a checkpoint. Without two points there is no curve.
"""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evaluation.charts import NUMBER_COLUMNS
from evaluation.checkpoint_choices import MeasuredCheckpoints, measures_of
from evaluation.checkpoint_tables import checkpoint_table, format_warmth
from evaluation.drawing import (
    INK,
    SMALL,
    SOFT_INK,
    TITLE,
    Shape,
    Style,
    add_axes,
    make_figure,
    style_of,
    write,
)
from evaluation.formats import level_of, words_of
from evaluation.plots import Plot
from evaluation.statistics.checkpoint_rule import CheckpointWarmth
from evaluation.statistics.intervals import not_estimable
from study.records import CheckpointChoice, Estimate

_TITLE = "Warmth along the training"
_PANEL_IN = 2.4
_AXIS = "Warmth beside the original, nats per token"


def plot_checkpoints(choice: CheckpointChoice) -> Plot | Estimate:
    """Warmth against epochs with intervals, the one taken marked.

    Returns:
        Where there are fewer than two checkpoints with a value an estimate without one, which says
        why.
    """
    measured = measures_of(choice)
    known = [point for point in measured.points if point.warmth.value is not None]
    if len(known) < 2:
        told = "no checkpoint" if not known else "one checkpoint alone"
        return not_estimable(f"{told} of the training was measured", "checkpoint")
    taken = choice.chosen_epochs
    note = f"Lines are {level_of(known[0].warmth.level)}; the dashed line says no difference."
    if measured.bar is not None:
        note += f" The dotted line is what the rule {words_of(choice.rule)} asks for."
    if taken is not None:
        note += f" The ring is the one that was taken, after {taken:g} epochs."
    told = "; ".join(f"{point.epochs:g} epochs: {format_warmth(point.warmth)}" for point in known)
    return Plot(
        slug=f"checkpoints-{choice.arm}",
        title=_TITLE,
        alt_text=f"{_TITLE}, {choice.arm}. A curve against epochs. {told}. {note}",
        note=note,
        data=checkpoint_table(choice),
        number_columns=NUMBER_COLUMNS,
        numbers=tuple(_numbers(point) for point in measured.points),
        draw=lambda shape: _draw(choice.arm, known, measured, taken, shape),
    )


def _numbers(point: CheckpointWarmth) -> tuple[object, ...]:
    found = point.warmth
    return (
        *(_TITLE, "warmth, nats per token", f"{point.epochs:g}"),
        *(found.value, found.low, found.high, found.level, found.n, found.n_units),
        *(found.unit, found.method, found.seed, None),
    )


def _draw(
    arm: str,
    points: Sequence[CheckpointWarmth],
    measured: MeasuredCheckpoints,
    taken: float | None,
    shape: Shape,
) -> Figure:
    top = 0.85 if shape.has_title else 0.45
    figure = make_figure(shape, top + _PANEL_IN + 0.6)
    if shape.has_title:
        write(figure, 0.06, 0.2, f"{_TITLE}: {arm}", size=TITLE, weight="bold")
    write(figure, 0.06, top - 0.2, _AXIS, size=SMALL, weight="bold")
    height = float(figure.get_size_inches()[1])
    axes = add_axes(figure, 0.7, 0.2, top, height - top - _PANEL_IN)
    axes.grid(axis="y", color="#eeeeee", linewidth=0.8, zorder=0)
    axes.axhline(0, color="#6b6b6b", linewidth=1, linestyle=(0, (4, 3)), zorder=1)
    if measured.bar is not None:
        axes.axhline(measured.bar, color="#6b6b6b", linewidth=1, linestyle=(0, (1, 2)), zorder=1)
    _draw_curve(axes, points, taken, style_of(arm, (arm,)))
    write(figure, 0.7, height - 0.15, "epochs of training", size=SMALL, color=SOFT_INK)
    return figure


def _draw_curve(
    axes: Axes, points: Sequence[CheckpointWarmth], taken: float | None, style: Style
) -> None:
    known = [(point.epochs, value) for point in points if (value := point.warmth.value) is not None]
    axes.plot(
        [epochs for epochs, _ in known],
        [value for _, value in known],
        color=INK,
        linewidth=1.2,
        marker=style.marker,
        markersize=6.5,
        markerfacecolor=style.fill,
        zorder=3,
    )
    for point in points:
        found = point.warmth
        if found.low is not None and found.high is not None:
            epochs, ends = [point.epochs, point.epochs], [found.low, found.high]
            axes.plot(epochs, ends, color=INK, linewidth=1.2, marker="_", zorder=2)
    ringed = [one for one in known if one[0] == taken]
    for epochs_taken, value in ringed:
        axes.plot(
            [epochs_taken],
            [value],
            marker="o",
            markersize=15,
            markerfacecolor="none",
            markeredgecolor=INK,
            linestyle="none",
            zorder=4,
        )
    axes.set_xlim(0, 1.05 * points[-1].epochs)
