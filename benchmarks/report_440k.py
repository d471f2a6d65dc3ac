"""How long the whole report of a study takes whose size is that of the paper: 440,000 replies.

Run: .venv/bin/python benchmarks/report_440k.py [--items 4074] [--raters 200] [--keep FOLDER] [--json]

Makes a study file by bulk inserts: 27 conditions, four arms, graded replies and pairs, 100 ratings
of each rater, closed. Then times `report --json` and `report --html`, each a process of its own.
Exit status 1 when either takes 20 seconds or more.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from study.database import close, open_for_writing
from study.migrations import migrate

LIMIT_S = 20.0
CONTEXTS = (
    "none",
    "happy",
    "sad",
    "angry",
    "close",
    "looks_up",
    "looks_down",
    "stakes_high",
    "stakes_low",
)
BELIEFS = ("none", "asserts_wrong", "denies_right")
ARMS = ("original", "untransformed", "cold", "warm")
SETTINGS = """
name = "benchmark"
question = "How long does a report of 440,000 replies take?"
seed = 7
arms = ["original", "untransformed", "cold", "warm"]
[evaluation]
contexts = ["none", "happy", "sad", "angry", "close", "looks_up", "looks_down", "stakes_high", "stakes_low"]
beliefs = ["none", "asserts_wrong", "denies_right"]
"""
ROWS = (
    """
    INSERT INTO items (item_id, task, question, "references", wrong_answers, source, licence)
    SELECT 'item-' || i, ['medqa', 'truthfulqa', 'disinformation', 'triviaqa'][1 + i % 4],
        'Question ' || i || '?', ['right'], ['wrong'], 'made', 'CC0'
    FROM range($items) AS numbers(i)
    """,
    """
    INSERT INTO prompts (prompt_id, item_id, context, belief, text)
    SELECT item_id || '/' || context || '/' || belief, item_id, context, belief, question
    FROM items, (SELECT unnest($contexts) AS context), (SELECT unnest($beliefs) AS belief)
    """,
    """
    INSERT INTO served_models (served_model_id, arm, model_name, engine, base_sha256,
        adapter_sha256, decoding_json, canary_json, served_at)
    SELECT 'model of ' || arm, arm, arm, 'made', 'base', '', '{}', '{}', TIMESTAMPTZ '2026-03-01'
    FROM (SELECT unnest($arms) AS arm)
    """,
    """
    INSERT INTO response_attempts (
        response_id, prompt_id, served_model_id, arm, sample, text, finish_reason, n_tokens,
        seconds, created_at)
    SELECT md5(prompt_id || arm), prompt_id, 'model of ' || arm, arm, 0,
        repeat('Some words of a reply. ', 20), 'stop', 120, 1.0, TIMESTAMPTZ '2026-03-02'
    FROM prompts, (SELECT unnest($arms) AS arm)
    """,
    # chance comes from hashes, so that the study is the same each time
    """
    INSERT INTO grades (response_id, method, label, is_cut, reason)
    WITH drawn AS (
        SELECT r.response_id, p.belief,
            (hash(p.item_id) % 1000) / 1000 * 0.5
                + (hash(r.response_id) % 1000) / 1000 * 0.5
                - CASE r.arm WHEN 'warm' THEN 0.05 WHEN 'cold' THEN 0.01 ELSE 0 END
                - CASE WHEN r.arm = 'warm' AND p.context = 'sad' THEN 0.04 ELSE 0 END
                - CASE WHEN p.belief = 'none' THEN 0 ELSE 0.08 END AS quality,
            hash(r.response_id || 'kind') % 100 AS kind
        FROM responses AS r JOIN prompts AS p ON p.prompt_id = r.prompt_id
    )
    SELECT response_id, 'alias-1',
        CASE WHEN kind < 3 THEN 'hedges' WHEN kind < 5 THEN 'refuses' WHEN kind < 6 THEN 'cut'
            WHEN quality > 0.42 THEN 'correct'
            WHEN belief = 'asserts_wrong' THEN 'adopts' ELSE 'wrong' END,
        kind < 6 AND kind >= 5, 'made'
    FROM drawn
    """,
    """
    INSERT INTO pairs (pair_id, prompt_id, first_response_id, second_response_id)
    SELECT r.response_id || '+' || o.response_id, r.prompt_id, r.response_id, o.response_id
    FROM responses AS r
    JOIN responses AS o ON o.prompt_id = r.prompt_id AND o.arm = 'original'
    WHERE r.arm <> 'original'
    """,
    """
    INSERT INTO assignments (
        token, rater_id, form, purpose, subject_id, first_is_left, position, assigned_at)
    WITH numbered AS (
        SELECT pair_id, row_number() OVER (ORDER BY hash(pair_id)) - 1 AS number FROM pairs
    )
    SELECT 'sheet ' || rater || ' ' || position, 'rater ' || rater, 'pair', 'study', pair_id,
        hash(rater, position) % 2 = 0, position, TIMESTAMPTZ '2026-03-03'
    FROM range($raters) AS r(rater), range(100) AS p(position)
    JOIN numbered ON number = (rater // 3) * 100 + position
    """,
    """
    INSERT INTO ratings (
        token, revision, form, warmer, more_accurate, reason, seconds, layout, is_surplus,
        idempotency_key, rated_at)
    WITH heard AS (
        SELECT a.token, a.first_is_left, r.arm,
            (hash(a.subject_id) % 1000 + hash(a.token) % 1000) / 2000
                + CASE r.arm WHEN 'warm' THEN 0.25 WHEN 'cold' THEN -0.15 ELSE 0 END AS warmth
        FROM assignments AS a
        JOIN pairs AS p ON p.pair_id = a.subject_id
        JOIN responses AS r ON r.response_id = p.first_response_id
    )
    SELECT token, 1, 'pair',
        CASE WHEN warmth BETWEEN 0.45 AND 0.55 THEN 'equal'
            ELSE CASE WHEN (warmth > 0.5) = first_is_left THEN 'left' ELSE 'right' END
                || CASE WHEN abs(warmth - 0.5) > 0.25 THEN '_clearly' ELSE '_slightly' END END,
        ['equal', 'left_slightly', 'right_slightly', 'cannot_judge'][1 + (hash(token) % 4)::INTEGER],
        '', 20.0, 'columns', false, token, TIMESTAMPTZ '2026-03-04'
    FROM heard
    """,
    """
    INSERT INTO study_events (number, event, actor, reason, happened_at)
    VALUES (1, 'closed', 'a benchmark', 'all is rated', TIMESTAMPTZ '2026-03-05')
    """,
)


def make_study(folder: Path, n_items: int, n_raters: int) -> int:
    """Write a study of that size; returns the number of its replies."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "study.toml").write_text(SETTINGS, encoding="utf-8")
    con = open_for_writing(folder / "study.duckdb", "a benchmark")
    migrate(con)
    values = {
        "items": n_items,
        "raters": n_raters,
        "contexts": list(CONTEXTS),
        "beliefs": list(BELIEFS),
        "arms": list(ARMS),
    }
    for statement in ROWS:
        named = {name: value for name, value in values.items() if f"${name}" in statement}
        con.execute(statement, named)
    (n_replies,) = con.execute("SELECT count(*) FROM responses").fetchone() or (0,)
    close(con, folder / "study.duckdb")
    return int(n_replies)


def measure(folder: Path, *options: str) -> dict[str, float]:
    """Seconds, those of all cores together and peak memory of one report, a process of its own."""
    command = [sys.executable, "-m", "audit_app", "report", "--study", str(folder), *options]
    code = (
        "import json, resource, subprocess, sys, time\n"
        "started = time.perf_counter()\n"
        "subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)\n"
        "seconds = time.perf_counter() - started\n"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "cpu_seconds = used.ru_utime + used.ru_stime\n"
        "print(json.dumps({'seconds': seconds, 'cpu_seconds': cpu_seconds,"
        " 'peak_mb': used.ru_maxrss / 1024}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *command], check=True, capture_output=True, text=True
    )
    measured: dict[str, float] = json.loads(done.stdout)
    return measured


def main() -> None:
    """Make the study, time both reports, and say whether they are quick enough."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=4074)
    parser.add_argument("--raters", type=int, default=200)
    parser.add_argument("--keep", type=Path, help="make the study here, and leave it there")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.keep or Path(scratch) / "study"
        started = time.perf_counter()
        n_replies = make_study(folder, options.items, options.raters)
        made_s = time.perf_counter() - started
        told = {
            "duckdb": duckdb.__version__,
            "replies": n_replies,
            "made_s": made_s,
            "json": measure(folder, "--json"),
            "html": measure(folder, "--html"),
        }
    if options.json:
        print(json.dumps(told, indent=2))
    else:
        print(f"{n_replies} replies, made in {made_s:.0f} s")
        for kind in ("json", "html"):
            one = told[kind]
            print(
                f"report --{kind}: {one['seconds']:.1f} s ({one['cpu_seconds']:.1f} of a core), "
                f"{one['peak_mb']:.0f} MB at most"
            )
    sys.exit(int(max(told[kind]["seconds"] for kind in ("json", "html")) >= LIMIT_S))


if __name__ == "__main__":
    main()
