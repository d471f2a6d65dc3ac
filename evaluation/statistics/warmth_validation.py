"""Warmth validation: do blinded people hear the compared arm as warmer than the original?

One record per compared arm: the share that chose it, pooled and by task, context, belief and
rater, the size of that effect, and what else could explain it, from `confounders.py` and
`fatigue.py`. Works on the unblinded ratings of `tables.py`. Whether a meter or a judge says the
same is in `meter_agreement.py`, what raters guess in `style_guesses.py`, and whether raters agree
with themselves in `repeats.py`.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from evaluation.statistics.columns import PreferenceTable, Texts, select_rows
from evaluation.statistics.confounders import (
    LengthEffect,
    SideEffect,
    compute_length_effect,
    compute_side_effect,
)
from evaluation.statistics.fatigue import Fatigue, compute_fatigue
from evaluation.statistics.intervals import index_units, share_of_units
from evaluation.statistics.preferences import win_rate
from evaluation.statistics.proportions import rate
from study.records import Estimate

SliceName = Literal["task", "context", "belief"]
_HALF = 0.5


@dataclass(frozen=True)
class WarmthSlice:
    """The share of one task, context or belief, all else pooled."""

    factor: SliceName
    value: str
    """Name of the task, context or belief."""
    share: Estimate
    n_raters: int
    n_items: int


@dataclass(frozen=True)
class RaterShare:
    """How often one rater chose the arm; it does not say who."""

    share: Estimate
    """Of this rater's ratings, a tie counting half; clustered on item."""
    n_untied: int
    """Those of them that call one of both replies warmer."""


@dataclass(frozen=True)
class WarmthValidation:
    """What people said about the warmth of one arm beside the original."""

    arm: str
    share: Estimate
    """Share of ratings that call the arm's reply warmer, equal counting half."""
    cohens_h: Estimate
    """The share's distance from one half on Cohen's scale: 0.2 is small, 0.5 medium, 0.8 large."""
    slices: tuple[WarmthSlice, ...]
    """By task, then context, then belief; names in order."""
    raters: tuple[RaterShare, ...]
    """The largest share first."""
    raters_above_half: Estimate
    """Share of raters who chose the arm more often than the original, of those who chose either."""
    side: SideEffect
    length: LengthEffect
    fatigue: Fatigue
    n_ties: int
    """Ratings that call both replies equally warm."""
    n_raters: int
    n_items: int
    n_pairs: int


def compute_warmth_validation(
    everything: PreferenceTable, arm: str, level: float = 0.95
) -> WarmthValidation:
    """Everything that ratings say about the warmth of one arm.

    Args:
        everything: the ratings of all arms, since a rater's order runs through them.
        arm: the one compared with the original; it may have no ratings yet.
    Raises:
        BadInput: level is not between 0 and 1.
    """
    rows = everything.arm == arm
    table = select_rows(everything, rows)
    share = win_rate(table.warmer, table.item, table.rater, level)
    raters = _rater_shares(table, level)
    decided = [rater for rater in raters if rater.n_untied]
    n_above = sum(rater.share.value is not None and rater.share.value > _HALF for rater in decided)
    return WarmthValidation(
        arm=arm,
        share=share,
        cohens_h=cohens_h(share),
        slices=_slices(table, level),
        raters=raters,
        raters_above_half=share_of_units(n_above, len(decided), "rater", level),
        side=compute_side_effect(table, level),
        length=compute_length_effect(table, level),
        fatigue=compute_fatigue(everything, rows, level),
        n_ties=int((table.warmer == _HALF).sum()),
        n_raters=len(np.unique(table.rater)),
        n_items=len(np.unique(table.item)),
        n_pairs=len(np.unique(table.pair)),
    )


def cohens_h(share: Estimate) -> Estimate:
    """How far a share is from one half, on a scale on which equal steps are equally hard to find.

    Returns:
        2 arcsin √p − 2 arcsin √½, in [−π/2, π/2]; its bounds are those of the share on that scale.
    Source: Cohen 1988, Statistical Power Analysis for the Behavioral Sciences, chapter 6.
    """
    if share.value is None:
        return share
    return replace(
        share,
        value=_h(share.value),
        low=None if share.low is None else _h(share.low),
        high=None if share.high is None else _h(share.high),
        method=share.method if share.low is None else f"bounds of the share, {share.method}",
    )


def _h(share: float) -> float:
    return float(2 * np.arcsin(share**0.5) - np.pi / 2)


def _slices(table: PreferenceTable, level: float) -> tuple[WarmthSlice, ...]:
    columns: dict[SliceName, Texts] = {
        "task": table.task,
        "context": table.context,
        "belief": table.belief,
    }
    found = []
    for factor, column in columns.items():
        for value in np.unique(column):
            part = select_rows(table, column == value)
            share = win_rate(part.warmer, part.item, part.rater, level)
            n_raters, n_items = len(np.unique(part.rater)), len(np.unique(part.item))
            found.append(WarmthSlice(factor, str(value), share, n_raters, n_items))
    return tuple(found)


def _rater_shares(table: PreferenceTable, level: float) -> tuple[RaterShare, ...]:
    raters, item = index_units(table.rater), index_units(table.item).index
    by_rater = np.argsort(raters.index, kind="stable")
    ends = np.cumsum(np.bincount(raters.index, minlength=raters.n))
    found = []
    for rows in np.split(by_rater, ends[:-1]) if raters.n else ():
        warmer = table.warmer[rows]
        share = rate(warmer, item[rows], level)
        found.append(RaterShare(share, int((warmer != _HALF).sum())))
    # by what is shown and not by id, so that the order tells nothing of who they are
    return tuple(
        sorted(found, key=lambda one: (-(one.share.value or 0.0), -one.share.n, -one.n_untied))
    )
