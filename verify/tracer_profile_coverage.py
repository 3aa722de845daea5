"""Do the intervals of fitted exchange profiles cover? Synthetic profiles with known truth, counted by ions.

The profiles come from a finite-volume solution of the diffusion equation, not from the formulas that fit
them. Every replicate draws its own D, depth window, counts, and the true values of what is stated with an
uncertainty: exchange time, position scale, fractions of source and sample. Reported intervals of D, k and the
surface's position are compared with the truth.

Run: python verify/tracer_profile_coverage.py [--replicates 600]
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp
from scipy.interpolate import CubicSpline

from ionscape.core.errors import AnalysisError
from ionscape.core.estimate import Estimate
from ionscape.tracer.counting import isotope_fraction
from ionscape.tracer.profile_fit import fit_profile

FloatArray = NDArray[np.float64]

GOALS = {68: (0.6826894921370859, 0.05), 95: (0.95, 0.03)}
INITIAL, SOURCE = 0.0759, 0.95
TIME = 59 * 3600.0
CELLS = 700


@lru_cache(maxsize=16)
def finite_volumes(exchange_number: float, length: float = 14.0) -> CubicSpline:
    """g(eta) from finite volumes; eta = x/sqrt(Dt), exchange number k sqrt(t/D) (infinite: fixed surface).

    Cells grow from the surface; no flux through eta = ``length``.
    """
    edges = length * np.linspace(0, 1, CELLS + 1) ** 2
    centres, widths = (edges[1:] + edges[:-1]) / 2, np.diff(edges)
    resistance = np.diff(centres)
    first = centres[0] + 1 / exchange_number

    def change(_: float, g: FloatArray) -> FloatArray:
        flux = np.concatenate([[(1 - g[0]) / first], -np.diff(g) / resistance, [0.0]])
        return -np.diff(flux) / widths

    found = solve_ivp(change, (0, 1), np.zeros(CELLS), method="LSODA", rtol=1e-8, atol=1e-10,
                      lband=1, uband=1)  # fmt: skip
    end = found.y[:, -1]
    # Surface: linear between the outside and the first cell.
    surface = 1 - (1 - end[0]) / first / exchange_number if math.isfinite(exchange_number) else 1.0
    return CubicSpline(np.concatenate([[0.0], centres]), np.concatenate([[surface], end]))


@dataclass(frozen=True)
class Scenario:
    """One kind of profile.

    Attributes
    ----------
    exchange_number : float
        k sqrt(t/D).
    fit : dict
        Options of `fit_profile`.
    quantities : tuple of str
        Whose intervals are compared.
    points, counts : int
        Points of the profile, mean counts of each.
    shift : float
        True surface inside the profile, in diffusion lengths.
    source_stated, counted : bool
        Whether the source's fraction is stated; whether errors come from counting (else equal and unknown).
    """

    exchange_number: float
    fit: dict[str, Any]
    quantities: tuple[str, ...]
    points: int = 60
    counts: int = 3000
    shift: float = 0.0
    source_stated: bool = True
    counted: bool = True


ERFC, CRANK = "constant source", "surface exchange"
D, K, X0 = "diffusion_coefficient", "surface_exchange_coefficient", "surface_position"
SCENARIOS = {
    "erfc": Scenario(math.inf, {"model": ERFC}, (D,)),
    "erfc, 30 counts a point": Scenario(math.inf, {"model": ERFC}, (D,), counts=30),
    "erfc, source unknown": Scenario(math.inf, {"model": ERFC}, (D,), source_stated=False),
    "erfc, surface free": Scenario(
        math.inf, {"model": ERFC, "surface_position": "free", "surface_motion": 0.0}, (D, X0), shift=0.4
    ),
    "erfc, noise unknown, 25 points": Scenario(
        math.inf, {"model": ERFC}, (D,), points=25, counts=1500, counted=False
    ),
    "erfc, model chosen": Scenario(math.inf, {"surface_position": "auto"}, (D,)),
    "Crank": Scenario(0.9, {"model": CRANK}, (D, K)),
    "Crank, source unknown": Scenario(0.9, {"model": CRANK}, (D,), source_stated=False, counts=20000),
    "Crank, model chosen": Scenario(0.9, {}, (D, K)),
    "slow exchange, source unknown, model chosen": Scenario(0.1, {}, (D,), source_stated=False),
}


@dataclass
class Tally:
    """Intervals that held the truth, at 68 and 95 %, of all that were determined; and those that were not."""

    inside68: int = 0
    inside95: int = 0
    determined: int = 0
    other: int = 0

    def add(self, estimate: Estimate | None, truth: float) -> None:
        """One more estimate."""
        if estimate is None or estimate.status != "determined":
            self.other += 1
            return
        self.determined += 1
        for probability, _ in GOALS.values():
            low, high = estimate.interval(probability)
            if probability < 0.9:
                self.inside68 += low <= truth <= high
            else:
                self.inside95 += low <= truth <= high


def replicate(
    scenario: Scenario, rng: np.random.Generator
) -> tuple[dict[str, Estimate] | None, dict[str, float]]:
    """One profile: what the fit gives (None if it was refused), and the truth."""
    diffusion = 10 ** rng.uniform(-13.5, -12.5)
    length = math.sqrt(diffusion * TIME)
    window = length * rng.uniform(4.0, 7.0)
    true_time = TIME * (1 + 0.01 * rng.standard_normal())
    true_scale = 1 + 0.01 * rng.standard_normal()
    initial = INITIAL + 0.0005 * rng.standard_normal()
    source = SOURCE + 0.005 * rng.standard_normal()
    exchange = scenario.exchange_number * math.sqrt(diffusion / TIME)
    x = np.linspace(window / scenario.points / 2, window, scenario.points)  # as the instrument states it
    at = scenario.shift * length
    eta = np.maximum(x * true_scale - at, 0.0) / length
    fraction = initial + (source - initial) * finite_volumes(scenario.exchange_number)(eta)
    total = rng.poisson(scenario.counts, x.size)
    tracer = rng.binomial(total, np.clip(fraction, 0.0, 1.0))
    counted = isotope_fraction({"6Li": tracer, "7Li": total - tracer})
    observed: Any = counted
    if not scenario.counted:
        observed = fraction + 0.01 * rng.standard_normal(x.size)
    stated: dict[str, Any] = {"initial_fraction": (INITIAL, 0.0005), "surface_position": 0.0}
    stated |= {"source_fraction": (SOURCE, 0.005)} if scenario.source_stated else {}
    # The profile was made with D t of the nominal time: the true time makes the true D another one.
    truth = {D: diffusion * TIME / true_time, K: exchange * TIME / true_time, X0: at}
    try:
        found = fit_profile(x, observed, exchange_time=(TIME, 0.01 * TIME), position_uncertainty=0.01,
                            **(stated | scenario.fit))  # fmt: skip
    except AnalysisError:
        return None, truth
    return dict(found.parameters), truth


def run(replicates: int, seed: int = 1, names: tuple[str, ...] = ()) -> dict[tuple[str, str], Tally]:
    """Tallies by scenario and quantity."""
    tallies: dict[tuple[str, str], Tally] = defaultdict(Tally)
    for name, scenario in SCENARIOS.items():
        if names and name not in names:
            continue
        rng = np.random.default_rng([seed, *name.encode()])
        for _ in range(replicates):
            found, truth = replicate(scenario, rng)
            for quantity in scenario.quantities:
                tallies[name, quantity].add(None if found is None else found.get(quantity), truth[quantity])
    return dict(tallies)


def passes(tally: Tally) -> bool:
    """Whether both coverages lie within the goals, and hardly any replicate is left without a value."""
    inside = {68: tally.inside68, 95: tally.inside95}
    n = max(tally.determined, 1)
    good = all(abs(inside[level] / n - p) <= tolerance + 1e-9 for level, (p, tolerance) in GOALS.items())
    return good and tally.other <= 0.05 * (tally.determined + tally.other)


def main() -> int:
    """Print the table; exit code 1 if an interval does not cover as it says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replicates", type=int, default=600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="one scenario")
    options = parser.parse_args()
    began = time.process_time()
    tallies = run(options.replicates, options.seed, (options.only,) if options.only else ())
    print(f"{options.replicates} synthetic profiles each, {time.process_time() - began:.0f} s CPU")
    print(f"{'scenario':44s} {'quantity':30s} {'n':>5s} {'in 68 %':>8s} {'in 95 %':>8s} {'without':>8s}")
    for (name, quantity), tally in tallies.items():
        n = max(tally.determined, 1)
        mark = "" if passes(tally) else "   OUTSIDE 68±5 or 95±3"
        print(f"{name:44s} {quantity:30s} {tally.determined:5d} {100 * tally.inside68 / n:7.1f}% "
              f"{100 * tally.inside95 / n:7.1f}% {tally.other:8d}{mark}")  # fmt: skip
    return 0 if all(map(passes, tallies.values())) else 1


if __name__ == "__main__":
    sys.exit(main())
