"""A finite amount of tracer: conservation, limits, and a random walk."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ionscape.tracer.thin_film import finite_layer, instantaneous_source

POINTS, WEIGHTS = np.polynomial.legendre.leggauss(300)


def _integral(values: np.ndarray[tuple[int], np.dtype[np.float64]], length: float) -> float:
    return float(WEIGHTS @ values * length / 2)


@given(st.floats(1e-18, 1e-6), st.floats(1.0, 1e8), st.floats(0.3, 40.0))
def test_amount_is_conserved(diffusion: float, time: float, shares: float) -> None:
    reach = np.sqrt(diffusion * time)
    x = (POINTS + 1) / 2
    assert _integral(instantaneous_source(14 * reach * x, time, diffusion), 14 * reach) == pytest.approx(
        1, rel=1e-9
    )
    length = shares * reach  # a closed far edge keeps it all too
    short = instantaneous_source(length * x, time, diffusion, length)
    assert _integral(short, length) == pytest.approx(1, rel=1e-9)
    layer = finite_layer(length * x, time, diffusion, 0.3 * length, length)
    assert _integral(layer, length) == pytest.approx(0.3 * length, rel=1e-6)


@given(st.floats(0.0, 4.0))
def test_thin_layer_is_an_instantaneous_source(depth: float) -> None:
    thin = 1e-3
    assert finite_layer(depth, 1.0, 1.0, thin) / thin == pytest.approx(
        float(instantaneous_source(depth, 1.0, 1.0)), rel=1e-5, abs=1e-9
    )


def test_long_times_are_even() -> None:
    x = np.linspace(0, 1, 11)
    assert instantaneous_source(x, 1.0, 20.0, 1.0) == pytest.approx(1.0, abs=1e-12)
    assert finite_layer(x, 1.0, 20.0, 0.25, 1.0) == pytest.approx(0.25, abs=1e-12)


def test_layer_against_a_random_walk() -> None:
    rng = np.random.default_rng(11)
    n, width, length = 400_000, 0.8, 2.5
    place = rng.uniform(0, width, n)
    for _ in range(20):  # Gaussian steps, folded at both closed faces
        place = np.abs(place + rng.normal(0, np.sqrt(2 / 20), n))
        place = np.abs(length - np.abs(place - length))
        place = np.where(place > length, 2 * length - place, place)
    edges = np.linspace(0, length, 26)
    density = np.histogram(place, edges)[0] / n * width / np.diff(edges)
    expected = finite_layer((edges[1:] + edges[:-1]) / 2, 1.0, 1.0, width, length)
    error = np.sqrt(density * width / np.diff(edges) / n)
    assert float(np.mean(((density - expected) / error) ** 2)) < 1.9
