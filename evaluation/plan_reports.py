"""Plans for the terminal and for other programs. Nothing is computed here.

Keys of the JSON are stable: people build on them.
"""

from dataclasses import asdict
from typing import Any

from evaluation.formats import Table, count_of, make_table, signed
from evaluation.statistics.planned_ratings import RatingSizes
from evaluation.study_plans import Assumptions, Need, Reach

PLAN_FORMAT = "warmth-audit plan 1"


def plan_as_json(assumed: Assumptions, need: Need, reach: Reach | None) -> dict[str, Any]:
    """A plan for other programs, at full precision; all numbers are of one comparison.

    Keys: `format`; `gap_pp`, `preference`, `power`, `level`: what is to be found, and how surely;
    `needed`: {`items_for_gap`, `items_for_preference`, `items` (the larger), `prompts`, `pairs`,
    `raters`, `ratings` for both}; `study`: null, or of the study as set {`items`, `prompts`,
    `pairs`, `raters`, `ratings`, `detectable_gap_pp`, `detectable_preference` (null where none
    can be detected), `gap_power`, `preference_power` (for the effects above; null without an
    interval)}; `assumptions`: {`ratings`: {`pairs_per_item`, `raters_per_pair`,
    `pairs_per_rater`, `item_correlation`, `rater_correlation`, `tie_share`, `n_raters`},
    `replies`: {`prompts_per_item`, `error_rate`, `arm_correlation`, `item_correlation`,
    `scored_share`}}.
    """
    study = None
    if reach is not None:
        study = {
            **_sizes_as_json(reach.sizes, assumed),
            "detectable_gap_pp": reach.gap_pp,
            "detectable_preference": reach.preference,
            "gap_power": reach.gap_power,
            "preference_power": reach.preference_power,
        }
    return {
        "format": PLAN_FORMAT,
        "gap_pp": assumed.gap_pp,
        "preference": assumed.preference,
        "power": assumed.aim.power,
        "level": assumed.aim.level,
        "needed": {
            "items_for_gap": need.items_for_gap,
            "items_for_preference": need.for_preference.n_items,
            **_sizes_as_json(need.for_both, assumed),
        },
        "study": study,
        "assumptions": {"ratings": asdict(assumed.ratings), "replies": asdict(assumed.replies)},
    }


def _sizes_as_json(sizes: RatingSizes, assumed: Assumptions) -> dict[str, int]:
    return {
        "items": sizes.n_items,
        "prompts": sizes.n_items * assumed.replies.prompts_per_item,
        "pairs": sizes.n_pairs,
        "raters": sizes.n_raters,
        "ratings": sizes.n_ratings,
    }


def plan_as_tables(assumed: Assumptions, need: Need, reach: Reach | None) -> list[Table]:
    """The same for people."""
    gap = f"a gap of {signed(assumed.gap_pp)} pp in error rate"
    preference = f"a preference of {100 * assumed.preference:.1f} %"
    of_both = need.for_both
    columns = {
        "To find": [gap, preference, "both"],
        "Items": [str(need.items_for_gap), str(need.for_preference.n_items), str(of_both.n_items)],
        "Pairs": ["", str(need.for_preference.n_pairs), str(of_both.n_pairs)],
        "Raters": ["", str(need.for_preference.n_raters), str(of_both.n_raters)],
        "Ratings": ["", str(need.for_preference.n_ratings), str(of_both.n_ratings)],
    }
    aim = assumed.aim
    title = f"Needed for power {aim.power:g} with {100 * aim.level:g} % intervals"
    needed = make_table(title, columns, _assumptions_in_words(assumed), None)
    return [needed] if reach is None else [_reach_table(assumed, reach), needed]


def _reach_table(assumed: Assumptions, reach: Reach) -> Table:
    columns = {
        "Of": ["error rate", "preference"],
        "Smallest effect found": [
            "none" if reach.gap_pp is None else f"a gap of {signed(reach.gap_pp)} pp",
            "none" if reach.preference is None else f"a share of {100 * reach.preference:.1f} %",
        ],
        "Planned effect": [f"{signed(assumed.gap_pp)} pp", f"{100 * assumed.preference:.1f} %"],
        "Power for it": [_power_in_words(reach.gap_power), _power_in_words(reach.preference_power)],
    }
    sizes = reach.sizes
    note = (
        f"In each comparison {count_of(sizes.n_items, 'item')}, {count_of(sizes.n_pairs, 'pair')}, "
        f"{count_of(sizes.n_ratings, 'rating')} by {count_of(sizes.n_raters, 'rater')}; "
        f"{assumed.ratings.pairs_per_rater} pairs per rater and comparison."
        if assumed.ratings.n_raters is None
        else f"In each comparison {count_of(sizes.n_items, 'item')}, "
        f"{count_of(sizes.n_pairs, 'pair')}, {count_of(sizes.n_ratings, 'rating')} by "
        f"{count_of(sizes.n_raters, 'rater')}."
    )
    title = f"What the study as set finds with power {assumed.aim.power:g}"
    return make_table(title, columns, note, None)


def _power_in_words(power: float | None) -> str:
    return "no interval" if power is None else f"{power:.2f}"


def _assumptions_in_words(assumed: Assumptions) -> str:
    ratings, replies = assumed.ratings, assumed.replies
    raters = (
        f"{ratings.pairs_per_rater} pairs per rater"
        if ratings.n_raters is None
        else f"{ratings.n_raters} raters"
    )
    return (
        f"One comparison with the original; {count_of(replies.prompts_per_item, 'condition')} per "
        f"item, {count_of(ratings.raters_per_pair, 'rater')} per pair, {raters}. Assumed: the "
        f"original errs in {100 * replies.error_rate:g} % and {100 * replies.scored_share:g} % of "
        f"replies are scored; correlations: {replies.arm_correlation:g} of both arms' errors on one "
        f"prompt, {replies.item_correlation:g} of gaps on one item, {ratings.item_correlation:g} of "
        f"ratings of one item, {ratings.rater_correlation:g} of ratings by one rater; "
        f"{100 * ratings.tie_share:g} % of ratings say equal. Other values are options."
    )
