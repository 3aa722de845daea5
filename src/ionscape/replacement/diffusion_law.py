"""How an ion's diffusion coefficient depends on how far its sites are filled, and on temperature."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.constants import Boltzmann

from ionscape.core.errors import InputError

FloatArray = NDArray[np.float64]


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
        if not (self.diffusion > 0 and math.isfinite(self.diffusion)):
            raise InputError(
                f"a diffusion coefficient must be larger than zero, got {self.diffusion:g} m^2/s"
            )

    def log_diffusion(self, filling: ArrayLike, temperature: float) -> FloatArray:
        """See `DiffusionLaw`."""
        exponent = self.activation_energy / Boltzmann * (1 / self.reference_temperature - 1 / temperature)
        return np.full(np.shape(filling), math.log(self.diffusion) + exponent)
