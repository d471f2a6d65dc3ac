"""How far the study's items have come: ratings of seats, surplus, and what is held back. Reads only.

Nothing here tells one arm from another, so it may be watched while people rate. A pair with a
reply that is held back has no seats until somebody releases the reply.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

import duckdb

LISTED_ITEMS = 50
"""So many items are listed at once; the others are counted, and found by a filter."""


@dataclass(frozen=True)
class ItemProgress:
    """One question with its pairs, over all conditions and arms."""

    question: str
    n_pairs: int
    """Pairs that may be rated."""
    n_ratings: int
    """Ratings that hold a seat."""
    n_seats: int
    n_held: int
    """Pairs with a reply that is held back."""

    @property
    def share(self) -> float:
        """How complete it is; what has no seats asks for nothing."""
        return self.n_ratings / self.n_seats if self.n_seats else 1.0


@dataclass(frozen=True)
class StudyProgress:
    """All items of a study."""

    pairs_by_ratings: tuple[int, ...]
    """How many pairs have 0, 1, 2 and so on ratings, up to the number of seats."""
    n_pairs_held: int
    n_surplus: int
    """Ratings that came when the seat had gone to others: they count in the results, not for seats."""
    other_forms: tuple[tuple[str, int], ...]
    """Ratings in the forms beside pairs, by form; checks are in none."""
    items: tuple[ItemProgress, ...]
    """The least complete first."""

    @property
    def seats(self) -> int:
        """Ratings that every pair should have."""
        return len(self.pairs_by_ratings) - 1

    @property
    def n_ratings(self) -> int:
        """Ratings that hold a seat."""
        return sum(n * n_pairs for n, n_pairs in enumerate(self.pairs_by_ratings))

    @property
    def n_pairs(self) -> int:
        """Pairs that may be rated."""
        return sum(self.pairs_by_ratings)


@dataclass(frozen=True)
class ItemList:
    """The items that are listed, and how many are not."""

    items: tuple[ItemProgress, ...]
    n_matching: int
    n_items: int


_COUNT_PAIRS = """
    WITH counted AS (
        SELECT a.subject_id AS pair_id,
            count(*) FILTER (WHERE NOT newest.is_surplus) AS n_ratings,
            count(*) FILTER (WHERE newest.is_surplus) AS n_surplus
        FROM (
            SELECT token, arg_max(is_surplus, revision) AS is_surplus
            FROM ratings
            GROUP BY token
        ) AS newest
        JOIN assignments AS a ON a.token = newest.token
        WHERE a.form = 'pair' AND a.purpose = 'study'
        GROUP BY a.subject_id
    ),
    held AS (
        SELECT DISTINCT h.response_id
        FROM holds AS h
        WHERE NOT EXISTS (
            SELECT 1 FROM hold_releases AS r WHERE r.response_id = h.response_id)
    )
    SELECT prompts.item_id, any_value(items.question),
        least(coalesce(counted.n_ratings, 0), $seats) AS n_seated,
        p.first_response_id IN (SELECT response_id FROM held)
            OR p.second_response_id IN (SELECT response_id FROM held) AS is_held,
        count(*), sum(coalesce(counted.n_surplus, 0))::BIGINT
    FROM pairs AS p
    JOIN prompts ON prompts.prompt_id = p.prompt_id
    JOIN items ON items.item_id = prompts.item_id
    LEFT JOIN counted ON counted.pair_id = p.pair_id
    GROUP BY prompts.item_id, n_seated, is_held
    ORDER BY prompts.item_id
"""

_COUNT_OTHER_FORMS = """
    SELECT a.form, count(DISTINCT r.token)
    FROM ratings AS r
    JOIN assignments AS a ON a.token = r.token
    WHERE a.form <> 'pair' AND a.purpose = 'study'
    GROUP BY a.form
    ORDER BY a.form
"""


def read_study_progress(con: duckdb.DuckDBPyConnection, seats: int) -> StudyProgress:
    """How far every item has come.

    Args:
        seats: ratings that every pair should have.
    """
    cursor = con.cursor()
    rows = cursor.execute(_COUNT_PAIRS, {"seats": seats}).fetchall()
    by_ratings: Counter[int] = Counter()
    for _, _, n_seated, is_held, n_pairs, _ in rows:
        by_ratings[n_seated] += 0 if is_held else n_pairs
    return StudyProgress(
        pairs_by_ratings=tuple(by_ratings[n] for n in range(seats + 1)),
        n_pairs_held=sum(n_pairs for *_, is_held, n_pairs, _ in rows if is_held),
        n_surplus=sum(n_surplus for *_, n_surplus in rows),
        other_forms=tuple(cursor.execute(_COUNT_OTHER_FORMS).fetchall()),
        items=tuple(sorted(_items_of(rows, seats), key=lambda item: (item.share, item.question))),
    )


def list_items(progress: StudyProgress, words: str) -> ItemList:
    """The least complete items whose question has these words in it.

    Args:
        words: in any case; empty for all items.
    """
    wanted = words.strip().casefold()
    found = [item for item in progress.items if wanted in item.question.casefold()]
    return ItemList(tuple(found[:LISTED_ITEMS]), len(found), len(progress.items))


def _items_of(
    rows: Iterable[tuple[str, str, int, bool, int, int]], seats: int
) -> Iterable[ItemProgress]:
    for (_, question), of_item in groupby(rows, key=lambda row: row[:2]):
        pairs, ratings, held = 0, 0, 0
        for _, _, n_seated, is_held, n_pairs, _ in of_item:
            held += n_pairs if is_held else 0
            pairs += 0 if is_held else n_pairs
            ratings += 0 if is_held else n_pairs * n_seated
        yield ItemProgress(question, pairs, ratings, pairs * seats, held)
