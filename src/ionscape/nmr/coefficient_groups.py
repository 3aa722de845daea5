"""Apparent diffusion coefficients of groups of echoes, fitted together or apart.

A group's decay may bend: E = exp[-(bD)^β], β = 1 for one coefficient. β is a means to see bending of either
sign, not a model of anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ionscape.fit.least_squares import LeastSquaresFit, least_squares
from ionscape.nmr.echo_decay import EchoDecay, IntArray
from ionscape.nmr.echo_problem import EchoProblem, first_coefficient, pose

FloatArray = NDArray[np.float64]

BENDING = (-1.6, 1.1)  # of ln β
CUMULANT = (-1.0, 0.9)  # of c
RATIO, SHARE = (-9.0, 0.0), (-6.0, 6.0)  # of ln r and the logit of f
FEWEST_IN_HALF = 3  # echoes: a slope and one to spare


@dataclass(frozen=True)
class Coefficients:
    """ln D of groups and their covariance, the noise taken as given.

    Attributes
    ----------
    log_d : (M,) array
    covariance : (M, M) array
        For unit variance of the weighted residuals.
    bending, bending_sd : float
        β and its standard deviation, for unit variance; 1 and 0 where it was not fitted.
    cost : float
        Sum of squared weighted residuals.
    n_parameters : int
    fit : LeastSquaresFit
    """

    log_d: FloatArray
    covariance: FloatArray
    bending: float
    bending_sd: float
    cost: float
    n_parameters: int
    fit: LeastSquaresFit


def fit_coefficients(
    decay: EchoDecay, owner: IntArray, deviation: FloatArray, *, bend: str = "none"
) -> Coefficients:
    """Fit one D per owner, and one shape of the decay common to all.

    Parameters
    ----------
    decay : EchoDecay
    owner : (N,) int array
        Which D each echo belongs to.
    deviation : (N,) array
        Of each intensity.
    bend : str
        ``none``: exp(-x) of x = bD; ``stretched``: exp(-x^β); ``cumulant``: exp(-x + c x²/2), where D is the
        slope at b = 0; ``two``: f exp(-x) + (1 - f) exp(-r x), any shape that two sites have.
    """
    shape, limits, extras = _BENDS[bend]
    count = int(owner.max()) + 1
    mine = np.eye(count)[owner]

    def evaluate(theta: FloatArray, b: FloatArray) -> tuple[FloatArray, FloatArray]:
        x = np.minimum(np.exp(theta[:, :count])[:, owner] * b, 1e3)
        e, by_log_x, by_extra = shape(x, theta[:, count:])
        return e, np.concatenate([by_log_x[..., None] * mine, by_extra], axis=2)

    problem = pose(decay, evaluate, count, limits, deviation=deviation)
    each = np.array([first_coefficient(decay.subset(owner == m)) for m in range(count)])
    rows = [np.r_[log_d, extra] for extra in extras for log_d in (each, np.full(count, each.mean()))]
    fit = least_squares(problem.residuals, problem.starts(np.array(rows)), problem.lower, problem.upper)
    return _summary(problem, fit, count, stretched=bend == "stretched")


def _summary(problem: EchoProblem, fit: LeastSquaresFit, count: int, *, stretched: bool) -> Coefficients:
    scale = fit.variance if fit.degrees_of_freedom > 0 and fit.variance > 0 else 1.0
    covariance = fit.covariance / scale
    k = problem.model_slice.start
    beta = float(np.exp(fit.theta[k + count])) if stretched else 1.0
    beta_sd = beta * float(np.sqrt(covariance[k + count, k + count])) if stretched else 0.0
    return Coefficients(
        log_d=fit.theta[k : k + count],
        covariance=covariance[k : k + count, k : k + count],
        bending=beta,
        bending_sd=beta_sd,
        cost=fit.cost,
        n_parameters=problem.lower.size,
        fit=fit,
    )


# ---- shapes: x (R, N) and extra parameters (R, m) -> E, dE/dln x, dE/dextra (R, N, m) -------------------
def _straight(x: FloatArray, extra: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:  # noqa: ARG001
    e = np.exp(-x)
    return e, -x * e, np.zeros((*x.shape, 0))


def _stretched(x: FloatArray, extra: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    beta = np.exp(extra)
    log_x = np.log(np.maximum(x, 1e-300))
    power = np.where(x > 0, np.exp(np.minimum(beta * log_x, 50.0)), 0.0)
    e = np.exp(-power)
    return e, -beta * power * e, np.where(x > 0, -beta * power * log_x * e, 0.0)[..., None]


def _second_order(x: FloatArray, extra: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    e = np.exp(np.minimum(-x + extra * x**2 / 2, 5.0))
    return e, (-x + extra * x**2) * e, (x**2 / 2 * e)[..., None]


def _two_sites(x: FloatArray, extra: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    ratio, share = np.exp(extra[:, :1]), 1 / (1 + np.exp(-extra[:, 1:]))
    fast, slow = np.exp(-x), np.exp(-ratio * x)
    by_log_x = -share * x * fast - (1 - share) * ratio * x * slow
    by_ratio = -(1 - share) * ratio * x * slow
    by_share = share * (1 - share) * (fast - slow)
    return share * fast + (1 - share) * slow, by_log_x, np.stack([by_ratio, by_share], axis=2)


_Shape = Callable[[FloatArray, FloatArray], tuple[FloatArray, FloatArray, FloatArray]]
_BENDS: Mapping[str, tuple[_Shape, tuple[tuple[float, float], ...], tuple[tuple[float, ...], ...]]] = {
    "none": (_straight, (), ((),)),
    "stretched": (_stretched, (BENDING,), ((0.0,),)),
    "cumulant": (_second_order, (CUMULANT,), ((0.0,),)),
    "two": (_two_sites, (RATIO, SHARE), tuple((r, f) for r in (-1.0, -3.0) for f in (-1.0, 1.0))),
}


def halves(decay: EchoDecay) -> IntArray | None:
    """Label (N,) of the weaker and the stronger half of the gradients of each group; None if too small.

    Points of group k belong to 2k (weaker) and 2k + 1 (stronger).
    """
    label = np.zeros(decay.b.size, dtype=int)
    for k in range(decay.n_groups):
        inside = np.flatnonzero(decay.group == k)
        order = inside[np.argsort(decay.b[inside], kind="stable")]
        middle = order.size // 2
        low, high = order[:middle], order[middle:]
        if min(np.unique(decay.b[low]).size, np.unique(decay.b[high]).size) < FEWEST_IN_HALF:
            return None
        label[low], label[high] = 2 * k, 2 * k + 1
    return label
