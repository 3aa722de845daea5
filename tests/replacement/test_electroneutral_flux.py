"""Fluxes through one face: exponential fitting, current, derivatives, signs."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ionscape.replacement.electroneutral_flux import (
    MELT,
    Faces,
    Film,
    Front,
    Ions,
    all_faces,
    bernoulli,
    new_faces,
    potential_drop,
    upwind_shift,
)
from ionscape.replacement.law_table import hermite_table

FloatArray = NDArray[np.float64]


@given(st.floats(-600, 600))
def test_bernoulli(x: float) -> None:
    value, slope = bernoulli(x)
    assert value == pytest.approx(1.0 if x == 0 else x / math.expm1(x), rel=1e-12, abs=1e-200)
    step = 1e-4 * max(1, abs(x))
    numeric = (bernoulli(x + step)[0] - bernoulli(x - step)[0]) / (2 * step)
    assert slope == pytest.approx(numeric, rel=1e-5, abs=1e-7)


@given(st.floats(-1e3, 1e3))
def test_upwind_shift_is_odd_and_bounded(x: float) -> None:
    assert abs(upwind_shift(x)) <= 0.5
    assert upwind_shift(-x) == pytest.approx(-upwind_shift(x), abs=1e-15)


@given(
    share=st.floats(0, 1), other=st.floats(0, 1), ratio=st.floats(-14, 14), current=st.floats(-6, 6),
    sign=st.sampled_from([-1, 1]),
)  # fmt: skip
def test_there_is_always_a_field(share: float, other: float, ratio: float, current: float, sign: int) -> None:
    """At any Peclet number (10^current) and any ratio of the diffusion coefficients."""
    mobility = np.array([1.0, math.exp(ratio)])
    left, right = np.array([share, 1 - share]), np.array([other, 1 - other])
    wanted = sign * 10**current
    drop = potential_drop(mobility, np.ones(2), left, right, wanted, 0.0)
    b = bernoulli(drop)[0]
    parts = mobility * (b + drop) * left, mobility * b * right
    assert np.sum(parts[0] - parts[1]) == pytest.approx(wanted, rel=1e-7, abs=1e-7 * float(np.sum(parts)))


def three_ions(u: FloatArray, current: float, mixing: float, mixed: FloatArray) -> Faces:
    """Fluxes in a film of three ions, one of charge 2, with steep tables of D."""
    cells = len(u) - 2
    face = np.linspace(0, 1, cells + 1) ** 1.3
    width = np.diff(face)
    half = np.concatenate([[0.0], width / 2, [0.0]])
    film = Film(width, face, half[1:] + half[:-1], half[1:] / (half[1:] + half[:-1]))
    filling = np.linspace(0, 1, 301)
    table = hermite_table(np.array([4 * filling, -1 - filling**2, 0.5 + np.sin(2 * filling)]))
    out = new_faces(cells, 3)
    ions = Ions(np.array([1.0, 2.0, 1.0]), 0.05, np.array([0.95, 0.0, 0.0]))
    front = Front(MELT, 1, np.array([0.2, 0.5, 0.25]))
    assert all_faces(
        film, ions, front, table, 0.3 * film.face, film.share, mixed, mixing, u, current, np.empty_like(u),
        np.zeros((5, 3)), out,
    )  # fmt: skip
    return out


@pytest.mark.parametrize("mixing", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("current", [-3.0, 0.0, 40.0])
def test_derivatives(mixing: float, current: float) -> None:
    rng = np.random.default_rng(5)
    u = rng.dirichlet([1, 1, 1], size=7) * 0.95
    mixed = 0.3 * (1 - mixing) * u
    faces = three_ions(u, current, mixing, mixed)
    for k in range(2):
        for cell in (2, 3):
            h = 1e-6
            shifted = [u.copy(), u.copy()]
            for sign, each in zip((1, -1), shifted, strict=True):
                each[cell, k] += sign * h
                each[cell, 2] -= sign * h
            high, low = (three_ions(each, current, mixing, mixed) for each in shifted)
            flux = (high.flux - low.flux)[:, :2] / (2 * h)
            assert faces.flux_right[cell - 1, :, k] == pytest.approx(flux[cell - 1], rel=1e-5, abs=1e-5)
            assert faces.flux_left[cell, :, k] == pytest.approx(flux[cell], rel=1e-5, abs=1e-5)
            drop = (high.drop - low.drop) / (2 * h)
            assert faces.drop_left[cell, k] == pytest.approx(drop[cell], rel=1e-5, abs=1e-5)
    high, low = (three_ions(u, current + h, mixing, mixed) for h in (1e-5, -1e-5))
    assert faces.drop_current == pytest.approx((high.drop - low.drop) / 2e-5, rel=1e-5, abs=1e-7)
    # the fluxes relative to the moving faces add up to the current less what the faces sweep over
    swept = 0.3 * np.linspace(0, 1, 6) ** 1.3 * 0.95
    assert faces.flux.sum(axis=1) == pytest.approx(current - swept, rel=1e-8, abs=1e-8)
