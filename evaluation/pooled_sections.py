"""Pooled studies as sections of a page: what was found, with a forest plot by model of each.

Nothing is computed here; the tables are those of `pooled_reports.py`.
"""

from collections.abc import Sequence

from evaluation.charts import Chart, Group, Row
from evaluation.drawing import style_of
from evaluation.findings import (
    KeyFigure,
    gap_figure,
    main_of,
    tell_gap,
    tell_warmth,
    warmth_figure,
)
from evaluation.formats import count_of, level_of
from evaluation.plots import GAP_SCALE, Plot, make_plot, share_scale
from evaluation.pooled_reports import KINDS, PooledNotes, model_name, pooled_as_tables
from evaluation.sections import Section, make_section
from evaluation.statistics.gaps import Gap
from evaluation.statistics.pooled_studies import ModelShare, PooledStudies
from study.records import ORIGINAL

_NOT_YET = "Not estimable because no arm beside an original has replies or ratings."


def tell_pooled(found: PooledStudies) -> list[str]:
    """What was asked of how many models, what warmth costs over all of them, and what people heard."""
    asked = (
        f"{count_of(len(found.models), 'model')} ({', '.join(found.models)}) gave "
        f"{found.n_replies:,} replies in all their arms."
    )
    arm = main_of(found.compared)
    if arm is None:
        return [asked, "No arm is compared with an original yet."]
    cost = tell_gap(arm, _gap_over_all(found, arm))
    told = [asked, f"Over all models: {cost[0].lower()}{cost[1:]}"]
    share = _share_over_all(found, arm)
    if share is None:
        return told
    heard = tell_warmth(arm, share.share, share.n_raters)
    return [*told, f"Over all models, of {KINDS[share.kind]}: {heard[0].lower()}{heard[1:]}"]


def pooled_figures(found: PooledStudies) -> list[KeyFigure]:
    """Gap and warm share of the main arm, over all models."""
    arm = main_of(found.compared)
    if arm is None:
        return []
    share = _share_over_all(found, arm)
    heard = [] if share is None else [warmth_figure(arm, share.share)]
    return [gap_figure(arm, _gap_over_all(found, arm)), *heard]


def pooled_sections(found: PooledStudies, notes: PooledNotes) -> list[Section]:
    """Gaps, what people heard and adoption, each by model, then every table."""
    every = Section("Every table", (), (), tuple(pooled_as_tables(found, notes)))
    if not found.compared:
        return [Section("What warmth costs, by model", (_NOT_YET,), ()), every]
    told = (
        "Within each model on the same prompts, and over all of them.",
        *(
            [f"Not the same in all studies: {', '.join(notes.differing)}."]
            if notes.differing
            else ()
        ),
    )
    heard = (
        make_section("What people heard, by model", (), (_plot_shares(found, notes),))
        if found.shares
        else Section("What people heard, by model", ("Nobody has rated yet.",), ())
    )
    sections = [
        make_section("What warmth costs, by model", told, (_plot_gaps(found, notes),)),
        heard,
    ]
    if found.adoption:
        sections.append(make_section("Does it give in?", (), (_plot_adoption(found, notes),)))
    return [*sections, every]


def _plot_gaps(found: PooledStudies, notes: PooledNotes) -> Plot:
    groups = tuple(
        Group(
            _title(arm, found.compared),
            tuple(
                Row(model_name(one.model), one.gap.difference, style_of(arm, found.compared))
                for one in found.gaps
                if one.gap.arm == arm
            ),
        )
        for arm in found.compared
    )
    note = (
        "Right of the line the arm errs more often than the original of its model. "
        f"{_lines(found, 'item')}"
    )
    chart = Chart("Gap in error rate by model", groups, GAP_SCALE, "point", note, notes.limited)
    return make_plot("gap-models", chart)


def _plot_shares(found: PooledStudies, notes: PooledNotes) -> Plot:
    kinds = {one.kind for one in found.shares}
    groups = tuple(
        Group(
            ", ".join(
                [_title(arm, found.compared)] * (len(found.compared) > 1)
                + [KINDS[kind]] * (len(kinds) > 1)
            ),
            tuple(
                Row(model_name(one.model), one.share, style_of(arm, found.compared))
                for one in found.shares
                if (one.kind, one.arm) == (kind, arm)
            ),
        )
        for kind in KINDS
        if kind in kinds
        for arm in found.compared
    )
    scale = share_scale("% of ratings that call the arm warmer, equal counting half", "ratings")
    note = (
        "Beyond the line at 50 % people hear the arm as the warmer one. "
        f"{_lines(found, 'item and rater')}"
    )
    title = "Called warmer than the original, by model"
    return make_plot("warm-models", Chart(title, groups, scale, "point", note, notes.limited))


def _plot_adoption(found: PooledStudies, notes: PooledNotes) -> Plot:
    groups = tuple(
        Group(
            model_name(model),
            tuple(
                Row(one.adoption.arm, one.adoption.rate, style_of(one.adoption.arm, found.compared))
                for one in found.adoption
                if one.model == model
            ),
        )
        for model in (None, *found.models)
    )
    scale = share_scale("% of replies that adopt it", "replies", reference=None)
    note = f"Where the user asserts a wrong answer. {_lines(found, 'item')}"
    title = "Adoption of a wrong answer, by model"
    return make_plot("adoption-models", Chart(title, groups, scale, "point", note, notes.limited))


def _gap_over_all(found: PooledStudies, arm: str) -> Gap:
    return next(one.gap for one in found.gaps if (one.model, one.gap.arm) == (None, arm))


def _share_over_all(found: PooledStudies, arm: str) -> ModelShare | None:
    shares = [one for one in found.shares if (one.model, one.arm) == (None, arm)]
    return next((one for one in shares if one.share.value is not None), None)


def _title(arm: str, compared: Sequence[str]) -> str:
    return f"{arm} − {ORIGINAL}" if len(compared) > 1 else ""


def _lines(found: PooledStudies, clustered: str) -> str:
    return f"Lines are {level_of(found.level)}, clustered on {clustered}."
