"""Seating: who holds which seat, what each rater gets next, and on which side it stands.

A seat is one rater's place at one pair, reply, rewrite or sentence. It is held while the rater's
assignment is rated, or open with a live lease: the last sign of life is at most `plan.lease` ago.
Everything here is in memory and made of the tables, which stay the truth: after `forget`, called
when a transaction was rolled back or when rows came in, it is made anew. Deciding happens inside
the jobs of the group commit, so that no two raters can get the last seat; other threads
only look, and leave signs of life. `assignment.py` stores what is decided here.
"""

import math
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import duckdb

from audit_app.given_sheets import GivenSheets
from audit_app.seat_board import SeatBoard
from audit_app.seat_rows import read_given, read_gold_ids, read_subjects
from audit_app.turns import (
    Ahead,
    Choice,
    GivenSheet,
    GoldIds,
    RaterSheets,
    RatingPlan,
    count_turns,
    next_check,
    next_repeat,
)

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
        self._lock = threading.Lock()
        self._is_stale = True
        self._sheets = GivenSheets(plan, {})
        self._gold: GoldIds = {}
        self._signs_lock = threading.Lock()
        self._signs: dict[str, datetime] = {}

    def forget(self) -> None:
        """Have everything read anew at the next decision."""
        with self._lock:
            self._is_stale = True

    def decide(
        self, cursor: duckdb.DuckDBPyConnection, rater_id: str, new_token: str, now: datetime
    ) -> Choice | None:
        """What this rater gets next.

        Args:
            new_token: under which the caller stores the choice if it is a new one.
        """
        with self._lock:
            sheets = self._read_if_stale(cursor, now)
            rater = sheets.rater(rater_id)
            waiting = sheets.waiting(rater)
            due = _due(waiting, rater.position)
            fresh = self._fresh(sheets, rater_id, rater) if due is None else None
            if fresh is not None:
                sheets.give(fresh, new_token, rater_id, now)
                return fresh
            # one that was skipped comes early when there is nothing else
            open_sheet = due or next(iter(waiting), None)
            if open_sheet is None:
                return None
            sheets.renew(open_sheet.token, now)
            return _as_choice(open_sheet)

    def prepare(
        self, cursor: duckdb.DuckDBPyConnection, token: str, new_token: str, now: datetime
    ) -> tuple[str, Choice] | None:
        """What comes after a sheet that its rater works on, decided ahead of their submit.

        Returns:
            The rater and a new choice, given as `decide` gives one; None when the sheet is rated,
            another stands ready, or there is nothing new.
        """
        with self._lock:
            sheets = self._read_if_stale(cursor, now)
            in_hand = sheets.open_sheet(token)
            if in_hand is None:
                return None
            rater = sheets.rater(in_hand.rater_id)
            if any(_is_due(g, rater.position) for g in sheets.waiting(rater) if g is not in_hand):
                return None
            fresh = self._fresh(sheets, in_hand.rater_id, rater, in_hand)
            if fresh is None:
                return None
            sheets.give(fresh, new_token, in_hand.rater_id, now)
            return in_hand.rater_id, fresh

    def is_rated(self, cursor: duckdb.DuckDBPyConnection, token: str, now: datetime) -> bool:
        """Whether an assignment has a rating."""
        with self._lock:
            return self._read_if_stale(cursor, now).is_rated(token)

    def note_rated(self, cursor: duckdb.DuckDBPyConnection, token: str, now: datetime) -> bool:
        """Fill a seat for good, at the first rating of an assignment.

        Returns:
            Whether the seat had gone to others before, so that the rating is surplus.
        """
        with self._lock:
            return not self._read_if_stale(cursor, now).rate(token)

    def note_skipped(
        self, cursor: duckdb.DuckDBPyConnection, token: str, number: int, now: datetime
    ) -> None:
        """Take note of a rater's first or second skip of a sheet; the second frees its seat."""
        with self._lock:
            self._read_if_stale(cursor, now).skip(token, number, now)

    def renew(self, token: str, now: datetime) -> None:
        """A sign of life: the lease begins anew, unless the seat has gone to others.

        Takes effect at the next look, and never waits for one: the event loop calls this.
        """
        with self._signs_lock:
            self._signs[token] = now

    def progress(
        self, cursor: duckdb.DuckDBPyConnection, rater_id: str, now: datetime
    ) -> RaterProgress:
        """How far a rater has come, of what is or may become theirs.

        Checks and repeats to come are counted from the start, so that the total does not move
        when one comes and the counter cannot betray it.
        """
        with self._lock:
            sheets = self._glance(cursor, now)
            rater = sheets.rater(rater_id)
            waiting = sheets.waiting(rater)
            total = rater.n_done + len(waiting) + self._n_to_come(sheets, rater, waiting)
            return RaterProgress(rater.n_done, total)

    def has_room(self, cursor: duckdb.DuckDBPyConnection, rater_id: str, now: datetime) -> bool:
        """Whether the plan allows a rater study sheets beside those that were given."""
        with self._lock:
            sheets = self._glance(cursor, now)
            return self._n_left(sheets, sheets.rater(rater_id)) > 0

    def is_empty(self, cursor: duckdb.DuckDBPyConnection, now: datetime) -> bool:
        """Whether there is nothing to rate for anybody yet."""
        with self._lock:
            boards = self._glance(cursor, now).boards.values()
            return not any(board.offered.any() for board in boards)

    def may_free(self, cursor: duckdb.DuckDBPyConnection, rater_id: str, now: datetime) -> bool:
        """Whether a seat that somebody else has, but has not filled, could become this rater's."""
        with self._lock:
            return self._glance(cursor, now).may_free(rater_id)

    def _glance(self, cursor: duckdb.DuckDBPyConnection, now: datetime) -> GivenSheets:
        """What memory has, for others than jobs: these alone may read anew, since they know what
        was done."""
        is_first_look = not self._sheets.boards
        return self._read_if_stale(cursor, now) if is_first_look else self._look(now)

    def _read_if_stale(self, cursor: duckdb.DuckDBPyConnection, now: datetime) -> GivenSheets:
        """What is so now; read from the tables where memory may not be right."""
        if self._is_stale:
            x_is_first = self._read_orientations(cursor)
            plan = self.plan
            limits = {"reply": plan.reply_limit, "rewrite": plan.rewrite_limit}
            boards = {
                form: SeatBoard(
                    form,
                    read_subjects(cursor, form, limits.get(form), plan.seed, x_is_first),
                    plan.seats,
                    plan.seed,
                )
                for form in plan.forms
            }
            self._gold = read_gold_ids(cursor, plan.gold_ids)
            sheets = GivenSheets(plan, boards)
            sheets.take_in(read_given(cursor), self._sheets, now)
            self._sheets, self._is_stale = sheets, False
        return self._look(now)

    def _look(self, now: datetime) -> GivenSheets:
        """What memory has: with seats for those who are there, without for those who left."""
        with self._signs_lock:
            signs, self._signs = self._signs, {}
        for token, seen_at in signs.items():
            self._sheets.renew(token, seen_at)
        self._sheets.take_back_expired(now)
        return self._sheets

    def _fresh(
        self,
        sheets: GivenSheets,
        rater_id: str,
        rater: RaterSheets,
        in_hand: GivenSheet | None = None,
    ) -> Choice | None:
        """A sheet that this rater has not had, be it a turn or a new one.

        Args:
            in_hand: one that will be rated when this comes.
        """
        n_rated = len(rater.rated_pairs)
        if in_hand is not None and (in_hand.form, in_hand.purpose) == ("pair", "study"):
            n_rated += 1
        has_room = self._n_left(sheets, rater) > 0
        for form, board in sheets.boards.items():
            block = sheets.block(rater) if board.has_sides else []
            seat = board.choose(rater_id, rater.seen[form], block) if has_room else None
            if form == "pair":
                check = seat and next_check(self.plan, self._gold, rater_id, rater)
                turn = check or next_repeat(self.plan, board.is_offered, rater_id, rater, n_rated)
                if turn is not None:
                    return turn
            if seat is not None:
                first_is_left = (
                    None
                    if seat.x_is_left is None
                    else seat.x_is_left == bool(board.x_is_first[seat.index])
                )
                subject_id = board.ids[seat.index]
                return Choice(None, form, "study", subject_id, first_is_left, rater.position)
        return None

    def _n_left(self, sheets: GivenSheets, rater: RaterSheets) -> float:
        """How many more study sheets the plan allows a rater."""
        cap = self.plan.pairs_per_rater
        return math.inf if cap is None else max(cap - sheets.n_study(rater), 0)

    def _n_to_come(self, sheets: GivenSheets, rater: RaterSheets, waiting: list[GivenSheet]) -> int:
        """Sheets that this rater could still be given, beside those that are open."""
        left = self._n_left(sheets, rater)
        n_new = []
        for form, board in sheets.boards.items():
            n_new.append(int(min(board.n_open_groups(rater.seen[form]), left)))
            left -= n_new[-1]
        pairs = sheets.boards.get("pair")
        if pairs is None:
            return sum(n_new)
        place = self.plan.forms.index("pair")
        open_pairs = (g.position for g in waiting if (g.form, g.purpose) == ("pair", "study"))
        ahead = Ahead(sum(n_new[:place]), n_new[place], sum(n_new[place + 1 :]), tuple(open_pairs))
        return sum(n_new) + count_turns(self.plan, self._gold, pairs.is_offered, rater, ahead)


def _due(waiting: list[GivenSheet], position: int) -> GivenSheet | None:
    """The first open sheet that is due."""
    return next((given for given in waiting if _is_due(given, position)), None)


def _is_due(given: GivenSheet, position: int) -> bool:
    """One that was skipped is due later."""
    return given.skips == 0 or position >= given.back_from


def _as_choice(given: GivenSheet) -> Choice:
    return Choice(
        given.token,
        given.form,
        given.purpose,
        given.subject_id,
        given.first_is_left,
        given.position,
        given.assigned_at,
    )
