"""Turns: whether a rater's next sheet is something new, a repeat, or a check, and how many will be.

A repeat is a pair that the rater has rated, with its sides swapped; a check is a gold or an
attention pair. Both stand among the others as if they were new, and hold no seat. What is known
of one rater is kept here; the seats of all are in `seating.py`.
"""

import math
from collections.abc import Container, Mapping
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


@dataclass
class GivenSheet:
    """One assignment, as long as it is not rated."""

    token: str
    rater_id: str
    form: Form
    purpose: Purpose
    subject_id: str
    first_is_left: bool | None
    position: int
    seen_at: datetime
    skips: int = 0
    seat: Seat | None = None
    """None for repeats and checks."""
    holds_seat: bool = False


@dataclass
class RaterSheets:
    """What one rater was given."""

    seen: dict[Form, NDArray[np.bool_]]
    position: int = 0
    n_done: int = 0
    n_study: int = 0
    """Study assignments that are rated, or open and not skipped for good."""
    sides: dict[int, bool] = field(default_factory=dict)
    """By position of each study pair given: whether side X stood left."""
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
    plan: RatingPlan, pairs: Container[str], rater_id: str, rater: RaterSheets
) -> Choice | None:
    """A pair that was rated a while ago, the other way round, if one is due.

    Args:
        pairs: those that may be given.
    """
    if _n_repeats_after(plan, len(rater.rated_pairs)) <= len(rater.repeated):
        return None
    sources = [
        pair
        for pair, (position, _) in rater.rated_pairs.items()
        if pair not in rater.repeated
        and pair in pairs
        and position <= rater.position - _REPEAT_AFTER
    ]
    if not sources:
        return None
    drawn = min(sources, key=lambda pair: stable_id(plan.seed, "repeat", rater_id, pair))
    first_is_left = not rater.rated_pairs[drawn][1]
    return Choice(None, "pair", "repeat", drawn, first_is_left, rater.position)


def count_turns(
    plan: RatingPlan, gold: GoldIds, rater: RaterSheets, n_new: int, n_open: int
) -> int:
    """Repeats and checks that will come among the pairs that a rater can still be given.

    Args:
        n_new: pairs that the rater could still be given; after the last comes neither.
        n_open: pairs that the rater has open.
    """
    if n_new == 0:
        return 0
    n_rated = len(rater.rated_pairs) + n_open + n_new - 1
    n_repeats = max(_n_repeats_after(plan, n_rated) - len(rater.repeated), 0)
    if plan.check_every < 2:
        return n_repeats
    n_left = sum(gold_id not in rater.checks for ids in gold.values() for gold_id in ids)
    # every so manieth sheet from here on is a check, and the others are pairs
    position = rater.position % plan.check_every
    return n_repeats + min((position + n_new + n_repeats - 1) // (plan.check_every - 1), n_left)


def _n_repeats_after(plan: RatingPlan, n_rated: int) -> int:
    return math.floor(plan.repeat_share * n_rated)
