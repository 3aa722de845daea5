"""Images from counts: joined channels, summed scans, errors, and input that cannot be used."""

from __future__ import annotations

import numpy as np
import pytest

from ionscape.core.errors import InputError
from ionscape.core.measurement import Sweep
from ionscape.tracer.measured_image import image_groups, ion_image, noise_variance
from ionscape.tracer.measurement_fields import TracerMeasurement

FIELDS = TracerMeasurement.model_validate({"pixel": "1 um"})


def counts(shape: tuple[int, int] = (40, 50), seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.poisson(300.0, shape).astype(float), rng.poisson(700.0, shape).astype(float)


def test_channels_of_separate_files_are_one_image_with_binomial_errors() -> None:
    light, heavy = counts()
    sweeps = [Sweep({"counts_6Li": light}), Sweep({"counts_7Li": heavy})]
    assert image_groups(["map_6Li.tif", "map_7Li.tif"], sweeps) == {"map.tif": [0, 1]}
    image = ion_image(sweeps, FIELDS)
    assert np.allclose(image.fraction, light / (light + heavy))
    assert np.median(image.variance) == pytest.approx(0.3 * 0.7 / 1000, rel=0.05)
    assert np.std(image.fraction) ** 2 == pytest.approx(float(np.mean(image.variance)), rel=0.1)


def test_scans_are_shifted_by_whole_pixels_and_summed_as_counts() -> None:
    rng = np.random.default_rng(3)
    scene = 40 + 400 * (np.add.outer(np.arange(80), np.arange(90)) // 12 % 2) * rng.uniform(0.2, 1, (80, 90))
    parts = [(0, 0), (3, -2), (5, 4)]
    sweeps = []
    for y, x in parts:
        window = scene[10 - y : 70 - y, 10 - x : 80 - x]
        sweeps.append(
            Sweep(
                {
                    "counts_6Li": rng.poisson(window).astype(np.float64),
                    "counts_7Li": rng.poisson(2 * window).astype(np.float64),
                }
            )
        )
    image = ion_image(sweeps, FIELDS)
    assert image.fraction.shape == (55, 64)
    assert "3 scans were summed" in image.warnings[0]
    assert np.nanmean(image.fraction) == pytest.approx(1 / 3, abs=0.01)


def test_an_image_without_errors_gets_them_from_its_own_noise() -> None:
    rng = np.random.default_rng(1)
    y, x = np.mgrid[:100, :100]
    f = 0.2 + 0.002 * y + 0.05 * (x > 50) + 0.01 * rng.standard_normal(y.shape)
    assert noise_variance(f) == pytest.approx(1e-4, rel=0.06)
    image = ion_image([Sweep({"isotope_fraction": f})], FIELDS)
    assert "states no errors" in image.warnings[-1]


def test_what_cannot_be_used_is_a_sentence() -> None:
    light, heavy = counts()
    with pytest.raises(InputError, match="size of a pixel is not known"):
        ion_image([Sweep({"counts_6Li": light, "counts_7Li": heavy})])
    with pytest.raises(InputError, match="same number of pixels"):
        ion_image([Sweep({"counts_6Li": light}), Sweep({"counts_7Li": heavy[:30]})], FIELDS)
    with pytest.raises(InputError, match="no image but a profile of 40 points"):
        ion_image([Sweep({"counts_6Li": light[:, 0], "counts_7Li": heavy[:, 0]})], FIELDS)
    with pytest.raises(InputError, match="no isotope image"):
        ion_image([Sweep({"grain_labels": light})], FIELDS)
    with pytest.raises(InputError, match="negative"):
        ion_image([Sweep({"counts_6Li": light - 400, "counts_7Li": heavy})], FIELDS)
