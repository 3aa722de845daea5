"""VFT, MYEGA and broken lines: closed forms, another fitter, and intervals that admit ignorance."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.constants import Boltzmann, elementary_charge
from scipy.optimize import curve_fit

from ionscape.core.estimate import Estimate, exact
from ionscape.core.quantity import dimension_of
from ionscape.temperature import BROKEN_LINE, MYEGA, VOGEL, arrhenius
from ionscape.temperature.curved_model import CurvedFit, CurvedModel, fit_curved
from ionscape.temperature.mauro import myega

K_EV = Boltzmann / elementary_charge
T = np.linspace(260.0, 400.0, 12)


def fitted(model: CurvedModel, y: NDArray[np.float64], sd: float, *, dimension: str = "S/m",
           kelvin: NDArray[np.float64] = T) -> CurvedFit:  # fmt: skip
    line = arrhenius(kelvin, y, uncertainty=sd * y, dimension=dimension)
    return fit_curved(line.points, model, slope=line.slope, source="test")


def vogel_series(noise: float) -> NDArray[np.float64]:
    rng = np.random.default_rng(11)
    return np.asarray(np.exp(5 - 1200 / (T - 170) + noise * rng.standard_normal(T.size)) / T)


def test_vft_agrees_with_another_fitter() -> None:
    sigma = vogel_series(0.02)
    t0, b = fitted(VOGEL, sigma, 0.02).estimates

    def ln(kelvin: NDArray[np.float64], ln_a: float, barrier: float, zero: float) -> NDArray[np.float64]:
        return ln_a - barrier / (kelvin - zero)

    y, sd = np.log(sigma * T), np.full(12, 0.02)
    best, cov = curve_fit(ln, T, y, p0=(5, 1200, 170), sigma=sd, absolute_sigma=True)
    assert t0.value == pytest.approx(best[2], rel=1e-5)
    assert b.value == pytest.approx(best[1], rel=1e-5)
    assert t0.standard_uncertainty == pytest.approx(cov[2, 2] ** 0.5, rel=0.03)
    assert b.spread * b.value == pytest.approx(cov[1, 1] ** 0.5, rel=0.03)


def test_vft_of_a_straight_line_bounds_t0_and_fixes_no_barrier() -> None:
    sigma = np.exp(10 - 0.5 / (K_EV * T) + 0.02 * np.random.default_rng(4).standard_normal(12)) / T
    t0, b = fitted(VOGEL, sigma, 0.02).estimates
    assert (t0.status, t0.side) == ("bound", "upper")
    assert b.status == "undetermined"
    assert "T0" in b.note


def test_values_on_the_curve_and_below_its_end() -> None:
    fit = fitted(VOGEL, vogel_series(1e-4), 1e-4)
    assert fit.at(300.0).value == pytest.approx(math.exp(5 - 1200 / 130) / 300, rel=1e-3)
    assert fit.at(100.0).status == "undetermined"


def test_a_shared_thickness_stays_out_of_t0() -> None:
    sigma = vogel_series(0.02)
    siemens = dimension_of("S/m")
    points = [Estimate(s, siemens, "log", {f"p{i}": 0.02, "thickness": 0.5}) for i, s in enumerate(sigma)]
    line = arrhenius([exact(t, dimension_of("K")) for t in T], points)
    fit = fit_curved(line.points, VOGEL, slope=line.slope, source="test")
    free = fitted(VOGEL, sigma, 0.02)
    assert fit.estimates[0].value == pytest.approx(free.estimates[0].value, rel=1e-6)
    assert fit.estimates[0].spread == pytest.approx(free.estimates[0].spread, rel=1e-4)
    assert fit.at(300.0).weights["thickness"] == pytest.approx(0.5)


def test_broken_line_finds_break_and_both_energies() -> None:
    x, knee = 1 / (K_EV * T), 1 / (K_EV * 333.0)
    rng = np.random.default_rng(2)
    sigma = np.exp(20 - 0.3 * x - 0.4 * np.maximum(x - knee, 0) + 0.01 * rng.standard_normal(12)) / T
    kelvin, cold, hot = fitted(BROKEN_LINE, sigma, 0.01).estimates
    for estimate, truth in ((kelvin, 333.0), (cold, 0.7 * elementary_charge), (hot, 0.3 * elementary_charge)):
        assert abs(estimate.value - truth) < 3 * estimate.standard_uncertainty
    low, high = kelvin.interval()
    assert 330 < low < high < 336


def test_a_break_that_is_not_there_is_undetermined() -> None:
    sigma = np.exp(10 - 0.5 / (K_EV * T) + 0.02 * np.random.default_rng(4).standard_normal(12)) / T
    for estimate in fitted(BROKEN_LINE, sigma, 0.02).estimates:
        assert estimate.status == "undetermined"


@pytest.mark.parametrize(("tg", "m"), [(780.0, 45.0), (500.0, 90.0), (1480.0, 20.0)])
def test_myega_by_its_own_definitions(tg: float, m: float) -> None:
    """log10 of the viscosity is 12 at Tg, and the slope against Tg/T there is m."""
    step = 1e-5
    at = myega(tg / np.array([1.0, 1.0 + step, 1.0 - step]), tg, m)
    assert at[0] == pytest.approx(12.0)
    assert (at[1] - at[2]) / (2 * step) == pytest.approx(m, rel=1e-6)


@pytest.mark.parametrize(("tg", "m"), [(780.0, 45.0), (500.0, 90.0)])
def test_myega_fit_returns_what_made_the_curve(tg: float, m: float) -> None:
    kelvin = np.linspace(1.03, 1.9, 10) * tg
    eta = 10 ** (myega(kelvin, tg, m) + 0.01 * np.random.default_rng(6).standard_normal(10))
    glass, fragility = fitted(MYEGA, eta, 0.023, dimension="Pa*s", kelvin=kelvin).estimates
    assert abs(glass.value - tg) < 3 * glass.standard_uncertainty
    assert abs(fragility.value - m) < 3 * fragility.standard_uncertainty
    assert fragility.standard_uncertainty < 0.03 * m
