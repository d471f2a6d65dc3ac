"""Gold pairs: pairs with known answers, by which inattention shows. The only writer of `gold_pairs`.

They are read from gold.toml, the packaged one or the study's own, and stand among the others as
if they were of the study. Their ratings never enter a result. Who failed how many is told in
`rater_quality.py`; when one is given, in `seating.py`.
"""

import hashlib
import tomllib
from dataclasses import asdict
from typing import Annotated, Literal

import duckdb
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from audit_app.rater_texts import read_text_file
from evaluation.statistics.sides import undo_sides
from study.database import insert_rows, transaction
from study.errors import BadInput
from study.records import GoldPair, stable_id

_Told = Literal["first_clearly", "first_slightly", "equal", "second_slightly", "second_clearly"]
_Words = Annotated[str, Field(min_length=1)]


class _Entry(BaseModel):
    """One pair of gold.toml."""

    model_config = ConfigDict(extra="forbid")

    purpose: Literal["gold", "attention"]
    prompt_text: _Words
    first_text: _Words
    second_text: _Words
    accepted_warmer: tuple[_Told, ...]
    accepted_accurate: tuple[_Told | Literal["cannot_judge"], ...]
    source: _Words


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    pairs: tuple[_Entry, ...]


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
    return {
        row[0]: GoldPair(
            gold_id=row[0],
            purpose=row[1],
            prompt_text=row[2],
            first_text=row[3],
            second_text=row[4],
            accepted_warmer=tuple(row[5]),
            accepted_accurate=tuple(row[6]),
            source=row[7],
        )
        for row in con.cursor().execute(_SELECT_GOLD).fetchall()
    }


_INSERT_GOLD = """
    INSERT INTO gold_pairs (gold_id, purpose, prompt_text, first_text, second_text,
        accepted_warmer, accepted_accurate, source)
    SELECT row.gold_id, row.purpose, row.prompt_text, row.first_text, row.second_text,
        row.accepted_warmer, row.accepted_accurate, row.source
    FROM (SELECT unnest($rows) AS row)
    ON CONFLICT (gold_id) DO NOTHING
"""


def store_gold(con: duckdb.DuckDBPyConnection, source: str) -> frozenset[str]:
    """Bring the pairs of gold.toml into the study; one that was changed is another pair.

    Pairs that the file has no more stay stored, so that what raters said of them is still judged.

    Args:
        source: `packaged`, or the folder of the study's texts for raters.
    Returns:
        Ids of the file's pairs, which alone may be given.
    Raises:
        BadInput: the file cannot be used; the message names the place in it.
    """
    pairs = read_gold_file(source)
    with transaction(con) as cursor:
        insert_rows(cursor, _INSERT_GOLD, [asdict(pair) for pair in pairs])
    return frozenset(pair.gold_id for pair in pairs)


def gold_sha256(source: str) -> str:
    """The SHA-256 of gold.toml as it stands.

    Raises:
        BadInput: the file cannot be read.
    """
    return hashlib.sha256(read_text_file(source, "gold.toml").encode()).hexdigest()


def read_gold_file(source: str) -> list[GoldPair]:
    """The pairs of gold.toml, each with an id that depends on all its words.

    Raises:
        BadInput: the file cannot be used; the message names the place in it.
    """
    try:
        entries = _File.model_validate(tomllib.loads(read_text_file(source, "gold.toml"))).pairs
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"gold.toml is not valid TOML: {error}; correct that line") from error
    except ValidationError as error:
        problem = error.errors()[0]
        place = ", ".join(str(part) for part in problem["loc"]) or "the file"
        raise BadInput(f"gold.toml, {place}: {problem['msg']}; correct that part") from error
    return [_gold_pair(number, entry) for number, entry in enumerate(entries, start=1)]


def _gold_pair(number: int, entry: _Entry) -> GoldPair:
    if not (entry.accepted_warmer or entry.accepted_accurate):
        raise BadInput(
            f"gold.toml, pair {number}: expected answers to accept for warmth, accuracy or both, "
            "got none; a pair that accepts everything shows nothing"
        )
    values = entry.model_dump()
    return GoldPair(gold_id=stable_id("gold", *values.values()), **values)
