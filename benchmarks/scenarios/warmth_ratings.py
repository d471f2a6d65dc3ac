"""Ratings of one arm: its share, Cohen's h, raters above one half, side, length and quarters.

The chance of the arm being called warmer is logistic in the side and in the length of replies,
exactly, also where ratings of one item and of one rater go together: a rating compares a normal
draw, of which items and raters hold a part, with that chance. All is told by the product's one
function for an arm, `compute_warmth_validation`.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import binom, expit, logit, ndtr, ndtri

from evaluation.statistics.columns import PreferenceTable
from evaluation.statistics.warmth_validation import WarmthValidation, compute_warmth_validation
from scenarios import Scenario, Study
from scenarios.made_outcomes import Floats
from study.records import Estimate

SECONDS = 30.0
_DEPENDENCE = 0.1
_LEANING = 0.05
# Ties are rarest where the choice is clear: at most one in ten.
_TIES = 0.4
_MEAN_DOUBLINGS, _SPREAD_OF_DOUBLINGS = -0.25, 0.5
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(60)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()
_QUANTILES = ndtri((np.arange(2000) + 0.5) / 2000)


@dataclass(frozen=True)
class People:
    """Who rates what, and what sways them."""

    n_raters: int
    n_items: int
    """A multiple of `n_raters`, so that each rater has as many ratings."""
    share: float
    """Of the arm where neither side nor length draws."""
    side: float
    """Log-odds that the left reply gains over the right."""
    length: float
    """Log-odds per doubling of the arm's length."""

    @property
    def is_swayed(self) -> bool:
        """Side and length have a part in the choice."""
        return bool(self.side or self.length)

    def chances(self, sides: Floats, doublings: Floats) -> Floats:
        """Of the arm, a tie counting half; `sides` are ½ where it stands left, −½ right."""
        found: Floats = expit(logit(self.share) + self.side * sides + self.length * doublings)
        return found


def scenarios() -> Iterator[Scenario]:
    for n_raters, n_items in ((12, 36), (20, 200)):
        for name, share, side, length in (
            ("nothing to find", 0.5, 0.0, 0.0),
            ("share 0.75, side and length draw nobody", 0.75, 0.0, 0.0),
            ("share 0.7, side and length draw", 0.7, 0.5, 0.6),
        ):
            people = People(n_raters, n_items, share, side, length)
            setting = f"{n_raters} raters, {n_items} items, {name}"
            yield Scenario(setting, truths_of_people(people), _study(people))


def truths_of_people(people: People) -> dict[str, float]:
    """What the estimates should tell, by name."""
    doublings = _MEAN_DOUBLINGS + _SPREAD_OF_DOUBLINGS * _QUANTILES
    left, right = (people.chances(np.array(side), doublings) for side in (0.5, -0.5))
    chance = (left + right) / 2
    share = float(chance.mean())
    at_equal = float(people.chances(np.array([0.5, -0.5]), np.zeros(2)).mean())
    truths = {
        "arm_share": share,
        "cohens_h": float(2 * np.arcsin(share**0.5) - np.pi / 2),
        "left_share": float((left + 1 - right).mean()) / 2,
        "side_log_odds": float(logit(left.mean()) - logit(right.mean())),
        "share_of_both_sides": share,
        "longer_share": float(np.where(doublings > 0, chance, 1 - chance).mean()),
        "length_log_odds": people.length,
        "share_at_equal_length": at_equal,
        "points_of_length": 100 * (share - at_equal),
        "quarter_share": share,
        "quarter_seconds": SECONDS,
    }
    if not people.is_swayed:
        truths["raters_above_half"] = _share_above_half(people)
        truths["quarter_agreement"] = _share_of_same_answers(people)
    return truths


def _answers_given(effect: Floats, share: float, part: float) -> Floats:
    """Chances of original, equal and arm where a normal effect holds a part of the variance."""
    ends = np.array([_below(share), _below(share) + _tie_of(share)])
    below = ndtr((ndtri(ends)[:, None] - part**0.5 * effect) / (1 - part) ** 0.5)
    return np.stack([below[0], below[1] - below[0], 1 - below[1]])


def _share_above_half(people: People) -> float:
    """Of raters who chose either more often, or both as often and at least once, those of the arm.

    Sums over how many of a rater's ratings are untied, and how many of those are for the arm.
    """
    original, tie, arm = _answers_given(_NODES, people.share, _DEPENDENCE)
    n = 3 * people.n_items // people.n_raters
    above, none = np.zeros(len(_NODES)), tie**n
    for n_untied in range(1, n + 1):
        of_untied = binom(n, n_untied) * tie ** (n - n_untied)
        for n_arm in range(n_untied // 2 + 1, n_untied + 1):
            ways = binom(n_untied, n_arm) * arm**n_arm * original ** (n_untied - n_arm)
            above += of_untied * ways
    return float(_WEIGHTS @ above / (_WEIGHTS @ (1 - none)))


def _share_of_same_answers(people: People) -> float:
    """How often two raters of one pair say the same."""
    answers = _answers_given(_NODES, people.share, _DEPENDENCE)
    return float(_WEIGHTS @ (answers**2).sum(axis=0))


def _tie_of(chance: Floats | float) -> Floats | float:
    return _TIES * chance * (1 - chance)


def _below(chance: Floats | float) -> Floats | float:
    """Where answers for the original end, so that ties count half."""
    return 1 - chance - _tie_of(chance) / 2


def _study(people: People) -> Study:
    def study(random: np.random.Generator):
        found = compute_warmth_validation(_draw(random, people), "warm")
        told = _estimates(found)
        return {name: told[name] for name in truths_of_people(people)}

    return study


def _draw(random: np.random.Generator, people: People) -> PreferenceTable:
    n_items, n_raters = people.n_items, people.n_raters
    item = np.repeat(np.arange(n_items), 3)
    first = random.permutation(n_items) % n_raters
    apart = np.concatenate([[0], 1 + random.permutation(n_raters - 1)[:2]])
    rater = (first[:, None] + apart).reshape(-1) % n_raters
    n = len(item)
    # sides are as even within a pair as three ratings can be
    is_left = ((np.arange(3) + random.integers(2, size=(n_items, 1))) % 2 == 0).reshape(-1)
    doublings = random.normal(_MEAN_DOUBLINGS, _SPREAD_OF_DOUBLINGS, n_items)[item]
    sides = np.where(is_left, 0.5, -0.5)
    leaning = _LEANING if people.is_swayed else 0.0
    opinion = (
        _DEPENDENCE**0.5 * random.normal(size=n_items)[item]
        + _DEPENDENCE**0.5 * random.normal(size=n_raters)[rater]
        + leaning**0.5 * random.normal(size=n_raters)[rater] * 2 * sides
        + (1 - 2 * _DEPENDENCE - leaning) ** 0.5 * random.normal(size=n)
    )
    place, chance = ndtr(opinion), people.chances(sides, doublings)
    below = _below(chance)
    warmer = np.where(place < below, 0.0, np.where(place < below + _tie_of(chance), 0.5, 1.0))
    seconds = SECONDS * np.exp(
        0.3 * random.normal(size=n_items)[item]
        + 0.3 * random.normal(size=n_raters)[rater]
        + 0.5 * random.normal(size=n)
    )
    return _table(item, rater, warmer, is_left, 800 * 2**doublings, seconds, random.permutation(n))


def _table(item, rater, warmer, is_left, characters, seconds, position) -> PreferenceTable:
    n = len(item)
    same = np.full(n, "one")
    # ids are numbers here, which are looked up more quickly than texts
    return PreferenceTable(
        pair=item,
        item=item,
        task=same,
        context=same,
        belief=same,
        rater=rater,
        arm=np.full(n, "warm"),
        warmer_code=4 * warmer - 2,
        first_code=4 * warmer - 2,
        accurate_code=np.full(n, np.nan),
        warmer=warmer,
        accurate=np.full(n, np.nan),
        arm_is_left=is_left,
        both_bad=np.zeros(len(warmer), dtype=bool),
        chose_left=np.where(is_left, warmer, 1 - warmer),
        arm_characters=characters,
        original_characters=np.full(n, 800.0),
        position=position,
        rated_at_s=position.astype(np.float64),
        seconds=seconds,
    )


def _estimates(found: WarmthValidation) -> dict[str, tuple[Estimate, ...]]:
    third = found.fatigue.quarters[2]
    return {
        "arm_share": (found.share,),
        "cohens_h": (found.cohens_h,),
        "raters_above_half": (found.raters_above_half,),
        "left_share": (found.side.left_share,),
        "side_log_odds": (found.side.side,),
        "share_of_both_sides": (found.side.adjusted_share,),
        "longer_share": (found.length.longer_share,),
        "length_log_odds": (found.length.log_odds_per_doubling,),
        "share_at_equal_length": (found.length.share_at_equal_length,),
        "points_of_length": (found.length.explained_pp,),
        "quarter_share": (third.warm_share,),
        "quarter_seconds": (third.median_seconds,),
        "quarter_agreement": (third.agreement,),
    }
