"""Synthetic tracer profiles of a sample that was exchanged at one edge and then stored, with known truth.

Storage acts by the Green's function of a slab between closed edges, summed over mirror images and integrated
over fine cells: closed forms, so that fits by modes or finite volumes are tested against another method.
Source of the forms: J. Crank, The Mathematics of Diffusion (1975), sections 2.2.4, 2.4 and 3.3.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.constants import Boltzmann
from scipy.special import erf, erfc

FloatArray = NDArray[np.float64]

ROOM = 295.15  # K
NATURAL, SOURCE = 0.0759, 0.95  # fraction of 6Li in nature and in the solution
CELLS = 800


@dataclass(frozen=True)
class StoredSample:
    """One sample.

    Attributes
    ----------
    length : float
        [m]
    meniscus : float
        [m], how far beyond the stated level the liquid has wetted the face: source up to there.
    diffusion : float
        D at 22 °C [m^2/s].
    energy : float
        Activation energy [J].
    """

    length: float
    meniscus: float
    diffusion: float
    energy: float

    def coefficient(self, temperature: float) -> float:
        """D [m^2/s] at a temperature [K]."""
        return float(self.diffusion * np.exp(-self.energy / Boltzmann * (1 / temperature - 1 / ROOM)))

    def exchanged(self, position: FloatArray, duration: float = 110 * 3600.0) -> FloatArray:
        """Fraction after exchange: the source's up to the liquid line, erfc beyond (the sample is long)."""
        reach = np.clip((position - self.meniscus) / np.sqrt(4 * self.diffusion * duration), 0, None)
        return np.asarray(NATURAL + (SOURCE - NATURAL) * erfc(reach))

    def stored(self, position: FloatArray, theta: float) -> FloatArray:
        """Fraction after the exchange and storage with theta, the integral of D over time [m^2]."""
        edges = np.linspace(0, self.length, CELLS + 1)
        middle = self.exchanged((edges[1:] + edges[:-1]) / 2)
        steps = np.diff(np.concatenate([[0.0], middle, [0.0]]))  # of the profile, at each edge of a cell
        found = np.zeros(position.size)
        images = 2 + int(np.sqrt(4 * theta) / self.length * 3)
        for image in range(-images, images + 1):
            for side in (-1, 1):
                reach = (position[:, None] - 2 * image * self.length - side * edges) / np.sqrt(4 * theta)
                found += side * 0.5 * erf(reach) @ steps
        return found


def counted(
    expected: FloatArray, counts: float, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Counts of tracer and other isotopes: binomial, of totals that are Poisson about ``counts``."""
    total = rng.poisson(counts, expected.size) + 1
    tracer = rng.binomial(total, np.clip(expected, 0, 1))
    return tracer.astype(float), (total - tracer).astype(float)


__all__ = ["NATURAL", "ROOM", "SOURCE", "StoredSample", "counted"]
