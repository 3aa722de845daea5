"""Fast diffusion along grain boundaries: Whipple's exact solution and Le Claire's slope.

Only for boundaries that conduct better than the grains. Where boundaries block (as in LLTO) the profile
measures the effective coefficient across them, and Fisher's picture does not apply.

Sources: J. C. Fisher, J. Appl. Phys. 22, 74 (1951); R. T. P. Whipple, Phil. Mag. 45, 1225 (1954);
A. D. Le Claire, Br. J. Appl. Phys. 14, 351 (1963), eq. (6) for the slope.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]

LE_CLAIRE = 1.322
SMALLEST_BETA = 10.0  # below it the tail is no straight line in x^(6/5)
_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(48)  # 5e-9 for beta from 0.1 to 1e6
_REACH = 12.0  # ierfc(6) = 1e-17: where the integrand has died, in units of beta


def boundary_excess(depth: ArrayLike, beta: ArrayLike) -> FloatArray:
    """Tracer that came in along one boundary, integrated across it on both sides, for a constant source.

    Parameters
    ----------
    depth : array
        eta = x/sqrt(Dt).
    beta : array that broadcasts with ``depth``
        s delta D_gb/(2 D sqrt(Dt)), the boundary much faster than the grain.

    Returns
    -------
    array
        In units of sqrt(Dt). The mean fraction over grains of width L between parallel boundaries is
        erfc(eta/2) + sqrt(Dt)/L times this.
    """
    from scipy.special import erfc

    eta, b = np.asarray(depth, dtype=np.float64), np.asarray(beta, dtype=np.float64)
    top = np.log1p(_REACH * b)
    total = np.zeros(np.broadcast_shapes(eta.shape, b.shape))
    for point, weight in zip(_POINTS, _WEIGHTS, strict=True):
        y = top * (point + 1) / 2  # sigma = exp(y)
        v = np.expm1(y) / (2 * b)
        ierfc = np.exp(-v * v) / np.sqrt(np.pi) - v * erfc(v)
        total = total + weight * np.exp(-y / 2 - eta**2 * np.exp(-y) / 4) * ierfc
    return np.asarray(total * (top / 2) * eta / np.sqrt(np.pi) * 2)


def with_fast_boundaries(
    position: ArrayLike, time: float, diffusion: ArrayLike, boundary_product: ArrayLike, spacing: ArrayLike
) -> FloatArray:
    """Mean normalised fraction at a depth: grains and boundaries together.

    Parameters
    ----------
    position : array
        Depth below the surface [m].
    time : float
        [s]
    diffusion : array that broadcasts with ``position``
        D of the grains [m^2/s].
    boundary_product : array
        s delta D_gb [m^3/s].
    spacing : array
        Width of grains between parallel boundaries [m]; for equiaxed grains about half their size.
    """
    from scipy.special import erfc

    d = np.asarray(diffusion, dtype=np.float64)
    length = np.sqrt(d * time)
    eta = np.maximum(np.asarray(position, dtype=np.float64), 0.0) / length
    beta = np.asarray(boundary_product) / (2 * d * length)
    return np.asarray(erfc(eta / 2) + length / np.asarray(spacing) * boundary_excess(eta, beta))


@dataclass(frozen=True)
class LeClaire:
    """What Le Claire's formula gives.

    Attributes
    ----------
    product : float
        s delta D_gb [m^3/s].
    beta : float
    valid : bool
        Whether beta is larger than 10.
    """

    product: float
    beta: float
    valid: bool


def le_claire(slope: float, time: float, diffusion: float) -> LeClaire:
    """s delta D_gb = 1.322 sqrt(D/t) (-d ln C/d x^(6/5))^(-5/3), for a constant source.

    Parameters
    ----------
    slope : float
        d ln C/d x^(6/5) of the tail [m^(-6/5)], negative.
    time : float
        [s]
    diffusion : float
        D of the grains [m^2/s].
    """
    product = LE_CLAIRE * (diffusion / time) ** 0.5 * (-slope) ** (-5 / 3)
    beta = product / (2 * diffusion * (diffusion * time) ** 0.5)
    return LeClaire(product, beta, beta > SMALLEST_BETA)


__all__ = ["LeClaire", "boundary_excess", "le_claire", "with_fast_boundaries"]
