"""A study looked ahead of: what it needs, can find and costs, before anything of it has run.

The numbers come from `evaluation/study_plans.py` and `study_costs.py`; words for them are in
`plan_reports.py`, and the options in `planning_commands.py`.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from audit_app.named_files import locate_files
from audit_app.pipeline import read_warmth
from audit_app.preset_studies import PresetStudy
from evaluation.plan_reports import cost_as_json, plan_as_json
from evaluation.prompts import read_wordings
from evaluation.statistics.planned_ratings import PlannedRatings
from evaluation.study_costs import StudyCost, WarmthSizes, compute_cost, size_of_warmth
from evaluation.study_plans import (
    Assumptions,
    Need,
    Reach,
    assume_settings,
    compute_need,
    compute_reach,
    count_items,
)
from evaluation.study_presets import StudyPreset
from study.folder import StudyFolder
from study.settings import Settings, read_settings


@dataclass(frozen=True)
class PlannedStudy:
    """What a plan tells."""

    assumed: Assumptions
    need: Need
    reach: Reach | None
    """What the study or the preset can find; None where neither is given."""
    warmth: WarmthSizes | None
    """None without messages for warmth alone."""
    preset: StudyPreset | None
    cost: StudyCost | None
    """Of the preset."""
    made: PresetStudy | None
    """The study that is set up from the preset; None where none is."""


def plan_study(
    assumed: Assumptions,
    study: Path | None,
    preset: StudyPreset | None,
    made: PresetStudy | None,
) -> PlannedStudy:
    """Plan a study of its own settings, a preset, or a study in general.

    Args:
        study: a study.toml or its folder; not with a preset.
    Raises:
        BadInput: the settings, or what was assumed, cannot be planned with.
    """
    reach = warmth = cost = None
    if study is not None:
        file = StudyFolder(study).settings if study.is_dir() else study
        settings = locate_files(read_settings(file), file.parent, ("evaluation", "warmth"))
        assumed = assume_settings(assumed, settings)
        reach = compute_reach(count_items(settings), assumed)
        warmth = _size_of_warmth(settings)
    elif preset is not None:
        if made is not None:
            assumed = assume_settings(assumed, made.settings)
        rated = None if made is not None else _rated_for_warmth(preset, assumed)
        reach = compute_reach(preset.n_items, assumed, rated)
        cost = compute_cost(preset, read_wordings())
        warmth = cost.warmth
    return PlannedStudy(assumed, compute_need(assumed), reach, warmth, preset, cost, made)


def planned_as_json(planned: PlannedStudy) -> dict[str, Any]:
    """A plan for other programs; docs/statistics.md has the keys."""
    told = plan_as_json(planned.assumed, planned.need, planned.reach, planned.warmth)
    if planned.preset is not None and planned.cost is not None:
        told["cost"] = cost_as_json(planned.preset, planned.cost)
    if planned.made is not None:
        folder = str(planned.made.folder.root)
        told["written"] = {"folder": folder, "left_out": planned.made.left_out}
    return told


def _rated_for_warmth(
    preset: StudyPreset, assumed: Assumptions
) -> tuple[int, PlannedRatings] | None:
    """Messages that raters of the preset's own study were shown pairs of, and how they rated them."""
    warmth = preset.warmth
    if warmth is None:
        return None
    return warmth.pairs, replace(
        assumed.ratings,
        pairs_per_item=1,
        raters_per_pair=warmth.raters_per_pair,
        pairs_per_rater=warmth.pairs_per_rater,
        n_raters=None,
    )


def _size_of_warmth(settings: Settings) -> WarmthSizes | None:
    prompts, rating = read_warmth(settings).prompts, settings.rating
    if not prompts:
        return None
    return size_of_warmth(
        len(prompts),
        len(settings.arms),
        settings.evaluation.decoding.samples,
        rating.warmth_pairs,
        rating.raters_per_pair,
        rating.pairs_per_rater,
    )
