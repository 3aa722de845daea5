"""D that falls with the diffusion time: ions between barriers that let few or none of them through.

Short times see the surface only, D(Δ) = D0 [1 - (4/9√π) (S/V) √(D0 Δ)]; long ones the whole,
D∞ = D0/tortuosity. For a lattice of permeable barriers a distance ℓ apart (planes across the gradient, or
cubes, S/V = 6/ℓ) all in between is known: the response of one cell to an oscillating force is
D(s)/D0 = 1 - 1/(p + z coth z) with z² = s ℓ²/4D0 and p = D∞/(D0 - D∞); its poles give the mean square
displacement below (derived here; D∞, both limits and the impermeable case are those of the sources).

Sources: P. P. Mitra, P. N. Sen and L. M. Schwartz, Phys. Rev. B 47, 8565 (1993) (short times); J. E. Tanner,
J. Chem. Phys. 69, 1748 (1978) (permeable barriers); J. E. Tanner and E. O. Stejskal, J. Chem. Phys. 49, 1768
(1968) (impermeable planes).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]

TERMS = 60  # of the sum over poles: exact to 1e-8 of D0 down to D0 Δ/ℓ² = 1e-4
NEWTON_STEPS = 5  # the error of at most π/2 falls as 0.13 times its square: below rounding
PLANE_TERMS = 2000


def short_time_diffusion(delay: ArrayLike, free: float, surface_to_volume: float) -> FloatArray:
    """D(Δ) [m²/s] where √(D0 Δ) is much smaller than the pores.

    Parameters
    ----------
    delay : (N,) array
        Δ [s]
    free : float
        D0 [m²/s]
    surface_to_volume : float
        S/V [1/m]
    """
    length = np.sqrt(free * np.asarray(delay, dtype=np.float64))
    return np.asarray(free * (1 - 4 / (9 * math.sqrt(math.pi)) * surface_to_volume * length))


def permeable_limit(free: float, permeability: float, distance: float) -> float:
    """D∞ [m²/s] across barriers of a permeability [m/s] a distance [m] apart: resistances in series."""
    return free / (1 + free / (permeability * distance))


def barrier_diffusion(
    delay: ArrayLike, free: ArrayLike, long_time: ArrayLike, distance: ArrayLike
) -> FloatArray:
    """D(Δ) = ⟨x²⟩/2Δ [m²/s] in a lattice of permeable barriers; arguments broadcast.

    Parameters
    ----------
    delay : array
        Δ [s]; for long pulses Δ - δ/3.
    free, long_time : arrays
        D0 and D∞ [m²/s], D∞ ≤ D0.
    distance : array
        ℓ [m]
    """
    t, d0, d1, l = (np.asarray(x, dtype=np.float64) for x in (delay, free, long_time, distance))
    blocked = np.maximum(1 - d1 / d0, 1e-9)
    y = _poles(1 / blocked - 1)
    sine = np.sin(y)
    residue = sine**2 / (y**3 * (y - sine * np.cos(y)))
    decayed = -np.expm1(-4 * y**2 * np.asarray(d0 * t / l**2)[..., None])
    # the constant A²/12 is the sum at Δ = 0: written as a difference nothing cancels at short times
    tail = np.maximum(blocked**2 / 6 - residue.sum(axis=-1), 0.0)
    return np.asarray(d1 + l**2 / (2 * t) * (np.sum(residue * decayed, axis=-1) + tail))


def _poles(p: FloatArray) -> FloatArray:
    """Roots (..., TERMS) of y cot y = -p, p >= 0, one in each [n - 1/2, n) π.

    That is y = nπ - arctan(y/p). The difference of the sides rises and is concave, so Newton's steps from the
    left end never overshoot.
    """
    p = p[..., None]
    y = np.broadcast_to((np.arange(TERMS) + 0.5) * math.pi, (*p.shape[:-1], TERMS)).copy()
    for _ in range(NEWTON_STEPS):
        y -= (y - np.arange(1, TERMS + 1) * math.pi + np.arctan2(y, p)) / (1 + p / (p**2 + y**2))
    return y


def planes_attenuation(wave: ArrayLike, delay: float, free: float, distance: float) -> FloatArray:
    """Echo between two impermeable planes, gradient pulses much shorter than Δ, exactly.

    Source: J. E. Tanner and E. O. Stejskal, J. Chem. Phys. 49, 1768 (1968), eq. (6).

    Parameters
    ----------
    wave : (N,) array
        q = γ g δ across the planes [rad/m]
    delay : float
        Δ [s]
    free, distance : float
        D0 [m²/s], distance of the planes [m]
    """
    u = np.maximum(np.abs(np.asarray(wave, dtype=np.float64)) * distance, 1e-9)[..., None]
    n = np.arange(1, PLANE_TERMS)
    pole = (n * math.pi) ** 2
    near = np.abs(u - n * math.pi) < 1e-6  # where the term is finite, 1/8 n²π²
    gap = np.where(near, 1.0, u**2 - pole)
    shares = np.where(near, 1 / (8 * pole), (1 - (-1.0) ** n * np.cos(u)) / gap**2)
    decay = np.exp(-pole * free * delay / distance**2)
    half = u[..., 0] / 2
    return np.asarray((np.sin(half) / half) ** 2 + 4 * u[..., 0] ** 2 * (shares @ decay))
