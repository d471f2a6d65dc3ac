"""Families of tests: p-values that are read together, adjusted for how many there are.

A family has a name that says what was tested, and its size stands beside every adjusted value.
The tests themselves are in `paired_tests.py`.
"""

from dataclasses import dataclass

import numpy as np

from evaluation.statistics.intervals import Values
from study.errors import BadTable


@dataclass(frozen=True)
class AdjustedP:
    """A p-value within its family."""

    p: float
    """Of the test alone."""
    adjusted: float
    """The smallest share of false discoveries at which the test counts as one."""
    family: str
    """What was tested together."""
    family_size: int


def adjust_in_family(p_values: Values, family: str) -> tuple[AdjustedP, ...]:
    """Adjust p-values for the false discovery rate.

    Args:
        p_values: shape (n_tests,), in [0, 1].
        family: what was tested together, in words.
    Returns:
        One per test, in the given order; empty for no tests.
    Raises:
        BadTable: a value is not between 0 and 1.
    Source: Benjamini and Hochberg 1995, doi 10.1111/j.2517-6161.1995.tb02031.x.
    """
    bad = ~((p_values >= 0) & (p_values <= 1))
    if bad.any():
        place = int(np.flatnonzero(bad)[0])
        raise BadTable(
            f"expected p-values from 0 to 1 in {family}, got {p_values[place]} at position "
            f"{place}; leave tests without a value out"
        )
    size = len(p_values)
    order = np.argsort(p_values, kind="stable")
    raised = p_values[order] * size / np.arange(1, size + 1)
    # a smaller p may not come out larger than the next one
    lowest = np.minimum.accumulate(raised[::-1])[::-1]
    adjusted = np.empty(size)
    adjusted[order] = np.minimum(lowest, 1.0)
    return tuple(
        AdjustedP(float(p), float(q), family, size) for p, q in zip(p_values, adjusted, strict=True)
    )
