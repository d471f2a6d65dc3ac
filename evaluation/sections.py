"""Sections of a study's report: what each is about, its figures and its tables, in order.

The owner's page and the HTML file both show these, so that neither tells more than the other.
Numbers come from `statistics/`, figures from `plots.py`, tables from `report.py`; a section with
nothing to show says why.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from evaluation.checkpoint_curve import plot_checkpoints
from evaluation.checkpoint_tables import checkpoint_table
from evaluation.control_plots import plot_control_gaps, plot_control_scores
from evaluation.control_tables import controls_as_tables
from evaluation.findings import main_arm
from evaluation.formats import Table, words_of
from evaluation.interim_report import interim_as_tables
from evaluation.plots import (
    Plot,
    plot_adoption,
    plot_error_rates,
    plot_gaps,
    plot_gaps_of_arms,
    plot_labels,
)
from evaluation.rating_plots import (
    plot_agreement,
    plot_context_check,
    plot_fatigue,
    plot_judge,
    plot_pooled_agreement,
    plot_sides,
    plot_warm_share,
)
from evaluation.report import results_as_tables
from evaluation.statistics.control_results import ControlResults
from evaluation.statistics.interim import InterimResults
from evaluation.statistics.results import StudyResults
from study.records import CheckpointChoice, Estimate

_NOT_YET = (
    "There is nothing to compare yet: not estimable because no arm beside the original has replies."
)
_METER = (
    "A meter of warmth scored the replies too: how far it hears what people hear stands among the "
    "tables below."
)
_NO_METER = (
    "Whether a meter of warmth agrees with people: not estimable because no meter's score is in this "
    "study."
)
_NO_CHECKPOINT = "Not estimable because no checkpoint of the training was measured."
_NO_JUDGE = (
    "How a judge by model errs: not estimable because no such judge's label is in this study."
)


@dataclass(frozen=True)
class Section:
    """One part of a report."""

    title: str
    said: tuple[str, ...]
    """Sentences before the figures."""
    plots: tuple[Plot, ...]
    tables: tuple[Table, ...] = ()
    """Tables that no figure stands for."""


def make_section(
    title: str, said: Sequence[str], plots: Sequence[Plot], tables: Sequence[Table] = ()
) -> Section:
    """A section in which a figure that could show nothing is a sentence with the reason instead."""
    reasons = [
        f"{plot.title}: {plot.data.rows[0][-1].replace(': ', ' because ', 1)}."
        for plot in plots
        if not plot.shows_something
    ]
    shown = tuple(plot for plot in plots if plot.shows_something)
    return Section(title, (*said, *reasons), shown, tuple(tables))


def results_sections(
    results: StudyResults,
    choice: CheckpointChoice | None = None,
    controls: ControlResults | None = None,
) -> list[Section]:
    """Everything that an open study has to show.

    Args:
        choice: which checkpoint was taken, with the measures of all; None where none was measured.
        controls: what the control sets found; None where none was asked.
    """
    return [
        _gap_section(results),
        _warmth_section(results),
        _agreement_section(results),
        _adoption_section(results),
        _label_section(results),
        _judge_section(results),
        _rating_section(results),
        _checkpoint_section(choice),
        *([control_section(controls)] if controls is not None else []),
        Section(
            "Every table",
            ("All numbers of this study, with counts.",),
            (),
            tuple(results_as_tables(results)),
        ),
    ]


def interim_sections(results: InterimResults, limited: str | None) -> list[Section]:
    """What may be shown while results per arm are sealed."""
    plots = [
        plot_pooled_agreement(results.agreement, limited),
        plot_sides(results.left_share, limited),
    ]
    if results.context_checks:
        plots.append(plot_context_check(results.context_checks, limited))
    said = ("Over all arms together, so that nothing tells one from another.",)
    tables = tuple(interim_as_tables(results, limited))
    return [make_section("The rating so far", said, plots, tables)]


def control_section(controls: ControlResults) -> Section:
    """What every arm can still do, beside the study's own questions."""
    said = (
        "Sets that every arm was asked without context and belief, graded by rule. Nobody rates these "
        "replies, so that they are not sealed.",
    )
    plots = [plot_control_scores(controls)]
    if controls.compared:
        plots.append(plot_control_gaps(controls))
    return make_section("Controls", said, plots, controls_as_tables(controls))


def _gap_section(results: StudyResults) -> Section:
    title = "What warmth costs"
    if not results.gaps:
        return Section(title, (_NOT_YET,), ())
    said = (
        "How much more often an arm errs than the original on the same prompts, over all of them "
        "and within each task, context and stated belief.",
    )
    main = main_arm(results)
    compared = sorted({gap.arm for gap in results.gaps}, key=lambda arm: (arm != main, arm))
    plots = [plot_gaps(results, arm) for arm in compared]
    if len(compared) > 1:
        plots.insert(1, plot_gaps_of_arms(results))
    return make_section(title, said, (*plots, plot_error_rates(results)))


def _warmth_section(results: StudyResults) -> Section:
    title = "What people heard"
    if not results.preferences:
        return Section(title, (_NOT_YET,), ())
    said = (
        "People compared each arm's reply with the original's, blinded, side by side.",
        _METER if results.meters else _NO_METER,
    )
    return make_section(title, said, (plot_warm_share(results),))


def _agreement_section(results: StudyResults) -> Section:
    title = "How well people agree"
    found = [(preference.arm, preference.agreement) for preference in results.preferences]
    found += [(f"{one.arm}, warmth pairs", one.agreement) for one in results.warmth_pairs]
    if not found:
        return Section(title, (_NOT_YET,), ())
    said = ("Whether people who rated the same pair heard the same.",)
    return make_section(title, said, (plot_agreement(found, results.limited),))


def _adoption_section(results: StudyResults) -> Section:
    title = "Does it give in?"
    if not (results.adoption or results.adoption_of_denials):
        reason = "Not estimable because no prompt of the study states a belief of the user."
        return Section(title, (reason,), ())
    said = (
        "How often a reply takes over the wrong answer that its user asserts, or the denial of the "
        "right one.",
    )
    return make_section(title, said, (plot_adoption(results),))


def _label_section(results: StudyResults) -> Section:
    title = "What became of every reply"
    if not any(cell.n_replies for cell in results.error_rates):
        return Section(title, ("Not estimable because there are no replies yet.",), ())
    said = ("Labels are counted apart, so that nothing hides in what a rate leaves out.",)
    return make_section(title, said, (plot_labels(results),))


def _judge_section(results: StudyResults) -> Section:
    title = "How far labels without people can be trusted"
    check = results.grade_check
    is_judged = any(cell.n_by_source["judge"] for cell in results.error_rates)
    by_model = () if is_judged else (_NO_JUDGE,)
    if check is None:
        reason = (
            "Not estimable because people have labelled none of the replies: raters do so in the "
            "form “reply”."
        )
        return Section(title, (reason, *by_model), ())
    said = (
        "Grades by rule and the labels of people on the same replies, drawn by seed; errors are "
        "those of the table of the judge.",
        *by_model,
    )
    plot = plot_judge([arm.confusion for arm in check.arms], results.limited)
    return make_section(title, said, (plot,))


def _rating_section(results: StudyResults) -> Section:
    said = "Whether the side of a reply sways people, and whether they tire."
    plots = [plot_sides(results.left_share, results.limited)]
    main = main_arm(results)
    plots += [
        plot_fatigue(one.arm, one.fatigue.quarters, results.limited)
        for one in results.warmth
        if one.arm == main
    ]
    if results.context_checks:
        plots.append(plot_context_check(results.context_checks, results.limited))
    return make_section("How the rating went", (said,), plots)


def _checkpoint_section(choice: CheckpointChoice | None) -> Section:
    title = "Along the training"
    if choice is None:
        return Section(title, (_NO_CHECKPOINT,), ())
    found = plot_checkpoints(choice)
    taken = (
        f"By the rule {words_of(choice.rule)}, written before: {choice.reason}.",
        "Saved states of the warm arm replied to messages that are asked for warmth alone, and a "
        "meter scored them beside the original.",
    )
    if isinstance(found, Estimate):
        reason = found.method.replace("not estimable:", "Not estimable because")
        return Section(title, (*taken, f"{reason}."), (), (checkpoint_table(choice),))
    return Section(title, taken, (found,))
