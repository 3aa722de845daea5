"""The rational exponential is as exact as it says, for every eigenvalue."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.polynomial import chebyshev

from ionscape.tracer.rational_exponential import rational_exponential

X = np.concatenate([[0.0], np.geomspace(1e-6, 1e9, 5000)])  # eigenvalue times duration


@pytest.mark.parametrize("tolerance", [1e-2, 1e-4, 1e-6, 1e-9, 1e-12])
def test_error_is_below_the_tolerance(tolerance: float) -> None:
    series = rational_exponential(tolerance)
    z = 2 / (1 + X / series.ratio) - 1
    assert np.abs(chebyshev.chebval(z, series.coefficients) - np.exp(-X)).max() < tolerance


def test_terms_grow_with_the_digits() -> None:
    terms = [len(rational_exponential(10.0**-digits).coefficients) for digits in (3, 6, 9, 12)]
    assert terms[-1] < 35
    assert np.ptp(np.diff(terms)) <= 2  # about 2.4 to the power of the number of terms


@pytest.mark.parametrize("tolerance", [1e-3, 1e-8])
def test_what_is_gained_is_what_came_in(tolerance: float) -> None:
    series, x = rational_exponential(tolerance), X[X < 1e5]  # beyond, rounding of z + 1 is all one sees
    z = 2 / (1 + x / series.ratio) - 1
    gain = 1 - chebyshev.chebval(z, series.coefficients)
    assert x * chebyshev.chebval(z, series.integral) == pytest.approx(gain, abs=1e-9)
