"""Impedance spectra of a polycrystalline ion conductor between blocking electrodes, with known truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]

BOLTZMANN_EV = 8.617333262e-5  # eV/K, CODATA 2018


@dataclass(frozen=True)
class Arc:
    """Truth of one arc: thermally activated conduction through a constant phase element.

    Attributes
    ----------
    conductivity : float
        At ``reference_temperature`` [S/m], as sigma = L/(R A).
    activation_energy : float
        Of sigma T [eV].
    capacitance : float
        [F], of the pellet as it is: tau = R C.
    alpha : float
        Exponent of the constant phase element.
    reference_temperature : float
        [K]
    """

    conductivity: float
    activation_energy: float
    capacitance: float
    alpha: float = 1.0
    reference_temperature: float = 298.15

    def conductivity_at(self, temperature: float) -> float:
        """Conductivity [S/m] at a temperature [K]: sigma T is Arrhenius."""
        reference = self.reference_temperature
        lift = np.exp(-self.activation_energy / BOLTZMANN_EV * (1 / temperature - 1 / reference))
        return float(self.conductivity * lift * reference / temperature)


@dataclass(frozen=True)
class Pellet:
    """An ion conductor between blocking electrodes, whose every transport coefficient is known.

    Attributes
    ----------
    arcs : mapping of str to Arc
        By the name of what conducts: ``bulk``, ``grain_boundary``.
    thickness, area : float
        True geometry [m, m^2].
    electrode : (Q, alpha)
        Constant phase element of the blocking electrodes [F s^(alpha - 1)].
    inductance : float
        Of the leads [H].
    """

    arcs: Mapping[str, Arc]
    thickness: float
    area: float
    electrode: tuple[float, float] = (2e-6, 0.9)
    inductance: float = 0.0

    def resistance(self, name: str, temperature: float) -> float:
        """R [ohm] of one arc at a temperature [K]."""
        return self.thickness / (self.arcs[name].conductivity_at(temperature) * self.area)

    def impedance(self, frequency: FloatArray, temperature: float) -> ComplexArray:
        """Noise-free Z [ohm] at frequencies [Hz] and one temperature [K]."""
        s = 2j * np.pi * np.asarray(frequency, dtype=float)
        q, alpha = self.electrode
        z = self.inductance * s + 1 / (q * s**alpha)
        for name, arc in self.arcs.items():
            r = self.resistance(name, temperature)
            z = z + r / (1 + (s * r * arc.capacitance) ** arc.alpha)
        return np.asarray(z, dtype=np.complex128)


# The ceramic pellet s04147: values published with EISFitpython (global fit, MIT licence; the sample after
# Adediwura et al., J. Mater. Chem. A 12 (2024) 15847). alpha of the boundary and the electrode are means.
S04147 = Pellet(
    arcs={
        "bulk": Arc(3.122e-4, 0.5694, 7.0e-12, 0.8373, reference_temperature=413.0),
        "grain_boundary": Arc(2.056e-5, 0.8907, 1.71e-11, 0.82, reference_temperature=413.0),
    },
    thickness=2.1e-3,
    area=np.pi * (4e-3) ** 2,
    electrode=(3.0e-6, 0.55),
)

# An amorphous Li3PS4 pellet (255 MPa, 10 min) after Perrenot et al., Adv. Funct. Mater. 34 (2024) 2310739:
# 0.36 mS/cm at 25 degC, 0.37 eV, 5.4e-11 F; thickness from 30 mg, 7 mm and 1.88 g/cm3 at 10.5 % porosity.
# alpha and the electrode are assumed.
LI3PS4 = Pellet(
    arcs={"bulk": Arc(0.036, 0.37, 5.4e-11, 0.97)},
    thickness=4.63e-4,
    area=np.pi * (3.5e-3) ** 2,
    electrode=(4.0e-6, 0.88),
)


def proportional_noise(z: ComplexArray, relative: float, rng: np.random.Generator) -> ComplexArray:
    """Independent normal noise on Z' and Z'', each with standard deviation ``relative`` |Z|."""
    kick = rng.normal(size=z.size) + 1j * rng.normal(size=z.size)
    return np.asarray(z + relative * np.abs(z) * kick, dtype=np.complex128)


def write_spectrum(path: Path, frequency: FloatArray, z: ComplexArray, *, note: str = "") -> None:
    """Write a labelled CSV (Battery Data Format names) that says it is synthetic."""
    lines = [f"# SYNTHETIC spectrum, made by ionscape.testing, not measured. {note}".rstrip()]
    lines.append("frequency_hertz,real_impedance_ohm,imaginary_impedance_ohm")
    lines += [f"{f:.6e},{v.real:.6e},{v.imag:.6e}" for f, v in zip(frequency, z, strict=True)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
