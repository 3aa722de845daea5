"""Generated data of three replacements: ``python -m ionscape.testing.lithium_borate FOLDER``.

Nothing here was measured. The truth is a self-consistent set in the form of V. H. Gunawan, M. Schäfer and
K.-M. Weitzel, Phys. Chem. Chem. Phys. 26 (2024) 14430 (charge-attachment induced transport of K+, Rb+ and Cs+
into Li3B7O12): the published width of the site energies, 250 meV, and 10 % of vacant sites give the published
plateaus of 15, 7 and 3 % with the coefficients of the foreign ions below. Temperature, time, current
densities, D_bulk and its activation energy are **assumed**: the supplement's table is not public.

No method of the fits is used. Profiles come from the electroneutral equation by the method of lines: central
differences on 4000 equal cells of 0.04 nm and scipy's BDF with an exact Jacobian. The cells' Péclet number
j h/D_foreign is 0.1 at most, so that nothing needs upwinding or exponential fitting.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ionscape.testing.spectra import BOLTZMANN_EV, Arc, Pellet, proportional_noise, write_spectrum

FloatArray = NDArray[np.float64]

ELEMENTARY_CHARGE = 1.602176634e-19  # C
BOLTZMANN = 1.380649e-23  # J/K
FWHM_IN_SD = 2 * math.sqrt(2 * math.log(2))
HOUR = 3600.0
SAYS = "# SYNTHETIC, made by ionscape.testing.lithium_borate, not measured."


@dataclass(frozen=True)
class Truth:
    """What the data were made from. SI, energies in eV.

    Attributes
    ----------
    fwhm : float
        Of the Gaussian distribution of site energies of Li+.
    vacancy_fraction : float
        Share of the sites that no ion holds before the experiment.
    diffusion_ratio : mapping
        D of the foreign ion over D_bulk of Li+.
    plateau : mapping
        Published share of Li+ left behind the front; with it the charge is that of a front at 100 nm.
    """

    fwhm: float = 0.250
    vacancy_fraction: float = 0.10
    temperature: float = 343.15
    carrier_density: float = 1.41e28
    bulk_diffusion: float = 1e-17
    bulk_energy: float = 0.65
    thickness: float = 1e-3
    permittivity: float = 8.0
    duration: float = 24 * HOUR
    nominal_depth: float = 100e-9
    diffusion_ratio: Mapping[str, float] = field(
        default_factory=lambda: {"K+": 7.7e-4, "Rb+": 1.94e-4, "Cs+": 4.5e-5}
    )
    plateau: Mapping[str, float] = field(default_factory=lambda: {"K+": 0.15, "Rb+": 0.07, "Cs+": 0.03})

    def flux(self, ion: str) -> float:
        """Of charges through the front face, over their density [m/s]."""
        return self.nominal_depth * (1 - self.plateau[ion]) / self.duration

    def current_density(self, ion: str) -> float:
        """[A/m^2]"""
        return self.flux(ion) * ELEMENTARY_CHARGE * self.carrier_density

    def bulk(self, temperature: float) -> float:
        """D_sigma of the native ion [m^2/s]."""
        inverse = 1 / temperature - 1 / self.temperature
        return self.bulk_diffusion * math.exp(-self.bulk_energy / BOLTZMANN_EV * inverse)

    def conductivity(self, temperature: float) -> float:
        """[S/m], by Nernst and Einstein."""
        charge = self.carrier_density * ELEMENTARY_CHARGE**2
        return charge * self.bulk(temperature) / (BOLTZMANN * temperature)


TRUTH = Truth()

CELLS = 4000
LENGTH = 160e-9  # of the film that is computed; behind it nothing changes

# Secondary ions: one cycle per slice
SLICE = 0.5e-9  # m
SLICES = 400
CRATER = 200e-9  # m, depth after all slices
CYCLE = 2.0  # s
RESOLUTION = 1.0e-9  # m, 1 SD of the mixing by the sputter beam
COUNTS = {"7Li": 15000.0, "39K": 19500.0, "85Rb": 16500.0, "133Cs": 13500.0, "11B": 4000.0}
ISOTOPE = {"K+": "39K", "Rb+": "85Rb", "Cs+": "133Cs"}
RELATIVE_ERROR = 0.01  # 1 SD of a measured current density and of a measured depth of the crater

CELSIUS = (40, 50, 60, 70, 80, 90, 100)


# ---- profiles -----------------------------------------------------------------------------------------
@dataclass(frozen=True)
class NativeLaw:
    """ln D of the native ion over its bulk value, and its slope, at fractions u (T = 0 filling)."""

    steepness: float  # standard deviation of the site energies over kT
    filled: float  # share of the sites that are held at u = 1

    def diffusion(self, fraction: FloatArray) -> tuple[FloatArray, FloatArray]:
        """D over D_bulk, and its derivative by u."""
        from scipy.special import ndtri

        level = ndtri(self.filled * np.clip(fraction, 1e-13, 1.05))
        value = np.exp(self.steepness * (level - ndtri(self.filled)))
        density = np.exp(-(level**2) / 2) / math.sqrt(2 * math.pi)
        return value, value * self.steepness * self.filled / density


def replaced(
    ion: str, truth: Truth = TRUTH, *, cells: int = CELLS, tolerance: float = 1e-7
) -> tuple[FloatArray, FloatArray]:
    """Faces [m] of the cells and the mean fraction of Li+ in them after the experiment.

    du/dt = -dF/dx, F = h(u) (j u - D_M du/dx), h = D_Li/(D_Li u + D_M (1 - u)), F(0) = 0.

    Parameters
    ----------
    ion : "K+", "Rb+" or "Cs+"
    truth : Truth
    cells : int
    tolerance : float
        Relative, of the integration over time.
    """
    from scipy.integrate import solve_ivp
    from scipy.sparse import diags

    ratio, width = truth.diffusion_ratio[ion], LENGTH / cells
    thermal = BOLTZMANN * truth.temperature / ELEMENTARY_CHARGE
    law = NativeLaw(truth.fwhm / FWHM_IN_SD / thermal, 1 - truth.vacancy_fraction)
    flux, foreign = truth.flux(ion), ratio * truth.bulk_diffusion / width

    def share(u: FloatArray) -> tuple[FloatArray, FloatArray]:
        d, slope = law.diffusion(u)
        q = d * u + ratio * (1 - u)
        return d / q, (slope * q - d * (slope * u + d - ratio)) / q**2

    def drive(u: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        h, slope = share((u[1:] + u[:-1]) / 2)
        return h, slope, flux * (u[1:] + u[:-1]) / 2 - foreign * np.diff(u)

    def rate(_: float, u: FloatArray) -> FloatArray:
        h, _slope, pull = drive(u)
        out = flux * share(u[-1:])[0] * u[-1:]
        return -np.diff(np.concatenate([[0.0], h * pull, out])) / width

    def jacobian(_: float, u: FloatArray) -> Any:
        h, slope, pull = drive(u)
        left = (slope * pull / 2 + h * (flux / 2 + foreign)) / width
        right = (slope * pull / 2 + h * (flux / 2 - foreign)) / width
        diagonal = np.concatenate([-left, [0.0]]) + np.concatenate([[0.0], right])
        h_end, slope_end = share(u[-1:])
        diagonal[-1] -= flux * float((h_end + slope_end * u[-1:])[0]) / width
        return diags([left, diagonal, -right], [-1, 0, 1], format="csc")

    found = solve_ivp(
        rate, (0.0, truth.duration), np.ones(cells), method="BDF", jac=jacobian, rtol=tolerance,
        atol=tolerance / 100, t_eval=[truth.duration],
    )  # fmt: skip
    if not found.success:
        raise RuntimeError(f"{ion}: {found.message}")
    return np.linspace(0.0, LENGTH, cells + 1), np.asarray(found.y[:, -1])


def slice_fractions(faces: FloatArray, fraction: FloatArray) -> FloatArray:
    """Means over the slices of the profile as mixed by the sputter beam; only the solid is mixed."""
    step = faces[1] - faces[0]
    reach = math.ceil(6 * RESOLUTION / step)
    behind = math.ceil((SLICES * SLICE - faces[-1]) / step) + reach
    full = np.concatenate([fraction, np.ones(behind)])
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) * step / RESOLUTION) ** 2)
    mixed = np.convolve(full, kernel, mode="same") / np.convolve(np.ones(full.size), kernel, mode="same")
    amount = np.concatenate([[0.0], np.cumsum(mixed) * step])
    edges = np.arange(SLICES + 1) * SLICE
    return np.asarray(np.diff(np.interp(edges, np.arange(amount.size) * step, amount)) / SLICE)


def stated(ion: str, truth: Truth = TRUTH) -> dict[str, float]:
    """What was read off for one experiment: current density [A/m^2] and depth of the crater [m], each 1 %."""
    rng = np.random.default_rng([20240201, list(ISOTOPE).index(ion)])
    first, second = rng.normal(size=2)
    return {
        "current_density": truth.current_density(ion) * (1 + RELATIVE_ERROR * first),
        "crater_depth": CRATER * (1 + RELATIVE_ERROR * second),
    }


def counts(ion: str, native: FloatArray, rng: np.random.Generator) -> dict[str, NDArray[np.int64]]:
    """Counts per slice: Poisson, under a primary current that drifts by 5 % and hits all masses alike."""
    drift = 1 + 0.05 * np.sin(np.linspace(0.0, 5.0, native.size))
    expected = {"7Li": native, ISOTOPE[ion]: 1 - native, "11B": np.ones(native.size)}
    return {name: rng.poisson(COUNTS[name] * drift * mean) for name, mean in expected.items()}


def write_profiles(folder: Path, truth: Truth = TRUTH, *, cells: int = CELLS) -> None:
    """One table of counts against sputter time for each of K+, Rb+ and Cs+."""
    for k, ion in enumerate(ISOTOPE):
        native = slice_fractions(*replaced(ion, truth, cells=cells))
        found = counts(ion, np.clip(native, 0.0, 1.0), np.random.default_rng([20240202, k]))
        time = (np.arange(SLICES) + 0.5) * CYCLE
        name = ion.rstrip("+")
        lines = [SAYS, f"# Depth profile of Li3B7O12 glass after {name}+ was attached; counts per cycle."]
        lines.append("sputter time (s)," + ",".join(f"counts_{isotope}" for isotope in found))
        lines += [
            f"{t:.1f}," + ",".join(str(int(c)) for c in row)
            for t, row in zip(time, zip(*found.values(), strict=True), strict=True)
        ]
        (folder / f"{name.lower()}_into_glass.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


# ---- impedance ----------------------------------------------------------------------------------------
def pellet(truth: Truth = TRUTH) -> Pellet:
    """A disc of the glass, 10 mm wide, between gold films; the electrode and the exponents are assumed."""
    area = math.pi * (5e-3) ** 2
    capacitance = truth.permittivity * 8.8541878128e-12 * area / truth.thickness
    sigma = truth.conductivity(truth.temperature)
    bulk = Arc(sigma, truth.bulk_energy, capacitance, 0.95, reference_temperature=truth.temperature)
    return Pellet(
        arcs={"bulk": bulk},
        thickness=truth.thickness,
        area=area,
        electrode=(1.5e-7, 0.85),
    )


def write_spectra(folder: Path, truth: Truth = TRUTH) -> None:
    """10 MHz to 0.1 Hz at seven temperatures, 0.3 % noise."""
    rng = np.random.default_rng(20240203)
    frequency = np.logspace(7, -1, 57)
    disc = pellet(truth)
    for celsius in CELSIUS:
        z = proportional_noise(disc.impedance(frequency, celsius + 273.15), 0.003, rng)
        note = "Li3B7O12 glass, 10 mm diameter, 1 mm thick, gold films, 0.3 % noise."
        write_spectrum(folder / f"glass_{celsius}C.csv", frequency, z, note=note)


# ---- truth --------------------------------------------------------------------------------------------
def write_truth(path: Path, truth: Truth = TRUTH) -> None:
    """The set, and what follows from it or was read off, as JSON."""
    experiments = {
        ion: {
            "current_density_A_per_m2": truth.current_density(ion),
            "charge_C_per_m2": truth.current_density(ion) * truth.duration,
            "foreign_diffusion_m2_per_s": truth.diffusion_ratio[ion] * truth.bulk_diffusion,
            "crater_depth_m": CRATER,
            "read_off": stated(ion, truth),
        }
        for ion in ISOTOPE
    }
    said = {
        "note": SAYS.removeprefix("# "),
        "truth_si_eV": asdict(truth),
        "conductivity_S_per_m": {f"{c} degC": truth.conductivity(c + 273.15) for c in CELSIUS},
        "depth_resolution_m": RESOLUTION,
        "experiments": experiments,
    }
    path.write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")


def main(folder: Path) -> None:
    """Write everything below ``folder``."""
    for name, write in (("profiles", write_profiles), ("spectra", write_spectra)):
        (folder / name).mkdir(parents=True, exist_ok=True)
        write(folder / name)
    write_truth(folder / "truth.json")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m ionscape.testing.lithium_borate FOLDER")
    main(Path(sys.argv[1]))
