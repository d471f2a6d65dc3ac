"""The likelihood of a logistic regression, and where it is largest.

Works on a design as a matrix, whatever its columns mean, and on shares as well as on counts.
What a fit tells of errors is in `logit.py`, of preferences in `choice_models.py`.
"""

from dataclasses import dataclass

import numpy as np
from scipy import linalg

from evaluation.statistics.columns import Floats

_MAX_STEPS = 50
_CONVERGED = 1e-12
# Odds of e^15 are three in ten million: a coefficient beyond that is on its way to infinity.
_INFINITE = 15.0


@dataclass(frozen=True)
class Maximum:
    """Where the likelihood is largest, or how far the search for it went."""

    coefficients: Floats
    """Log-odds, shape (n_terms,)."""
    information: Floats | None
    """Shape (n_terms, n_terms); None where a coefficient grows without end."""


def probabilities(x: Floats, beta: Floats) -> Floats:
    """The chance of an event in each row of a design."""
    chances: Floats = 1 / (1 + np.exp(-np.clip(x @ beta, -700, 700)))
    return chances


def maximise_likelihood(x: Floats, n: Floats, events: Floats) -> Maximum:
    """Newton's method from equal odds in all rows; a step that makes it worse is halved.

    Args:
        x: shape (n_rows, n_terms), a constant first; no column a combination of others.
        n: shape (n_rows,); observations.
        events: shape (n_rows,); from 0 to n, halves included, neither 0 nor n in all rows.
    Source: McCullagh and Nelder 1989.
    """
    share = events.sum() / n.sum()
    beta = np.zeros(x.shape[1])
    beta[0] = np.log(share / (1 - share))
    fitted = _log_likelihood(x, beta, n, events)
    for _ in range(_MAX_STEPS):
        information, score = _slopes(x, beta, n, events)
        try:
            step = linalg.solve(information, score, assume_a="pos")
        except linalg.LinAlgError:
            break
        better = _log_likelihood(x, beta + step, n, events)
        while better < fitted - 1e-9 * abs(fitted) and np.abs(step).max() > _CONVERGED:
            step = step / 2
            better = _log_likelihood(x, beta + step, n, events)
        beta, fitted = beta + step, better
        if np.abs(beta).max() > _INFINITE:
            break
        if np.abs(step).max() < _CONVERGED * max(1.0, float(np.abs(beta).max())):
            return Maximum(beta, _slopes(x, beta, n, events)[0])
    return Maximum(beta, None)


def _slopes(x: Floats, beta: Floats, n: Floats, events: Floats) -> tuple[Floats, Floats]:
    """Information and score."""
    p = probabilities(x, beta)
    return x.T @ ((n * p * (1 - p))[:, None] * x), x.T @ (events - n * p)


def _log_likelihood(x: Floats, beta: Floats, n: Floats, events: Floats) -> float:
    eta = x @ beta
    return float(events @ eta - n @ np.logaddexp(0, eta))
