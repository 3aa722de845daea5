"""Where a fit starts: front theory at the plateau, and a few curves for the width of the front. No guesses.

Behind a front without diffusion x/Q = f'(u), with f = u h and h = D_native/(D_native u + D_foreign (1 - u))
(PHYSICS: the convex hull of f). At the middle of the plateau this gives D_foreign/D_bulk for any width of the
distribution; which width, and where D_bulk is not known which D, the front then tells.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ionscape.replacement.distribution_family import DistributionFamily
from ionscape.replacement.profile_forward import film_faces
from ionscape.replacement.profile_observation import Observation
from ionscape.replacement.profile_problem import ProfileProblem

FloatArray = NDArray[np.float64]
WIDTHS = (2.0, 4.0, 6.0, 8.0, 10.5, 14.0, 19.0, 26.0)  # FWHM/kT, of one Gaussian
SPREADS = tuple(np.linspace(math.log(1e-3), math.log(0.6), 7))  # ln D_foreign t/Q^2
_MIDDLE = 0.55  # of the front depth: middle of the plateau


def meshed(problem: ProfileProblem) -> ProfileProblem:
    """The problem with cells where the measured fronts are."""
    fronts = [front_seen(seen) for seen in problem.observations]
    return problem.with_observations([
        replace(seen, faces=film_faces(problem.cells, front=front))
        for seen, front in zip(problem.observations, fronts, strict=True)
    ])  # fmt: skip


def front_seen(seen: Observation) -> tuple[float, float]:
    """Depth and 10-90 % width [Q] of a measured front."""
    depth, native = _smoothed(seen)
    _, level = plateau_of(seen)
    ends = [_first(depth, native, level + share * (1 - level)) / seen.length for share in (0.1, 0.5, 0.9)]
    return ends[1], min(max(ends[2] - ends[0], 0.02), 0.6)


def _first(depth: FloatArray, native: FloatArray, level: float) -> float:
    """Depth behind which all is above a level."""
    below = np.flatnonzero(native < level)
    return float(depth[min(below[-1] + 1, depth.size - 1)]) if below.size else float(depth[0])


def _smoothed(seen: Observation) -> tuple[FloatArray, FloatArray]:
    from scipy.ndimage import median_filter

    usable = seen.keep & np.isfinite(seen.profile.native)
    return seen.profile.depth[usable], median_filter(seen.profile.native[usable], 5, mode="nearest")


def starts(problem: ProfileProblem, best: int = 2) -> FloatArray:
    """The best few starting points (K, P)."""
    plateaus = [plateau_of(seen) for seen in problem.observations]
    trial = problem.for_trials()
    found = []
    for theta in _candidates(problem, plateaus):
        residuals = trial.residuals(theta)
        found.append((float(np.sum(np.minimum(residuals**2, 400.0))), theta))
    found.sort(key=lambda pair: pair[0])
    return np.array([theta for _, theta in found[:best]])


def plateau_of(seen: Observation) -> tuple[float, float]:
    """Depth [Q] of the middle of the plateau, and the fraction there, read off a measured profile."""
    depth, native = _smoothed(seen)
    front = _first(depth, native, 0.55)
    inside = (depth > 0.35 * front) & (depth < 0.75 * front)
    level = float(np.mean(native[inside])) if inside.any() else 0.05
    return _MIDDLE * front / seen.length, min(max(level, 2e-3), 0.5)


def _candidates(problem: ProfileProblem, plateaus: Sequence[tuple[float, float]]) -> list[FloatArray]:
    parameters = problem.parameters
    widths: Sequence[float] = WIDTHS if problem.family.parameters else (0.0,)
    free_bulk = [name for name in dict.fromkeys(problem.inputs.bulk_names)
                 if parameters.in_theta(name) is not None]  # fmt: skip
    found = []
    for width, spread in itertools.product(widths, SPREADS if free_bulk else (math.nan,)):
        theta = parameters.start.copy()
        values = family_values(problem.family, width)
        for parameter, value in zip(problem.family.parameters, values, strict=True):
            theta[parameters.in_theta(parameter.name)] = value
        g = parameters.quantities(theta[None])[0][0]
        log_vacancies = float(g[parameters.index("vacancy_fraction")])
        ratios = [
            log_ratio_of(problem.family, values, log_vacancies, *plateau) for plateau in plateaus
        ]
        for name in free_bulk:
            members = [k for k, other in enumerate(problem.inputs.bulk_names) if other == name]
            theta[parameters.in_theta(name)] = np.mean(
                [spread - ratios[k] + problem.observations[k].log_unit for k in members]
            )
        theta = np.clip(theta, parameters.lower, parameters.upper)
        g = parameters.quantities(theta[None])[0][0]
        for k, ratio in enumerate(ratios):
            bulk = g[parameters.index(problem.bulk_name(k))]
            theta[parameters.in_theta(problem.foreign_name(k))] = bulk + ratio
        found.append(np.clip(theta, parameters.lower, parameters.upper))
    return found


def family_values(family: DistributionFamily, width: float) -> FloatArray:
    """Parameters of a distribution about as wide as a Gaussian of this FWHM."""
    values = np.array([p.start for p in family.parameters])
    if values.size:
        scale = width / 8.0
        energies = np.array([p.energy for p in family.parameters])
        values = np.where(energies, values * scale, values)
    return values


def log_ratio_of(
    family: DistributionFamily, values: FloatArray, log_vacancies: float, depth: float, level: float
) -> float:
    """ln(D_foreign/D_bulk) at which front theory has the fraction ``level`` at ``depth`` [Q]."""
    ends = np.array([level * 0.98, level, level * 1.02])
    below, at, above = family.levels(values, log_vacancies, ends) if values.size else np.zeros(3)
    slope = (above - below) / (0.04 * level)
    # Slower native ions replace less; beyond r u = 1 - u the native ion is not the one that lags behind.
    low, high = float(at) - math.log((1 - level) / level), 5.0
    for _ in range(40):
        middle = (low + high) / 2
        r = math.exp(min(at - middle, 600.0))
        carried = r * level + 1 - level
        f_slope = r / carried + level * (r * slope / carried - r * (r * slope * level + r - 1) / carried**2)
        low, high = (low, middle) if f_slope < depth else (middle, high)
    return low
