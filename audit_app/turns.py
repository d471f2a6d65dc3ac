"""Turns: whether a rater's next sheet is something new, a repeat, or a check, and how many will be.

A repeat is a pair that the rater has rated, with its sides swapped; a check is a gold or an
attention pair. Both stand among the others as if they were new, and hold no seat. What is known
of one rater is kept here; the seats of all are in `given_sheets.py`.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from audit_app.seat_board import Seat
from study.records import Form, Purpose, stable_id

_REPEAT_AFTER = 8
"""A pair comes again when so many sheets lie between."""

GoldIds = Mapping[Purpose, tuple[str, ...]]
"""Ids of the gold and attention pairs, by purpose."""


@dataclass(frozen=True)
class RatingPlan:
    """What decides who gets what; part of the study's settings, without what names an arm."""

    seed: int
    forms: tuple[Form, ...]
    seats: int
    """Of every pair, reply, rewrite and sentence."""
    pairs_per_rater: int | None
    reply_limit: int | None
    rewrite_limit: int | None
    repeat_share: float
    check_every: int
    lease: timedelta
    gold_ids: frozenset[str] | None = None
    """Gold and attention pairs that may be given; None allows all that are stored."""


@dataclass(frozen=True)
class Choice:
    """What a rater gets next: a sheet given before, or a new one."""

    token: str | None
    """Of the sheet given before; None for a new one."""
    form: Form
    purpose: Purpose
    subject_id: str
    first_is_left: bool | None
    position: int
    assigned_at: datetime | None = None
    """None for a new one."""


@dataclass
class GivenSheet:
    """One assignment, with what it takes to know whether it holds a seat."""

    token: str
    rater_id: str
    form: Form
    purpose: Purpose
    subject_id: str
    first_is_left: bool | None
    position: int
    assigned_at: datetime
    seen_at: datetime
    skips: int = 0
    back_from: int = 0
    """The position from which it comes back, once its rater has skipped it."""
    seat: Seat | None = None
    """None for what needs none: repeats, checks, and what is rated no more."""
    holds_seat: bool = False


@dataclass
class RaterSheets:
    """What one rater was given."""

    seen: dict[Form, NDArray[np.bool_]]
    position: int = 0
    """Of the next new sheet."""
    n_done: int = 0
    n_study_done: int = 0
    """Of those, how many are neither repeats nor checks."""
    sides: dict[int, bool] = field(default_factory=dict)
    """By position of each study pair given, in that order: whether side X stood left."""
    open: dict[str, GivenSheet] = field(default_factory=dict)
    rated_pairs: dict[str, tuple[int, bool]] = field(default_factory=dict)
    """Study pairs rated: position and first_is_left by pair."""
    repeated: set[str] = field(default_factory=set)
    checks: list[str] = field(default_factory=list)
    """Gold and attention pairs that were given."""


def next_check(plan: RatingPlan, gold: GoldIds, rater_id: str, rater: RaterSheets) -> Choice | None:
    """A gold or attention pair, in turn, if one is due at this rater's next position."""
    if plan.check_every == 0 or (rater.position + 1) % plan.check_every:
        return None
    turn: tuple[Purpose, ...] = ("gold", "attention")
    if len(rater.checks) % 2:
        turn = turn[::-1]
    for purpose in turn:
        unseen = [gold_id for gold_id in gold.get(purpose, ()) if gold_id not in rater.checks]
        if unseen:
            drawn = min(unseen, key=lambda gold_id: stable_id(plan.seed, "gold", rater_id, gold_id))
            coin = int(stable_id(plan.seed, "side", rater_id, drawn), 16) % 2 == 0
            return Choice(None, "pair", purpose, drawn, coin, rater.position)
    return None


def next_repeat(
    plan: RatingPlan,
    is_offered: Callable[[str], bool],
    rater_id: str,
    rater: RaterSheets,
    n_rated: int,
) -> Choice | None:
    """A pair that was rated a while ago, the other way round, if one is due.

    Args:
        is_offered: whether a pair may be shown.
        n_rated: study pairs that the rater will have rated when it comes.
    """
    if _n_repeats_due(plan, rater, n_rated) == 0:
        return None
    sources = [
        pair
        for pair, (position, _) in rater.rated_pairs.items()
        if pair not in rater.repeated
        and position <= rater.position - _REPEAT_AFTER
        and is_offered(pair)
    ]
    if not sources:
        return None
    drawn = min(sources, key=lambda pair: stable_id(plan.seed, "repeat", rater_id, pair))
    first_is_left = not rater.rated_pairs[drawn][1]
    return Choice(None, "pair", "repeat", drawn, first_is_left, rater.position)


@dataclass(frozen=True)
class Ahead:
    """New sheets that a rater can still be given."""

    n_before: int
    """Of the forms that come before pairs."""
    n_pairs: int
    n_after: int
    """Of the forms that come after pairs."""
    open_pairs: tuple[int, ...]
    """Positions of study pairs that were given and are not rated."""


def count_turns(
    plan: RatingPlan,
    gold: GoldIds,
    is_offered: Callable[[str], bool],
    rater: RaterSheets,
    ahead: Ahead,
) -> int:
    """Repeats and checks that will come among what a rater can still be given.

    Checks stop with the last new pair; repeats that are due then still come.
    """
    n_rated = len(rater.rated_pairs) + len(ahead.open_pairs) + ahead.n_pairs
    start = rater.position + ahead.n_before
    n_early = n_checks = 0
    unrated = ahead.open_pairs
    if ahead.n_pairs:
        unrated += (start + _n_checks(plan, gold, rater, start, 1),)
        last_pair = start + ahead.n_pairs - 1 + _n_checks(plan, gold, rater, start, ahead.n_pairs)
        if _has_source(is_offered, rater, unrated, last_pair):
            n_early = _n_repeats_due(plan, rater, n_rated - 1)
        n_checks = _n_checks(plan, gold, rater, start, ahead.n_pairs + n_early)
    end = start + ahead.n_pairs + n_early + n_checks + ahead.n_after
    has_source = _has_source(is_offered, rater, unrated, end)
    return n_checks + (_n_repeats_due(plan, rater, n_rated) if has_source else n_early)


def _n_repeats_due(plan: RatingPlan, rater: RaterSheets, n_rated: int) -> int:
    """How many repeats are missing once so many pairs are rated."""
    return max(math.floor(plan.repeat_share * n_rated) - len(rater.repeated), 0)


def _has_source(
    is_offered: Callable[[str], bool],
    rater: RaterSheets,
    unrated: tuple[int, ...],
    position: int,
) -> bool:
    """Whether some pair will be old enough to come again at a position.

    Args:
        unrated: positions of pairs that will be rated by then.
    """
    newest = position - _REPEAT_AFTER
    if any(given <= newest for given in unrated):
        return True
    return any(
        given <= newest and pair not in rater.repeated and is_offered(pair)
        for pair, (given, _) in rater.rated_pairs.items()
    )


def _n_checks(
    plan: RatingPlan, gold: GoldIds, rater: RaterSheets, start: int, n_sheets: int
) -> int:
    """Checks that come before the last of so many other sheets.

    Args:
        start: position of the first of all these.
    """
    if plan.check_every == 0:
        return 0
    n_left = sum(gold_id not in rater.checks for ids in gold.values() for gold_id in ids)
    if plan.check_every == 1:
        return n_left
    # every so manieth sheet from here on is a check, and the others are not
    phase = start % plan.check_every
    return min((phase + n_sheets - 1) // (plan.check_every - 1), n_left)
