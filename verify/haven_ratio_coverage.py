"""Do the intervals of the Haven ratio cover? Synthetic tracer and conductivity series with known truth.

Every replicate draws a Haven ratio, an activation energy and all that a laboratory gets wrong: a pellet's
thickness and area (shared by all conductivities; in every other replicate the thickness goes into D* too),
the carrier density, the depth scale of all profiles, thermometers that are off by a calibration error and
one of each point's own (one thermometer for both techniques, or one each), and noise. Reported intervals of
H_R at a measured temperature, between and beyond the temperatures, with one activation energy for both, of
the difference of energies, of apparent carriers and of (l/δ)D_gb from D_eff are compared with the truth.

The numbers are drawn from the definitions by plain formulas; no function of ionscape.consistency makes them.

Run: python verify/haven_ratio_coverage.py [--replicates 600]
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from scipy.constants import Boltzmann, elementary_charge

from ionscape.consistency.coefficients import coefficients_of
from ionscape.consistency.course import Course, courses
from ionscape.consistency.ratios import joint_lines, ratio_on_lines, ratios_at_points
from ionscape.consistency.series_model import boundary_product
from ionscape.core.estimate import Estimate, measured
from ionscape.core.outcome import Row
from ionscape.core.quantity import dimension_of
from ionscape.core.sample import Sample

K_EV = Boltzmann / elementary_charge
KELVIN, METRE, SQUARE, DENSITY, OHM, DIFFUSION = (
    dimension_of(u) for u in ("K", "m", "m^2", "m^-3", "ohm", "m^2/s")
)
SIGMA_AT = np.array([263.15, 279.15, 295.15, 313.15, 333.15, 353.15, 373.15])
TRACER_AT = np.array([295.15, 320.15, 345.15, 370.15])
BETWEEN, BEYOND, REFERENCE = 333.15, 233.15, 320.0
CARRIERS, THICKNESS, AREA = 5.0e27, 2.0e-3, 5.0e-5
Law = Callable[[float], float]
GOALS = {68: (0.6826894921370859, 0.05), 95: (0.95, 0.03)}


@dataclass
class Tally:
    """Intervals that held the truth, and estimates that were not determined."""

    inside: dict[int, int] = field(default_factory=lambda: dict.fromkeys(GOALS, 0))
    determined: int = 0
    other: int = 0

    def add(self, estimate: Estimate, truth: float) -> None:
        """One more estimate."""
        if estimate.status != "determined":
            self.other += 1
            return
        self.determined += 1
        for percent, (probability, _) in GOALS.items():
            low, high = estimate.interval(probability)
            self.inside[percent] += bool(low <= truth <= high)

    def share(self, percent: int) -> float:
        """Fraction of the determined ones whose interval held the truth."""
        return self.inside[percent] / max(self.determined, 1)

    def fails(self) -> bool:
        """Whether a share lies outside its goal."""
        return any(abs(self.share(p) - q) > slack for p, (q, slack) in GOALS.items())


@dataclass(frozen=True)
class Thermometer:
    """Errors [K]: of the calibration, drawn once, and of each reading."""

    name: str
    calibration: float
    own: float
    off: float

    def read(self, kelvin: float, point: str, rng: np.random.Generator) -> tuple[float, Estimate]:
        """True temperature [K] and the estimate that the laboratory writes down."""
        true = kelvin + self.off + self.own * rng.standard_normal()
        weights = {self.name: self.calibration / kelvin, f"{point}.temperature": self.own / kelvin}
        return true, Estimate(kelvin, KELVIN, "log", weights)


def thermometer(name: str, rng: np.random.Generator) -> Thermometer:
    """One with 0.6 K of calibration error and 0.25 K from reading to reading."""
    return Thermometer(name, 0.6, 0.25, 0.6 * float(rng.standard_normal()))


def replicate(index: int, rng: np.random.Generator, tallies: dict[str, Tally]) -> None:
    """One laboratory: draw its truth and its errors, analyse, compare."""
    ratio, energy = float(rng.uniform(0.15, 1.0)), float(rng.uniform(0.25, 0.55))
    difference = float(rng.choice([0.0, 0.02])) if index % 4 == 3 else 0.0
    reference = 10 ** rng.uniform(-13.5, -11.5)  # D* at REFERENCE

    def single(kelvin: float) -> float:
        return float(reference * np.exp(-(energy + difference) / K_EV * (1 / kelvin - 1 / REFERENCE)))

    def charged(kelvin: float) -> float:
        return float(reference / ratio * np.exp(-energy / K_EV * (1 / kelvin - 1 / REFERENCE)))

    shared_thickness = index % 2 == 0
    one = thermometer(f"{index}.furnace", rng)
    other = one if index % 3 == 0 else thermometer(f"{index}.oven", rng)
    relative = {"thickness": 0.02, "area": 0.03, "density": 0.03, "depth": 0.04}
    slip = {name: float(np.exp(sd * rng.standard_normal())) for name, sd in relative.items()}
    thickness, area, density = (
        measured(value * slip[name], relative[name] * value * slip[name], dimension, source=f"{index}.{name}")
        for name, value, dimension in (
            ("thickness", THICKNESS, METRE),
            ("area", AREA, SQUARE),
            ("density", CARRIERS, DENSITY),
        )
    )
    rows = []
    for k, kelvin in enumerate(SIGMA_AT):
        true, noted = one.read(float(kelvin), f"{index}.sigma{k}", rng)
        sigma = charged(true) * CARRIERS * elementary_charge**2 / (Boltzmann * true)
        resistance = THICKNESS / (sigma * AREA) * float(np.exp(0.015 * rng.standard_normal()))
        measured_r = measured(resistance, 0.015 * resistance, OHM, source=f"{index}.R{k}")
        rows.append(Row("conductivity_bulk", thickness / (measured_r * area), noted, f"{kelvin:.0f} K"))
    profiles = []
    for k, kelvin in enumerate(TRACER_AT):
        true, noted = other.read(float(kelvin), f"{index}.tracer{k}", rng)
        scale = (slip["thickness"] if shared_thickness else slip["depth"]) ** 2
        value = single(true) * scale * float(np.exp(0.06 * rng.standard_normal()))
        own = measured(value, 0.06 * value, DIFFUSION, source=f"{index}.D{k}")
        weights = (
            {**own.weights, f"{index}.thickness": 0.04}
            if shared_thickness
            else {**own.weights, f"{index}.depth": 0.08}
        )
        profiles.append(Estimate(value, DIFFUSION, "log", weights))
        rows.append(Row("diffusion_coefficient", profiles[-1], noted, f"{kelvin:.0f} K", "", "D*", "bulk"))
    sample = Sample("pellet", carrier="Li+", carrier_charge=1, carrier_density=density)
    found = courses(coefficients_of({"on": rows}, sample).coefficients, f"replicate {index}")
    compare(
        found["D*", "bulk"],
        found["D_sigma", "bulk"],
        (ratio, difference, index),
        (single, charged),
        density,
        tallies,
    )
    boundaries(index, rng, tallies)


def compare(
    tracer: Course,
    sigma: Course,
    truth: tuple[float, float, int],
    laws: tuple[Law, Law],
    density: Estimate,
    tallies: dict[str, Tally],
) -> None:
    """All that is reported of one replicate."""
    ratio, difference, index = truth
    single, charged = laws
    for r in ratios_at_points(tracer, sigma):
        assert r.kelvin is not None
        name = "H_R, both measured at 22 °C" if r.kelvin == TRACER_AT[0] else "H_R, D_σ interpolated"
        tallies[name].add(r.ratio, single(r.kelvin) / charged(r.kelvin))
        if r.kelvin == TRACER_AT[0]:
            tallies["apparent carriers"].add(
                density / r.ratio, CARRIERS * charged(r.kelvin) / single(r.kelvin)
            )
    lines = joint_lines(tracer, sigma, f"replicate {index}.separate")
    assert lines is not None
    for name, kelvin in (("H_R, lines, between", BETWEEN), ("H_R, lines, 40 °C beyond", BEYOND)):
        tallies[name].add(
            ratio_on_lines(tracer, sigma, kelvin, lines).ratio, single(kelvin) / charged(kelvin)
        )
    tallies["E(D*) − E(D_σ)"].add(lines.difference(), difference * elementary_charge)
    if difference == 0:
        common = joint_lines(tracer, sigma, f"replicate {index}.common", common=True)
        assert common is not None
        tallies["H_R, one activation energy"].add(common.ratio(), ratio)


def boundaries(index: int, rng: np.random.Generator, tallies: dict[str, Tally]) -> None:
    """(l/δ)D_gb from D_eff and D_bulk, where boundaries make 40 to 95 % of the resistance."""
    bulk = 2.6e-12
    share = rng.uniform(0.4, 0.95)
    product = bulk * (1 - share) / share
    effective = 1 / (1 / bulk + 1 / product)
    estimates = []
    for name, value, sd in (("effective", effective, 0.06), ("bulk", bulk, 0.04)):
        seen = value * float(np.exp(sd * rng.standard_normal()))
        estimates.append(measured(seen, sd * seen, DIFFUSION, source=f"{index}.{name}"))
    tallies["(l/δ)D_gb from D_eff"].add(boundary_product(*estimates), product)


def coverage(replicates: int, seed: int) -> dict[str, Tally]:
    """Tallies of every quantity over that many laboratories."""
    rng = np.random.default_rng(seed)
    names = (
        "H_R, both measured at 22 °C",
        "H_R, D_σ interpolated",
        "H_R, lines, between",
        "H_R, lines, 40 °C beyond",
        "H_R, one activation energy",
        "E(D*) − E(D_σ)",
        "apparent carriers",
        "(l/δ)D_gb from D_eff",
    )
    tallies = {name: Tally() for name in names}
    for index in range(replicates):
        replicate(index, rng, tallies)
    return tallies


def main() -> int:
    """Print one line for each quantity; 1 if one lies outside its goal."""
    parser = argparse.ArgumentParser(description="Coverage of the Haven ratio's intervals")
    parser.add_argument("--replicates", type=int, default=600)
    parser.add_argument("--seed", type=int, default=20240112)
    chosen = parser.parse_args()
    start = time.process_time()
    tallies = coverage(chosen.replicates, chosen.seed)
    print(f"{'quantity':32s} {'68 %':>7s} {'95 %':>7s} {'intervals':>10s} {'undetermined':>13s}")
    for name, tally in tallies.items():
        mark = "  OUTSIDE" if tally.fails() else ""
        print(
            f"{name:32s} {100 * tally.share(68):6.1f}  {100 * tally.share(95):6.1f}  {tally.determined:9d} "
            f"{tally.other:13d}{mark}"
        )
    print(
        f"{chosen.replicates} replicates, {time.process_time() - start:.0f} s CPU; wanted 68 ± 5 and 95 ± 3 %"
    )
    return int(any(tally.fails() for tally in tallies.values()))


if __name__ == "__main__":
    sys.exit(main())
