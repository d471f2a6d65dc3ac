"""Warmth validation as tables and JSON: what people heard, and what else could explain it.

Nothing is computed here; every number comes from `statistics/warmth_validation.py`,
`style_guesses.py` and `meter_agreement.py`, its words from `formats.py`, and none is shown without
what it counts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from evaluation.formats import (
    SHARES_HELD,
    Table,
    by_raters,
    count_of,
    format_points,
    format_share,
    format_value,
    intervals_of,
    make_table,
    words_of,
)
from evaluation.statistics.meter_agreement import MeterAgreement
from evaluation.statistics.style_guesses import CHANCE_OF_TWO, StyleGuesses
from evaluation.statistics.warmth_validation import WarmthValidation
from study.records import Estimate

Validations = Sequence[WarmthValidation]

# docs/validity.md has the settings
_MODELS_HELD = (
    " Intervals here held the truth in 92 to 98 % of drawn studies of 12 and 20 raters, those of left "
    "replies in 96 to 99 %."
)


def warmth_as_json(
    validations: Validations, guesses: StyleGuesses, agreements: Mapping[str, MeterAgreement]
) -> dict[str, Any]:
    """Warmth validation for other programs, at full precision.

    Keys: `arms`, a list by compared arm of {`arm`, `share`, `cohens_h`, `slices` [{`factor` (task,
    context or belief), `value`, `share`, `n_raters`, `n_items`}], `raters` [{`share`,
    `n_untied`}, the largest share first], `raters_above_half`, `side` {`left_share`, `intercept`,
    `side`, `odds_ratio`, `adjusted_share`}, `length` {`longer_share`, `log_odds_per_doubling`,
    `share_at_equal_length`, `explained_pp`, `n_arm_longer`, `n_arm_shorter`, `n_equal`,
    `n_without_length`}, `fatigue` {`quarters` [{`quarter` (1 to 4), `left_share`, `warm_share`,
    `median_seconds`, `agreement`}], `n_too_few`}, `n_ties`, `n_raters`, `n_items`, `n_pairs`};
    `style_guesses` {`named_warmer`, `warmer_of_two`, `counts` by answer, `n_silent`};
    `meter_agreement`, by name {`share`, `auc`, `n_ties`, `n_undecided`, `n_without_opinion`,
    `n_without_majority`}.
    `intercept`, `side` and `log_odds_per_doubling` are log-odds, `explained_pp` is in percentage
    points, shares are proportions. An estimate is {`value`, `low`, `high`, `level`, `n`,
    `n_units`, `unit`, `method`, `seed`}, `value` null where `method` says why.
    """
    return {
        "arms": [asdict(validation) for validation in validations],
        "style_guesses": asdict(guesses),
        "meter_agreement": {name: asdict(found) for name, found in agreements.items()},
    }


def warmth_as_tables(
    validations: Validations,
    guesses: StyleGuesses,
    agreements: Mapping[str, MeterAgreement],
    limited: str | None = None,
) -> list[Table]:
    """Warmth validation for people.

    Args:
        validations: one per compared arm.
        agreements: by name, such as `SocioT, warm`; no table where there is none.
        limited: how the study was cut down; None when it was not.
    """
    tables = [
        _share_table(validations, limited),
        _slice_table(validations, limited),
        _rater_table(validations, limited),
        _side_table(validations, limited),
        _length_table(validations, limited),
        _fatigue_table(validations, limited),
        _guess_table(guesses, limited),
    ]
    return tables + ([_meter_table(agreements, limited)] if agreements else [])


def warmth_pairs_as_tables(validations: Validations, limited: str | None = None) -> list[Table]:
    """What people said of pairs of messages that are asked for warmth alone; none without pairs."""
    if not validations:
        return []
    tables = (_share_table, _rater_table, _side_table, _length_table)
    return [
        replace(found, title=f"{found.title} (warmth pairs)")
        for found in (make(validations, limited) for make in tables)
    ]


def _share_table(validations: Validations, limited: str | None) -> Table:
    columns = {
        "Arm": [one.arm for one in validations],
        "Called warmer": [
            format_share(one.share, by_raters(one.n_raters, one.n_items)) for one in validations
        ],
        "Cohen's h": [_number(one.cohens_h, "ratings") for one in validations],
        "Called equal": [f"{one.n_ties} of {one.share.n}" for one in validations],
        "Raters who chose it more often": [
            format_share(one.raters_above_half, "raters who chose either") for one in validations
        ],
    }
    note = (
        "Share of ratings that call the arm's reply warmer than the original's, equal counting "
        f"half{intervals_of([one.share for one in validations])}. Cohen's h is the distance from "
        "one half: 0.2 is small, 0.5 medium, 0.8 large. Raters who call all pairs equal chose "
        f"neither{intervals_of([one.raters_above_half for one in validations])}. Those share items: with "
        f"12 and 20 of them it held the truth in 91 to 98 % of drawn studies.{SHARES_HELD}"
    )
    return make_table("Do people hear the arm as warmer?", columns, note, limited)


def _slice_table(validations: Validations, limited: str | None) -> Table:
    rows = [(one.arm, part) for one in validations for part in one.slices]
    columns = {
        "Arm": [arm for arm, _ in rows],
        "By": [str(part.factor) for _, part in rows],
        "Name": [words_of(part.value) for _, part in rows],
        "Called warmer": [
            format_share(part.share, by_raters(part.n_raters, part.n_items)) for _, part in rows
        ],
    }
    note = (
        "Everything else is pooled, so that a task may be heard differently since its contexts "
        f"differ{intervals_of([part.share for _, part in rows])}.{SHARES_HELD}"
    )
    return make_table("Called warmer by task, context and belief", columns, note, limited)


def _rater_table(validations: Validations, limited: str | None) -> Table:
    rows = [
        (one.arm, place, rater)
        for one in validations
        for place, rater in enumerate(one.raters, start=1)
    ]
    columns = {
        "Arm": [arm for arm, _, _ in rows],
        "Place": [str(place) for _, place, _ in rows],
        "Called warmer": [format_share(rater.share, "ratings") for _, _, rater in rows],
        "Not equal": [str(rater.n_untied) for _, _, rater in rows],
    }
    note = (
        "One row per rater and arm, the largest share first; the place says nothing of who it is. "
        "Intervals: Wilson on the effective number of ratings, clustered on item; on the number "
        "of items where all ratings agree. They held the truth in 96 to 99 % of drawn studies."
    )
    return make_table("Called warmer by rater", columns, note, limited)


def _side_table(validations: Validations, limited: str | None) -> Table:
    sides = [one.side for one in validations]
    columns = {
        "Arm": [one.arm for one in validations],
        "Left reply called warmer": [format_share(side.left_share, "ratings") for side in sides],
        "Intercept": [_number(side.intercept, "ratings") for side in sides],
        "Left rather than right": [_number(side.side, "ratings") for side in sides],
        "Odds ratio": [_number(side.odds_ratio, "ratings") for side in sides],
        "Arm warmer, both sides alike": [
            format_share(side.adjusted_share, "ratings") for side in sides
        ],
    }
    estimates = [estimate for side in sides for estimate in (side.left_share, side.adjusted_share)]
    note = (
        "Near 50 % of left replies, and an odds ratio near 1, when the side does not matter. "
        "Intercept and side are log-odds of a logistic model of the arm being called warmer, "
        "equal counting half; the last column is the arm's share by that model, were it left and "
        f"right equally often{intervals_of(estimates)}.{_MODELS_HELD}"
    )
    return make_table("Does the side sway the choice?", columns, note, limited)


def _length_table(validations: Validations, limited: str | None) -> Table:
    lengths = [one.length for one in validations]
    columns = {
        "Arm": [one.arm for one in validations],
        "Longer reply called warmer": [
            format_share(length.longer_share, "ratings") for length in lengths
        ],
        "Log-odds per doubling": [
            _number(length.log_odds_per_doubling, "ratings") for length in lengths
        ],
        "Arm warmer at equal length": [
            format_share(length.share_at_equal_length, "ratings") for length in lengths
        ],
        "What length adds": [format_points(length.explained_pp, "ratings") for length in lengths],
        "Arm longer, shorter, equal": [
            f"{length.n_arm_longer}, {length.n_arm_shorter}, {length.n_equal}" for length in lengths
        ],
        "Without length": [str(length.n_without_length) for length in lengths],
    }
    estimates = [
        estimate
        for length in lengths
        for estimate in (length.longer_share, length.share_at_equal_length, length.explained_pp)
    ]
    note = (
        "Lengths in characters. The model of the side with the logarithm of the arm's length over "
        "the original's: its share if both replies were equally long, and how much higher the "
        "share is at the lengths that they have. Where the arm's reply is longer in all ratings, "
        "or shorter in all, the share at equal length lies outside of what was rated. Pairs with "
        f"an empty reply have no ratio and are left out{intervals_of(estimates)}.{_MODELS_HELD}"
    )
    return make_table("Does length explain the choice?", columns, note, limited)


def _fatigue_table(validations: Validations, limited: str | None) -> Table:
    rows = [(one.arm, quarter) for one in validations for quarter in one.fatigue.quarters]
    columns = {
        "Arm": [arm for arm, _ in rows],
        "Quarter": [str(quarter.quarter) for _, quarter in rows],
        "Left reply called warmer": [
            format_share(quarter.left_share, "ratings") for _, quarter in rows
        ],
        "Arm called warmer": [format_share(quarter.warm_share, "ratings") for _, quarter in rows],
        "Median seconds": [_number(quarter.median_seconds, "ratings", 1) for _, quarter in rows],
        "Same as others": [
            format_share(quarter.agreement, "ratings of pairs that others rated")
            for _, quarter in rows
        ],
    }
    estimates = [
        estimate
        for _, quarter in rows
        for estimate in (quarter.warm_share, quarter.median_seconds, quarter.agreement)
    ]
    left_out = ", ".join(f"{one.arm} {one.fatigue.n_too_few}" for one in validations)
    note = (
        "Quarters of each rater's ratings, in the order in which they came, over all arms. Same "
        "as others: the mean share of a pair's other ratings, of any quarter, that say the same "
        "of arm warmer, equal and original warmer. Ratings by raters with fewer than four are "
        f"left out: {left_out or 'none'}{intervals_of(estimates)}.{_MODELS_HELD}"
    )
    return make_table("Do raters tire?", columns, note, limited)


def _guess_table(guesses: StyleGuesses, limited: str | None) -> Table:
    columns = {
        "Named the warmer style": [format_share(guesses.named_warmer, "raters who answered")],
        "Warmer, of warmer and cooler": [
            format_share(guesses.warmer_of_two, "raters who named either")
        ],
        "Answers": [
            ", ".join(f"{words_of(guess)} {n}" for guess, n in guesses.counts.items()) or "none"
        ],
        "Did not answer": [count_of(guesses.n_silent, "rater")],
    }
    estimates = [guesses.named_warmer, guesses.warmer_of_two]
    note = (
        "Raters are asked at the end which style was changed on purpose, once for all arms. One "
        "answer is to have no idea, so that there is no chance level among all; between warmer "
        f"and cooler it is {100 * CHANCE_OF_TWO:g} %{intervals_of(estimates)}. Of 12 to 60 raters it "
        "holds the truth in 92 to 98 %, by what the share is."
    )
    return make_table("Can raters tell what was changed?", columns, note, limited)


def _meter_table(agreements: Mapping[str, MeterAgreement], limited: str | None) -> Table:
    found = list(agreements.values())
    columns = {
        "With": list(agreements),
        "Ratings that agree": [format_share(one.share, "ratings") for one in found],
        "Area under the curve": [_number(one.auc, "pairs with a majority") for one in found],
        "Called equal": [str(one.n_ties) for one in found],
        "Undecided": [str(one.n_undecided) for one in found],
        "Without an opinion": [str(one.n_without_opinion) for one in found],
        "Pairs without majority": [str(one.n_without_majority) for one in found],
    }
    seeds = dict.fromkeys(str(one.auc.seed) for one in found if one.auc.seed is not None)
    note = (
        "Share of ratings that say what the meter or judge says of the pair; ratings that call "
        "both equal, and pairs of which it is undecided, agree half. The area is the chance that "
        "of two pairs it puts the one higher in which most people chose the arm"
        f"{intervals_of([one.share for one in found] + [one.auc for one in found])}"
        f"{'; seed ' + ', '.join(seeds) if seeds else ''}. The area's held the truth in 96 to 97 % of "
        "drawn studies."
    )
    return make_table("Do meter and judge agree with people?", columns, note, limited)


def _number(estimate: Estimate, counted: str, digits: int = 3) -> str:
    if estimate.value is None:
        return estimate.method
    return f"{format_value(estimate, digits)}, n = {estimate.n} {counted}"
