"""Error rates, their differences and differences of differences, by item and without items."""

from collections.abc import Iterator

import numpy as np

from evaluation.statistics.error_cells import ARM, ErrorCells, Factor, cell_difference, cell_rate
from evaluation.statistics.proportions import difference_in_differences, paired_difference, rate
from scenarios import Scenario, Study
from scenarios.made_outcomes import draw_outcomes

N_CONTEXTS = 4


def scenarios() -> Iterator[Scenario]:
    for n_items in (20, 100, 500):
        for icc in (0.0, 0.2):
            for share, gap in ((0.08, 0.0), (0.08, 0.07), (0.4, 0.0), (0.4, 0.07)):
                setting = f"{n_items} items, share {share}, gap {100 * gap:g} pp, ICC {icc}"
                truths = {
                    "rate": share + gap,
                    "paired_difference": 100 * gap,
                    "difference_in_differences": 100 * gap,
                    "cell_difference": 100 * gap,
                }
                yield Scenario(setting, truths, _study(n_items, share, gap, icc))
    for n in (20, 100, 500):
        for share, gap in ((0.08, 0.0), (0.08, 0.07), (0.4, 0.0), (0.4, 0.07)):
            truths = {"wilson": share + gap, "newcombe": 100 * gap}
            setting = f"{n} replies an arm, share {share}, gap {100 * gap:g} pp"
            yield Scenario(setting, truths, _study_without_items(n, share, gap))


def _study(n_items: int, share: float, gap: float, icc: float) -> Study:
    """Two arms, contexts, with a belief and without; the gap is there with the belief alone."""
    shares = np.full((n_items, 4 * N_CONTEXTS), share)
    shares[:, :N_CONTEXTS] += gap
    items = np.arange(n_items)

    def study(random: np.random.Generator):
        drawn = draw_outcomes(random, shares, icc)
        with_a, with_b, without_a, without_b = np.split(drawn, 4, axis=1)
        flat = np.repeat(items, N_CONTEXTS)
        # a tenth of the replies has no score, each arm its own: the pairs are those with both
        scored = random.random((2, with_a.size)) > 0.1
        return {
            "rate": (rate(with_a.reshape(-1), flat),),
            "paired_difference": (paired_difference(with_a.reshape(-1), with_b.reshape(-1), flat),),
            "difference_in_differences": (
                difference_in_differences(
                    *(part.reshape(-1) for part in (with_a, with_b, without_a, without_b)), flat
                ),
            ),
            "cell_difference": (
                cell_difference(
                    _cells(with_a.reshape(-1), with_b.reshape(-1), flat, scored), 1, {}
                ),
            ),
        }

    return study


def _cells(
    arm: np.ndarray, reference: np.ndarray, item: np.ndarray | None, scored: np.ndarray
) -> ErrorCells:
    kept = np.flatnonzero(scored.reshape(-1))
    errors = np.concatenate([arm, reference])[kept]
    index = np.repeat([1, 0], len(arm))[kept]
    items = None if item is None else np.concatenate([item, item])[kept]
    factor = Factor(ARM, ("original", "warm"), index)
    return ErrorCells((factor,), np.ones(len(errors)), errors, items)


def _study_without_items(n: int, share: float, gap: float) -> Study:
    shares = np.tile([share + gap, share], (n, 1))

    def study(random: np.random.Generator):
        drawn = draw_outcomes(random, shares, 0.0)
        cells = _cells(drawn[:, 0], drawn[:, 1], None, np.ones((2, n), dtype=np.bool_))
        return {
            "wilson": (cell_rate(cells, {ARM: 1}).rate,),
            "newcombe": (cell_difference(cells, 1, {}),),
        }

    return study
