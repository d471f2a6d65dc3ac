"""Confounders: what may make a reply look warmer beside its style, its side and its length.

A reply that stands left, or is longer, may be called warmer for that alone. Here the share of an
arm is told as it would be without either. Works on the ratings of one arm; models are fitted in
`choice_models.py`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.statistics.choice_models import (
    ChoiceFit,
    chance_of_ratings,
    coefficient,
    difference_of,
    estimate_log_odds,
    estimate_odds_ratio,
    estimate_points,
    estimate_share,
    fit_choices,
    mean_chance,
)
from evaluation.statistics.columns import Floats, PreferenceTable, select_rows
from evaluation.statistics.intervals import not_estimable
from evaluation.statistics.logit import INTERCEPT, NotFitted
from evaluation.statistics.preferences import UNIT, left_share, win_rate
from study.records import Estimate

SIDE = "the side"
LENGTH = "the length"
# The two sides are a unit apart with the middle at zero, so that the intercept favours neither.
_LEFT, _RIGHT = 0.5, -0.5


@dataclass(frozen=True)
class SideEffect:
    """Whether a reply is called warmer since it stands left."""

    left_share: Estimate
    """Share of ratings that call the left reply warmer: a half when the side does not matter."""
    intercept: Estimate
    """Log-odds of the arm being chosen, midway between both sides."""
    side: Estimate
    """How much higher these log-odds are where the arm's reply stands left than right."""
    odds_ratio: Estimate
    """Of the same."""
    adjusted_share: Estimate
    """Share of the arm if its reply stood on each side half of the time."""


@dataclass(frozen=True)
class LengthEffect:
    """Whether a reply is called warmer since it is longer."""

    longer_share: Estimate
    """Share of ratings that call the longer reply warmer, of those whose replies differ."""
    log_odds_per_doubling: Estimate
    """How much higher the log-odds of the arm are when its reply is twice as long beside the
    original's; side held equal."""
    share_at_equal_length: Estimate
    """Share of the arm if both replies were equally long, and on each side half of the time."""
    explained_pp: Estimate
    """What length alone adds: the fitted share at the lengths that the replies have, less that at
    equal length, in percentage points."""
    n_arm_longer: int
    n_arm_shorter: int
    n_equal: int
    n_without_length: int
    """Ratings of a pair with an empty reply, which has no ratio of lengths: left out."""


@dataclass(frozen=True)
class _Adjusted:
    """What the model with length tells; fields as in `LengthEffect`."""

    log_odds_per_doubling: Estimate
    share_at_equal_length: Estimate
    explained_pp: Estimate


def compute_side_effect(table: PreferenceTable, level: float) -> SideEffect:
    """How the side sways the ratings of one arm."""
    of_left = left_share(table.chose_left, table.item, table.rater, level)
    try:
        fit = fit_choices(table.warmer, {SIDE: _sides(table)}, table.item, table.rater)
    except NotFitted as reason:
        none = not_estimable(str(reason), UNIT, level)
        return SideEffect(of_left, none, none, none, none)
    side = coefficient(fit, SIDE)
    both_sides = _on_both_sides(np.ones((1, 2)), fit.place(SIDE))
    return SideEffect(
        left_share=of_left,
        intercept=estimate_log_odds(fit, coefficient(fit, INTERCEPT), level),
        side=estimate_log_odds(fit, side, level),
        odds_ratio=estimate_odds_ratio(fit, side, level),
        adjusted_share=estimate_share(fit, mean_chance(fit, both_sides), level),
    )


def compute_length_effect(everything: PreferenceTable, level: float) -> LengthEffect:
    """How length sways the ratings of one arm."""
    has_length = (everything.arm_characters > 0) & (everything.original_characters > 0)
    table = select_rows(everything, has_length)
    doublings = np.log2(table.arm_characters / table.original_characters)
    terms = {SIDE: _sides(table), LENGTH: doublings}
    try:
        fit = fit_choices(table.warmer, terms, table.item, table.rater)
        adjusted = _adjust_for_length(fit, level)
    except NotFitted as reason:
        none = not_estimable(str(reason), UNIT, level)
        adjusted = _Adjusted(none, none, none)
    return LengthEffect(
        longer_share=_longer_share(table, doublings, level),
        log_odds_per_doubling=adjusted.log_odds_per_doubling,
        share_at_equal_length=adjusted.share_at_equal_length,
        explained_pp=adjusted.explained_pp,
        n_arm_longer=int((doublings > 0).sum()),
        n_arm_shorter=int((doublings < 0).sum()),
        n_equal=int((doublings == 0).sum()),
        n_without_length=int((~has_length).sum()),
    )


def _adjust_for_length(fit: ChoiceFit, level: float) -> _Adjusted:
    equally_long = _on_both_sides(np.ones((1, len(fit.names))), fit.place(SIDE))
    equally_long[:, fit.place(LENGTH)] = 0.0
    at_equal = mean_chance(fit, equally_long)
    as_found = np.split(_on_both_sides(fit.x, fit.place(SIDE)), 2)
    added = difference_of(chance_of_ratings(fit, as_found), at_equal)
    return _Adjusted(
        log_odds_per_doubling=estimate_log_odds(fit, coefficient(fit, LENGTH), level),
        share_at_equal_length=estimate_share(fit, at_equal, level),
        explained_pp=estimate_points(fit, added, level),
    )


def _longer_share(table: PreferenceTable, doublings: Floats, level: float) -> Estimate:
    differ = doublings != 0
    if len(table) and not differ.any():
        return not_estimable("all replies are equally long", UNIT, level)
    chose_longer = np.where(doublings > 0, table.warmer, 1 - table.warmer)
    return win_rate(chose_longer[differ], table.item[differ], table.rater[differ], level)


def _sides(table: PreferenceTable) -> Floats:
    return np.where(table.arm_is_left, _LEFT, _RIGHT)


def _on_both_sides(x: NDArray[np.float64], side: int) -> Floats:
    """The rows of a design with the arm's reply left, then right."""
    left, right = x.copy(), x.copy()
    left[:, side], right[:, side] = _LEFT, _RIGHT
    return np.concatenate([left, right])
