"""What D becomes for long diffusion times, under a stated model: never without one.

Source of the model: see `ionscape.nmr.restricted_diffusion`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ionscape.core.estimate import Estimate, joint, undetermined, upper_bound
from ionscape.core.marginal import quantile_shape
from ionscape.core.quantity import named_dimension
from ionscape.fit.least_squares import LeastSquaresFit, invert_normal, least_squares
from ionscape.fit.profile import profile_intervals
from ionscape.nmr.restricted_diffusion import barrier_diffusion

FloatArray = NDArray[np.float64]

BARRIERS = "permeable barriers at equal distances"
FEWEST_DELAYS = 3
STEP = 1e-5  # of the logarithms, for differences
SURE = 10_000_000  # degrees of freedom of errors that are known
BAD_FIT = 0.01  # probability of a misfit below which the model is not used
_QUANTITIES = ("diffusion_coefficient_long_time", "diffusion_coefficient_short_time", "barrier_distance")


@dataclass(frozen=True)
class LongTimeLimit:
    """D(Δ) under a model.

    Attributes
    ----------
    model : str
    estimates : mapping of str to Estimate
        ``diffusion_coefficient_long_time`` and ``_short_time`` [m²/s], ``barrier_distance`` [m].
    theta : (3,) array or None
        ln D∞, ln(D0/D∞ - 1), ln(ℓ²/D0 in seconds) of the best fit; None where there was none.
    misfit_probability : float
        Of a misfit as large as this if the model holds; nan without spare points.
    """

    model: str
    estimates: Mapping[str, Estimate]
    theta: FloatArray | None
    misfit_probability: float

    @property
    def limit(self) -> Estimate:
        """D∞ [m²/s]."""
        return self.estimates["diffusion_coefficient_long_time"]

    def at(self, delay: FloatArray) -> FloatArray:
        """D(Δ) [m²/s] of the best fit, nan without one."""
        if self.theta is None:
            return np.full(delay.shape, np.nan)
        return np.asarray(np.exp(_log_d(self.theta[None], delay)[0]))


def extrapolate_delay(
    delay: FloatArray, coefficient: FloatArray, spread: FloatArray, *, source: str = "long times"
) -> LongTimeLimit:
    """Fit D(Δ) with permeable barriers a distance apart and extrapolate.

    Parameters
    ----------
    delay : (K,) array
        Effective diffusion times Δ - δ/3 [s].
    coefficient : (K,) array
        Apparent D [m²/s].
    spread : (K,) array
        1 SD of ln D.
    source : str
        Root of the latents' names.
    """
    if np.unique(np.round(delay, 9)).size < FEWEST_DELAYS:
        return _none(f"D at {FEWEST_DELAYS} diffusion times at least is needed to extrapolate")
    log_d = np.log(coefficient)

    def model(theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        value = _log_d(theta, delay)
        slopes = [np.ones_like(value)]  # at given rise and time D goes with D∞
        slopes += [(_log_d(theta + STEP * unit, delay) - value) / STEP for unit in np.eye(3)[1:]]
        return (value - log_d) / spread, np.stack(slopes, axis=2) / spread[:, None]

    low = np.array([log_d.min() - 9.0, -6.0, math.log(delay.min()) - 6.0])
    high = np.array([log_d.max() + 0.5, 12.0, math.log(delay.max()) + 9.0])
    starts = np.array([[log_d.min() - fall, rise, scale] for fall in (0.1, 2.0) for rise in (0.0, 2.5)
                       for scale in (math.log(delay.min()), math.log(delay.max()) + 2)])  # fmt: skip
    fit = least_squares(model, starts, low, high, tolerance=1e-9)
    fit, probability = _known(fit)
    if probability < BAD_FIT:
        nothing = _none(f"{BARRIERS} do not describe D(Δ) (p = {probability:.1g})").estimates
        return LongTimeLimit(BARRIERS, nothing, fit.theta, probability)
    limits = profile_intervals(model, fit, low, high, [0, 1])
    is_open = bool(limits.low_open[1, 0]), bool(limits.high_open[1, 0])
    estimates = _estimates(fit, limits.low[:, 0], limits.high[:, 0], *is_open, source)
    return LongTimeLimit(BARRIERS, estimates, fit.theta, probability)


def _log_d(theta: FloatArray, delay: FloatArray) -> FloatArray:
    """ln D (R, K) of barriers; ``theta`` (R, 3)."""
    d1 = np.exp(theta[:, :1])
    d0 = d1 * (1 + np.exp(theta[:, 1:2]))
    distance = np.sqrt(np.exp(theta[:, 2:]) * d0)
    return np.log(barrier_diffusion(delay, d0, d1, distance))


def _known(fit: LeastSquaresFit) -> tuple[LeastSquaresFit, float]:
    """The fit with the stated errors, and the probability of its misfit."""
    from scipy.stats import chi2

    inverse, undetermined_too, _ = invert_normal(fit.jacobian, fit.at_bound == 0)
    spare = fit.residuals.size - 3
    probability = float(chi2.sf(fit.cost, spare)) if spare > 0 else math.nan
    known = replace(
        fit, covariance=inverse, variance=1.0, degrees_of_freedom=SURE, undetermined=undetermined_too
    )
    return known, probability


def _estimates(
    fit: LeastSquaresFit, low: FloatArray, high: FloatArray, low_open: bool, high_open: bool, source: str
) -> dict[str, Estimate]:
    log_long, log_rise, log_time = fit.theta
    rise = math.exp(log_rise)
    share = rise / (1 + rise)
    slopes = np.array([[1.0, 0.0, 0.0], [1.0, share, 0.0], [0.5, 0.5 * share, 0.5]])
    free = math.exp(log_long) * (1 + rise)
    values = [math.exp(log_long), free, math.sqrt(math.exp(log_time) * free)]
    diffusion, length = named_dimension("diffusion coefficient"), named_dimension("length")
    dimensions = [diffusion, diffusion, length]
    found = joint(
        source, values, slopes @ fit.covariance @ slopes.T, scales=["log"] * 3, dimensions=dimensions
    )
    open_ended = fit.undetermined.any() or np.any(fit.at_bound != 0)
    said = "the diffusion times reach too little of the curve to fix it"
    wide = [open_ended or 2 * e.spread > math.log(10) for e in found]
    result = {name: undetermined(e.dimension, said) if out else e
              for name, e, out in zip(_QUANTITIES, found, wide, strict=True)}  # fmt: skip
    result[_QUANTITIES[0]] = _limit(found[0], float(log_long), low, high, low_open, high_open)
    return result


def _limit(
    estimate: Estimate, centre: float, low: FloatArray, high: FloatArray, low_open: bool, high_open: bool
) -> Estimate:
    """D∞ with its profile interval; a bound where the data let it be anything below."""
    dimension = estimate.dimension
    if high_open:
        return undetermined(dimension, "D(Δ) does not fix its limit")
    if low_open or high[1] - low[1] > math.log(100):
        return upper_bound(math.exp(high[1]), dimension, "D still falls at the longest diffusion time")
    spread = (high[0] - low[0]) / 2
    if not estimate.weights or not spread > 0 or not estimate.spread > 0:
        return undetermined(dimension, "D(Δ) does not fix its limit")
    shape = quantile_shape((low[1], low[0], centre, high[0], high[1]), centre, spread)
    scale = spread / estimate.spread
    return replace(estimate, weights={k: w * scale for k, w in estimate.weights.items()}, shape=shape)


def _none(reason: str) -> LongTimeLimit:
    dimensions = (named_dimension("diffusion coefficient"),) * 2 + (named_dimension("length"),)
    nothing = {n: undetermined(d, reason) for n, d in zip(_QUANTITIES, dimensions, strict=True)}
    return LongTimeLimit(BARRIERS, nothing, None, math.nan)
