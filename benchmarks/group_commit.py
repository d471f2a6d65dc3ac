"""How many ratings a second are on the disk: group commit against one commit each, in one run.

Run: .venv/bin/python benchmarks/group_commit.py [--clients 64] [--seconds 5] [--json]

Clients are threads that store one row at a time and wait until it is durable, as raters do.
Exit status 1 when group commit is less than five times as fast.
"""

import argparse
import json
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from study.commits import GroupCommit, add_row
from study.database import close, open_for_writing, transaction
from study.migrations import migrate

LIMIT = 5.0
INSERT = """
    INSERT INTO ratings (
        token, revision, form, warmer, more_accurate, both_bad, reason, seconds, layout,
        is_surplus, idempotency_key, rated_at)
    VALUES (
        $token, 1, 'pair', 'left_clearly', 'equal', false, 'It speaks kindly.', 21.5, 'columns',
        false, $token, now())
"""
COLUMNS = {
    "revision": 1,
    "form": "pair",
    "warmer": "left_clearly",
    "more_accurate": "equal",
    "both_bad": False,
    "reason": "It speaks kindly.",
    "seconds": 21.5,
    "layout": "columns",
    "is_surplus": False,
}
Store = Callable[[str], None]


def one_commit_each(con: duckdb.DuckDBPyConnection) -> Store:
    def store(token: str) -> None:
        with transaction(con) as cursor:
            cursor.execute(INSERT, {"token": token})

    return store


def in_groups(commits: GroupCommit) -> Store:
    def store(token: str) -> None:
        row = COLUMNS | {"token": token, "idempotency_key": token, "rated_at": datetime.now(UTC)}
        commits.run(lambda cursor: add_row(cursor, "INSERT INTO ratings BY NAME", row))

    return store


def measure(store: Store, clients: int, seconds: float) -> dict[str, float]:
    """Rows a second, and what a client waits for one, in milliseconds."""
    waits: list[list[float]] = [[] for _ in range(clients)]
    end = time.perf_counter() + seconds

    def work(client: int) -> None:
        n = 0
        while (started := time.perf_counter()) < end:
            store(f"{client}-{n}")
            waits[client].append(time.perf_counter() - started)
            n += 1

    started = time.perf_counter()
    threads = [threading.Thread(target=work, args=(client,)) for client in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    elapsed = time.perf_counter() - started
    every = [1000 * wait for own in waits for wait in own]
    centiles = statistics.quantiles(every, n=100)
    return {"rows_per_s": len(every) / elapsed, "p50_ms": centiles[49], "p95_ms": centiles[94]}


def run(way: str, clients: int, seconds: float) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="group-commit-") as folder:
        file = Path(folder) / "study.duckdb"
        con = open_for_writing(file, "a benchmark")
        migrate(con)
        if way == "group":
            with GroupCommit(con) as commits:
                found = measure(in_groups(commits), clients, seconds)
        else:
            found = measure(one_commit_each(con), clients, seconds)
        stored = con.execute("SELECT count(*) FROM ratings").fetchone()
        assert stored is not None
        found["n"] = stored[0]
        close(con, file)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    ways = {way: run(way, given.clients, given.seconds) for way in ("each", "group")}
    ratio = ways["group"]["rows_per_s"] / ways["each"]["rows_per_s"]
    if given.json:
        print(json.dumps({"clients": given.clients, "ratio": ratio, "limit": LIMIT, **ways}))
    else:
        print(f"{given.clients} clients, {given.seconds:.0f} s each way")
        print(f"{'':20}{'rows':>8}{'rows/s':>10}{'p50 ms':>10}{'p95 ms':>10}")
        for way, name in (("each", "one commit each"), ("group", "group commit")):
            row = ways[way]
            print(
                f"{name:20}{row['n']:8.0f}{row['rows_per_s']:10.0f}{row['p50_ms']:10.1f}"
                f"{row['p95_ms']:10.1f}"
            )
        print(f"group commit is {ratio:.1f} times as fast (at least {LIMIT:.0f} wanted)")
    sys.exit(ratio < LIMIT)


if __name__ == "__main__":
    main()
