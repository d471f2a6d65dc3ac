"""Tabs: whether a rater has the page open twice. In memory only; a tab is a number it drew itself."""

from dataclasses import dataclass
from datetime import datetime, timedelta

OTHER_TAB_COUNTS_FOR = timedelta(seconds=45)
"""So long after its last sign a tab is taken for open."""


@dataclass(frozen=True)
class _Heard:
    tab: str
    at: datetime
    other_at: datetime | None
    """When the tab before this one was heard last."""


class Tabs:
    """The last two tabs of each rater."""

    def __init__(self) -> None:
        self._heard: dict[str, _Heard] = {}

    def hear(self, rater_id: str, tab: str, now: datetime) -> bool:
        """Take note of a tab; whether another one of this rater seems to be open as well."""
        last = self._heard.get(rater_id)
        other_at = None
        if last is not None:
            other_at = last.other_at if last.tab == tab else last.at
        self._heard[rater_id] = _Heard(tab, now, other_at)
        return other_at is not None and now - other_at <= OTHER_TAB_COUNTS_FOR
