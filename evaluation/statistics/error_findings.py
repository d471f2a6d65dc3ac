"""Error findings: all that a study says about errors, by one definition of an error.

Puts together `error_rates.py`, `gaps.py`, `paired_tests.py` and `error_regressions.py` over the
cells that the study has. `results.py` asks for it once by each definition.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from evaluation.statistics.columns import Cell, Condition
from evaluation.statistics.error_rates import EVERYTHING, ErrorRate, compute_error_rates
from evaluation.statistics.error_regressions import ErrorRegressions, compute_error_regressions
from evaluation.statistics.gaps import (
    NO_BELIEF,
    BeliefEffect,
    Gap,
    compute_belief_effects,
    compute_gaps,
)
from evaluation.statistics.outcomes import ErrorDefinition
from evaluation.statistics.paired_tests import PairedTest, compute_paired_tests
from evaluation.statistics.reply_codes import (
    CONTEXT_GROUPS,
    POOLED_BELIEF,
    POOLED_BELIEFS,
    CodedReplies,
)
from study.records import ORIGINAL


@dataclass(frozen=True)
class ErrorFindings:
    """Errors by one definition."""

    definition: str
    """Its name; `outcomes.py` has the words."""
    error_rates: tuple[ErrorRate, ...]
    """Per arm overall, then per condition, then per group of contexts, then the beliefs that the
    definition pools; tasks pooled."""
    cell_rates: tuple[ErrorRate, ...]
    """Per arm: each task, then each task × context × belief that was asked."""
    gaps: tuple[Gap, ...]
    """Per compared arm: overall, within each belief, within each context, per condition, then within
    each group of contexts, then the beliefs that the definition pools."""
    task_gaps: tuple[Gap, ...]
    """Per compared arm and task."""
    paired_tests: tuple[PairedTest, ...]
    """Per compared arm and task × context × belief."""
    belief_effects: tuple[BeliefEffect, ...]
    """Difference-in-differences per compared arm and belief, beside the gaps that it is made of."""
    regressions: ErrorRegressions


def compute_error_findings(
    replies: CodedReplies,
    arms: Sequence[str],
    conditions: Sequence[Condition],
    definition: ErrorDefinition,
    seed: int,
    level: float,
) -> ErrorFindings:
    """Everything about errors by one definition.

    Args:
        arms: the original among them.
        conditions: of the study's prompts.
        seed: of the resampling.
    """
    compared = [arm for arm in arms if arm != ORIGINAL]
    tasks = [Cell(task, EVERYTHING.condition) for task in replies.cell.task.names]
    cells = _full_cells(replies, conditions)
    pooled = _pooled_condition(conditions) if definition.pools_beliefs else ()
    groups = [Cell(None, Condition(name, None)) for name in groups_of(conditions)]

    def rates(of: Sequence[Cell]) -> tuple[ErrorRate, ...]:
        return tuple(
            rate
            for arm in arms
            for rate in compute_error_rates(replies, arm, of, definition, level)
        )

    def gaps(of: Sequence[Cell]) -> tuple[Gap, ...]:
        return tuple(
            gap
            for arm in compared
            for gap in compute_gaps(replies, arm, of, definition, seed, level)
        )

    return ErrorFindings(
        definition=definition.name,
        error_rates=rates([*_cells_of_rates(conditions), *groups, *pooled]),
        cell_rates=rates([*tasks, *cells]),
        gaps=gaps([*_cells_of_gaps(conditions), *groups, *pooled]),
        task_gaps=gaps(tasks),
        paired_tests=compute_paired_tests(replies, compared, cells, definition, level),
        belief_effects=_compute_belief_effects(
            replies,
            compared,
            [*beliefs_of(conditions), *(str(cell.condition.belief) for cell in pooled)],
            definition,
            level,
        ),
        regressions=compute_error_regressions(replies, definition, level),
    )


def beliefs_of(conditions: Sequence[Condition]) -> tuple[str, ...]:
    """The beliefs of a study's conditions, in their order."""
    return tuple(dict.fromkeys(str(condition.belief) for condition in conditions))


def groups_of(conditions: Sequence[Condition]) -> dict[str, tuple[str, ...]]:
    """The groups of which a study asks several contexts, with those; one alone is no group."""
    asked = {condition.context for condition in conditions}
    found = {
        name: tuple(context for context in contexts if context in asked)
        for name, contexts in CONTEXT_GROUPS.items()
    }
    return {name: contexts for name, contexts in found.items() if len(contexts) > 1}


def _pooled_condition(conditions: Sequence[Condition]) -> tuple[Cell, ...]:
    """The two beliefs that the study pooled, as one condition, where both were asked under."""
    is_asked = set(POOLED_BELIEFS) <= set(beliefs_of(conditions))
    return (Cell(None, Condition(None, POOLED_BELIEF)),) if is_asked else ()


def _full_cells(replies: CodedReplies, conditions: Sequence[Condition]) -> list[Cell]:
    """Task × context × belief where anything was answered, task by task."""
    cells = [Cell(task, condition) for task in replies.cell.task.names for condition in conditions]
    rows_by_cell = replies.cell.rows_by_cell(cells)
    return [cell for cell, rows in zip(cells, rows_by_cell, strict=True) if len(rows)]


def _cells_of_rates(conditions: Sequence[Condition]) -> list[Cell]:
    """Overall, then each condition; one alone would only repeat the first row."""
    each = [Cell(None, condition) for condition in conditions]
    return [EVERYTHING, *(each if len(each) > 1 else ())]


def _cells_of_gaps(conditions: Sequence[Condition]) -> list[Cell]:
    """The same, with the gap within each belief and each context where those are rows of their own."""
    contexts = tuple(dict.fromkeys(condition.context for condition in conditions))
    beliefs = beliefs_of(conditions)
    overall, *each = _cells_of_rates(conditions)
    within = []
    if len(contexts) > 1 < len(beliefs):
        within = [Condition(None, belief) for belief in beliefs]
        within += [Condition(context, None) for context in contexts]
    return [overall, *(Cell(None, condition) for condition in within), *each]


def _compute_belief_effects(
    replies: CodedReplies,
    compared: Sequence[str],
    beliefs: Sequence[str],
    definition: ErrorDefinition,
    level: float,
) -> tuple[BeliefEffect, ...]:
    if NO_BELIEF not in beliefs:
        return ()
    stated = [belief for belief in beliefs if belief != NO_BELIEF]
    return tuple(
        effect
        for arm in compared
        for effect in compute_belief_effects(replies, arm, stated, definition, level)
    )
