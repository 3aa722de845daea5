"""Generated data of a study of Li0.29La0.57TiO3: ``python -m ionscape.testing.llto FOLDER``.

Nothing here was measured. The truth is a self-consistent set of coefficients in the form in which Hasegawa et
al., J. Mater. Chem. A 12 (2024) 731, publish them: bulk 2.6e-8 cm2/s at 22 degC, (l/δ)D_gb = 0.048 cm2/s
exp(-0.43 eV/kT) with l = 16 um, conductivity pre-factor of the boundary 0.20 cm2/s, bulk Haven ratio 1. The
activation energy of the bulk, 0.33 eV, is assumed. The paper's 6.6e-6 cm2/s at 200 degC and 8.0e-9 / 3.0e-9
cm2/s at 22 degC do not belong to these pre-factors (the series of bulk and boundaries gives 9.2e-7 and
2.0e-9), so the data do not contain them.

No method of the fits is used: profiles come from backward Euler on a fine grid with a moving liquid line and
from the heat kernel with mirror images; images from finite elements that conform to the grains.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ionscape.testing.grain_map import GrainMap, ReferenceDiffusion, ReferenceStage, voronoi_grains
from ionscape.testing.spectra import BOLTZMANN_EV, Arc, Pellet, proportional_noise, write_spectrum

FloatArray = NDArray[np.float64]

ELEMENTARY_CHARGE = 1.602176634e-19  # C
BOLTZMANN = 1.380649e-23  # J/K
ROOM = 295.15  # K, 22 degC
HOUR, DAY = 3600.0, 86400.0
SAYS = "# SYNTHETIC, made by ionscape.testing.llto, not measured."


@dataclass(frozen=True)
class Truth:
    """What the data were made from. SI, energies in eV, temperatures in K."""

    bulk_at_22_celsius: float = 2.6e-12
    bulk_energy: float = 0.33
    boundary_prefactor: float = 0.048e-4
    boundary_energy: float = 0.43
    boundary_conductivity_prefactor: float = 0.20e-4
    grain_size: float = 16e-6
    boundary_thickness: float = 0.5e-9
    carrier_density: float = 5.0e27
    initial_fraction: float = 0.0759
    source_fraction: float = 0.95
    permeability_spread: float = 0.47  # standard deviation of ln P among boundaries

    def bulk(self, temperature: float) -> float:
        """D* = D_NMR = D_sigma of the grains [m^2/s]."""
        return float(self.bulk_at_22_celsius * _boltzmann(self.bulk_energy, temperature, ROOM))

    def boundary(self, temperature: float) -> float:
        """(l/δ) D*_gb [m^2/s]."""
        return float(self.boundary_prefactor * _boltzmann(self.boundary_energy, temperature))

    def boundary_conductivity_diffusion(self, temperature: float) -> float:
        """(l/δ) D_sigma,gb [m^2/s]."""
        return float(self.boundary_conductivity_prefactor * _boltzmann(self.boundary_energy, temperature))

    def effective(self, temperature: float) -> float:
        """Series of grains and boundaries [m^2/s]."""
        return 1 / (1 / self.bulk(temperature) + 1 / self.boundary(temperature))

    def permeability(self, temperature: float) -> float:
        """P = D_gb/δ [m/s], the mean over the boundaries."""
        return self.boundary(temperature) / self.grain_size

    def conductivity(self, diffusion: float, temperature: float) -> float:
        """Nernst-Einstein [S/m] of a D_sigma [m^2/s]."""
        return self.carrier_density * ELEMENTARY_CHARGE**2 * diffusion / (BOLTZMANN * temperature)


def _boltzmann(energy: float, temperature: float, reference: float = np.inf) -> float:
    return float(np.exp(-energy / BOLTZMANN_EV * (1 / temperature - 1 / reference)))


TRUTH = Truth()

# Profiles
LENGTH = 6e-3
CELLS = 1200
POINTS = 120
LIQUID_LINE = 0.4e-3  # mean rise of the meniscus above the lower edge of the sample
COUNTS_PER_POINT = 5e4
ANNEALS = ((60, 48.0), (100, 24.0), (200, 3.8))  # degC, h; each after 63 h of exchange at 22 degC

# Image
PIXEL = 0.977e-6
SHAPE = (512, 206)
MARGIN = 24e-6  # of sample beside the image
SAMPLE = 3e-3  # length of sample above the liquid line
COUNTS_PER_PIXEL = 600.0

PELLET_CELSIUS = (-20, -10, 0, 10, 22, 40, 60, 80, 100, 120)
ECHO_CELSIUS = (22, 40, 60, 80, 100)
LITHIUM_7 = 2 * np.pi * 16.546e6  # rad/(s T)


def write_profiles(folder: Path, truth: Truth = TRUTH) -> None:
    """Exchange for 110 h and two storages; three exchanges for 63 h, each with its anneal."""
    rng = np.random.default_rng(20240101)
    start = exchanged(110 * HOUR, truth, rng)
    _write_profile(folder / "exchanged_110h.csv", start, "110 h of exchange at 22 degC.", rng)
    for weeks in (2, 6):
        after = diffused(start, truth.effective(ROOM) * weeks * 7 * DAY)
        note = f"110 h of exchange, then {weeks} weeks of storage, all at 22 degC."
        _write_profile(folder / f"stored_{weeks}weeks.csv", after, note, rng)
    for celsius, hours in ANNEALS:
        start = exchanged(63 * HOUR, truth, rng)
        note = "63 h of exchange at 22 degC."
        _write_profile(folder / f"exchanged_63h_sample_{celsius}.csv", start, note, rng)
        after = diffused(start, truth.effective(celsius + 273.15) * hours * HOUR)
        note = f"63 h of exchange at 22 degC, then {hours:g} h at {celsius} degC."
        _write_profile(folder / f"annealed_sample_{celsius}.csv", after, note, rng)


def exchanged(duration: float, truth: Truth, rng: np.random.Generator) -> FloatArray:
    """Fractions in ``CELLS`` cells after exchange below a liquid line that rises, falls and flickers.

    Backward Euler with steps of one minute; what the liquid wets has the fraction of the source.
    """
    from scipy.linalg import solve_banded

    dt, h = 60.0, LENGTH / CELLS
    steps = round(duration / dt)
    middles = (np.arange(CELLS) + 0.5) * h
    number = truth.effective(ROOM) * dt / h**2
    band = np.zeros((3, CELLS))
    band[0, 1:] = band[2, :-1] = -number
    band[1] = 1 + 2 * number
    band[1, [0, -1]] = 1 + number
    u = np.full(CELLS, truth.initial_fraction)
    daily, flicker = rng.uniform(0, 2 * np.pi), 0.0
    for step in range(steps):
        flicker += -flicker * dt / (3 * HOUR) + 0.03e-3 * np.sqrt(2 * dt / (3 * HOUR)) * rng.normal()
        line = LIQUID_LINE + 0.05e-3 * np.sin(2 * np.pi * step * dt / DAY + daily) + flicker
        u = solve_banded((1, 1), band, u)
        u[middles < line] = truth.source_fraction
    return np.asarray(u)


def diffused(start: FloatArray, diffusion_times_time: float) -> FloatArray:
    """Means over the cells after free diffusion between closed ends: heat kernel and its mirror images."""
    from scipy.special import erf

    h = LENGTH / CELLS
    width = 2 * np.sqrt(diffusion_times_time)
    middles = (np.arange(CELLS) + 0.5) * h
    edges = np.arange(CELLS + 1) * h
    kernel = np.zeros((CELLS, CELLS))
    for mirror in range(-2, 3):
        for sign in (1.0, -1.0):
            steps = erf((sign * edges[None, :] + 2 * mirror * LENGTH - middles[:, None]) / width)
            kernel += 0.5 * np.abs(np.diff(steps, axis=1))
    return np.asarray(kernel @ start)


def _write_profile(path: Path, fractions: FloatArray, note: str, rng: np.random.Generator) -> None:
    """Counts of a square raster of one point's width, with the drift of the beam."""
    c = fractions.reshape(POINTS, -1).mean(axis=1)
    mean = COUNTS_PER_POINT * (1 + 0.1 * np.sin(np.linspace(0, 4, POINTS)))
    six, seven = rng.poisson(mean * c), rng.poisson(mean * (1 - c))
    position = (np.arange(POINTS) + 0.5) * LENGTH / POINTS * 1e3
    lines = [SAYS, f"# {note} Positions from the lower edge of the sample, which dips into the source."]
    lines.append("position (mm),counts_6Li,counts_7Li")
    lines += [f"{x:.4f},{a},{b}" for x, a, b in zip(position, six, seven, strict=True)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def image_grains(truth: Truth = TRUTH) -> tuple[GrainMap, FloatArray]:
    """The sample around and above the image, and P [m/s] of its boundaries at 22 degC.

    The density of grains makes the mean linear intercept the grain size: a Voronoi map of random seeds has
    (π/4) √(mean area).
    """
    rng = np.random.default_rng(20240102)
    width = SHAPE[1] * PIXEL + 2 * MARGIN
    n = round(width * SAMPLE / (truth.grain_size * 4 / np.pi) ** 2)
    grains = voronoi_grains(n, width, SAMPLE, rng)
    spread = truth.permeability_spread
    draws = rng.lognormal(-(spread**2) / 2, spread, size=len(grains.edges))
    return grains, truth.permeability(ROOM) * draws


def write_images(folder: Path, truth: Truth = TRUTH) -> None:
    """Counts after 59 h of exchange and after 16 d more, and the grains as EBSD would label them."""
    grains, permeability = image_grains(truth)
    height = SHAPE[0] * PIXEL
    origin = (MARGIN, SAMPLE - height)

    def element(place: FloatArray) -> float:
        return 2e-6 if place[1] > SAMPLE - 1.05 * height else 4e-6

    reference = ReferenceDiffusion(grains, truth.bulk(ROOM), permeability, element)
    stages = [ReferenceStage(59 * HOUR, True), ReferenceStage(16 * DAY, False)]
    fields = reference.fields(
        stages, initial=truth.initial_fraction, source=truth.source_fraction, halvings=7, steps=8
    )
    rng = np.random.default_rng(20240103)
    for name, field in zip(("map_59h", "map_59h_16d"), fields, strict=True):
        c = reference.pixels(field, SHAPE, PIXEL, origin)
        six, seven = rng.poisson(COUNTS_PER_PIXEL * c), rng.poisson(COUNTS_PER_PIXEL * (1 - c))
        counts = {"6Li": six.astype(np.uint16), "7Li": seven.astype(np.uint16)}
        np.savez_compressed(folder / f"{name}.npz", allow_pickle=False, pixel_metre=np.array(PIXEL), **counts)
    labels = grains.labels(SHAPE, PIXEL, origin)
    _, labels = np.unique(labels, return_inverse=True)
    labels = (labels.reshape(SHAPE) + 1).astype(np.uint16)  # 0 would be a pixel of no grain
    np.savez_compressed(
        folder / "grains.npz", allow_pickle=False, pixel_metre=np.array(PIXEL), grain_labels=labels
    )


def pellet(truth: Truth = TRUTH) -> Pellet:
    """A pellet, 10 mm wide and 2 mm thick; permittivity, boundary capacitance and electrode are assumed."""

    def arc(prefactor: float, energy: float, capacitance: float, alpha: float) -> Arc:
        at_22 = truth.conductivity(prefactor * _boltzmann(energy, ROOM), ROOM)
        return Arc(at_22, energy, capacitance, alpha, reference_temperature=ROOM)

    bulk_prefactor = truth.bulk_at_22_celsius / _boltzmann(truth.bulk_energy, ROOM)
    return Pellet(
        arcs={
            "bulk": arc(bulk_prefactor, truth.bulk_energy, 3.5e-11, 0.97),
            "grain_boundary": arc(truth.boundary_conductivity_prefactor, truth.boundary_energy, 3e-9, 0.92),
        },
        thickness=2e-3,
        area=np.pi * (5e-3) ** 2,
        electrode=(4e-6, 0.85),
    )


def write_spectra(folder: Path, truth: Truth = TRUTH) -> None:
    """40 Hz to 110 MHz at ten temperatures, 0.3 % noise."""
    rng = np.random.default_rng(20240104)
    frequency = np.logspace(np.log10(1.1e8), np.log10(40.0), 65)
    sample = pellet(truth)
    for celsius in PELLET_CELSIUS:
        z = proportional_noise(sample.impedance(frequency, celsius + 273.15), 0.003, rng)
        note = "LLTO pellet, 10 mm diameter, 2 mm thick, 0.3 % noise."
        write_spectrum(folder / f"llto_{celsius}C.csv", frequency, z, note=note)


def write_echoes(folder: Path, truth: Truth = TRUTH) -> None:
    """Echoes of Li-7, rectangular pulses, two diffusion times, 1 % of noise; free diffusion."""
    rng = np.random.default_rng(20240105)
    pulse = 2e-3
    for celsius in ECHO_CELSIUS:
        d = truth.bulk(celsius + 273.15)
        lines = [SAYS, f"# Li-7 at {celsius} degC, rectangular gradient pulses; noise 1 % of the first echo."]
        lines.append("gradient (T/m),gradient pulse (s),diffusion time (s),intensity")
        for big in (0.02, 0.05):
            time = big - pulse / 3
            strongest = min(13.0, np.sqrt(2.5 / (d * time)) / (LITHIUM_7 * pulse))
            gradient = strongest * np.sqrt(np.linspace(0.0, 1.0, 16))
            clean = np.exp(-((LITHIUM_7 * pulse * gradient) ** 2) * time * d)
            noisy = clean + 0.01 * rng.normal(size=clean.size)
            lines += [f"{g:.4f},{pulse:g},{big:g},{i:.5f}" for g, i in zip(gradient, noisy, strict=True)]
        (folder / f"decay_{celsius}C.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_truth(path: Path, truth: Truth = TRUTH) -> None:
    """The coefficients, and what follows from them, as JSON."""
    follows = {
        f"{celsius} degC": {
            "bulk_m2_per_s": truth.bulk(celsius + 273.15),
            "boundary_m2_per_s": truth.boundary(celsius + 273.15),
            "effective_m2_per_s": truth.effective(celsius + 273.15),
            "permeability_m_per_s": truth.permeability(celsius + 273.15),
        }
        for celsius in (22, *(celsius for celsius, _ in ANNEALS))
    }
    said = {"note": SAYS.removeprefix("# "), "truth_si_eV": asdict(truth), "follows": follows}
    path.write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")


def main(folder: Path) -> None:
    """Write everything below ``folder``."""
    writers = {
        "profiles": write_profiles,
        "echoes": write_echoes,
        "spectra": write_spectra,
        "images": write_images,
    }
    for name, write in writers.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        write(folder / name)
    write_truth(folder / "truth.json")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m ionscape.testing.llto FOLDER")
    main(Path(sys.argv[1]))
