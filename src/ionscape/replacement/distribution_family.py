"""The families of site energy distributions that can be fitted, as functions of their parameters over kT."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ionscape.core.errors import InputError
from ionscape.replacement.site_energy_distribution import (
    WIDTH_PER_DEVIATION,
    ExponentialTails,
    Gaussian,
    Mixture,
    SiteEnergyDistribution,
)

FloatArray = NDArray[np.float64]
LOWEST_FILLING = 1e-9
LOWEST_LEVEL = -80.0  # kT: an ion that deep does not move in any experiment
WIDTH_BOUNDS = (0.02, 60.0)  # of FWHM/kT


@dataclass(frozen=True)
class FamilyParameter:
    """One parameter: name, start and bounds. ``energy``: it is an energy, and the fit has it over kT."""

    name: str
    start: float
    lower: float
    upper: float
    energy: bool = True


class DistributionFamily(ABC):
    """Distributions with some parameters in common."""

    name: str = ""

    @property
    @abstractmethod
    def parameters(self) -> tuple[FamilyParameter, ...]:
        """The first is the FWHM, where there is one."""

    @abstractmethod
    def distribution(self, values: FloatArray) -> SiteEnergyDistribution | None:
        """For values of the parameters; energies in any unit. None: all sites alike."""

    def levels(self, values: FloatArray, log_vacancies: float, filling: FloatArray) -> FloatArray:
        """E_F(s) - E_F(1) at fillings s (M,), filled from below at zero temperature, in the values' unit.

        Gunawan 2024, eq. (2) and Fig. 3: sites are filled to the share (1 - v) s.
        """
        if not self.parameters:
            return np.zeros_like(filling)
        filled = 1 - math.exp(min(log_vacancies, -1e-6))
        share = np.append(np.maximum(filling, LOWEST_FILLING) * filled, filled)
        energy = self.quantile(values, share)
        return np.asarray(np.maximum(energy[:-1] - energy[-1], LOWEST_LEVEL))

    def quantile(self, values: FloatArray, share: FloatArray) -> FloatArray:
        """Energies below which shares of the sites lie."""
        found = self.distribution(values)
        return np.zeros_like(share) if found is None else found.quantile(share)

    def widths(self, values: FloatArray) -> FloatArray:
        """FWHM of the whole distribution (K,) for values (K, n)."""
        return np.asarray(values[:, 0])

    def top_levels(self, values: FloatArray, vacancies: FloatArray) -> FloatArray:
        """Fermi level of the bulk against the mean of the distribution (K,)."""
        found = []
        for one, vacant in zip(values, vacancies, strict=True):
            distribution = self.distribution(one)
            found.append(0.0 if distribution is None
                         else float(distribution.quantile(1 - vacant)) - distribution.mean)  # fmt: skip
        return np.array(found)


@dataclass(frozen=True)
class _OneGaussian(DistributionFamily):
    name: str = "gaussian"

    @property
    def parameters(self) -> tuple[FamilyParameter, ...]:
        return (FamilyParameter("site_energy_fwhm", 8.0, *WIDTH_BOUNDS),)

    def distribution(self, values: FloatArray) -> SiteEnergyDistribution:
        return Gaussian(float(values[0]))


@dataclass(frozen=True)
class _TwoGaussians(DistributionFamily):
    """Two of one width: the second, of deeper sites, holds a share of them."""

    name: str = "two gaussians"

    @property
    def parameters(self) -> tuple[FamilyParameter, ...]:
        return (
            FamilyParameter("site_energy_fwhm", 8.0, *WIDTH_BOUNDS),
            FamilyParameter("site_energy_separation", 4.0, 0.0, 40.0),
            FamilyParameter("deep_share", 0.15, 0.01, 0.6, energy=False),
        )

    def distribution(self, values: FloatArray) -> SiteEnergyDistribution:
        width, apart, share = (float(v) for v in values)
        if apart <= 0:
            return Gaussian(width)
        return Mixture((Gaussian(width), Gaussian(width, -apart)), (1 - share, share))

    def quantile(self, values: FloatArray, share: FloatArray) -> FloatArray:
        """By a table of normal scores, on which the energy is almost a line: a fit asks for it often."""
        from scipy.special import log_ndtr, ndtri_exp

        width, apart, deep = (float(v) for v in values)
        sigma = width / WIDTH_PER_DEVIATION
        energy = np.linspace(-apart - 8 * sigma, 5 * sigma, 1500)
        log_share = np.logaddexp(
            math.log1p(-deep) + log_ndtr(energy / sigma), math.log(deep) + log_ndtr((energy + apart) / sigma)
        )
        scores = ndtri_exp(np.minimum(log_share, -1e-12))
        return np.asarray(np.interp(ndtri_exp(np.log(share)), scores, energy))

    def widths(self, values: FloatArray) -> FloatArray:
        """Between the outermost energies of half the largest density."""
        width, apart, share = (v[:, None] for v in values.T)
        grid = np.linspace(0.0, 1.0, 801)[None]
        energy = -apart - width + grid * (apart + 2 * width)
        density = (1 - share) * 2.0 ** (-((2 * energy / width) ** 2)) + share * 2.0 ** (
            -((2 * (energy + apart) / width) ** 2))  # fmt: skip
        above = density >= density.max(axis=1, keepdims=True) / 2
        first, last = above.argmax(axis=1), grid.size - 1 - above[:, ::-1].argmax(axis=1)
        step = (apart + 2 * width)[:, 0] / (grid.size - 1)
        return np.asarray((last - first) * step)


@dataclass(frozen=True)
class _ExponentialTail(DistributionFamily):
    """A sharp upper edge and an exponential tail of deep sites, so that D is a power of the filling."""

    name: str = "exponential tail"

    @property
    def parameters(self) -> tuple[FamilyParameter, ...]:
        return (FamilyParameter("site_energy_fwhm", 3.0, *WIDTH_BOUNDS),)

    def distribution(self, values: FloatArray) -> SiteEnergyDistribution:
        return ExponentialTails(float(values[0]), lower_share=1.0)


@dataclass(frozen=True)
class _Constant(DistributionFamily):
    """All sites alike: D does not depend on the composition."""

    name: str = "constant"

    @property
    def parameters(self) -> tuple[FamilyParameter, ...]:
        return ()

    def distribution(self, values: FloatArray) -> None:  # noqa: ARG002
        return None


_FAMILIES: dict[str, DistributionFamily] = {
    f.name: f for f in (_OneGaussian(), _TwoGaussians(), _ExponentialTail(), _Constant())
}
FAMILIES = tuple(_FAMILIES)


def distribution_family(name: str) -> DistributionFamily:
    """The family of that name.

    Raises
    ------
    InputError
        If there is none.
    """
    if name not in _FAMILIES:
        raise InputError(f"no family of site energy distributions is called {name!r}: {', '.join(FAMILIES)}")
    return _FAMILIES[name]
