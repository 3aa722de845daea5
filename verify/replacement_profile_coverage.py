"""Do the errors of normalised profiles cover? Synthetic depth profiles with known truth, counted by ions.

Every replicate draws its own front, plateau, counts per slice, drift of the primary current and background;
what is stated with an uncertainty (the background) is off by as much as that says. Compared with the truth:
single fractions and their mean over the plateau, as a fit uses it, within all errors together (counting, bulk
level, matrix, background), and the bulk level.

Run: python verify/replacement_profile_coverage.py [--replicates 600]
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections import defaultdict

import numpy as np
from numpy.typing import NDArray
from scipy.special import erfc

from ionscape.core.estimate import exact
from ionscape.core.measurement import COUNTS, POSITION, Sweep
from ionscape.core.quantity import named_dimension
from ionscape.replacement.measured_profile import MeasuredProfile, measured_profile
from ionscape.replacement.measurement_fields import ReplacementMeasurement

FloatArray = NDArray[np.float64]
GOALS = {68: (1.0, 0.6827, 0.05), 95: (1.96, 0.95, 0.03)}
KELVIN = exact(343.15, named_dimension("temperature"))
DEPTH = np.linspace(0.25e-9, 199.75e-9, 400)


def profile(rng: np.random.Generator) -> tuple[MeasuredProfile, FloatArray, NDArray[np.bool_]]:
    """A normalised profile, the true fractions, and the plateau's points."""
    front, width = rng.uniform(60e-9, 110e-9), rng.uniform(1.5e-9, 12e-9)
    low = 10 ** rng.uniform(-2, -0.7)
    true = 1 - (1 - low) * erfc((DEPTH - front) / width) / 2
    counts = 10 ** rng.uniform(2.5, 4.5)
    drifts = rng.random() < 0.5
    x = DEPTH / DEPTH[-1]
    course = 1 + (rng.uniform(-0.15, 0.15) * x + rng.uniform(-0.1, 0.1) * x**2 if drifts else 0 * x)
    stated = 0.02 * counts if rng.random() < 0.5 else 0.0
    background = max(stated * (1 + 0.1 * rng.standard_normal()), 0.0)
    columns = {
        POSITION: DEPTH,
        COUNTS + "7Li": rng.poisson(counts * true * course + background).astype(float),
        COUNTS + "133Cs": rng.poisson(0.9 * counts * (1 - true) * course).astype(float),
        COUNTS + "11B": rng.poisson(max(0.3 * counts, 500) * course).astype(float),
    }
    fields = {"ion": "Cs+", "duration": "24 h", "current_density": "254 nA/cm^2"}
    more = {"matrix": "11B"} if drifts else {}
    behind = {"background": {"7Li": f"{stated:.6g} ± {0.1 * stated:.6g}"}} if stated else {}
    model = ReplacementMeasurement.model_validate(fields | more | behind)
    found = measured_profile(Sweep(columns), model, label="p", source="s/p", native_ion="Li+",
                             temperature=KELVIN)  # fmt: skip
    return found, true, front - 3 * width > DEPTH


def plateau_pull(found: MeasuredProfile, true: FloatArray, there: NDArray[np.bool_]) -> float:
    """Standard deviations by which the weighted mean over the plateau is off."""
    weight = np.where(there, found.native_sd**-2.0, 0.0)
    weight /= weight.sum()
    error = float(np.sum(weight * (found.native - true)))
    parts = [float(np.sqrt(np.sum((weight * found.native_sd) ** 2)))]
    parts.append(found.native_scale_sd * float(np.sum(weight * found.native)))
    parts += [float(np.sum(weight * change)) for change in found.systematic.values()]
    return error / math.hypot(*parts)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--replicates", type=int, default=600)
    parser.add_argument("--seed", type=int, default=1)
    stated = parser.parse_args()
    rng = np.random.default_rng(stated.seed)
    start = time.process_time()
    pulls: dict[str, list[float]] = defaultdict(list)
    for _ in range(stated.replicates):
        found, true, there = profile(rng)
        shared = [found.native_scale_sd * found.native, *found.systematic.values()]
        own = (found.native - true) / np.sqrt(found.native_sd**2 + np.sum(np.square(shared), axis=0))
        pulls["one fraction on the plateau"] += own[there][::40].tolist()
        pulls["one fraction at the front"] += own[(true > 0.3) & (true < 0.9)].tolist()
        pulls["plateau"].append(plateau_pull(found, true, there))
        deep = DEPTH > 150e-9
        level = float(np.mean(found.native[deep] / true[deep])) - 1
        own_sd = float(np.mean(found.native_sd[deep])) / math.sqrt(deep.sum())
        spread = math.hypot(found.native_scale_sd, own_sd)
        pulls["bulk level against the deepest 50 nm"].append(level / spread)
    good = True
    for name, values in pulls.items():
        array = np.array(values)
        words = [f"mean {array.mean():+.2f}, SD {array.std():.2f}"]
        for percent, (limit, wanted, allowed) in GOALS.items():
            share = float(np.mean(np.abs(array) < limit))
            # the level and its test share points: too wide is no fault there
            fine = abs(share - wanted) <= allowed or (name.startswith("bulk") and share > wanted)
            good &= fine
            words.append(f"{percent} %: {100 * share:.1f} %{'' if fine else ' (!)'}")
        print(f"{name:<40} {', '.join(words)}  ({array.size})")
    seconds = time.process_time() - start
    print(f"{stated.replicates} profiles, {seconds:.1f} s CPU: {'good' if good else 'BAD'}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
