"""Holds: replies kept from raters, since they would give a model away or show that it broke.

The only writer of `holds` and `hold_releases`. What breaks which rule, `blinding_lint.py` says;
that no rater is given a reply that is held and not released, `seating.py`. A hold stays on
record when the owner releases it. Nothing here names an arm.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb

from evaluation.blinding_lint import LINTER, RULES, lint_reply
from study.database import insert_rows, transaction
from study.errors import BadInput


@dataclass(frozen=True)
class HeldReply:
    """A reply that broke a rule, as the owner may see it before the arms are told."""

    response_id: str
    prompt_text: str
    reply_text: str
    rules: tuple[str, ...]
    excerpts: tuple[str, ...]
    """What broke each of the rules, in their order."""
    is_released: bool


_SELECT_REPLIES = """
    SELECT response_id, text, finish_reason
    FROM responses
    WHERE text IS NOT NULL
"""


def hold_back(cursor: duckdb.DuckDBPyConnection, now: datetime) -> int:
    """Lint every reply of the study, as when an app starts over one that was made before.

    Args:
        cursor: of the caller's transaction.
    Returns:
        How many holds are new; what is held stays so, and nothing is held twice under one rule.
    """
    found = cursor.execute(_SELECT_REPLIES).fetchall()
    replies = [
        dict(zip(("response_id", "text", "finish_reason"), row, strict=True)) for row in found
    ]
    return hold_back_replies(cursor, replies, now)


_INSERT_HOLDS = """
    INSERT INTO holds (response_id, rule, excerpt, linter, held_at)
    SELECT row.response_id, row.rule, row.excerpt, row.linter, row.held_at
    FROM (SELECT unnest($rows) AS row)
    ON CONFLICT (response_id, rule) DO NOTHING
"""


def hold_back_replies(
    cursor: duckdb.DuckDBPyConnection, replies: Iterable[Mapping[str, Any]], now: datetime
) -> int:
    """Lint some replies, as when they come in; those that failed have nothing to lint.

    Args:
        cursor: of the caller's transaction, the one in which the replies are stored.
        replies: with response_id, text and finish_reason.
    Returns:
        How many holds are new.
    """
    holds = [
        {
            "response_id": reply["response_id"],
            "rule": offence.rule,
            "excerpt": offence.excerpt,
            "linter": LINTER,
            "held_at": now,
        }
        for reply in replies
        if reply["text"] is not None
        for offence in lint_reply(reply["text"], reply["finish_reason"])
    ]
    return insert_rows(cursor, _INSERT_HOLDS, holds)


_SELECT_HELD = """
    SELECT
        holds.response_id, any_value(prompts.text), any_value(responses.text),
        list(holds.rule ORDER BY holds.rule), list(holds.excerpt ORDER BY holds.rule),
        any_value(hold_releases.response_id) IS NOT NULL AS is_released
    FROM holds
    JOIN responses ON responses.response_id = holds.response_id
    JOIN prompts ON prompts.prompt_id = responses.prompt_id
    LEFT JOIN hold_releases ON hold_releases.response_id = holds.response_id
    GROUP BY holds.response_id
    ORDER BY is_released, holds.response_id
"""


def list_holds(con: duckdb.DuckDBPyConnection) -> list[HeldReply]:
    """Every reply that broke a rule; those that are still held come first."""
    return [
        HeldReply(response_id, prompt, reply, tuple(rules), tuple(excerpts), is_released)
        for response_id, prompt, reply, rules, excerpts, is_released in con.cursor()
        .execute(_SELECT_HELD)
        .fetchall()
    ]


_SELECT_RULES = """
    SELECT rule
    FROM holds
    WHERE response_id NOT IN (SELECT response_id FROM hold_releases)
"""


def count_holds(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """How many replies each rule holds now; a reply that breaks two counts under both."""
    found = Counter(rule for (rule,) in con.cursor().execute(_SELECT_RULES).fetchall())
    return {rule: found[rule] for rule in RULES}


_COUNT_PAIRS = """
    WITH held AS (
        SELECT response_id FROM holds
        EXCEPT
        SELECT response_id FROM hold_releases
    )
    SELECT count(*), count(*) FILTER (
        first_response_id IN (SELECT response_id FROM held)
        OR second_response_id IN (SELECT response_id FROM held))
    FROM pairs
"""


def tell_pairs(con: duckdb.DuckDBPyConnection) -> str:
    """How many pairs the study has, and how many of them no rater is given."""
    n_pairs, n_held = con.cursor().execute(_COUNT_PAIRS).fetchone() or (0, 0)
    told = f"{n_pairs} in all"
    if n_held:
        told += (
            f", {n_held} held back: a reply was cut or gives its model away (see the owner's page)"
        )
    return told


_SELECT_HOLD = "SELECT 1 FROM holds WHERE response_id = $response_id"
_SELECT_RELEASE = "SELECT released_by FROM hold_releases WHERE response_id = $response_id"
_INSERT_RELEASE = """
    INSERT INTO hold_releases (response_id, released_by, reason, released_at)
    VALUES ($response_id, $released_by, $reason, $released_at)
"""


def release(
    con: duckdb.DuckDBPyConnection, response_id: str, reason: str, by: str, now: datetime
) -> None:
    """Let raters see a reply after all, whatever rules it breaks; who decided so stays on record.

    Raises:
        BadInput: the reply is not held, or there is no reason.
    """
    if not reason.strip():
        raise BadInput("expected a reason for the release, got none; say why raters may see it")
    key = {"response_id": response_id}
    with transaction(con) as cursor:
        if cursor.execute(_SELECT_HOLD, key).fetchone() is None:
            raise BadInput(
                f"expected a reply that is held, got {response_id!r:.80}; reload the list of holds"
            )
        if (released := cursor.execute(_SELECT_RELEASE, key).fetchone()) is not None:
            raise BadInput(
                f"{response_id} was released by {released[0]} before; reload the list of holds"
            )
        cursor.execute(
            _INSERT_RELEASE,
            key | {"released_by": by, "reason": reason.strip(), "released_at": now},
        )
