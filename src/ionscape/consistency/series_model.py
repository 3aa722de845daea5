"""Diffusion through grains and their boundaries: series, brick layer, shells; and backwards.

All functions take floats or arrays that broadcast, in SI. The boundary enters as X = (l/δ) D_gb with the
path l along the flux per boundary (`series_length`) and the boundary width δ, which is what a step of tracer
fraction, or a boundary arc, gives without knowing δ; s = δ/l.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ionscape.core.errors import InputError
from ionscape.core.estimate import Estimate, lower_bound, refused, undetermined
from ionscape.core.propagation import propagate
from ionscape.core.quantity import dimension_of

Value = Any  # float or array
_DIFFUSION = dimension_of("m^2/s")
LENGTH_PER_INTERCEPT = {1: 1.0, 2: 4 / math.pi, 3: 1.5}
"""Path per boundary along the flux over the mean linear intercept, by the number of dimensions."""


def series_length(mean_intercept: Value, dimensions: int = 3) -> Value:
    """Path along the flux per boundary that a series model needs, from the mean linear intercept [m].

    Notes
    -----
    A boundary with normal n dissipates (J·n)²/P per area. A uniform flux along e therefore meets the
    resistance S_V <(n·e)²>/P with the area of boundaries per volume S_V: l_s = 1/(S_V <(n·e)²>), which is
    3/S_V where the normals point everywhere alike (2/L_A in two dimensions). The mean linear intercept is
    2/S_V (π/(2 L_A)), since a line crosses boundaries as |n·e|. The uniform flux is the trial field of a
    lower bound: D_eff is P l_s or more where boundaries rule. For cubes (edge l_s) and hexagons it is exact.

    Raises
    ------
    InputError
        If ``dimensions`` is not 1, 2 or 3.
    """
    if dimensions not in LENGTH_PER_INTERCEPT:
        raise InputError(f"dimensions must be 1 (layers), 2 (columns) or 3 (grains), got {dimensions}")
    return np.asarray(mean_intercept) * LENGTH_PER_INTERCEPT[dimensions]


def series_diffusion(bulk: Value, boundary_product: Value, thickness_ratio: Value = 0.0) -> Value:
    """Effective D of grains and boundaries one behind the other: (l+δ)/D_eff = l/D_bulk + δ/D_gb.

    Parameters
    ----------
    bulk : float or array
        D_bulk [m^2/s].
    boundary_product : float or array
        (l/δ) D_gb [m^2/s]; l times D_gb/δ, with l from `series_length`.
    thickness_ratio : float or array
        δ/l; 0 for boundaries that are thin against the grains (Hasegawa 2024, eq. 6).

    References
    ----------
    Hasegawa 2024, eq. (5), after Crank 1975, ch. 12. Valid for l ≪ √(D_eff t).
    """
    return (1 + np.asarray(thickness_ratio)) / (1 / np.asarray(bulk) + 1 / np.asarray(boundary_product))


def brick_layer_diffusion(
    bulk: Value, boundary_product: Value, along: Value, thickness_ratio: Value
) -> Value:
    """Cubic grains: through grain and boundary in series, and beside it along the boundaries.

    Parameters
    ----------
    bulk, boundary_product, thickness_ratio
        As in `series_diffusion`.
    along : float or array
        D_gb along the boundaries [m^2/s]; 0 leaves the series model (times the area of the grains).

    References
    ----------
    Belova and Murch 2003; area of the grains (l/(l+δ))².
    """
    core = 1 / (1 + np.asarray(thickness_ratio)) ** 2
    return core * series_diffusion(bulk, boundary_product, thickness_ratio) + (1 - core) * np.asarray(along)


def maxwell_garnett_diffusion(
    bulk: Value, boundary: Value, core_fraction: Value, *, segregation: Value = 1.0, dimensions: int = 3
) -> Value:
    """Grains, each in a shell of boundary material, in Maxwell-Garnett's approximation.

    Parameters
    ----------
    bulk, boundary : float or array
        D of grain and shell [m^2/s].
    core_fraction : float or array
        Volume fraction of the grains, (l/(l+δ))^d.
    segregation : float or array
        Density of the ions in the shell over that in the grain; 1 without segregation or depletion.
    dimensions : int
        3 for spheres, 2 for cylinders, 1 for layers (the series model).

    Returns
    -------
    float or array
        D_eff [m^2/s]: the flux coefficient nD of the mixture over its mean density of ions.

    References
    ----------
    Kalnin, Kotomin and Maier 2002: without the mean density the result is wrong where ions segregate.
    """
    phi, s = np.asarray(core_fraction), np.asarray(segregation)
    if dimensions not in (1, 2, 3):
        raise InputError(f"dimensions must be 1 (layers), 2 (cylinders) or 3 (spheres), got {dimensions}")
    if np.any((phi < 0) | (phi > 1)):
        raise InputError("the volume fraction of the grains must lie between 0 and 1")
    grain, shell = np.asarray(bulk), s * np.asarray(boundary)
    d = dimensions
    flux = shell * (grain * (1 + (d - 1) * phi) + (d - 1) * shell * (1 - phi))
    flux = flux / (grain * (1 - phi) + shell * (d - 1 + phi))
    return flux / (phi + s * (1 - phi))


def core_fraction(thickness_ratio: Value, dimensions: int = 3) -> Value:
    """Volume fraction of grains of size l that share boundaries of width δ: (1 + δ/l)^-d."""
    return (1 + np.asarray(thickness_ratio)) ** -float(dimensions)


def flux_bounds(
    bulk: Value, boundary: Value, fraction: Value, dimensions: int = 3
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Hashin and Shtrikman's bounds [m^2/s] of an isotropic mixture without segregation.

    Every isotropic arrangement of grains (volume fraction ``fraction``) and boundaries lies between them.

    References
    ----------
    Hashin and Shtrikman 1962.
    """
    one = maxwell_garnett_diffusion(bulk, boundary, fraction, dimensions=dimensions)
    other = maxwell_garnett_diffusion(boundary, bulk, 1 - np.asarray(fraction), dimensions=dimensions)
    return np.minimum(one, other), np.maximum(one, other)


def series_boundary_product(effective: Value, bulk: Value, thickness_ratio: Value = 0.0) -> Value:
    """(l/δ) D_gb [m^2/s] that makes the series model give D_eff; inf or negative where none does."""
    return 1 / ((1 + np.asarray(thickness_ratio)) / np.asarray(effective) - 1 / np.asarray(bulk))


def boundary_product(effective: Estimate, bulk: Estimate) -> Estimate:
    """(l/δ) D_gb [m^2/s] from measured D_eff and D_bulk [m^2/s], with joint errors.

    Returns
    -------
    Estimate
        A lower bound where D_eff is not below D_bulk beyond the errors: the boundaries are then too fast to
        be seen. Refused where D_eff is larger than D_bulk beyond the errors.
    """
    resistance = propagate(lambda e, b: 1 / e - 1 / b, effective, bulk, dimension=dimension_of("s/m^2"))
    if resistance.status == "bound":
        return undetermined(_DIFFUSION, f"D_eff or D_bulk is only a bound: {resistance.note}")
    if resistance.status != "determined":
        return replace(resistance, dimension=_DIFFUSION)
    low, high = resistance.interval(0.95)
    if high <= 0:
        return refused(
            _DIFFUSION,
            "D_eff is larger than D_bulk beyond their errors: boundaries in series cannot do that "
            "(boundaries faster than the grains, or another D_bulk)",
        )
    one_sided = resistance.interval(0.90)[1]
    if low <= 0:
        return lower_bound(
            1 / one_sided,
            _DIFFUSION,
            "D_eff is not below D_bulk beyond their errors: the boundaries are too fast to be seen in it",
        )
    return propagate(series_boundary_product, effective, bulk, dimension=_DIFFUSION, scale="log")
