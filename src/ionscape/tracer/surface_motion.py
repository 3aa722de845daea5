"""What a source that moved along the sample does to a fit that holds it at rest.

A liquid rises along the sample and its line moves with humidity, temperature and evaporation. Where it
moves by δ(τ) about its mean, the mean surface of a half-space carries, to first order, Cs - δ dC/dx, and the
profile becomes C(x) - C'(x) δ̄(x): each depth is shifted by the mean of δ over its own part of the past,

    δ̄(u) = (2/√π) ∫ δ(t v²/(u² + v²)) exp(-v²) dv,    u = x / (2 √(Dt)),

the points at the line by where it was last, the deep ones by where it was at the start. This is Duhamel's
theorem for the half-space (H. S. Carslaw and J. C. Jaeger, Conduction of Heat in Solids, 2nd ed. 1959,
section 2.5) with the boundary value δ(τ) (Cs - C0)/√(πDτ). A constant δ is a shift of the whole, which a
free surface takes up; a change from the first day to the last stretches the profile and changes D.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ionscape.core.errors import InputError
from ionscape.core.estimate import Estimate
from ionscape.fit.least_squares import LeastSquaresFit
from ionscape.tracer.profile_estimates import moved
from ionscape.tracer.profile_models import DIFFUSION, SURFACE
from ionscape.tracer.profile_problem import STEP, Problem

FloatArray = NDArray[np.float64]

SHARE_OF_RISE = 0.1
"""1 standard deviation of the motion over the rise, where nothing is stated.

The rise at a wall, a √(2 (1 - sin θ)) with the capillary length a, changes by a tenth where a contact angle θ
near 30 degrees changes by some 7: an assumption, to be replaced by what is known.
"""
AT_REST = ("thin film", "finite layer")  # a layer does not move
INTERVALS = 160  # of the past, finer at its beginning and end
MEMORIES = np.logspace(-2, 0, 13)  # correlation times over the exchange time, equally likely


def mean_motion(depth: FloatArray, time: float, diffusion: float) -> tuple[FloatArray, FloatArray]:
    """Weights of the source's past positions in the shift of each depth.

    Parameters
    ----------
    depth : (N,) array
        Below the mean surface [m]; negative ones count as zero.
    time, diffusion : float
        [s], [m^2/s]

    Returns
    -------
    moments : (M,) array
        Middles of the intervals of the past [s].
    weights : (N, M) array
        Rows sum to one.
    """
    from scipy.special import erf

    angle = np.linspace(0.0, math.pi / 2, INTERVALS + 1)
    middle = (angle[1:] + angle[:-1]) / 2
    u = np.maximum(depth, 0.0) / (2 * math.sqrt(diffusion * time))
    reach = np.maximum(u, 1e-12)[:, None] * np.tan(angle[:-1])
    ends = np.concatenate([erf(reach), np.ones((u.size, 1))], axis=1)
    return time * np.sin(middle) ** 2, np.diff(ends, axis=1)


def moves_of_surface(problem: Problem, fit: LeastSquaresFit, motion: float) -> FloatArray:
    """Covariance (p, p) of the fitted parameters, in their scales, from a source that did not rest.

    Parameters
    ----------
    problem : Problem
        With a fitted D; its profile should fall into the sample from one face.
    fit : LeastSquaresFit
    motion : float
        1 standard deviation of the source's position about its mean [m].

    Notes
    -----
    How fast the source moved is not known: its correlation decays exponentially, with a time that is equally
    likely in every decade from a hundredth of the exchange to all of it. Faster motion averages out, and
    slower is a shift that a free surface takes up.
    """
    values = {name: float(v[0, 0]) for name, v in problem.values(fit.theta[None]).items()}
    data = problem.data
    moments, weights = mean_motion(data.position - values[SURFACE], data.time, values[DIFFUSION])
    response = -_slope(problem, fit.theta)[:, None] * weights
    inverse = np.where(np.isfinite(fit.covariance), fit.covariance, 0.0) / fit.variance
    moves = inverse @ (fit.jacobian.T @ (response / data.deviation[:, None]))
    apart = np.abs(moments[:, None] - moments[None, :]) / data.time
    alike = sum(np.exp(-apart / memory) for memory in MEMORIES) / len(MEMORIES)
    return np.asarray(motion**2 * (moves @ alike @ moves.T))


def independent_parts(covariance: FloatArray) -> FloatArray:
    """(p, q) weights on independent latents that give the covariance."""
    scale = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    inner = covariance / np.where(scale > 0, scale, 1.0)[:, None] / np.where(scale > 0, scale, 1.0)[None, :]
    strength, direction = np.linalg.eigh(inner)
    kept = strength > 1e-9 * max(float(strength[-1]), 1e-300)
    return np.asarray(scale[:, None] * direction[:, kept] * np.sqrt(strength[kept]))


def motion_of(stated: float | None, found: Mapping[str, Estimate]) -> float:
    """1 standard deviation of the source's motion [m]: as stated, else a share of the rise that was found.

    Raises
    ------
    InputError
        If the stated one is negative or no number.
    """
    if stated is not None:
        if not (math.isfinite(stated) and stated >= 0):
            raise InputError(f"surface_motion must be zero or larger, got {stated:g} m")
        return float(stated)
    rise = found.get(SURFACE)
    if rise is None or rise.status != "determined":
        return 0.0
    return SHARE_OF_RISE * max(rise.value, 0.0)


def with_motion(
    found: Mapping[str, Estimate], problem: Problem, fit: LeastSquaresFit, motion: float, name: str
) -> tuple[dict[str, Estimate], float]:
    """The estimates with what a source that moved adds, on latents of that name.

    Returns
    -------
    found : dict of str to Estimate
    doubt : float
        1 standard deviation of ln D from the motion; 0 where none was added.
    """
    if not motion > 0 or problem.model.name in AT_REST or found[DIFFUSION].status != "determined":
        return dict(found), 0.0
    parts = independent_parts(moves_of_surface(problem, fit, motion))
    result, logs = dict(found), dict(zip(problem.names, problem.logs, strict=True))
    for weights, parameter in zip(parts, problem.names, strict=True):
        if parameter in found and found[parameter].status == "determined":
            latents = {f"{name} {k + 1}": float(w) for k, w in enumerate(weights) if w}
            result[parameter] = moved(found[parameter], latents, relative=bool(logs[parameter]))
    return result, float(np.linalg.norm(parts[problem.names.index(DIFFUSION)]))


def _slope(problem: Problem, theta: FloatArray) -> FloatArray:
    """dC/dx (N,) at the points."""
    step = STEP * problem.data.reach
    x = problem.data.position
    up, down = problem.curve(theta[None], x + step)[0], problem.curve(theta[None], x - step)[0]
    return np.asarray((up - down) / (2 * step))


__all__ = ["SHARE_OF_RISE", "mean_motion", "motion_of", "moves_of_surface", "with_motion"]
