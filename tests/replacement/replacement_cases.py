"""The assumed parameter set of the reference table, shared by the tests of the solvers (assumed, not
measured)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.constants import Boltzmann, elementary_charge
from scipy.stats import norm

from ionscape.replacement.diffusion_law import ConstantDiffusion, DiffusionLaw
from ionscape.replacement.programme import Programme, constant_current
from ionscape.replacement.system import Conductor, Ion

FloatArray = NDArray[np.float64]

TEMPERATURE, DENSITY, BULK, DAY = 343.15, 1.41e28, 1e-17, 86400.0


@dataclass(frozen=True)
class GaussianSites(DiffusionLaw):
    """D of an ion that fills a Gaussian distribution of 250 meV, 10 % vacancies, from below: written out
    here."""

    fwhm: float = 0.25
    vacancy: float = 0.1

    def log_diffusion(self, filling: ArrayLike, temperature: float) -> FloatArray:
        """See `DiffusionLaw`."""
        sigma = self.fwhm * elementary_charge / np.sqrt(8 * np.log(2))
        level = norm.ppf((1 - self.vacancy) * np.asarray(filling, dtype=float)) - norm.ppf(1 - self.vacancy)
        return np.asarray(np.log(BULK) + sigma / (Boltzmann * temperature) * level)


@dataclass(frozen=True)
class Reference:
    """One column of the table."""

    ratio: float
    plateau: float
    front_depth: float
    front_width: float
    film_voltage: float
    bulk_voltage: float
    charge: float
    length: float

    @property
    def flux(self) -> float:
        """J/n0 [m/s]: q/t with q = 100 nm (1 - plateau of 0.15, 0.07, 0.03)."""
        return 100e-9 * (1 - round(self.plateau, 2)) / DAY

    def conductor(self, **changes: float) -> Conductor:
        """Glass and ions."""
        ions = (Ion("Li+", GaussianSites()), Ion("M+", ConstantDiffusion(self.ratio * BULK)))
        return Conductor(ions, DENSITY, **{"thickness": 1e-3, **changes})

    def programme(self) -> Programme:
        """24 h of constant current."""
        return constant_current(self.flux * DENSITY * elementary_charge, DAY, "M+", TEMPERATURE)


# plateau, front, width and film voltage of an independent, exponentially fitted code; voltage of the bulk
# and charge [C/m^2] of another
REFERENCES = {
    "K": Reference(7.7e-4, 0.1498, 96.80e-9, 25.80e-9, 0.405, 2.9, 192.0, 200e-9),
    "Rb": Reference(1.94e-4, 0.0700, 99.32e-9, 7.07e-9, 1.708, 3.2, 210.0, 130e-9),
    "Cs": Reference(4.5e-5, 0.0299, 99.72e-9, 1.67e-9, 7.503, 3.3, 219.0, 110e-9),
}
