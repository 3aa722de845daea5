"""Onsager coefficients of two ions that replace each other, and what they mean as diffusion coefficients.

The flux of ion i is J_i = -sum_j L_ij grad(eta_j), eta_j = kT ln n_j + z_j e phi. Without cross terms
L_ii = D_i n_i/kT (Gunawan 2024, eqs 8 and 9), and the fluxes are those of Nernst and Planck.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.constants import Boltzmann, elementary_charge

from ionscape.core.errors import InputError

FloatArray = NDArray[np.float64]

_ROUNDING = 1e-12


@dataclass(frozen=True, eq=False)
class Onsager:
    """Coefficients of K ions in one place.

    Attributes
    ----------
    matrix : (K, K) array
        L_ij [m^-1 s^-1 J^-1].
    density : (K,) array
        [m^-3]
    charge : (K,) array
        Signed elementary charges.
    temperature : float
        [K]

    Raises
    ------
    InputError
        If the matrix is not symmetric, or would let entropy fall.
    """

    matrix: FloatArray
    density: FloatArray
    charge: FloatArray
    temperature: float

    def __post_init__(self) -> None:
        matrix = np.array(self.matrix, dtype=float)
        density, charge = np.array(self.density, dtype=float), np.array(self.charge, dtype=float)
        if matrix.shape != (density.size, density.size) or charge.shape != density.shape:
            raise InputError("Onsager's matrix of K ions is K x K, with K densities and charges")
        if not (np.all(density > 0) and np.all(charge != 0) and self.temperature > 0):
            raise InputError("Onsager coefficients need densities and a temperature above zero, and charges")
        if not np.all(np.isfinite(matrix)):
            raise InputError("Onsager coefficients must be finite numbers")
        scale = np.sqrt(np.abs(np.outer(np.diag(matrix), np.diag(matrix))))
        if np.any(np.abs(matrix - matrix.T) > 1e-9 * np.maximum(scale, np.abs(matrix))):
            raise InputError("Onsager's matrix is symmetric: L_ij and L_ji differ")
        matrix = (matrix + matrix.T) / 2
        _refuse_falling_entropy(matrix)
        for name, value in (("matrix", matrix), ("density", density), ("charge", charge)):
            object.__setattr__(self, name, value)

    @property
    def _kt(self) -> float:
        return Boltzmann * self.temperature

    def fluxes(self, density_gradient: ArrayLike, potential_gradient: float) -> FloatArray:
        """J [m^-2 s^-1] at gradients of the densities [m^-4] and of the potential [V/m]."""
        slope = np.asarray(density_gradient, dtype=float)
        force = self._kt * slope / self.density + self.charge * elementary_charge * potential_gradient
        return np.asarray(-self.matrix @ force)

    def effective_diffusion(self) -> FloatArray:
        """D [m^2/s] of each ion in the field: what a current and an impedance see.

        kT sum_j L_ij z_j/(z_i n_i); their currents add up to the conductivity. Negative where another ion
        drags it against the field.
        """
        return np.asarray(self._kt * (self.matrix @ self.charge) / (self.charge * self.density))

    def chemical_diffusion(self) -> FloatArray:
        """(K, K) D_ij = kT L_ij/n_j [m^2/s]: J_i = -sum_j D_ij grad n_j without field."""
        return np.asarray(self._kt * self.matrix / self.density)

    def conductivity(self) -> float:
        """sum z_i z_j e^2 L_ij [S/m]."""
        return float(elementary_charge**2 * self.charge @ self.matrix @ self.charge)

    def transport_numbers(self) -> FloatArray:
        """Share of the current that each ion carries without gradients."""
        carried = self.charge * (self.matrix @ self.charge)
        return np.asarray(carried / carried.sum())

    def interdiffusion(self) -> float:
        """D [m^2/s] with which two ions exchange without current, electrically neutral.

        kT (L11 L22 - L12^2)(z2^2/n1 + z1^2/n2) over z1^2 L11 + 2 z1 z2 L12 + z2^2 L22.
        """
        if self.density.size != 2:
            raise InputError("one interdiffusion coefficient belongs to two ions")
        (a, c), (_, b) = self.matrix
        (z1, z2), (n1, n2) = self.charge, self.density
        total = z1**2 * a + 2 * z1 * z2 * c + z2**2 * b
        return float(self._kt * (a * b - c * c) * (z2**2 / n1 + z1**2 / n2) / total)


def onsager_coefficients(
    effective_diffusion: ArrayLike, density: ArrayLike, temperature: float, *,
    charge: ArrayLike | None = None, cross: float = 0.0,
) -> Onsager:  # fmt: skip
    """From effective diffusion coefficients (of the field: D_CAIT, D_sigma) to Onsager's.

    Parameters
    ----------
    effective_diffusion : (K,) array-like
        [m^2/s]
    density : (K,) array-like
        [m^-3]
    temperature : float
        [K]
    charge : (K,) array-like, optional
        Signed elementary charges; 1 each unless given.
    cross : float
        L_12 [m^-1 s^-1 J^-1] of two ions: L_ii = D_i n_i/kT - L_12 z_j/z_i. A profile does not tell it.

    Raises
    ------
    InputError
        If a coefficient is not positive, or the cross term is too large for entropy to rise.
    """
    diffusion, n = np.asarray(effective_diffusion, dtype=float), np.asarray(density, dtype=float)
    z = np.ones(n.shape) if charge is None else np.asarray(charge, dtype=float)
    if not (diffusion.shape == n.shape == z.shape and n.ndim == 1):
        raise InputError("Onsager coefficients need a diffusion coefficient, density and charge for each ion")
    if np.any(diffusion < 0) or not temperature > 0:
        raise InputError("diffusion coefficients cannot be negative, nor a temperature below absolute zero")
    matrix = np.diag(diffusion * n / (Boltzmann * temperature))
    if cross != 0:
        if n.size != 2:
            raise InputError("a cross term is taken between two ions")
        matrix[0, 1] = matrix[1, 0] = cross
        matrix[0, 0] -= cross * z[1] / z[0]
        matrix[1, 1] -= cross * z[0] / z[1]
    return Onsager(matrix, n, z, temperature)


def nernst_planck_fluxes(
    diffusion: ArrayLike, density: ArrayLike, charge: ArrayLike, temperature: float,
    density_gradient: ArrayLike, potential_gradient: float,
) -> FloatArray:  # fmt: skip
    """J_i = -D_i [grad n_i + z_i n_i e grad(phi)/kT] [m^-2 s^-1] (Gunawan 2024, eq. 1); SI, arrays (K,)."""
    d, n, z = (np.asarray(v, dtype=float) for v in (diffusion, density, charge))
    field = elementary_charge * potential_gradient / (Boltzmann * temperature)
    return np.asarray(-d * (np.asarray(density_gradient, dtype=float) + z * n * field))


def interdiffusion(diffusion: ArrayLike, density: ArrayLike, charge: ArrayLike = (1.0, 1.0)) -> FloatArray:
    """D [m^2/s] with which two ions exchange without current, electrically neutral (Nernst-Planck).

    D1 D2 (z1^2 n1 + z2^2 n2)/(z1^2 n1 D1 + z2^2 n2 D2); for equal charges D1 D2 (n1 + n2)/(n1 D1 + n2 D2).

    Parameters
    ----------
    diffusion, density : (2, ...) array-like
        [m^2/s]; densities or fractions.
    charge : (2,) array-like

    Raises
    ------
    InputError
        If there are not two ions.
    """
    d, n, z = (np.asarray(v, dtype=float) for v in (diffusion, density, charge))
    if d.shape[0] != 2 or n.shape[0] != 2 or z.shape != (2,):
        raise InputError("interdiffusion is of two ions: two coefficients, densities and charges")
    first, second = z[0] ** 2 * n[0], z[1] ** 2 * n[1]
    return np.asarray(d[0] * d[1] * (first + second) / (first * d[0] + second * d[1]))


def tracer_diffusion_by_published_convention(effective_diffusion: ArrayLike) -> FloatArray:
    """D* = D_eff/2 [m^2/s], the convention of Gunawan 2024 (eqs 8 and 9).

    It fixes the Haven ratio at 0.5 for every conductor; a measured D*/D_sigma decides, this does not.
    """
    return np.asarray(np.asarray(effective_diffusion, dtype=float) / 2)


def _refuse_falling_entropy(matrix: FloatArray) -> None:
    diagonal = np.diag(matrix)
    if np.any(diagonal < 0):
        raise InputError(
            "a diagonal Onsager coefficient is negative: the cross term is too large, entropy would fall"
        )
    scale = np.sqrt(np.where(diagonal > 0, diagonal, 1.0))
    lowest = float(np.linalg.eigvalsh(matrix / np.outer(scale, scale)).min())
    if lowest < -_ROUNDING:
        raise InputError(
            "Onsager's matrix is not positive definite (L12^2 > L11 L22): the cross term is too large, "
            "entropy would fall"
        )
