"""What was done to the study as a whole, on the record. The only writer of `study_events`.

Pausing and resuming, closing and reopening, unblinding, and the export of the key or of the
identities: each is a row with who, why and when, and none is taken back by anything but another
row. From its first pair or sheet on a study's results per arm are sealed until an event opens
them; what was open cannot be sealed again, so ratings that came later are counted instead. A study
that asks nobody's opinion is never sealed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, get_args

import duckdb

from study.database import transaction
from study.errors import BadInput

Event = Literal[
    "paused",
    "resumed",
    "closed",
    "reopened",
    "unblinded",
    "key_exported",
    "identities_exported",
]

_OPENS_RESULTS = ("closed", "unblinded", "key_exported")
_SHORTEST_REASON = 3
_LONGEST_REASON = 2000


@dataclass(frozen=True)
class StudyState:
    """What the events so far add up to."""

    is_paused: bool
    """Raters get nothing new for the time being."""
    is_closed: bool
    """No more ratings are asked for."""
    is_unblinded: bool
    """Results per arm are open to the owner: unblinded on the record, closed once, or the key is
    out."""

    @property
    def name(self) -> Literal["open", "paused", "closed"]:
        """What it is to raters."""
        if self.is_closed:
            return "closed"
        return "paused" if self.is_paused else "open"


@dataclass(frozen=True)
class StudyEvent:
    """One row of the record."""

    number: int
    event: Event
    actor: str
    """Id of the owner who did it, or what acted for the owner."""
    reason: str
    happened_at: str


@dataclass(frozen=True)
class Opening:
    """The event since which results per arm can be known."""

    by: StudyEvent
    n_ratings_after: int
    """Ratings and changes of ratings that came later, by people who could have been told."""


_SELECT_EVENTS = """
    SELECT number, event, actor, reason, happened_at
    FROM study_events
    ORDER BY number
"""


def read_events(con: duckdb.DuckDBPyConnection) -> list[StudyEvent]:
    """Everything on the record, the earliest first."""
    return [
        StudyEvent(number, event, actor, reason, happened_at.astimezone(UTC).isoformat())
        for number, event, actor, reason, happened_at in con.cursor()
        .execute(_SELECT_EVENTS)
        .fetchall()
    ]


_SELECT_NAMES = "SELECT event FROM study_events ORDER BY number"


def read_study_state(con: duckdb.DuckDBPyConnection) -> StudyState:
    """Whether the study is paused, closed, and open to its owner's eyes."""
    return _state_after(event for (event,) in con.cursor().execute(_SELECT_NAMES).fetchall())


_COUNT_RATINGS_AFTER = "SELECT count(*) FROM ratings WHERE rated_at > $opened_at"


def read_opening(con: duckdb.DuckDBPyConnection) -> Opening | None:
    """Since when, by what and why results per arm are open; None as long as they are sealed."""
    opening = next((row for row in read_events(con) if row.event in _OPENS_RESULTS), None)
    if opening is None:
        return None
    opened_at = datetime.fromisoformat(opening.happened_at)
    row = con.cursor().execute(_COUNT_RATINGS_AFTER, {"opened_at": opened_at}).fetchone()
    assert row is not None
    return Opening(opening, row[0])


_SELECT_ANYTHING_TO_RATE = """
    SELECT EXISTS (SELECT 1 FROM pairs) OR EXISTS (SELECT 1 FROM assignments)
"""


def results_are_sealed(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether nothing may be shown that tells one arm from another."""
    row = con.cursor().execute(_SELECT_ANYTHING_TO_RATE).fetchone()
    assert row is not None
    return bool(row[0]) and not read_study_state(con).is_unblinded


_INSERT_EVENT = """
    INSERT INTO study_events (number, event, actor, reason, happened_at)
    VALUES ($number, $event, $actor, $reason, $happened_at)
"""


def record_event(
    con: duckdb.DuckDBPyConnection, event: Event, actor: str, reason: str, now: datetime
) -> StudyState:
    """Put an event on the record, and say what the study's state is then.

    Args:
        actor: id of the owner who asks for it.
        reason: why, in at least three characters.
    Raises:
        BadInput: the event is unknown or makes no sense in this state, or the reason says nothing.
    """
    if event not in get_args(Event):
        raise BadInput(f"event: expected one of {', '.join(get_args(Event))}, got {event!r:.80}")
    why = reason.strip()
    if not _SHORTEST_REASON <= len(why) <= _LONGEST_REASON:
        raise BadInput(
            f"reason: expected {_SHORTEST_REASON} to {_LONGEST_REASON} characters for the study's "
            f"record, got {len(why)}; say in a few words why this is done"
        )
    with transaction(con) as cursor:
        names = [name for (name,) in cursor.execute(_SELECT_NAMES).fetchall()]
        _check_sense(event, _state_after(names))
        cursor.execute(
            _INSERT_EVENT,
            {
                "number": len(names) + 1,
                "event": event,
                "actor": actor,
                "reason": why,
                "happened_at": now,
            },
        )
    return _state_after([*names, event])


def _state_after(events: Iterable[str]) -> StudyState:
    is_paused = is_closed = is_unblinded = False
    for event in events:
        is_paused = (is_paused or event == "paused") and event != "resumed"
        is_closed = (is_closed or event == "closed") and event != "reopened"
        is_unblinded = is_unblinded or event in _OPENS_RESULTS
    return StudyState(is_paused, is_closed, is_unblinded)


def _check_sense(event: Event, state: StudyState) -> None:
    problem = ""
    if event in ("paused", "resumed", "closed") and state.is_closed:
        problem = "the study is closed; reopen it first"
    elif event == "paused" and state.is_paused:
        problem = "the study is paused already; resume it when raters are to go on"
    elif event == "resumed" and not state.is_paused:
        problem = "the study is not paused; raters can go on as it is"
    elif event == "reopened" and not state.is_closed:
        problem = "the study is not closed; raters can go on as it is"
    elif event == "unblinded" and state.is_unblinded:
        problem = "results per arm are open already; the study's record says since when and why"
    if problem:
        raise BadInput(f"{event}: {problem}")
