"""Reply chances: logits that give the error rates which a design asks for, and adoption rates.

An error's logit is an intercept plus normal effects of item, prompt and arm. Its mean over all
items is an integral over their sum, by Gauss–Hermite quadrature, and is set to the true rate of
each arm in each condition. Drawing is done in `studies.py`.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.polynomial.hermite_e import hermegauss
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit

from evaluation.simulation.designs import ARMS, ReplyDesign, StudyDesign
from evaluation.statistics.columns import Condition
from evaluation.statistics.error_rates import ASSERTS_WRONG
from evaluation.statistics.outcomes import is_adoption

Floats = NDArray[np.float64]

_NODES, _RAW_WEIGHTS = hermegauss(80)
_WEIGHTS = _RAW_WEIGHTS / _RAW_WEIGHTS.sum()


@dataclass(frozen=True)
class ReplyChances:
    """What errors are drawn from."""

    intercepts: dict[tuple[str, Condition], float]
    """Logit of an error in the middle of all items, by arm and condition."""


def find_reply_chances(design: StudyDesign) -> ReplyChances:
    """The intercepts that make the design's error rates true on average."""
    spread = _total_spread(design.replies)
    return ReplyChances(
        {
            (arm, condition): _intercept(design.error_rate(arm, condition), spread)
            for arm in ARMS
            for condition in design.conditions
        }
    )


def mean_chance(intercept: float, spread: float) -> float:
    """The mean of 1 / (1 + exp(−(intercept + spread × z))) over a standard normal z.

    Source: Gauss–Hermite quadrature, 80 nodes; Abramowitz and Stegun 25.4.46.
    """
    return float(_WEIGHTS @ expit(intercept + spread * _NODES))


def adoption_rate(design: StudyDesign, arm: str) -> float:
    """The true share of an arm's replies that adopt the asserted answer, of those that count."""
    unscored = design.replies.unscored[arm]
    scored = 1 - sum(unscored.values())
    counted = scored + sum(
        share for label, share in unscored.items() if is_adoption(label) is not None
    )
    stated = [one for one in design.conditions if one.belief == ASSERTS_WRONG]
    errors = sum(design.error_rate(arm, one) for one in stated) / len(stated)
    return scored * errors * design.replies.adopting[arm] / counted


def _total_spread(replies: ReplyDesign) -> float:
    return math.hypot(replies.item_spread, replies.prompt_spread, replies.arm_spread)


def _intercept(rate: float, spread: float) -> float:
    # the mean lies nearer to one half than the middle does, by less than the spread's square
    reach = abs(math.log(rate / (1 - rate))) + spread**2 + 1
    return float(brentq(lambda at: mean_chance(at, spread) - rate, -reach, reach, xtol=1e-12))
