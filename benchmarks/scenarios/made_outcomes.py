"""Outcomes with known shares that depend on each other within items, and ratings of made-up pairs."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]


def draw_outcomes(random: np.random.Generator, shares: Floats, icc: float) -> Floats:
    """0 or 1 with exactly these shares, and this correlation within items.

    A reply follows its item's own draw with probability √icc and one of its own else, so that two
    replies of one item with equal shares correlate by icc whatever the share is.

    Args:
        shares: shape (n_items, n_replies).
    """
    of_item = random.random((len(shares), 1))
    own = random.random(shares.shape)
    follows = random.random(shares.shape) < icc**0.5
    return (np.where(follows, of_item, own) < shares).astype(np.float64)


@dataclass(frozen=True)
class Preferences:
    """Ratings of pairs: each pair by three raters, each rater about as many pairs."""

    values: Floats
    item: Indices
    rater: Indices


_TIE = 0.15


def draw_preferences(
    random: np.random.Generator,
    n_raters: int,
    n_items: int,
    mean: float,
    dependence: float,
    common: Floats | None = None,
) -> Preferences:
    """1, 0.5 or 0 by a normal opinion; items and raters each hold `dependence` of its variance.

    Args:
        common: shape (n_items,), with as much variance again: what an item has in other studies too.
    """
    item = np.repeat(np.arange(n_items), 3)
    first = random.permutation(n_items) % n_raters
    apart = np.concatenate([[0], 1 + random.permutation(n_raters - 1)[:2]])
    rater = (first[:, None] + apart).reshape(-1) % n_raters
    opinion = (
        mean
        + dependence**0.5 * random.normal(size=n_items)[item]
        + dependence**0.5 * random.normal(size=n_raters)[rater]
        + (1 - (2 if common is None else 3) * dependence) ** 0.5 * random.normal(size=len(item))
    )
    if common is not None:
        opinion += common[item]
    values = np.where(np.abs(opinion) < _TIE, 0.5, (opinion > 0).astype(np.float64))
    return Preferences(values, item, rater)


def mean_of_preference(share: float) -> float:
    """The mean of the opinion at which about this share prefers."""
    return float(ndtri(share))


def share_of_mean(mean: float) -> float:
    """The share of preferences, ties half, that a mean gives."""
    return float(ndtr(mean - _TIE) + ndtr(mean + _TIE)) / 2
