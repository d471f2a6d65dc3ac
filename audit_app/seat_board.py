"""A seat board: the free seats of everything that is rated by one form, and who gets which.

Arrays over subjects (pairs, replies, rewrites or sentences), so that a choice among ten thousand
takes a fraction of a millisecond. A side X stands for one of the two replies of every pair alike;
which one that is, nobody here knows. What is held back stays on the board with the seats that
were taken, and is offered to nobody. Kept true by `given_sheets.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from study.records import Form, stable_id

BLOCK = 4
"""Of so many pairs in a row each rater sees side X left in half."""
WINDOW = 8
"""So far a rater's own order bends to subjects that others have begun."""


@dataclass(frozen=True)
class Subject:
    """Something to be rated."""

    subject_id: str
    group: str
    """A rater gets one subject of a group at most, such as one pair of a prompt."""
    is_offered: bool
    """False for what is held back, or was not drawn."""
    x_is_first: bool | None
    """Of a pair: whether side X is the reply that it calls first; None where there are no sides."""


@dataclass(frozen=True)
class Seat:
    """A place on a board, with the side on which X stands there."""

    index: int
    x_is_left: bool | None


class SeatBoard:
    """The seats of one form; not safe for several threads by itself."""

    def __init__(self, form: Form, subjects: Sequence[Subject], seats: int, seed: int) -> None:
        """Lay out a board with every seat free."""
        self.has_sides = form == "pair"
        self.ids = [subject.subject_id for subject in subjects]
        self.index = {subject_id: index for index, subject_id in enumerate(self.ids)}
        groups = {group: n for n, group in enumerate(dict.fromkeys(s.group for s in subjects))}
        self.group = np.array([groups[s.group] for s in subjects], dtype=np.intp)
        self.n_groups = len(groups)
        self.x_is_first = np.array([bool(s.x_is_first) for s in subjects], dtype=np.bool_)
        self.offered = np.array([s.is_offered for s in subjects], dtype=np.bool_)
        self.taken = np.zeros(len(subjects), dtype=np.int64)
        self.x_left = np.zeros(len(subjects), dtype=np.int64)
        self._seats = seats
        # of an odd number of seats one side gets one more
        self._most_per_side = -(-seats // 2)
        self._seed = seed
        self._keys = np.array([_key(seed, form, s.subject_id) for s in subjects], dtype=np.uint64)

    def take(self, seat: Seat) -> None:
        """Fill a seat."""
        self._change(seat, 1)

    def give_back(self, seat: Seat) -> None:
        """Free a seat."""
        self._change(seat, -1)

    def is_free(self, seat: Seat) -> bool:
        """Whether a subject has a seat left, on the side asked for where there are sides."""
        taken, x_left = self.taken[seat.index], self.x_left[seat.index]
        if seat.x_is_left is None:
            return bool(taken < self._seats)
        on_side = x_left if seat.x_is_left else taken - x_left
        return bool(taken < self._seats and on_side < self._most_per_side)

    def is_offered(self, subject_id: str) -> bool:
        """Whether raters may see a subject."""
        index = self.index.get(subject_id)
        return index is not None and bool(self.offered[index])

    def n_open_groups(self, seen: NDArray[np.bool_]) -> int:
        """How many subjects a rater could still be given, one of each group.

        Args:
            seen: shape (n_groups,); the groups of which this rater has had one.
        """
        is_open = np.zeros(self.n_groups, dtype=np.bool_)
        is_open[self.group[self._free_to(seen)]] = True
        return int(is_open.sum())

    def choose(self, rater_id: str, seen: NDArray[np.bool_], block: Sequence[bool]) -> Seat | None:
        """The seat that a rater gets next; None when none is free for this rater.

        Subjects come in the rater's own random order, but of the next `WINDOW` in it that with
        most seats taken comes first: so they fill up and agreement can be told early, while no
        place in the order means certain subjects.

        Args:
            seen: shape (n_groups,); the groups of which this rater has had one.
            block: of the pairs in this rater's unfinished block, whether X stood left.
        """
        free = self._free_to(seen)
        if not free.any():
            return None
        if not self.has_sides:
            return Seat(self._first_of(free, rater_id), None)
        left, right = self._open_sides(block)
        both_fit = free & (left | right)
        if both_fit.any():
            free = both_fit
        else:  # the balance of a pair goes before that of a rater's block
            left, right = self._sides_of_pairs()
        index = self._first_of(free, rater_id)
        return Seat(index, self._side(index, bool(left[index]), bool(right[index]), rater_id))

    def _change(self, seat: Seat, by: int) -> None:
        self.taken[seat.index] += by
        if seat.x_is_left:
            self.x_left[seat.index] += by

    def _free_to(self, seen: NDArray[np.bool_]) -> NDArray[np.bool_]:
        free: NDArray[np.bool_] = self.offered & (self.taken < self._seats) & ~seen[self.group]
        return free

    def _sides_of_pairs(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Of each pair: may X stand left, may it stand right, for the pair's own balance."""
        return (
            self.x_left < self._most_per_side,
            self.taken - self.x_left < self._most_per_side,
        )

    def _open_sides(self, block: Sequence[bool]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """The same, for the balance of the rater's block too."""
        left, right = self._sides_of_pairs()
        n_left = sum(block)
        return left & (n_left < BLOCK // 2), right & (len(block) - n_left < BLOCK // 2)

    def _side(self, index: int, left: bool, right: bool, rater_id: str) -> bool:
        if left != right:
            return left
        return int(stable_id(self._seed, "side", rater_id, self.ids[index]), 16) % 2 == 0

    def _first_of(self, free: NDArray[np.bool_], rater_id: str) -> int:
        candidates = np.flatnonzero(free)
        order = _mix(self._keys[candidates] ^ np.uint64(_key(self._seed, "rater", rater_id)))
        if len(candidates) > WINDOW:
            nearest = np.argpartition(order, WINDOW)[:WINDOW]
            candidates, order = candidates[nearest], order[nearest]
        candidates = candidates[np.argsort(order)]
        return int(candidates[np.argmax(self.taken[candidates])])


def _key(*parts: object) -> int:
    return int(stable_id(*parts), 16)


def _mix(keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finalizer of splitmix64 (Steele, Lea and Flood 2014): a bijection that scatters."""
    mixed = (keys ^ (keys >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
