"""Robustness of `impedance.fit` on synthetic solid-electrolyte spectra, without any starting value.

Truth: (R1,Q1)-(R2,Q2)-Q3, 60 points, 10 MHz to 0.1 Hz, proportional complex noise, fixed seeds. The
spectra are generated here, no data are measured ones. Cases:

  plain        0.2 % noise: both arc resistances within 5 %
  noisy        1 % noise
  overlapping  arcs one decade apart, 0.2 % noise
  cut          the window ends 0 to 1 decade below the apex of the bulk arc, 0.2 % noise

Each is fitted with the circuit given and with the circuit chosen from the data. "honest": the 95 % interval
of both R holds the truth, or says that it is open. "confidently wrong": not so, and off by more than 5 %; of
two 95 % intervals one may miss in one spectrum of ten. A chosen series resistance counts to the bulk.

Usage: python benchmarks/impedance_robustness.py [--n 50] [--seed 1]
"""

from __future__ import annotations

import argparse
import os
import time
from collections import Counter
from dataclasses import dataclass, field

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from numpy.typing import NDArray

from ionscape.core.errors import AnalysisError
from ionscape.core.estimate import Estimate
from ionscape.impedance.circuit_fit import CircuitFit
from ionscape.impedance.spectrum_fit import fit

FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]

WINDOW = np.logspace(7, -1, 60)
CIRCUIT = "(R1,Q1)-(R2,Q2)-Q3"


def model(p: FloatArray, f: FloatArray) -> ComplexArray:
    """Impedance of (R1, Q1, a1, R2, Q2, a2, Q3, a3), written out independently of ionscape."""
    s = 2j * np.pi * f
    arcs = p[0] / (1 + p[0] * p[1] * s ** p[2]) + p[3] / (1 + p[3] * p[4] * s ** p[5])
    return np.asarray(arcs + 1 / (p[6] * s ** p[7]))


def draw_truth(rng: np.random.Generator, decades_apart: tuple[float, float] = (1.3, 3.0)) -> FloatArray:
    """Bulk arc 30 kHz to 2 MHz, grain boundary arc below it, blocking tail below that."""
    r1 = 10 ** rng.uniform(2, 5)
    r2 = r1 * 10 ** rng.uniform(-0.5, 1)
    f1 = 10 ** rng.uniform(4.5, 6.3)
    f2 = f1 / 10 ** rng.uniform(*decades_apart)
    f3 = f2 / 10 ** rng.uniform(1.0, 2.0)
    a1, a2, a3 = rng.uniform(0.88, 1), rng.uniform(0.75, 0.97), rng.uniform(0.7, 0.95)
    w = 2 * np.pi
    q1, q2 = 1 / (r1 * (w * f1) ** a1), 1 / (r2 * (w * f2) ** a2)
    return np.array([r1, q1, a1, r2, q2, a2, 1 / ((r1 + r2) * (w * f3) ** a3), a3])


def with_noise(z: ComplexArray, rng: np.random.Generator, noise: float) -> ComplexArray:
    """Proportional complex noise of relative standard deviation `noise`."""
    normal = rng.normal(size=z.size) + 1j * rng.normal(size=z.size)
    return np.asarray(z + noise * abs(z) / np.sqrt(2) * normal)


@dataclass
class Tally:
    """Counts of one case."""

    name: str
    n: int = 0
    right: int = 0
    honest: int = 0
    wrong: int = 0
    circuits: Counter[str] = field(default_factory=Counter)
    milliseconds: list[float] = field(default_factory=list)

    def add(self, result: CircuitFit | None, truth: FloatArray) -> None:
        """Judge one fit against its truth."""
        self.n += 1
        if result is None:  # refused: no arc is claimed
            self.honest += 1
            self.circuits["refused"] += 1
            return
        self.circuits[str(result.circuit)] += 1
        bulk, boundary = self._claims(result)
        if bulk is None or boundary is None:
            flagged = any(arc.position != "complete" or arc.status != "determined" for arc in result.arcs)
            self.honest += flagged
            self.wrong += not flagged
            return
        pairs = ((bulk, truth[0]), (boundary, truth[3]))
        right = all(abs(claim.value / r - 1) < 0.05 for claim, r in pairs)
        held = all(c.status != "determined" or c.interval()[0] <= r <= c.interval()[1] for c, r in pairs)
        self.right += right
        self.honest += held
        self.wrong += not held and not right

    @staticmethod
    def _claims(result: CircuitFit) -> tuple[Estimate | None, Estimate | None]:
        """What the fit says of bulk and boundary; a series resistance belongs to the bulk (same units)."""
        found = result.estimates("spectrum")
        names = [arc.label for arc in result.arcs]
        if "R0" in found:
            names = ["R0", *names]
        if len(names) == 3 and "R0" in found:
            return found["R0"] + found[names[1]], found[names[2]]
        return (found[names[0]], found[names[1]]) if len(names) == 2 else (None, None)

    def line(self) -> str:
        """One row of the table."""
        common = ", ".join(f"{c} {k}" for c, k in self.circuits.most_common(3))
        return (
            f"{self.name:32s} {self.right:4d} {self.honest:7d} {self.wrong:6d} of {self.n:4d}"
            f" {np.median(self.milliseconds):7.1f} ms   {common}"
        )


def run_case(
    name: str, n: int, seed: int, noise: float, apart: tuple[float, float], cut: bool
) -> list[Tally]:
    """Fit n spectra with the circuit given and with it chosen."""
    rng = np.random.default_rng(seed)
    tallies = [Tally(f"{name}, circuit given"), Tally(f"{name}, circuit chosen")]
    for _ in range(n):
        truth, f = draw_truth(rng, apart), WINDOW
        if cut:
            apex = (truth[0] * truth[1]) ** (-1 / truth[2]) / (2 * np.pi)
            f = np.geomspace(apex * 10 ** rng.uniform(-1, 0), 0.1, 60)
        z = with_noise(model(truth, f), rng, noise)
        for tally, circuit in zip(tallies, (CIRCUIT, None), strict=True):
            begin = time.process_time()
            try:
                result: CircuitFit | None = fit(f, z, circuit)
            except AnalysisError:
                result = None
            tally.milliseconds.append(1e3 * (time.process_time() - begin))
            tally.add(result, truth)
    return tallies


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--n", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    usual, decade = (1.3, 3.0), (1.0, 1.0)
    print(f"{'':32s} {'R 5%':>4s} {'honest':>7s} {'confidently wrong':>6s}")
    for name, noise, apart, cut in (
        ("plain", 2e-3, usual, False),
        ("noisy", 1e-2, usual, False),
        ("overlapping", 2e-3, decade, False),
        ("overlapping, noisy", 1e-2, decade, False),
        ("cut", 2e-3, usual, True),
        ("cut, noisy", 1e-2, usual, True),
    ):
        for tally in run_case(name, options.n, options.seed, noise, apart, cut):
            print(tally.line(), flush=True)


if __name__ == "__main__":
    main()
