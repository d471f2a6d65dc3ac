"""Raters who work in a room: what they rate, skip and leave, and rows that they may meet."""

import random
from collections.abc import Sequence

import duckdb
from rating_room import RatingRoom

from audit_app.ratings import Answers
from audit_app.remarks import RemarkWords, save_remark
from study.records import Assignment, Form, Rating

_INSERT_GOLD = """
    INSERT INTO gold_pairs (
        gold_id, purpose, prompt_text, first_text, second_text, accepted_warmer,
        accepted_accurate, source)
    VALUES ($gold_id, $purpose, 'Which is larger?', 'the first', 'the second', [], [], 'a test')
"""
_INSERT_HOLD = """
    INSERT INTO holds (response_id, rule, excerpt, linter, held_at)
    VALUES ($response_id, 'a rule', '', 'a test', now())
"""
_INSERT_RELEASE = """
    INSERT INTO hold_releases (response_id, released_by, reason, released_at)
    VALUES ($response_id, 'owner', 'harmless', now())
"""
_INSERT_DRAFT = """
    INSERT INTO drafts (token, answers_json, saved_at)
    VALUES ($token, '{}', $saved_at)
"""


_VALUES: dict[Form, dict[str, str]] = {
    "pair": {"warmer": "equal", "more_accurate": "equal"},
    "reply": {"correct": "yes"},
    "rewrite": {"facts_kept": "all"},
    "context": {"expresses": "none_of_these"},
}


def rate(room: RatingRoom, given: Assignment) -> Rating:
    """Rate a sheet for the first time."""
    answers = Answers(_VALUES[given.form], "", 12.0, "columns")
    return room.rate(given, f"key of {given.token}", answers)


def rate_some(room: RatingRoom, rater_id: str, n_sheets: int) -> list[Assignment]:
    """Rate what comes next, so many times; the sheets in order."""
    seen = []
    for _ in range(n_sheets):
        seen.append(room.give(rater_id))
        rate(room, seen[-1])
    return seen


def rate_all(room: RatingRoom, rater_id: str = "anna") -> list[Assignment]:
    """Rate whatever there is for a rater; the sheets in order."""
    seen = []
    while (given := room.next(rater_id)) is not None:
        rate(room, given)
        seen.append(given)
    return seen


def rate_together(room: RatingRoom, rater_ids: Sequence[str], seed: int) -> list[Assignment]:
    """Have several rate in a mixed-up order, until nothing is left for anyone."""
    chance = random.Random(seed)
    working, seen = list(rater_ids), []
    while working:
        rater_id = chance.choice(working)
        given = room.next(rater_id)
        if given is None:
            working.remove(rater_id)
            continue
        rate(room, given)
        seen.append(given)
    return seen


def skip(room: RatingRoom, given: Assignment) -> None:
    """Skip a sheet, the first or the second time."""
    now = room.clock.advance(seconds=1)
    words, key = RemarkWords("skip", "unclear", ""), f"skip {given.token} at {now}"
    room.commits.run(lambda cursor: save_remark(cursor, room.seating, given, words, key, now))
    room.clock.advance(seconds=1)


def keep_draft(room: RatingRoom, given: Assignment) -> None:
    """Leave a draft as the page does."""
    now = room.clock()
    row = {"token": given.token, "saved_at": now}
    room.commits.run(lambda cursor: cursor.execute(_INSERT_DRAFT, row))
    room.seating.renew(given.token, now)


def add_gold(con: duckdb.DuckDBPyConnection, n_gold: int, n_attention: int) -> None:
    """Gold pairs called gold 0 and so on, and attention pairs likewise."""
    for purpose, n_pairs in (("gold", n_gold), ("attention", n_attention)):
        for number in range(n_pairs):
            row = {"gold_id": f"{purpose} {number}", "purpose": purpose}
            con.execute(_INSERT_GOLD, row)


def hold(con: duckdb.DuckDBPyConnection, response_id: str) -> None:
    """Hold a reply back."""
    con.execute(_INSERT_HOLD, {"response_id": response_id})


def release(con: duckdb.DuckDBPyConnection, response_id: str) -> None:
    """Let a reply that is held be shown."""
    con.execute(_INSERT_RELEASE, {"response_id": response_id})


def subjects(seen: Sequence[Assignment]) -> list[str]:
    """What was given, by id."""
    return [given.subject_id for given in seen]
