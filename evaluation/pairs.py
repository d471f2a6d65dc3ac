"""Pairs: two responses to one prompt, for people to compare. The only writer of `pairs`.

A pair is drawn when both arms have answered. Which of the two is called first is drawn by
seed and says nothing about the arm; which side a rater sees it on is drawn again when the
pair is assigned (`audit_app/assignment.py`). Items of which only refusal is measured, such as
requests for harmful help, make no pair: people are not shown the replies. Of messages that are asked
for warmth alone, as many make pairs as the study says.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import duckdb

from evaluation.warmth_prompts import prompts_for_pairs
from study.database import insert_rows
from study.records import ORIGINAL, Pair, Response, stable_id

_INSERT_PAIRS = """
    INSERT INTO pairs (pair_id, prompt_id, first_response_id, second_response_id)
    SELECT row.pair_id, row.prompt_id, row.first_response_id, row.second_response_id
    FROM (SELECT unnest($rows) AS row)
    ON CONFLICT (pair_id) DO NOTHING
"""
_SELECT_UNPAIRED = """
    SELECT r.response_id, r.prompt_id, r.served_model_id, r.arm, r.sample, r.text, r.finish_reason,
        r.failure, r.n_tokens, r.seconds, r.created_at::VARCHAR
    FROM responses r
    WHERE r.prompt_id IN (
        SELECT other.prompt_id
        FROM responses other
        LEFT JOIN pairs p
            ON other.response_id IN (p.first_response_id, p.second_response_id)
        WHERE other.arm <> 'original' AND other.text IS NOT NULL AND p.pair_id IS NULL)
        AND r.prompt_id NOT IN (
            SELECT asked.prompt_id
            FROM prompts asked
            JOIN items i ON i.item_id = asked.item_id
            WHERE i.answer_kind = 'none')
    ORDER BY r.prompt_id, r.response_id
"""


_SELECT_WARMTH_PROMPTS = """
    SELECT p.prompt_id
    FROM prompts p
    JOIN items i ON i.item_id = p.item_id
    WHERE i.answer_kind = 'ungraded'
"""


def read_unpaired(
    con: duckdb.DuckDBPyConnection, warmth_pairs: int | None, seed: int
) -> list[Response]:
    """Responses to the prompts of which an arm beside the original lacks a pair it should have.

    Args:
        warmth_pairs: how many warmth prompts make pairs, drawn by seed; None for all.
    """
    warmth = [prompt_id for (prompt_id,) in con.execute(_SELECT_WARMTH_PROMPTS).fetchall()]
    unseen = set(warmth) - prompts_for_pairs(warmth, warmth_pairs, seed)
    found = [Response(*row) for row in con.execute(_SELECT_UNPAIRED).fetchall()]
    return [response for response in found if response.prompt_id not in unseen]


def draw_pairs(responses: Sequence[Response], seed: int) -> list[Pair]:
    """Pair every arm's response with the original's to the same prompt and sample.

    Args:
        responses: of any prompts; those that failed make no pair.
        seed: the study's; the same responses give the same pairs at any time.
    """
    by_prompt: dict[tuple[str, int], list[Response]] = defaultdict(list)
    for response in responses:
        if response.text is not None:
            by_prompt[response.prompt_id, response.sample].append(response)
    pairs = []
    for answered in by_prompt.values():
        originals = [response for response in answered if response.arm == ORIGINAL]
        others = [response for response in answered if response.arm != ORIGINAL]
        for original in originals:
            pairs += [_pair(original, other, seed) for other in others]
    return pairs


def insert_pairs(cursor: duckdb.DuckDBPyConnection, rows: Iterable[Mapping[str, Any]]) -> int:
    """Store pairs; ones already stored are passed over."""
    return insert_rows(cursor, _INSERT_PAIRS, rows)


def _pair(one: Response, other: Response, seed: int) -> Pair:
    first, second = sorted(
        (one, other), key=lambda response: stable_id(seed, "first", response.response_id)
    )
    pair_id = stable_id("pair", *sorted((one.response_id, other.response_id)))
    return Pair(pair_id, first.prompt_id, first.response_id, second.response_id)


_SELECT_ORIENTATIONS = """
    SELECT p.pair_id, r.arm = $original
    FROM pairs AS p
    JOIN responses AS r ON r.response_id = p.first_response_id
"""


def read_orientations(cursor: duckdb.DuckDBPyConnection) -> dict[str, bool]:
    """Of each pair, whether its first response is the original's.

    For those who balance sides and must not know what they balance: to them it is a side
    without a name.
    """
    return dict(cursor.execute(_SELECT_ORIENTATIONS, {"original": ORIGINAL}).fetchall())
