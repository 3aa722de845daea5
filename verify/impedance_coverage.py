"""Do the intervals cover? Synthetic pellets with known truth through the whole impedance chain.

Each pellet has two arcs and a blocking tail with random parameters, noise on every point, a thickness and a
diameter that are measured with errors, and temperatures that are off by a calibration error and one of their
own. All spectra of a pellet share its geometry and its thermometer, so that sigma and E count by pellets, not
by spectra. Reported intervals of R, sigma and E are compared with the truth. The spectra come from plain
formulas in `ionscape.testing`, not from the circuits that fit them.

Run: python verify/impedance_coverage.py [--pellets 600]
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.constants import elementary_charge

from ionscape.core.estimate import Estimate, measured
from ionscape.core.measurement import FREQUENCY, IMAGINARY_IMPEDANCE, REAL_IMPEDANCE, Sweep
from ionscape.core.outcome import Row
from ionscape.core.quantity import named_dimension
from ionscape.core.registry import Item, Series
from ionscape.core.sample import Sample, geometry
from ionscape.impedance.fit_analysis import fit_series_of_study
from ionscape.impedance.fit_each import fit_one
from ionscape.impedance.global_analysis import fit_study_globally
from ionscape.impedance.options import FitOptions, GlobalOptions
from ionscape.testing.spectra import Arc, Pellet, proportional_noise

FREQUENCIES = np.logspace(6.3, -1, 60)
TEMPERATURES = np.array([300.0, 312.0, 325.0, 340.0, 355.0])
GEOMETRY_ERROR = (0.01, 0.01)  # of thickness and diameter
CALIBRATION, OWN_ERROR = 0.5, 0.2  # K
KELVIN = named_dimension("temperature")
GOALS = {68: (0.6826894921370859, 0.05), 95: (0.95, 0.03)}


@dataclass(frozen=True)
class Tally:
    """Intervals that held the truth, at 68 and 95 %, of all that were determined; and those that were not."""

    inside68: int = 0
    inside95: int = 0
    determined: int = 0
    other: int = 0

    def plus(self, estimate: Estimate, truth: float) -> Tally:
        """With one more estimate."""
        if estimate.status != "determined":
            return Tally(self.inside68, self.inside95, self.determined, self.other + 1)
        hits = []
        for probability, _ in GOALS.values():
            low, high = estimate.interval(probability)
            hits.append(low <= truth <= high)
        return Tally(self.inside68 + hits[0], self.inside95 + hits[1], self.determined + 1, self.other)


def random_pellet(rng: np.random.Generator) -> Pellet:
    """A ceramic whose two arcs stay inside the window, about two decades apart."""
    thickness, area = 2e-3, np.pi * 4e-3**2
    tau = 10 ** rng.uniform(-5.6, -5.0)
    arcs = {}
    for name, capacitance, at, energy in (
        ("bulk", 10 ** rng.uniform(-11.3, -10.7), tau, rng.uniform(0.25, 0.45)),
        (
            "grain_boundary",
            10 ** rng.uniform(-9.6, -9.0),
            tau * 10 ** rng.uniform(1.7, 2.4),
            rng.uniform(0.35, 0.5),
        ),
    ):  # fmt: skip
        sigma = thickness / (at / capacitance * area)
        arcs[name] = Arc(sigma, energy, capacitance, rng.uniform(0.85, 1.0), reference_temperature=325.0)
    return Pellet(arcs, thickness, area, (10 ** rng.uniform(-5.7, -5.0), rng.uniform(0.75, 0.95)))


def measured_pellet(pellet: Pellet, number: int, rng: np.random.Generator) -> tuple[Sample, list[Item]]:
    """What an experimenter has of a pellet: a sample with measured geometry, and noisy spectra."""
    t, d = pellet.thickness, 2 * np.sqrt(pellet.area / np.pi)
    t_read, d_read = (x * (1 + e * rng.normal()) for x, e in zip((t, d), GEOMETRY_ERROR, strict=True))
    sample = geometry(f"pellet {number}", thickness=(t_read, GEOMETRY_ERROR[0] * t_read),
                      diameter=(d_read, GEOMETRY_ERROR[1] * d_read))  # fmt: skip
    shared = CALIBRATION * rng.normal()
    items = []
    for k, true_t in enumerate(TEMPERATURES):
        reading = float(true_t + shared + OWN_ERROR * rng.normal())
        stated = measured(reading, CALIBRATION, KELVIN, source=f"{number} thermometer") + measured(
            0.0, OWN_ERROR, KELVIN, source=f"{number}.{k} temperature", scale="linear"
        )
        z = proportional_noise(
            pellet.impedance(FREQUENCIES, float(true_t)), rng.choice([0.002, 0.005, 0.01]), rng
        )
        sweep = Sweep({FREQUENCY: FREQUENCIES, REAL_IMPEDANCE: z.real, IMAGINARY_IMPEDANCE: z.imag})
        items.append(Item(f"{k}", sweep, stated, f"{number}/{k}"))
    return sample, items


def truths(pellet: Pellet) -> dict[tuple[str, str], float]:
    """True value of every quantity looked at, by (quantity, item); items are numbered by temperature."""
    found: dict[tuple[str, str], float] = {}
    for k, t in enumerate(TEMPERATURES):
        parts = {name: pellet.resistance(name, float(t)) for name in pellet.arcs}
        parts["total"] = sum(parts.values())
        for name, r in parts.items():
            found[f"resistance_{name}", str(k)] = r
            found[f"conductivity_{name}", str(k)] = pellet.thickness / (r * pellet.area)
    for name, arc in pellet.arcs.items():
        found[f"activation_energy_{name}", ""] = arc.activation_energy * elementary_charge
    return found


def run(pellets: int, seed: int = 1, circuit: str | None = "(R1,Q1)-(R2,Q2)-Q3") -> dict[str, Tally]:
    """Tallies by kind of quantity ("resistance", "global conductivity", "activation_energy"...)."""
    rng = np.random.default_rng(seed)
    tallies: dict[str, Tally] = defaultdict(Tally)
    separate, together = FitOptions(circuit=circuit), GlobalOptions(circuit=circuit)
    for number in range(pellets):
        pellet = random_pellet(rng)
        sample, items = measured_pellet(pellet, number, rng)
        pieces = [fit_one(item, sample, separate) for item in items]
        series = Series(sample, f"{number}", [i.label for i in items], [i.temperature for i in items],
                        [i.source for i in items], pieces)  # fmt: skip
        truth = truths(pellet)
        count(tallies, "", fit_series_of_study(series, separate).rows, truth)
        count(tallies, "global ", fit_study_globally(series, together).rows, truth)
    return tallies


def count(
    tallies: dict[str, Tally], prefix: str, rows: Sequence[Row], truth: dict[tuple[str, str], float]
) -> None:
    """Add the rows whose truth is known."""
    for row in rows:
        if (row.quantity, row.item) in truth:
            kind = prefix + row.quantity.split("_")[0].replace("activation", "activation energy")
            tallies[kind] = tallies[kind].plus(row.estimate, truth[row.quantity, row.item])


def passes(tally: Tally) -> bool:
    """Whether both coverages lie within the goals."""
    inside = {68: tally.inside68, 95: tally.inside95}
    return all(abs(inside[k] / tally.determined - p) <= tolerance for k, (p, tolerance) in GOALS.items())


def main() -> int:
    """Print the table; exit code 1 if an interval does not cover as it says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pellets", type=int, default=600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--chosen", action="store_true", help="let the circuit be chosen from the data")
    options = parser.parse_args()
    began = time.process_time()
    tallies = run(options.pellets, options.seed, None if options.chosen else "(R1,Q1)-(R2,Q2)-Q3")
    print(f"{options.pellets * TEMPERATURES.size} synthetic spectra, {time.process_time() - began:.0f} s CPU")
    print(f"{'quantity':28s} {'n':>6s} {'in 68 %':>8s} {'in 95 %':>8s} {'not determined':>15s}")
    good = True
    for kind, tally in sorted(tallies.items()):
        n = tally.determined
        good &= passes(tally)
        shares = f"{100 * tally.inside68 / n:7.1f}% {100 * tally.inside95 / n:7.1f}%"
        mark = "" if passes(tally) else "   OUTSIDE 68±5 or 95±3"
        print(f"{kind:28s} {n:6d} {shares} {tally.other:15d}{mark}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
