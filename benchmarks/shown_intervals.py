"""Every interval that a user sees, with the made-up studies that tell how often it holds the truth.

An estimator of `scenarios/` stands in exactly one row, but for families and null studies, which are
told apart. What is said beside a number that is short is written in the product; here it is told
where.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

_OF_MODELS = "note of the table: 92 to 98 %"
_OF_LABELS = "note of the table: 95 to 99 %, sensitivity 92 to 93 % where judged errors are labelled twice as often"
_OF_PERCENT = "note of the table: 94 to 99 %"
_TOO_SHORT = "“likely too short” beside it"


@dataclass(frozen=True)
class Shown:
    """One interval, or several that are made in the same way."""

    name: str
    """As users see it."""
    estimators: tuple[str, ...]
    """Of the scenarios; what follows a comma in a name is another setting of the same."""
    said: str
    """What is said beside it where it is short; empty where it is not."""

    def cells(self, cells: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Its own."""
        return [cell for cell in cells if cell["estimator"].split(",")[0] in self.estimators]


SHOWN = (
    Shown(
        "share called warmer or more accurate; by task, context, belief and quarter",
        ("win_rate", "win_rate_of_few", "arm_share", "quarter_share"),
        "note of the table: 92 to 94 % near 0 or 1, and of ten to twenty items",
    ),
    Shown("share called warmer over several models", ("share_of_models",), ""),
    Shown("Cohen's h", ("cohens_h",), ""),
    Shown("share of one rater", ("share_of_rater",), "note of the table: 96 to 99 %"),
    Shown(
        "raters who chose the arm more often",
        ("raters_above_half",),
        "note of the table: 91 to 98 %, since raters share items",
    ),
    Shown(
        "raters who named the warmer style",
        ("style_guesses",),
        "note of the table: 92 to 98 %, by the share",
    ),
    Shown("left replies called warmer", ("left_share",), "note of the table: 96 to 99 %"),
    Shown("log-odds and odds ratio of the side", ("side_log_odds",), _OF_MODELS),
    Shown("share with both sides alike", ("share_of_both_sides",), _OF_MODELS),
    Shown("longer replies called warmer", ("longer_share",), ""),
    Shown("log-odds per doubling of the length", ("length_log_odds",), _OF_MODELS),
    Shown("share at equal length", ("share_at_equal_length",), _OF_MODELS),
    Shown("points that length adds", ("points_of_length",), _OF_MODELS),
    Shown("median seconds of a quarter", ("quarter_seconds",), _OF_MODELS),
    Shown("same answer as others, by quarter", ("quarter_agreement",), _OF_MODELS),
    Shown("same answer again, sides swapped", ("repeats",), ""),
    Shown("heard in a context's sentences", ("context_heard",), ""),
    Shown("ratings that agree with a meter or judge", ("meter_share",), ""),
    Shown("area under a meter's curve", ("meter_area",), "note of the table: 96 to 97 %"),
    Shown("alpha of names", ("alpha_nominal",), f"{_TOO_SHORT}; note of the table: 93 %"),
    Shown("alpha of ordered values", ("alpha_ordinal", "alpha_ordinal_of_pairs"), _TOO_SHORT),
    Shown("alpha of ratios", ("alpha_ratio",), _TOO_SHORT),
    Shown(
        "alpha on a fine scale",
        ("alpha_interval_fine", "alpha_ordinal_fine", "alpha_ratio_fine"),
        _TOO_SHORT,
    ),
    Shown("Fleiss' kappa", ("fleiss", "fleiss_of_pairs"), f"{_TOO_SHORT}; note of the table: 93 %"),
    Shown(
        "Cohen's kappa",
        ("cohen", "cohen_of_pairs"),
        f"{_TOO_SHORT}; note of the table: 93 % of 20 items",
    ),
    Shown("Cohen's weighted kappa", ("cohen_weighted", "cohen_weighted_of_pairs"), _TOO_SHORT),
    Shown("percent agreement", ("percent", "percent_of_pairs"), _OF_PERCENT),
    Shown("Gwet's AC1", ("gwet",), _OF_PERCENT),
    Shown("Gwet's AC2", ("gwet_weighted", "gwet_weighted_of_pairs"), _TOO_SHORT),
    Shown(
        "Brennan and Prediger's coefficient",
        ("brennan_prediger", "brennan_prediger_of_pairs"),
        _OF_PERCENT,
    ),
    Shown(
        "error rate, adoption rate, by grade or not; pairs that a meter ranks right",
        ("rate",),
        "note of the table: 93 to 99 % of rare errors",
    ),
    Shown(
        "error rate, replies taken as independent",
        ("wilson",),
        "note of the table: 92 to 97 % of 20 replies",
    ),
    Shown("gap; mean score of a meter, arm − original", ("paired_difference",), ""),
    Shown("gap over several models", ("gap_of_models",), ""),
    Shown("gap, bootstrap", ("resampled_difference",), _TOO_SHORT),
    Shown(
        "mean length of an arm's replies",
        ("mean_length",),
        "note of the table: 90 to 93 % with 10 and 20 items, since lengths are skewed",
    ),
    Shown(
        "median length of an arm's replies",
        ("median_length",),
        "note of the table: 92 to 95 % with 10 and 20 items",
    ),
    Shown("difference in length to the original", ("length_difference",), ""),
    Shown("gap with a belief − gap without", ("difference_in_differences",), ""),
    Shown(
        "gap in a single cell",
        ("newcombe_paired",),
        "note of the table: 94 to 100 %, the more the rarer errors are",
    ),
    Shown("difference of a table with items", ("cell_difference",), ""),
    Shown("difference of a table without items", ("newcombe",), ""),
    Shown(
        "terms and odds ratios of a regression",
        ("term_arm", "term_arm_context", "term_arm_at_equal_length"),
        "",
    ),
    Shown(
        "term of a factor that is the same in all replies of an item",
        ("term_task",),
        "note of the table: 89 to 93 % with 20 items",
    ),
    Shown("term of the length", ("term_length",), "note of the table: as the one above"),
    Shown(
        "effects of a regression in points, with the length held equal or not",
        ("effect", "effect_in_context", "effect_did", "effect_at_equal_length"),
        "",
    ),
    Shown(
        "sensitivity, specificity and Youden's index of a judge, errors as people say",
        ("judge_sensitivity", "judge_specificity", "judge_youden", "judge_prevalence"),
        _OF_LABELS,
    ),
    Shown("kappa and AC1 of judge and people", ("judge_kappa", "judge_ac1"), ""),
    Shown(
        "arm − original in sensitivity and specificity",
        ("judge_shift_sensitivity", "judge_shift_specificity"),
        _OF_LABELS,
    ),
    Shown("rate as the judge says", ("judge_rate",), ""),
    Shown("rate and gap by Rogan and Gladen, per arm", ("corrected_rate", "corrected_gap"), ""),
    Shown("gap with pooled calibration", ("corrected_gap_pooled",), ""),
    Shown(
        "rate and gap by PPI++",
        ("powered_rate", "powered_gap"),
        "note of the table: the gap in 93 to 94 % with 40 labels an arm",
    ),
    Shown("rate and gap by people alone", ("people_rate", "people_gap"), ""),
    Shown("answers that flip when sides are swapped", ("flips",), ""),
    Shown(
        "left, of those that chose one side twice", ("flips_left",), "note of the table: 95 to 98 %"
    ),
    Shown(
        "agreeing and unanimous answers of a judge",
        ("answers_agreeing", "answers_unanimous"),
        "note of the table: 95 to 99 %",
    ),
    Shown("alpha of a judge's answers", ("answers_alpha",), _TOO_SHORT),
)
