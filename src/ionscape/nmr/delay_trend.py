"""How D changes with the diffusion time: a power of Δ, or scatter from run to run."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ionscape.nmr.coefficient_groups import Coefficients
from ionscape.nmr.echo_decay import EchoDecay, FloatArray


@dataclass(frozen=True)
class DelayTrend:
    """ln D against ln Δ.

    Attributes
    ----------
    exponent, sd : float
        Of D ~ Δ^exponent, the scatter about it included.
    p : float
        Probability of the trend by chance, given the errors of the D.
    p_scatter : float
        Of the scatter about the best monotonous course, straight or not.
    """

    exponent: float
    sd: float
    p: float
    p_scatter: float


NO_TREND = DelayTrend(math.nan, math.nan, math.nan, math.nan)


def n_delays(decay: EchoDecay) -> int:
    """Number of different diffusion times; 1 where they are not known."""
    delay = decay.effective_delay
    return int(np.unique(np.round(delay, 9)).size) if np.all(np.isfinite(delay)) else 1


def delay_trend(decay: EchoDecay, apart: Coefficients, variance: float, freedom: float) -> DelayTrend:
    """Straight line through ln D of the groups, weighted with their errors.

    Parameters
    ----------
    apart : Coefficients
        One D per group.
    variance, freedom : float
        Of the noise; infinite freedom where it is known.
    """
    from scipy.stats import norm, t

    if n_delays(decay) < 2:
        return NO_TREND
    delay = decay.effective_delay
    weight = np.linalg.pinv(apart.covariance * variance)
    design = np.column_stack([np.ones(delay.size), np.log(delay)])
    inverse = np.linalg.pinv(design.T @ weight @ design)
    best = inverse @ design.T @ weight @ apart.log_d
    rest = apart.log_d - design @ best
    cost, spare = float(rest @ weight @ rest), delay.size - 2
    sd = math.sqrt(max(inverse[1, 1], 1e-300))
    z = abs(best[1]) / sd
    tail = float(norm.sf(z)) if math.isinf(freedom) else float(t.sf(z, freedom))
    wider = math.sqrt(max(cost / spare, 1.0)) if spare > 0 else 1.0
    return DelayTrend(float(best[1]), sd * wider, 2 * tail, _scatter(delay, apart, variance))


def _scatter(delay: FloatArray, apart: Coefficients, variance: float) -> float:
    """Probability of the misfit of the best rising or falling course, equal Δ pooled."""
    from scipy.optimize import isotonic_regression
    from scipy.stats import chi2

    weight = 1 / np.maximum(np.diag(apart.covariance) * variance, 1e-300)
    which = np.unique(np.round(delay, 9), return_inverse=True)[1].reshape(-1)
    total = np.bincount(which, weight)
    mean = np.bincount(which, weight * apart.log_d) / total
    within = float(weight @ (apart.log_d - mean[which]) ** 2)
    between = min(
        float(total @ (mean - isotonic_regression(mean, weights=total, increasing=rises).x) ** 2)
        for rises in (False, True)
    )
    return float(chi2.sf(within + between, max(delay.size - 2, 1)))
