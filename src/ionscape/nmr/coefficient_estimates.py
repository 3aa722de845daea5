"""From fitted parameters to quantities with intervals: determined, bounded or left open by the decay."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ionscape.core.estimate import Estimate, Scale, joint, lower_bound, undetermined, upper_bound
from ionscape.core.marginal import quantile_shape
from ionscape.core.quantity import DIMENSIONLESS, named_dimension
from ionscape.fit.least_squares import LeastSquaresFit
from ionscape.fit.profile import ProfileIntervals, student_quantiles
from ionscape.nmr.attenuation import Attenuation, shares_of
from ionscape.nmr.echo_problem import EchoProblem, intervals, one_sided_limit

FloatArray = NDArray[np.float64]

DIFFUSION = named_dimension("diffusion coefficient")
OPEN = math.log(100.0)  # width in ln of a 95 % interval that determines nothing
LITTLE = "the echoes are attenuated too little: this is the largest D that they allow"
ALL = "the echoes are attenuated fully at the first gradients: this is the smallest D that they allow"
NEEDLESS = "one diffusion coefficient describes the decay as well: the parts cannot be told apart"
EXACT = 1e-20  # variance of the residuals that is rounding only
WIDE = "the decay does not fix it: its 95 % interval spans more than a factor of 100"


def estimates_of(
    attenuation: Attenuation,
    problem: EchoProblem,
    fit: LeastSquaresFit,
    source: str,
    *,
    needless: bool = False,
) -> dict[str, Estimate]:
    """Quantities of a fitted model, jointly.

    Parameters
    ----------
    needless : bool
        A single coefficient does as well: the model's own quantities are then undetermined, its mean is not.
    """
    inner = problem.model_slice
    theta = fit.theta[inner]
    names, slopes, values = _rows(attenuation, theta)
    finite = np.where(np.isfinite(fit.covariance[inner, inner]), fit.covariance[inner, inner], 0.0)
    covariance = slopes @ finite @ slopes.T
    scales: list[Scale] = [
        "log" if name.startswith(("diffusion", "relative")) else "linear" for name in names
    ]
    dimensions = [DIFFUSION if name.startswith("diffusion") else DIMENSIONLESS for name in names]
    free = fit.degrees_of_freedom if fit.degrees_of_freedom < 1000 else None
    found = joint(source, values, covariance, scales=scales, dimensions=dimensions, degrees_of_freedom=free)
    exact = fit.variance < EXACT  # nothing but rounding is left: no interval to speak of
    profiled = None if exact else intervals(problem, fit, list(range(inner.start, inner.stop)))
    loose = fit.undetermined[inner]
    result = {}
    for name, estimate, slope in zip(names, found, slopes, strict=True):
        own = np.flatnonzero(slope)
        direct = own.size == 1 and estimate.scale == "log"
        if fit.degrees_of_freedom <= 0:
            estimate = undetermined(
                estimate.dimension, "as many parameters as echoes: no uncertainty can be given"
            )
        elif needless and name != "diffusion_coefficient":
            estimate = undetermined(estimate.dimension, NEEDLESS)
        elif direct and profiled is not None and inner.start + int(own[0]) in profiled.parameters:
            estimate = _profiled(estimate, problem, fit, profiled, inner.start + int(own[0]))
        elif np.any(loose[own]) or np.any(fit.at_bound[inner][own] != 0) or _wide(estimate, fit):
            estimate = undetermined(estimate.dimension, NEEDLESS if needless else WIDE)
        result[name] = estimate
    return result


def _wide(estimate: Estimate, fit: LeastSquaresFit) -> bool:
    reach = student_quantiles(fit.degrees_of_freedom)[1] * estimate.spread
    return reach > (OPEN / 2 if estimate.scale == "log" else 0.5)


def _rows(attenuation: Attenuation, theta: FloatArray) -> tuple[list[str], FloatArray, list[float]]:
    """Names, slopes (Q, p) in the scale of each, and values: the mean first."""
    log_mean, slope = attenuation.mean(theta)
    names = ["diffusion_coefficient"]
    slopes: list[FloatArray] = [slope]
    values: list[float] = [math.exp(log_mean)]
    if attenuation.name in ("two", "three"):
        n = 2 if attenuation.name == "two" else 3
        order = np.argsort(-theta[:n])
        shares, share_slope = shares_of(theta[None, n:])
        for rank, k in enumerate(order, start=1):
            names += [f"diffusion_coefficient_{rank}", f"fraction_{rank}"]
            slopes += [np.eye(theta.size)[k], np.concatenate([np.zeros(n), share_slope[0, k]])]
            values += [math.exp(theta[k]), float(shares[0, k])]
    elif attenuation.name in ("gamma", "log-normal"):
        # gamma: SD of D over its mean; log-normal: SD of ln D
        names.append("relative_spread")
        power = 0.5 if attenuation.name == "gamma" else 1.0
        slopes.append(np.array([0.0, power]))
        values.append(math.exp(power * theta[1]))
    elif attenuation.name == "powder":
        ratio = math.exp(theta[1])
        share = ratio / (ratio + 2)
        names += ["diffusion_coefficient_along", "diffusion_coefficient_across"]
        slopes += [np.array([1.0, 1 - share]), np.array([1.0, -share])]
        values += [3 * values[0] * share, 3 * values[0] / (ratio + 2)]
    elif attenuation.name.startswith("powder"):
        layers = attenuation.name == "powder of layers"
        names.append("diffusion_coefficient_across" if layers else "diffusion_coefficient_along")
        slopes.append(np.ones(1))
        values.append(math.exp(theta[0]) * (1.5 if layers else 3.0))
    return names, np.array(slopes), values


def _profiled(
    estimate: Estimate, problem: EchoProblem, fit: LeastSquaresFit, profiled: ProfileIntervals, parameter: int
) -> Estimate:
    """With the interval of the profile likelihood; a bound where one side is open."""
    k = profiled.parameters.index(parameter)
    low, high = profiled.low_open[1, k], profiled.high_open[1, k]
    factor = estimate.value / math.exp(fit.theta[parameter])  # of powders: principal value over the mean
    dimension, is_d = estimate.dimension, estimate.dimension == DIFFUSION
    if (low and high) or (not (low or high) and profiled.high[1, k] - profiled.low[1, k] > OPEN):
        return undetermined(dimension, WIDE)
    if low or high:
        if not is_d:
            if low:
                return upper_bound(
                    _limit(problem, fit, parameter, 1, estimate), dimension, "no spread is needed"
                )
            return lower_bound(_limit(problem, fit, parameter, -1, estimate), dimension, "no upper limit")
        end = math.exp(one_sided_limit(problem, fit, parameter, 1 if low else -1)) * factor
        return upper_bound(end, dimension, LITTLE) if low else lower_bound(end, dimension, ALL)
    theta = fit.theta[parameter]
    power = estimate.spread / max(math.sqrt(fit.covariance[parameter, parameter]), 1e-300)
    spread = (profiled.high[0, k] - profiled.low[0, k]) / 2
    ends = (profiled.low[1, k], profiled.low[0, k], theta, profiled.high[0, k], profiled.high[1, k])
    if not estimate.weights or not math.isfinite(power) or power <= 0:
        return undetermined(dimension, WIDE)
    scale = spread * power / estimate.spread
    weights = {name: weight * scale for name, weight in estimate.weights.items()}
    return replace(estimate, weights=weights, shape=quantile_shape(ends, theta, spread))


def _limit(
    problem: EchoProblem, fit: LeastSquaresFit, parameter: int, side: int, estimate: Estimate
) -> float:
    """One-sided limit of a spread, whose parameter may be the logarithm of its square."""
    end = one_sided_limit(problem, fit, parameter, side)
    if math.isclose(estimate.value, math.exp(fit.theta[parameter] / 2), rel_tol=1e-9):
        return math.exp(end / 2)
    return math.exp(end)
