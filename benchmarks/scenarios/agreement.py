"""Agreement: raters who give an item its own value with some probability, and any value else.

The truth is each coefficient's limit for infinitely many items, from the joint shares of two
raters' values.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtri

from evaluation.statistics.agreement import alpha_of_counts, alphas_of_coincidences
from evaluation.statistics.codes import Codes
from evaluation.statistics.coefficients import (
    agreement_weights,
    coefficients_of_counts,
    cohen_kappa,
)
from evaluation.statistics.fine_scales import alpha_of_fine_codes
from evaluation.statistics.table_agreement import agreement_of_table
from scenarios import Scenario, Study

_MANY = 1e12
_SPREAD_OF_LOGARITHMS = 0.5
_PAIRS_OF_ITEM = 4
_ONE_TO_FIVE = np.arange(1.0, 6.0)
_QUANTILES = ndtri((np.arange(2000) + 0.5) / 2000)


@dataclass(frozen=True)
class Rating:
    """How items and raters come to values."""

    prevalence: tuple[float, ...]
    """Shares of the items' own values."""
    hit: float
    """How often a rater gives an item its own value, beside what chance gives."""
    n_raters: int


def scenarios() -> Iterator[Scenario]:
    even, rare, ordered = (1 / 3,) * 3, (0.85, 0.1, 0.05), (0.1, 0.2, 0.4, 0.2, 0.1)
    for n_items in (20, 100, 500):
        for hit in (0.5, 0.85):
            for name, prevalence in (("even", even), ("rare", rare), ("ordered", ordered)):
                # with as many items all settings are alike: one of them stands for the others
                for n_raters in (2, 3) if n_items < 500 else (3,) if hit > 0.5 else ():
                    rating = Rating(prevalence, hit, n_raters)
                    setting = f"{n_items} items, {n_raters} raters, {name} values, hits {hit}"
                    if name == "ordered":
                        yield Scenario(
                            setting, truths_of_ordered(rating), _ordered(rating, n_items)
                        )
                    else:
                        yield Scenario(
                            setting, truths_of_nominal(rating), _nominal(rating, n_items)
                        )
        for correlation in (0.4, 0.8) if n_items < 500 else ():
            setting = f"{n_items} items, 3 raters, fine scale, alpha {correlation}"
            yield Scenario(
                setting, {"alpha_interval_fine": correlation}, _fine(correlation, n_items)
            )
        if n_items < 500:
            rating = Rating(ordered, 0.8, 3)
            setting = f"{n_items} items, 3 raters, values 1 to 5, hits 0.8"
            truth = _alpha(_pair_shares(rating), "ratio", _ONE_TO_FIVE)
            yield Scenario(setting, {"alpha_ratio": truth}, _ratio(rating, n_items))
    for n_items in (20, 100):
        for n_raters in (2, 3):
            rating = Rating(ordered, 0.5, n_raters)
            yield Scenario(
                f"{n_items} items of {_PAIRS_OF_ITEM} pairs, {n_raters} raters, hits 0.5",
                {f"{name}_of_pairs": truth for name, truth in truths_of_pairs(rating).items()},
                _clustered(rating, n_items),
            )
    # each resample ranks all values anew, so that one size stands for the others
    yield Scenario(
        "20 items, 3 raters, fine scale, alpha 0.8", truths_of_ranks(0.8), _ranks(0.8, 20)
    )


def _pair_shares(rating: Rating) -> np.ndarray:
    """How often two raters give one item these two values, shape (n_values, n_values)."""
    prevalence = np.array(rating.prevalence)
    n = len(prevalence)
    gives = rating.hit * np.eye(n) + (1 - rating.hit) * prevalence
    shares: np.ndarray = np.einsum("t,ta,tb->ab", prevalence, gives, gives)
    return shares


def _beyond_chance(p_a: float, p_e: float) -> float:
    return (p_a - p_e) / (1 - p_e)


def truths_of_nominal(rating: Rating) -> dict[str, float]:
    pairs = _pair_shares(rating)
    shares, p_a, n = pairs.sum(axis=0), float(np.trace(pairs)), len(pairs)
    by_chance = float(shares @ shares)
    truths = {
        "alpha_nominal": _alpha(pairs, "nominal"),
        "percent": p_a,
        "fleiss": _beyond_chance(p_a, by_chance),
        "gwet": _beyond_chance(p_a, float((shares * (1 - shares)).sum()) / (n - 1)),
        "brennan_prediger": _beyond_chance(p_a, 1 / n),
    }
    return truths | ({"cohen": truths["fleiss"]} if rating.n_raters == 2 else {})


def truths_of_ordered(rating: Rating) -> dict[str, float]:
    pairs = _pair_shares(rating)
    shares, n = pairs.sum(axis=0), len(pairs)
    weights = agreement_weights(np.arange(float(n)), "ordinal")
    p_a = float((pairs * weights).sum())
    spread = float((shares * (1 - shares)).sum())
    truths = {
        "alpha_ordinal": _alpha(pairs, "ordinal"),
        "gwet_weighted": _beyond_chance(p_a, weights.sum() / (n * (n - 1)) * spread),
    }
    if rating.n_raters == 2:
        truths["cohen_weighted"] = _beyond_chance(p_a, float(shares @ weights @ shares))
    return truths


def truths_of_pairs(rating: Rating) -> dict[str, float]:
    """Of what a study shows of its raters: kappas without weights, the others with."""
    of_names, of_ranks = truths_of_nominal(rating), truths_of_ordered(rating)
    return {
        name: truth
        for name, truth in (of_names | of_ranks).items()
        if name not in ("alpha_nominal", "gwet")
    }


def truth_of_unanimous(rating: Rating) -> float:
    """How often all raters give an item the same value."""
    prevalence = np.array(rating.prevalence)
    gives = rating.hit * np.eye(len(prevalence)) + (1 - rating.hit) * prevalence
    return float(prevalence @ (gives**rating.n_raters).sum(axis=1))


def truths_of_ranks(correlation: float) -> dict[str, float]:
    """Of the ranks of normal ratings that correlate, and of their exponentials.

    Midranks of normal values correlate by 6/π · arcsin(ρ/2) (Pearson 1907). A ratio's difference
    of two exponentials is tanh of half the distance of their logarithms.
    """
    within, between = (
        float((np.tanh(part**0.5 * _SPREAD_OF_LOGARITHMS * _QUANTILES / 2**0.5) ** 2).mean())
        for part in (1 - correlation, 1.0)
    )
    return {
        "alpha_ordinal_fine": 6 / np.pi * float(np.arcsin(correlation / 2)),
        "alpha_ratio_fine": 1 - within / between,
    }


def _alpha(pairs: np.ndarray, level: str, domain: np.ndarray | None = None) -> float:
    domain = np.arange(float(len(pairs))) if domain is None else domain
    return float(alphas_of_coincidences(pairs[None] * _MANY, domain, level)[0])


def draw_values(random: np.random.Generator, rating: Rating, n_items: int) -> np.ndarray:
    ends = np.cumsum(rating.prevalence)[:-1]
    own = np.searchsorted(ends, random.random(n_items))
    other = np.searchsorted(ends, random.random((n_items, rating.n_raters)))
    return np.where(random.random(other.shape) < rating.hit, own[:, None], other)


def _counts(values: np.ndarray, n_values: int) -> np.ndarray:
    return (values[:, :, None] == np.arange(n_values)).sum(axis=1)


def _confusion(values: np.ndarray, n_values: int) -> np.ndarray:
    cells = np.bincount(values[:, 0] * n_values + values[:, 1], minlength=n_values**2)
    return cells.reshape(n_values, n_values)


def _nominal(rating: Rating, n_items: int) -> Study:
    n_values = len(rating.prevalence)
    domain = np.arange(float(n_values))

    def study(random: np.random.Generator):
        values = draw_values(random, rating, n_items)
        counts, seed = _counts(values, n_values), int(random.integers(2**31))
        found = {"alpha_nominal": (alpha_of_counts(counts, domain, "nominal", seed).alpha,)}
        for name in ("percent", "fleiss", "gwet", "brennan_prediger"):
            found[name] = (coefficients_of_counts([name], counts, domain, seed)[name],)
        if rating.n_raters == 2:
            found["cohen"] = (cohen_kappa(_confusion(values, n_values), domain, seed),)
        return found

    return study


def _ordered(rating: Rating, n_items: int) -> Study:
    n_values = len(rating.prevalence)
    domain = np.arange(float(n_values))

    def study(random: np.random.Generator):
        values = draw_values(random, rating, n_items)
        counts, seed = _counts(values, n_values), int(random.integers(2**31))
        found = {
            "alpha_ordinal": (alpha_of_counts(counts, domain, "ordinal", seed).alpha,),
            "gwet_weighted": (
                coefficients_of_counts(["gwet"], counts, domain, seed, "ordinal")["gwet"],
            ),
        }
        if rating.n_raters == 2:
            confusion = _confusion(values, n_values)
            found["cohen_weighted"] = (cohen_kappa(confusion, domain, seed, "ordinal"),)
        return found

    return study


def _clustered(rating: Rating, n_items: int) -> Study:
    """Pairs of an item share its own value half of the time, and are drawn together."""
    n_values = len(rating.prevalence)
    item = np.repeat(np.arange(n_items), _PAIRS_OF_ITEM)
    n_pairs = len(item)
    names = tuple(map(str, range(n_pairs)))
    raters = tuple(map(str, range(rating.n_raters)))
    values_of = tuple(map(str, range(n_values)))
    domain = np.arange(float(n_values))

    def study(random: np.random.Generator):
        ends = np.cumsum(rating.prevalence)[:-1]
        of_item = np.searchsorted(ends, random.random(n_items))[item]
        of_pair = np.searchsorted(ends, random.random(n_pairs))
        own = np.where(random.random(n_pairs) < 0.5, of_item, of_pair)
        other = np.searchsorted(ends, random.random((n_pairs, rating.n_raters)))
        given = np.where(random.random(other.shape) < rating.hit, own[:, None], other)
        pair, rater = np.indices(given.shape).reshape(2, -1)
        codes = Codes(pair, rater, given.reshape(-1), names, raters, values_of, domain, item)
        found = agreement_of_table(codes, "ordinal", int(random.integers(2**31)))
        told = {
            "alpha_ordinal": found.alpha.alpha,
            "percent": found.percent,
            "fleiss": found.fleiss,
            "brennan_prediger": found.brennan_prediger,
            "gwet_weighted": found.gwet,
            "cohen": found.cohen,
            "cohen_weighted": found.cohen_weighted,
        }
        return {f"{name}_of_pairs": (one,) for name, one in told.items() if one is not None}

    return study


def _ratio(rating: Rating, n_items: int) -> Study:
    def study(random: np.random.Generator):
        counts = _counts(draw_values(random, rating, n_items), len(_ONE_TO_FIVE))
        seed = int(random.integers(2**31))
        return {"alpha_ratio": (alpha_of_counts(counts, _ONE_TO_FIVE, "ratio", seed).alpha,)}

    return study


def _fine(correlation: float, n_items: int) -> Study:
    def study(random: np.random.Generator):
        codes = _fine_codes(random, correlation, n_items)
        seed = int(random.integers(2**31))
        return {"alpha_interval_fine": (alpha_of_fine_codes(codes, "interval", seed).alpha,)}

    return study


def _ranks(correlation: float, n_items: int) -> Study:
    def study(random: np.random.Generator):
        codes = _fine_codes(random, correlation, n_items)
        positive = replace(codes, domain=np.exp(_SPREAD_OF_LOGARITHMS * codes.domain))
        seed = int(random.integers(2**31))
        return {
            "alpha_ordinal_fine": (alpha_of_fine_codes(codes, "ordinal", seed).alpha,),
            "alpha_ratio_fine": (alpha_of_fine_codes(positive, "ratio", seed).alpha,),
        }

    return study


def _fine_codes(random: np.random.Generator, correlation: float, n_items: int) -> Codes:
    """Three ratings an item, all values different."""
    item = np.repeat(np.arange(n_items), 3)
    own = correlation**0.5 * random.normal(size=n_items)
    ratings = own[item] + (1 - correlation) ** 0.5 * random.normal(size=len(item))
    domain, value = np.unique(ratings, return_inverse=True)
    rater = np.tile(np.arange(3), n_items)
    names = tuple(map(str, range(n_items)))
    return Codes(item, rater, value, names, ("a", "b", "c"), (), domain)
