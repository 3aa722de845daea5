"""Synthetic echo decays whose truth is known, made without the formulas that fit them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]


def lattice_echo(
    wave: ArrayLike, delay: ArrayLike, free: float, distance: float, permeability: float, sites: int = 80
) -> FloatArray:
    """Echo (N,) of ions in a lattice of permeable planes, gradient pulses much shorter than Δ.

    Finite volumes on one period with Bloch's phase, propagated exactly in time: no expansion in small q, so
    the decay also bends with g as that of restricted ions does. The error is of second order in 1/sites.

    Parameters
    ----------
    wave, delay : (N,) arrays
        q = γ g δ across the planes [rad/m], Δ [s].
    free, distance, permeability : float
        D0 between the planes [m²/s], their distance [m], permeability [m/s] (0: closed).
    sites : int
        Volumes per period.
    """
    q, t = np.broadcast_arrays(np.asarray(wave, dtype=np.float64), np.asarray(delay, dtype=np.float64))
    h = distance / sites
    rate = np.full(sites, free / h**2)  # from volume i to i + 1; the last one leads through the plane
    rate[-1] = 0.0 if permeability == 0 else rate[0] / (1 + free / (permeability * h))
    found = np.empty(q.size)
    for k, (one_q, one_t) in enumerate(zip(q.ravel(), t.ravel(), strict=True)):
        hop = np.diag(rate[:-1] * np.exp(1j * one_q * h), 1).astype(np.complex128)
        hop[-1, 0] += rate[-1] * np.exp(1j * one_q * h)
        generator = hop + hop.conj().T - np.diag(rate + np.roll(rate, 1))
        values, vectors = np.linalg.eigh(generator)
        weight = np.abs(vectors.sum(axis=0)) ** 2 / sites
        found[k] = float(weight @ np.exp(values * one_t))
    return found.reshape(q.shape)


def walkers_echo(
    wave: ArrayLike, delay: float, free: float, distance: float, *, walkers: int, rng: np.random.Generator,
    sites: int = 30,
) -> FloatArray:  # fmt: skip
    """Echo (N,) of random walkers between closed planes: the mean cosine of their phases.

    Parameters
    ----------
    wave, delay, free, distance
        As in `lattice_echo`.
    walkers : int
        The statistical error is below 1/√(2 walkers).
    """
    h = distance / sites
    steps = max(round(2 * free * delay / h**2), 1)
    at = rng.integers(0, sites, walkers)
    start = at.copy()
    for _ in range(steps):
        at = np.clip(at + rng.integers(0, 2, walkers) * 2 - 1, 0, sites - 1)
    q = np.asarray(wave, dtype=np.float64)
    return np.asarray(np.cos(q[..., None] * h * (at - start)).mean(axis=-1))
