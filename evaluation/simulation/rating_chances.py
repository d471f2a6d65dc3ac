"""Rating chances: the leaning that gives a design's preference, and what follows from it.

What a rater hears is a normal sum: a leaning to the warm arm, effects of item, pair and rater, the
side, and noise. So shares of answers are exact, and agreement is one integral over what the
raters of a pair share. Drawing is done in `studies.py`.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.polynomial.hermite_e import hermegauss
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtr

from evaluation.simulation.designs import RatingDesign
from evaluation.statistics.agreement import alphas_of_coincidences

Floats = NDArray[np.float64]

CODES = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])
"""Original clearly warmer … warm arm clearly warmer."""
SIDES = (1.0, -1.0)
"""The warm reply stands left, or right."""

_NODES, _RAW_WEIGHTS = hermegauss(80)
_WEIGHTS = _RAW_WEIGHTS / _RAW_WEIGHTS.sum()
# Alpha's formula has n − 1 for n: with so many answers that is the same.
_MANY = 1e12


@dataclass(frozen=True)
class RatingChances:
    """What answers are drawn from, and their true shares."""

    leaning: float
    """Mean of the sum, towards the warm arm, when the side is left out."""
    left_share: float
    """True share of ratings that call the left reply warmer, equal counting half."""
    alpha: float | None
    """Ordinal alpha of infinitely many raters and pairs; None with one rater per pair."""


def find_rating_chances(design: RatingDesign, raters_per_pair: int) -> RatingChances:
    """The leaning that makes the design's preference true on average, and what comes with it."""
    spread = math.hypot(_shared_spread(design), _own_spread(design))

    def preference(leaning: float) -> float:
        return sum(_warm_share(leaning, side, spread, design) for side in SIDES) / 2

    reach = 10 * spread + design.clear_beyond
    leaning = float(
        brentq(lambda at: preference(at) - design.preference, -reach, reach, xtol=1e-12)
    )
    left, right = (_warm_share(leaning, side, spread, design) for side in SIDES)
    return RatingChances(leaning, (left + 1 - right) / 2, _alpha(leaning, design, raters_per_pair))


def answer_shares(mean: Floats, spread: float, design: RatingDesign) -> Floats:
    """Chances of the five answers for normal sums.

    Args:
        mean: shape (n,); towards the warm arm.
    Returns:
        Shape (n, 5), in the order of `CODES`.
    """
    below = [ndtr((cut - mean) / spread) for cut in _cuts(design)]
    edges = [np.zeros_like(mean), *below, np.ones_like(mean)]
    shares: Floats = np.diff(np.stack(edges, axis=-1), axis=-1)
    return shares


def answer_code(heard: float, design: RatingDesign) -> float:
    """The answer to what a rater hears, one of `CODES`."""
    return float(CODES[np.searchsorted(_cuts(design), heard)])


def _cuts(design: RatingDesign) -> tuple[float, ...]:
    equal, clear = design.equal_within, design.clear_beyond
    return (-clear, -equal, equal, clear)


def _shared_spread(design: RatingDesign) -> float:
    """Of what all raters of a pair hear alike."""
    return math.hypot(design.item_spread, design.pair_spread)


def _own_spread(design: RatingDesign) -> float:
    return math.hypot(design.rater_spread, design.side_spread, 1.0)


def _warm_share(leaning: float, side: float, spread: float, design: RatingDesign) -> float:
    mean = np.array([leaning + side * design.side_leaning])
    return float((answer_shares(mean, spread, design) @ (np.sign(CODES) + 1) / 2)[0])


def _alpha(leaning: float, design: RatingDesign, raters_per_pair: int) -> float | None:
    if raters_per_pair < 2:
        return None
    heard = leaning + _shared_spread(design) * _NODES
    own = _own_spread(design)
    left, right = (answer_shares(heard + side * design.side_leaning, own, design) for side in SIDES)
    # of an odd number of seats one side has one more
    more, fewer = -(-raters_per_pair // 2), raters_per_pair // 2
    n_pairs = raters_per_pair * (raters_per_pair - 1)
    same_side = (more * (more - 1) + fewer * (fewer - 1)) / n_pairs

    def joint(one: Floats, other: Floats) -> Floats:
        shares: Floats = np.einsum("k,ki,kj->ij", _WEIGHTS, one, other)
        return shares

    same = (joint(left, left) + joint(right, right)) / 2
    other = (joint(left, right) + joint(right, left)) / 2
    coincidences = same_side * same + (1 - same_side) * other
    return float(alphas_of_coincidences(_MANY * coincidences[None], CODES, "ordinal")[0])
