"""How figures look: sizes, inks, what tells arms apart, and text. What they show is in `charts.py`.

Figures are made without pyplot, so that threads of the app share no state. Arms differ in shade,
hatch and marker, and every row bears its name, so that all is told in grey too. No text is read
as mathematics, whatever signs a name holds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

INK = "#1b1b1b"
SOFT_INK = "#595959"
GRID = "#dedede"
DPI = 160
FONT = 9.6
SMALL = 8.6
TITLE = 12.5


@dataclass(frozen=True)
class Shape:
    """What a figure is drawn for."""

    width_in: float
    is_narrow: bool
    """For the width of a phone: each row's name stands above it."""
    has_title: bool
    """Whether it must say its own title, since nothing beside it does."""
    edge_in: float
    """Empty inches around it."""


FILE = Shape(7.7, is_narrow=False, has_title=True, edge_in=0.12)
WIDE = Shape(7.5, is_narrow=False, has_title=False, edge_in=0.02)
NARROW = Shape(3.65, is_narrow=True, has_title=False, edge_in=0.02)


@dataclass(frozen=True)
class Style:
    """How an arm looks: three marks, any of which tells it apart."""

    fill: str
    hatch: str
    marker: str


PLAIN = Style("#ffffff", "", "o")
_STYLES = {
    "original": PLAIN,
    "warm": Style("#b5452c", "", "D"),
    "untransformed": Style("#e3e3e3", "...", "s"),
    "cold": Style("#9cc3de", "////", "v"),
}
_OTHER_STYLES = (
    Style("#d9b84a", "xxx", "^"),
    Style("#5f9e6e", "\\\\\\\\", "P"),
    Style("#8d7bb3", "+++", "X"),
)


def style_of(arm: str, arms: Sequence[str]) -> Style:
    """The look of an arm; `arms` decides who gets which of the spare ones."""
    if arm in _STYLES:
        return _STYLES[arm]
    others = [name for name in arms if name not in _STYLES]
    return _OTHER_STYLES[others.index(arm) % len(_OTHER_STYLES)]


def make_figure(shape: Shape, height_in: float) -> Figure:
    """An empty figure."""
    return Figure(figsize=(shape.width_in, height_in), dpi=DPI)


def add_axes(figure: Figure, left: float, right: float, top: float, bottom: float) -> Axes:
    """Axes whose edges lie so many inches from those of the figure; light, with a bottom line."""
    width, height = (float(side) for side in figure.get_size_inches())
    axes = figure.add_axes(
        (
            left / width,
            bottom / height,
            (width - left - right) / width,
            (height - top - bottom) / height,
        )
    )
    axes.set_facecolor("none")
    axes.grid(axis="x", color=GRID, linewidth=0.8, zorder=0)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color("#8c8c8c")
    axes.tick_params(labelsize=SMALL, labelcolor=SOFT_INK, color="#8c8c8c", length=3)
    return axes


def write(figure: Figure, x_in: float, from_top_in: float, text: str, **look: Any) -> None:
    """Text at a place given in inches from the left and the top, its middle at that height.

    Args:
        look: of the text, such as `size`, `weight`, `color` and `ha`.
    """
    width, height = (float(side) for side in figure.get_size_inches())
    plain: dict[str, Any] = {"size": FONT, "color": INK, "va": "center", "ha": "left"}
    look = plain | look | {"parse_math": False}
    figure.text(x_in / width, 1 - from_top_in / height, text, **look)


def shorten(name: str, longest: int) -> str:
    """A name that fits; the table beside a figure has it whole."""
    return name if len(name) <= longest else name[: longest - 1].rstrip() + "…"
