"""Curvature is tested, not assumed away, and not invented."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.constants import Boltzmann, elementary_charge

from ionscape.core.estimate import Estimate, exact
from ionscape.core.quantity import dimension_of
from ionscape.temperature import arrhenius, compare

K_EV = Boltzmann / elementary_charge
T = np.linspace(260.0, 400.0, 10)


def noisy(ln_st: NDArray[np.float64], noise: float, seed: int) -> NDArray[np.float64]:
    return np.asarray(np.exp(ln_st + noise * np.random.default_rng(seed).standard_normal(T.size)) / T)


def test_a_vft_series_is_recognised() -> None:
    sigma = noisy(5 - 1200 / (T - 170), 0.02, 1)
    for sd in (None, 0.02 * sigma):
        found = compare(arrhenius(T, sigma, uncertainty=sd))
        assert found.preferred == "vft"
        assert found.quadratic > 3
        assert found.advantage("vft") > 6
        assert "steeper on cooling" in found.verdict
        assert "VFT" in found.verdict


def test_a_break_is_recognised() -> None:
    x = 1 / (K_EV * T)
    sigma = noisy(20 - 0.3 * x - 0.4 * np.maximum(x - 1 / (K_EV * 330), 0), 0.02, 2)
    found = compare(arrhenius(T, sigma, uncertainty=0.02 * sigma))
    assert found.preferred == "broken"


def test_a_bend_the_other_way_is_not_called_vft() -> None:
    x = 1 / (K_EV * T)
    sigma = noisy(20 - 0.7 * x + 0.4 * np.maximum(x - 1 / (K_EV * 330), 0), 0.02, 2)
    found = compare(arrhenius(T, sigma, uncertainty=0.02 * sigma))
    assert found.preferred == "broken"
    assert "flatter on cooling" in found.verdict


def test_a_straight_line_is_bent_no_more_often_than_chance() -> None:
    """Of 60 straight series, the 5 % test and the choice of model may fail for three; nine is 1 in 1000."""
    bent = 0
    for seed in range(60):
        sigma = noisy(20 - 0.5 / (K_EV * T), 0.02, 100 + seed)
        found = compare(arrhenius(T, sigma, uncertainty=0.02 * sigma), models=["vft"])
        bent += found.preferred != "straight"
    assert bent < 9


def test_the_quadratic_term_against_weighted_polynomial() -> None:
    sigma = noisy(5 - 1200 / (T - 100), 0.02, 3)
    found = compare(arrhenius(T, sigma, uncertainty=0.02 * sigma), models=[], scatter="stated")
    x = 1 / (K_EV * T)
    best, cov = np.polyfit(x, np.log(sigma * T), 2, w=np.full(10, 50.0), cov="unscaled")
    assert found.quadratic == pytest.approx(-best[0] / cov[0, 0] ** 0.5, rel=1e-6)


def test_bic_difference_is_that_of_the_formula() -> None:
    """Stated errors only: chi-squares and ln n (Schwarz 1978)."""
    from scipy.optimize import curve_fit

    sigma = noisy(5 - 1200 / (T - 150), 0.02, 5)
    y, x = np.log(sigma * T), 1 / (K_EV * T)
    line = np.polyval(np.polyfit(x, y, 1), x)
    best, _ = curve_fit(lambda t, a, b, z: a - b / (t - z), T, y, p0=(5, 1200, 150))
    curve = best[0] - best[1] / (T - best[2])
    expected = (((y - line) ** 2).sum() - ((y - curve) ** 2).sum()) / 0.02**2 - np.log(10)
    found = compare(arrhenius(T, sigma, uncertainty=0.02 * sigma, scatter="stated"), scatter="stated")
    assert found.advantage("vft") == pytest.approx(expected, rel=1e-5)


def test_an_error_that_all_points_share_hides_no_bend() -> None:
    sigma = noisy(5 - 1200 / (T - 170), 0.02, 1)
    kelvin = [exact(t, dimension_of("K")) for t in T]
    siemens = dimension_of("S/m")
    shared = [Estimate(s, siemens, "log", {f"p{i}": 0.02, "thickness": 0.3}) for i, s in enumerate(sigma)]
    a = compare(arrhenius(T, sigma, uncertainty=0.02 * sigma))
    b = compare(arrhenius(kelvin, shared))
    assert b.quadratic == pytest.approx(a.quadratic, rel=1e-6)
    assert b.advantage("vft") == pytest.approx(a.advantage("vft"), rel=1e-4)


def test_too_few_points_are_said_to_be_too_few() -> None:
    sigma = noisy(5 - 900 / T, 0.02, 1)
    assert "cannot be tested with 3 points" in compare(arrhenius(T[:3], sigma[:3])).verdict
    assert "cannot be tested" in compare(arrhenius(T[:1], sigma[:1])).verdict
    four = compare(arrhenius(T[:4], sigma[:4]))
    assert [c.name for c in four.candidates] == ["straight"]
