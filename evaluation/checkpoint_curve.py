"""The checkpoint curve: how warmth and errors grew while an arm was trained, from measured points.

Draws what it is given; nothing here measures a checkpoint. Without two points there is no curve.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evaluation.charts import NUMBER_COLUMNS
from evaluation.drawing import (
    INK,
    PLAIN,
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
from evaluation.formats import format_points, format_share, level_of, make_table, of_items
from evaluation.plots import Plot
from evaluation.statistics.intervals import not_estimable
from study.records import Estimate

_TITLE = "Warmth and errors along the training"
_PANEL_IN = 1.75
_BETWEEN_IN = 0.75


@dataclass(frozen=True)
class Checkpoint:
    """One saved state of an arm in training, measured."""

    epochs: float
    """How much of the training lay behind it."""
    warm_share: Estimate
    """Share of comparisons in which it was warmer than the original."""
    gap: Estimate
    """Error rate − that of the original, in percentage points."""


def plot_checkpoints(arm: str, checkpoints: Sequence[Checkpoint]) -> Plot | Estimate:
    """Warmth and error gap against epochs, each with intervals.

    Returns:
        Where there are fewer than two checkpoints an estimate without value, which says why.
    """
    if len(checkpoints) < 2:
        measured = "no checkpoint" if not checkpoints else "one checkpoint alone"
        return not_estimable(f"{measured} of the training was measured", "checkpoint")
    points = sorted(checkpoints, key=lambda point: point.epochs)
    columns = {
        "Epochs": [f"{point.epochs:g}" for point in points],
        "Warmer than the original": [
            format_share(point.warm_share, "comparisons") for point in points
        ],
        "Gap in error rate": [
            format_points(point.gap, of_items(point.gap, "prompts")) for point in points
        ],
    }
    note = f"Lines are {level_of(points[0].gap.level)}; dashed lines say no difference."
    told = "; ".join(
        f"{row[0]} epochs: warmer {row[1]}, gap {row[2]}"
        for row in zip(*columns.values(), strict=True)
    )
    return Plot(
        slug=f"checkpoints-{arm}",
        title=_TITLE,
        alt_text=f"{_TITLE}, {arm}. Two curves against epochs. {told}.",
        note=note,
        data=make_table(_TITLE, columns, note, None),
        number_columns=NUMBER_COLUMNS,
        numbers=tuple(
            (
                *(_TITLE, part, f"{point.epochs:g}"),
                *(found.value, found.low, found.high, found.level, found.n, found.n_units),
                *(found.unit, found.method, found.seed, None),
            )
            for point in points
            for part, found in (("warm share", point.warm_share), ("gap in pp", point.gap))
        ),
        draw=lambda shape: _draw(arm, points, shape),
    )


def _draw(arm: str, points: Sequence[Checkpoint], shape: Shape) -> Figure:
    top = 0.75 if shape.has_title else 0.4
    figure = make_figure(shape, top + 2 * _PANEL_IN + _BETWEEN_IN + 0.6)
    if shape.has_title:
        write(figure, 0.06, 0.2, f"{_TITLE}: {arm}", size=TITLE, weight="bold")
    style = style_of(arm, (arm,)) if arm else PLAIN
    panels: tuple[tuple[str, Callable[[Checkpoint], Estimate], float, float], ...] = (
        ("warmer than the original, % of comparisons", lambda point: point.warm_share, 100, 50),
        ("gap in error rate, percentage points", lambda point: point.gap, 1, 0),
    )
    for number, (name, read, factor, reference) in enumerate(panels):
        from_top = top + number * (_PANEL_IN + _BETWEEN_IN)
        write(figure, 0.06, from_top - 0.2, name, size=SMALL, weight="bold")
        height = float(figure.get_size_inches()[1])
        axes = add_axes(figure, 0.5, 0.2, from_top, height - from_top - _PANEL_IN)
        axes.grid(axis="y", color="#eeeeee", linewidth=0.8, zorder=0)
        axes.axhline(reference, color="#6b6b6b", linewidth=1, linestyle=(0, (4, 3)), zorder=1)
        _draw_curve(axes, points, read, factor, style)
    write(figure, 0.5, height - 0.15, "epochs of training", size=SMALL, color=SOFT_INK)
    return figure


def _draw_curve(
    axes: Axes,
    points: Sequence[Checkpoint],
    read: Callable[[Checkpoint], Estimate],
    factor: float,
    style: Style,
) -> None:
    known = [
        (point.epochs, found.value, found)
        for point in points
        if (found := read(point)).value is not None
    ]
    axes.plot(
        [epochs for epochs, _, _ in known],
        [factor * value for _, value, _ in known],
        color=INK,
        linewidth=1.2,
        marker=style.marker,
        markersize=6.5,
        markerfacecolor=style.fill,
        zorder=3,
    )
    for epochs, _, found in known:
        if found.low is not None and found.high is not None:
            ends = [factor * found.low, factor * found.high]
            axes.plot([epochs, epochs], ends, color=INK, linewidth=1.2, marker="_", zorder=2)
    axes.set_xlim(0, 1.05 * points[-1].epochs)
