"""Division by the signal of the glass."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ionscape.core.errors import InputError
from ionscape.replacement.matrix_division import matrix_course

DEPTH = np.linspace(0.0, 200e-9, 300)


@settings(max_examples=25, deadline=None)
@given(st.floats(-0.3, 0.3), st.floats(-0.2, 0.2), st.integers(0, 2**31))
def test_a_smooth_drift_is_found_within_its_error(slope: float, bend: float, seed: int) -> None:
    x = DEPTH / DEPTH[-1]
    true = 1 + slope * (x - 0.5) + bend * (x - 0.5) ** 2
    found = matrix_course("11B", DEPTH, np.random.default_rng(seed).poisson(4000 * true).astype(float))
    assert float(found.variance.max()) == 0
    sd = np.sqrt(np.sum(np.square(found.shared), axis=0))
    pulls = (found.course / (true / true.mean()) - 1) / sd
    assert float(np.max(np.abs(pulls))) < 6


def test_its_coefficients_cover() -> None:
    rng = np.random.default_rng(9)
    inside = 0
    for _ in range(300):
        counts = rng.poisson(4000, DEPTH.size).astype(float)
        found = matrix_course("11B", DEPTH, counts)
        at = found.course[150] * counts.mean() / 4000 - 1
        inside += abs(at) < np.sqrt(sum(float(c[150]) ** 2 for c in found.shared))
    assert inside / 300 == pytest.approx(0.683, abs=0.08)


def test_a_jump_is_divided_point_by_point() -> None:
    rate = np.where(DEPTH < 100e-9, 8000.0, 4000.0)
    counts = np.random.default_rng(3).poisson(rate).astype(float)
    found = matrix_course("11B", DEPTH, counts)
    np.testing.assert_allclose(found.course, counts / counts.mean())
    np.testing.assert_allclose(found.variance, 1 / counts)
    assert "point by point" in found.finding


def test_too_few_counts() -> None:
    with pytest.raises(InputError, match="too few to divide by"):
        matrix_course("11B", DEPTH, np.full(300, 20.0))
