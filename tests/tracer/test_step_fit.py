"""Gradient and step on images whose field is known: closed forms, and finite elements."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import pytest
from numpy.typing import NDArray

from ionscape.core.errors import AnalysisError, InputError
from ionscape.testing.grain_map import ReferenceDiffusion, ReferenceStage, voronoi_grains
from ionscape.tracer.measured_image import IonImage
from ionscape.tracer.permeability_distribution import boundary_distribution
from ionscape.tracer.step_fit import BoundarySteps, boundary_steps

FloatArray = NDArray[np.float64]
PIXEL, BULK, PERMEABILITY = 0.977e-6, 2.6e-12, 1.5e-8


def chain(
    counts: float, rng: np.random.Generator, tilt: float = 0.0
) -> tuple[IonImage, NDArray[np.int_], float]:
    """Steady flux through lamellae: slope g in each, step g D/P between them."""
    y, x = np.mgrid[:110, :50] * PIXEL
    depth = y * math.cos(tilt) + x * math.sin(tilt)
    labels = np.floor(depth / 16e-6).astype(int)
    slope = 110.0
    f = 0.3 + slope * depth + slope * BULK / PERMEABILITY * labels
    variance = f * (1 - f) / counts
    image = IonImage(f + np.sqrt(variance) * rng.standard_normal(f.shape), variance, (PIXEL, PIXEL))
    return image, labels, slope


@pytest.mark.parametrize("tilt", [0.0, 0.3, 0.7])
def test_flat_boundaries_give_back_slope_and_step(tilt: float) -> None:
    image, labels, slope = chain(1e9, np.random.default_rng(0), tilt)
    found = boundary_steps(image, labels)
    assert found.gradient == pytest.approx(slope, rel=0.02)
    assert found.step == pytest.approx(slope * BULK / PERMEABILITY, rel=0.01)
    assert np.all(np.abs(found.mismatch) < 4)


def test_errors_are_those_of_repeated_counting() -> None:
    """Over 16 images of the same six boundaries the pulls have a standard deviation of one."""
    rng = np.random.default_rng(1)
    pulls = []
    for _ in range(16):
        image, labels, slope = chain(5000, rng)
        found = boundary_steps(image, labels)
        sd = np.sqrt(np.einsum("kii->ki", found.covariance))
        truth = np.array([slope, slope * BULK / PERMEABILITY])
        pulls.append((np.column_stack([found.gradient, found.step]) - truth) / sd)
    together = np.concatenate(pulls)
    assert np.abs(together.mean(axis=0)).max() < 0.3
    assert together.std(axis=0) == pytest.approx(1.0, abs=0.2)


def test_an_instrument_s_blur_is_kept_out_when_it_is_stated() -> None:
    from scipy.ndimage import gaussian_filter

    image, labels, slope = chain(1e9, np.random.default_rng(2))
    blurred = IonImage(gaussian_filter(image.fraction, 1.5), image.variance, image.spacing)
    step = slope * BULK / PERMEABILITY
    inner = slice(1, -1)
    assert boundary_steps(blurred, labels, resolution=3.5 * PIXEL).step[inner] == pytest.approx(
        step, rel=0.01
    )


@lru_cache(maxsize=1)
def polycrystal() -> tuple[FloatArray, NDArray[np.intp], dict[tuple[int, int], float]]:
    """59 h of exchange, by finite elements on grains with a permeability each."""
    rng = np.random.default_rng(11)
    width, height = 110 * PIXEL, 260 * PIXEL
    grains = voronoi_grains(int(width * height / 16e-6**2), width, height, rng, relaxations=3)
    p = PERMEABILITY * np.exp(0.5 * rng.standard_normal(len(grains.edges)))
    model = ReferenceDiffusion(grains, BULK, p, 3e-6)
    (field,) = model.fields(
        [ReferenceStage(59 * 3600.0, True)], initial=0.0759, source=0.95, halvings=4, steps=3
    )
    shape, origin = (130, 110), (0.0, 110 * PIXEL)
    pairs = {(int(min(e)), int(max(e))): float(v) for e, v in zip(grains.edges, p, strict=True)}
    return model.pixels(field, shape, PIXEL, origin), grains.labels(shape, PIXEL, origin), pairs


def seen(counts: int, seed: int) -> tuple[BoundarySteps, FloatArray]:
    """Steps of the counted image, and pulls of gradient - p step at the true p."""
    f, labels, truth = polycrystal()
    measured = np.random.default_rng(seed).binomial(counts, f) / counts
    found = boundary_steps(IonImage(measured, measured * (1 - measured) / counts, (PIXEL, PIXEL)), labels)
    p = np.array([truth.get(found.lines[k].grains, np.nan) for k in found.measured]) / BULK
    c = found.covariance
    pull = (found.gradient - p * found.step) / np.sqrt(c[:, 0, 0] - 2 * p * c[:, 0, 1] + p**2 * c[:, 1, 1])
    return found, pull[np.isfinite(pull)]


def test_intervals_of_a_polycrystal_cover() -> None:
    pulls = np.concatenate([seen(20000, seed)[1] for seed in range(3)])
    assert pulls.size >= 300
    assert np.mean(np.abs(pulls) < 1.0) == pytest.approx(0.683, abs=0.06)
    assert np.mean(np.abs(pulls) < 1.96) == pytest.approx(0.95, abs=0.035)


def test_the_mean_over_boundaries_holds_the_truth_and_knows_a_spread() -> None:
    """The truth is that of the boundaries in the image, drawn with a spread of 0.5 around PERMEABILITY."""
    found, _ = seen(200_000, 9)
    truth = polycrystal()[2]
    logs = np.log([v for k in found.measured if (v := truth.get(found.lines[k].grains, 0.0)) > 0])
    told = boundary_distribution(found, "x")
    low, high = told.median.interval(0.95)
    assert low < math.exp(logs.mean()) / BULK < high
    assert told.median.spread < 0.15
    low, high = told.spread.interval(0.95)
    assert low < logs.std() < high


def test_too_few_boundaries_or_a_map_that_does_not_belong_are_sentences() -> None:
    image, labels, _ = chain(5000, np.random.default_rng(3))
    with pytest.raises(AnalysisError, match="no grain boundary can be measured"):
        boundary_steps(image, np.zeros_like(labels))
    with pytest.raises(InputError, match="50 x 110 pixels but the map of grains 100 x 100"):
        boundary_steps(image, np.zeros((100, 100), dtype=int))
    with pytest.raises(AnalysisError, match="at least 5"):
        boundary_distribution(boundary_steps(image, (labels > 3).astype(int)), "x")
