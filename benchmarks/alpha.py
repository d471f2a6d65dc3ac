"""Alpha with a thousand resamples of a million items, against calling the package each time.

Run: .venv/bin/python benchmarks/alpha.py [--items 1000000] [--resamples 1000] [--calls 3] [--json]

Three raters give each item one of five values. The rival draws items with replacement and calls
`krippendorff.alpha` on their counts, which is the quickest way that the package offers; it is
called a few times, and its time for all resamples is that of one call, extrapolated. Our time is
the whole call, the value included. Exit status 1 when ours is less than a thousand times as quick,
or both values differ by more than 1e-12.
"""

import argparse
import json
import sys
import time
from typing import Any

import krippendorff
import numpy as np

from evaluation.statistics.agreement import alpha_of_counts

LIMIT = 1000.0
SEED = 20_110
DOMAIN = np.arange(-2.0, 3.0)


def draw_counts(n_items: int) -> np.ndarray:
    """Counts of three ratings per item, shape (n_items, 5): two of three follow the item."""
    random = np.random.default_rng(SEED)
    own = random.integers(5, size=n_items)
    ratings = np.where(
        random.random((n_items, 3)) < 2 / 3, own[:, None], random.integers(5, size=(n_items, 3))
    )
    return (ratings[:, :, None] == np.arange(5)).sum(axis=1)


def time_ours(counts: np.ndarray, resamples: int) -> dict[str, float]:
    started = time.perf_counter()
    found = alpha_of_counts(counts, DOMAIN, "ordinal", seed=SEED, resamples=resamples)
    seconds = time.perf_counter() - started
    alpha = found.alpha
    assert alpha.value is not None
    assert alpha.low is not None
    assert alpha.high is not None
    return {"seconds": seconds, "alpha": alpha.value, "low": alpha.low, "high": alpha.high}


def time_package(counts: np.ndarray, calls: int) -> dict[str, float]:
    random = np.random.default_rng(SEED)
    alpha = _alpha_of_package(counts)
    times = []
    for _ in range(calls):
        started = time.perf_counter()
        _alpha_of_package(counts[random.integers(len(counts), size=len(counts))])
        times.append(time.perf_counter() - started)
    return {"seconds_per_call": min(times), "alpha": alpha}


def _alpha_of_package(counts: np.ndarray) -> float:
    return float(
        krippendorff.alpha(value_counts=counts, value_domain=DOMAIN, level_of_measurement="ordinal")
    )


def show(found: dict[str, Any]) -> None:
    ours, package = found["ours"], found["package"]
    print(f"{found['n_items']} items, {found['resamples']} resamples")
    print(
        f"ours                {ours['seconds']:10.3f} s   alpha {ours['alpha']:.15f} "
        f"[{ours['low']:.4f}, {ours['high']:.4f}]"
    )
    print(
        f"package             {found['package_seconds']:10.0f} s   alpha {package['alpha']:.15f}, "
        f"extrapolated from {package['seconds_per_call']:.2f} s a call"
    )
    print(f"ours is {found['ratio']:.0f} times as quick (at least {LIMIT:.0f} wanted)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--resamples", type=int, default=1000)
    parser.add_argument("--calls", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    counts = draw_counts(given.items)
    ours, package = time_ours(counts, given.resamples), time_package(counts, given.calls)
    package_seconds = package["seconds_per_call"] * given.resamples
    found = {
        "n_items": given.items,
        "resamples": given.resamples,
        "ratio": package_seconds / ours["seconds"],
        "limit": LIMIT,
        "package_seconds": package_seconds,
        "ours": ours,
        "package": package,
    }
    if given.json:
        print(json.dumps(found))
    else:
        show(found)
    are_equal = abs(ours["alpha"] - package["alpha"]) < 1e-12
    sys.exit(found["ratio"] < LIMIT or not are_equal)


if __name__ == "__main__":
    main()
