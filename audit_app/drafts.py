"""Drafts: answers that a rater has chosen but not submitted. The only writer of `drafts`.

So that a refresh, a crash or another device loses nothing. A draft is added, the newest of a sheet
counts, and the others go when the app starts anew. It is no rating, and counts while it is newer
than the newest rating of its sheet: what was submitted is in `ratings.py`, and which draft of a rated
sheet is a change of it. An `Assignment` in a signature is the proof that the draft is the caller's
own. `saved_at` is a sign of life by which the seat is kept over a restart too.
"""

import json
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial

import duckdb

from study.commits import GroupCommit
from study.database import insert_rows
from study.errors import BadInput
from study.records import Assignment

MAX_DRAFT_BYTES = 8 * 1024


@dataclass(frozen=True)
class Draft:
    """What a rater has chosen for one sheet so far."""

    token: str
    answers_json: str
    """What `draft_json` made of it."""
    saved_at: datetime


def draft_json(answers: Mapping[str, str]) -> str:
    """A draft as it is stored; called before its job is queued.

    Args:
        answers: text by field name; at most 8 KiB as JSON.
    Raises:
        BadInput: an answer is not text, or they are too long together.
    """
    for field, answer in answers.items():
        if not (isinstance(field, str) and isinstance(answer, str)):
            raise BadInput(
                f"draft: expected text as the answer to each field, got {answer!r:.80} for "
                f"{field!r:.80}; leave out what is not answered yet"
            )
    answers_json = json.dumps(dict(answers), ensure_ascii=False)
    try:
        n_bytes = len(answers_json.encode())
    except UnicodeEncodeError as error:
        raise BadInput(
            "draft: expected text, got half of a character that takes two; remove the last "
            "character that you typed and go on"
        ) from error
    if n_bytes > MAX_DRAFT_BYTES:
        raise BadInput(
            f"draft: expected at most {MAX_DRAFT_BYTES} bytes, got {n_bytes}; shorten the reason"
        )
    return answers_json


def says_something(answers: Mapping[str, str]) -> bool:
    """Whether a draft has an answer or a reason; time alone is what an untouched page has."""
    return any(answer for field, answer in answers.items() if field != "seconds")


_INSERT_DRAFTS = """
    INSERT INTO drafts BY NAME
    SELECT unnest($rows, recursive := true)
"""


def save_drafts(cursor: duckdb.DuckDBPyConnection, drafts: Iterable[Draft]) -> None:
    """Keep what raters have chosen so far; of one sheet's drafts the last one counts."""
    insert_rows(cursor, _INSERT_DRAFTS, [asdict(draft) for draft in drafts])


_SELECT_DRAFTED = "SELECT token FROM drafts"

_DELETE_OLD_DRAFTS = """
    DELETE FROM drafts
    WHERE rowid IN (
        SELECT rowid
        FROM drafts
        QUALIFY row_number() OVER (PARTITION BY token ORDER BY saved_at DESC, rowid DESC) > 1)
"""


def delete_old_drafts(cursor: duckdb.DuckDBPyConnection) -> None:
    """Remove every draft that a newer one of its sheet has taken the place of."""
    cursor.execute(_DELETE_OLD_DRAFTS)


def _tidy(cursor: duckdb.DuckDBPyConnection) -> list[str]:
    delete_old_drafts(cursor)
    return [token for (token,) in cursor.execute(_SELECT_DRAFTED).fetchall()]


class DraftBox:
    """Takes drafts from all raters and stores them together, a few times a second.

    A commit costs some milliseconds, however many rows it has, and ratings wait behind it.
    """

    def __init__(
        self,
        commits: GroupCommit,
        gather_s: float = 0.3,
        along: Callable[[duckdb.DuckDBPyConnection, str], None] | None = None,
    ) -> None:
        """Start empty, and tidy what is stored.

        Args:
            gather_s: how long drafts wait for others to be stored with.
            along: what else is to be done for the sheet of each draft, in the job that stores it.
        """
        self._commits = commits
        self._gather_s = gather_s
        self._along = along
        self._lock = threading.Lock()
        self._storing = threading.Lock()
        self._waiting: dict[str, Draft] = {}
        self._callers: list[Future[None]] = []
        self._tabs: dict[str, str | None] = dict.fromkeys(commits.run(_tidy))

    def has(self, token: str) -> bool:
        """Whether a sheet has or had a draft: most that are opened have none, and need no look."""
        return token in self._tabs

    def is_from(self, token: str, tab: str) -> bool:
        """Whether the newest draft of a sheet came from this tab; not known of those before a start."""
        return self._tabs.get(token) == tab

    def put(self, draft: Draft, tab: str) -> "Future[None]":
        """Have a draft stored, if no newer one of its sheet comes before.

        Args:
            tab: in which it was made.
        Returns:
            Done when the draft, or the newer one, is on the disk.
        """
        caller: Future[None] = Future()
        with self._lock:
            is_first = not self._callers
            self._waiting[draft.token] = draft
            self._tabs[draft.token] = tab
            self._callers.append(caller)
        if is_first:
            timer = threading.Timer(self._gather_s, self._store)
            timer.daemon = True
            timer.start()
        return caller

    def settle(self, token: str) -> None:
        """Have a draft of this sheet stored that still waits, for somebody is about to read it."""
        with self._lock:
            is_waiting = token in self._waiting
        if is_waiting:
            self._store()
        with self._storing:  # one that another thread took is on the disk when this opens
            pass

    def _store(self) -> None:
        with self._storing:
            self._store_waiting()

    def _store_waiting(self) -> None:
        with self._lock:
            drafts, callers = self._waiting, self._callers
            self._waiting, self._callers = {}, []
        # who went away while the draft was gathered hears nothing; the draft is stored all the same
        listening = [caller for caller in callers if caller.set_running_or_notify_cancel()]
        if not drafts:  # a reader was faster than the timer
            return
        try:
            self._commits.run(partial(self._save, drafts))
        except Exception as error:  # noqa: BLE001  whatever it is belongs to the callers
            for caller in listening:
                caller.set_exception(error)
            return
        for caller in listening:
            caller.set_result(None)

    def _save(self, drafts: Mapping[str, Draft], cursor: duckdb.DuckDBPyConnection) -> None:
        save_drafts(cursor, drafts.values())
        if self._along is not None:
            for token in drafts:
                self._along(cursor, token)


_SELECT_DRAFT = """
    SELECT answers_json, saved_at
    FROM drafts
    WHERE token = $token
    ORDER BY saved_at DESC, rowid DESC
    LIMIT 1
"""

_SELECT_LATER_RATING = """
    SELECT 1
    FROM ratings
    WHERE token = $token AND rated_at >= $saved_at
    LIMIT 1
"""


def read_draft(cursor: duckdb.DuckDBPyConnection, assignment: Assignment) -> dict[str, str]:
    """What was chosen for a sheet since it was last submitted; empty when nothing was."""
    # two lookups: most sheets have no draft, and a join of both tables costs four times as much
    sheet = {"token": assignment.token}
    row = cursor.execute(_SELECT_DRAFT, sheet).fetchone()
    if row is None:
        return {}
    later = cursor.execute(_SELECT_LATER_RATING, sheet | {"saved_at": row[1]}).fetchone()
    return {} if later is not None else dict(json.loads(row[0]))
