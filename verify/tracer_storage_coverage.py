"""Do the intervals of storage fits cover? Synthetic profiles with known truth through `tracer.fit_storage`.

Each sample was exchanged at one edge with a liquid line that had risen by an unknown height, was measured,
stored, and measured again twice. The initial profile is one that no model in the fit has (erfc beyond a
plateau); storage acts by the Green's function of a slab between closed edges, summed over mirror images and
integrated over fine cells: closed forms, not the modes of the fit. Counts are binomial; later profiles are
displaced by an error of mounting whose size is stated. First set: one temperature, D. Second set: storage
at 22 °C, then annealing, D at both and the activation energy.

Run: python verify/tracer_storage_coverage.py [--replicates 400]
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.constants import elementary_charge

from ionscape.testing.stored_profiles import ROOM, StoredSample, counted
from ionscape.tracer.counting import isotope_fraction
from ionscape.tracer.history import Stage, diffusion_work
from ionscape.tracer.storage_fit import Setting, StorageFit, fit_profiles
from ionscape.tracer.storage_likelihood import MeasuredProfile
from ionscape.tracer.storage_marginal import Marginal

FloatArray = NDArray[np.float64]
DAY = 86400.0
MOUNTING = 10e-6  # m, 1 SD of a later profile's displacement
GOALS = {68: (0.6826894921370859, 0.05), 95: (0.95, 0.03)}


def random_sample(rng: np.random.Generator) -> StoredSample:
    """Something like the published LLTO, give or take."""
    return StoredSample(rng.uniform(3e-3, 6e-3), rng.uniform(0, 6e-4), 10 ** rng.uniform(-12.8, -12.2),
                        rng.uniform(0.35, 0.5) * elementary_charge)  # fmt: skip


def measured_profile(
    position: FloatArray, expected: FloatArray, counts: float, rng: np.random.Generator
) -> MeasuredProfile:
    """What counting makes of a profile."""
    tracer, others = counted(expected, counts, rng)
    found = isotope_fraction({"6Li": tracer, "7Li": others})
    return MeasuredProfile(position, found.fraction, found.variance, found.total)


def replicate(rng: np.random.Generator, *, annealed: bool) -> tuple[StorageFit, dict[str, float]]:
    """A fit and the true values of what it gives."""
    sample = random_sample(rng)
    points, counts = int(rng.integers(60, 200)), 10 ** rng.uniform(2.3, 3.7)
    position = np.linspace(0, sample.length, points)
    first, second = Stage(14 * DAY, ROOM, ROOM), Stage(28 * DAY, ROOM, ROOM)
    if annealed:
        hot = rng.uniform(330.0, 400.0)
        theta = sample.diffusion * 14 * DAY * rng.uniform(1, 3)
        second = Stage(theta / sample.coefficient(hot), hot, hot)
    histories = [(first,), (first, second)]
    profiles = [measured_profile(position, sample.exchanged(position), counts, rng)]
    for history in histories:
        theta = diffusion_work(history, sample.coefficient)
        moved = position + MOUNTING * rng.normal()
        profiles.append(measured_profile(position, sample.stored(moved, theta), counts, rng))
    fit = fit_profiles(profiles[0], profiles[1:], histories, Setting(displacement_sd=MOUNTING))
    true = {"D at 22 °C": float(np.log(sample.diffusion))}
    if annealed:
        true["D at the anneal"] = float(np.log(sample.coefficient(second.start)))
        true["activation energy"] = sample.energy
    return fit, true


def inside(found: Marginal, truth: float) -> tuple[bool, bool]:
    """Whether the 68 and the 95 % interval hold the truth."""
    if found.quantiles is not None:
        a, b, _, c, d = found.quantiles
        return b <= truth <= c, a <= truth <= d
    distance = abs(truth - found.value) / found.spread
    return bool(distance <= 1), bool(distance <= 1.959963984540054)


def run(replicates: int, seed: int = 1) -> dict[str, list[tuple[bool, bool] | None]]:
    """For every quantity, whether its intervals held the truth; None where it was not determined."""
    tallies: dict[str, list[tuple[bool, bool] | None]] = defaultdict(list)
    for annealed, name in ((False, "one temperature: "), (True, "two temperatures: ")):
        rng = np.random.default_rng([seed, annealed])
        for _ in range(replicates):
            fit, truth = replicate(rng, annealed=annealed)
            found = [*fit.diffusion, *([fit.activation_energy] if fit.activation_energy else [])]
            for (quantity, value), one in zip(truth.items(), found, strict=True):
                held = inside(one, value) if one.status == "determined" else None
                tallies[name + quantity].append(held)
    return tallies


def shares(held: Sequence[tuple[bool, bool] | None]) -> tuple[float, float, int, int]:
    """Share inside 68 and 95 %, number of determined and of other results."""
    known = [pair for pair in held if pair is not None]
    one, two = (sum(pair[k] for pair in known) / max(len(known), 1) for k in (0, 1))
    return one, two, len(known), len(held) - len(known)


def main() -> int:
    """Print the table; exit code 1 if an interval does not cover as it says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replicates", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    began = time.process_time()
    tallies = run(options.replicates, options.seed)
    print(f"{2 * options.replicates} synthetic studies, {time.process_time() - began:.0f} s CPU")
    print(f"{'quantity':40s} {'n':>5s} {'in 68 %':>8s} {'in 95 %':>8s} {'not determined':>15s}")
    good = True
    for quantity, held in tallies.items():
        one, two, n, other = shares(held)
        goals = zip((one, two), GOALS.values(), strict=True)
        fits = all(abs(share - goal) <= slack for share, (goal, slack) in goals)
        good &= fits
        print(f"{quantity:40s} {n:5d} {100 * one:7.1f}% {100 * two:7.1f}% {other:15d}"
              f"{'' if fits else '   OUTSIDE 68±5 or 95±3'}")  # fmt: skip
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
