"""Gold pairs: pairs with known answers, by which inattention shows. The only writer of `gold_pairs`.

They are read from gold.toml, the packaged one or the study's own, and stand among the others as
if they were of the study. Their ratings never enter a result. Who failed how many is told in
`rater_quality.py`; when one is given, in `seating.py`.
"""

from collections.abc import Sequence
from dataclasses import asdict

import duckdb

from evaluation.statistics.sides import undo_sides
from study.database import insert_rows, transaction
from study.records import GoldPair

_SELECT_GOLD = """
    SELECT gold_id, purpose, prompt_text, first_text, second_text, accepted_warmer,
        accepted_accurate, source
    FROM gold_pairs
    ORDER BY gold_id
"""


def passes(gold: GoldPair, first_is_left: bool, warmer: str, more_accurate: str) -> bool:
    """Whether a rater's answers are among those that a gold or attention pair accepts.

    Args:
        first_is_left: of the assignment.
        warmer, more_accurate: of its newest rating, as the rater saw the sides.
    """
    told = (
        (gold.accepted_warmer, undo_sides(warmer, first_is_left)),
        (gold.accepted_accurate, undo_sides(more_accurate, first_is_left)),
    )
    return all(not accepted or answer in accepted for accepted, answer in told)


def read_gold(con: duckdb.DuckDBPyConnection) -> dict[str, GoldPair]:
    """The study's gold and attention pairs by id."""
    rows = con.cursor().execute(_SELECT_GOLD).fetchall()
    return {row[0]: GoldPair(*row[:5], tuple(row[5]), tuple(row[6]), source=row[7]) for row in rows}


_INSERT_GOLD = """
    INSERT INTO gold_pairs (gold_id, purpose, prompt_text, first_text, second_text,
        accepted_warmer, accepted_accurate, source)
    SELECT row.gold_id, row.purpose, row.prompt_text, row.first_text, row.second_text,
        row.accepted_warmer, row.accepted_accurate, row.source
    FROM (SELECT unnest($rows) AS row)
    ON CONFLICT (gold_id) DO NOTHING
"""


def insert_gold(con: duckdb.DuckDBPyConnection, pairs: Sequence[GoldPair]) -> int:
    """Store gold pairs; ones already stored are passed over. Returns how many were new."""
    with transaction(con) as cursor:
        return insert_rows(cursor, _INSERT_GOLD, [asdict(pair) for pair in pairs])
