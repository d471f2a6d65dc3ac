"""Results as tables and JSON: for the terminal, the owner's page and other programs.

Nothing is computed here; every number comes from `statistics/results.py`, its words from
`formats.py`, and none is shown without what it counts. Tables about the rating itself, which
name no arm, are in `check_tables.py`, figures in `plots.py`.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from evaluation.check_tables import context_table, repeat_table
from evaluation.formats import (
    Table,
    as_sentence,
    belief_name,
    by_raters,
    context_name,
    format_agreement,
    format_points,
    format_share,
    level_of,
    make_table,
    methods_of,
    of_items,
    signed,
    words_of,
)
from evaluation.statistics.columns import Condition
from evaluation.statistics.error_rates import OVERALL, AdoptionRate, ErrorRate
from evaluation.statistics.gaps import BeliefEffect, Gap
from evaluation.statistics.outcomes import ADOPTION_DEFINITION, ERROR_DEFINITION, LABELS
from evaluation.statistics.results import StudyResults
from study.records import Estimate

JSON_FORMAT = "warmth-audit results 1"


def results_as_json(results: StudyResults) -> dict[str, Any]:
    """The results for other programs, at full precision.

    Keys: `format`, `seed`, `level`, `limited`, `arms`, `conditions`, then
    `preferences` (per compared arm: `warm_share`, `accuracy_share`, `agreement` with `alpha`,
    `n_items` (pairs that were rated), `n_pairable` and `note`, counts `n_…`, `drawn` with
    `n_drawn` pairs and `n_held` back from raters), `left_share`,
    `n_ratings_without_original`, `error_rates` (per arm and condition: `rate`, `by_grade`,
    `if_excluded_right`, `if_excluded_wrong`, `counts` by label, `n_…`), `gaps_pp`
    (`difference`, `by_grade`, `if_arm_right`, `if_arm_wrong`, `n_prompts`), `adoption_rates`
    (`rate`, `by_grade`, `n_cut`, `uncut`), `difference_in_differences_pp` (`difference`,
    `by_grade`), `n_auditors_disagree`, `n_superseded_ratings`, `n_superseded_responses`,
    `n_surplus_ratings`, `repeat_consistency` (`warmer`, `more_accurate`, `n_raters`,
    `n_cannot_judge`), `context_checks` (per context: `share`, `n_sentences`,
    `n_sentences_rated`, `n_raters`, `other`, `n_other`), `definitions`.
    `by_grade` is null while nobody has audited.
    A condition is {`context`, `belief`}, null where pooled. An estimate is {`value`, `low`,
    `high`, `level`, `n`, `n_units`, `unit`, `method`, `seed`}: shares as proportions, keys
    that end in `_pp` in percentage points, `value` null where `method` says why.
    """
    tree = asdict(results)
    tree["gaps_pp"] = tree.pop("gaps")
    tree["adoption_rates"] = tree.pop("adoption")
    tree["difference_in_differences_pp"] = tree.pop("belief_effects")
    definitions = {"error": ERROR_DEFINITION, "adoption": ADOPTION_DEFINITION}
    return {"format": JSON_FORMAT, **tree, "definitions": definitions}


def results_as_tables(results: StudyResults) -> list[Table]:
    """The results for people, in tables with every interval, count and definition."""
    return [
        _preference_table(results),
        _side_table(results),
        _error_table(results),
        _gap_table(results),
        _adoption_table(results),
        _belief_table(results),
        _label_table(results),
        repeat_table(results.repeat_consistency, results.limited),
        *(
            [context_table(results.context_checks, results.limited)]
            if results.context_checks
            else []
        ),
    ]


def _preference_table(results: StudyResults) -> Table:
    preferences = results.preferences
    columns = {
        "Arm": [preference.arm for preference in preferences],
        "Called warmer": [
            format_share(preference.warm_share, by_raters(preference)) for preference in preferences
        ],
        "Called more accurate": [
            format_share(preference.accuracy_share, "ratings that could judge")
            for preference in preferences
        ],
        "Could not judge": [str(preference.n_cannot_judge) for preference in preferences],
        "Agreement on warmth": [
            format_agreement(preference.agreement) for preference in preferences
        ],
        "Pairs held back": [
            f"{preference.drawn.n_held} of {preference.drawn.n_drawn}" for preference in preferences
        ],
    }
    methods = methods_of(preference.warm_share for preference in preferences)
    alphas = methods_of(preference.agreement.alpha for preference in preferences)
    note = (
        f"Share of ratings for the arm, equal counting half; {level_of(results.level)}{methods}. "
        f"Agreement over pairs, coded for the arm{alphas}; seed {results.seed}. "
        f"Left out: {results.n_ratings_without_original} ratings of pairs without the original, "
        f"{results.n_superseded_ratings} of replies by a model that was served before the newest "
        "of its arm. Pairs held back were given to nobody, since a reply would have told which "
        "model wrote it or was cut or broken: the share is over the others. "
        f"{results.n_surplus_ratings} ratings that count came late, when their seat had "
        "gone to another rater."
    )
    return make_table("What people chose, arm beside original", columns, note, results.limited)


def _side_table(results: StudyResults) -> Table:
    columns = {"Left reply called warmer": [format_share(results.left_share, "ratings")]}
    note = (
        "Equal counts half. Near 50 % when the side does not matter; "
        f"{level_of(results.level)}{methods_of([results.left_share])}."
    )
    return make_table("Which side people chose", columns, note, results.limited)


def _error_table(results: StudyResults) -> Table:
    cells = results.error_rates
    columns = {
        **_cell_names(cells),
        "Error rate": [_replies(cell.rate) for cell in cells],
        **_by_grade_alone(cells, _replies),
        "Scored replies": [f"{cell.n_scored} of {cell.n_replies}" for cell in cells],
        "Of these cut": [str(cell.n_cut) for cell in cells],
        "If the rest were right … wrong": [_bounds_of_rate(cell) for cell in cells],
    }
    note = (
        f"{as_sentence(ERROR_DEFINITION)}. All other replies are left out and bounded in the last "
        f"column. {_method_of_rates(results)} {_on_audits(results)}"
    )
    return make_table("Error rates", columns, note, results.limited)


def _gap_table(results: StudyResults) -> Table:
    gaps = results.gaps
    columns = {
        **_cell_names(gaps),
        "Gap": [_prompts(gap.difference) for gap in gaps],
        **_by_grade_alone(gaps, _prompts),
        "Prompts scored in both": [f"{gap.difference.n} of {gap.n_prompts}" for gap in gaps],
        "If the rest were right … wrong in the arm": [_bounds_of_gap(gap) for gap in gaps],
    }
    note = (
        "Percentage points, over prompts whose replies were scored in both arms, so that it can "
        "differ from the difference of the rates above. The last column is over all prompts: "
        "replies that were not scored right in the arm and wrong in the original … the other way "
        f"round. {as_sentence(level_of(results.level))}: clustered on item. {_on_audits(results)}"
    )
    return make_table("Gap in error rate, arm − original", columns, note, results.limited)


def _adoption_table(results: StudyResults) -> Table:
    cells = results.adoption
    columns = {
        "Arm": [cell.arm for cell in cells],
        "Belief": [belief_name(Condition(None, cell.belief)) for cell in cells],
        "Adopts": [_replies(cell.rate) for cell in cells],
        **_by_grade_alone(cells, _replies),
        "Of these cut": [str(cell.n_cut) for cell in cells],
        "Adopts, without those cut": [_replies(cell.uncut) for cell in cells],
    }
    note = f"{as_sentence(ADOPTION_DEFINITION)}. {_method_of_rates(results)} {_on_audits(results)}"
    return make_table("Adoption of the user's wrong answer", columns, note, results.limited)


def _belief_table(results: StudyResults) -> Table:
    effects = results.belief_effects
    columns = {
        "Arm": [effect.arm for effect in effects],
        "Belief": [belief_name(Condition(None, effect.belief)) for effect in effects],
        "Gap with − gap without": [_matched_sets(effect.difference) for effect in effects],
        **_by_grade_alone(effects, _matched_sets),
    }
    note = (
        "Difference-in-differences in percentage points, over items and contexts that were scored "
        f"in both arms with and without the belief. {as_sentence(level_of(results.level))}: "
        "clustered on item. The gap within the belief alone stands in the table of gaps. "
        f"{_on_audits(results)}"
    )
    return make_table("Does a stated belief widen the gap?", columns, note, results.limited)


def _label_table(results: StudyResults) -> Table:
    cells = results.error_rates
    columns = {
        **_cell_names(cells),
        "Replies": [str(cell.n_replies) for cell in cells],
        **{words_of(label): [str(cell.counts[label]) for cell in cells] for label in LABELS},
        "audited": [str(cell.n_audited) for cell in cells],
        "changed by audit": [str(cell.n_changed) for cell in cells],
    }
    note = (
        "The newest decision of an auditor counts, else the grade. Replies on which auditors "
        f"disagree: {results.n_auditors_disagree}. Left out: {results.n_superseded_responses} "
        "replies by a model that was served before the newest of its arm."
    )
    return make_table("Labels of all replies", columns, note, results.limited)


def _cell_names(cells: Sequence[ErrorRate] | Sequence[Gap]) -> dict[str, list[str]]:
    return {
        "Arm": [cell.arm for cell in cells],
        "Context": [context_name(cell.condition) for cell in cells],
        "Belief": [belief_name(cell.condition) for cell in cells],
    }


def _by_grade_alone(
    cells: Sequence[ErrorRate | Gap | AdoptionRate | BeliefEffect], show: Callable[[Estimate], str]
) -> dict[str, list[str]]:
    """A column of its own where somebody has audited, else none."""
    shown = [show(cell.by_grade) for cell in cells if cell.by_grade is not None]
    return {"By grade alone": shown} if shown else {}


def _on_audits(results: StudyResults) -> str:
    overall = [cell for cell in results.error_rates if cell.condition == OVERALL]
    if not any(cell.n_audited for cell in overall):
        return ""
    changed = ", ".join(f"{cell.arm} {cell.n_changed} of {cell.n_audited}" for cell in overall)
    return (
        f"Labels that audits changed, of those audited: {changed}. Only flagged replies are "
        "audited, so that audits act mostly on arms with more flags; by grade alone is without "
        "them."
    )


def _replies(estimate: Estimate) -> str:
    return format_share(estimate, of_items(estimate, "replies"))


def _prompts(estimate: Estimate) -> str:
    return format_points(estimate, of_items(estimate, "prompts"))


def _matched_sets(estimate: Estimate) -> str:
    return format_points(estimate, of_items(estimate, "matched sets"))


def _bounds_of_rate(cell: ErrorRate) -> str:
    if cell.if_excluded_right is None or cell.if_excluded_wrong is None:
        return "no replies yet"
    return f"{100 * cell.if_excluded_right:.1f} … {100 * cell.if_excluded_wrong:.1f} %"


def _bounds_of_gap(gap: Gap) -> str:
    if gap.if_arm_right is None or gap.if_arm_wrong is None:
        return "no replies yet"
    return f"{signed(gap.if_arm_right)} … {signed(gap.if_arm_wrong)} pp"


def _method_of_rates(results: StudyResults) -> str:
    return (
        f"{as_sentence(level_of(results.level))}: Wilson on the effective number of replies, clustered on "
        "item; on the number of items where all replies of a cell agree."
    )
