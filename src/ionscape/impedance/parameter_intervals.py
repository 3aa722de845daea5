"""Uncertainty of the natural parameters of one fitted circuit: intervals, and what the data leave open.

Student's t on ln R, ln tau, alpha from the curvature, where the cost is a parabola; else the profile
likelihood. Q of a fused arc is not among the fitted parameters: its profile is taken with ln Q in place of
ln tau, where the fit is the same but the parameter is there to be held.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ionscape.fit.least_squares import LeastSquaresFit, Minimum, summarise
from ionscape.fit.profile import profile_intervals, skewed_parameters, student_quantiles
from ionscape.impedance.circuit import Circuit, Leaf
from ionscape.impedance.circuit_fit import ParameterStatus
from ionscape.impedance.cnls import Problem
from ionscape.impedance.elements import RQ

FloatArray = NDArray[np.float64]

WIDEST = 100.0  # a 95 % interval whose ends differ by more than this factor determines nothing
REACH_OF_Q = math.log(1e6)  # how far from the best value the profile of Q is followed


def natural_deviation(circuit: Circuit, found: LeastSquaresFit) -> FloatArray:
    """Standard deviations (p,) of the natural parameters from the curvature; infinite where open."""
    slope = circuit.values_jacobian(found.theta)
    finite = np.where(np.isfinite(found.covariance), found.covariance, 0.0)
    deviation = np.sqrt(np.maximum(np.diag(slope @ finite @ slope.T), 0.0))
    return np.where((slope[:, found.undetermined] != 0).any(axis=1), np.inf, deviation)


def parameter_intervals(
    problem: Problem, found: LeastSquaresFit, *, profile: bool
) -> tuple[FloatArray, FloatArray, tuple[bool, ...]]:
    """68.3 % and 95 % intervals (p, 2) of the natural parameters, and which are profiled (p).

    Parameters
    ----------
    problem : Problem
    found : LeastSquaresFit
        Its solution.
    profile : bool
        Whether to profile what is skewed.
    """
    ends = _from_curvature(problem.circuit, found)
    profiled = np.zeros(problem.circuit.n_parameters, dtype=bool)
    if profile:
        skewed = skewed_parameters(problem.model, found, problem.lower, problem.upper)
        _profile_fitted(problem, found, skewed, ends, profiled)
        for leaf in problem.circuit.leaves:
            if leaf.fused and profiled[leaf.offset : leaf.stop].any() | (leaf.offset + 1 in skewed):
                _profile_q(problem, found, leaf, ends)
                profiled[leaf.offset + 1] = True
    return ends[0], ends[1], tuple(bool(x) for x in profiled)


def _from_curvature(circuit: Circuit, found: LeastSquaresFit) -> tuple[FloatArray, FloatArray]:
    values, logs = circuit.values(found.theta), circuit.is_log[:, None]
    spread = natural_deviation(circuit, found) / np.where(circuit.is_log, values, 1.0)
    column = values[:, None]
    with np.errstate(over="ignore"):
        both = [
            np.where(logs, column * np.exp(reach), column + reach)
            for reach in (np.outer(spread, [-t, t]) for t in student_quantiles(found.degrees_of_freedom))
        ]
    return both[0], both[1]


def _profile_fitted(
    problem: Problem,
    found: LeastSquaresFit,
    skewed: list[int],
    ends: tuple[FloatArray, FloatArray],
    profiled: NDArray[np.bool_],
) -> None:
    """Put the profile's ends where a natural parameter is one of theta."""
    implied = {leaf.offset + 1 for leaf in problem.circuit.leaves if leaf.fused}
    chosen = [j for j in skewed if j not in implied]
    if not chosen:
        return
    limits = profile_intervals(problem.model, found, problem.lower, problem.upper, chosen)
    profiled[chosen] = True
    for level in range(2):
        for k, j in enumerate(chosen):
            low, high = limits.low[level, k], limits.high[level, k]
            if problem.circuit.is_log[j]:
                ends[level][j, 0] = 0.0 if limits.low_open[level, k] else math.exp(low)
                ends[level][j, 1] = math.inf if limits.high_open[level, k] else math.exp(high)
            else:
                ends[level][j] = low, high


def _profile_q(
    problem: Problem, found: LeastSquaresFit, leaf: Leaf, ends: tuple[FloatArray, FloatArray]
) -> None:
    """Profile of Q (or C) of a fused arc, with ln tau = (ln Q + ln R)/alpha."""
    r, q = leaf.offset, leaf.offset + 1
    a = leaf.offset + 2 if leaf.element is RQ else None

    def model(phi: FloatArray) -> tuple[FloatArray, FloatArray]:
        alpha = phi[:, a] if a is not None else np.ones(len(phi))
        theta = phi.copy()
        theta[:, q] = (phi[:, q] + phi[:, r]) / alpha
        residuals, jacobian = problem.model(theta)
        slopes = jacobian.copy()
        slopes[:, :, q] = jacobian[:, :, q] / alpha[:, None]
        slopes[:, :, r] += slopes[:, :, q]
        if a is not None:
            slopes[:, :, a] -= theta[:, q, None] * slopes[:, :, q]
        return residuals, slopes

    phi = found.theta.copy()
    phi[q] = (found.theta[a] if a is not None else 1.0) * found.theta[q] - found.theta[r]
    lower, upper = problem.lower.copy(), problem.upper.copy()
    lower[q], upper[q] = phi[q] - REACH_OF_Q, phi[q] + REACH_OF_Q
    residuals, jacobian = model(phi[None])
    cost = np.array([found.cost])
    minimum = Minimum(phi[None], cost, residuals, jacobian, np.array([found.converged]), 1)
    limits = profile_intervals(model, summarise(minimum, 0, lower, upper), lower, upper, [q])
    for level in range(2):
        low, high = float(limits.low[level, 0]), float(limits.high[level, 0])
        ends[level][q, 0] = 0.0 if limits.low_open[level, 0] else math.exp(low)
        ends[level][q, 1] = math.inf if limits.high_open[level, 0] else math.exp(high)


def parameter_status(problem: Problem, found: LeastSquaresFit, j: int, ends: FloatArray) -> ParameterStatus:
    """What the 95 % interval `ends` (2,) of natural parameter j says of it."""
    low, high = float(ends[0]), float(ends[1])
    if not problem.circuit.is_log[j]:  # an exponent: its range is its bounds
        touches = (low <= problem.lower[j], high >= problem.upper[j])
        if all(touches) or bool(found.undetermined[j]):
            return "undetermined"
        return "bound" if any(touches) and found.at_bound[j] != 0 else "determined"
    is_open = (low <= 0, not math.isfinite(high))
    if all(is_open) or (not any(is_open) and high > WIDEST * low):
        return "undetermined"
    return "bound" if any(is_open) else "determined"
