"""Are the residuals in random order along temperature?"""

from __future__ import annotations

import math

import numpy as np

from ionscape.temperature.generalised_least_squares import Fit

_DRAWS = 20_000
_FEWEST = 6


def chance_of_order(solution: Fit) -> float:
    """Probability that random errors leave residuals as smooth along temperature as these; nan if untested.

    The ratio of squared successive differences to squares (von Neumann 1941; of residuals: Durbin and
    Watson 1950, Biometrika 37, 409) against its distribution for normal errors with the covariance of the
    points and this very design, from draws: right for few points too. Not tested below six points, nor
    where the stated errors explain the residuals (no scatter was added).
    """
    n = len(solution.points)
    if n < _FEWEST or solution.degrees_of_freedom < 3 or solution.scatter == 0:
        return math.nan
    covariance = solution.weights @ solution.weights.T + np.diag(solution.assumed + solution.scatter**2)
    leaves = np.eye(n) - solution.design @ solution.gain
    variances, vectors = np.linalg.eigh(leaves @ covariance @ leaves.T)
    root = vectors * np.sqrt(np.clip(variances, 0.0, None))
    drawn = root @ np.random.default_rng(1941).standard_normal((n, _DRAWS))
    ratio = (np.diff(drawn, axis=0) ** 2).sum(axis=0) / (drawn**2).sum(axis=0)
    own = float((np.diff(solution.residuals) ** 2).sum() / (solution.residuals**2).sum())
    return float((np.count_nonzero(ratio <= own) + 1) / (_DRAWS + 1))
