"""Scenarios of `coverage.py`: made-up studies with a known truth, and the intervals that tell it.

One module per family of estimators. To add an estimator, write a function that draws a study and
estimates, give its truth, and yield a `Scenario` for each size; name the module in `coverage.py`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from study.records import Estimate

Study = Callable[[np.random.Generator], Mapping[str, tuple[Estimate, ...]]]


@dataclass(frozen=True)
class Scenario:
    """One kind of study."""

    setting: str
    """Its sizes and shares in words."""
    truths: Mapping[str, float]
    """What each estimator should tell, by its name, in the unit of its estimate."""
    study: Study
    """Draws one study and gives, by estimator, the intervals that must all hold the truth: one,
    or a family."""
