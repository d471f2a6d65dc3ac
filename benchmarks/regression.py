"""A regression with effects in percentage points on a million replies, against statsmodels.

Run: .venv/bin/python benchmarks/regression.py [--rows 1000000] [--rounds 2] [--json]

Both sides read the same Parquet file, each in a process of its own, and give coefficients, both
covariances (independent, and clustered by item) and the arm's effect in percentage points with
both errors: over all replies, in each context and with each belief. statsmodels fits `Logit`
on a design of indicators; effects are counterfactual mean differences by the delta method on its
covariances, since its `get_margeff(dummy=True)` takes each level of a factor by itself, which is
wrong where a factor has several. They take turns, and the quickest round of each counts. Exit
status 1 when our time is above 0.1 of theirs, our peak memory above 0.2, or a coefficient, error
or effect differs by more than 1e-6.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from graded_replies import (
    ARMS,
    BELIEFS,
    CONTEXTS,
    MODELS,
    TASKS,
    Layout,
    Side,
    report_side,
    run_side,
    write_replies,
)

LIMIT_TIME = 0.1
LIMIT_MEMORY = 0.2
LAYOUT = Layout(n_items=1600)
LEVELS = {"arm": ARMS, "model": MODELS, "task": TASKS, "context": CONTEXTS, "belief": BELIEFS}
SEED = 9


def fit_ours(file: Path) -> dict[str, Any]:
    from evaluation.error_counts import ErrorColumns, read_error_counts
    from evaluation.statistics.error_cells import count_errors
    from evaluation.statistics.logit import fit_logit, terms_of
    from evaluation.statistics.marginal_effects import marginal_effects

    counts = read_error_counts(
        file, ErrorColumns("wrong", {name: name for name in LEVELS}, item="item")
    )
    cells = count_errors(counts.factors, "original", counts.n, counts.errors, counts.item)
    fit = fit_logit(cells)
    terms = {term.name: [term.log_odds, term.se, term.se_clustered] for term in terms_of(fit)}
    effects = {
        f"{found.condition.context}|{found.condition.belief}": [
            found.effect.value,
            found.se,
            found.se_clustered,
        ]
        for found in marginal_effects(fit)
    }
    return {"terms": terms, "effects": effects}


def fit_with_statsmodels(file: Path) -> dict[str, Any]:
    import numpy as np
    import pandas as pd
    from statsmodels.discrete.discrete_model import Logit

    rows = pd.read_parquet(file)
    index = {
        name: pd.Categorical(rows[name], categories=order(levels)).codes
        for name, levels in LEVELS.items()
    }
    item = pd.factorize(rows["item"])[0]
    wrong = rows["wrong"].to_numpy()
    del rows
    names, x = design(index)
    model = Logit(wrong, x)
    plain = model.fit(disp=0)
    robust = model.fit(
        disp=0, cov_type="cluster", cov_kwds={"groups": item}, start_params=plain.params
    )
    covariances = (plain.cov_params(), robust.cov_params())
    terms = {
        name: [plain.params[place], plain.bse[place], robust.bse[place]]
        for place, name in enumerate(names)
    }
    with_arm = design({**index, "arm": np.ones_like(index["arm"])})[1]
    without = design({**index, "arm": np.zeros_like(index["arm"])})[1]
    p_with, p_without = plain.predict(exog=with_arm), plain.predict(exog=without)
    effects = {}
    for key, inside in conditions(index):
        gradient = mean_slope(with_arm, p_with, inside) - mean_slope(without, p_without, inside)
        value = 100 * float((p_with[inside] - p_without[inside]).mean())
        errors = [
            100 * float(gradient @ covariance @ gradient) ** 0.5 for covariance in covariances
        ]
        effects[key] = [value, *errors]
    return {"terms": terms, "effects": effects}


def order(levels: tuple[str, ...]) -> list[str]:
    """The level that others are compared with first, the rest by name, as we order them."""
    first = levels[0] if levels[0] in ("original", "none") else min(levels)
    return [first, *sorted(set(levels) - {first})]


def design(index: dict[str, Any]) -> tuple[list[str], Any]:
    import numpy as np

    names, columns = ["intercept"], [np.ones(len(index["arm"]))]
    for name, levels in LEVELS.items():
        for place, level in enumerate(order(levels)[1:], start=1):
            names.append(f"{name}[{level}]")
            columns.append((index[name] == place).astype(np.float64))
    for crossed in ("context", "belief"):
        for place, level in enumerate(order(LEVELS[crossed])[1:], start=1):
            names.append(f"arm[warm]:{crossed}[{level}]")
            columns.append(((index["arm"] == 1) & (index[crossed] == place)).astype(np.float64))
    return names, np.column_stack(columns)


def conditions(index: dict[str, Any]) -> list[tuple[str, Any]]:
    import numpy as np

    found = [("None|None", np.ones(len(index["arm"]), dtype=bool))]
    found += [
        (f"{level}|None", index["context"] == place) for place, level in enumerate(order(CONTEXTS))
    ]
    found += [
        (f"None|{level}", index["belief"] == place) for place, level in enumerate(order(BELIEFS))
    ]
    return found


def mean_slope(x: Any, p: Any, inside: Any) -> Any:
    return (p * (1 - p))[inside] @ x[inside] / inside.sum()


SIDES = {
    "ours": Side(fit_ours, ("evaluation.error_counts", "evaluation.statistics.marginal_effects")),
    "statsmodels": Side(
        fit_with_statsmodels, ("pandas", "pyarrow.parquet", "statsmodels.discrete.discrete_model")
    ),
}


def largest_difference(ours: dict[str, Any], theirs: dict[str, Any]) -> float:
    """Over terms and effects; infinite where their names are not the same."""
    largest = 0.0
    for what in ("terms", "effects"):
        if ours[what].keys() != theirs[what].keys():
            return float("inf")
        for name, values in ours[what].items():
            pairs = zip(values, theirs[what][name], strict=True)
            largest = max([largest, *(abs(a - b) for a, b in pairs)])
    return largest


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--side", nargs=2, metavar=("SIDE", "FILE"), help="run one side")
    given = parser.parse_args()
    if given.side:
        report_side(SIDES[given.side[0]], Path(given.side[1]))
        return
    with tempfile.TemporaryDirectory(prefix="regression-") as folder:
        file = Path(folder) / "replies.parquet"
        write_replies(file, given.rows, LAYOUT, SEED)
        rounds = [
            {side: run_side(__file__, side, file) for side in SIDES} for _ in range(given.rounds)
        ]
    best = {
        side: min((one[side] for one in rounds), key=lambda run: run["seconds"]) for side in SIDES
    }
    ours, theirs = best["ours"], best["statsmodels"]
    difference = largest_difference(ours, theirs)
    time_ratio = ours["seconds"] / theirs["seconds"]
    memory_ratio = ours["peak_mb"] / theirs["peak_mb"]
    figures = {
        side: {name: run[name] for name in ("seconds", "cpu_s", "peak_mb")}
        for side, run in best.items()
    }
    if given.json:
        found = {
            "rows": given.rows,
            "n_terms": len(ours["terms"]),
            "largest_difference": difference,
        }
        limits = {"limit_time": LIMIT_TIME, "limit_memory": LIMIT_MEMORY}
        ratios = {"time_ratio": time_ratio, "memory_ratio": memory_ratio}
        print(json.dumps({**found, **ratios, **limits, **figures}))
    else:
        print(f"{given.rows} rows, {len(ours['terms'])} terms, the best of {given.rounds} rounds")
        for side, run in figures.items():
            print(
                f"{side:12}{run['seconds']:10.2f} s{run['cpu_s']:10.2f} s of CPU{run['peak_mb']:8.0f} MB"
            )
        print(f"largest difference of a term, effect or error: {difference:.1e}")
        print(f"ours takes {time_ratio:.3f} of their time (at most {LIMIT_TIME} wanted)")
        print(f"and {memory_ratio:.3f} of their memory (at most {LIMIT_MEMORY} wanted)")
    sys.exit(time_ratio > LIMIT_TIME or memory_ratio > LIMIT_MEMORY or difference > 1e-6)


if __name__ == "__main__":
    main()
