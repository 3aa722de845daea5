"""A finite amount of tracer: an instantaneous plane source, and a layer of finite thickness.

Source: J. Crank, The Mathematics of Diffusion (2nd ed. 1975), eqs (2.7), (2.15), (2.17); no tracer leaves
through the surface x = 0, nor through the far edge where one is given.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]

MOST_IMAGES = 60


def instantaneous_source(
    position: ArrayLike, time: float, diffusion: ArrayLike, length: float | None = None
) -> FloatArray:
    """Excess fraction [1/m] for a unit amount: exp(-x^2/4Dt)/sqrt(pi D t).

    Parameters
    ----------
    position : array
        Depth below the surface [m].
    time : float
        [s]
    diffusion : array that broadcasts with ``position``
        D [m^2/s].
    length : float, optional
        Of the sample [m], closed at the far edge; infinite unless given.
    """
    four = 4 * np.asarray(diffusion, dtype=np.float64) * time
    x = np.maximum(np.asarray(position, dtype=np.float64), 0.0)
    total = sum(np.exp(-((x + shift) ** 2) / four) for shift in _images(four, length))
    return np.asarray(total / np.sqrt(np.pi * four / 4))


def finite_layer(
    position: ArrayLike, time: float, diffusion: ArrayLike, thickness: ArrayLike,
    length: float | None = None,
) -> FloatArray:  # fmt: skip
    """Normalised profile of a layer 0 < x < ``thickness`` that held all the tracer at first.

    Parameters
    ----------
    position, time, diffusion, length
        As in `instantaneous_source`; D is the same in the layer.
    thickness : array that broadcasts with ``position``
        [m]
    """
    from scipy.special import erf

    four = 4 * np.asarray(diffusion, dtype=np.float64) * time
    root, w = np.sqrt(four), np.asarray(thickness, dtype=np.float64)
    x = np.maximum(np.asarray(position, dtype=np.float64), 0.0)
    total = sum(erf((w - x - shift) / root) + erf((w + x + shift) / root) for shift in _images(four, length))
    return np.asarray(total / 2)


def _images(four: FloatArray, length: float | None) -> FloatArray:
    """Shifts of the mirror images that a closed far edge adds."""
    if length is None:
        return np.zeros(1)
    reach = 6.5 * float(np.sqrt(np.max(four)))
    n = min(int(np.ceil(reach / (2 * length))) + 1, MOST_IMAGES)
    return np.asarray(2 * length * np.arange(-n, n + 1))


__all__ = ["finite_layer", "instantaneous_source"]
