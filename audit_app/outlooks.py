"""Outlooks: what a rater who is admitted can expect of the study, now and later.

Asked anew each time, since seats return and more may be made. Whoever has rated something ends
with a completion code; who came too late for anything ends without one. Who holds which seat
is in `seating.py`; what the browser shows of it, in `desk.py` and `pages/start.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import duckdb

from audit_app.seating import Seating

Wait = Literal["more", "place"]
"""Worth waiting: more may be made, or a seat that somebody else has may become free."""

Outlook = Literal["to_do", "done", "no_work", "closed"] | Wait
"""Sheets to rate; nothing left after some; nothing left and none rated; closed and none rated."""


@dataclass(frozen=True)
class WaitWords:
    """What a rater who waits is told."""

    heading: str
    text: str


WAIT_WORDS: Mapping[Wait, WaitWords] = {
    "more": WaitWords("More is being made", "There is nothing to rate at this moment."),
    "place": WaitWords(
        "Every place is taken at this moment",
        "Others are rating what is left. A place becomes free when one of them leaves.",
    ),
}


def outlook_of(
    con: duckdb.DuckDBPyConnection,
    seating: Seating,
    rater_id: str,
    now: datetime,
    *,
    is_closed: bool,
    more_to_come: bool,
) -> Outlook:
    """What a rater can expect.

    Args:
        is_closed: the study asks for no more ratings.
        more_to_come: things to rate may still be added to the study.
    """
    cursor = con.cursor()
    progress = seating.progress(cursor, rater_id, now)
    if is_closed:
        return "done" if progress.done else "closed"
    if progress.done < progress.total:
        return "to_do"
    return outlook_without_sheet(cursor, seating, rater_id, now, more_to_come=more_to_come)


def outlook_without_sheet(
    cursor: duckdb.DuckDBPyConnection,
    seating: Seating,
    rater_id: str,
    now: datetime,
    *,
    more_to_come: bool,
) -> Literal["done", "no_work"] | Wait:
    """What a rater can expect for whom there is no sheet now, in a study that is open."""
    if more_to_come and seating.has_room(cursor, rater_id, now):
        return "more"
    if seating.progress(cursor, rater_id, now).done:
        return "done"
    if seating.is_empty(cursor, now):
        return "more"
    return "place" if seating.may_free(cursor, rater_id, now) else "no_work"
