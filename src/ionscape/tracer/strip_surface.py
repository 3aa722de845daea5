"""The surface of the fraction on both sides of a boundary, as powers of the distances across and along."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ionscape.tracer.boundary_strips import Strip

FloatArray = NDArray[np.float64]

# Orders 1, 2, 3, each as ("shared", "each") of (power of the distance across x, of that along y): one
# coefficient for both sides, or one for either. Odd powers of x are shared: they carry the flux, which is
# continuous.
_POWERS = (
    (((1, 0),), ((0, 0), (0, 1))),
    (((1, 1),), ((2, 0), (0, 2))),
    (((3, 0), (1, 2)), ((2, 1), (0, 3))),
)
N_FIXED = 5
ORDERS = np.array([2] * 5 + [3] * 6)
"""Of the columns after the first `N_FIXED`; the last column, the slope across of side b alone, has none."""
N_COLUMNS = N_FIXED + ORDERS.size + 1


def columns_of(strip: Strip) -> FloatArray:
    """(N, 17) columns: 5 fixed, 5 of second and 6 of third order, and the slope across of side b alone."""
    x, y, far = strip.across, strip.along, strip.far.astype(float)
    columns = []
    for shared, each in _POWERS:
        columns += [x**m * y**n for m, n in shared]
        columns += [x**m * y**n * side for m, n in each for side in (1 - far, far)]
    return np.column_stack([*columns, x * far])


def functionals_of(strip: Strip) -> FloatArray:
    """(3, 17): mean normal gradient (of both sides), step and level along the boundary, from the
    coefficients."""
    x, y, nx, ny, share = (
        strip.line_across,
        strip.line_along,
        strip.normal_across,
        strip.normal_along,
        strip.share,
    )
    gradient, step, mean = [], [], []
    for shared, each in _POWERS:
        for m, n in shared:
            gradient.append(float(share @ (nx * _slope(x, m) * y**n + ny * x**m * _slope(y, n))))
            step.append(0.0)
            mean.append(float(share @ (x**m * y**n)))
        for m, n in each:
            half = 0.5 * float(share @ (nx * _slope(x, m) * y**n + ny * x**m * _slope(y, n)))
            level = float(share @ (x**m * y**n))
            gradient += [half, half]
            step += [-level, level]
            mean += [level / 2, level / 2]
    apart = [float(share @ values) for values in (nx / 2, x, x / 2)]
    return np.array([[*gradient, apart[0]], [*step, apart[1]], [*mean, apart[2]]])


def _slope(x: FloatArray, power: int) -> FloatArray:
    return power * x ** (power - 1) if power > 0 else np.zeros_like(x)
