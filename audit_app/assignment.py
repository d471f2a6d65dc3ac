"""Assignment: what a rater gets, stored with its sides fixed. The only writer of `assignments`.

Every assignment has a random token, which is all that the browser learns of it. What comes next
is decided in `seating.py`, inside the job of the group commit that stores it, so a pair
never has more raters than it should. What raters answer is in `ratings.py`.
"""

import secrets
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import duckdb

from audit_app.seating import RaterProgress, Seating
from audit_app.shown_texts import as_shown
from audit_app.turns import Choice
from study.commits import add_row
from study.errors import NotAllowed
from study.records import (
    Assignment,
    BlindedPair,
    BlindedResponse,
    BlindedRewrite,
    BlindedSentence,
    Sheet,
)

_INTO_ASSIGNMENTS = "INSERT INTO assignments BY NAME"


def next_assignment(
    cursor: duckdb.DuckDBPyConnection, seating: Seating, rater_id: str, now: datetime
) -> Assignment | None:
    """What this rater should see now: the sheet left open, else a new one.

    Args:
        cursor: of the job in which a new one is stored.
    Returns:
        None when nothing is left for this rater at the moment; there may be something later.
    """
    token = secrets.token_urlsafe(16)
    choice = seating.decide(cursor, rater_id, token, now)
    if choice is None:
        return None
    assignment = _assignment_of(choice, rater_id, token, now)
    if choice.token is None:
        add_row(cursor, _INTO_ASSIGNMENTS, asdict(assignment) | {"assigned_at": now})
    return assignment


def prepare_assignment(
    cursor: duckdb.DuckDBPyConnection, seating: Seating, token: str, now: datetime
) -> None:
    """Assign what comes after a sheet that its rater works on, if nothing stands ready.

    So that a submit has one row to store instead of two. What is prepared holds its seat like any
    open sheet, and goes back like one.

    Args:
        cursor: of the job in which it is stored.
        token: of the sheet in the rater's hands.
    """
    new_token = secrets.token_urlsafe(16)
    prepared = seating.prepare(cursor, token, new_token, now)
    if prepared is not None:
        rater_id, choice = prepared
        assignment = _assignment_of(choice, rater_id, new_token, now)
        add_row(cursor, _INTO_ASSIGNMENTS, asdict(assignment) | {"assigned_at": now})


def _assignment_of(choice: Choice, rater_id: str, new_token: str, now: datetime) -> Assignment:
    return Assignment(
        token=choice.token or new_token,
        rater_id=rater_id,
        form=choice.form,
        purpose=choice.purpose,
        subject_id=choice.subject_id,
        first_is_left=choice.first_is_left,
        position=choice.position,
        assigned_at=(choice.assigned_at or now).isoformat(),
    )


_SELECT_ASSIGNMENT = """
    SELECT token, rater_id, form, purpose, subject_id, first_is_left, position, assigned_at
    FROM assignments
    WHERE token = $token
"""


def read_assignment(con: duckdb.DuckDBPyConnection, token: str, rater_id: str) -> Assignment:
    """An assignment of this rater's.

    Args:
        con: a cursor, or a connection that no other thread uses at this moment.
    Raises:
        NotAllowed: the token is unknown or another rater's; the message does not say which.
    """
    # tokens are ASCII; a lone surrogate from a forged request would be an error of DuckDB's
    row = con.execute(_SELECT_ASSIGNMENT, {"token": token}).fetchone() if token.isascii() else None
    if row is None or row[1] != rater_id:
        raise NotAllowed(
            "expected a sheet that was given to you, got a name that is none of yours; open the "
            "rating page again to go on with your next one"
        )
    return Assignment(*[*row[:-1], row[-1].astimezone(UTC).isoformat()])


def rater_progress(
    con: duckdb.DuckDBPyConnection, seating: Seating, rater_id: str, now: datetime
) -> RaterProgress:
    """How many sheets this rater has rated, of how many that are or may become theirs."""
    return seating.progress(con.cursor(), rater_id, now)


# Each by its primary key: joins of whole tables take ten times as long at ten thousand pairs.
# What can be looked up at once is one statement, of one lookup per branch: scalar subqueries cost
# as much as statements of their own (1.6 against 1.2 ms).
_SELECT_PAIR = """
    SELECT prompt_id, first_response_id, second_response_id
    FROM pairs
    WHERE pair_id = $pair_id
"""
# of the attempts themselves: what is shown has a text, which no later one replaces, and of the view
# `responses` these cost three times as much
_SELECT_TEXTS = """
    SELECT 0 AS place, text FROM prompts WHERE prompt_id = $prompt_id
    UNION ALL
    SELECT 1 AS place, text FROM response_attempts WHERE response_id = $first_id
    UNION ALL
    SELECT 2 AS place, text FROM response_attempts WHERE response_id = $second_id
"""
_SELECT_RESPONSE = "SELECT prompt_id, text FROM response_attempts WHERE response_id = $response_id"
_SELECT_PROMPT = "SELECT item_id, belief, text FROM prompts WHERE prompt_id = $prompt_id"
_SELECT_ANSWERS = """
    SELECT coalesce("references"[1], 'not known'), wrong_answers[1]
    FROM items
    WHERE item_id = $item_id
"""
_SELECT_GOLD = """
    SELECT prompt_text, first_text, second_text
    FROM gold_pairs
    WHERE gold_id = $gold_id
"""
_SELECT_REWRITE = """
    SELECT user_text, source_text, text
    FROM rewrites
    WHERE rewrite_id = $rewrite_id
"""
_SELECT_SENTENCE = "SELECT text FROM context_sentences WHERE sentence_id = $sentence_id"


def read_sheet(cursor: duckdb.DuckDBPyConnection, assignment: Assignment) -> Sheet:
    """What the rater of an assignment may see of it."""
    match assignment.form:
        case "pair":
            return _read_pair(cursor, assignment)
        case "reply":
            return _read_reply(cursor, assignment)
        case "rewrite":
            texts = _one(cursor, _SELECT_REWRITE, rewrite_id=assignment.subject_id)
            return BlindedRewrite(assignment.token, *map(as_shown, texts))
        case "context":
            texts = _one(cursor, _SELECT_SENTENCE, sentence_id=assignment.subject_id)
            return BlindedSentence(assignment.token, *texts)


# Neighbours by id, which is a hash: any others would do as well
_SELECT_PAGE = """
    WITH page AS (
        SELECT pair_id, prompt_id, first_response_id, second_response_id
        FROM pairs
        WHERE pair_id >= $pair_id
        ORDER BY pair_id
        LIMIT $n_pairs
    )
    SELECT page.pair_id, prompts.text, firsts.text, seconds.text
    FROM page
    JOIN prompts ON prompts.prompt_id = page.prompt_id
    JOIN response_attempts AS firsts ON firsts.response_id = page.first_response_id
    JOIN response_attempts AS seconds ON seconds.response_id = page.second_response_id
"""


def read_pair_page(
    cursor: duckdb.DuckDBPyConnection, pair_id: str, n_pairs: int
) -> dict[str, BlindedPair]:
    """A stored pair and others, first replies left and under no token, by pair id.

    Raters have orders of their own, so that most pairs are new to memory when they are due; many
    together cost little more than one.
    """
    rows = cursor.execute(_SELECT_PAGE, {"pair_id": pair_id, "n_pairs": n_pairs}).fetchall()
    return {name: BlindedPair("", *map(as_shown, texts)) for name, *texts in rows}


def _read_pair(cursor: duckdb.DuckDBPyConnection, assignment: Assignment) -> BlindedPair:
    if assignment.purpose in ("gold", "attention"):
        prompt, first, second = _one(cursor, _SELECT_GOLD, gold_id=assignment.subject_id)
    else:
        ids = _one(cursor, _SELECT_PAIR, pair_id=assignment.subject_id)
        named = dict(zip(("prompt_id", "first_id", "second_id"), ids, strict=True))
        texts = sorted(cursor.execute(_SELECT_TEXTS, named).fetchall())
        prompt, first, second = (text for _, text in texts)
    left, right = (first, second) if assignment.first_is_left else (second, first)
    return BlindedPair(assignment.token, as_shown(prompt), as_shown(left), as_shown(right))


def _read_reply(cursor: duckdb.DuckDBPyConnection, assignment: Assignment) -> BlindedResponse:
    prompt_id, reply = _one(cursor, _SELECT_RESPONSE, response_id=assignment.subject_id)
    item_id, belief, prompt = _one(cursor, _SELECT_PROMPT, prompt_id=prompt_id)
    reference, wrong_answer = _one(cursor, _SELECT_ANSWERS, item_id=item_id)
    stated = wrong_answer if belief == "asserts_wrong" else None
    return BlindedResponse(
        assignment.token, as_shown(prompt), as_shown(reply), as_shown(reference), stated
    )


def _one(cursor: duckdb.DuckDBPyConnection, statement: str, **key: str) -> tuple[Any, ...]:
    row = cursor.execute(statement, key).fetchone()
    assert row is not None, "what is given is stored"
    return row
