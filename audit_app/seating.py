"""Seating: who holds which seat, what each rater gets next, and on which side it stands.

A seat is one rater's place at one pair, reply, rewrite or sentence. It is held while the rater's
assignment is rated, or open with a live lease: the last sign of life is at most `plan.lease` ago.
Everything here is in memory and made of the tables, which stay the truth: after `forget`, called
when a transaction was rolled back or when rows came in, it is made anew. Deciding happens inside
the jobs of the one writer thread, so that no two raters can get the last seat; other threads
only look and renew. `assignment.py` stores what is decided here.
"""

import math
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import duckdb
import numpy as np

from audit_app.seat_board import Seat, SeatBoard
from audit_app.seat_rows import GivenRow, read_given, read_gold_ids, read_subjects
from audit_app.turns import (
    Choice,
    GivenSheet,
    GoldIds,
    RaterSheets,
    RatingPlan,
    count_turns,
    next_check,
    next_repeat,
)
from study.records import Form

SKIPS = 2
"""A sheet that was skipped so often does not come back to its rater."""

_BACK_AFTER = 6
"""A sheet that was skipped once comes back when five others have been given since."""

Orientations = Callable[[duckdb.DuckDBPyConnection], Mapping[str, bool]]


@dataclass(frozen=True)
class RaterProgress:
    """How far one rater has come."""

    done: int
    """Sheets that this rater has rated, repeats and checks included."""
    total: int
    """What it will be in the end, as far as can be told now; grows with the study."""


class Seating:
    """The seats of one study."""

    def __init__(self, plan: RatingPlan, read_orientations: Orientations) -> None:
        """Know nothing yet; the first job reads the tables.

        Args:
            read_orientations: from pair ids, whether a pair's first reply is that of side X.
        """
        self.plan = plan
        self._read_orientations = read_orientations
        self._lock = threading.RLock()
        self._is_stale = True
        self._boards: dict[Form, SeatBoard] = {}
        self._raters: dict[str, RaterSheets] = {}
        self._open: dict[str, GivenSheet] = {}
        self._gold: GoldIds = {}

    def forget(self) -> None:
        """Have everything read anew at the next decision."""
        with self._lock:
            self._is_stale = True

    def decide(
        self, cursor: duckdb.DuckDBPyConnection, rater_id: str, now: datetime
    ) -> Choice | None:
        """What this rater gets next; the caller stores a new one, then calls `give`."""
        with self._lock:
            self._read_if_stale(cursor)
            self._take_back_expired(now)
            rater = self._rater(rater_id)
            fresh = self._fresh(rater_id, rater)
            open_sheet = self._open_sheet(rater, or_early=fresh is None)
            if open_sheet is not None:
                self._sit_down(open_sheet)
                open_sheet.seen_at = now
                return _as_choice(open_sheet)
            return fresh

    def give(self, choice: Choice, token: str, rater_id: str, now: datetime) -> None:
        """Take note that a new choice is stored under a token."""
        with self._lock:
            self._add(
                GivenRow(
                    token,
                    rater_id,
                    choice.form,
                    choice.purpose,
                    choice.subject_id,
                    choice.first_is_left,
                    choice.position,
                    now,
                    0,
                    False,
                    False,
                )
            )

    def note_rated(self, cursor: duckdb.DuckDBPyConnection, token: str, now: datetime) -> bool:
        """Fill a seat for good, at the first rating of an assignment.

        Returns:
            Whether the seat had gone to others before, so that the rating is surplus.
        """
        with self._lock:
            self._read_if_stale(cursor)
            self._take_back_expired(now)
            given = self._open.pop(token)
            rater = self._rater(given.rater_id)
            rater.open.pop(token)
            is_surplus = not self._sit_down(given)
            self._count_rated(rater, given)
            return is_surplus

    def note_skipped(
        self, cursor: duckdb.DuckDBPyConnection, token: str, number: int, now: datetime
    ) -> None:
        """Take note of a rater's first or second skip of a sheet; the second frees its seat."""
        with self._lock:
            self._read_if_stale(cursor)
            given = self._open[token]
            given.seen_at = now
            if number >= SKIPS > given.skips:
                self._stand_up(given)
                self._rater(given.rater_id).n_study -= given.purpose == "study"
            given.skips = number

    def renew(self, token: str, now: datetime) -> None:
        """A sign of life: the lease begins anew, if the seat is still there."""
        with self._lock:
            given = self._open.get(token)
            if given is not None:
                given.seen_at = now

    def progress(
        self, cursor: duckdb.DuckDBPyConnection, rater_id: str, now: datetime
    ) -> RaterProgress:
        """How far a rater has come, of what is or may become theirs.

        Checks and repeats to come are counted from the start, so that the total does not move
        when one comes and the counter cannot betray it.
        """
        with self._lock:
            if not self._boards:  # else only a job may read anew: others know not what it did
                self._read_if_stale(cursor)
            self._take_back_expired(now)
            rater = self._rater(rater_id)
            waiting = [given for given in rater.open.values() if self._is_shown(given)]
            return RaterProgress(
                rater.n_done, rater.n_done + len(waiting) + self._n_to_come(rater, waiting)
            )

    def _read_if_stale(self, cursor: duckdb.DuckDBPyConnection) -> None:
        if not self._is_stale:
            return
        x_is_first = self._read_orientations(cursor)
        plan = self.plan
        limits = {"reply": plan.reply_limit, "rewrite": plan.rewrite_limit}
        self._boards = {
            form: SeatBoard(
                form,
                read_subjects(cursor, form, limits.get(form), plan.seed, x_is_first),
                plan.seats,
                plan.seed,
            )
            for form in plan.forms
        }
        signs = {token: given.seen_at for token, given in self._open.items()}
        self._gold = read_gold_ids(cursor)
        self._raters, self._open = {}, {}
        for row in read_given(cursor, signs):
            self._add(row)
        self._is_stale = False

    def _rater(self, rater_id: str) -> RaterSheets:
        if rater_id not in self._raters:
            self._raters[rater_id] = RaterSheets(
                {
                    form: np.zeros(board.n_groups, dtype=np.bool_)
                    for form, board in self._boards.items()
                }
            )
        return self._raters[rater_id]

    def _add(self, row: GivenRow) -> None:
        """Take an assignment in, as the tables have it; in the order in which they were given."""
        rater = self._rater(row.rater_id)
        given = GivenSheet(
            row.token,
            row.rater_id,
            row.form,
            row.purpose,
            row.subject_id,
            row.first_is_left,
            row.position,
            row.seen_at,
            row.skips,
        )
        rater.position = max(rater.position, row.position + 1)
        if row.purpose == "study":
            self._add_study(rater, given)
        elif row.purpose == "repeat":
            rater.repeated.add(row.subject_id)
        else:
            rater.checks.append(row.subject_id)
        if row.is_rated:
            if not row.is_surplus:
                self._sit_down(given)
            self._count_rated(rater, given)
            return
        rater.open[row.token] = self._open[row.token] = given
        if row.skips < SKIPS:
            self._sit_down(given)

    def _add_study(self, rater: RaterSheets, given: GivenSheet) -> None:
        board = self._boards.get(given.form)
        index = board.index.get(given.subject_id) if board is not None else None
        rater.n_study += given.skips < SKIPS
        if board is None or index is None:  # held back since, or its form is asked no more
            return
        rater.seen[given.form][board.group[index]] = True
        x_is_left = None
        if given.first_is_left is not None:
            x_is_left = bool(board.x_is_first[index]) == given.first_is_left
            rater.sides[given.position] = x_is_left
        given.seat = Seat(index, x_is_left)

    def _count_rated(self, rater: RaterSheets, given: GivenSheet) -> None:
        rater.n_done += 1
        if given.purpose == "study" and given.first_is_left is not None:
            rater.rated_pairs[given.subject_id] = (given.position, given.first_is_left)

    def _sit_down(self, given: GivenSheet) -> bool:
        """Have the seat of an assignment, if it needs one; False when others have it."""
        if given.purpose != "study" or given.holds_seat:
            return True
        board = self._boards.get(given.form)
        if given.seat is None or board is None or not board.is_free(given.seat.index):
            return False
        board.take(given.seat)
        given.holds_seat = True
        return True

    def _stand_up(self, given: GivenSheet) -> None:
        if given.holds_seat and given.seat is not None:
            self._boards[given.form].give_back(given.seat)
            given.holds_seat = False

    def _take_back_expired(self, now: datetime) -> None:
        for given in self._open.values():
            if given.holds_seat and now - given.seen_at > self.plan.lease:
                self._stand_up(given)

    def _is_shown(self, given: GivenSheet) -> bool:
        """Whether an open sheet can still come to its rater."""
        if given.skips >= SKIPS:
            return False
        if given.purpose != "study" or given.holds_seat:
            return True
        board = self._boards.get(given.form)
        return given.seat is not None and board is not None and board.is_free(given.seat.index)

    def _open_sheet(self, rater: RaterSheets, *, or_early: bool) -> GivenSheet | None:
        """The open sheet that is due; one that was skipped is due later, or when all is done."""
        shown = sorted(
            (given for given in rater.open.values() if self._is_shown(given)),
            key=lambda given: given.position,
        )
        due = [
            given
            for given in shown
            if given.skips == 0 or rater.position >= given.position + _BACK_AFTER
        ]
        return next(iter(due or (shown if or_early else ())), None)

    def _fresh(self, rater_id: str, rater: RaterSheets) -> Choice | None:
        cap = self.plan.pairs_per_rater
        if cap is not None and rater.n_study >= cap:
            return None
        for form, board in self._boards.items():
            sides = [x_is_left for _, x_is_left in sorted(rater.sides.items())]
            seat = board.choose(rater_id, rater.seen[form], sides)
            if seat is None:
                continue
            if form == "pair":
                instead = self._turn(rater_id, rater)
                if instead is not None:
                    return instead
            first_is_left = (
                None
                if seat.x_is_left is None
                else seat.x_is_left == bool(board.x_is_first[seat.index])
            )
            return Choice(None, form, "study", board.ids[seat.index], first_is_left, rater.position)
        return None

    def _turn(self, rater_id: str, rater: RaterSheets) -> Choice | None:
        """A check or a repeat that is due in place of a new pair."""
        return next_check(self.plan, self._gold, rater_id, rater) or next_repeat(
            self.plan, self._boards["pair"].index, rater_id, rater
        )

    def _n_to_come(self, rater: RaterSheets, waiting: "list[GivenSheet]") -> int:
        """Sheets that this rater could still be given, beside those that are open."""
        plan = self.plan
        left = math.inf if plan.pairs_per_rater is None else plan.pairs_per_rater - rater.n_study
        n_new, n_pairs = 0, 0
        for form, board in self._boards.items():
            n_form = int(min(board.n_open_groups(rater.seen[form]), max(left - n_new, 0)))
            n_new += n_form
            n_pairs += n_form if form == "pair" else 0
        in_hand = sum(given.form == "pair" and given.purpose == "study" for given in waiting)
        return n_new + count_turns(plan, self._gold, rater, n_pairs, in_hand)


def _as_choice(given: GivenSheet) -> Choice:
    return Choice(
        given.token,
        given.form,
        given.purpose,
        given.subject_id,
        given.first_is_left,
        given.position,
    )
