"""Do the intervals of the image fit cover? Synthetic polycrystals with known truth, two images each.

The truth comes from finite elements that conform to the grains' polygons (`ionscape.testing.grain_map`), the
fit sees pixels and counts. Every geometry has its own grains, D, P and times, so the error of the
pixel model counts too; every replicate has new counting noise. Reported 68 and 95 % intervals of D in the
grains, of P = D_gb/δ and of D over many grains are compared with the truth (that of the map, for the last).

Run: python verify/tracer_image_coverage.py [--replicates 300] [--geometries 30]
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ionscape.core.estimate import Estimate
from ionscape.testing.grain_map import ReferenceDiffusion, ReferenceStage, voronoi_grains
from ionscape.tracer.diffusion_2d import Stage2D
from ionscape.tracer.image_inverse import fit_image

FloatArray = NDArray[np.float64]
SHAPE, PIXEL, GRAINS = (60, 40), 2e-6, 25
GOALS = {68: (0.6826894921370859, 0.05), 95: (0.95, 0.03)}


@dataclass(frozen=True)
class Geometry:
    """One polycrystal, what it shows without noise, and the truth."""

    labels: NDArray[np.intp]
    stages: tuple[tuple[Stage2D, ...], ...]
    fractions: tuple[FloatArray, ...]
    truth: dict[str, float]


def geometry(rng: np.random.Generator) -> Geometry:
    """Random grains, D, P and times, solved by finite elements."""
    (ny, nx), bulk = SHAPE, 2.6e-12 * math.exp(rng.normal(0, 0.3))
    size = math.sqrt(ny * nx * PIXEL**2 / GRAINS)
    permeability = bulk / size * math.exp(rng.uniform(-1.0, 0.5))
    effective = 1 / (1 / bulk + 1 / (permeability * size))
    exchange = rng.uniform(0.05, 0.15) * (ny * PIXEL) ** 2 / effective
    storage = rng.uniform(0.5, 1.5) * exchange
    grains = voronoi_grains(GRAINS, nx * PIXEL, ny * PIXEL, rng, relaxations=1)
    reference = ReferenceDiffusion(grains, bulk, permeability, PIXEL)
    shares = reference.fields([ReferenceStage(exchange, True), ReferenceStage(storage, False)])
    both = (Stage2D(exchange, True), Stage2D(storage, False))
    fractions = tuple(0.0759 + (0.95 - 0.0759) * reference.pixels(u, SHAPE, PIXEL) for u in shares)
    truth = {"D of the grains": bulk, "D_gb/δ": permeability,
             "D of the map": reference.effective_diffusion(0)}  # fmt: skip
    return Geometry(grains.labels(SHAPE, PIXEL), (both[:1], both), fractions, truth)


def fitted(case: Geometry, counts: int, rng: np.random.Generator) -> dict[str, Estimate]:
    """One replicate: counts of both isotopes, fitted."""
    images = [(rng.binomial(counts, c) / counts, c * (1 - c) / counts) for c in case.fractions]
    fit = fit_image(images, case.labels, (PIXEL, PIXEL), case.stages, source_edge="bottom")
    return {"D of the grains": fit.bulk, "D_gb/δ": fit.permeability[0], "D of the map": fit.effective}


def coverage(
    replicates: int, geometries: int, *, counts: int = 300, seed: int = 7
) -> dict[str, dict[int, float]]:
    """Share of intervals that hold the truth, by quantity and probability."""
    rng = np.random.default_rng(seed)
    hits: dict[str, dict[int, list[bool]]] = {}
    for _ in range(geometries):
        case = geometry(rng)
        for _ in range(math.ceil(replicates / geometries)):
            for name, estimate in fitted(case, counts, rng).items():
                for percent, (probability, _) in GOALS.items():
                    low, high = estimate.interval(probability)
                    inside = low <= case.truth[name] <= high
                    hits.setdefault(name, {}).setdefault(percent, []).append(inside)
    return {name: {p: float(np.mean(found)) for p, found in by.items()} for name, by in hits.items()}


def main() -> int:
    """Print the coverage; 1 if any is off its goal."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--replicates", type=int, default=360)
    parser.add_argument("--geometries", type=int, default=60)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    start, good = time.process_time(), True
    found = coverage(options.replicates, options.geometries, seed=options.seed)
    for name, by in found.items():
        for percent, share in by.items():
            off = abs(share - percent / 100)
            good &= off <= GOALS[percent][1]
            print(
                f"{name:16s} {percent} %: {100 * share:5.1f} %{'' if off <= GOALS[percent][1] else '  OFF'}"
            )
    print(
        f"{options.replicates} replicates of {options.geometries} geometries, "
        f"{time.process_time() - start:.0f} s CPU"
    )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
