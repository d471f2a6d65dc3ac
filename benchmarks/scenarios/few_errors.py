"""Rates and gaps of few items, and of rare errors; gaps by resampled items, and of single cells.

Beside `error_rates.py`, which has the sizes and shares that most studies have.
"""

from collections.abc import Iterator

import numpy as np

from evaluation.statistics.paired_tests import PairCounts, newcombe_paired
from evaluation.statistics.proportions import (
    difference_in_differences,
    paired_difference,
    rate,
    resampled_difference,
)
from scenarios import Scenario, Study
from scenarios.made_outcomes import draw_outcomes

N_CONTEXTS = 4
_ICC = 0.2


def scenarios() -> Iterator[Scenario]:
    for n_items in (5, 10):
        yield _scenario(n_items, 0.3, 0.07, "few items")
    for n_items in (20, 40, 200):
        for share in (0.02, 0.04):
            yield _scenario(n_items, share, 0.0, "rare errors")
        yield _scenario(n_items, 0.3, 0.07, "middling errors")
    yield _scenario(40, 0.3, 0.0, "middling errors")
    for n_items in (10, 20):
        for share in (0.6, 0.9):
            setting = f"{n_items} items, one rating each, share {share}"
            yield Scenario(setting, {"share_of_rater": share}, _of_rater(n_items, share))


def _scenario(n_items: int, share: float, gap: float, name: str) -> Scenario:
    truths = {
        f"rate, {name}": share + gap,
        f"paired_difference, {name}": 100 * gap,
        f"resampled_difference, {name}": 100 * gap,
        f"difference_in_differences, {name}": 100 * gap,
        f"newcombe_paired, {name}": 100 * gap,
    }
    setting = f"{n_items} items, share {share}, gap {100 * gap:g} pp, ICC {_ICC}"
    return Scenario(setting, truths, _study(n_items, share, gap, tuple(truths)))


def _study(n_items: int, share: float, gap: float, names: tuple[str, ...]) -> Study:
    """Two arms, four contexts, with a belief and without; the gap is there with the belief alone."""
    shares = np.full((n_items, 4 * N_CONTEXTS), share)
    shares[:, :N_CONTEXTS] += gap
    items = np.repeat(np.arange(n_items), N_CONTEXTS)

    def study(random: np.random.Generator):
        four = np.split(draw_outcomes(random, shares, _ICC), 4, axis=1)
        with_a, with_b, without_a, without_b = (part.reshape(-1) for part in four)
        seed = int(random.integers(2**31))
        found = (
            rate(with_a, items),
            paired_difference(with_a, with_b, items),
            resampled_difference(with_a, with_b, items, seed),
            difference_in_differences(with_a, with_b, without_a, without_b, items),
            newcombe_paired(_count(four[0][:, 0] == 1, four[1][:, 0] == 1)),
        )
        return {name: (one,) for name, one in zip(names, found, strict=True)}

    return study


def _count(arm: np.ndarray, original: np.ndarray) -> PairCounts:
    return PairCounts(
        n_both=int((arm & original).sum()),
        n_arm_only=int((arm & ~original).sum()),
        n_original_only=int((~arm & original).sum()),
        n_neither=int((~arm & ~original).sum()),
    )


def _of_rater(n_items: int, share: float) -> Study:
    shares = np.full((n_items, 1), share)

    def study(random: np.random.Generator):
        outcomes = draw_outcomes(random, shares, 0.0).reshape(-1)
        return {"share_of_rater": (rate(outcomes, np.arange(n_items)),)}

    return study
