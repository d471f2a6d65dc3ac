"""What a rating needs to come about, over the rows that a test chooses: commits, seats, a desk."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb

from audit_app.assignment import next_assignment
from audit_app.desk import DeskPlan, RatingDesk
from audit_app.onboarding import record_comprehension, record_consent, record_practice
from audit_app.rater_texts import RaterTexts, read_rater_texts
from audit_app.ratings import Answers, save_rating
from audit_app.seating import Seating
from audit_app.turns import RatingPlan
from study.commits import GroupCommit
from study.records import Assignment, Rating

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
PLAN = RatingPlan(
    seed=7,
    forms=("pair",),
    seats=3,
    pairs_per_rater=None,
    reply_limit=None,
    rewrite_limit=None,
    repeat_share=0.0,
    check_every=0,
    lease=timedelta(minutes=20),
)
TEXTS = read_rater_texts("packaged", "the tests", 3)
EQUAL = Answers({"warmer": "equal", "more_accurate": "equal"}, "", 12.0, "columns")


def read_orientations(cursor: duckdb.DuckDBPyConnection) -> Mapping[str, bool]:
    """The warm reply is the first one of every pair that the tests make."""
    return dict.fromkeys(
        (pair_id for (pair_id,) in cursor.execute("SELECT pair_id FROM pairs").fetchall()), True
    )


@dataclass
class Clock:
    """A clock that stands still until a test moves it."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> datetime:
        """Move on; the new time."""
        self.now += timedelta(**by)
        return self.now


@dataclass
class RatingRoom:
    """One study's seats and its writer, and the desk over both."""

    con: duckdb.DuckDBPyConnection
    commits: GroupCommit
    seating: Seating
    texts: RaterTexts = TEXTS
    clock: Clock = field(default_factory=Clock)
    more_to_come: bool = False

    def desk(self, break_every: int = 20) -> RatingDesk:
        """A fresh desk: one that remembers nothing."""
        plan = DeskPlan(seed=7, break_every=break_every)
        return RatingDesk(
            self.con,
            self.commits,
            self.seating,
            self.texts,
            plan,
            self.clock,
            lambda: self.more_to_come,
        )

    def next(self, rater_id: str = "anna") -> Assignment | None:
        """What this rater should rate next; None when there is nothing."""
        now = self.clock()
        return self.commits.run(lambda cursor: next_assignment(cursor, self.seating, rater_id, now))

    def give(self, rater_id: str = "anna") -> Assignment:
        """What this rater should rate next, which must be something."""
        given = self.next(rater_id)
        assert given is not None
        return given

    def rate(self, given: Assignment, key: str, answers: Answers = EQUAL) -> Rating:
        """Store a rating as the desk does."""
        now = self.clock()
        return self.commits.run(
            lambda cursor: save_rating(cursor, self.seating, given, answers, key, now)
        )

    def consent(self, rater_id: str, *, practised: bool = True) -> None:
        """Bring a rater to the practice, or past it."""
        now = self.clock()
        record_consent(self.con, rater_id, self.texts, True, now)
        right = {question.name: question.right for question in self.texts.comprehension}
        record_comprehension(self.con, rater_id, self.texts, right, now)
        if practised:
            record_practice(self.con, rater_id, self.texts, now)

    def rows(self, query: str) -> Sequence[tuple[Any, ...]]:
        """What the study holds."""
        return self.con.cursor().execute(query).fetchall()


@contextlib.contextmanager
def open_room(con: duckdb.DuckDBPyConnection, **plan: Any) -> Iterator[RatingRoom]:
    """Seats by `PLAN`, but for what a test says otherwise, until the test ends."""
    seating = Seating(replace(PLAN, **plan), read_orientations)
    with GroupCommit(con) as commits:
        commits.on_rollback(seating.forget)
        yield RatingRoom(con, commits, seating)
