"""Do the bands of D(n) without a distribution cover? Counted profiles of another method, with known truth.

The profile after K+ (or Rb+) came in is solved once by central differences and scipy's BDF
(`ionscape.testing.lithium_borate`); every replicate draws counts of both ions, an error of the depth scale,
of the charge and of both normalisations (1 % each, stated as such). Printed: the share of fractions, over all
replicates and over the range that the result itself claims, at which the bands hold the true D.

Run: python verify/replacement_model_free_coverage.py [--replicates 300] [--ion K+]
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from ionscape.core.estimate import exact, measured
from ionscape.core.quantity import dimension_of
from ionscape.replacement.measured_profile import MeasuredProfile
from ionscape.replacement.model_free import diffusion_from_profile
from ionscape.replacement.programme import constant_current
from ionscape.testing import lithium_borate as made

COUNTS, ERROR = 15000.0, 0.01
TRUTH = made.TRUTH


def replicate(
    native: np.ndarray[tuple[int], np.dtype[np.float64]], ion: str, rng: np.random.Generator
) -> MeasuredProfile:
    """Counted, and off by what is stated."""
    u = np.clip(native, 0, 1)
    scales = 1 + ERROR * rng.normal(size=4)
    counted = scales[0] * rng.poisson(COUNTS * u) / COUNTS
    foreign = scales[1] * rng.poisson(COUNTS * (1 - u)) / COUNTS
    current = TRUTH.current_density(ion) * scales[2]
    return MeasuredProfile(
        label=ion, source="made", native_ion="Li+", foreign_ion=ion,
        depth=(np.arange(u.size) + 0.5) * made.SLICE * scales[3], native=counted,
        native_sd=np.sqrt(np.maximum(counted, 1 / COUNTS) / COUNTS), foreign=foreign,
        foreign_sd=np.sqrt(np.maximum(foreign, 1 / COUNTS) / COUNTS), native_scale_sd=ERROR,
        foreign_scale_sd=ERROR, systematic={}, depth_scale_sd=ERROR, depth_scale_source="depth",
        resolution=(made.RESOLUTION, 0.0), charge_scale_sd=ERROR, charge_scale_source="charge",
        programme=constant_current(current, TRUTH.duration, ion, TRUTH.temperature),
        temperature=exact(TRUTH.temperature, dimension_of("K")),
    )  # fmt: skip


def main() -> None:
    """Print the shares."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replicates", type=int, default=300)
    parser.add_argument("--ion", default="K+", choices=list(made.ISOTOPE))
    asked = parser.parse_args()
    thermal = made.BOLTZMANN * TRUTH.temperature / made.ELEMENTARY_CHARGE
    law = made.NativeLaw(TRUTH.fwhm / made.FWHM_IN_SD / thermal, 1 - TRUTH.vacancy_fraction)
    native = made.slice_fractions(*made.replaced(asked.ion))
    rng, began = np.random.default_rng(20240410), time.process_time()
    inside, ranges = [], []
    for _ in range(asked.replicates):
        bulk = TRUTH.bulk_diffusion * np.exp(0.1 * rng.normal())
        found = diffusion_from_profile(
            replicate(native, asked.ion, rng), carrier_density=TRUTH.carrier_density, rng=rng,
            bulk_diffusion=measured(bulk, 0.1 * bulk, dimension_of("m^2/s")),
        )  # fmt: skip
        told = np.isfinite(found.diffusion)
        truth = law.diffusion(found.fraction[told])[0] * TRUTH.bulk_diffusion
        inside.append([
            np.mean((found.low_68[told] < truth) & (truth < found.high_68[told])),
            np.mean((found.low_95[told] < truth) & (truth < found.high_95[told])),
        ])  # fmt: skip
        ranges.append(found.range)
    shares, sd = np.mean(inside, axis=0), np.std(inside, axis=0) / np.sqrt(asked.replicates)
    low, high = np.median(ranges, axis=0)
    print(f"{asked.ion}: {asked.replicates} profiles, D(n) claimed for u = {low:.2f} to {high:.2f} (median)")
    for stated, share, spread in zip((68, 95), shares, sd, strict=True):
        print(f"{stated} %: {100 * share:.1f} ± {100 * spread:.1f} %")
    print(f"{(time.process_time() - began) / asked.replicates:.2f} s per profile")


if __name__ == "__main__":
    main()
