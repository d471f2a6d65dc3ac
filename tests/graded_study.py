"""A study with graded replies and ratings, in memory: small, and worked out by hand where it says so.

Item i errs in the first arms up to its number; two raters prefer every arm to the original, which
stands on the right.
"""

from collections.abc import Sequence

import duckdb

from study.migrations import migrate

INSERT_ITEM = """
    INSERT INTO items (item_id, task, question, "references", wrong_answers, source, licence)
    VALUES ($item, $task, 'Q?', ['a'], ['b'], 'by hand', 'CC0')
"""
INSERT_PROMPT = "INSERT INTO prompts VALUES ($prompt, $item, $context, $belief, 'Q?')"
INSERT_RESPONSE = """
    INSERT INTO response_attempts (response_id, prompt_id, served_model_id, arm, sample, text,
        finish_reason, failure, n_tokens, seconds, created_at)
    VALUES ($response, $prompt, $arm, $arm, 0, 'text', 'stop', NULL, 9, 1.0, '2026-03-01')
"""
INSERT_GRADE = """
    INSERT INTO grades (response_id, method, label, reason)
    VALUES ($response, 'alias-1', $label, 'by hand')
"""
INSERT_PAIR = "INSERT INTO pairs VALUES ($pair, $prompt, $response, $other)"
INSERT_ASSIGNMENT = """
    INSERT INTO assignments
    SELECT $token, $rater, 'pair', 'study', $pair, true, count(*), '2026-03-01' FROM assignments
"""
INSERT_RATING = """
    INSERT INTO ratings (token, revision, form, warmer, more_accurate, reason, seconds, layout,
        is_surplus, idempotency_key, rated_at)
    VALUES ($token, 1, 'pair', 'left_clearly', 'equal', '', 3.0, 'columns', false, $token,
        '2026-03-01')
"""


def study_of(
    arms: Sequence[str],
    n_items: int = 6,
    *,
    rated: bool = True,
    tasks: Sequence[str] = ("trivia",),
    contexts: Sequence[str] = ("none",),
    beliefs: Sequence[str] = ("none",),
) -> duckdb.DuckDBPyConnection:
    """A migrated study; items take the tasks in turn, and are asked in every condition."""
    con = duckdb.connect()
    migrate(con)
    for number in range(n_items):
        item = f"i{number}"
        con.execute(INSERT_ITEM, {"item": item, "task": tasks[number % len(tasks)]})
        for context in contexts:
            for belief in beliefs:
                prompt = f"{item} {context} {belief}"
                row = {"prompt": prompt, "item": item, "context": context, "belief": belief}
                con.execute(INSERT_PROMPT, row)
                for place, arm in enumerate(arms):
                    label = "wrong" if place > number else "correct"
                    add_reply(con, prompt, arm, label)
                    if rated and arm != "original":
                        add_ratings(con, prompt, arm)
    return con


def add_reply(con: duckdb.DuckDBPyConnection, prompt: str, arm: str, label: str) -> None:
    """A graded reply."""
    response = {"response": f"{prompt} {arm}"}
    con.execute(INSERT_RESPONSE, response | {"prompt": prompt, "arm": arm})
    con.execute(INSERT_GRADE, response | {"label": label})


def add_ratings(con: duckdb.DuckDBPyConnection, prompt: str, arm: str) -> None:
    """A pair that two raters have rated."""
    pair = {"pair": f"{prompt} {arm}+"}
    both = {"response": f"{prompt} {arm}", "other": f"{prompt} original"}
    con.execute(INSERT_PAIR, pair | both | {"prompt": prompt})
    for rater in ("r1", "r2"):
        token = {"token": f"{pair['pair']} {rater}"}
        con.execute(INSERT_ASSIGNMENT, token | pair | {"rater": rater})
        con.execute(INSERT_RATING, token)
