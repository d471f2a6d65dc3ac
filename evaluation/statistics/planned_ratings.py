"""Planned ratings: what a number of pairs and raters can show of a preference share.

Works on numbers set down before there is a study. Ratings of one item have something in common,
and so have ratings by one rater; the share itself is computed in `preferences.py`, the search
for sizes is in `planning.py`.
"""

import math
from dataclasses import dataclass

from evaluation.statistics.planning import (
    MOST_ITEMS,
    NEARLY_NONE,
    Aim,
    check_aim,
    check_range,
    fewest,
    power_of,
    smallest,
)
from study.errors import BadInput, TooFewUnits


@dataclass(frozen=True)
class PlannedRatings:
    """How ratings of pairs are shared out, and how much they have in common."""

    pairs_per_item: int
    """Conditions under which both arms are compared."""
    raters_per_pair: int
    pairs_per_rater: int
    """Raters come until all is rated; the last ones may have fewer."""
    item_correlation: float
    """Of two ratings of one item by different raters."""
    rater_correlation: float
    """Of two ratings by one rater of different items."""
    tie_share: float = 0.0
    """Ratings that call both equal, and count half."""
    n_raters: int | None = None
    """There are so many, who share all pairs; None for as many as `pairs_per_rater` takes."""


@dataclass(frozen=True)
class RatingSizes:
    """The numbers of one comparison of an arm with the original."""

    n_items: int
    n_pairs: int
    n_raters: int
    n_ratings: int


def size_of_ratings(n_items: int, plan: PlannedRatings) -> RatingSizes:
    """Pairs, raters and ratings that come with a number of items.

    Raises:
        BadInput: a number of the plan is out of its range, or no item is named.
    """
    _check_ratings(plan)
    check_range("items", n_items, 1, MOST_ITEMS)
    n_pairs = n_items * plan.pairs_per_item
    n_ratings = n_pairs * plan.raters_per_pair
    n_raters = plan.n_raters
    if n_raters is None:
        n_raters = max(plan.raters_per_pair, math.ceil(n_ratings / plan.pairs_per_rater))
    return RatingSizes(n_items, n_pairs, n_raters, n_ratings)


def preference_error(share: float, size: RatingSizes, plan: PlannedRatings) -> float:
    """Standard error of a share of ratings that share items and raters.

    σ²/N × (1 + (N/I − 1) ρ_item + (N/R − 1) ρ_rater), where σ² = p(1 − p) − ties/4: each other
    rating of the item adds ρ_item, each other one of the rater ρ_rater, and one that is both adds
    both.

    Args:
        share: p, a tie counting half.
    Returns:
        In the unit of the share.
    Raises:
        BadInput: more ties than such a share allows.
    Source: Kish 1965, Survey Sampling, section 5.4, for one way; the sum of two is the variance
        that Cameron, Gelbach and Miller 2011 estimate, doi 10.1198/jbes.2010.07136.
    """
    check_range("share", share, 0, 1)
    most_ties = 2 * min(share, 1 - share)
    if plan.tie_share > most_ties + NEARLY_NONE:
        raise BadInput(
            f"ties: expected at most {most_ties:.3g} of the ratings, since each counts half in a "
            f"share of {share:g}, got {plan.tie_share:g}; lower one of the two"
        )
    variance = share * (1 - share) - plan.tie_share / 4
    of_item = (size.n_ratings / size.n_items - 1) * plan.item_correlation
    of_rater = (size.n_ratings / size.n_raters - 1) * plan.rater_correlation
    return math.sqrt(variance / size.n_ratings * (1 + of_item + of_rater))


def preference_power(
    share: float, size: RatingSizes, plan: PlannedRatings, level: float = 0.95
) -> float:
    """Chance that the interval of a preference share excludes one half.

    Args:
        share: the true one, a tie counting half.
        level: of the interval.
    Returns:
        In [0, 1], by the noncentral t distribution with min(items, raters) − 1 degrees.
    Raises:
        TooFewUnits: fewer than two items or two raters, where there is no interval.
    Source: `preference_error`; Johnson, Kotz and Balakrishnan 1995, chapter 31, for the t.
    """
    n_units = min(size.n_items, size.n_raters)
    if n_units < 2:
        raise TooFewUnits(
            f"expected at least two items and two raters for an interval, got {size.n_items} and "
            f"{size.n_raters}; plan for more"
        )
    return power_of(share - 0.5, preference_error(share, size, plan), n_units - 1, level)


def items_for_preference(share: float, plan: PlannedRatings, aim: Aim) -> RatingSizes:
    """The fewest items, with their pairs and raters, that show a preference share.

    Args:
        share: the true one; as far below one half as above is the same.
    Raises:
        BadInput: the share is one half, or a number is out of its range.
        TooFewUnits: no number of items is enough, since raters are given and too few.
    """
    check_aim(aim)
    if share == 0.5:
        raise BadInput("preference: expected a share other than 0.5, which is no effect to find")

    def power(n_items: int) -> float:
        size = size_of_ratings(n_items, plan)
        return 0.0 if size.n_raters < 2 else preference_power(share, size, plan, aim.level)

    n_items = fewest(power, aim.power)
    if n_items is None:
        raise TooFewUnits(
            f"expected raters enough to show a share of {share:g} with power {aim.power:g}, got "
            f"{plan.n_raters}, with whom {MOST_ITEMS:,} items reach a power of {power(MOST_ITEMS):.2f}; plan "
            "for more raters"
        )
    return size_of_ratings(n_items, plan)


def detectable_preference(size: RatingSizes, plan: PlannedRatings, aim: Aim) -> float | None:
    """The smallest share above one half that is found with the power aimed at.

    Returns:
        None where no share is: fewer than two items or raters, or too few to find any.
    """
    check_aim(aim)
    if min(size.n_items, size.n_raters) < 2:
        return None
    highest = 1 - max(NEARLY_NONE, plan.tie_share / 2)
    return smallest(
        lambda share: preference_power(share, size, plan, aim.level), 0.5, highest, aim.power
    )


def _check_ratings(plan: PlannedRatings) -> None:
    for name in ("pairs_per_item", "raters_per_pair", "pairs_per_rater"):
        check_range(name, getattr(plan, name), 1, MOST_ITEMS)
    for name in ("item_correlation", "rater_correlation", "tie_share"):
        check_range(name, getattr(plan, name), 0, 1)
    if plan.n_raters is not None and plan.n_raters < plan.raters_per_pair:
        raise BadInput(
            f"raters: expected at least {plan.raters_per_pair}, as many as rate each pair, got "
            f"{plan.n_raters}; plan for more, or for fewer raters per pair"
        )
