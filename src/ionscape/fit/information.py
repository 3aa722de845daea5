"""Information criteria for Gaussian residuals of unknown variance: lower is better, differences matter.

Sources: G. Schwarz, Ann. Stat. 6, 461 (1978); C. M. Hurvich and C.-L. Tsai, Biometrika 76, 297 (1989);
effective sample size of an autocorrelated series: G. V. Bayley and J. M. Hammersley,
J. R. Stat. Soc. Suppl. 8, 184 (1946).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray


def bic(sum_of_squares: float, n: float, n_parameters: int, n_effective: float | None = None) -> float:
    """Bayesian information criterion n ln(SS/n) + k ln n, the variance counted as one parameter more.

    Parameters
    ----------
    sum_of_squares : float
        Of the weighted residuals.
    n : float
        Number of real residuals.
    n_parameters : int
        Fitted parameters without the variance.
    n_effective : float, optional
        Number of independent residuals where they are autocorrelated; n if not given.
    """
    m = n if n_effective is None else n_effective
    return m * math.log(max(sum_of_squares, 1e-300) / n) + (n_parameters + 1) * math.log(max(m, 2.0))


def aicc(sum_of_squares: float, n: float, n_parameters: int) -> float:
    """Akaike's criterion corrected for few points; infinite where there are too few for the correction."""
    k = n_parameters + 1
    if n - k - 1 <= 0:
        return math.inf
    return n * math.log(max(sum_of_squares, 1e-300) / n) + 2 * k + 2 * k * (k + 1) / (n - k - 1)


def effective_count(residuals: NDArray[np.float64]) -> float:
    """Number of independent values in autocorrelated series.

    Parameters
    ----------
    residuals : (S, N) array
        S series, each ordered along the second axis, of zero mean.

    Returns
    -------
    float
        S N (1 - rho)/(1 + rho) with rho the pooled lag-1 autocorrelation, floored at zero.
    """
    power = float(np.sum(residuals**2))
    if power == 0 or residuals.shape[1] < 3:
        return float(residuals.size)
    rho = float(np.sum(residuals[:, 1:] * residuals[:, :-1])) / power
    rho = min(max(rho, 0.0), 0.98)
    return residuals.size * (1 - rho) / (1 + rho)
