"""What the controls of a study found, as tables and JSON; figures are in `control_plots.py`.

Nothing is computed here; every number comes from `statistics/control_results.py`, its words from
`formats.py`. No question and no reply is shown: some of them are requests for harmful help.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from evaluation.error_tables import note_on_asked_again
from evaluation.formats import (
    Table,
    as_sentence,
    format_p,
    format_points,
    format_share,
    format_value,
    level_of,
    make_table,
    methods_of,
    of_items,
    signed,
    words_of,
)
from evaluation.statistics.control_results import ControlResults
from evaluation.statistics.control_scores import ControlScore, Measure
from evaluation.statistics.families import AdjustedP
from evaluation.statistics.outcomes import LABELS
from evaluation.statistics.reply_lengths import ReplyLengths
from study.records import ORIGINAL, Estimate

JSON_FORMAT = "warmth-audit controls 1"

_TITLES: dict[Measure, str] = {
    "accuracy": "Controls: questions solved",
    "refusals": "Controls: requests refused",
}
_DEFINITIONS: dict[Measure, str] = {
    "accuracy": "A question is solved by a reply that gives the right answer, by rule. One that "
    "refuses, hedges, gives no answer or was cut before one has not solved it, as benchmarks count; "
    "where the rule cannot tell, the reply is left out, counted and bounded.",
    "refusals": "Nothing is right or wrong here: counted is whether the reply refuses, by this "
    "project's rule and, beside it, by a pattern like that of the study of 2025.",
}


def controls_as_json(results: ControlResults) -> dict[str, Any]:
    """The results for other programs, at full precision.

    Keys: `format`, `level`, `limited`, `arms`, `controls`, `n_superseded`; `asked_again`, one per
    `arm` that has some: `n` replies asked for once more after a failure, `n_failed` of them again;
    `scores`, one per `control`, `measure` (`accuracy` or `refusals`) and `arm`: `share`, `n_questions`,
    `n_cannot_tell`, `if_rest_not`, `if_rest_all`, `counts` by label, `n_cut`, `by_study_pattern`
    (an estimate, null for accuracy), and beside the original `pairs` (`n_both`, `n_arm_only`,
    `n_original_only`, `n_neither`), `difference_pp` and `test` (`p`, `adjusted`, `family`,
    `family_size`), all three null for the original; `lengths`, one per `part` (the set) and `arm`:
    `mean_characters`, `median_characters`, `mean_tokens`, `median_tokens`, `n_replies`,
    `n_failed`, `n_uncounted`, `n_cut`, `difference_characters`, `p`, `test`; `own_lengths`, the
    same of the study's own replies with `part` null, empty while results per arm are sealed.
    Estimates are as in `results_as_json`.
    """
    tree = asdict(results)
    for score in tree["scores"]:
        score["difference_pp"] = score.pop("difference")
    for length in (*tree["lengths"], *tree["own_lengths"]):
        length["difference_characters"] = length.pop("difference")
    return {"format": JSON_FORMAT, **tree}


def controls_as_tables(results: ControlResults) -> list[Table]:
    """The results for people, with every interval, count and definition."""
    tables = [
        _score_table(measure, scores, results)
        for measure in _TITLES
        if (scores := [one for one in results.scores if one.measure == measure])
    ]
    tables += [
        _label_table(results),
        _length_table("Controls: length of replies", results.lengths, results, results.limited),
    ]
    if results.own_lengths:
        title = "Length of the study's own replies"
        tables.append(_length_table(title, results.own_lengths, results, None))
    return tables


def _score_table(
    measure: Measure, scores: Sequence[ControlScore], results: ControlResults
) -> Table:
    columns = {
        "Control": [words_of(one.control) for one in scores],
        "Arm": [one.arm for one in scores],
        as_sentence(measure): [format_share(one.share, "questions") for one in scores],
    }
    patterns = [one.by_study_pattern for one in scores if one.by_study_pattern is not None]
    if patterns:
        columns["By the study's pattern"] = [format_share(one, "questions") for one in patterns]
    columns |= {
        "Arm − original": [_difference(one) for one in scores],
        "Adjusted p": [_adjusted(one.arm, one.test) for one in scores],
        "Cannot tell": [f"{one.n_cannot_tell} of {one.n_questions}" for one in scores],
        "If none … all of them": [_bounds(one) for one in scores],
        "Cut": [f"{one.n_cut} of {one.n_questions}" for one in scores],
    }
    families = dict.fromkeys(one.test.family for one in results.scores if one.test is not None)
    note = (
        f"{_DEFINITIONS[measure]} {as_sentence(level_of(results.level))}: Wilson; of differences, "
        "which are over questions that could be told in both arms, Newcombe for pairs, method 10. "
        "p: McNemar's exact test, two-sided, adjusted after Benjamini and Hochberg within the "
        f"family: {'; '.join(families) or 'no tests'}. {_on_asking(results)}"
    )
    return make_table(_TITLES[measure], columns, note, results.limited)


def _label_table(results: ControlResults) -> Table:
    scores = results.scores
    columns = {
        "Control": [words_of(one.control) for one in scores],
        "Arm": [one.arm for one in scores],
        "Replies": [str(one.n_questions) for one in scores],
        **{words_of(label): [str(one.counts[label]) for one in scores] for label in LABELS},
    }
    note = "Labels by rule; where only refusal counts, a reply that does not refuse is unscored."
    note += note_on_asked_again(results.asked_again)
    return make_table("Controls: labels of replies", columns, note, results.limited)


def _length_table(
    title: str, lengths: Sequence[ReplyLengths], results: ControlResults, limited: str | None
) -> Table:
    sets = [one.part for one in lengths if one.part is not None]
    columns = {
        **({"Control": [words_of(name) for name in sets]} if sets else {}),
        "Arm": [one.arm for one in lengths],
        "Mean characters": [_length(one.mean_characters) for one in lengths],
        "Median": [format_value(one.median_characters, 1) for one in lengths],
        "Mean tokens": [_length(one.mean_tokens) for one in lengths],
        "Median tokens": [format_value(one.median_tokens, 1) for one in lengths],
        "Arm − original, characters": [_difference_in_length(one) for one in lengths],
        "Adjusted p": [_adjusted(one.arm, one.test) for one in lengths],
        "Cut": [f"{one.n_cut} of {one.n_replies}" for one in lengths],
        "No text": [f"{one.n_failed} of {one.n_replies}" for one in lengths],
        "Tokens not counted": [
            f"{one.n_uncounted} of {one.n_replies - one.n_failed}" for one in lengths
        ],
    }
    means = [one.mean_characters for one in lengths]
    medians = [one.median_characters for one in lengths]
    families = dict.fromkeys(one.test.family for one in lengths if one.test is not None)
    note = (
        f"{as_sentence(level_of(results.level))} of means{methods_of(means)}; of medians"
        f"{methods_of(medians)}. Lengths are skewed: with 10 and 20 items intervals of means held the "
        "truth in 90 to 93 % of drawn studies, of medians in 92 to 95 %. Replies that the token "
        "limit cut would be longer. The difference is over prompts that both arms answered; its p "
        "is of a paired t test by item, adjusted after Benjamini and Hochberg within the family: "
        f"{'; '.join(families) or 'no tests'}."
    )
    return make_table(title, columns, note, limited)


def _difference(score: ControlScore) -> str:
    if score.difference is None:
        return "is the original"
    return format_points(score.difference, "pairs")


def _difference_in_length(lengths: ReplyLengths) -> str:
    found = lengths.difference
    if found is None:
        return "is the original"
    if found.value is None:
        return found.method
    prompts = f"n = {found.n:,} prompts"
    if found.low is None or found.high is None:
        return f"{signed(found.value)} ({found.method}), {prompts}"
    return f"{signed(found.value)} [{signed(found.low)}, {signed(found.high)}], {prompts}"


def _length(found: Estimate) -> str:
    if found.value is None:
        return found.method
    return f"{format_value(found, 1)}, n = {of_items(found, f'{found.n:,} replies')}"


def _adjusted(arm: str, test: AdjustedP | None) -> str:
    if test is None:
        return "is the original" if arm == ORIGINAL else "no test"
    return f"{format_p(test.adjusted)} of {test.family_size}"


def _bounds(score: ControlScore) -> str:
    if score.if_rest_not is None or score.if_rest_all is None:
        return "no replies yet"
    return f"{100 * score.if_rest_not:.1f} … {100 * score.if_rest_all:.1f} %"


def _on_asking(results: ControlResults) -> str:
    asked = "Asked once, greedily, without context and belief."
    if not results.n_superseded:
        return asked
    return (
        f"{asked} Left out: {results.n_superseded} replies by a model that was served before the "
        "newest of its arm."
    )
