"""A meter beside people: the share of ratings that agree with it, and the area under its curve.

A pair has a warmth of its own; the meter hears it with noise, and so do three raters.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from evaluation.statistics.meter_agreement import Opinions, RatedPairs, agreement_with_people
from scenarios import Scenario, Study
from scenarios.made_outcomes import Floats

_TIE = 0.15
_OF_PAIR = 0.4
_QUANTILES = ndtri((np.arange(400) + 0.5) / 400)


@dataclass(frozen=True)
class Heard:
    """How well a meter hears, and how much raters differ."""

    n_raters: int
    n_items: int
    correlation: float
    """Of the meter and the pair's own warmth."""
    of_rater: float
    """Part of an opinion's variance that a rater holds."""
    mean: float
    """Of opinions about the arm."""


def scenarios() -> Iterator[Scenario]:
    for n_raters, n_items in ((12, 36), (20, 100)):
        for name, correlation, of_rater in (
            ("meter hears nothing", 0.0, 0.0),
            ("meter hears, raters alike", 0.7, 0.0),
            ("meter hears, raters differ", 0.7, 0.1),
        ):
            heard = Heard(n_raters, n_items, correlation, of_rater, 0.3)
            setting = f"{n_raters} raters, {n_items} items, {name}"
            yield Scenario(setting, truths_of_meter(heard), _study(heard))


def truths_of_meter(heard: Heard) -> dict[str, float]:
    """Over all pairs, by quantiles of their warmth."""
    own, rho = _QUANTILES, heard.correlation
    noise = (1 - _OF_PAIR) ** 0.5
    opinion = heard.mean + _OF_PAIR**0.5 * own
    arm, original = ndtr((opinion - _TIE) / noise), ndtr((-opinion - _TIE) / noise)
    tie = 1 - arm - original
    is_up = ndtr((heard.mean + rho * own) / (1 - rho**2) ** 0.5)
    agrees = is_up * (arm + tie / 2) + (1 - is_up) * (original + tie / 2)
    # of three raters: two or three for the arm, one of them and two ties; the same for the original
    most_arm, most_original = (
        one**3 + 3 * one**2 * (other + tie) + 3 * one * tie**2
        for one, other in ((arm, original), (original, arm))
    )
    higher = ndtr(rho * (own[:, None] - own) / (2 * (1 - rho**2)) ** 0.5)
    area = most_arm @ higher @ most_original / (most_arm.sum() * most_original.sum())
    return {"meter_share": float(agrees.mean()), "meter_area": float(area)}


def _study(heard: Heard) -> Study:
    def study(random: np.random.Generator):
        opinions, ratings = _draw(random, heard)
        found = agreement_with_people(opinions, ratings, int(random.integers(2**31)))
        return {"meter_share": (found.share,), "meter_area": (found.auc,)}

    return study


def _draw(random: np.random.Generator, heard: Heard) -> tuple[Opinions, RatedPairs]:
    n_items, rho = heard.n_items, heard.correlation
    pair = np.repeat(np.arange(n_items), 3)
    first = random.permutation(n_items) % heard.n_raters
    apart = np.concatenate([[0], 1 + random.permutation(heard.n_raters - 1)[:2]])
    rater = (first[:, None] + apart).reshape(-1) % heard.n_raters
    own: Floats = random.normal(size=n_items)
    opinion = (
        heard.mean
        + _OF_PAIR**0.5 * own[pair]
        + heard.of_rater**0.5 * random.normal(size=heard.n_raters)[rater]
        + (1 - _OF_PAIR - heard.of_rater) ** 0.5 * random.normal(size=len(pair))
    )
    values = np.where(np.abs(opinion) < _TIE, 0.5, (opinion > 0).astype(np.float64))
    of_meter = heard.mean + rho * own + (1 - rho**2) ** 0.5 * random.normal(size=n_items)
    return Opinions(np.arange(n_items), of_meter), RatedPairs(pair, values, pair, rater)
