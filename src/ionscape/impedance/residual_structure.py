"""Do the residuals keep what least squares assumes of them? If not, what the uncertainties become.

Ordinary covariances hold for independent residuals whose spread the weights state rightly. Where the spread
depends on frequency or modulus, the sandwich covariance takes its place (White, Econometrica 48, 817 (1980);
HC2 form: MacKinnon and White, J. Econometrics 29, 305 (1985)). Where neighbours along frequency go together,
there are fewer independent residuals than points, and the covariance grows by the ratio.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ionscape.fit.information import effective_count
from ionscape.fit.least_squares import LeastSquaresFit

FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]

NOTABLE_CORRELATION = 1.5  # factor on the uncertainties from which correlation is no accident
# Chi-square of 2 degrees of freedom that chance exceeds once in twenty: a needless sandwich does no harm.
UNEVEN = 6.0


def inflation_by_correlation(found: LeastSquaresFit) -> float:
    """Factor by which the uncertainties grow because neighbouring residuals go together; 1 if they do not."""
    independent = effective_count(found.residuals.reshape(-1, 2).T)
    factor = math.sqrt(found.residuals.size / independent)
    return factor if factor > NOTABLE_CORRELATION else 1.0


def is_uneven(found: LeastSquaresFit, frequency: FloatArray, impedance: ComplexArray) -> bool:
    """Whether the spread of the weighted residuals changes with frequency or modulus.

    Koenker's studentised form of the Breusch-Pagan test (J. Econometrics 17, 107 (1981)).
    """
    square = np.sum(found.residuals.reshape(-1, 2) ** 2, axis=1)
    if square.size < 10 or not np.ptp(square) > 0:
        return False
    design = np.column_stack([np.ones(square.size), np.log(frequency), np.log(np.abs(impedance))])
    fitted = design @ np.linalg.lstsq(design, square, rcond=None)[0]
    explained = 1 - float(np.sum((square - fitted) ** 2) / np.sum((square - square.mean()) ** 2))
    return bool(square.size * explained > UNEVEN)


def joint_covariance(found: LeastSquaresFit, inflation: float, uneven: bool) -> FloatArray:
    """The wider of the two covariances: both may see the same misfit, so they are not multiplied."""
    grown = found.covariance * inflation**2
    if not uneven:
        return grown
    robust, plain = _sandwich(found), np.diag(found.covariance)
    free = np.isfinite(plain) & (plain > 0)
    wider = float(np.mean(np.diag(robust)[free] / plain[free])) if free.any() else 0.0
    return robust if wider > inflation**2 else grown


def _sandwich(found: LeastSquaresFit) -> FloatArray:
    """Covariance of theta that needs no model of the spread; open and held parameters as before."""
    variances = np.diag(found.covariance)
    free = np.isfinite(variances) & (variances > 0)
    jacobian = found.jacobian[:, free]
    bread = found.covariance[np.ix_(free, free)] / found.variance
    leverage = np.clip(np.einsum("mp,pq,mq->m", jacobian, bread, jacobian), 0.0, 0.9)
    scores = jacobian * (found.residuals / np.sqrt(1 - leverage))[:, None]
    robust = found.covariance.copy()
    robust[np.ix_(free, free)] = bread @ (scores.T @ scores) @ bread
    return robust
