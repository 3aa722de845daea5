"""Diffusion laws as tables: ln D of every ion on a uniform grid of filling, smooth between the nodes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ionscape.core.errors import InputError
from ionscape.replacement.diffusion_law import DiffusionLaw

FloatArray = NDArray[np.float64]

NODES = 2049
LOWEST_FILLING = 1e-9
"""A law may tend to minus infinity at filling zero; the table ends at its value here."""


def hermite_table(log_diffusion: FloatArray) -> FloatArray:
    """Values and slopes for monotone cubic interpolation (Fritsch and Carlson).

    Parameters
    ----------
    log_diffusion : (..., T) array
        ln D on a uniform grid of filling from 0 to 1.

    Returns
    -------
    (..., T, 2) array
        ln D, and its derivative in units of the grid's spacing.
    """
    from scipy.interpolate import PchipInterpolator

    values = np.asarray(log_diffusion, dtype=float)
    nodes = np.arange(values.shape[-1], dtype=float)
    slopes = PchipInterpolator(nodes, values, axis=-1).derivative()(nodes)
    return np.ascontiguousarray(np.stack([values, slopes], axis=-1))


def law_tables(laws: Sequence[DiffusionLaw], temperatures: FloatArray, nodes: int = NODES) -> FloatArray:
    """Tables of several laws at several temperatures.

    Returns
    -------
    (K, N, nodes, 2) array
        For K temperatures and N laws, see `hermite_table`.

    Raises
    ------
    InputError
        If a law gives no finite ln D.
    """
    filling = np.linspace(0, 1, nodes)
    filling[0] = LOWEST_FILLING
    values = np.array([[law.log_diffusion(filling, float(at)) for law in laws] for at in temperatures])
    if not np.all(np.isfinite(values)):
        at, law = np.argwhere(~np.isfinite(values))[0][:2]
        raise InputError(
            f"the diffusion coefficient of ion {law + 1} is not a finite number larger than zero at "
            f"{temperatures[at]:g} K"
        )
    return hermite_table(values)


def temperature_nodes(coldest: float, hottest: float, most: int = 33) -> FloatArray:
    """(K,) temperatures [K], uniform in 1/T, between which ln D is taken as straight in 1/T."""
    if hottest <= coldest * (1 + 1e-9):
        return np.array([coldest])
    count = min(most, 2 + int((hottest - coldest) / 5))
    return np.asarray(1 / np.linspace(1 / coldest, 1 / hottest, count))
