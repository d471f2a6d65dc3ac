"""Standings: who may come in, kept in memory for those who ask at every step.

This process alone writes the study, and ends or restores access here, so that what is remembered
is true at every moment. The tables behind it are `raters.py`'s.
"""

import threading
from datetime import datetime

import duckdb

from audit_app.raters import Standing, let_in, read_standing, restore, revoke
from study.records import Rater, Role


class Standings:
    """What the study knows of each rater who came by."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con = con
        self._lock = threading.Lock()
        self._known: dict[str, Standing] = {}

    def require(self, rater_id: str | None, role: Role) -> Rater:
        """The rater behind a call.

        Raises:
            NotAllowed: nobody is signed in, the study does not know that rater in that role, or the
                rater was revoked.
        """
        return let_in(None if rater_id is None else self._of(rater_id), role)

    def revoke(self, rater_id: str, reason: str, by: str, now: datetime) -> None:
        """End a person's access, as `raters.revoke` does; it raises what that raises."""
        revoke(self._con, rater_id, reason, by, now)
        self._forget(rater_id)

    def restore(self, rater_id: str, reason: str, by: str, now: datetime) -> None:
        """Let a revoked person in again, as `raters.restore` does; it raises what that raises."""
        restore(self._con, rater_id, reason, by, now)
        self._forget(rater_id)

    def _of(self, rater_id: str) -> Standing | None:
        known = self._known.get(rater_id)
        if known is None:
            # under the lock, so that no look that began before a change is remembered after it
            with self._lock:
                known = read_standing(self._con, rater_id)
                if known is not None:
                    self._known[rater_id] = known
        return known

    def _forget(self, rater_id: str) -> None:
        with self._lock:
            self._known.pop(rater_id, None)
