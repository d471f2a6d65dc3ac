"""Coverage as tables in Markdown: one row per estimator and size, the other settings pooled."""

import re
from collections.abc import Sequence
from typing import Any

from evaluation.statistics.intervals import wilson_bounds

Cells = Sequence[dict[str, Any]]
_HEAD = (
    "| interval | size | cells | coverage | its interval | lowest cell | too high | too low "
    "| mean width | none |\n|---|---|---:|---:|---:|---:|---:|---:|---:|---:|"
)


def as_markdown(cells: Cells) -> str:
    """Every estimator by its size, then the cells that hold the truth least often."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for cell in cells:
        groups.setdefault((cell["estimator"], _size(cell["setting"])), []).append(cell)
    ordered = sorted(groups, key=lambda key: (key[0], _numbers(key[1])))
    rows = [_row(*key, groups[key]) for key in ordered]
    return "\n".join([_HEAD, *rows, "", *_worst(cells)])


def _size(setting: str) -> str:
    """The counts at the beginning of a setting; what follows is about shares and dependence."""
    found = re.match(r"(?:\d+ [a-z ]+?(?:, (?=\d+ (?:items|raters))|(?=,|$)))+", setting)
    return found.group(0) if found else setting


def _numbers(size: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", size)]


def _row(estimator: str, size: str, cells: Cells) -> str:
    n = sum(_n_told(cell) for cell in cells)
    n_studies = sum(cell["n_studies"] for cell in cells)
    none = _percent(1 - n / n_studies)
    if not n:
        return f"| {estimator} | {size} | {len(cells)} | – | – | – | – | – | – | {none} |"
    covered = sum(cell["n_covered"] for cell in cells) / n
    low, high = wilson_bounds(covered, n, 1.96)
    shares = [cell["n_covered"] / _n_told(cell) for cell in cells if _n_told(cell)]
    above, below = (sum(cell[name] for cell in cells) / n for name in ("n_above", "n_below"))
    width = sum(cell["sum_width"] for cell in cells) / n
    figures = (covered, (low, high), min(shares), above, below)
    told = " | ".join(
        f"{_percent(figure[0])}–{_percent(figure[1])}"
        if isinstance(figure, tuple)
        else _percent(figure)
        for figure in figures
    )
    return f"| {estimator} | {size} | {len(cells)} | {told} | {width:.3g} | {none} |"


def _worst(cells: Cells) -> list[str]:
    """Cells below 94 % by more than chance explains, the lowest first."""
    short = []
    for cell in cells:
        n = _n_told(cell)
        if n and wilson_bounds(cell["n_covered"] / n, n, 1.96)[1] < 0.94:
            short.append((cell["n_covered"] / n, cell))
    short.sort(key=lambda pair: pair[0])
    rows = [
        f"| {cell['estimator']} | {cell['setting']} | {cell['truth']:.4g} | {_percent(share)} "
        f"| {_percent(cell['n_above'] / _n_told(cell))} | {_percent(cell['n_below'] / _n_told(cell))} |"
        for share, cell in short
    ]
    head = "| interval | setting | truth | coverage | too high | too low |\n|---|---|---:|---:|---:|---:|"
    return [
        f"{len(short)} of {len(cells)} cells are below 94 % by more than chance.",
        "",
        head,
        *rows,
    ]


def _n_told(cell: dict[str, Any]) -> int:
    n: int = cell["n_studies"] - cell["n_without"]
    return n


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
