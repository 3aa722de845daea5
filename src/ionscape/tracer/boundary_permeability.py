"""Permeability P = D_gb/delta of one boundary from its gradient and step: a ratio of two noisy numbers.

The exact interval of a ratio (Fieller) is the set of p for which gradient - p step is compatible with zero.
It is bounded only where both are significant; else it is open on one side (a bound) or says nothing.

Source: E. C. Fieller, J. R. Stat. Soc. B 16, 175 (1954).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ionscape.core.estimate import Estimate, lower_bound, undetermined, upper_bound
from ionscape.core.quantity import dimension_of

FloatArray = NDArray[np.float64]

TWO_SIDED = 1.959963984540054
"""Of bounds too: whether an interval is open is decided by the data, and only so all together cover 95 %."""
RATIO = dimension_of("1/m")


def step_ratio(gradient: float, step: float, covariance: FloatArray, source: str) -> Estimate:
    """(dC/dn)/dC = P/D_b [1/m] of one boundary.

    Parameters
    ----------
    gradient : float
        [1/m]
    step : float
    covariance : (2, 2) array
        Of (gradient, step).
    source : str
        Unique name of the boundary: the root of its latent.

    Returns
    -------
    Estimate
        Determined where gradient and step differ from zero with 95 % confidence and in the same sense; an
        upper bound where only the step does, a lower one where only the gradient does; else undetermined.
    """
    g, d = (gradient, step) if step >= 0 else (-gradient, -step)
    var_g, cov, var_d = float(covariance[0, 0]), float(covariance[0, 1]), float(covariance[1, 1])
    clear_g, clear_d = g * g > TWO_SIDED**2 * var_g, d * d > TWO_SIDED**2 * var_d
    if clear_g and clear_d and g > 0:
        return _determined(g, d, (var_g, cov, var_d), source)
    if clear_g and clear_d:
        return undetermined(
            RATIO, "gradient and step have opposite signs, which no flux across one boundary gives"
        )
    if clear_d:
        bound = _root(g, d, (var_g, cov, var_d), TWO_SIDED, 1)
        if bound > 0:
            return upper_bound(bound, RATIO, "the gradient is not significant, the step is")
        return undetermined(RATIO, "the gradient is not significant and has the opposite sign of the step")
    if clear_g:
        g, d = abs(gradient), step * math.copysign(1.0, gradient)
        inverse = _root(d, g, (var_d, cov, var_g), TWO_SIDED, 1)
        if inverse > 0:
            return lower_bound(1 / inverse, RATIO, "the step is not significant, the gradient is")
        return undetermined(RATIO, "the step is not significant and has the opposite sign of the gradient")
    return undetermined(RATIO, "neither gradient nor step is significant")


def _determined(g: float, d: float, variances: tuple[float, float, float], source: str) -> Estimate:
    quantiles = [
        _root(g, d, variances, z, side) for z, side in ((TWO_SIDED, -1), (1.0, -1), (1.0, 1), (TWO_SIDED, 1))
    ]
    low2, low, high, high2 = (math.log(q * d / g) for q in quantiles)
    spread = (high - low) / 2
    if spread == 0:
        return Estimate(g / d, RATIO, "log")
    shape = (low2 / spread, low / spread, 0.0, high / spread, high2 / spread)
    return Estimate(g / d, RATIO, "log", {f"{source}#ratio": spread}, shape)


def _root(g: float, d: float, variances: tuple[float, float, float], z: float, side: int) -> float:
    """The p on that side of g/d where |g - p d| is z standard deviations; d must be significant at z."""
    var_g, cov, var_d = variances
    a, b, c = d * d - z * z * var_d, g * d - z * z * cov, g * g - z * z * var_g
    return (b + side * math.sqrt(max(b * b - a * c, 0.0))) / a
