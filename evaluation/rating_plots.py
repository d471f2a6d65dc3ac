"""Figures of what people and judges said: warmth, agreement, sides, fatigue, a judge's errors.

Nothing is computed or drawn here; values come from `statistics/`, the look from `charts.py`.
Figures of replies are in `plots.py`.
"""

from collections.abc import Sequence

from evaluation.charts import Chart, Group, Row, Scale
from evaluation.drawing import PLAIN, style_of
from evaluation.formats import level_of, words_of
from evaluation.interim_report import OTHER_AGREEMENT, POOLED_AGREEMENT
from evaluation.plots import Plot, make_plot, share_scale
from evaluation.statistics.agreement import Agreement
from evaluation.statistics.context_check import ContextCheck
from evaluation.statistics.fatigue import Quarter
from evaluation.statistics.judge_errors import Confusion
from evaluation.statistics.results import StudyResults
from study.records import Estimate


def plot_warm_share(results: StudyResults) -> Plot:
    """Share of ratings that call each arm warmer than the original, with a line at 50 %.

    Each kind of pair stands apart.
    """
    kinds = [("Questions" if results.warmth_pairs else "", results.preferences)]
    if results.warmth_pairs:
        kinds.append(("Warmth pairs", results.warmth_pairs))
    groups = tuple(
        Group(
            name,
            tuple(Row(one.arm, one.warm_share, style_of(one.arm, results.arms)) for one in found),
        )
        for name, found in kinds
    )
    scale = share_scale("% of ratings that call the arm warmer, equal counting half", "ratings")
    note = (
        "Beyond the line at 50 % people hear the arm as the warmer one. Lines are "
        f"{level_of(results.level)}, clustered on item and rater."
    )
    title = "Called warmer than the original"
    chart = Chart(title, groups, scale, "point", note, results.limited)
    return make_plot("warm-share", chart)


def plot_agreement(found: Sequence[tuple[str, Agreement]], limited: str | None) -> Plot:
    """Krippendorff's alpha of each arm, its answers coded for the arm."""
    names = [name for name, _ in found]
    rows = tuple(
        Row(name, agreement.alpha, style_of(name, names) if len(found) > 1 else PLAIN)
        for name, agreement in found
    )
    return _plot_alphas("Agreement on warmth", rows, "", limited)


def plot_pooled_agreement(agreement: Agreement, limited: str | None) -> Plot:
    """The same over the pairs of all arms, coded for each pair's first reply: names no arm."""
    rows = (Row("all pairs", agreement.alpha, PLAIN),)
    return _plot_alphas(POOLED_AGREEMENT, rows, f" {OTHER_AGREEMENT}", limited)


def _plot_alphas(title: str, rows: tuple[Row, ...], besides: str, limited: str | None) -> Plot:
    scale = Scale(
        axis="Krippendorff's alpha, ordinal",
        factor=1,
        form="{:.2f}",
        unit="",
        counted="ratings",
        limits=(-0.2, 1),
        reference=0,
        is_bounded=False,
    )
    note = (
        "1 is agreement on every pair, 0 what chance would give. Of the five-point answers about "
        f"warmth; resampled by item.{besides}"
    )
    chart = Chart(title, (Group("", rows),), scale, "point", note, limited)
    return make_plot("agreement", chart)


def plot_sides(left_share: Estimate, limited: str | None) -> Plot:
    """Share of ratings that call the left reply warmer."""
    rows = (Row("left reply", left_share, PLAIN),)
    scale = share_scale("% of ratings that call the left reply warmer", "ratings")
    note = "Near the line the side does not matter. Sides are counterbalanced."
    chart = Chart("Which side people chose", (Group("", rows),), scale, "point", note, limited)
    return make_plot("sides", chart)


def plot_context_check(checks: Sequence[ContextCheck], limited: str | None = None) -> Plot:
    """Share of ratings that heard in the sentences of each context what they were written for."""
    rows = tuple(Row(words_of(check.context), check.share, PLAIN) for check in checks)
    scale = share_scale("% of ratings that heard the context", "ratings", reference=None)
    note = "Sentences of each context, heard as they were meant."
    chart = Chart("Heard as it was meant", (Group("", rows),), scale, "point", note, limited)
    return make_plot("contexts", chart)


def plot_fatigue(arm: str, quarters: Sequence[Quarter], limited: str | None) -> Plot:
    """What raters said in each quarter of their way; who tires chooses sides and agrees less."""
    parts = (
        ("left reply called warmer", [quarter.left_share for quarter in quarters]),
        (f"{arm} called warmer", [quarter.warm_share for quarter in quarters]),
        ("other ratings of the pair say the same", [quarter.agreement for quarter in quarters]),
    )
    groups = tuple(
        Group(
            title,
            tuple(
                Row(f"quarter {quarter.quarter}", share, PLAIN)
                for quarter, share in zip(quarters, shares, strict=True)
            ),
        )
        for title, shares in parts
    )
    scale = share_scale("% of ratings", "ratings")
    note = "Quarters of each rater's own order. Where nobody tires the quarters are alike."
    chart = Chart("Along each rater's way", groups, scale, "point", note, limited)
    return make_plot("fatigue", chart)


def plot_judge(judged: Sequence[Confusion], limited: str | None) -> Plot:
    """How often a judge finds the errors that people find, and leaves the rest alone, per arm."""
    names = [one.arm or "all arms" for one in judged]
    parts = (
        ("errors of people that it finds", [one.sensitivity for one in judged]),
        ("other replies that it leaves alone", [one.specificity for one in judged]),
    )
    groups = tuple(
        Group(
            title,
            tuple(
                Row(name, found, style_of(name, names))
                for name, found in zip(names, estimates, strict=True)
            ),
        )
        for title, estimates in parts
    )
    note = (
        "People's labels are taken for the truth. A judge whose errors differ by arm bends the gap "
        "between them."
    )
    scale = share_scale("% of replies that people labelled", "replies", reference=None)
    chart = Chart("Judge against people", groups, scale, "point", note, limited)
    return make_plot("judge", chart)
