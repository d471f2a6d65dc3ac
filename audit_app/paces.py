"""Paces: how fast each rater works, to tell the time that is left. Read once, then in memory."""

from math import ceil
from statistics import median

import duckdb

from audit_app.ratings import newest_seconds

_NEWEST_SHEETS = 20
_FEWEST_SHEETS = 3


class Paces:
    """Seconds of the sheets that each rater rated last."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con = con
        self._seconds: dict[str, dict[str, float]] = {}

    def note(self, rater_id: str, token: str, seconds: float) -> None:
        """Take in a first rating that is stored; the same one again changes nothing."""
        noted = self._of(rater_id) | {token: seconds}
        self._seconds[rater_id] = dict(list(noted.items())[-_NEWEST_SHEETS:])

    def minutes(self, rater_id: str, n_sheets: int) -> int | None:
        """What so many sheets will take at this rater's median; None before three are rated."""
        seconds = self._of(rater_id)
        if len(seconds) < _FEWEST_SHEETS:
            return None
        return ceil(median(seconds.values()) * n_sheets / 60)

    def _of(self, rater_id: str) -> dict[str, float]:
        seconds = self._seconds.get(rater_id)
        if seconds is None:
            seconds = self._seconds[rater_id] = newest_seconds(self._con, rater_id, _NEWEST_SHEETS)
        return seconds
