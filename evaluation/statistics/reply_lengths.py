"""Lengths of replies: characters and tokens per arm, and how they differ from the original's.

Works on arrays that name the arms. Lengths are compared over prompts that both arms answered,
several replies to one prompt averaged; items are the independent units.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf

import numpy as np
from scipy.special import stdtr

from evaluation.statistics.columns import AnyTexts, Floats, LengthColumns
from evaluation.statistics.families import AdjustedP, adjust_in_family
from evaluation.statistics.intervals import (
    Ids,
    Span,
    UnitMean,
    Values,
    mean_by_unit,
    not_estimable,
)
from evaluation.statistics.medians import median_by_item
from study.records import ORIGINAL, Estimate

UNIT = "item"
_ANY_LENGTH = Span(0.0, inf)


@dataclass(frozen=True)
class ReplyLengths:
    """How long the replies of one arm are."""

    arm: str
    part: str | None
    """Name of the control set; None for the study's own replies."""
    mean_characters: Estimate
    median_characters: Estimate
    mean_tokens: Estimate
    median_tokens: Estimate
    n_replies: int
    n_failed: int
    """Requests that ended without a text; left out."""
    n_uncounted: int
    """Texts whose tokens the server did not count; left out of the tokens."""
    n_cut: int
    """Replies that the token limit ended: they would be longer."""
    difference: Estimate | None
    """Arm − original in characters, over prompts that both answered; None for the original."""
    p: float | None
    """Of a paired t test of that difference; None where there is none."""
    test: AdjustedP | None
    """The same within its family."""


def compute_reply_lengths(
    columns: LengthColumns, arms: Sequence[str], part: str | None, level: float
) -> tuple[ReplyLengths, ...]:
    """Lengths of every arm's replies to one set of prompts, the tests not adjusted yet.

    Args:
        part: name of the set; None for the study's own prompts.
    """
    original = columns.select(columns.arm == ORIGINAL)
    found = []
    for arm in arms:
        own = columns.select(columns.arm == arm)
        has_text, is_counted = ~np.isnan(own.n_characters), ~np.isnan(own.n_tokens)
        characters, tokens = own.n_characters[has_text], own.n_tokens[is_counted]
        difference = None if arm == ORIGINAL else length_difference(own, original, level)
        found.append(
            ReplyLengths(
                arm=arm,
                part=part,
                mean_characters=mean_length(characters, own.item[has_text], level),
                median_characters=median_by_item(characters, own.item[has_text], level),
                mean_tokens=mean_length(tokens, own.item[is_counted], level),
                median_tokens=median_by_item(tokens, own.item[is_counted], level),
                n_replies=len(own.arm),
                n_failed=int((~has_text).sum()),
                n_uncounted=int((has_text & ~is_counted).sum()),
                n_cut=int(own.is_cut.sum()),
                difference=None if difference is None else difference.estimate,
                p=None if difference is None else p_of_mean(difference),
                test=None,
            )
        )
    return tuple(found)


def adjust_lengths(lengths: Sequence[ReplyLengths], family: str) -> tuple[ReplyLengths, ...]:
    """The same lengths, with every test adjusted for all of them.

    Args:
        family: what is tested together, in words.
    """
    p_values = np.array([one.p for one in lengths if one.p is not None], dtype=np.float64)
    adjusted = iter(adjust_in_family(p_values, family))
    return tuple(one if one.p is None else replace(one, test=next(adjusted)) for one in lengths)


def mean_length(values: Values, item_ids: Ids, level: float) -> Estimate:
    """Mean of lengths that share items, with a cluster-t interval that begins at 0 at the least.

    Args:
        values, item_ids: shape (n,).
    Returns:
        In the unit of the values; without an interval where all are equal.
    Raises:
        BadTable: arrays of unequal length, or a NaN.
    """
    return mean_by_unit(values, item_ids, UNIT, level, _ANY_LENGTH, "length").estimate


def length_difference(arm: LengthColumns, original: LengthColumns, level: float) -> UnitMean:
    """Mean of arm − original in characters, over prompts that both answered.

    Returns:
        Characters, with a cluster-t interval by item; n counts prompts.
    """
    in_arm, in_original = _average_by_prompt(arm), _average_by_prompt(original)
    both, places, places_of_original = np.intersect1d(
        in_arm.prompt, in_original.prompt, assume_unique=True, return_indices=True
    )
    if not len(both):
        nothing = not_estimable("no prompt was answered by both arms", UNIT, level)
        return UnitMean(nothing, None)
    differences = in_arm.n_characters[places] - in_original.n_characters[places_of_original]
    return mean_by_unit(differences, in_arm.item[places], UNIT, level, noun="difference")


def p_of_mean(found: UnitMean) -> float | None:
    """Two-sided p-value of a mean being 0, by the t distribution of its interval.

    Returns:
        None where the mean has no standard error.
    """
    if found.estimate.value is None or found.stderr is None:
        return None
    degrees = found.estimate.n_units - 1
    return 2 * float(stdtr(degrees, -abs(found.estimate.value) / found.stderr))


@dataclass(frozen=True)
class _ByPrompt:
    """Columns of equal length, one row per prompt that has a text."""

    prompt: AnyTexts
    item: AnyTexts
    n_characters: Floats


def _average_by_prompt(columns: LengthColumns) -> _ByPrompt:
    has_text = ~np.isnan(columns.n_characters)
    prompts, first, index = np.unique(
        columns.prompt[has_text], return_index=True, return_inverse=True
    )
    sums = np.bincount(index, weights=columns.n_characters[has_text], minlength=len(prompts))
    counts = np.bincount(index, minlength=len(prompts))
    return _ByPrompt(prompts, columns.item[has_text][first], sums / counts)
