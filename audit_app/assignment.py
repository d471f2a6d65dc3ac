"""Assignment: which pair a rater sees next, and on which side. The only writer of `assignments`.

A pair is given to a rater once, with its sides fixed and under a random token, which is all
that the browser learns of it. Of one prompt a rater gets one pair at most: the reply that two of
its pairs have in common would be the original's. Seats are claimed in one transaction, so a pair
never has more raters than it should. Pairs may be added while people rate. What raters answer is
in `ratings.py`.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime

import duckdb

from study.database import transaction
from study.errors import NotAllowed
from study.records import BlindedPair, stable_id


@dataclass(frozen=True)
class RaterProgress:
    """How far one rater has come."""

    done: int
    """Pairs that this rater has rated."""
    available: int
    """Pairs that this rater has rated, has open, or could still be given; grows with the study."""


_SELECT_UNRATED = """
    SELECT a.token
    FROM assignments AS a
    WHERE a.rater_id = $rater_id
        AND NOT EXISTS (SELECT 1 FROM ratings AS r WHERE r.token = a.token)
    ORDER BY a.position
    LIMIT 1
"""


def next_pair(
    con: duckdb.DuckDBPyConnection, rater_id: str, seed: int, raters_per_pair: int, now: datetime
) -> BlindedPair | None:
    """The pair that this rater should see now: the one left open, else a new one.

    New ones are taken among pairs with a free seat, those with most raters first, so that
    pairs fill up and agreement can be told early; ties in this rater's own random order.

    Args:
        seed: fixes each rater's order and the first sides.
        raters_per_pair: seats of every pair.
    Returns:
        None when nothing is left for this rater at the moment; there may be a pair later.
    """
    with transaction(con) as cursor:
        row = cursor.execute(_SELECT_UNRATED, {"rater_id": rater_id}).fetchone()
        token = row[0] if row else _claim_seat(cursor, rater_id, seed, raters_per_pair, now)
        return None if token is None else _read_blinded_pair(cursor, token, rater_id)


# The order is that of stable_id: the SHA-256 of the parts, joined by a unit separator
_SELECT_CLAIMABLE = """
    SELECT
        p.pair_id,
        p.first_response_id,
        p.second_response_id,
        count(a.token) AS n_raters,
        count(*) FILTER (WHERE a.left_response_id = p.first_response_id) AS n_first_left
    FROM pairs AS p
    LEFT JOIN assignments AS a ON a.pair_id = p.pair_id
    WHERE NOT EXISTS (
        SELECT 1
        FROM assignments AS own
        JOIN pairs AS known ON known.pair_id = own.pair_id
        WHERE own.rater_id = $rater_id AND known.prompt_id = p.prompt_id)
    GROUP BY p.pair_id, p.first_response_id, p.second_response_id
    HAVING count(a.token) < $raters_per_pair
    ORDER BY n_raters DESC, sha256(concat_ws(chr(31), $seed, $rater_id, p.pair_id))
    LIMIT 1
"""

_SELECT_SIDES_OF_RATER = """
    SELECT
        count(*) AS n_pairs,
        count(*) FILTER (WHERE a.left_response_id = p.first_response_id) AS n_first_left,
        coalesce(max(a.position) + 1, 0) AS next_position
    FROM assignments AS a
    JOIN pairs AS p ON p.pair_id = a.pair_id
    WHERE a.rater_id = $rater_id
"""

_INSERT_ASSIGNMENT = """
    INSERT INTO assignments (
        token, rater_id, pair_id, left_response_id, right_response_id, position, assigned_at)
    VALUES (
        $token, $rater_id, $pair_id, $left_response_id, $right_response_id, $position,
        $assigned_at)
"""


def _claim_seat(
    cursor: duckdb.DuckDBPyConnection,
    rater_id: str,
    seed: int,
    raters_per_pair: int,
    now: datetime,
) -> str | None:
    seat = cursor.execute(
        _SELECT_CLAIMABLE,
        {"rater_id": rater_id, "seed": seed, "raters_per_pair": raters_per_pair},
    ).fetchone()
    if seat is None:
        return None
    pair_id, first_id, second_id, n_raters, n_first_left = seat
    own = cursor.execute(_SELECT_SIDES_OF_RATER, {"rater_id": rater_id}).fetchone()
    assert own is not None
    n_own, n_own_first_left, next_position = own
    first_is_left = _first_is_left(
        surplus_in_pair=2 * n_first_left - n_raters,
        surplus_of_rater=2 * n_own_first_left - n_own,
        coin=int(stable_id(seed, pair_id), 16) % 2 == 0,
    )
    token = secrets.token_urlsafe(16)
    cursor.execute(
        _INSERT_ASSIGNMENT,
        {
            "token": token,
            "rater_id": rater_id,
            "pair_id": pair_id,
            "left_response_id": first_id if first_is_left else second_id,
            "right_response_id": second_id if first_is_left else first_id,
            "position": next_position,
            "assigned_at": now,
        },
    )
    return token


def _first_is_left(surplus_in_pair: int, surplus_of_rater: int, coin: bool) -> bool:
    """Even out the pair's own sides first, then the rater's; toss when both are even."""
    if surplus_in_pair != 0:
        return surplus_in_pair < 0
    if surplus_of_rater != 0:
        return surplus_of_rater < 0
    return coin


_SELECT_OWN = """
    SELECT 1
    FROM assignments
    WHERE token = $token AND rater_id = $rater_id
"""


def check_ownership(cursor: duckdb.DuckDBPyConnection, token: str, rater_id: str) -> None:
    """Let pass only the token of an assignment of this rater.

    Raises:
        NotAllowed: the token is unknown or another rater's; the message does not say which.
    """
    # tokens are ASCII; a lone surrogate from a forged request would be an error of DuckDB's
    if (
        not token.isascii()
        or cursor.execute(_SELECT_OWN, {"token": token, "rater_id": rater_id}).fetchone() is None
    ):
        raise NotAllowed(
            "expected a pair that was given to you, got a name that is none of yours; open the "
            "rating page again to go on with your next pair"
        )


def blinded_pair(con: duckdb.DuckDBPyConnection, token: str, rater_id: str) -> BlindedPair:
    """What this rater may see of the pair behind one of their tokens.

    Raises:
        NotAllowed: the token is unknown or another rater's; the message does not say which.
    """
    cursor = con.cursor()
    check_ownership(cursor, token, rater_id)
    return _read_blinded_pair(cursor, token, rater_id)


_SELECT_BLINDED_PAIR = """
    SELECT a.token, prompt.text, left_reply.text, right_reply.text
    FROM assignments AS a
    JOIN pairs AS p ON p.pair_id = a.pair_id
    JOIN prompts AS prompt ON prompt.prompt_id = p.prompt_id
    JOIN responses AS left_reply ON left_reply.response_id = a.left_response_id
    JOIN responses AS right_reply ON right_reply.response_id = a.right_response_id
    WHERE a.token = $token AND a.rater_id = $rater_id
"""


def _read_blinded_pair(cursor: duckdb.DuckDBPyConnection, token: str, rater_id: str) -> BlindedPair:
    row = cursor.execute(_SELECT_BLINDED_PAIR, {"token": token, "rater_id": rater_id}).fetchone()
    assert row is not None, "pairs are drawn among stored prompts and responses"
    return BlindedPair(*row)


_SELECT_PROGRESS = """
    SELECT
        (SELECT count(*)
            FROM assignments AS a
            WHERE a.rater_id = $rater_id
                AND EXISTS (SELECT 1 FROM ratings AS r WHERE r.token = a.token)) AS done,
        (SELECT count(DISTINCT free_or_own.prompt_id)
            FROM (
                SELECT p.prompt_id
                FROM pairs AS p
                LEFT JOIN assignments AS a ON a.pair_id = p.pair_id
                GROUP BY p.pair_id, p.prompt_id
                HAVING count(a.token) < $raters_per_pair
                    OR count(*) FILTER (WHERE a.rater_id = $rater_id) > 0
            ) AS free_or_own) AS available
"""


def rater_progress(
    con: duckdb.DuckDBPyConnection, rater_id: str, raters_per_pair: int
) -> RaterProgress:
    """How many pairs this rater has rated, of how many that are or may become theirs.

    Of a prompt with several free pairs one counts, since they can be given no more.
    """
    row = (
        con.cursor()
        .execute(_SELECT_PROGRESS, {"rater_id": rater_id, "raters_per_pair": raters_per_pair})
        .fetchone()
    )
    assert row is not None
    return RaterProgress(*row)
