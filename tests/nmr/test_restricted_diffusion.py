"""D(Δ) between barriers against finite volumes, random walkers, exact echoes and both limits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ionscape.nmr.restricted_diffusion import (
    barrier_diffusion,
    permeable_limit,
    planes_attenuation,
    short_time_diffusion,
)
from ionscape.testing.echoes import lattice_echo, walkers_echo

D, L = 1e-12, 1e-6
TIMES = np.array([0.003, 0.03, 0.1, 0.3, 1.0, 5.0])


@pytest.mark.parametrize("permeability", [0.0, 2e-7, 1e-6, 1e-5])
def test_finite_volumes_converge_to_it_at_second_order(permeability: float) -> None:
    limit = permeable_limit(D, permeability, L) if permeability else 0.0
    exact = barrier_diffusion(TIMES, D, limit, L)
    errors = []
    for sites in (20, 40):
        q = 1e-2 / np.sqrt(2 * exact * TIMES)
        echo = lattice_echo(q, TIMES, D, L, permeability, sites=sites)
        errors.append(np.max(np.abs(-np.log(echo) / (q**2 * TIMES) / exact - 1)))
    assert errors[1] < 5e-3
    assert np.log2(errors[0] / errors[1]) > 1.8


def test_closed_planes_are_tanner_and_stejskals_echo() -> None:
    for t in TIMES:
        d = barrier_diffusion(t, D, 0.0, L)
        q = 1e-3 / np.sqrt(2 * d * t)
        assert -np.log(planes_attenuation([q], t, D, L)[0]) / (q**2 * t) == pytest.approx(d, rel=2e-5)


def test_the_exact_echo_of_planes_is_that_of_random_walkers() -> None:
    q = np.linspace(0.5, 12.0, 8) / L
    n = 60_000
    for t in (0.05, 0.3):
        walked = walkers_echo(q, t, D, L, walkers=n, rng=np.random.default_rng(7))
        np.testing.assert_allclose(walked, planes_attenuation(q, t, D, L), atol=4 / np.sqrt(2 * n) + 2e-3)


def test_planes_are_smooth_across_the_poles_of_the_sum() -> None:
    u = np.pi * np.array([1 - 1e-4, 1.0, 1 + 1e-4])
    e = planes_attenuation(u / L, 0.1, D, L)
    assert e[1] == pytest.approx((e[0] + e[2]) / 2, rel=1e-6)


@given(st.floats(0.0, 0.95), st.floats(-14, -10), st.floats(-7, -4))
def test_short_times_see_the_surface(share: float, log_d: float, log_l: float) -> None:
    free, distance = 10.0**log_d, 10.0**log_l
    t = 1e-4 * distance**2 / free
    found = barrier_diffusion(t, free, share * free, distance)
    mitra = short_time_diffusion(t, free, 6 / distance)
    # what comes next is of order D0 Δ/ℓ² for permeable planes
    assert found == pytest.approx(mitra, rel=4e-3 if share else 1e-6)


@given(st.floats(0.0, 0.95))
def test_long_times_see_the_tortuosity(share: float) -> None:
    t = 1e4 * L**2 / D
    expected = share * D + (1 - share) ** 2 * L**2 / (12 * t)
    assert barrier_diffusion(t, D, share * D, L) == pytest.approx(expected, rel=1e-6)


@given(st.floats(0.0, 1.0))
def test_d_only_falls(share: float) -> None:
    d = barrier_diffusion(np.geomspace(1e-3, 1e3, 60), D, share * D, L)
    assert np.all(np.diff(d) <= 1e-9 * D)
    assert np.all((d <= D * (1 + 1e-9)) & (d >= share * D * (1 - 1e-9)))
