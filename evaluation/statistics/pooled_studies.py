"""Pooled studies: several studies of one design, each of another base model, as one.

A study has one base model; what warmth costs in several, each by itself and all together, stands
here. It is told by the share called warmer, the gap in errors and adoption, and by rates and a
regression with the model as a factor. Whether models differ is not tested. Items keep their names, so that one that several models
were asked is one cluster; raters do not, since codes of raters say nothing from one study to the
next. Works on the unblinded rows of `tables.py`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import reduce
from typing import get_args

import numpy as np

from evaluation.statistics.columns import (
    PreferenceTable,
    ResponseTable,
    Texts,
    join_tables,
    select_rows,
)
from evaluation.statistics.error_cells import ARM, count_errors
from evaluation.statistics.error_rates import (
    ASSERTS_WRONG,
    EVERYTHING,
    AdoptionRate,
    compute_adoption_rate,
)
from evaluation.statistics.gaps import Gap, compute_gaps
from evaluation.statistics.outcomes import ErrorDefinition
from evaluation.statistics.preferences import win_rate_over_models
from evaluation.statistics.reply_codes import CodedReplies, code_replies
from evaluation.statistics.table_errors import TableErrors, errors_of_table
from evaluation.statistics.warmth_validation import cohens_h
from study.errors import BadTable
from study.records import ORIGINAL, Estimate, PairKind


@dataclass(frozen=True)
class ModelTables:
    """What one study has of its base model."""

    model: str
    """Names the model; no other study has the same."""
    rated: Mapping[PairKind, PreferenceTable]
    """Ratings of pairs of questions, and of pairs that are asked for warmth alone."""
    replies: ResponseTable


@dataclass(frozen=True)
class ModelShare:
    """How often people called an arm the warmer one, of pairs of one kind."""

    model: str | None
    """None over all models."""
    kind: PairKind
    arm: str
    share: Estimate
    """Equal counts half; clustered on item and rater."""
    cohens_h: Estimate
    n_raters: int
    n_items: int


@dataclass(frozen=True)
class ModelGap:
    """How much more often an arm erred than the original of its model, on the same prompts."""

    model: str | None
    """None over all models."""
    gap: Gap


@dataclass(frozen=True)
class ModelAdoption:
    """How often an arm took over the wrong answer that the user asserted."""

    model: str | None
    """None over all models."""
    adoption: AdoptionRate


@dataclass(frozen=True)
class PooledStudies:
    """Several models, each by itself and all together."""

    compared: tuple[str, ...]
    """Arms beside the original, of any model; in alphabetical order."""

    models: tuple[str, ...]
    """In the order in which they were given."""
    definition: str
    """Of an error; `outcomes.py` has the words."""
    seed: int
    """Of the resampling."""
    level: float
    """Of every interval."""
    shares: tuple[ModelShare, ...]
    """Per kind of pairs and compared arm: over all models, then by model, one without ratings saying
    so; of a kind that nobody rated, none."""
    gaps: tuple[ModelGap, ...]
    """Per compared arm: over all models, then by model."""
    adoption: tuple[ModelAdoption, ...]
    """Per arm, the original too; none where no user asserted a wrong answer."""
    models_with: dict[str, tuple[str, ...]]
    """By arm, the models that have replies of it."""
    n_replies: int
    """To questions, of all models and arms."""
    errors: TableErrors | None
    """Rates by model, task, context and belief, and the regression with the model as a factor; None
    where no reply was scored of any original."""


def pool_studies(
    studies: Sequence[ModelTables], definition: ErrorDefinition, seed: int, level: float = 0.95
) -> PooledStudies:
    """Everything that several studies say together.

    Over all models every rating, prompt and reply counts once, so that a model with more of them
    weighs more; the interval is of these models, not of models at large.

    An arm that a model lacks is told over the models that have it; against the original it is told by
    model alone, or within a model on the same prompts, since the others' originals are other models.

    Args:
        studies: at least two, each of another model.
        definition: of an error.
        seed: of the resampling behind gaps.
        level: of every interval.
    Raises:
        BadTable: fewer than two studies, two of one name, or a label that is not known.
    """
    models = [study.model for study in studies]
    if len(set(models)) < max(2, len(models)):
        raise BadTable(
            f"expected at least two studies, each of another model, got {', '.join(models) or 'none'}; "
            "name each study once"
        )
    replies = [code_replies(study.replies) for study in studies]
    together = _join_replies([study.replies for study in studies])
    coded = code_replies(together)
    by_model = list(zip(models, replies, strict=True))
    model = np.repeat(models, [len(one) for one in replies])
    arms = {*coded.arm.names, *(arm for study in studies for arm in _arms_rated(study))}
    compared = sorted(arms - {ORIGINAL})
    models_with = {
        arm: tuple(one.model for one in studies if arm in one.replies.arm)
        for arm in (ORIGINAL, *compared)
    }
    # prompts of a model without the arm are not what the arm lacks
    asked = {arm: np.isin(model, models_with[arm]) for arm in compared}
    asserted = ASSERTS_WRONG in coded.cell.belief.names
    return PooledStudies(
        compared=tuple(compared),
        models=tuple(models),
        definition=definition.name,
        seed=seed,
        level=level,
        shares=tuple(
            share
            for kind in get_args(PairKind)
            for share in _shares(studies, kind, compared, level)
        ),
        gaps=tuple(
            ModelGap(model, compute_gaps(table, arm, [EVERYTHING], definition, seed, level)[0])
            for arm in compared
            for model, table in [(None, coded.select(asked[arm])), *by_model]
        ),
        adoption=tuple(
            ModelAdoption(model, compute_adoption_rate(table, arm, ASSERTS_WRONG, level))
            for arm in (ORIGINAL, *compared)
            for model, table in [(None, coded), *by_model]
            if asserted
        ),
        n_replies=len(coded),
        models_with=models_with,
        errors=_errors(together, coded, model, models_with, definition, level),
    )


def _arms_rated(study: ModelTables) -> set[str]:
    return {str(arm) for table in study.rated.values() for arm in np.unique(table.arm)}


def _shares(
    studies: Sequence[ModelTables], kind: PairKind, compared: Sequence[str], level: float
) -> Iterator[ModelShare]:
    tables = [_with_own_raters(study.rated[kind], place) for place, study in enumerate(studies)]
    together = reduce(join_tables, tables)
    if not len(together):
        return
    names = [study.model for study in studies]
    of_rating = np.repeat(names, [len(table) for table in tables])
    for arm in compared:
        for model in (None, *names):
            rows = (together.arm == arm) & ((of_rating == model) if model else True)
            own = select_rows(together, rows)
            share = win_rate_over_models(own.warmer, own.item, own.rater, of_rating[rows], level)
            n_raters, n_items = len(np.unique(own.rater)), len(np.unique(own.item))
            yield ModelShare(model, kind, arm, share, cohens_h(share), n_raters, n_items)


def _with_own_raters(table: PreferenceTable, place: int) -> PreferenceTable:
    raters = np.char.add(f"{place}:", table.rater) if len(table) else table.rater
    return replace(table, rater=raters)


def _join_replies(tables: Sequence[ResponseTable]) -> ResponseTable:
    """All replies; prompts that several models were asked are prompts of their own, since a gap is
    within a model."""
    columns = {}
    for field in fields(ResponseTable):
        parts = [getattr(table, field.name) for table in tables]
        if field.name == "prompt":
            parts = [
                np.array([f"{place}:{prompt}" for prompt in part], dtype=object)
                for place, part in enumerate(parts)
            ]
        columns[field.name] = np.concatenate(parts)
    return ResponseTable(**columns)


def _errors(
    table: ResponseTable,
    coded: CodedReplies,
    models: Texts,
    models_with: Mapping[str, tuple[str, ...]],
    definition: ErrorDefinition,
    level: float,
) -> TableErrors | None:
    errors = coded.errors(definition)
    is_scored = ~np.isnan(errors)
    if not (is_scored & (table.arm == ORIGINAL)).any():
        return None
    columns = {
        ARM: table.arm,
        "model": models,
        "task": table.task,
        "context": table.context,
        "belief": table.belief,
    }
    n, n_unscored = is_scored.astype(np.float64), (~is_scored).astype(np.float64)
    cells = count_errors(columns, ORIGINAL, n, np.nan_to_num(errors), table.item, n_unscored)
    found = errors_of_table(cells, level)
    differences = tuple(
        one
        for one in found.differences
        if "model" in one.levels or models_with[one.arm] == models_with[ORIGINAL]
    )
    return replace(found, differences=differences)
