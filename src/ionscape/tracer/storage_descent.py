"""Descent to the nearest minimum: one step is never longer than the likelihood can be trusted.

Where counts are many, the likelihood is a narrow well between steep walls. A quasi-Newton step from the wall
may leap across the well to where a large noise explains everything; it is therefore confined to a box that
moves along.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

REACH = 0.7  # half the width of the box, in ln D, ln noise, ...: a factor of two
BOXES = 60


def descend(
    cost: Callable[[FloatArray], tuple[float, FloatArray]], start: FloatArray,
    bounds: Sequence[tuple[float, float]], *, ftol: float, maxiter: int = 200,
) -> tuple[FloatArray, float]:  # fmt: skip
    """Minimum of ``cost`` (value, gradient) near ``start`` within the bounds, by L-BFGS-B."""
    from scipy.optimize import minimize

    low, high = np.array(bounds, dtype=np.float64).T
    q, value = np.clip(start, low, high), np.inf
    for _ in range(BOXES):
        walls = np.maximum(q - REACH, low), np.minimum(q + REACH, high)
        found = minimize(cost, q, jac=True, method="L-BFGS-B", bounds=list(zip(*walls, strict=True)),
                         options={"maxiter": maxiter, "ftol": ftol, "gtol": 1e-5})  # fmt: skip
        gain = value - float(found.fun)
        q, value = np.asarray(found.x), float(found.fun)
        stopped = ((q <= walls[0]) & (walls[0] > low)) | ((q >= walls[1]) & (walls[1] < high))
        if not np.any(stopped) or gain <= 1e-9 * abs(value):
            break
    return q, value


__all__ = ["descend"]
