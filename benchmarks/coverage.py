"""How often intervals hold the truth: seeded studies with a known truth, for every interval shown.

Run: .venv/bin/python benchmarks/coverage.py [--studies 2000] [--only NAME] [--setting SETTING]
     [--processes 2] [--out benchmarks/coverage.json] [--again] [--document docs/validity.md] [--json]

The scenarios are in `scenarios/`. Results are added to the JSON file cell by cell, a cell being one
estimator in one setting, and studies that are there are not drawn again, so that a run can be
stopped and goes on, and `--only` (the beginning of an estimator's name) and `--setting` (a whole
one) do a part.
`--again` draws them anew, which is due whenever an estimator has changed. `--document` puts the
tables of the file into docs/validity.md, and draws nothing. Exit status 1 when the coverage of an
estimator, over all of its settings, is below 94 % by more than chance explains; intervals that call
themselves too short are told apart.
"""

import argparse
import json
import sys
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from coverage_tables import as_markdown, coverage_of, put_into
from scenarios import (
    Scenario,
    agreement,
    error_rates,
    few_errors,
    judges,
    lengths_by_arm,
    meters,
    null_studies,
    preferences,
    regression,
    reply_lengths,
    several_models,
    warmth_ratings,
)
from study.records import Estimate

MODULES = (
    preferences,
    warmth_ratings,
    meters,
    error_rates,
    few_errors,
    agreement,
    judges,
    regression,
    reply_lengths,
    lengths_by_arm,
    null_studies,
    several_models,
)
LEVEL = 0.95
STEP = 100
SEED = 2507
PACKAGES = ("numpy", "scipy", "krippendorff")


@dataclass
class Cell:
    """One estimator in one setting, over all studies drawn."""

    estimator: str
    setting: str
    truth: float
    n_studies: int = 0
    n_without: int = 0
    """Studies that gave no interval."""
    n_covered: int = 0
    n_called_short: int = 0
    """Studies whose interval says of itself that it is likely too short."""
    n_covered_called_short: int = 0
    n_above: int = 0
    """Whole interval above the truth; of a family, any of its intervals."""
    n_below: int = 0
    sum_width: float = 0.0
    sum_value: float = 0.0

    def add(self, family: Sequence[Estimate]) -> None:
        """Count one study."""
        self.n_studies += 1
        told = [(one.value, one.low, one.high) for one in family]
        if any(value is None or low is None or high is None for value, low, high in told):
            self.n_without += 1
            return
        above = any(low > self.truth + _ROUNDING for _, low, _ in told)
        below = any(high < self.truth - _ROUNDING for _, _, high in told)
        self.n_above += above
        self.n_below += below
        covered = not (above or below)
        self.n_covered += covered
        if any("likely too short" in one.method for one in family):
            self.n_called_short += 1
            self.n_covered_called_short += covered
        self.sum_width += sum(high - low for _, low, high in told) / len(told)
        self.sum_value += sum(value for value, _, _ in told) / len(told)


SUMMED = {name for name in Cell.__dataclass_fields__ if name.startswith(("n_", "sum_"))}
# a bound that is the truth itself, such as 0 or 1, may come out a rounding error beside it
_ROUNDING = 1e-9


def all_scenarios() -> list[Scenario]:
    return [scenario for module in MODULES for scenario in module.scenarios()]


@dataclass(frozen=True)
class Job:
    """Studies to draw of one scenario."""

    number: int
    """Of the scenario."""
    first: dict[str, int]
    """By estimator, the first study that it lacks."""
    end: int
    """The first study that is not drawn."""


def draw(job: Job, seed: int) -> list[dict[str, Any]]:
    """The cells of one scenario, over the studies that they lack.

    Each study is seeded by its scenario's name and its own number, so that order does not matter.
    """
    scenario = all_scenarios()[job.number]
    cells = {name: Cell(name, scenario.setting, scenario.truths[name]) for name in job.first}
    key = zlib.crc32("|".join([scenario.setting, *sorted(scenario.truths)]).encode())
    for study in range(min(job.first.values()), job.end):
        found = scenario.study(np.random.default_rng([seed, key, study]))
        for name, cell in cells.items():
            if study >= job.first[name]:
                cell.add(found[name])
    return [asdict(cell) for cell in cells.values()]


def missing(given: argparse.Namespace, stored: dict[str, Any], n_studies: int) -> Iterator[Job]:
    """What is to be drawn, by scenario."""
    n_stored = {key_of(cell): cell["n_studies"] for cell in stored["cells"]}
    for number, scenario in enumerate(all_scenarios()):
        if given.setting not in ("", scenario.setting):
            continue
        first = {
            name: n_stored.get((name, scenario.setting), 0)
            for name in scenario.truths
            if name.startswith(given.only)
        }
        lacking = {name: n for name, n in first.items() if n < n_studies}
        if lacking:
            yield Job(number, lacking, n_studies)


def key_of(cell: dict[str, Any]) -> tuple[str, str]:
    return cell["estimator"], cell["setting"]


def is_asked(cell: dict[str, Any], given: argparse.Namespace) -> bool:
    estimator, setting = key_of(cell)
    return estimator.startswith(given.only) and given.setting in ("", setting)


def read_stored(path: Path) -> dict[str, Any]:
    if path.exists():
        stored: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return stored
    packages = {name: version(name) for name in PACKAGES}
    return {"seed": SEED, "level": LEVEL, "packages": packages, "cells": []}


def store(path: Path, stored: dict[str, Any], cells: list[dict[str, Any]]) -> None:
    """Add studies to cells, and write the file whole, so that a stop leaves a good one."""
    of_key = {key_of(cell): cell for cell in stored["cells"]}
    for cell in cells:
        before = of_key.get(key_of(cell))
        if before is not None:
            cell |= {name: before[name] + cell[name] for name in cell if name in SUMMED}
        of_key[key_of(cell)] = cell
    stored["cells"] = [of_key[key] for key in sorted(of_key)]
    lines = ",\n".join(json.dumps(cell) for cell in stored["cells"])
    head = json.dumps({name: value for name, value in stored.items() if name != "cells"})
    beside = path.with_suffix(".part")
    beside.write_text(f'{head[:-1]}, "cells": [\n{lines}\n]}}\n', encoding="utf-8")
    beside.replace(path)


def falls_short(cells: list[dict[str, Any]]) -> list[str]:
    """Estimators whose coverage over all settings is surely below the lowest wanted.

    Families are none of them: each of their intervals is one of 95 %.
    """
    names = sorted({cell["estimator"] for cell in cells})
    return [
        name
        for name in names
        if not name.endswith("together")
        and coverage_of([cell for cell in cells if cell["estimator"] == name]).is_short
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=2000)
    parser.add_argument("--only", default="", help="beginning of an estimator's name")
    parser.add_argument("--setting", default="", help="of the scenarios to draw; all of them else")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/coverage.json"))
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--document", type=Path)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    stored = read_stored(given.out)
    if given.document:
        put_into(given.document, as_markdown(stored["cells"]))
        return
    run(stored, given)
    cells = [cell for cell in stored["cells"] if is_asked(cell, given)]
    short = falls_short(cells)
    if given.json:
        print(json.dumps({**stored, "cells": cells, "falls_short": short}))
    else:
        print(as_markdown(cells))
    sys.exit(bool(short))


def run(stored: dict[str, Any], given: argparse.Namespace) -> None:
    """Draw what is missing, all settings in steps, so that a stop leaves them about even."""
    if given.again:
        kept = [cell for cell in stored["cells"] if not is_asked(cell, given)]
        stored["cells"] = kept
    with ProcessPoolExecutor(given.processes) as pool:
        for target in sorted({*range(STEP, given.studies, STEP), given.studies}):
            jobs = [pool.submit(draw, job, SEED) for job in missing(given, stored, target)]
            for job in as_completed(jobs):
                store(given.out, stored, job.result())
            print(f"{target} of {given.studies} studies", file=sys.stderr)


if __name__ == "__main__":
    main()
