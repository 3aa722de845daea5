"""What the residuals of a profile fit say: noise, chance of their order, how far errors are widened."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ionscape.fit.information import effective_count
from ionscape.fit.least_squares import LeastSquaresFit

FloatArray = NDArray[np.float64]

NOTABLE = 2.6  # lag-1 correlation times sqrt(N) that chance exceeds once in two hundred
MISFIT = 0.01  # chance of so large a chi-square below which stated errors are too small


@dataclass(frozen=True)
class Noise:
    """Noise of one fit.

    Attributes
    ----------
    variance : float
        By which (J^T J)^-1 is multiplied: 1 for counting errors that explain the scatter.
    degrees_of_freedom : float
        Of that variance; infinite where it is known.
    correlation : float
        Of neighbouring residuals.
    widened : float
        Factor on all uncertainties because neighbours go together; 1 if they do not.
    chance_of_runs : float
        Probability of so few changes of sign by chance.
    excess : float
        Scatter over the stated errors; 1 where they explain it or none are stated.
    """

    variance: float
    degrees_of_freedom: float
    correlation: float
    widened: float
    chance_of_runs: float
    excess: float = 1.0


def noise_of(fit: LeastSquaresFit, *, known: bool) -> Noise:
    """Noise from the residuals in order of position; ``known`` where the weights are true errors."""
    from scipy.special import gammaincc

    r = fit.residuals
    freedom = max(fit.degrees_of_freedom, 1)
    scatter = fit.cost / freedom
    variance, dof, excess = scatter, float(freedom), 1.0
    if known:
        if float(gammaincc(freedom / 2, fit.cost / 2)) < MISFIT:
            excess = math.sqrt(scatter)
        else:
            variance, dof = 1.0, math.inf
    power = float(r @ r)
    correlation = float(r[1:] @ r[:-1]) / power if power > 0 else 0.0
    widened = 1.0
    if correlation * math.sqrt(r.size) > NOTABLE:
        widened = math.sqrt(r.size / effective_count(r[None, :]))
    return Noise(variance * widened**2, dof, correlation, widened, chance_of_runs(r), excess)


def chance_of_runs(residuals: FloatArray) -> float:
    """Probability of at most so many runs of one sign (Wald and Wolfowitz 1940, normal approximation)."""
    from scipy.special import ndtr

    positive = residuals > 0
    a, b = int(np.sum(positive)), int(np.sum(~positive))
    if min(a, b) < 2:
        return 1.0 if residuals.size < 8 else 2.0 ** (1 - residuals.size)
    runs = 1 + int(np.sum(positive[1:] != positive[:-1]))
    mean = 1 + 2 * a * b / (a + b)
    variance = (mean - 1) * (mean - 2) / (a + b - 1)
    return float(ndtr((runs + 0.5 - mean) / math.sqrt(variance)))


__all__ = ["Noise", "chance_of_runs", "noise_of"]
