"""How rows, intervals, markers and their labels are drawn; which numbers, `plots.py` decides.

Figures are made without pyplot, so that threads of the app share no state. Arms differ in
shade, hatch and marker, so they can be told apart in grey; sizes are for 640 pixels and more.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from study.records import Estimate

WIDTH_IN = 8.0
DPI = 160
FONT = 12.5
SMALL = 11.0
TITLE = 14.5


@dataclass(frozen=True)
class Style:
    """How an arm looks: three marks, any of which tells it apart."""

    fill: str
    hatch: str
    marker: str


_STYLES = {
    "original": Style("#ffffff", "", "o"),
    "warm": Style("#c8553d", "", "D"),
    "untransformed": Style("#e3e3e3", "..", "s"),
    "cold": Style("#9cc3de", "//", "v"),
}
_OTHER_STYLES = (
    Style("#d9b84a", "xx", "^"),
    Style("#5f9e6e", "\\\\", "P"),
    Style("#8d7bb3", "++", "X"),
)


def make_figure(n_bars: int, n_groups: int) -> tuple[Figure, Axes]:
    """A figure with one axes, high enough for its rows."""
    height_in = 1.7 + 0.3 * n_bars + 0.22 * n_groups
    figure = Figure(figsize=(WIDTH_IN, height_in), dpi=DPI, layout=make_layout())
    axes = figure.add_subplot()
    axes.tick_params(labelsize=SMALL)
    axes.tick_params(axis="y", length=0, pad=8)
    axes.grid(axis="x", color="#cccccc", linewidth=0.7, zorder=0)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    return figure, axes


def make_layout() -> ConstrainedLayoutEngine:
    """The layout engine that makes room for all labels."""
    return ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.08)


def set_title(figure: Figure, title: str) -> None:
    """The title of a figure without legend."""
    figure.suptitle(title, fontsize=TITLE, x=0.01, ha="left")


def place_rows(group_sizes: Sequence[int]) -> list[list[float]]:
    """Vertical places of the rows of each group, from the top."""
    places, next_place = [], 0.0
    for size in group_sizes:
        places.append([next_place + offset for offset in range(size)])
        next_place += size + 0.7
    return places


def name_rows(axes: Axes, names: Sequence[str], places: Sequence[Sequence[float]]) -> None:
    """Name each group of rows at its middle."""
    middles = [(row[0] + row[-1]) / 2 for row in places]
    axes.set_yticks(middles, names, fontsize=FONT)
    axes.set_ylim(places[-1][-1] + 0.8, -0.8)


def draw_marker(axes: Axes, estimate: Estimate, scale: float, place: float, style: Style) -> None:
    """A marker at an estimate's value with its interval, or a word beside when there is no value.

    `scale` turns the estimate into the unit of the axis.
    """
    if estimate.value is None:
        write_beside(axes, place, estimate, "")
        return
    draw_interval(axes, estimate, scale, place)
    axes.plot(
        [scale * estimate.value],
        [place],
        marker=style.marker,
        markersize=9,
        markerfacecolor=style.fill,
        markeredgecolor="black",
        linestyle="none",
        zorder=4,
        clip_on=False,  # a marker at 100 % is drawn whole
    )


def draw_interval(axes: Axes, estimate: Estimate, scale: float, place: float) -> None:
    """The interval of an estimate as a line with ends; nothing where there is none."""
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


def write_beside(axes: Axes, place: float, estimate: Estimate, value: str) -> None:
    """The value in words and its n, to the right of a row; a star where the interval is missing."""
    text = f"{value}, n = {estimate.n}" + ("" if estimate.low is not None else "*")
    axes.annotate(
        text if estimate.value is not None else "not estimable",
        (1.02, place),
        xycoords=axes.get_yaxis_transform(),
        va="center",
        fontsize=SMALL,
        style="normal" if estimate.value is not None else "italic",
        annotation_clip=False,
    )


def style_of(arm: str, arms: Sequence[str]) -> Style:
    """The look of an arm; `arms` decides who gets which of the spare ones."""
    if arm in _STYLES:
        return _STYLES[arm]
    others = [name for name in arms if name not in _STYLES]
    return _OTHER_STYLES[others.index(arm) % len(_OTHER_STYLES)]
