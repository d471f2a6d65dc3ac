"""Given sheets: every assignment of a study in memory, and which of them hold a seat.

Made of the rows of the tables, and changed as sheets are given, rated, skipped or left alone. A
sheet holds a seat while it is rated, or open with a live lease. Who may change it when is in
`seating.py`; what is free on which side, in `seat_board.py`.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from itertools import islice

import numpy as np

from audit_app.seat_board import BLOCK, Seat, SeatBoard
from audit_app.seat_rows import GivenRow
from audit_app.turns import Choice, GivenSheet, RaterSheets, RatingPlan
from study.records import Form

SKIPS = 2
"""A sheet that was skipped so often does not come back to its rater."""

_OTHERS_BETWEEN = 5
"""A sheet that was skipped once comes back when so many others have been given since."""


class GivenSheets:
    """What was given to whom; not safe for several threads by itself."""

    def __init__(self, plan: RatingPlan, boards: Mapping[Form, SeatBoard]) -> None:
        """Begin with nothing given.

        Args:
            boards: of the plan's forms in their order, with every seat free.
        """
        self.plan = plan
        self.boards = boards
        self._raters: dict[str, RaterSheets] = {}
        self._open: dict[str, GivenSheet] = {}
        self._just_rated: dict[str, GivenSheet] = {}
        self._none_expires_until = datetime.min.replace(tzinfo=UTC)

    def take_in(self, rows: Iterable[GivenRow], known: "GivenSheets", now: datetime) -> None:
        """Take in what the tables have.

        Those that are rated have their seats for good. Then come those that had one until now;
        after a restart, which of two lively ones was there last: it was given the other's seat.

        Args:
            rows: each rater's in the order in which they were given.
            known: what was in memory before, with signs of life that no table has.
        """
        still_open = []
        for row in rows:
            given = self._add(row, now)
            if row.is_rated:
                if given.seat is not None and not row.is_surplus:
                    self.boards[given.form].take(given.seat)
                self._count_rated(given)
                continue
            self._keep_open(given)
            before = known._open.get(row.token) or known._just_rated.get(row.token)
            if before is not None:
                given.seen_at = max(given.seen_at, before.seen_at)
            still_open.append((before is not None and before.holds_seat, row.assigned_at, given))
        for *_, given in sorted(still_open, key=lambda entry: entry[:2], reverse=True):
            if self._is_alive(given, now):
                self.sit_down(given)

    def give(self, choice: Choice, token: str, rater_id: str, now: datetime) -> None:
        """Take note of a new sheet, and of its seat."""
        row = GivenRow(
            token=token,
            rater_id=rater_id,
            form=choice.form,
            purpose=choice.purpose,
            subject_id=choice.subject_id,
            first_is_left=choice.first_is_left,
            position=choice.position,
            assigned_at=now,
            seen_at=now,
            skipped_from=None,
            skips=0,
            is_rated=False,
            is_surplus=False,
        )
        given = self._add(row, now)
        self._keep_open(given)
        self.sit_down(given)

    def open_sheet(self, token: str) -> GivenSheet | None:
        """A sheet that was given and is not rated."""
        return self._open.get(token)

    def is_rated(self, token: str) -> bool:
        """Whether a sheet that was given is rated."""
        return token not in self._open

    def rate(self, token: str) -> bool:
        """Fill a seat for good; False when it has gone to others."""
        given = self._open.pop(token)
        self.rater(given.rater_id).open.pop(token)
        self._just_rated[token] = given
        self._count_rated(given)
        return self.sit_down(given)

    def skip(self, token: str, number: int, now: datetime) -> None:
        """Take note of the first or second skip of a sheet; the second frees its seat."""
        given = self._open[token]
        given.seen_at = now
        given.skips = number
        given.back_from = self.rater(given.rater_id).position + _OTHERS_BETWEEN
        if number >= SKIPS:
            self._stand_up(given)

    def renew(self, token: str, now: datetime) -> None:
        """Take note of a sign of life; a seat that was lost is had again if it is still free."""
        given = self._open.get(token)
        if given is not None:
            given.seen_at = now
            if given.skips < SKIPS:
                self.sit_down(given)

    def take_back_expired(self, now: datetime) -> None:
        """Free the seats of those that gave no sign of life for too long."""
        if now <= self._none_expires_until:
            return
        for given in self._open.values():
            if given.holds_seat and not self._is_alive(given, now):
                self._stand_up(given)
        # signs of life and new sheets only put it off
        seen = (given.seen_at for given in self._open.values() if given.holds_seat)
        self._none_expires_until = min(seen, default=now) + self.plan.lease

    def rater(self, rater_id: str) -> RaterSheets:
        """What one rater was given; nothing, if nobody knows them."""
        if rater_id not in self._raters:
            self._raters[rater_id] = RaterSheets(
                {
                    form: np.zeros(board.n_groups, dtype=np.bool_)
                    for form, board in self.boards.items()
                }
            )
        return self._raters[rater_id]

    def waiting(self, rater: RaterSheets) -> list[GivenSheet]:
        """Open sheets that can still come to their rater, in order."""
        shown = (given for given in rater.open.values() if self._is_shown(given))
        return sorted(shown, key=lambda given: given.position)

    def may_free(self, rater_id: str) -> bool:
        """Whether others have open seats at what this rater has not had and may see."""
        seen = self.rater(rater_id).seen
        return any(
            given.holds_seat
            and given.seat is not None
            and given.rater_id != rater_id
            and self.boards[given.form].is_offered(given.subject_id)
            and not seen[given.form][self.boards[given.form].group[given.seat.index]]
            for given in self._open.values()
        )

    def n_study(self, rater: RaterSheets) -> int:
        """Study sheets that a rater has rated or may still rate."""
        return rater.n_study_done + sum(g.purpose == "study" for g in self.waiting(rater))

    def block(self, rater: RaterSheets) -> list[bool]:
        """Of the pairs in a rater's unfinished block, whether side X stood left.

        Pairs that went to others or were skipped for good count in no block.
        """
        gone = rater.open.keys() - {given.token for given in self.waiting(rater)}
        without = {rater.open[token].position for token in gone} & rater.sides.keys()
        kept = (side for at, side in reversed(rater.sides.items()) if at not in without)
        return list(islice(kept, (len(rater.sides) - len(without)) % BLOCK))

    def sit_down(self, given: GivenSheet) -> bool:
        """Have the seat of a sheet, if it needs one; False when others have it."""
        if given.seat is None or given.holds_seat:
            return True
        board = self.boards[given.form]
        if not board.is_free(given.seat):
            return False
        board.take(given.seat)
        given.holds_seat = True
        return True

    def _stand_up(self, given: GivenSheet) -> None:
        if given.seat is not None and given.holds_seat:
            self.boards[given.form].give_back(given.seat)
            given.holds_seat = False

    def _is_alive(self, given: GivenSheet, now: datetime) -> bool:
        return given.skips < SKIPS and now - given.seen_at <= self.plan.lease

    def _is_shown(self, given: GivenSheet) -> bool:
        board = self.boards.get(given.form)
        if board is None or given.skips >= SKIPS:
            return False
        if given.purpose in ("gold", "attention"):
            return True
        if not board.is_offered(given.subject_id):
            return False
        return given.seat is None or given.holds_seat or board.is_free(given.seat)

    def _add(self, row: GivenRow, now: datetime) -> GivenSheet:
        rater = self.rater(row.rater_id)
        given = GivenSheet(
            row.token,
            row.rater_id,
            row.form,
            row.purpose,
            row.subject_id,
            row.first_is_left,
            row.position,
            row.assigned_at or now,
            row.seen_at or now,
            row.skips,
            (row.skipped_from or 0) + _OTHERS_BETWEEN,
        )
        rater.position = max(rater.position, row.position + 1)
        if row.purpose == "study":
            self._find_seat(rater, given)
        elif row.purpose == "repeat":
            rater.repeated.add(row.subject_id)
        else:
            rater.checks.append(row.subject_id)
        return given

    def _find_seat(self, rater: RaterSheets, given: GivenSheet) -> None:
        board = self.boards.get(given.form)
        index = None if board is None else board.index.get(given.subject_id)
        if board is None or index is None:  # the study asks for this no more
            return
        rater.seen[given.form][board.group[index]] = True
        x_is_left = None
        if given.first_is_left is not None:
            x_is_left = bool(board.x_is_first[index]) == given.first_is_left
            rater.sides[given.position] = x_is_left
        given.seat = Seat(index, x_is_left)

    def _keep_open(self, given: GivenSheet) -> None:
        self.rater(given.rater_id).open[given.token] = self._open[given.token] = given

    def _count_rated(self, given: GivenSheet) -> None:
        rater = self.rater(given.rater_id)
        rater.n_done += 1
        if given.purpose == "study":
            rater.n_study_done += 1
            if given.first_is_left is not None:
                rater.rated_pairs[given.subject_id] = (given.position, given.first_is_left)
