"""The distribution over boundaries, from steps drawn by the model that it assumes: no image in between."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ionscape.core.errors import AnalysisError
from ionscape.tracer.boundary_tracing import boundary_lines
from ionscape.tracer.permeability_distribution import FOLLOWED, boundary_distribution
from ionscape.tracer.step_fit import BoundarySteps

MEDIAN = 6000.0  # P/D_b [1/m]


def drawn(n: int, spread: float, error: float, seed: int, step_error: float | None = None) -> BoundarySteps:
    """Steps of about 0.02 with permeabilities spread by ``spread`` (as strips show them), measured with a
    relative error of the gradients and of the steps (the same if not given); no two share pixels."""
    rng = np.random.default_rng(seed)
    step = 0.02 * np.exp(0.3 * rng.standard_normal(n)) * rng.choice([-1, 1], n)
    ratio = MEDIAN * np.exp(spread * FOLLOWED * rng.standard_normal(n))
    sd = 0.02 * np.array([error * MEDIAN, error if step_error is None else step_error])
    gradient, step = np.array([ratio * step, step]) + sd[:, None] * rng.standard_normal((2, n))
    (line,) = boundary_lines(np.repeat([[0, 1]], 8, axis=0), (1e-6, 1e-6))
    one = np.ones(n)
    return BoundarySteps(
        lines=(line,) * n, reasons=("",) * n, measured=np.arange(n), gradient=gradient, step=step,
        covariance=np.tile(np.diag(sd**2), (n, 1, 1)), level=0.5 * one,
        gradients=np.column_stack([gradient, gradient]), mismatch=0 * one, amplitude=one, across=one,
        shared=np.zeros((0, 2), dtype=int), shared_covariance=np.zeros((0, 2, 2)), grain_size=16e-6,
        curvature=(0.1, 0.1), noise_factor=1.0, clearance=1.5e-6,
    )  # fmt: skip


def test_median_and_spread_hold_the_truth_however_noisy_the_single_values_are() -> None:
    """Gradients with errors of half their value: the mean of the significant ones alone is far too large."""
    held = np.zeros(2)
    for seed in range(8):
        found = boundary_distribution(drawn(150, 0.6, 0.5, seed, 0.15), "x")
        for k, (estimate, truth) in enumerate(((found.median, MEDIAN), (found.spread, 0.6))):
            low, high = estimate.interval(0.95)
            held[k] += low < truth < high
    assert np.all(held >= 6)


def test_the_arithmetic_mean_is_that_of_the_log_normal() -> None:
    found = boundary_distribution(drawn(300, 0.6, 0.1, 1), "x")
    assert found.mean.value == pytest.approx(
        found.median.value * math.exp(found.spread.value**2 / 2), rel=1e-9
    )
    assert found.n == 300


def test_equal_boundaries_have_no_spread_to_speak_of() -> None:
    quiet = [boundary_distribution(drawn(60, 0.0, 0.3, seed), "x") for seed in range(8)]
    hidden = [found for found in quiet if found.spread.status == "undetermined"]
    assert len(hidden) >= 6  # a test at 95 %
    assert "errors of their measurement" in hidden[0].spread.note
    assert hidden[0].mean.status == "undetermined"
    low, high = hidden[0].median.interval(0.95)
    assert low < MEDIAN < high


def test_the_sign_of_the_step_says_nothing() -> None:
    steps = drawn(80, 0.5, 0.2, 3)
    turned = BoundarySteps(**(vars(steps) | {"gradient": -steps.gradient, "step": -steps.step}))
    found, other = (boundary_distribution(s, "x") for s in (steps, turned))
    assert other.median.value == pytest.approx(found.median.value, rel=1e-6)


def test_fluxes_against_the_steps_are_refused() -> None:
    steps = drawn(80, 0.5, 0.2, 3)
    against = BoundarySteps(**(vars(steps) | {"gradient": -steps.gradient}))
    with pytest.raises(AnalysisError, match="opposite signs on average"):
        boundary_distribution(against, "x")
    with pytest.raises(AnalysisError, match="at least 5 measured boundaries, there are 4"):
        boundary_distribution(drawn(4, 0.5, 0.2, 3), "x")
