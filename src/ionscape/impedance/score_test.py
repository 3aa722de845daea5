"""Would one element more pay? The score test: the gain of its first step, without fitting it.

C. R. Rao, Proc. Cambridge Phil. Soc. 44, 50 (1948). What the new element would add to Z, freed of all that
the fitted parameters can do themselves, is held against the residuals.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ionscape.impedance.cnls import Problem

FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]

SITES_PER_DECADE = 4
EXPONENTS = (1.0, 0.8)


def gain_of_an_arc(problem: Problem, theta: FloatArray) -> float:
    """Largest drop of n ln(cost) that an arc in series promises, wherever it lies in the window."""
    omega = problem.log_s.real
    count = int((omega.max() - omega.min()) / np.log(10) * SITES_PER_DECADE) + 2
    log_tau = np.linspace(-omega.max(), -omega.min(), count)
    shapes = [1 / (1 + np.exp(a * (problem.log_s + t))) for a in EXPONENTS for t in log_tau]
    return _gain(problem, theta, np.array(shapes))


def gain_of_a_resistance(problem: Problem, theta: FloatArray) -> float:
    """Drop of n ln(cost) that a resistance in series promises."""
    return _gain(problem, theta, np.ones((1, problem.log_s.size), dtype=np.complex128))


def _gain(problem: Problem, theta: FloatArray, added: ComplexArray) -> float:
    residuals, jacobian = (part[0] for part in problem.model(theta[None]))
    cost = float(residuals @ residuals)
    if cost <= problem.cost_floor:
        return 0.0
    scale = np.linalg.norm(jacobian, axis=0)
    basis = np.linalg.qr(jacobian / np.where(scale > 0, scale, 1.0))[0]
    weighted = np.ascontiguousarray(added * problem.weights).view(np.float64)
    size = np.einsum("km,km->k", weighted, weighted)
    free = weighted - (weighted @ basis) @ basis.T
    left = np.einsum("km,km->k", free, free)
    pull = np.clip(-(free @ residuals), 0.0, None)  # towards a positive resistance only
    seen = left > 1e-12 * size
    drop = np.max(np.where(seen, pull**2 / np.where(seen, left, 1.0), 0.0))
    return float(-residuals.size * np.log1p(-min(drop / cost, 1 - 1e-12)))
