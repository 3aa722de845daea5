"""The marginal of an estimate: joint draws of its latents, and its shape where it is not normal."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ionscape.core.errors import CorrelationError

FloatArray = NDArray[np.float64]
Shape = tuple[float, float, float, float, float]
"""Quantiles 2.5, 15.9, 50, 84.1, 97.5 % of the deviation, in units of the spread."""

_Z = np.array([-1.959963984540054, -1.0, 0.0, 1.0, 1.959963984540054])


def student_shape(degrees_of_freedom: float | None) -> Shape | None:
    """The shape of Student's t in units of its scale; None from 80 on (2 % from normal)."""
    if degrees_of_freedom is None or degrees_of_freedom >= 80:
        return None
    from scipy.special import ndtr, stdtrit

    one, two = (float(stdtrit(max(degrees_of_freedom, 1.0), ndtr(z))) for z in _Z[3:])
    return (-two, -one, 0.0, one, two)


def quantile_shape(quantiles: Sequence[float], centre: float, spread: float) -> Shape:
    """The shape whose quantiles 2.5, 15.9, 50, 84.1, 97.5 % lie at ``quantiles``."""
    a, b, c, d, e = (float((q - centre) / spread) for q in quantiles)
    return (a, b, c, d, e)


@lru_cache(maxsize=512)  # 32 MB
def latent_draws(name: str, n: int) -> FloatArray:
    key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:16], "little")
    draws = np.random.Generator(np.random.Philox(key=key)).standard_normal(n)
    draws.flags.writeable = False
    return draws


def shaped(z: FloatArray, shape: Shape) -> FloatArray:
    """Monotone map of standard normal positions on the shape's quantiles, straight beyond the outermost."""
    knots = np.asarray(shape)
    inner = np.interp(z, _Z, knots)
    low = knots[0] + (z - _Z[0]) * (knots[1] - knots[0]) / (_Z[1] - _Z[0])
    high = knots[-1] + (z - _Z[-1]) * (knots[-1] - knots[-2]) / (_Z[-1] - _Z[-2])
    return np.asarray(np.where(z < _Z[0], low, np.where(z > _Z[-1], high, inner)), dtype=np.float64)


def shape_of(deviation: FloatArray, spread: float) -> Shape | None:
    """Quantiles of the deviation in units of ``spread``; None if they are a normal's to 2 %."""
    if not spread:
        return None
    finite = deviation[np.isfinite(deviation)]
    if finite.size < 0.975 * deviation.size:
        raise CorrelationError("the function is not finite over its arguments' spread: refuse or bound it")
    quantiles = np.quantile(finite, [0.025, 0.15865525, 0.5, 0.84134475, 0.975])
    if np.all(np.abs(quantiles / spread - _Z) < 0.03):
        return None
    return quantile_shape(quantiles.tolist(), 0.0, spread)


def mirrored(shape: Shape | None, sign: float) -> Shape | None:
    """The shape after multiplication by ``sign``: weights carry the sign, so z and quantiles both flip."""
    if shape is None or sign > 0:
        return shape
    a, b, c, d, e = shape
    return (-e, -d, -c, -b, -a)
