"""Profiles of exchange against limits, series and a finite-volume solution of the diffusion equation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from ionscape.tracer.exchange_profiles import constant_source, slab, surface_exchange

FloatArray = NDArray[np.float64]
X = np.linspace(0, 5, 60)


@given(st.floats(1e-18, 1e-6), st.floats(1.0, 1e8))
def test_fast_exchange_is_a_constant_source(diffusion: float, time: float) -> None:
    x = X * np.sqrt(diffusion * time)
    rate = 1e9 * np.sqrt(diffusion / time)
    assert surface_exchange(x, time, diffusion, rate) == pytest.approx(
        constant_source(x, time, diffusion), abs=1e-8
    )


@given(st.floats(1e-18, 1e-6), st.floats(1.0, 1e8), st.floats(1e-4, 1e4))
def test_tracer_taken_up_is_what_passed_the_surface(diffusion: float, time: float, number: float) -> None:
    """Amount of Crank's eq. (3.38): (1/h)[exp(h^2 Dt) erfc(h sqrt(Dt)) - 1 + 2 h sqrt(Dt/pi)]."""
    from scipy.special import erfcx

    length = np.sqrt(diffusion * time)
    points, weights = np.polynomial.legendre.leggauss(200)
    x, w = 12 * length * (points + 1) / 2, 12 * length * weights / 2
    amount = float(w @ surface_exchange(x, time, diffusion, number * np.sqrt(diffusion / time)))
    if number < 1e-2:  # the formula cancels: three terms of its expansion instead
        expected = length * number * (1 - 4 * number / (3 * np.sqrt(np.pi)) + number**2 / 2)
    else:
        expected = length / number * (erfcx(number) - 1 + 2 * number / np.sqrt(np.pi))
    assert amount == pytest.approx(expected, rel=2e-6)


@given(st.floats(1e-3, 1e3))
def test_slow_exchange_is_linear_in_its_rate(number: float) -> None:
    tiny = surface_exchange(X, 1.0, 1.0, 1e-4 * number / 1e3) / (1e-4 * number / 1e3)
    smaller = surface_exchange(X, 1.0, 1.0, 1e-5 * number / 1e3) / (1e-5 * number / 1e3)
    assert tiny == pytest.approx(smaller, rel=1e-3, abs=1e-4)


@pytest.mark.parametrize("number", [0.003, 0.05, 0.4, 2.0])
def test_slab_with_constant_surface_against_its_series(number: float) -> None:
    """Crank eq. (4.17)."""
    x = np.linspace(0, 1, 41)
    k = (np.arange(300) + 0.5)[:, None] * np.pi
    series = 1 - np.sum(2 / k * np.sin(k * x) * np.exp(-number * k**2), axis=0)
    assert slab(x, 1.0, number, 1.0) == pytest.approx(series, abs=1e-11)


@given(st.floats(1e-3, 1e2))
def test_long_slab_is_a_half_space(number: float) -> None:
    assert slab(X, 1.0, 1.0, 40.0) == pytest.approx(constant_source(X, 1.0, 1.0), abs=1e-12)
    assert slab(X, 1.0, 1.0, 40.0, number) == pytest.approx(surface_exchange(X, 1.0, 1.0, number), abs=1e-12)


def _finite_volumes(number: float, length: float, cells: int) -> tuple[FloatArray, FloatArray]:
    """g at cell centres at D = t = 1 for exchange at the rate ``number``, closed far edge."""
    edges = length * np.linspace(0, 1, cells + 1) ** 1.5
    centres, widths = (edges[1:] + edges[:-1]) / 2, np.diff(edges)

    def change(_: float, g: FloatArray) -> FloatArray:
        inflow = (1 - g[0]) / (1 / number + centres[0])
        flux = np.concatenate([[inflow], -np.diff(g) / np.diff(centres), [0.0]])
        return -np.diff(flux) / widths

    found = solve_ivp(
        change, (0, 1), np.zeros(cells), method="LSODA", rtol=1e-9, atol=1e-11, lband=1, uband=1
    )
    return centres, found.y[:, -1]


@pytest.mark.parametrize(("number", "length"), [(0.7, 9.0), (0.7, 1.3), (5.0, 0.8)])
def test_exchange_against_finite_volumes(number: float, length: float) -> None:
    errors = []
    for cells in (60, 120):
        x, g = _finite_volumes(number, length, cells)
        errors.append(float(np.max(np.abs(slab(x, 1.0, 1.0, length, number) - g))))
    assert errors[1] < 3e-4
    assert np.log2(errors[0] / errors[1]) > 1.8  # the difference is the volumes' own, of second order


def test_broadcasts_over_parameters() -> None:
    d = np.array([[1.0], [2.0]])
    assert slab(X[None, :], 1.0, d, 3.0, 1.0).shape == surface_exchange(X, 1.0, d, 1.0).shape == (2, X.size)
