"""The instrument's depth resolution: a profile as a Gaussian beam sees it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(40)
_REACH = 6.5  # standard deviations


def blurred(
    profile: Callable[[FloatArray], FloatArray], position: FloatArray, surface: FloatArray, deviation: float,
    *, solid_beyond: bool,
) -> FloatArray:  # fmt: skip
    """Fraction as seen with a Gaussian resolution.

    Parameters
    ----------
    profile : callable
        Positions (K, M) to fractions (K, M).
    position : (N,) array
        Where the beam points [m].
    surface : (K, 1) array
        Where the profile starts [m].
    deviation : float
        1 standard deviation of the resolution [m].
    solid_beyond : bool
        Whether there is material in contact with the source before the surface (a line scan across the
        source's edge): it has the surface's fraction. Else (a depth profile) the beam sees only what lies
        below the surface: tracer and total are blurred alike, and their ratio is taken.
    """
    from scipy.special import ndtr

    low = np.maximum(position[None, :] - _REACH * deviation, surface)
    high = np.maximum(position[None, :] + _REACH * deviation, surface)
    # Nodes crowd towards the surface, where the profile may be steep.
    v = (_POINTS + 1) / 2
    nodes = low[..., None] + (high - low)[..., None] * v**2
    weights = (high - low)[..., None] * (_WEIGHTS / 2 * 2 * v)
    z = (nodes - position[None, :, None]) / deviation
    weights = weights * np.exp(-z * z / 2) / (deviation * np.sqrt(2 * np.pi))
    rows = nodes.shape[0]
    seen = np.sum(profile(nodes.reshape(rows, -1)).reshape(nodes.shape) * weights, axis=-1)
    outside = ndtr((surface - position[None, :]) / deviation)
    if solid_beyond:
        return np.asarray(seen + outside * profile(np.broadcast_to(surface, (rows, 1)).copy()))
    return np.asarray(seen / np.sum(weights, axis=-1))


__all__ = ["blurred"]
