"""What a sputter profile shows of the fractions inside: slices of finite thickness, seen through a blur.

The signal of a slice is the mean over its thickness of the profile convolved with a Gaussian of the depth
resolution. The surface blurs nothing in from outside (the signal is normalised to what is sputtered), so the
profile goes on in front of it with its first value, and behind the film with its last.

Source: the Gaussian response of depth profiling, S. Hofmann, Rep. Prog. Phys. 61, 827 (1998).
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]
_REACH = 6.5  # standard deviations beyond which the Gaussian is nothing


def slice_edges(centres: ArrayLike) -> FloatArray:
    """(N + 1,) edges [m] of slices with these (N,) centres; the outer two slices are as thick as inside."""
    depth = np.asarray(centres, dtype=float)
    if depth.size < 2:
        raise ValueError("a profile needs at least two slices")
    between = (depth[1:] + depth[:-1]) / 2
    first, last = 1.5 * depth[0] - 0.5 * depth[1], 1.5 * depth[-1] - 0.5 * depth[-2]
    return np.concatenate([[max(first, 0.0) if depth[0] > 0 else first], between, [last]])


def slice_means(faces: ArrayLike, fractions: ArrayLike, edges: ArrayLike, blur: float) -> FloatArray:
    """Means over slices of a blurred profile.

    Parameters
    ----------
    faces : (C + 1,) array
        Of the cells, increasing.
    fractions : (C,) array
        Cell averages.
    edges : (N + 1,) array
        Of the slices, in the faces' unit, increasing; they may reach beyond the cells.
    blur : float
        Standard deviation of the Gaussian, in the same unit; 0: none.

    Returns
    -------
    (N,) array
        The cells' averages are kept; within a cell the profile is a line, as steep as its neighbours allow.
    """
    at = np.ascontiguousarray(edges, dtype=np.float64)
    parts = _thirds(np.asarray(faces, dtype=float), np.asarray(fractions, dtype=float))
    amount = _antiderivative(*parts, at, float(blur))
    return np.asarray(np.diff(amount) / np.diff(at))


def _thirds(faces: FloatArray, fractions: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Every cell in three parts that lie on a limited line (van Leer's monotonised central slope)."""
    width, centre = np.diff(faces), (faces[1:] + faces[:-1]) / 2
    rise = np.zeros_like(fractions)  # over the cell
    if fractions.size > 2:
        slope = np.diff(fractions) / np.diff(centre)
        left, right = slope[:-1], slope[1:]
        middle = (fractions[2:] - fractions[:-2]) / (centre[2:] - centre[:-2])
        most = 2 * np.minimum(np.abs(left), np.abs(right))
        limited = np.sign(middle) * np.minimum(np.abs(middle), most)
        rise[1:-1] = np.where(left * right > 0, limited, 0.0) * width[1:-1]
    parts = np.repeat(fractions, 3)
    parts[::3] -= rise / 3
    parts[2::3] += rise / 3
    inner = faces[:-1, None] + width[:, None] * np.array([0.0, 1 / 3, 2 / 3])
    return np.append(inner.ravel(), faces[-1]), parts


@njit(cache=True, nogil=True)
def _antiderivative(
    faces: FloatArray, fractions: FloatArray, at: FloatArray, blur: float
) -> FloatArray:  # pragma: no cover
    """Integral of the blurred profile up to each place: a sum over the steps between cells."""
    steps = fractions.size - 1
    total = np.empty(at.size)
    reach = _REACH * blur
    passed, risen, moment = 0, 0.0, 0.0  # steps that lie wholly behind, their sum, and their first moment
    for n in range(at.size):
        x = at[n]
        while passed < steps and faces[passed + 1] <= x - reach:
            height = fractions[passed + 1] - fractions[passed]
            risen += height
            moment += height * faces[passed + 1]
            passed += 1
        value = fractions[0] * x + risen * x - moment
        k = passed
        while k < steps and faces[k + 1] < x + reach:
            z = (x - faces[k + 1]) / blur
            ramp = 0.5 * z * math.erfc(-z / math.sqrt(2.0)) + math.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)
            value += (fractions[k + 1] - fractions[k]) * blur * ramp
            k += 1
        total[n] = value
    return total
