"""Integrals of spectra and their noise, against what a sum over white or filtered noise must have."""

from __future__ import annotations

import numpy as np
import pytest

from ionscape.read.spectrum_integral import integrals

POINTS, SPECTRA, NOISE = 4096, 8, 0.5
SHIFT = np.linspace(10, -10, POINTS)
PEAK = np.exp(-0.5 * ((SHIFT - 2.0) / 0.3) ** 2)
HEIGHTS = 100.0 * np.exp(-np.linspace(0, 3, SPECTRA))


def _spectra(seed: int, length: int = 1) -> np.ndarray:
    """Synthetic: a decaying Gaussian line with noise whose neighbours are alike over so many points."""
    white = np.random.default_rng(seed).normal(0, NOISE, (SPECTRA, POINTS + length - 1))
    noise = np.array([np.convolve(row, np.ones(length), mode="valid") for row in white])
    return np.asarray(HEIGHTS[:, None] * PEAK + noise)


def test_values_and_window_of_the_largest_signal() -> None:
    second = 20.0 * np.exp(-0.5 * ((SHIFT + 6.0) / 0.1) ** 2)
    found = integrals(SHIFT, _spectra(1) + second)
    low, high = found.window
    assert low < 1.4 < 2.6 < high
    assert low > -1
    assert high < 5
    whole = PEAK.sum() * HEIGHTS
    np.testing.assert_allclose(found.values, whole, atol=5 * NOISE * np.sqrt(POINTS / 5), rtol=0.01)


@pytest.mark.parametrize("length", [1, 5])
def test_the_stated_noise_is_that_of_repeats(length: int) -> None:
    window = (1.0, 3.0)
    repeats = [integrals(SHIFT, _spectra(seed, length), window) for seed in range(60)]
    values = np.array([found.values for found in repeats])
    scatter = values.std(axis=0, ddof=1)
    stated = np.sqrt(np.mean([found.uncertainty**2 for found in repeats], axis=0))
    # 60 repeats of 8 spectra tell a standard deviation to 1/sqrt(2*480) = 3 %
    assert np.sqrt(np.mean(stated**2) / np.mean(scatter**2)) == pytest.approx(1.0, abs=0.1)
    inside = np.count_nonzero((window[0] <= SHIFT) & (window[1] >= SHIFT))
    # the sum of m filtered points has the variance of m·length white ones, each counted `length` times
    assert np.mean(stated) == pytest.approx(NOISE * length * np.sqrt(inside), rel=0.08)


def test_a_window_wider_than_any_free_part_scales_the_noise() -> None:
    found = integrals(SHIFT, _spectra(3), (-7.0, 7.0))
    inside = np.count_nonzero(np.abs(SHIFT) <= 7)
    assert found.uncertainty[0] == pytest.approx(NOISE * np.sqrt(inside), rel=0.4)


def test_the_order_of_the_shifts_does_not_matter() -> None:
    spectra = _spectra(4)
    one, other = integrals(SHIFT, spectra, (1, 3)), integrals(SHIFT[::-1], spectra[:, ::-1], (3, 1))
    np.testing.assert_allclose(one.values, other.values)


def test_nothing_to_integrate() -> None:
    with pytest.raises(ValueError, match="the window holds no points"):
        integrals(SHIFT, _spectra(5), (50, 60))
    with pytest.raises(ValueError, match="no part of the spectra is free of signal"):
        integrals(SHIFT, _spectra(6), (-11, 11))
    with pytest.raises(ValueError, match="no signal stands out"):
        integrals(SHIFT, np.zeros((SPECTRA, POINTS)))
