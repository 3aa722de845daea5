"""Courses of a stage between their bends, units, and what follows a slow quantity."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.constants import Boltzmann, elementary_charge, epsilon_0

from ionscape.replacement.diffusion_law import ConstantDiffusion
from ionscape.replacement.npp_course import MOST_BENDS, Laws, Units, bends, over_step, without_noise
from ionscape.replacement.npp_stage import drive_of
from ionscape.replacement.programme import Stage, Trace
from ionscape.replacement.system import Conductor, Ion

LAW = ConstantDiffusion(1e-17)
GLASS = Conductor((Ion("Li+", LAW), Ion("K+", LAW)), 1.41e28, 1e-3, intermixing_time=50.0)


def test_bends_are_where_a_course_is_not_straight() -> None:
    trace = Trace(np.array([-5.0, 10.0, 20.0, 30.0, 40.0, 90.0]), np.array([0.0, 0.0, 1.0, 2.0, 2.0, 5.0]))
    np.testing.assert_allclose(bends(trace, 80.0), [10, 30, 40])
    assert bends(3.0, 80.0).size == 0


def test_values_over_a_step_are_straight() -> None:
    values = over_step(Trace(np.array([0.0, 10.0]), np.array([2.0, 4.0])), 5.0, 2.0)
    assert values[0] == 3.0
    assert values[5] == pytest.approx(3.4)
    assert values[6] == pytest.approx(0.2)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**31), st.floats(10, 1e6))
def test_a_dense_log_keeps_its_charge(seed: int, duration: float) -> None:
    rng = np.random.default_rng(seed)
    times = np.sort(rng.uniform(-0.1, 1.1, 1500)) * duration
    trace = Trace(np.unique(times), rng.normal(1, 0.3, len(np.unique(times))))
    smooth = without_noise(trace, duration)
    assert isinstance(smooth, Trace)
    assert bends(smooth, duration).size <= MOST_BENDS
    at = np.unique(np.concatenate([[0, duration], trace.time[(trace.time > 0) & (trace.time < duration)]]))
    exact = np.trapezoid(trace.at(at), at)
    assert np.trapezoid(smooth.values, smooth.time) == pytest.approx(exact, rel=1e-9)


def test_few_points_are_left_as_they_are() -> None:
    trace = Trace(np.array([0.0, 1.0, 2.0]), np.array([1.0, 3.0, 2.0]))
    assert without_noise(trace, 2.0) is trace


def test_units() -> None:
    units = Units(GLASS, 343.15)
    length = math.sqrt(8 * epsilon_0 * Boltzmann * 343.15 / (elementary_charge**2 * 1.41e28))
    assert units.debye_squared == pytest.approx((length * 1e9) ** 2)
    assert units.volt == pytest.approx(0.029571, rel=1e-4)
    assert units.current == pytest.approx(1.41e28 * elementary_charge * 1e-9)


@pytest.mark.parametrize("steps", [1, 7, 400])
def test_mixing_follows_a_rising_fraction_exactly(steps: int) -> None:
    """dq/dt = (u - q)/tau for u = t/100 s: q = u - tau/100 s (1 - exp(-t/tau)), whatever the steps."""
    drive = drive_of(Stage(100.0), GLASS, Units(GLASS, 298.15), Laws(GLASS), np.ones(3), "bulk")
    mixed, dt = np.zeros((5, 2)), 100.0 / steps
    for n in range(steps):
        before, after = (np.full((5, 2), k * dt / 100) for k in (n, n + 1))
        mixed = drive.mixed_after(dt, before, after, mixed)
    np.testing.assert_allclose(mixed, 1 - 0.5 * (1 - math.exp(-2)), rtol=1e-9)
