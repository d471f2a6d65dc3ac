"""Study plans: how large a study has to be, and what one as it is set can show.

One comparison of an arm with the original is planned; every further arm brings pairs of its own,
and shares the raters. Errors and power are computed in `evaluation/statistics/planning.py` and
the two modules beside it, tables are made in `plan_reports.py`.
"""

from dataclasses import dataclass, replace

from evaluation.items.sets import draw_items, read_items
from evaluation.statistics.planned_ratings import (
    PlannedRatings,
    RatingSizes,
    detectable_preference,
    items_for_preference,
    preference_power,
    size_of_ratings,
)
from evaluation.statistics.planned_replies import (
    PlannedReplies,
    detectable_gap,
    gap_power,
    items_for_gap,
)
from evaluation.statistics.planning import Aim
from study.errors import BadInput
from study.settings import IMPORTED, Settings


@dataclass(frozen=True)
class Assumptions:
    """What is taken to be so before anything is known."""

    gap_pp: float
    """Warm − original in error rate, in percentage points."""
    preference: float
    """Share of ratings that call the warm reply warmer, equal counting half."""
    aim: Aim
    ratings: PlannedRatings
    replies: PlannedReplies


@dataclass(frozen=True)
class Need:
    """What it takes to find both effects."""

    items_for_gap: int
    for_preference: RatingSizes
    for_both: RatingSizes
    """With the larger of both numbers of items."""


@dataclass(frozen=True)
class Reach:
    """What a study as it is set can show, in one comparison."""

    n_items: int
    """Questions, of which errors are counted."""
    sizes: RatingSizes
    """Of what people rate."""
    ratings: PlannedRatings
    """How they rate it."""
    gap_pp: float | None
    """The smallest gap that is found with the power aimed at; None where none is."""
    preference: float | None
    """The smallest share above one half; None where none is."""
    gap_power: float | None
    """Power for the gap that is assumed; None where the study has no interval of it."""
    preference_power: float | None
    """Power for the preference that is assumed; None where the study has no interval of it."""


def compute_need(assumed: Assumptions) -> Need:
    """Items, pairs, raters and ratings that find the gap and the preference.

    Raises:
        BadInput: an assumption cannot be, or is no effect.
        TooFewUnits: raters are given, and too few for any number of items.
    """
    for_gap = items_for_gap(assumed.gap_pp, assumed.replies, assumed.aim)
    for_preference = items_for_preference(assumed.preference, assumed.ratings, assumed.aim)
    n_items = max(for_gap, for_preference.n_items)
    return Need(for_gap, for_preference, size_of_ratings(n_items, assumed.ratings))


def compute_reach(
    n_items: int, assumed: Assumptions, rated: tuple[int, PlannedRatings] | None = None
) -> Reach:
    """What so many items can show.

    Args:
        rated: other items than these whose pairs people rate, and how; None for the same.
    Raises:
        BadInput: an assumption cannot be.
    """
    n_rated, ratings = rated or (n_items, assumed.ratings)
    replies, aim = assumed.replies, assumed.aim
    sizes = size_of_ratings(n_rated, ratings)
    gap = detectable_gap(n_items, replies, aim)
    preference = detectable_preference(sizes, ratings, aim)
    can_cluster = min(sizes.n_items, sizes.n_raters) > 1
    return Reach(
        n_items=n_items,
        sizes=sizes,
        ratings=ratings,
        gap_pp=gap,
        preference=preference,
        gap_power=gap_power(assumed.gap_pp, n_items, replies, aim.level) if n_items > 1 else None,
        preference_power=(
            preference_power(assumed.preference, sizes, ratings, aim.level) if can_cluster else None
        ),
    )


def count_items(settings: Settings) -> int:
    """Items that a study asks.

    Raises:
        BadItems: its items file cannot be used.
        BadInput: the study was imported.
    """
    asked = settings.evaluation
    if asked.items == IMPORTED:
        raise BadInput(
            f"expected a study that asks questions, {settings.name} was imported with its replies; "
            "plan without it, with --conditions and the like"
        )
    items = read_items(asked.items, settings.seed, keep_suspicious=asked.keep_suspicious).items
    return len(draw_items(items, asked.item_limit, settings.seed))


def assume_settings(assumed: Assumptions, settings: Settings) -> Assumptions:
    """The assumptions with the conditions, raters per pair and pairs per rater of a study."""
    evaluation, rating = settings.evaluation, settings.rating
    n_conditions = len(evaluation.contexts) * len(evaluation.beliefs)
    pairs_per_rater = rating.pairs_per_rater or assumed.ratings.pairs_per_rater
    # a rater's pairs are shared out among the comparisons
    n_compared = len(settings.arms) - 1
    return replace(
        assumed,
        ratings=replace(
            assumed.ratings,
            pairs_per_item=n_conditions,
            raters_per_pair=rating.raters_per_pair,
            pairs_per_rater=max(1, pairs_per_rater // n_compared),
        ),
        replies=replace(assumed.replies, prompts_per_item=n_conditions),
    )
