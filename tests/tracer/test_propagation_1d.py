"""Propagation of a profile: closed forms, orders of convergence, conservation, no ringing."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import erf, erfc

from ionscape.core.errors import InputError
from ionscape.tracer.propagation_1d import content, propagate

FloatArray = NDArray[np.float64]
LENGTH = 2e-3


def stretched(n: int) -> FloatArray:
    """A smooth, strongly uneven grid: spacing changes ten times."""
    s = np.linspace(0, 1, n)
    return LENGTH * (s + 0.13 * np.sin(2 * np.pi * s))


def order(errors: list[float]) -> float:
    """Of convergence, from the last halving."""
    return float(np.log2(errors[-2] / errors[-1]))


def cosine_mode(x: FloatArray, theta: float, m: int) -> FloatArray:
    """0.3 + 0.2 cos(m pi x/L), decaying: exact for zero flux."""
    k = m * np.pi / LENGTH
    return np.asarray(0.3 + 0.2 * np.cos(k * x) * np.exp(-(k**2) * theta))


@pytest.mark.parametrize("method", ["exact", "steps"])
def test_second_order_in_space_for_a_cosine_mode(method: Any) -> None:
    theta, errors = 0.04 * LENGTH**2, []
    for n in (41, 81, 161):
        x = stretched(n)
        found = propagate(x, cosine_mode(x, 0, 3), theta, method=method, tolerance=1e-10)
        errors.append(float(np.max(np.abs(found - cosine_mode(x, theta, 3)))))
    assert order(errors) >= 1.9
    assert errors[-1] < 2e-4


def test_second_order_in_space_against_erfc() -> None:
    """Fixed left edge, start already diffused; the far edge is out of reach."""
    errors = []
    t0, t1 = 0.004 * LENGTH**2, 0.008 * LENGTH**2
    for n in (41, 81, 161):
        x = stretched(n)
        found = propagate(x, erfc(x / 2 / np.sqrt(t0)), t1 - t0, left="fixed")
        errors.append(float(np.max(np.abs(found - erfc(x / 2 / np.sqrt(t1))))))
    assert order(errors) >= 1.9


def test_second_order_in_space_against_a_gaussian() -> None:
    """A thin film on a closed surface."""
    errors = []
    t0, t1 = 0.002 * LENGTH**2, 0.01 * LENGTH**2
    for n in (41, 81, 161):
        x = stretched(n)
        found = propagate(x, 1e-4 / np.sqrt(np.pi * t0) * np.exp(-(x**2) / 4 / t0), t1 - t0)
        exact = 1e-4 / np.sqrt(np.pi * t1) * np.exp(-(x**2) / 4 / t1)
        errors.append(float(np.max(np.abs(found - exact))))
    assert order(errors) >= 1.9


def test_second_order_in_time_against_the_matrix_exponential() -> None:
    x = stretched(61)
    start, theta = erfc((x - 0.4 * LENGTH) / 2 / (0.05 * LENGTH)), 0.02 * LENGTH**2
    exact = propagate(x, start, theta, method="exact")
    errors = [float(np.max(np.abs(propagate(x, start, theta, steps=n) - exact))) for n in (10, 20, 40, 80)]
    assert order(errors) >= 1.9


def test_second_order_with_a_diffusion_coefficient_that_varies() -> None:
    """Richardson: successive refinements shrink the change four times."""
    found = []
    for n in (41, 81, 161, 321):
        x = stretched(n)
        start = 0.5 * (1 + np.cos(np.pi * x / LENGTH))
        late = propagate(x, start, 0.05 * LENGTH**2, relative_diffusion=1 + 0.8 * np.sin(3 * x / LENGTH))
        found.append(late[:: (n - 1) // 40])
    changes = [float(np.max(np.abs(b - a))) for a, b in pairwise(found)]
    assert order(changes) >= 1.9


def test_a_layer_of_other_diffusion_reaches_the_series_profile() -> None:
    """Stationary flux through two layers: the fall over each is as its resistance."""
    x = np.linspace(0, 1, 201)
    layers = np.where(x < 0.5, 1.0, 4.0)
    late = propagate(x, 1 - x, 50.0, left="fixed", right="fixed", relative_diffusion=layers)
    drop = (late[0] - late[100]) / (late[100] - late[-1])
    assert drop == pytest.approx(4.0, rel=0.03)  # the face between the layers has the harmonic mean


def crank_nicolson(x: FloatArray, c: FloatArray, theta: float, steps: int) -> FloatArray:
    """The plain scheme on an even grid with zero flux, dense: what rings."""
    n, h, dt = x.size, x[1] - x[0], theta / steps
    k = (np.diag(np.full(n - 1, 1.0), 1) + np.diag(np.full(n - 1, 1.0), -1) - 2 * np.eye(n)) / h**2
    k[0, 1] = k[-1, -2] = 2 / h**2
    for _ in range(steps):
        c = np.linalg.solve(np.eye(n) - dt / 2 * k, c + dt / 2 * k @ c)
    return c


def test_a_step_at_the_liquid_line_does_not_ring() -> None:
    """L-stable: a percent of the step at most for one step in time, where Crank-Nicolson swings by half."""
    x, theta, height = np.linspace(0, LENGTH, 201), 0.02 * LENGTH**2, 0.95 - 0.0759
    step = np.where(x < 0.3 * LENGTH, 0.95, 0.0759)
    for n in (1, 4):
        assert np.max(np.diff(propagate(x, step, theta, steps=n))) < 0.01 * height
        assert np.max(np.diff(crank_nicolson(x, step, theta, n))) > 0.1 * height
    late = propagate(x, step, theta, method="steps")
    assert np.max(np.diff(late)) < 1e-6 * height
    edge, exact = 0.3 * LENGTH - x[1] / 2, np.full(x.size, 0.0759)  # cells end halfway between points
    for image in range(-3, 4):  # mirror images of the filled region in both closed edges
        for side in (-1, 1):
            exact += side * height / 2 * erf((x - 2 * image * LENGTH + side * edge) / np.sqrt(4 * theta))
    assert np.max(np.abs(late - exact)) < 2e-4 * height


@given(
    st.lists(st.floats(0.01, 1), min_size=4, max_size=40),
    st.integers(0, 2**32 - 1),
    st.floats(-6, 3),
    st.sampled_from(["exact", "steps"]),
)
def test_content_is_kept_on_any_grid(gaps: list[float], seed: int, decade: float, method: Any) -> None:
    x = np.cumsum(gaps)
    c = np.random.default_rng(seed).random(x.size)
    d = np.random.default_rng(seed + 1).uniform(0.1, 1, x.size)
    late = propagate(x, c, 10**decade, method=method, relative_diffusion=d, tolerance=1e-4)
    assert content(x, late) == pytest.approx(content(x, c), rel=1e-10)
    if method == "exact":  # maximum principle
        assert late.min() >= c.min() - 1e-9
        assert late.max() <= c.max() + 1e-9


def test_content_is_kept_over_many_steps() -> None:
    x = stretched(900)
    c = np.where(x < 0.3 * LENGTH, 0.95, 0.0759)
    assert content(x, propagate(x, c, 0.3 * LENGTH**2)) == pytest.approx(content(x, c), rel=1e-10)


def test_diffusion_adds_up() -> None:
    """Two stages one after the other are one stage of their summed theta."""
    x, c = stretched(80), np.random.default_rng(3).random(80)
    once = propagate(x, c, [0.01 * LENGTH**2, 0.03 * LENGTH**2])
    np.testing.assert_allclose(propagate(x, once[0], 0.02 * LENGTH**2), once[1], atol=1e-12)


def test_fixed_edges_stay_and_the_rest_tends_to_the_line_between() -> None:
    x, c = stretched(60), np.random.default_rng(5).random(60)
    late = propagate(x, c, 100 * LENGTH**2, left="fixed", right="fixed")
    np.testing.assert_allclose(late, c[0] + (c[-1] - c[0]) * x / LENGTH, atol=1e-9)
    np.testing.assert_allclose(propagate(x, c, 100 * LENGTH**2, right="fixed"), c[-1], atol=1e-9)
    np.testing.assert_allclose(propagate(x, c, 0.01, left="fixed", method="steps"), c[0], atol=1e-6)


def test_a_profile_of_200_points_is_quick() -> None:
    x = stretched(200)
    began = time.process_time()
    propagate(x, cosine_mode(x, 0, 1), np.linspace(0, LENGTH**2, 20))
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize(
    ("position", "fraction", "theta", "words"),
    [
        ([0, 1, 1, 2], [0, 0, 0, 0], 1.0, "must increase"),
        ([0, 1, 2], [0, 0], 1.0, "as many positions as fractions, got 3 and 2"),
        ([0, 1, 2], [0, np.nan, 0], 1.0, "finite"),
        ([0, 1], [0, 0], 1.0, "at least three"),
        ([0, 1, 2], [0, 1, 0], -1.0, "zero or larger"),
    ],
)
def test_bad_profiles_are_refused(position: Any, fraction: Any, theta: float, words: str) -> None:
    with pytest.raises(InputError, match=words):
        propagate(position, fraction, theta)


def test_bad_edges_and_coefficients_are_refused() -> None:
    with pytest.raises(InputError, match="left edge must be"):
        propagate([0, 1, 2], [0, 1, 0], 1.0, left="open")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="larger than zero everywhere"):
        propagate([0, 1, 2], [0, 1, 0], 1.0, relative_diffusion=[1, 0, 1])
