"""Noise of a fit: known and unknown, random and not."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ionscape.fit.least_squares import LeastSquaresFit
from ionscape.tracer.profile_noise import chance_of_runs, noise_of


def _fit(residuals: np.ndarray[tuple[int], np.dtype[np.float64]], parameters: int = 2) -> LeastSquaresFit:
    n, cost = residuals.size, float(residuals @ residuals)
    return LeastSquaresFit(
        np.zeros(parameters), np.eye(parameters), residuals, np.zeros((n, parameters)), cost,
        cost / (n - parameters), n - parameters, np.zeros(parameters, int), np.zeros(parameters, bool),
        np.zeros((0, parameters)), np.ones(n), True, 1,
    )  # fmt: skip


def test_stated_errors_that_explain_the_scatter_are_kept() -> None:
    rng = np.random.default_rng(1)
    noise = noise_of(_fit(rng.standard_normal(80)), known=True)
    assert noise.variance == 1.0
    assert math.isinf(noise.degrees_of_freedom)


def test_stated_errors_that_are_too_small_give_way_to_the_scatter() -> None:
    rng = np.random.default_rng(1)
    noise = noise_of(_fit(3 * rng.standard_normal(80)), known=True)
    assert noise.excess == pytest.approx(3, rel=0.3)
    assert noise.variance == pytest.approx(9, rel=0.5)


def test_random_residuals_are_seldom_widened() -> None:
    rng = np.random.default_rng(2)
    widened = [noise_of(_fit(rng.standard_normal(50)), known=False).widened > 1 for _ in range(1000)]
    assert np.mean(widened) < 0.012


def test_waves_widen_the_errors_and_are_no_chance() -> None:
    wave = np.sin(np.linspace(0, 12, 60))
    noise = noise_of(_fit(wave), known=False)
    assert noise.widened > 2
    assert noise.chance_of_runs < 1e-6


def test_chance_of_runs_is_a_probability() -> None:
    rng = np.random.default_rng(3)
    chances = np.array([chance_of_runs(rng.standard_normal(60)) for _ in range(3000)])
    for level in (0.1, 0.5):
        assert np.mean(chances < level) == pytest.approx(level, abs=0.06)
