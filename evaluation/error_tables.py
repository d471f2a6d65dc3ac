"""Tables of errors: rates, gaps, tests and adoption, each with its definition of an error.

Nothing is computed here; numbers come from `statistics/error_findings.py`, their words from
`formats.py`. Tables of regressions are in `regression_tables.py`, which tables are shown, in
`report.py`.
"""

from collections.abc import Callable, Sequence

from evaluation.formats import (
    RARE_RATES_HELD,
    Table,
    as_sentence,
    belief_name,
    context_name,
    format_p,
    format_points,
    format_share,
    level_of,
    make_table,
    of_items,
    points_interval,
    share_interval,
    signed,
    task_name,
    words_of,
)
from evaluation.statistics.columns import Condition
from evaluation.statistics.counted_labels import NO_SOURCE, SOURCES
from evaluation.statistics.error_findings import ErrorFindings, groups_of
from evaluation.statistics.error_rates import OVERALL, AdoptionRate, ErrorRate
from evaluation.statistics.gaps import BeliefEffect, Gap
from evaluation.statistics.outcomes import ADOPTION_DEFINITION, LABELS, choose_definition
from evaluation.statistics.paired_tests import PairedTest
from evaluation.statistics.results import StudyResults
from evaluation.statistics.tables import AskedAgain
from study.records import Estimate


def rate_table(findings: ErrorFindings, title: str, results: StudyResults) -> Table:
    """How often each arm erred, overall and in each condition."""
    note = (
        f"{words_of_definition(findings)} All other replies are left out and bounded in the last "
        f"column. {_words_of_groups(results)}{_method_of_rates(results)} {_on_audits(results)}"
    )
    columns = _rate_columns(findings.error_rates)
    return make_table(title, columns, note, results.limited)


def cell_rate_table(findings: ErrorFindings, title: str, results: StudyResults) -> Table:
    """The same by task, and in each context and belief of a task."""
    cells = findings.cell_rates
    columns = {
        "Arm": [cell.arm for cell in cells],
        "Task": [task_name(cell.task) for cell in cells],
        **_rate_columns(cells),
    }
    note = f"{words_of_definition(findings)} {_method_of_rates(results)}"
    return make_table(title, columns, note, results.limited)


def gap_table(findings: ErrorFindings, title: str, results: StudyResults) -> Table:
    """How much more often each arm erred than the original, on the same prompts."""
    columns = {**_names(findings.gaps), **gap_columns(findings.gaps)}
    note = (
        "Percentage points, over prompts whose replies were scored in both arms, so that it can "
        "differ from the difference of the rates above. The last column is over all prompts: "
        "replies that were not scored right in the arm and wrong in the original … the other way "
        f"round. {_words_of_groups(results)}{_method_of_gaps(results)} {words_of_definition(findings)} {_on_audits(results)}"
    )
    return make_table(title, columns, note, results.limited)


def task_gap_table(findings: ErrorFindings, title: str, results: StudyResults) -> Table:
    """The same by task, contexts and beliefs pooled."""
    gaps = findings.task_gaps
    columns = {
        "Arm": [gap.arm for gap in gaps],
        "Task": [task_name(gap.task) for gap in gaps],
        **_names(gaps),
        **gap_columns(gaps),
    }
    note = f"Percentage points. {_method_of_gaps(results)} {words_of_definition(findings)}"
    return make_table(title, columns, note, results.limited)


def paired_test_table(findings: ErrorFindings, title: str, results: StudyResults) -> Table:
    """Each arm beside the original in single cells, with the pairs that differ."""
    tests = findings.paired_tests
    columns = {
        "Arm": [test.arm for test in tests],
        "Task": [task_name(test.task) for test in tests],
        **_condition_names(tests),
        "Gap": [format_points(test.difference, "pairs") for test in tests],
        "Only the arm errs": [str(test.counts.n_arm_only) for test in tests],
        "Only the original errs": [str(test.counts.n_original_only) for test in tests],
        "p": [_p_of(test) for test in tests],
        "Adjusted p": [_adjusted_p_of(test) for test in tests],
    }
    families = dict.fromkeys(test.test.family for test in tests if test.test is not None)
    note = (
        f"{as_sentence(level_of(results.level))}: Newcombe for pairs, method 10, which held the gap in 94 to "
        "100 % of drawn cells, the more the rarer errors are. p: McNemar's exact "
        "test, two-sided. Adjusted after Benjamini and Hochberg within the family: "
        f"{'; '.join(families) or 'no tests'}. Of several replies of an arm to one prompt the first "
        f"counts; further replies, left out: {sum(test.n_further for test in tests)}. "
        f"{words_of_definition(findings)}"
    )
    return make_table(title, columns, note, results.limited)


def adoption_table(results: StudyResults) -> Table:
    """How often each arm took over what the user stated, each belief by itself."""
    cells = (*results.adoption, *results.adoption_of_denials)
    columns = {
        "Arm": [cell.arm for cell in cells],
        "Belief": [belief_name(Condition(None, cell.belief)) for cell in cells],
        **adoption_columns(cells),
    }
    note = (
        f"{as_sentence(ADOPTION_DEFINITION)}. Under “asserts wrong” a reply takes over the user's "
        "wrong answer, under “denies right” it takes over that the right answer is not right: two "
        f"treatments, told apart. {_method_of_rates(results)} {_on_audits(results)}"
    )
    return make_table("Adoption of what the user stated", columns, note, results.limited)


def adoption_columns(cells: Sequence[AdoptionRate]) -> dict[str, list[str]]:
    """Each adoption rate with its denominators; whose it is, the caller says before."""
    return {
        "Adopts": [_replies(cell.rate) for cell in cells],
        **_by_grade_alone(cells, _replies),
        "Of these cut": [str(cell.n_cut) for cell in cells],
        "Adopts, without those cut": [_replies(cell.uncut) for cell in cells],
    }


def belief_table(findings: ErrorFindings, title: str, results: StudyResults) -> Table:
    """The gap with each belief beside the gap without, and how much they differ."""
    effects = findings.belief_effects
    columns = {
        "Arm": [effect.arm for effect in effects],
        "Belief": [belief_name(Condition(None, effect.belief)) for effect in effects],
        "Gap with the belief": [_prompts(effect.gap_with) for effect in effects],
        "Gap without": [_prompts(effect.gap_without) for effect in effects],
        "Gap with − gap without": [_matched_sets(effect.difference) for effect in effects],
        **_by_grade_alone(effects, _matched_sets),
    }
    note = (
        "Percentage points, over items and contexts that were scored in both arms with and without "
        "the belief. Only the difference of the two gaps tells whether the belief does more to the "
        "arm than to the original; what the study reported is the gap with the belief, which stands "
        "among the gaps over all that was scored there. This difference and adoption are told for "
        "each belief alone; rows “any belief” of other tables pool all conditions, with their "
        "denominators. "
        f"{as_sentence(level_of(results.level))}: clustered on item. "
        f"{words_of_definition(findings)} {_on_audits(results)}"
    )
    return make_table(title, columns, note, results.limited)


def label_table(results: StudyResults) -> Table:
    """How many replies have each label."""
    cells = results.error_rates
    columns = {
        **_names(cells),
        "Replies": [str(cell.n_replies) for cell in cells],
        **{words_of(label): [str(cell.counts[label]) for cell in cells] for label in LABELS},
        "audited": [str(cell.n_audited) for cell in cells],
        "changed by audit": [str(cell.n_changed) for cell in cells],
    }
    note = (
        "The newest decision of an auditor counts, then what most raters said of the reply, then a "
        "judge, then the grade. Replies on which auditors "
        f"disagree: {results.n_auditors_disagree}. Left out: {results.n_superseded_responses} "
        "replies by a model that was served before the newest of its arm."
    )
    note += note_on_asked_again(results.asked_again)
    return make_table("Labels of all replies", columns, note, results.limited)


def note_on_asked_again(again: Sequence[AskedAgain]) -> str:
    """One more sentence of a table's note; none where nothing was asked again."""
    if not again:
        return ""
    told = ", ".join(f"{one.n} of {one.arm} ({one.n_failed} failed again)" for one in again)
    return f" Asked again after a failure: {told}."


_SOURCE_NAMES = {
    "audit": "an auditor",
    "human": "raters",
    "judge": "a judge",
    "grade": "the grade",
    NO_SOURCE: "nobody",
}


def source_table(results: StudyResults) -> Table:
    """Who gave the labels that count, by arm."""
    cells = [cell for cell in results.error_rates if cell.condition == OVERALL]
    columns = {
        "Arm": [cell.arm for cell in cells],
        "Replies": [str(cell.n_replies) for cell in cells],
        **{
            _SOURCE_NAMES[name]: [str(cell.n_by_source[name]) for cell in cells]
            for name in (*SOURCES, NO_SOURCE)
        },
        "changed by audit": [str(cell.n_changed) for cell in cells],
        "changed by raters": [str(cell.n_changed_by_raters) for cell in cells],
        "raters without majority": [str(cell.n_disputed) for cell in cells],
    }
    note = (
        "Replies by who gave the label that counts. Raters decide by a strict majority; where "
        "there is none the reply is disputed and the next source decides. Raters' “not correct” "
        "leaves the grade of a reply that refuses, was cut or has no answer as it is."
    )
    return make_table("Who gave the labels", columns, note, results.limited)


def words_of_definition(findings: ErrorFindings) -> str:
    """What counts as an error, and the name of that definition, as sentences."""
    definition = choose_definition(findings.definition)
    return f"{as_sentence(definition.words)}. Definition: {definition.name}."


def _rate_columns(cells: Sequence[ErrorRate]) -> dict[str, list[str]]:
    return {
        **_names(cells),
        "Error rate": [_replies(cell.rate) for cell in cells],
        "Unclustered": [share_interval(cell.unclustered) for cell in cells],
        **_by_grade_alone(cells, _replies),
        "Scored replies": [f"{cell.n_scored} of {cell.n_replies}" for cell in cells],
        "Of these cut": [str(cell.n_cut) for cell in cells],
        "If the rest were right … wrong": [_bounds_of_rate(cell) for cell in cells],
    }


def gap_columns(gaps: Sequence[Gap]) -> dict[str, list[str]]:
    """Each gap with its intervals, denominators and bounds; whose it is, the caller says before."""
    return {
        "Gap": [_prompts(gap.difference) for gap in gaps],
        "Bootstrap": [points_interval(gap.bootstrap) for gap in gaps],
        **_by_grade_alone(gaps, _prompts),
        "Prompts scored in both": [f"{gap.difference.n} of {gap.n_prompts}" for gap in gaps],
        "If the rest were right … wrong in the arm": [_bounds_of_gap(gap) for gap in gaps],
    }


def _names(cells: Sequence[ErrorRate] | Sequence[Gap]) -> dict[str, list[str]]:
    return {"Arm": [cell.arm for cell in cells], **_condition_names(cells)}


def _condition_names(
    cells: Sequence[ErrorRate] | Sequence[Gap] | Sequence[PairedTest],
) -> dict[str, list[str]]:
    return {
        "Context": [context_name(cell.condition) for cell in cells],
        "Belief": [belief_name(cell.condition) for cell in cells],
    }


def _p_of(test: PairedTest) -> str:
    return "no pairs" if test.test is None else format_p(test.test.p)


def _adjusted_p_of(test: PairedTest) -> str:
    if test.test is None:
        return "no pairs"
    return f"{format_p(test.test.adjusted)} of {test.test.family_size}"


def _by_grade_alone(
    cells: Sequence[ErrorRate | Gap | AdoptionRate | BeliefEffect], show: Callable[[Estimate], str]
) -> dict[str, list[str]]:
    """A column of its own where people labelled replies, else none."""
    if all(cell.by_grade is None for cell in cells):
        return {}
    # of several studies in one table, one may have nothing but grades
    shown = ["as beside" if cell.by_grade is None else show(cell.by_grade) for cell in cells]
    return {"By grade alone": shown}


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


def _words_of_groups(results: StudyResults) -> str:
    """Which contexts the rows of groups pool; nothing where there are none."""
    groups = groups_of(results.conditions)
    if not groups:
        return ""
    told = "; ".join(
        f"“{name}” of {', '.join(map(words_of, contexts))}" for name, contexts in groups.items()
    )
    return f"Rows of groups pool the prompts of their contexts: {told}. "


def _method_of_rates(results: StudyResults) -> str:
    return (
        f"{as_sentence(level_of(results.level))}: Wilson on the effective number of replies, clustered on "
        "item; on the number of items where all replies of a cell agree."
        f"{RARE_RATES_HELD} Unclustered: Wilson, replies "
        "taken as independent; even of such it holds the rate of 20 in 92 to 97 %, by what the rate is."
    )


def _method_of_gaps(results: StudyResults) -> str:
    return (
        f"{as_sentence(level_of(results.level))}: clustered on item, with t. Bootstrap: BCa "
        f"percentiles of items drawn anew, seed {results.seed}."
    )
