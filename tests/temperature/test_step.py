"""Two lines with a jump, against the same sums of squares by plain least squares."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.constants import Boltzmann, elementary_charge

from ionscape.temperature import arrhenius, compare

K_EV = Boltzmann / elementary_charge
T = np.linspace(280.0, 370.0, 10)
X = 1 / (K_EV * T)


def test_step_by_least_squares_over_every_gap() -> None:
    """Stated errors: BIC of the best gap, its slope and jump, by `numpy.linalg.lstsq`."""
    rng = np.random.default_rng(4)
    y = 12 - 0.5 * X + 0.5 * (T > 335) + 0.02 * rng.standard_normal(10)
    sigma = np.exp(y) / T
    found = compare(arrhenius(T, sigma, uncertainty=0.02 * sigma, scatter="stated"), scatter="stated")
    fits = []
    for i in range(2, 9):
        design = np.column_stack([np.ones(10), -X, T[i - 1] < T])
        best, squares, *_ = np.linalg.lstsq(design, y)
        fits.append((float(squares[0]), i, best))
    squares, i, best = min(fits, key=lambda f: f[0])
    straight = float(np.linalg.lstsq(np.column_stack([np.ones(10), -X]), y)[1][0])
    assert found.advantage("step") == pytest.approx((straight - squares) / 0.02**2 - 2 * np.log(10), rel=1e-6)
    assert found.preferred == "step"
    candidate = found.candidate("step")
    assert candidate is not None
    assert candidate.fit is not None
    where, factor = candidate.fit.estimates
    assert where.value == pytest.approx((T[i - 1] + T[i]) / 2)
    assert where.standard_uncertainty == pytest.approx(0.6827 * (T[i] - T[i - 1]) / 2, rel=1e-3)
    assert np.log(factor.value) == pytest.approx(best[2], rel=1e-6)
    assert f"between {T[i - 1] - 273.15:.1f} °C" in found.verdict


def test_straight_series_are_seldom_called_steps() -> None:
    """Of 60 straight series with right errors."""
    rng, stepped = np.random.default_rng(8), 0
    for _ in range(60):
        sigma = np.exp(12 - 0.5 * X + 0.02 * rng.standard_normal(10)) / T
        found = compare(arrhenius(T, sigma, uncertainty=0.02 * sigma), models=["step"])
        stepped += found.preferred != "straight"
    assert stepped <= 2
