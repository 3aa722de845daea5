"""How an ion's diffusion coefficient depends on how far its sites are filled, and on temperature."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.constants import Boltzmann

from ionscape.core.errors import InputError
from ionscape.replacement.fermi_level import fermi_energy, refuse_vacancies
from ionscape.replacement.site_energy_distribution import SiteEnergyDistribution

if TYPE_CHECKING:
    from scipy.interpolate import PchipInterpolator

FloatArray = NDArray[np.float64]
Filling = Literal["zero temperature", "Fermi-Dirac"]


class DiffusionLaw(ABC):
    """D of one ion as a function of filling and temperature.

    Sites are filled from below, the native ion first, then every further ion in the order of arrival. The
    *filling* of an ion is the share s of all ions that lie at or below its own uppermost level: for the
    native ion its own fraction, for the ion that arrived last always 1 (Gunawan 2024, Fig. 3).
    """

    @abstractmethod
    def log_diffusion(self, filling: ArrayLike, temperature: float) -> FloatArray:
        """ln of D [m^2/s] at fillings (any shape, 0 to 1) and one temperature [K]."""


@dataclass(frozen=True)
class ConstantDiffusion(DiffusionLaw):
    """The same at every filling.

    Attributes
    ----------
    diffusion : float
        [m^2/s] at ``reference_temperature``.
    activation_energy : float
        [J]; zero: the same at every temperature.
    reference_temperature : float
        [K]
    """

    diffusion: float
    activation_energy: float = 0.0
    reference_temperature: float = 298.15

    def __post_init__(self) -> None:
        _refuse_no_diffusion(self.diffusion, self.reference_temperature)

    def log_diffusion(self, filling: ArrayLike, temperature: float) -> FloatArray:
        """See `DiffusionLaw`."""
        exponent = _thermal(self.activation_energy, self.reference_temperature, temperature)
        return np.full(np.shape(filling), math.log(self.diffusion) + exponent)


@dataclass(frozen=True)
class SiteEnergyDiffusion(DiffusionLaw):
    """D(s, T) = D_bulk(T) exp[(E_F(s) - E_F(1))/kT]: the uppermost ions move, over one threshold.

    Source: Gunawan 2024, eq. (2), with E_act(n) = E_DC - E_F(n). Only E_F(s) - E_F(1) enters: the mean of the
    distribution changes nothing. Fillings below 1e-12 are taken as 1e-12, so that ln D is finite everywhere.

    Attributes
    ----------
    distribution : SiteEnergyDistribution
    bulk_diffusion : float
        D [m^2/s] at filling 1 and ``reference_temperature``.
    vacancy_fraction : float
        Share of the sites that is empty at filling 1.
    filling : "zero temperature" or "Fermi-Dirac"
        How sites are taken: all up to the level, or smeared by the temperature of the experiment.
    activation_energy : float
        [J] of the bulk, E_DC - E_F(1).
    reference_temperature : float
        [K]

    Raises
    ------
    InputError
        If a coefficient, temperature or vacancy fraction is impossible.
    """

    distribution: SiteEnergyDistribution
    bulk_diffusion: float
    vacancy_fraction: float = 0.1
    filling: Filling = "zero temperature"
    activation_energy: float = 0.0
    reference_temperature: float = 298.15

    def __post_init__(self) -> None:
        _refuse_no_diffusion(self.bulk_diffusion, self.reference_temperature)
        if self.filling not in ("zero temperature", "Fermi-Dirac"):
            known = "'zero temperature' or as 'Fermi-Dirac'"
            raise InputError(f"sites are filled at {known}, got {self.filling!r}")
        refuse_vacancies(self.distribution, self.vacancy_fraction, self._filling_temperature(300.0))

    def log_diffusion(self, filling: ArrayLike, temperature: float) -> FloatArray:
        """See `DiffusionLaw`."""
        bulk = math.log(self.bulk_diffusion)
        bulk += _thermal(self.activation_energy, self.reference_temperature, temperature)
        s = np.asarray(filling, dtype=float)
        with_top = np.append(s.ravel(), 1.0)
        at = self._filling_temperature(temperature)
        level = fermi_energy(self.distribution, with_top, self.vacancy_fraction, at)
        return np.asarray(bulk + (level[:-1] - level[-1]).reshape(s.shape) / (Boltzmann * temperature))

    def _filling_temperature(self, temperature: float) -> float:
        return temperature if self.filling == "Fermi-Dirac" else 0.0


@dataclass(frozen=True, eq=False)
class TabulatedDiffusion(DiffusionLaw):
    """D at some fillings; ln D between them by monotone cubics, outside them as at the nearest.

    Attributes
    ----------
    fraction : sequence of float
        Fillings, increasing, within 0 to 1.
    diffusion : sequence of float
        [m^2/s] at them, at ``reference_temperature``.
    activation_energy : float
        [J], the same at every filling.
    reference_temperature : float
        [K]

    Raises
    ------
    InputError
        If the fillings do not increase or a coefficient is not larger than zero.
    """

    fraction: Sequence[float] | FloatArray
    diffusion: Sequence[float] | FloatArray
    activation_energy: float = 0.0
    reference_temperature: float = 298.15

    def __post_init__(self) -> None:
        fraction, diffusion = np.array(self.fraction, dtype=float), np.array(self.diffusion, dtype=float)
        if fraction.ndim != 1 or fraction.shape != diffusion.shape or fraction.size < 2:
            raise InputError("a tabulated D(n) needs a coefficient for each of at least two fractions")
        if not (np.all(np.diff(fraction) > 0) and fraction[0] >= 0 and fraction[-1] <= 1):
            raise InputError("the fractions of a tabulated D(n) must increase and lie between 0 and 1")
        for value in diffusion:
            _refuse_no_diffusion(float(value), self.reference_temperature)
        object.__setattr__(self, "fraction", fraction)
        object.__setattr__(self, "diffusion", diffusion)

    @cached_property
    def _curve(self) -> PchipInterpolator:
        from scipy.interpolate import PchipInterpolator

        return PchipInterpolator(self.fraction, np.log(self.diffusion))

    def log_diffusion(self, filling: ArrayLike, temperature: float) -> FloatArray:
        """See `DiffusionLaw`."""
        within = np.clip(np.asarray(filling, dtype=float), self.fraction[0], self.fraction[-1])
        exponent = _thermal(self.activation_energy, self.reference_temperature, temperature)
        return np.asarray(self._curve(within) + exponent)


def decades(law: DiffusionLaw, filling: float, temperature: float) -> float:
    """Powers of ten by which D falls from filling 1 to ``filling`` at a temperature [K]."""
    logs = law.log_diffusion(np.array([1.0, filling]), temperature)
    return float((logs[0] - logs[1]) / math.log(10))


def _thermal(activation_energy: float, reference: float, temperature: float) -> float:
    """ln of what the temperature [K] does to D."""
    if not temperature > 0:
        raise InputError(f"a temperature must be above absolute zero, got {temperature:g} K")
    return activation_energy / Boltzmann * (1 / reference - 1 / temperature)


def _refuse_no_diffusion(diffusion: float, reference: float) -> None:
    if not (diffusion > 0 and math.isfinite(diffusion)):
        raise InputError(f"a diffusion coefficient must be larger than zero, got {diffusion:g} m^2/s")
    if not reference > 0:
        raise InputError(f"a temperature must be above absolute zero, got {reference:g} K")
