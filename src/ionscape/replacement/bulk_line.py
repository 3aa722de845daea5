"""The width as a function of D_bulk, for profiles whose D_bulk is not known."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ionscape.core.number_format import format_number
from ionscape.core.quantity import to_field
from ionscape.fit.least_squares import minimise
from ionscape.replacement.fit_result import BulkLine
from ionscape.replacement.profile_problem import ProfileProblem, thermal_energy

FloatArray = NDArray[np.float64]
FACTORS = (0.1, 0.3, 0.5, 1.0, 2.0, 3.0, 10.0)
_TOLERANCE, _ITERATIONS = 1e-4, 20


def bulk_line(problem: ProfileProblem, best: FloatArray, covariance: FloatArray) -> BulkLine | None:
    """Best width for every D_bulk, all else refitted; None where no D_bulk is free or there is no width.

    Parameters
    ----------
    problem : ProfileProblem
    best : (P,) array
        Best fit.
    covariance : (P, P) array
        There.
    """
    names = dict.fromkeys(problem.inputs.bulk_names)
    free = [at for at in (problem.parameters.in_theta(name) for name in names) if at is not None]
    if not free or not problem.family.parameters:
        return None
    at = free[0]
    follow = covariance[:, at] / covariance[at, at]
    found: dict[float, tuple[float, float, float]] = {}
    for side in (1, -1):  # from the best value outwards, each from its neighbour
        theta, previous = best.copy(), 0.0
        outwards = sorted((f for f in FACTORS if math.log(f) * side >= 0), key=lambda f: abs(math.log(f)))
        for factor in outwards:
            if factor in found:
                continue
            step = math.log(factor) - previous
            start = theta + follow * step
            start[free] = best[free] + math.log(factor)
            theta, found[factor] = _held(problem, start, free)
            previous = math.log(factor)
    factors = np.array(sorted(found))
    columns = np.array([found[f] for f in factors])
    unit = thermal_energy(problem)
    g, _ = problem.parameters.quantities(best[None])
    bulk = math.exp(g[0, problem.parameters.index(problem.bulk_name(0))])
    return BulkLine(factors, bulk * factors, columns[:, 0] * unit, columns[:, 1] * unit, columns[:, 2])


def _held(
    problem: ProfileProblem, start: FloatArray, held: list[int]
) -> tuple[FloatArray, tuple[float, float, float]]:
    """Refit with some parameters held: theta, and width, its SD and chi-square."""
    parameters = problem.parameters
    lower, upper = parameters.lower.copy(), parameters.upper.copy()
    start = np.clip(start, lower, upper)
    lower[held], upper[held] = start[held], start[held]
    frozen = np.zeros((1, start.size), dtype=bool)
    frozen[0, held] = True
    minimum = minimise(problem.model, start[None], lower, upper, frozen=frozen, tolerance=_TOLERANCE,
                       iterations=_ITERATIONS)  # fmt: skip
    jacobian = np.delete(minimum.jacobian[0], held, axis=1)
    inside = np.delete(minimum.theta[0], held)
    width = parameters.in_theta(problem.family.parameters[0].name)
    assert width is not None
    covariance = np.linalg.pinv(jacobian.T @ jacobian)
    place = width - sum(h < width for h in held)
    found = (float(inside[place]), math.sqrt(max(covariance[place, place], 0.0)), float(minimum.cost[0]))
    return minimum.theta[0], found


def line_in_words(line: BulkLine) -> str:
    """Widths at the best D_bulk, and at a third and threefold of it: ``232 meV at D_bulk = ...``."""
    told = []
    for factor in (0.3, 1.0, 3.0):
        at = int(np.argmin(np.abs(np.log(line.factor / factor))))
        width = format_number(to_field(float(line.fwhm[at]), "meV"), 3)
        bulk = format_number(to_field(float(line.bulk_diffusion[at]), "cm^2/s"), 2)
        told.append(f"{width} meV at D_bulk = {bulk} cm²/s")
    return ", ".join(told)


