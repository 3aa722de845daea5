"""What the instrument makes of a profile, against closed forms and conservation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import erf

from ionscape.replacement.instrument import slice_edges, slice_means


def test_a_blurred_step_is_an_error_function() -> None:
    faces = np.array([0.0, 5.0, 10.0])
    edges = np.linspace(0, 10, 2001)
    means = slice_means(faces, np.array([0.2, 1.0]), edges, 0.7)
    middle = (edges[1:] + edges[:-1]) / 2
    expected = 0.2 + 0.4 * (1 + erf((middle - 5) / (0.7 * np.sqrt(2))))
    np.testing.assert_allclose(means, expected, atol=2e-6)


@given(st.integers(3, 40), st.floats(0, 0.3), st.integers(0, 2**32 - 1))
def test_nothing_is_lost_between_the_surface_and_the_bulk(cells: int, blur: float, seed: int) -> None:
    """With flat ends wider than the blur the amount is the same before and behind the instrument."""
    rng = np.random.default_rng(seed)
    faces = np.concatenate([[0.0], 3 + np.cumsum(rng.uniform(0.05, 0.3, cells)), [30.0]])
    fractions = np.concatenate([[0.5], rng.uniform(0, 1, cells - 1), [1.0]])
    edges = np.sort(np.concatenate([[0.0, 30.0], rng.uniform(0, 30, 20)]))
    edges = np.unique(np.round(edges, 6))
    means = slice_means(faces, fractions, edges, blur)
    assert np.sum(means * np.diff(edges)) == pytest.approx(np.sum(fractions * np.diff(faces)), rel=1e-9)


def test_smooth_profiles_converge_with_the_second_order() -> None:
    edges = np.linspace(0.5, 5.5, 34)
    exact = 0.5 + 0.4 * -np.diff(np.cos(edges)) / np.diff(edges)
    errors = []
    for cells in (150, 600):
        faces = np.linspace(0, 6, cells + 1)
        averages = 0.5 + 0.4 * -np.diff(np.cos(faces)) / np.diff(faces)
        errors.append(np.sqrt(np.mean((slice_means(faces, averages, edges, 0.0) - exact) ** 2)))
    assert np.log(errors[0] / errors[1]) / np.log(4) > 1.8


def test_edges_lie_between_the_centres() -> None:
    np.testing.assert_allclose(slice_edges([1.0, 3.0, 5.0]), [0.0, 2.0, 4.0, 6.0])
