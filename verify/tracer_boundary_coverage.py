"""Do the intervals of single boundaries and of their mean cover? Images by finite elements through the
analysis.

Polycrystals of random grains, each boundary with a permeability of its own; the field comes from finite
elements that conform to the grains (`ionscape.testing.grain_map`, nothing shared with the analysis), sampled
on pixels with counting noise. For every boundary the exact interval of its ratio (Fieller, open ones
included) is compared with the truth; for every image the geometric mean over boundaries and the spread.

Run: python verify/tracer_boundary_coverage.py [--maps 6] [--repeats 10] [--counts 20000] [--segment]
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ionscape.testing.grain_map import ReferenceDiffusion, ReferenceStage, voronoi_grains
from ionscape.tracer.grain_segmentation import grains_from_fraction
from ionscape.tracer.measured_image import IonImage
from ionscape.tracer.permeability_distribution import boundary_distribution
from ionscape.tracer.step_fit import BoundarySteps, boundary_steps

FloatArray = NDArray[np.float64]

PIXEL, GRAIN = 0.977e-6, 16e-6
BULK, PERMEABILITY, SPREAD = 2.6e-12, 1.5e-8, 0.5
ROWS, COLUMNS, FIRST_ROW, HEIGHT = 160, 200, 200, 560  # the image, and the rows of the whole sample
GOALS = {68: (1.0, 0.05), 95: (1.959964, 0.03)}


@dataclass(frozen=True)
class Truth:
    """One polycrystal: fraction and grains on pixels, P of each boundary, by pair of grains."""

    fraction: FloatArray
    labels: NDArray[np.intp]
    permeability: dict[tuple[int, int], float]


def random_polycrystal(seed: int) -> Truth:
    """59 h of exchange from the bottom edge."""
    rng = np.random.default_rng(seed)
    width, height = COLUMNS * PIXEL, HEIGHT * PIXEL
    grains = voronoi_grains(int(width * height / GRAIN**2), width, height, rng, relaxations=3)
    p = PERMEABILITY * np.exp(SPREAD * rng.standard_normal(len(grains.edges)))
    model = ReferenceDiffusion(grains, BULK, p, 2.5e-6)
    field = model.fields(
        [ReferenceStage(59 * 3600.0, True)], initial=0.0759, source=0.95, halvings=6, steps=4
    )[0]
    shape, origin = (ROWS, COLUMNS), (0.0, FIRST_ROW * PIXEL)
    pairs = {(int(min(e)), int(max(e))): float(v) for e, v in zip(grains.edges, p, strict=True)}
    return Truth(model.pixels(field, shape, PIXEL, origin), grains.labels(shape, PIXEL, origin), pairs)


def counted(truth: Truth, counts: int, rng: np.random.Generator) -> IonImage:
    """The image as counts of two isotopes would give it."""
    tracer = rng.binomial(counts, truth.fraction)
    share = (tracer + 0.5) / (counts + 1.0)
    return IonImage(tracer / counts, share * (1 - share) / counts, (PIXEL, PIXEL))


def pulls(truth: Truth, steps: BoundarySteps) -> FloatArray:
    """(gradient - p step) over its standard deviation at the true p: within z for the interval to hold p."""
    found = []
    for k, g, d, c in zip(steps.measured, steps.gradient, steps.step, steps.covariance, strict=True):
        p = truth.permeability.get(steps.lines[k].grains)
        if p is not None:
            ratio = p / BULK
            found.append((g - ratio * d) / math.sqrt(c[0, 0] - 2 * ratio * c[0, 1] + ratio**2 * c[1, 1]))
    return np.array(found)


def main() -> int:
    """Print coverage against the goals; 1 where a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--maps", type=int, default=6)
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--counts", type=int, default=20000, help="ions of both isotopes per pixel")
    parser.add_argument(
        "--segment", action="store_true", help="grains from the image instead of the true ones"
    )
    chosen = parser.parse_args()
    start, single, means, spreads, errors = time.process_time(), [], [], [], []
    for seed in range(chosen.maps):
        truth = random_polycrystal(seed)
        for repeat in range(chosen.repeats):
            rng = np.random.default_rng([seed, repeat, 77])
            image = counted(truth, chosen.counts, rng)
            labels = grains_from_fraction(image) if chosen.segment else truth.labels
            steps = boundary_steps(image, labels)
            if not chosen.segment:
                single.append(pulls(truth, steps))
            found = boundary_distribution(steps, f"{seed}.{repeat}")
            if found.median.status == "determined":
                errors.append(math.log(found.median.value * BULK / PERMEABILITY))
                means.append(errors[-1] / found.median.spread)
            if found.spread.status == "determined":
                spreads.append(math.log(found.spread.value / SPREAD) / found.spread.spread)
            else:
                spreads.append(0.0 if found.spread.value >= SPREAD else 9.0)
    failed = 0
    for name, values in (
        ("each boundary", np.concatenate(single) if single else np.zeros(0)),
        ("geometric mean", np.array(means)),
        ("spread", np.array(spreads)),
    ):
        if values.size == 0:
            continue
        text = f"{name:15s} n {values.size:6d}  pull {values.mean():+.2f} ± {values.std():.2f}"
        for goal, (z, tolerance) in GOALS.items():
            share = float(np.mean(np.abs(values) < z))
            text += f"  {goal} %: {100 * share:.1f}"
            failed |= name == "each boundary" and abs(share - goal / 100) > tolerance
        print(text)
    seconds = time.process_time() - start
    print(f"ln(mean/truth): {np.mean(errors):+.3f}, SD {np.std(errors):.3f}; {seconds:.0f} s CPU")
    return failed


if __name__ == "__main__":
    sys.exit(main())
