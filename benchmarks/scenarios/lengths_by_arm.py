"""Lengths of replies by arm: mean, median and the difference of two arms.

Lengths are lognormal, as those of free text roughly are; items differ in length, which both arms
share, and the arm's replies are a fifth shorter. A control set asks each item once, a study of
four conditions four times.
"""

from collections.abc import Iterator

import numpy as np

from evaluation.statistics.columns import LengthColumns
from evaluation.statistics.medians import median_by_item
from evaluation.statistics.reply_lengths import length_difference, mean_length
from scenarios import Scenario, Study

_OF_ITEMS, _OF_REPLIES = 0.4, 0.5
"""Spreads of the logarithm, between items and within."""
_MEDIAN, _SHORTER = 400.0, 0.8


def scenarios() -> Iterator[Scenario]:
    mean = _MEDIAN * float(np.exp((_OF_ITEMS**2 + _OF_REPLIES**2) / 2))
    for n_items in (10, 20, 200):
        for n_prompts in (1, 4):
            truths = {
                "mean_length": mean,
                "median_length": _MEDIAN,
                "length_difference": (_SHORTER - 1) * mean,
            }
            setting = f"{n_items} items, {n_prompts} prompts each"
            yield Scenario(setting, truths, _study(n_items, n_prompts))


def _study(n_items: int, n_prompts: int) -> Study:
    item = np.repeat(np.arange(n_items), n_prompts)
    n = len(item)

    def study(random: np.random.Generator):
        shared = np.log(_MEDIAN) + _OF_ITEMS * random.normal(size=n_items)[item]
        original = np.exp(shared + _OF_REPLIES * random.normal(size=n))
        arm = _SHORTER * np.exp(shared + _OF_REPLIES * random.normal(size=n))
        columns = (_columns(arm, item), _columns(original, item))
        return {
            "mean_length": (mean_length(original, item, 0.95),),
            "median_length": (median_by_item(original, item, 0.95),),
            "length_difference": (length_difference(*columns, 0.95).estimate,),
        }

    return study


def _columns(lengths: np.ndarray, item: np.ndarray) -> LengthColumns:
    n = len(lengths)
    nothing = np.zeros(n)
    return LengthColumns(nothing, np.arange(n), item, lengths, nothing, nothing.astype(bool))
