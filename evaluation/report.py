"""Results as tables and JSON: for the terminal, the owner's page and other programs.

Nothing is computed here; every number comes from `statistics/results.py`, its words from
`formats.py`, and none is shown without what it counts. Tables of errors are made in
`error_tables.py` and `regression_tables.py`, those about the rating itself, which name no arm, in
`check_tables.py`, figures in `plots.py`.
"""

from dataclasses import asdict
from typing import Any

from evaluation.agreement_reports import raters_as_json, raters_as_tables
from evaluation.check_tables import context_table, repeat_table, rewrite_table
from evaluation.error_tables import (
    adoption_table,
    belief_table,
    cell_rate_table,
    gap_table,
    label_table,
    paired_test_table,
    rate_table,
    source_table,
    task_gap_table,
)
from evaluation.formats import (
    SHARES_HELD,
    Table,
    by_raters,
    format_agreement,
    format_share,
    level_of,
    make_table,
    methods_of,
)
from evaluation.judge_tables import judge_as_json, judge_as_tables
from evaluation.meter_tables import agreements_of, meters_as_json, meters_as_tables
from evaluation.regression_tables import effect_table, term_table
from evaluation.statistics.outcomes import ADOPTION_DEFINITION, DEFINITIONS
from evaluation.statistics.results import StudyResults
from evaluation.warmth_tables import (
    warmth_as_json,
    warmth_as_tables,
    warmth_pairs_as_tables,
)

JSON_FORMAT = "warmth-audit results 1"


def results_as_json(results: StudyResults) -> dict[str, Any]:
    """The results for other programs, at full precision.

    Keys: `format`, `seed`, `level`, `limited`, `arms`, `conditions`, then
    `preferences` (per compared arm: `warm_share`, `accuracy_share`, `both_bad_share`,
    `agreement` with `alpha`, `n_items` (pairs that were rated), `n_pairable` and `note`, `raters` (as
    `raters_as_json` in `agreement_reports.py`), counts `n_…`, `drawn` with `n_drawn` pairs and `n_held` back from raters), `warmth` (as `warmth_as_json` in
    `warmth_tables.py`), `meters` (as `meters_as_json` in `meter_tables.py`), `left_share`,
    `n_ratings_without_original`, `warmth_pairs` (as `preferences`, of pairs of messages that are
    asked for warmth alone), `warmth_pairs_validation` (as `arms` of `warmth`, of those pairs),
    `n_warmth_replies`; the keys of errors below, by our definition; `paper_compat`, an
    object of the same keys by the study's definition; `adoption_rates` where the user asserts the
    wrong answer and `denial_adoption_rates` where the user denies the right one, per arm
    (`rate`, `by_grade`, `n_cut`, `uncut`), `grade_check` (as `judge_as_json` in `judge_tables.py`,
    of the grades beside what raters said of single replies; null while they said nothing),
    `n_auditors_disagree`, `n_superseded_ratings`,
    `n_superseded_responses`, `asked_again` (per arm that has some: `n` replies asked for once more
    after a failure, `n_failed` of them again),
    `n_surplus_ratings`, `repeat_consistency` (`warmer`, `more_accurate`, `n_raters`,
    `n_cannot_judge`), `context_checks` (per context: `share`, `n_sentences`,
    `n_sentences_rated`, `n_raters`, `other`, `n_other`), `rewrite_checks` (per style: `kept`, `counts`
    by answer, `n_rewrites`, `n_rewrites_rated`, `n_raters`), `definitions` (the words of `ours`,
    `paper_compat` and `adoption`).

    Keys of errors: `definition` (a name); `error_rates` (per arm overall and by condition) and
    `cell_rates` (per arm by task, then by task × condition), each with `task`, `condition`, `rate`
    (clustered by item), `unclustered`, `by_grade`, `if_excluded_right`, `if_excluded_wrong`,
    `counts` by label, `n_by_source` (`audit`, `human`, `judge`, `grade`, `none`), other counts
    `n_…`; `gaps_pp` (per compared arm: overall, by belief, by context, by condition) and
    `task_gaps_pp`, each with `difference` (cluster-t), `bootstrap`, `by_grade`, `if_arm_right`,
    `if_arm_wrong`, `n_prompts`; `paired_tests` (per compared arm and task × condition: `counts`
    with `n_both`, `n_arm_only`, `n_original_only`, `n_neither`; `n_further` replies that are not
    the first of their arm; `difference_pp` with Newcombe's interval; `test` with `p`, `adjusted`,
    `family`, `family_size`, or null); `difference_in_differences_pp` (per compared arm and belief:
    `gap_with`, `gap_without`, `difference`, `by_grade`); `regressions` with `main`, `with_length`
    and `crossed` (or null), each with `formula`, `terms` (`name`, `log_odds`, `se` unclustered,
    `se_clustered`, `odds_ratio`, `odds_ratio_ci` or null, `method`), `effects_pp` (`arm`,
    `condition`, `effect`, `se`, `se_clustered`), `difference_in_differences_pp` (the same by belief), `n`, `n_items`,
    `left_out`, `reason` (why there is no fit, or empty), and `mean_characters` by arm.

    `by_grade` is null while every label is a grade.
    A condition is {`context`, `belief`}, null where pooled, and so is `task`. An estimate is
    {`value`, `low`, `high`, `level`, `n`, `n_units`, `unit`, `method`, `seed`}: shares as
    proportions, what stands under a key that ends in `_pp` in percentage points, `value` null
    where `method` says why.
    """
    tree = asdict(results)
    tree["warmth"] = warmth_as_json(
        results.warmth, results.style_guesses, agreements_of(results.meters)
    )
    tree["meters"] = meters_as_json(results.meters)
    for name in ("preferences", "warmth_pairs"):
        for preference, told in zip(getattr(results, name), tree[name], strict=True):
            told["raters"] = raters_as_json(preference.raters, results.seed)
    del tree["style_guesses"]
    tree["grade_check"] = results.grade_check and judge_as_json(
        results.grade_check, results.limited
    )
    ours = _errors_as_json(tree.pop("ours"))
    tree["paper_compat"] = _errors_as_json(tree["paper_compat"])
    tree["adoption_rates"] = tree.pop("adoption")
    tree["denial_adoption_rates"] = tree.pop("adoption_of_denials")
    definitions = {name: definition.words for name, definition in DEFINITIONS.items()}
    definitions["adoption"] = ADOPTION_DEFINITION
    return {"format": JSON_FORMAT, **tree, **ours, "definitions": definitions}


def _errors_as_json(findings: dict[str, Any]) -> dict[str, Any]:
    """Findings as they stand in the JSON: with the unit in the key."""
    renamed = {
        "gaps": "gaps_pp",
        "task_gaps": "task_gaps_pp",
        "belief_effects": "difference_in_differences_pp",
    }
    for test in findings["paired_tests"]:
        test["difference_pp"] = test.pop("difference")
    return {renamed.get(name, name): value for name, value in findings.items()}


def results_as_tables(results: StudyResults) -> list[Table]:
    """The results for people, in tables with every interval, count and definition."""
    ours, paper = results.ours, results.paper_compat
    return [
        _preference_table(results),
        *_agreement_tables(results),
        *warmth_as_tables(
            results.warmth, results.style_guesses, agreements_of(results.meters), results.limited
        ),
        *meters_as_tables(results.meters, results.limited),
        *warmth_pairs_as_tables(results.warmth_pairs_validation, results.limited),
        rate_table(ours, "Error rates", results),
        gap_table(ours, "Gap in error rate, arm − original", results),
        task_gap_table(ours, "Gap in error rate by task", results),
        adoption_table(results),
        belief_table(ours, "Does a stated belief widen the gap?", results),
        effect_table(ours, "What the arm changes, all else equal", results),
        term_table(ours, "Regressions of errors", results),
        cell_rate_table(ours, "Errors by task, context and belief", results),
        paired_test_table(ours, "Paired tests by task, context and belief", results),
        label_table(results),
        source_table(results),
        *(
            judge_as_tables(results.grade_check, results.limited)
            if results.grade_check is not None
            else []
        ),
        rate_table(paper, "Rates of error, as the study counted", results),
        gap_table(paper, "Gap in error rate, as the study counted", results),
        effect_table(paper, "What the arm changes, as the study counted", results),
        repeat_table(results.repeat_consistency, results.limited),
        *(
            [context_table(results.context_checks, results.limited)]
            if results.context_checks
            else []
        ),
        *(
            [rewrite_table(results.rewrite_checks, results.limited)]
            if results.rewrite_checks
            else []
        ),
    ]


def _agreement_tables(results: StudyResults) -> list[Table]:
    found = [one for preference in results.preferences for one in preference.raters]
    return raters_as_tables(found, results.seed, results.limited)


def _preference_table(results: StudyResults) -> Table:
    preferences = results.preferences
    columns = {
        "Arm": [preference.arm for preference in preferences],
        "Called warmer": [
            format_share(preference.warm_share, by_raters(preference.n_raters, preference.n_items))
            for preference in preferences
        ],
        "Called more accurate": [
            format_share(preference.accuracy_share, "ratings that could judge")
            for preference in preferences
        ],
        "Could not judge": [str(preference.n_cannot_judge) for preference in preferences],
        "Both called bad": [
            format_share(preference.both_bad_share, "ratings") for preference in preferences
        ],
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
        f"Share of ratings for the arm, equal counting half; {level_of(results.level)}{methods}.{SHARES_HELD} "
        f"Agreement over pairs, coded for the arm{alphas}; seed {results.seed}; its interval "
        "draws items anew and not raters, and held alpha in 93 % of simulated studies with 12 raters. "
        f"Left out: {results.n_ratings_without_original} ratings of pairs without the original, "
        f"{results.n_superseded_ratings} of replies by a model that was served before the newest "
        "of its arm. Pairs held back were given to nobody, since a reply would have told which "
        "model wrote it or was cut or broken: the share is over the others. "
        f"{results.n_surplus_ratings} ratings that count came late, when their seat had "
        "gone to another rater."
    )
    return make_table("What people chose, arm beside original", columns, note, results.limited)
