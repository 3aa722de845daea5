"""From D(n) back to the populated site energy distribution: eq. (2) of Gunawan 2024 inverted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.constants import Boltzmann

from ionscape.core.errors import InputError
from ionscape.replacement.site_energy_distribution import Tabulated

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class EffectiveDistribution:
    """The populated distribution that a D(n) stands for, over N fractions.

    Attributes
    ----------
    fraction : (N,) array
        Native fractions n/n_bulk.
    energy : (N,) array
        E_F(n) - E_F(1) = kT ln[D(n)/D(1)] [J].
    density : (N,) array
        dn/dE_F [1/J]: native ions per energy, over all native ions.
    """

    fraction: FloatArray
    energy: FloatArray
    density: FloatArray

    @property
    def covered(self) -> float:
        """Share of the native ions whose energies D(n) tells."""
        return float(self.fraction[-1] - self.fraction[0])

    def distribution(self) -> Tabulated:
        """As a distribution of the ions that are covered (area 1)."""
        return Tabulated(self.energy, self.density)


def populated_distribution(
    fraction: ArrayLike, diffusion: ArrayLike, temperature: float, *, bulk_diffusion: float | None = None
) -> EffectiveDistribution:
    """Populated distribution from D(n), filled from below at absolute zero.

    Vacancies do not enter: only taken sites are seen.

    Parameters
    ----------
    fraction : (N,) array-like
        Native fractions, increasing.
    diffusion : (N,) array-like
        D [m^2/s] at them: it must rise with the fraction.
    temperature : float
        [K] of the experiment.
    bulk_diffusion : float, optional
        D [m^2/s] at fraction 1; the last one given unless stated.

    Raises
    ------
    InputError
        If D does not rise with the fraction: no filling from below does that.
    """
    from scipy.interpolate import PchipInterpolator

    u, d = np.asarray(fraction, dtype=float), np.asarray(diffusion, dtype=float)
    if u.ndim != 1 or u.shape != d.shape or u.size < 3:
        raise InputError("the inversion of D(n) needs a coefficient for each of at least three fractions")
    if not (np.all(np.diff(u) > 0) and u[0] >= 0 and u[-1] <= 1):
        raise InputError("the fractions of D(n) must increase and lie between 0 and 1")
    if not (np.all(np.isfinite(d)) and d.min() > 0 and np.all(np.diff(d) > 0)):
        raise InputError(
            "D must be larger than zero and rise with the native fraction: otherwise no distribution that is "
            "filled from below gives it"
        )
    if not temperature > 0:
        raise InputError(f"a temperature must be above absolute zero, got {temperature:g} K")
    energy = Boltzmann * temperature * np.log(d / (d[-1] if bulk_diffusion is None else bulk_diffusion))
    density = PchipInterpolator(energy, u).derivative()(energy)
    return EffectiveDistribution(u, energy, np.maximum(density, 0.0))
