"""A source that moved: first-order theory against finite volumes, and intervals against the truth."""

from __future__ import annotations

import importlib.util
import math
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from scipy.linalg import solve_banded

from ionscape.core.errors import InputError
from ionscape.tracer.exchange_profiles import constant_source
from ionscape.tracer.profile_fit import ProfileFit, fit_profile
from ionscape.tracer.surface_motion import mean_motion

SCRIPT = Path(__file__).resolve().parents[2] / "verify" / "tracer_moving_source.py"
TIME, D = 1e4, 1e-12


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("tracer_moving_source", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_weights_are_shares_of_the_past() -> None:
    """Rows sum to one; half of the weight of depth u lies before t v²/(u² + v²) with erf(v) = 1/2."""
    u = np.array([0.0, 0.3, 1.0, 3.0])
    moments, weights = mean_motion(2 * u * math.sqrt(D * TIME), TIME, D)
    assert weights.sum(axis=1) == pytest.approx(1.0)
    assert weights[0, -1] == pytest.approx(1.0)  # at the line: where it was last
    for depth, row in zip(u[1:], weights[1:], strict=True):
        middle = TIME * 0.4769**2 / (depth**2 + 0.4769**2)
        assert np.interp(0.5, np.cumsum(row), moments) == pytest.approx(middle, rel=0.05, abs=0.01 * TIME)


def test_shift_agrees_with_a_front_that_moves() -> None:
    """Finite differences in coordinates of the front, C_t = D C_xx + s'(t) C_x: no Duhamel, no erfc."""
    n, steps = 1500, 3000
    length = 8 * math.sqrt(D * TIME)
    h, dt = length / n, TIME / steps
    y = np.arange(1, n, dtype=np.float64) * h
    moves = 0.02 * math.sqrt(D * TIME)

    def profile(speed: float) -> np.ndarray:
        diffusion, drift = D * dt / h**2, speed * dt / (2 * h)
        band = np.zeros((3, n - 1))
        band[0, 1:], band[1], band[2, :-1] = -diffusion - drift, 1 + 2 * diffusion, -diffusion + drift
        c = np.zeros(n - 1)
        for _ in range(steps):
            c[0] += diffusion - drift
            c = solve_banded((1, 1), band, c)
        return c

    # The front ends at zero, from -moves at the start.
    change = (profile(moves / TIME) - profile(-moves / TIME)) / 2
    moments, weights = mean_motion(y, TIME, D)
    shift = weights @ (moves * (moments / TIME - 1))
    slope = -np.exp(-(y**2) / (4 * D * TIME)) / math.sqrt(math.pi * D * TIME)
    expected = -slope * shift
    assert change == pytest.approx(expected, abs=0.02 * np.abs(expected).max())


def _fit(motion: float | None, surface: float | str = "free", at: float = 4e-5) -> ProfileFit:
    x = np.linspace(1e-6, 6e-4, 60)
    noise = 0.003 * np.random.default_rng(2).standard_normal(60)
    noisy = 0.1 + 0.8 * constant_source(x - at, TIME, D) + noise
    return fit_profile(x, noisy, exchange_time=TIME, model="constant source", initial_fraction=0.1,
                       source_fraction=0.9, surface_position=surface, surface_motion=motion)  # fmt: skip


def test_a_tenth_of_the_rise_unless_stated() -> None:
    rest, stated, assumed = (_fit(motion).diffusion_coefficient.spread for motion in (0.0, 4e-6, None))
    assert stated > 2 * rest
    assert assumed == pytest.approx(stated, rel=0.05)
    doubled = _fit(8e-6).diffusion_coefficient.spread
    assert doubled**2 - rest**2 == pytest.approx(4 * (stated**2 - rest**2), rel=1e-3)
    assert any("tracer.propagate" in text and "assumed" in text for text in _fit(None).reasons)
    assert not any("at rest" in text for text in _fit(0.0).reasons)


def test_a_stated_surface_is_at_rest_unless_it_is_said_to_move() -> None:
    held, moving = _fit(None, 4e-5), _fit(4e-6, 4e-5)
    assert held.diffusion_coefficient.spread == pytest.approx(_fit(0.0, 4e-5).diffusion_coefficient.spread)
    assert moving.diffusion_coefficient.spread > held.diffusion_coefficient.spread


def test_a_motion_is_not_negative() -> None:
    with pytest.raises(InputError, match="surface_motion must be zero or larger"):
        _fit(-1e-6)


def test_intervals_cover_where_the_line_moved(script: ModuleType) -> None:
    """A short run of verify/tracer_moving_source.py."""
    found = script.run(24, seed=3)
    for way in ("stated", "assumed"):
        assert found[way][:, 2].mean() > 0.95 - 3 * math.sqrt(0.05 * 0.95 / 24)
    assert found["at rest"][:, 2].mean() < 0.7
