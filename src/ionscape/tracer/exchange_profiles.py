"""Tracer exchanged through one face: normalised profiles g = (C - C0)/(Cs - C0) of plane diffusion.

Source: J. Crank, The Mathematics of Diffusion (2nd ed. 1975), eq. (3.13) for a constant surface, (3.35) for
exchange at a finite rate, sections 4.3.2 and 4.3.6 for a slab whose far edge lets nothing through. Slabs are
evaluated from the Laplace transform, which holds for short and for long times alike, on the contour of
J. A. C. Weideman, SIAM J. Numer. Anal. 44, 2342 (2006).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]

NODES = 26  # of the contour: 1e-13, from where rounding takes over
_ANGLES = (np.arange(NODES) + 0.5) * (2 * np.pi / NODES) - np.pi


def constant_source(position: ArrayLike, time: float, diffusion: ArrayLike) -> FloatArray:
    """Half-space whose surface takes the source's fraction at once: erfc[x/(2 sqrt(Dt))].

    Parameters
    ----------
    position : array
        Depth below the surface [m]; negative depths are in the source (1).
    time : float
        [s]
    diffusion : array that broadcasts with ``position``
        D [m^2/s].
    """
    from scipy.special import erfc

    return np.asarray(erfc(_depth(position) / (2 * np.sqrt(np.asarray(diffusion) * time))))


def surface_exchange(
    position: ArrayLike, time: float, diffusion: ArrayLike, exchange: ArrayLike
) -> FloatArray:
    """Half-space behind a surface that exchanges at the rate k (Cs - C).

    erfc(u) - exp(hx + h^2 Dt) erfc(u + h sqrt(Dt)) with u = x/(2 sqrt(Dt)), h = k/D, written with erfcx so
    that nothing overflows.

    Parameters
    ----------
    position, time, diffusion
        As in `constant_source`.
    exchange : array that broadcasts with ``position``
        Surface exchange coefficient k [m/s].
    """
    from scipy.special import erfcx

    d = np.asarray(diffusion, dtype=np.float64)
    u = _depth(position) / (2 * np.sqrt(d * time))
    rate = np.asarray(exchange, dtype=np.float64) * np.sqrt(time / d)
    return np.asarray(np.exp(-u * u) * (erfcx(u) - erfcx(u + rate)))


def slab(
    position: ArrayLike, time: float, diffusion: ArrayLike, length: ArrayLike,
    exchange: ArrayLike | None = None,
) -> FloatArray:  # fmt: skip
    """Slab with the source at x = 0 and no flux through x = ``length``.

    Parameters
    ----------
    position, time, diffusion
        As in `constant_source`.
    length : array that broadcasts with ``position``
        [m]
    exchange : array, optional
        k [m/s]; a surface at the source's fraction unless given.
    """
    d, span = np.asarray(diffusion, dtype=np.float64), np.asarray(length, dtype=np.float64)
    x = np.minimum(_depth(position), span)
    contour = NODES * (-0.6122 + 0.5017 * _ANGLES / np.tan(0.6407 * _ANGLES) + 0.2645j * _ANGLES)
    slope = NODES * (
        0.5017 / np.tan(0.6407 * _ANGLES)
        - 0.5017 * 0.6407 * _ANGLES / np.sin(0.6407 * _ANGLES) ** 2
        + 0.2645j
    )
    total: Any = 0.0
    for s, ds in zip(contour[NODES // 2 :], slope[NODES // 2 :], strict=True):  # the rest is conjugate
        q = np.sqrt(s) / np.sqrt(d * time)
        echo = np.exp(-2 * q * span)
        surface = 1 + echo
        if exchange is not None:
            surface = surface + (q * d / np.asarray(exchange)) * (1 - echo)
        image = np.exp(s) / s * ds * np.exp(-q * x) * (1 + np.exp(-2 * q * (span - x))) / surface
        total = total + 2 * np.imag(image)
    return np.asarray(total / NODES)


def _depth(position: ArrayLike) -> FloatArray:
    return np.maximum(np.asarray(position, dtype=np.float64), 0.0)


__all__ = ["constant_source", "slab", "surface_exchange"]
