"""Ten million graded replies to 200 cells with errors clustered by item, against pandas.

Run: .venv/bin/python benchmarks/graded_rows.py [--rows 10000000] [--rounds 3] [--json]

Both sides read the same Parquet file, each in a process of its own, and give for each cell of
arm × model × context × belief the rate and its interval on the effective sample size by item. They
take turns, and the quickest round of each counts. pandas comes with gradio. Exit status 1 when our
time is above 0.35 of theirs, or a bound differs by more than 1e-9.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from graded_replies import CONTEXTS, MODELS, Layout, Side, report_side, run_side, write_replies

LIMIT = 0.35
LAYOUT = Layout(
    n_items=500,
    models=MODELS[:5],
    contexts=(*CONTEXTS, "stranger"),
    beliefs=("none", "asserts_wrong"),
)
CELL = ["arm", "model", "context", "belief"]
SEED = 4


def count_ours(file: Path) -> dict[str, Any]:
    from evaluation.error_counts import ErrorColumns, read_error_counts
    from evaluation.statistics.error_cells import ARM, cell_rate, count_errors, margins

    columns = ErrorColumns("wrong", {name: name for name in CELL}, item="item")
    counts = read_error_counts(file, columns)
    cells = count_errors(counts.factors, "original", counts.n, counts.errors, counts.item)
    whole = [levels for levels in margins(cells) if len(levels) == len(CELL) - 1]
    rates = [cell_rate(cells, {ARM: arm} | levels) for levels in whole for arm in range(2)]
    found = {
        "|".join(rate.levels[name] for name in CELL): [
            rate.rate.value,
            rate.rate.low,
            rate.rate.high,
        ]
        for rate in rates
    }
    return {"cells": found}


def count_with_pandas(file: Path) -> dict[str, Any]:
    import numpy as np
    import pandas as pd
    from scipy.stats import t

    rows = pd.read_parquet(file, columns=[*CELL, "item", "wrong"])
    by_item = rows.groupby([*CELL, "item"], sort=False)["wrong"].agg(["size", "sum"])
    of_cell = by_item.groupby(level=CELL)
    cells = of_cell.sum()
    p = cells["sum"] / cells["size"]
    cells["n_items"] = of_cell.size()
    joined = by_item.join(p.rename("p"), on=CELL)
    joined["squared"] = (joined["sum"] - joined["p"] * joined["size"]) ** 2
    squares = joined.groupby(level=CELL)["squared"].sum()
    n, g = cells["size"], cells["n_items"]
    variance = squares / n**2 * g / (g - 1)
    effective = n / np.maximum(1.0, variance / (p * (1 - p) / n))
    q = t.ppf(0.975, g - 1)
    middle = (p + q**2 / (2 * effective)) / (1 + q**2 / effective)
    half = q / (1 + q**2 / effective) * np.sqrt(p * (1 - p) / effective + q**2 / effective**2 / 4)
    bounds = pd.DataFrame({"p": p, "low": middle - half, "high": middle + half})
    return {
        "cells": {
            "|".join(key): list(row)
            for key, row in zip(bounds.index, bounds.to_numpy(), strict=True)
        }
    }


SIDES = {
    "ours": Side(count_ours, ("evaluation.error_counts", "evaluation.statistics.error_cells")),
    "pandas": Side(count_with_pandas, ("numpy", "pandas", "pyarrow.parquet", "scipy.stats")),
}


def largest_difference(ours: dict[str, Any], pandas: dict[str, Any]) -> float:
    """Over all values and bounds; infinite where the cells are not the same."""
    if ours["cells"].keys() != pandas["cells"].keys():
        return float("inf")
    return max(
        abs(a - b)
        for cell, values in ours["cells"].items()
        for a, b in zip(values, pandas["cells"][cell], strict=True)
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--side", nargs=2, metavar=("SIDE", "FILE"), help="run one side")
    given = parser.parse_args()
    if given.side:
        report_side(SIDES[given.side[0]], Path(given.side[1]))
        return
    with tempfile.TemporaryDirectory(prefix="graded-rows-") as folder:
        file = Path(folder) / "replies.parquet"
        write_replies(file, given.rows, LAYOUT, SEED)
        rounds = [
            {side: run_side(__file__, side, file) for side in SIDES} for _ in range(given.rounds)
        ]
    best = {
        side: min((one[side] for one in rounds), key=lambda run: run["seconds"]) for side in SIDES
    }
    difference = largest_difference(best["ours"], best["pandas"])
    ratio = best["ours"]["seconds"] / best["pandas"]["seconds"]
    n_cells = len(best["ours"]["cells"])
    figures = {
        side: {name: run[name] for name in ("seconds", "cpu_s", "peak_mb")}
        for side, run in best.items()
    }
    if given.json:
        found = {"rows": given.rows, "n_cells": n_cells, "ratio": ratio, "limit": LIMIT}
        print(json.dumps({**found, "largest_difference": difference, **figures}))
    else:
        print(f"{given.rows} rows, {n_cells} cells, the best of {given.rounds} rounds")
        for side, run in figures.items():
            print(
                f"{side:10}{run['seconds']:10.2f} s{run['cpu_s']:10.2f} s of CPU{run['peak_mb']:8.0f} MB"
            )
        print(f"largest difference of a rate or bound: {difference:.1e}")
        print(f"ours takes {ratio:.3f} of the time of pandas (at most {LIMIT} wanted)")
    sys.exit(ratio > LIMIT or difference > 1e-9)


if __name__ == "__main__":
    main()
