"""Coverage as tables in Markdown: one row per estimator and size, the other settings pooled.

Before them one row for each interval that users see; after them settings that are too short, and how
often an interval finds what is not there.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaluation.statistics.intervals import wilson_bounds
from shown_intervals import SHOWN, Shown

Cells = Sequence[dict[str, Any]]
LOWEST = 0.94
# With fewer intervals the worst setting is one of chance.
_TELLING = 100
_BEGIN, _END = "<!-- coverage -->", "<!-- end of coverage -->"
_OF_SHOWN = (
    "| interval, as users see it | settings | studies | coverage | lowest setting | called short, of "
    "these held | what is said beside it |\n|---|---:|---:|---:|---:|---:|---|"
)
_OF_ALL = (
    "| interval | size | settings | studies | coverage | lowest setting | too high | too low | bias "
    "| mean width | no interval | called short |\n"
    "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
)
_OF_SHORT = (
    "| interval | setting | truth | studies | coverage | too high | too low |\n"
    "|---|---|---:|---:|---:|---:|---:|"
)
_OF_NULL = (
    "| interval | settings | studies | flagged | highest setting |\n|---|---:|---:|---:|---:|"
)
# Shares that are one half where nothing is to be found; others are 0 there.
_HALVES = frozenset(
    {
        *("win_rate", "win_rate_of_few", "arm_share", "left_share", "longer_share"),
        *("share_of_both_sides", "share_at_equal_length", "quarter_share", "meter_area"),
    }
)


@dataclass(frozen=True)
class Coverage:
    """How often intervals held the truth, those left out that call themselves too short."""

    n: int
    """Studies with an interval that does not call itself too short."""
    share: float | None
    """None without such studies."""

    @property
    def bounds(self) -> tuple[float, float]:
        """Wilson's 95 % interval of the share."""
        return (0.0, 1.0) if self.share is None else wilson_bounds(self.share, self.n, 1.96)

    @property
    def is_short(self) -> bool:
        """Below the lowest wanted by more than chance explains."""
        return self.bounds[1] < LOWEST


def coverage_of(cells: Cells) -> Coverage:
    """Over all studies of the cells."""
    n = sum(cell["n_studies"] - cell["n_without"] - cell["n_called_short"] for cell in cells)
    covered = sum(cell["n_covered"] - cell["n_covered_called_short"] for cell in cells)
    return Coverage(n, covered / n if n else None)


def as_markdown(cells: Cells) -> str:
    """Every estimator by its size, then single settings that hold the truth too rarely."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for cell in cells:
        groups.setdefault((cell["estimator"], _size(cell["setting"])), []).append(cell)
    ordered = sorted(groups, key=lambda key: (key[0], _numbers(key[1])))
    rows = [_row(*key, groups[key]) for key in ordered]
    shown = [_shown_row(one, own) for one in SHOWN if (own := one.cells(cells))]
    of_all = [_OF_SHOWN, *shown, "", _OF_ALL, *rows, "", *_short(cells), "", *_called_short(cells)]
    return "\n".join([*of_all, "", *_flagged(cells)])


def put_into(document: Path, tables: str) -> None:
    """Put tables between the two marks of a document, in place of those that are there."""
    before, rest = document.read_text(encoding="utf-8").split(_BEGIN)
    after = rest.split(_END)[1]
    document.write_text(f"{before}{_BEGIN}\n{tables}\n{_END}{after}", encoding="utf-8")


def _size(setting: str) -> str:
    """The counts at the beginning of a setting; what follows is about shares and dependence."""
    parts = setting.split(", ")
    counts = [part for part in parts if re.match(r"\d+ (items|raters|replies)", part)]
    return ", ".join(counts)


def _numbers(size: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", size)]


def _row(estimator: str, size: str, cells: Cells) -> str:
    n_studies = sum(cell["n_studies"] for cell in cells)
    n = n_studies - sum(cell["n_without"] for cell in cells)
    found = coverage_of(cells)
    above, below = (
        sum(cell[name] for cell in cells) / max(1, n) for name in ("n_above", "n_below")
    )
    bias = sum(cell["sum_value"] - cell["truth"] * _n_told(cell) for cell in cells) / max(1, n)
    width = sum(cell["sum_width"] for cell in cells) / max(1, n)
    short = sum(cell["n_called_short"] for cell in cells) / n_studies
    shares = f"{_told(found)} | {_percent(_lowest(cells))} | {_percent(above)} | {_percent(below)}"
    rest = f"{bias:+.2g} | {width:.3g} | {_percent(1 - n / n_studies)} | {_percent(short)}"
    return f"| {estimator} | {size} | {len(cells)} | {n_studies} | {shares} | {rest} |"


def _shown_row(shown: Shown, cells: Cells) -> str:
    n_short = sum(cell["n_called_short"] for cell in cells)
    held = sum(cell["n_covered_called_short"] for cell in cells)
    n = sum(map(_n_told, cells))
    short = f"{_percent(n_short / n)}, {_percent(held / n_short)}" if n_short else "–"
    n_studies = sum(cell["n_studies"] for cell in cells)
    numbers = (
        f"{len(cells)} | {n_studies} | {_told(coverage_of(cells))} | {_percent(_lowest(cells))}"
    )
    return f"| {shown.name} | {numbers} | {short} | {shown.said or '–'} |"


def _told(found: Coverage) -> str:
    low, high = found.bounds
    return f"{_percent(found.share)} [{100 * low:.1f}, {100 * high:.1f}]"


def _lowest(cells: Cells) -> float | None:
    """The share of the worst setting, of those with enough intervals to tell."""
    found = [one.share for one in map(_alone, cells) if one.share is not None and one.n >= _TELLING]
    return min(found, default=None)


def _alone(cell: dict[str, Any]) -> Coverage:
    return coverage_of([cell])


def _short(cells: Cells) -> list[str]:
    """Settings that are too short by more than chance explains, the lowest first."""
    short = sorted((cell for cell in cells if _alone(cell).is_short), key=lambda cell: _share(cell))
    head = f"{len(short)} of {len(cells)} settings are below 94 % by more than chance explains."
    rows = [
        f"| {cell['estimator']} | {cell['setting']} | {cell['truth']:.4g} | {cell['n_studies']} "
        f"| {_percent(_share(cell))} | {_percent(cell['n_above'] / _n_told(cell))} "
        f"| {_percent(cell['n_below'] / _n_told(cell))} |"
        for cell in short
    ]
    return [head, "", _OF_SHORT, *rows] if rows else [head]


def _called_short(cells: Cells) -> list[str]:
    """How often intervals held the truth that call themselves too short, by estimator."""
    lines = []
    for name in sorted({cell["estimator"] for cell in cells if cell["n_called_short"]}):
        own = [cell for cell in cells if cell["estimator"] == name]
        n = sum(cell["n_called_short"] for cell in own)
        covered = sum(cell["n_covered_called_short"] for cell in own)
        lines.append(
            f"- {name}: {n} intervals call themselves too short, {_percent(covered / n)} held"
        )
    return lines


def _flagged(cells: Cells) -> list[str]:
    """How often an interval, of those that there are, leaves out that nothing is there."""
    null = [cell for cell in cells if _n_told(cell) and _is_null(cell)]
    rows = []
    for name in sorted({cell["estimator"] for cell in null}):
        own = [cell for cell in null if cell["estimator"] == name]
        n_flagged = sum(_n_told(cell) - cell["n_covered"] for cell in own)
        n = sum(map(_n_told, own))
        low, high = wilson_bounds(n_flagged / n, n, 1.96)
        told = f"{_percent(n_flagged / n)} [{100 * low:.1f}, {100 * high:.1f}]"
        highest = max(1 - cell["n_covered"] / _n_told(cell) for cell in own)
        rows.append(f"| {name} | {len(own)} | {n} | {told} | {_percent(highest)} |")
    return [_OF_NULL, *rows] if rows else []


def _is_null(cell: dict[str, Any]) -> bool:
    nothing = 0.5 if cell["estimator"] in _HALVES else 0.0
    return abs(cell["truth"] - nothing) < 1e-6


def _share(cell: dict[str, Any]) -> float:
    return _alone(cell).share or 0.0


def _n_told(cell: dict[str, Any]) -> int:
    n: int = cell["n_studies"] - cell["n_without"]
    return n


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f} %"
