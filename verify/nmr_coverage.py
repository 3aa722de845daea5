"""Do the intervals of D from echo decays cover, and is one coefficient called one?

Decays with known truth, noise known or not, several numbers of echoes and diffusion times, through the public
functions. The restricted ones are those of a lattice of permeable planes by finite volumes, not by the
formula that is fitted. Counted are: 68 and 95 % intervals that hold the truth (goal 68 ± 5, 95 ± 3); sets
of one coefficient that are called several (goal at most 5 %); sets of restricted ions that are found; D∞
against its truth.

Run: python verify/nmr_coverage.py [--replicates 600] [--seed 1]
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections import Counter

import numpy as np
from numpy.typing import NDArray

from ionscape import nmr
from ionscape.core.estimate import Estimate
from ionscape.nmr.coefficient_verdict import ON_BOTH, ON_DELAY, ONE
from ionscape.testing.echoes import lattice_echo

FloatArray = NDArray[np.float64]
TRUTH = 2e-12
DELAYS = np.array([0.02, 0.05, 0.1, 0.3])
PULSE = 3e-3
LEVELS = (0.6826894921370859, 0.95)
GOALS = ((0.63, 0.73), (0.92, 0.98))


def held(estimate: Estimate, truth: float) -> list[bool]:
    """Whether the 68 and the 95 % interval hold the truth."""
    return [low <= truth <= high for low, high in map(estimate.interval, LEVELS)]


def one_coefficient(
    n: int, noise: float, known: bool, replicates: int, rng: np.random.Generator
) -> FloatArray:
    """Coverage (2,) of D from single decays of n echoes."""
    b = np.linspace(0, 2.5 / TRUTH, n)
    inside = []
    for _ in range(replicates):
        y = 7.0 * (np.exp(-b * TRUTH) + noise * rng.standard_normal(n))
        sd = np.full(n, 7.0 * noise) if known else None
        d = nmr.fit_decay(y, sd, b_value=b, model="one").diffusion_coefficient
        if d.status == "determined":
            inside.append(held(d, TRUTH))
    return np.asarray(np.mean(inside, axis=0))


def settings(n: int = 10) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Gradient [T/m], diffusion time [s] and amplitude of every echo, each Δ attenuated alike."""
    delay = np.repeat(DELAYS, n)
    gradient = np.tile(np.linspace(0.3, 1.0, n), DELAYS.size) * 4.0 * np.sqrt(DELAYS[0] / delay) * 5.0
    return gradient, delay, np.repeat([1.0, 0.8, 0.6, 0.4], n)


def verdicts(known: bool, noise: float, replicates: int, rng: np.random.Generator) -> Counter[str]:
    """Verdicts on sets of one coefficient."""
    gradient, delay, top = settings()
    pulse = np.full(delay.size, PULSE)
    clean = top * np.exp(-nmr.b_values(gradient, pulse, delay) * TRUTH)
    found: Counter[str] = Counter()
    for _ in range(replicates):
        y = clean + noise * rng.standard_normal(clean.size)
        sd = np.full(y.size, noise) if known else None
        found[nmr.single_coefficient(gradient, pulse, delay, y, sd, negligible=0.0).verdict] += 1
    return found


def restricted(
    distance: float, noise: float, replicates: int, rng: np.random.Generator
) -> tuple[float, float, int, int]:
    """Share found to depend on Δ; share of 95 % intervals or bounds that hold D∞; how many, determined."""
    gradient, delay, top = settings()
    pulse = np.full(delay.size, 1e-4)  # short against Δ, as the exact echo wants it
    gradient = gradient * PULSE / pulse
    permeability = TRUTH / distance / 2  # D∞ = D0/3
    wave = nmr.gyromagnetic_ratio("7Li") * gradient * pulse
    clean = top * lattice_echo(wave, delay, TRUTH, distance, permeability)
    limit = nmr.permeable_limit(TRUTH, permeability, distance)
    hits, determined = 0, 0
    inside: list[bool] = []
    for _ in range(replicates):
        y = clean + noise * rng.standard_normal(clean.size)
        b = (
            nmr.b_values(np.minimum(gradient, 190.0), pulse, delay)
            * (gradient / np.minimum(gradient, 190.0)) ** 2
        )
        verdict = nmr.single_coefficient(
            np.minimum(gradient, 190.0), pulse, delay, y, np.full(y.size, noise), b_value=b
        )
        hits += verdict.verdict in (ON_DELAY, ON_BOTH)
        long_time = verdict.long_time
        if long_time is not None and long_time.limit.status in ("determined", "bound"):
            determined += long_time.limit.status == "determined"
            inside.append(held(long_time.limit, limit)[1])
    return hits / replicates, float(np.mean(inside)) if inside else math.nan, len(inside), determined


def main(replicates: int, seed: int) -> int:
    """Print all counts; 1 if a goal is missed."""
    start, missed = time.process_time(), 0
    rng = np.random.default_rng(seed)
    print(f"{replicates} replicates each, seed {seed}")
    for known in (True, False):
        for n, noise in ((6, 0.01), (12, 0.02), (12, 0.1), (30, 0.05)):
            share = one_coefficient(n, noise, known, replicates, rng)
            good = all(low <= s <= high for s, (low, high) in zip(share, GOALS, strict=True))
            missed += not good
            print(f"D, {n:2d} echoes, noise {noise:.0%} {'known' if known else 'unknown':8s}: "
                  f"68 %: {share[0]:.3f}, 95 %: {share[1]:.3f}{'' if good else '  MISSED'}")  # fmt: skip
    for known in (True, False):
        counts = verdicts(known, 0.01, replicates, rng)
        alarm = 1 - counts[ONE] / replicates
        missed += alarm > 0.05 + 2 * math.sqrt(0.05 * 0.95 / replicates)
        print(
            f"one coefficient, noise {'known' if known else 'unknown'}: "
            f"false alarms {alarm:.3f} {dict(counts)}"
        )
    for distance in (0.4e-6, 1e-6, 2e-6, 6e-6):
        power, covered, n, determined = restricted(distance, 0.01, max(replicates // 3, 50), rng)
        print(f"planes {distance * 1e6:g} µm apart, D∞ = D0/3: found to depend on Δ {power:.3f}; "
              f"D∞ in its 95 % interval or bound {covered:.3f} of {n} ({determined} intervals)")  # fmt: skip
    print(f"{time.process_time() - start:.0f} s CPU; {missed} goals missed")
    return int(missed > 0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--replicates", type=int, default=600)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    sys.exit(main(arguments.replicates, arguments.seed))
