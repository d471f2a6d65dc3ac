"""Plans for the terminal and for other programs. Nothing is computed here.

Keys of the JSON are stable: people build on them.
"""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from evaluation.formats import Table, count_of, make_table, signed
from evaluation.statistics.planned_ratings import RatingSizes
from evaluation.study_costs import StageCost, StudyCost, WarmthSizes
from evaluation.study_plans import Assumptions, Need, Reach
from evaluation.study_presets import StudyPreset

PLAN_FORMAT = "warmth-audit plan 1"


def plan_as_json(
    assumed: Assumptions, need: Need, reach: Reach | None, warmth: WarmthSizes | None = None
) -> dict[str, Any]:
    """A plan for other programs, at full precision; all numbers are of one comparison.

    Keys: `format`; `gap_pp`, `preference`, `power`, `level`: what is to be found, and how surely;
    `needed`: {`items_for_gap`, `items_for_preference`, `items` (the larger), `prompts`, `pairs`,
    `raters`, `ratings` for both}; `study`: null, or of the study as set {`items`, `prompts`,
    `pairs`, `raters`, `ratings`, `detectable_gap_pp`, `detectable_preference` (null where none
    can be detected), `gap_power`, `preference_power` (for the effects above; null without an
    interval)}; `warmth`: null, or of messages that are asked for warmth alone, over all comparisons,
    {`n_prompts`, `n_replies`, `n_pairs`, `n_ratings`, `n_raters` (null without a limit of pairs per
    rater)}: no other number counts them; `assumptions`: {`ratings`: {`pairs_per_item`, `raters_per_pair`,
    `pairs_per_rater`, `item_correlation`, `rater_correlation`, `tie_share`, `n_raters`},
    `replies`: {`prompts_per_item`, `error_rate`, `arm_correlation`, `item_correlation`,
    `scored_share`}}.
    """
    study = None
    if reach is not None:
        study = {
            **_sizes_as_json(reach.n_items, reach.sizes, assumed),
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
            **_sizes_as_json(need.for_both.n_items, need.for_both, assumed),
        },
        "study": study,
        "warmth": warmth and asdict(warmth),
        "assumptions": {"ratings": asdict(assumed.ratings), "replies": asdict(assumed.replies)},
    }


def _sizes_as_json(n_items: int, sizes: RatingSizes, assumed: Assumptions) -> dict[str, int]:
    return {
        "items": n_items,
        "prompts": n_items * assumed.replies.prompts_per_item,
        "pairs": sizes.n_pairs,
        "raters": sizes.n_raters,
        "ratings": sizes.n_ratings,
    }


def plan_as_tables(
    assumed: Assumptions, need: Need, reach: Reach | None, warmth: WarmthSizes | None = None
) -> list[Table]:
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
    tables = [needed] if reach is None else [_reach_table(assumed, reach), needed]
    return tables if warmth is None else [*tables, _warmth_table(warmth)]


def _warmth_table(warmth: WarmthSizes) -> Table:
    columns = {
        "Messages": [str(warmth.n_prompts)],
        "Replies": [str(warmth.n_replies)],
        "Pairs": [str(warmth.n_pairs)],
        "Ratings": [str(warmth.n_ratings)],
        "Raters": ["no limit" if warmth.n_raters is None else str(warmth.n_raters)],
    }
    note = (
        "Over all comparisons of one model. They come beside the pairs of questions, and no other "
        "number here counts them. Raters as if each rated pairs of this kind alone, as many as one "
        "may."
    )
    return make_table("Messages that are asked for warmth alone", columns, note, None)


def cost_as_json(preset: StudyPreset, cost: StudyCost) -> dict[str, Any]:
    """What a preset takes, for other programs; it stands under `cost` of a plan.

    Keys: `preset`, `source`; `items`, `conditions`, `prompts` (of one arm of one model),
    `words_per_prompt`, `n_graded` (replies that the study itself graded, or null); `stages`, a list
    of {`stage`, `model`, `calls`, `tokens_in`, `tokens_out`, `gpu_hours` (null where a provider does
    the work), `usd`}; `warmth` (as in a plan, of each model, or null); `total`, the same of all stages; `rates`: every rate that was assumed; and
    `decoding`.
    """
    return {
        "preset": preset.name,
        "source": preset.source,
        "items": cost.n_items,
        "conditions": cost.n_conditions,
        "prompts": cost.n_prompts,
        "words_per_prompt": cost.words_per_prompt,
        "n_graded": preset.n_graded,
        "stages": [asdict(stage) for stage in cost.stages],
        "warmth": cost.warmth and asdict(cost.warmth),
        "total": asdict(cost.total),
        "rates": preset.rates.model_dump(),
        "decoding": preset.decoding.model_dump(),
    }


def cost_as_table(preset: StudyPreset, cost: StudyCost) -> Table:
    """The same for people."""
    stages = [*cost.stages, cost.total]
    columns = {
        "Stage": [stage.stage for stage in stages],
        "Model": [stage.model for stage in stages],
        "Calls": [f"{stage.calls:,}" if stage.calls else "" for stage in stages],
        "Tokens in": [_millions(stage.tokens_in) for stage in stages],
        "Tokens out": [_millions(stage.tokens_out) for stage in stages],
        "GPU hours": list(_hours_in_words(stages)),
        "USD": [f"{stage.usd:,.0f}" for stage in stages],
    }
    title = (
        f"Preset {preset.name}: {cost.n_items:,} items × {cost.n_conditions} conditions = "
        f"{cost.n_prompts:,} prompts, of {len(preset.arms)} arms of {len(preset.models)} models"
    )
    return make_table(title, columns, _cost_note(preset, cost), None)


def _cost_note(preset: StudyPreset, cost: StudyCost) -> str:
    rates, decoding = preset.rates, preset.decoding
    sets = ", ".join(f"{one.items} {one.task}" for one in preset.sets)
    graded = "" if preset.n_graded is None else f"The study graded {preset.n_graded:,} replies. "
    return (
        f"{preset.source}. Items: {sets}. {graded}Temperature {decoding.temperature:g}, every reply "
        f"taken at its limit of {decoding.max_new_tokens} tokens. Assumed: "
        f"{cost.words_per_prompt:.0f} words a prompt, {rates.tokens_per_word:g} tokens a word; GPUs "
        f"with a peak of {rates.gpu_tflops:g} TFLOPS, {100 * rates.generating_share:g} % of it in "
        f"generating and {100 * rates.training_share:g} % in training, at "
        f"{rates.usd_per_gpu_hour:g} USD an hour; providers at {rates.usd_per_million_in:g} USD per "
        f"million tokens in, {rates.usd_per_million_out:g} out, "
        f"{rates.usd_per_million_trained:g} trained. Other values are options. Each reply is judged "
        "once by a strong model; nothing here counts what raters are paid."
    )


def _millions(tokens: float) -> str:
    return f"{tokens / 1e6:,.1f} M" if tokens else ""


def _hours_in_words(stages: Iterable[StageCost]) -> Iterable[str]:
    for stage in stages:
        yield "provider" if stage.gpu_hours is None else f"{stage.gpu_hours:,.1f}"


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
        f"In each comparison {count_of(reach.n_items, 'item')}, {count_of(sizes.n_pairs, 'pair')}"
    )
    if sizes.n_items != reach.n_items:
        note += " of messages that are asked for warmth alone, and none of the items"
    note += f", {count_of(sizes.n_ratings, 'rating')} by {count_of(sizes.n_raters, 'rater')}"
    if reach.ratings.n_raters is None:
        note += f"; {reach.ratings.pairs_per_rater} pairs per rater and comparison"
    note += "."
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
