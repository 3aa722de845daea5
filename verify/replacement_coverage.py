"""Do the intervals of the site energy width cover? Synthetic profiles with known truth, single and joint.

The curves without noise come from another method than the fit's: cells of one width, central differences,
scipy's BDF, in plain SI; the set is that of `docs` (lithium borate at 70 degC with K+, Rb+ and Cs+: assumed
values). Every replicate draws all that a laboratory gets wrong: counting noise, D_bulk, carrier density,
charge, depth scale (shared by all profiles), both normalisations, the depth resolution, and (jointly fitted)
the vacancy fraction that is stated. Counted are 68 and 95 % intervals that hold the truth (goal 68 ± 5, 95 ±
3) for the width, and for the ratios of diffusion coefficients, the plateau and the front of each profile.

Run: python verify/replacement_coverage.py [--replicates 200] [--seed 1] [--only single|joint]
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.constants import Boltzmann, elementary_charge
from scipy.integrate import solve_ivp
from scipy.sparse import eye_array
from scipy.special import erf, ndtri

from ionscape.core.estimate import Estimate, exact, measured
from ionscape.core.quantity import dimension_of, unit_scale
from ionscape.replacement.fit_result import SiteEnergyFit
from ionscape.replacement.measured_profile import MeasuredProfile
from ionscape.replacement.profile_summary import summarise
from ionscape.replacement.programme import constant_current
from ionscape.replacement.site_energy_fit import fit_site_energies

FloatArray = NDArray[np.float64]
DENSITY, DIFFUSION, KELVIN = (dimension_of(u) for u in ("m^-3", "m^2/s", "K"))
MEV = unit_scale("meV")[0]
TEMPERATURE, CARRIERS, BULK, HOURS = 343.15, 1.41e28, 1e-17, 24.0
WIDTH, VACANCIES = 250 * MEV, 0.10
IONS = {"K+": (7.7e-4, 222e-5), "Rb+": (1.94e-4, 243e-5), "Cs+": (4.5e-5, 254e-5)}  # D ratio, A/m^2
DEEP, CELLS, SLICE, BLUR = 150e-9, 1500, 1.5e-9, 2e-9
NOISE = 0.01
BULK_ERROR, CARRIER_ERROR, CHARGE_ERROR, DEPTH_ERROR = 0.10, 0.02, 0.01, 0.02
NATIVE_ERROR, FOREIGN_ERROR, BLUR_ERROR, VACANCY_ERROR = 0.01, 0.05, 0.3e-9, 0.4
GOALS = {68: (0.6826894921370859, 0.05), 95: (0.95, 0.03)}


@lru_cache(maxsize=8)
def true_curve(ion: str) -> tuple[FloatArray, FloatArray]:
    """Faces [m] and fractions of Li+ after the experiment, from the equations in SI."""
    ratio, current = IONS[ion]
    speed, foreign = current / (elementary_charge * CARRIERS), ratio * BULK
    steepness = WIDTH / math.sqrt(8 * math.log(2)) / (Boltzmann * TEMPERATURE)
    faces = np.linspace(0, DEEP, CELLS + 1)
    cell = faces[1]
    top = ndtri(1 - VACANCIES)

    def rate(_: float, u: FloatArray) -> FloatArray:
        between = np.clip((u[1:] + u[:-1]) / 2, 1e-12, 1.0)
        native = BULK * np.exp(steepness * (ndtri((1 - VACANCIES) * between) - top))
        share = native / (native * between + foreign * (1 - between))
        inner = share * (speed * between - foreign * np.diff(u) / cell)
        return np.asarray(-np.diff(np.concatenate([[0.0], inner, [speed]])) / cell)

    pattern = eye_array(CELLS) + eye_array(CELLS, k=1) + eye_array(CELLS, k=-1)
    solved = solve_ivp(
        rate, (0, HOURS * 3600), np.ones(CELLS), method="BDF", jac_sparsity=pattern, rtol=1e-6, atol=1e-8
    )
    return faces, np.asarray(solved.y[:, -1])


def blurred_means(faces: FloatArray, fractions: FloatArray, edges: FloatArray, blur: float) -> FloatArray:
    """Means over slices of the blurred profile, by fine sampling; before the surface it goes on as there."""
    fine = np.linspace(edges[0], edges[-1], 8 * (edges.size - 1) + 1)
    points = (fine[1:] + fine[:-1]) / 2
    height = np.diff(np.concatenate([fractions, [1.0]]))
    steps = (1 + erf((points[:, None] - faces[None, 1:]) / (math.sqrt(2) * blur))) / 2
    return np.asarray((fractions[0] + steps @ height).reshape(-1, 8).mean(axis=1))


@dataclass(frozen=True)
class Errors:
    """What goes wrong alike for all profiles of a replicate: standard normal."""

    depth: float
    charge: float


def profile(ion: str, rng: np.random.Generator, errors: Errors) -> MeasuredProfile:
    """One measured profile."""
    faces, fractions = true_curve(ion)
    centres = np.arange(SLICE / 2, DEEP - 5e-9, SLICE)
    edges = np.append(centres - SLICE / 2, centres[-1] + SLICE / 2)
    blur = BLUR + BLUR_ERROR * rng.standard_normal()
    true = blurred_means(faces, fractions, edges * math.exp(DEPTH_ERROR * errors.depth), max(blur, 1e-10))
    noise = NOISE * rng.standard_normal((2, true.size))
    native = true * (1 + NATIVE_ERROR * rng.standard_normal()) + noise[0]
    foreign = (1 - true) * (1 + FOREIGN_ERROR * rng.standard_normal()) + noise[1]
    sd = np.full(true.size, NOISE)
    current = IONS[ion][1] * math.exp(-CHARGE_ERROR * errors.charge)
    return MeasuredProfile(
        label=ion, source=f"synthetic {ion}", native_ion="Li+", foreign_ion=ion, depth=centres, native=native,
        native_sd=sd, foreign=foreign, foreign_sd=sd, native_scale_sd=NATIVE_ERROR,
        foreign_scale_sd=FOREIGN_ERROR, systematic={}, depth_scale_sd=DEPTH_ERROR,
        depth_scale_source="sputter rate", resolution=(BLUR, BLUR_ERROR),
        programme=constant_current(current, HOURS * 3600, ion, TEMPERATURE),
        charge_scale_sd=CHARGE_ERROR, charge_scale_source="ammeter",
        temperature=measured(TEMPERATURE, 0.0, KELVIN),
    )  # fmt: skip


def replicate(
    ions: tuple[str, ...], seed: int, *, joint: bool, draws: int = 1000, check: int = 40
) -> SiteEnergyFit:
    """One laboratory."""
    rng = np.random.default_rng([seed, len(ions), list(IONS).index(ions[0])])
    errors = Errors(*rng.standard_normal(2))
    profiles = [profile(ion, rng, errors) for ion in ions]

    def stated(value: float, relative: float, dimension: tuple[float, ...], source: str) -> Estimate:
        seen = value * math.exp(relative * rng.standard_normal())
        return measured(seen, relative * seen, dimension, source=source, scale="log")  # type: ignore[arg-type]

    bulk = stated(BULK, BULK_ERROR, DIFFUSION, "dc conductivity")
    carriers = stated(CARRIERS, CARRIER_ERROR, DENSITY, "density")
    vacancies = stated(VACANCIES, VACANCY_ERROR, (0.0,) * 7, "vacancies") if joint else exact(VACANCIES)
    return fit_site_energies(
        profiles, carrier_density=carriers, bulk_diffusion=[bulk] * len(profiles), vacancy_fraction=vacancies,
        draws=draws, check=check, rng=seed, threads=1,
    )  # fmt: skip


@dataclass
class Tally:
    """Intervals that held the truth."""

    inside: dict[int, int] = field(default_factory=lambda: dict.fromkeys(GOALS, 0))
    determined: int = 0
    other: int = 0
    errors: list[float] = field(default_factory=list)
    spreads: list[float] = field(default_factory=list)

    def add(self, estimate: Estimate, truth: float) -> None:
        """One more estimate."""
        if estimate.status != "determined":
            self.other += 1
            return
        self.determined += 1
        self.errors.append(estimate.value - truth)
        self.spreads.append(estimate.standard_uncertainty)
        for percent, (probability, _) in GOALS.items():
            low, high = estimate.interval(probability)
            self.inside[percent] += bool(low <= truth <= high)

    def share(self, percent: int) -> float:
        """Of the determined ones."""
        return self.inside[percent] / max(self.determined, 1)

    def fails(self) -> bool:
        """Whether a share lies outside its goal by more than chance (2 SD) of so many replicates allows."""
        return any(
            abs(self.share(p) - q) > slack + 2 * math.sqrt(q * (1 - q) / max(self.determined, 1))
            for p, (q, slack) in GOALS.items()
        )


Found = list[tuple[str, Estimate, float]]


def quantities(found: SiteEnergyFit) -> Found:
    """Estimates of a replicate and their truths."""
    told: Found = [("width", found.site_energy_fwhm, WIDTH)]
    for one in found.profiles:
        truth = summarise(*true_curve(one.foreign_ion))
        told += [
            ("D_foreign/D_bulk", one.diffusion_ratio, IONS[one.foreign_ion][0]),
            ("plateau", one.plateau_fraction, truth.plateau_fraction),
            ("front depth", one.front_depth, truth.front_depth),
            ("front width", one.front_width, truth.front_width),
        ]
    return told


def one(task: tuple[str, int, int]) -> tuple[str, Found, bool, float]:
    """A replicate in its own process."""
    kind, seed, draws = task
    ions = tuple(IONS) if kind == "joint" else (list(IONS)[seed % 3],)
    before = time.process_time()
    found = replicate(ions, seed, joint=kind == "joint", draws=draws)
    warned = any("independent draws" in w or "chains" in w or "converged" in w for w in found.warnings)
    return kind, quantities(found), warned, time.process_time() - before


def main() -> int:
    """Print the shares; 1 if one is off."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--replicates", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--only", choices=("single", "joint"))
    parser.add_argument("--draws", type=int, default=1000, help="0: intervals from the curvature")
    options = parser.parse_args()
    for ion in IONS:
        true_curve(ion)  # before the processes part
    kinds = [options.only] if options.only else ["single", "joint"]
    tasks = [
        (kind, options.seed * 100_000 + n, options.draws) for kind in kinds for n in range(options.replicates)
    ]
    tallies: dict[tuple[str, str], Tally] = defaultdict(Tally)
    warned, spent = dict.fromkeys(kinds, 0), dict.fromkeys(kinds, 0.0)
    with ProcessPoolExecutor(options.processes) as pool:
        for kind, told, warning, seconds in pool.map(one, tasks, chunksize=4):
            warned[kind] += warning
            spent[kind] += seconds
            for name, estimate, truth in told:
                tallies[kind, name].add(estimate, truth)
    failed = False
    for (kind, name), tally in tallies.items():
        scale = MEV if name == "width" else 1.0
        print(
            f"{kind:7s} {name:17s} 68 %: {100 * tally.share(68):5.1f}  95 %: {100 * tally.share(95):5.1f}  "
            f"n {tally.determined} (+{tally.other})  bias {np.mean(tally.errors) / scale:+.3g}  "
            f"scatter {np.std(tally.errors) / scale:.3g}  stated {np.median(tally.spreads) / scale:.3g}"
        )
        failed |= tally.fails()
    for kind in kinds:
        print(f"{kind}: {spent[kind] / options.replicates:.1f} s of CPU each, {warned[kind]} with warnings")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
