"""Does the interval of D cover where the source moved along the sample, which the fit holds at rest?

Synthetic profiles by backward Euler on a fine grid below a liquid line that rises, falls and flickers, each
with its own mean, amplitudes, memory and phase; what the liquid wets has the fraction of the source. The
points are counted by ions. Fitted with the motion stated, with the tenth of the rise that is assumed where
nothing is stated, and as if the source had rested, which fails and shows what the term is for.

Run: python verify/tracer_moving_source.py [--replicates 300]
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dgttrf, dgttrs

from ionscape.tracer.counting import isotope_fraction
from ionscape.tracer.profile_fit import fit_profile

FloatArray = NDArray[np.float64]

INITIAL, SOURCE = 0.0759, 0.95
HOUR, DAY = 3600.0, 86400.0
LENGTH, CELLS, POINTS = 5e-3, 1000, 100
STEP = 120.0  # s
COUNTS = 20_000
DIFFUSION = (1e-13, 2e-13, 4e-13)
DURATION = 100 * HOUR
LEAST_95 = 0.92
"""The memory of the motion is taken as the worst, so intervals may cover more than they say, never less."""


@dataclass(frozen=True)
class Motions:
    """Of R liquid lines: mean and standard deviations [m], memory [s], phase."""

    rise: FloatArray
    daily: FloatArray
    flicker: FloatArray
    memory: FloatArray
    phase: FloatArray

    @property
    def deviation(self) -> FloatArray:
        """1 standard deviation of each line's position [m]."""
        return np.sqrt(self.daily**2 + self.flicker**2)


def drawn(n: int, rng: np.random.Generator) -> Motions:
    """Lines of 0.3 to 0.6 mm that move by about a tenth of it, part of it daily."""
    rise = rng.uniform(0.3e-3, 0.6e-3, n)
    deviation = 0.1 * rise * rng.uniform(0.6, 1.4, n)
    daily = np.sqrt(rng.uniform(0, 1, n))
    return Motions(rise, deviation * daily, deviation * np.sqrt(1 - daily**2),
                   HOUR * np.exp(rng.uniform(0, math.log(100), n)), rng.uniform(0, 2 * np.pi, n))  # fmt: skip


def exchanged(diffusion: float, motions: Motions, rng: np.random.Generator) -> FloatArray:
    """Fractions (CELLS, R) after the exchange."""
    h = LENGTH / CELLS
    number = diffusion * STEP / h**2
    main = np.full(CELLS, 1 + 2 * number)
    main[[0, -1]] = 1 + number
    beside = np.full(CELLS - 1, -number)
    *factors, _ = dgttrf(beside, main, beside)
    middles = ((np.arange(CELLS) + 0.5) * h)[:, None]
    n = motions.rise.size
    u = np.full((CELLS, n), INITIAL, order="F")
    flicker = motions.flicker * rng.standard_normal(n)
    decay = np.exp(-STEP / motions.memory)
    for step in range(round(DURATION / STEP)):
        flicker = decay * flicker + motions.flicker * np.sqrt(1 - decay**2) * rng.standard_normal(n)
        swing = math.sqrt(2) * motions.daily * np.sin(2 * np.pi * step * STEP / DAY + motions.phase)
        u, _ = dgttrs(*factors, u, overwrite_b=1)
        u[middles < motions.rise + swing + flicker] = SOURCE
    return np.asarray(u)


def run(replicates: int, seed: int = 1) -> dict[str, FloatArray]:
    """Per way to fit: rows of ln(D/true D), and whether the 68 and 95 % intervals held the truth."""
    rng = np.random.default_rng([seed, 7])
    found: dict[str, list[tuple[float, bool, bool]]] = {"stated": [], "assumed": [], "at rest": []}
    for diffusion in DIFFUSION:
        motions = drawn(replicates // len(DIFFUSION), rng)
        clean = exchanged(diffusion, motions, rng).reshape(POINTS, CELLS // POINTS, -1).mean(axis=1)
        for fraction, deviation in zip(clean.T, motions.deviation, strict=True):
            for way, motion in (("stated", float(deviation)), ("assumed", None), ("at rest", 0.0)):
                found[way].append(_one(fraction, diffusion, motion, rng))
    return {way: np.array(rows) for way, rows in found.items()}


def _one(
    fraction: FloatArray, diffusion: float, motion: float | None, rng: np.random.Generator
) -> tuple[float, bool, bool]:
    total = rng.poisson(COUNTS, fraction.size)
    tracer = rng.binomial(total, fraction)
    counted = isotope_fraction({"6Li": tracer, "7Li": total - tracer})
    x = (np.arange(POINTS) + 0.5) * LENGTH / POINTS
    d = fit_profile(
        x, counted, exchange_time=DURATION, model="constant source", surface_position="free",
        surface_motion=motion, initial_fraction=INITIAL, source_fraction=SOURCE,
    ).diffusion_coefficient  # fmt: skip
    inside = [low <= diffusion <= high for low, high in (d.interval(0.683), d.interval(0.95))]
    return math.log(d.value / diffusion), inside[0], inside[1]


def main() -> int:
    """Print the table; exit code 1 if an interval that allows for the motion covers too little."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replicates", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    began = time.process_time()
    found = run(options.replicates, options.seed)
    print(f"{options.replicates} synthetic profiles, {time.process_time() - began:.0f} s CPU")
    print(f"{'motion':10s} {'n':>5s} {'in 68 %':>8s} {'in 95 %':>8s} {'mean ln D/true':>15s} {'rms':>7s}")
    for way, rows in found.items():
        print(f"{way:10s} {len(rows):5d} {100 * rows[:, 1].mean():7.1f}% {100 * rows[:, 2].mean():7.1f}% "
              f"{rows[:, 0].mean():15.3f} {np.sqrt(np.mean(rows[:, 0] ** 2)):7.3f}")  # fmt: skip
    return 0 if all(found[way][:, 2].mean() >= LEAST_95 for way in ("stated", "assumed")) else 1


if __name__ == "__main__":
    sys.exit(main())
