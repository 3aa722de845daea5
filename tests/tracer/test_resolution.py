"""The beam's resolution against brute-force integration."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import erfc

from ionscape.tracer.resolution import blurred

FloatArray = NDArray[np.float64]
X = np.linspace(-3, 8, 23)


def _profile(x: FloatArray) -> FloatArray:
    return np.asarray(erfc(np.maximum(x, 0.0) / 2))


def _brute(at: float, deviation: float, surface: float, solid_beyond: bool) -> float:
    low = at - 12 * deviation if solid_beyond else max(surface, at - 12 * deviation)
    edges = np.unique(np.concatenate([np.linspace(low, max(at + 12 * deviation, low + 1e-9), 40_001),
                                      np.linspace(surface, surface + 3, 20_001)]))  # fmt: skip
    edges = edges[edges >= low]
    y = (edges[1:] + edges[:-1]) / 2
    weight = np.exp(-(((y - at) / deviation) ** 2) / 2) * np.diff(edges)
    return float(np.sum(weight * _profile(y - surface)) / np.sum(weight))


@settings(max_examples=25)
@given(st.floats(0.05, 2.5), st.floats(-1.0, 1.0), st.booleans())
def test_against_brute_force(deviation: float, surface: float, solid_beyond: bool) -> None:
    x = X if solid_beyond else X[surface < X]
    found = blurred(
        lambda y: _profile(y - surface), x, np.array([[surface]]), deviation, solid_beyond=solid_beyond
    )
    for at, value in list(zip(x, found[0], strict=True))[::4]:
        assert value == pytest.approx(_brute(float(at), deviation, surface, solid_beyond), abs=2e-6)


def test_deep_in_the_solid_a_gaussian_only_widens() -> None:
    """exp(-x^2/4) of variance 2 seen with variance s^2 is a Gaussian of variance 2 + s^2."""
    x, s = np.linspace(-2, 2, 9), 0.7
    found = blurred(lambda y: np.exp(-(y**2) / 4), x, np.array([[-60.0]]), s, solid_beyond=True)
    assert found[0] == pytest.approx(np.sqrt(2 / (2 + s * s)) * np.exp(-(x**2) / 2 / (2 + s * s)), abs=1e-9)


def test_sharp_beam_changes_nothing() -> None:
    x = np.linspace(0.5, 8, 30)
    found = blurred(_profile, x, np.zeros((1, 1)), 1e-4, solid_beyond=False)
    assert found[0] == pytest.approx(_profile(x), abs=1e-8)
