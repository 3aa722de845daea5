"""The Arrhenius line against textbook formulas, other code, and its own laws."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.constants import Boltzmann, elementary_charge
from scipy.stats import linregress, t

from ionscape.core.errors import InputError
from ionscape.core.estimate import (
    Estimate,
    correlation,
    covariance,
    exact,
    from_draws,
    joint,
    measured,
    undetermined,
)
from ionscape.core.quantity import dimension_of
from ionscape.temperature import arrhenius

K_EV = Boltzmann / elementary_charge
S, K, M = dimension_of("S/m"), dimension_of("K"), dimension_of("m")
T = np.linspace(300.0, 420.0, 7)


def conductivities(energy: float = 0.5, ln_a: float = 20.0, noise: float = 0.02) -> NDArray[np.float64]:
    scatter = noise * np.random.default_rng(7).standard_normal(T.size)
    return np.asarray(np.exp(ln_a - energy / (K_EV * T) + scatter) / T)


def ev(energy: Estimate) -> float:
    return energy.value / elementary_charge


def test_without_errors_it_is_ordinary_least_squares_with_students_t() -> None:
    sigma = conductivities()
    fit = arrhenius(T, sigma)
    other = linregress(1 / (K_EV * T), np.log(sigma * T))
    assert ev(fit.activation_energy) == pytest.approx(-other.slope, rel=1e-9)
    assert math.log(fit.pre_exponential_factor.value) == pytest.approx(other.intercept, rel=1e-9)
    assert fit.activation_energy.spread / elementary_charge == pytest.approx(other.stderr, rel=1e-6)
    assert fit.pre_exponential_factor.spread == pytest.approx(other.intercept_stderr, rel=1e-6)
    low, high = fit.activation_energy.interval(0.95)
    assert (high - low) / 2 / elementary_charge == pytest.approx(t.ppf(0.975, 5) * other.stderr, rel=1e-4)


def test_with_errors_it_is_weighted_least_squares() -> None:
    sigma = conductivities()
    relative = np.array([0.05, 0.04, 0.03, 0.02, 0.03, 0.04, 0.05])
    fit = arrhenius(T, sigma, uncertainty=relative * sigma)
    coefficients, cov = np.polyfit(1 / (K_EV * T), np.log(sigma * T), 1, w=1 / relative, cov="unscaled")
    assert ev(fit.activation_energy) == pytest.approx(-coefficients[0], rel=1e-9)
    assert fit.activation_energy.standard_uncertainty / elementary_charge == pytest.approx(cov[0, 0] ** 0.5)
    assert fit.pre_exponential_factor.spread == pytest.approx(cov[1, 1] ** 0.5)
    found = correlation(fit.activation_energy, fit.pre_exponential_factor)
    assert found == pytest.approx(-cov[0, 1] / math.sqrt(cov[0, 0] * cov[1, 1]))


@given(st.integers(0, 10_000))
def test_any_covariance_gives_aitkens_estimator(seed: int) -> None:
    rng = np.random.default_rng(seed)
    root = 0.05 * rng.standard_normal((T.size, T.size + 2))
    cov = root @ root.T
    sigma = conductivities(noise=0.0) * np.exp(root @ rng.standard_normal(T.size + 2))
    points = joint(f"fit {seed}", list(sigma), cov, scales=["log"] * 7, dimensions=[S] * 7)
    fit = arrhenius([exact(x, K) for x in T], points, scatter="stated")
    design = np.column_stack([np.ones_like(T), -1 / (K_EV * T)])
    inverse = np.linalg.inv(cov)
    expected = np.linalg.inv(design.T @ inverse @ design)
    best = expected @ design.T @ inverse @ np.log(sigma * T)
    assert ev(fit.activation_energy) == pytest.approx(best[1], rel=1e-6)
    assert fit.activation_energy.spread / elementary_charge == pytest.approx(expected[1, 1] ** 0.5, rel=1e-5)
    assert fit.pre_exponential_factor.spread == pytest.approx(expected[0, 0] ** 0.5, rel=1e-5)


@pytest.mark.parametrize("own", [0.02, 1e-7])
def test_a_shared_thickness_goes_whole_into_a_and_not_into_e(own: float) -> None:
    """Also where it is a million times larger than all else (nearly singular covariance)."""
    sigma = conductivities(noise=own)
    thickness = measured(1.0, 0.1, source="thickness")
    free = [measured(s, own * s, S, source=f"p{i}") for i, s in enumerate(sigma)]
    shared = [q * Estimate(1.0, scale="log", weights=thickness.weights) for q in free]
    temperatures = [exact(x, K) for x in T]
    a, b = (arrhenius(temperatures, q, scatter="stated") for q in (free, shared))
    assert b.activation_energy.value == pytest.approx(a.activation_energy.value, rel=1e-9)
    assert b.activation_energy.spread == pytest.approx(a.activation_energy.spread, rel=1e-6)
    assert abs(b.activation_energy.weights.get("thickness", 0.0)) < 1e-12 * elementary_charge
    for estimate in (b.pre_exponential_factor, b.at(298.15)):
        assert estimate.weights["thickness"] == pytest.approx(0.1, rel=1e-6)


def test_results_move_with_their_points_as_a_refit_does() -> None:
    """Weights are derivatives: moving one cause by a small step and refitting gives the same change."""
    sigma = conductivities()

    def fitted(step: dict[str, float]) -> list[Estimate]:
        shift = step.get("oven", 0.0)
        temperatures = [Estimate(x + 1.5 * shift, K, "linear", {"oven": 1.5}) for x in T]
        points = [
            Estimate(s * math.exp(0.03 * step.get(f"p{i}", 0.0)), S, "log", {f"p{i}": 0.03})
            for i, s in enumerate(sigma)
        ]
        fit = arrhenius(temperatures, points, at=[250.0], scatter="stated")
        return [fit.activation_energy, fit.pre_exponential_factor, fit.values[0][1]]

    middle = fitted({})
    for name in ("oven", "p0", "p3", "p6"):
        up, down = fitted({name: 0.01}), fitted({name: -0.01})
        for e, u, d in zip(middle, up, down, strict=True):
            change = math.log(u.value / d.value) if e.scale == "log" else u.value - d.value
            # the weighting, which the oven's error enters, moves too: a second-order change
            assert change / 0.02 == pytest.approx(e.weights[name], rel=2e-2, abs=1e-3 * e.spread)


def test_the_two_forms_differ_by_about_kt() -> None:
    """PHYSICS: 0.038 eV at 443 K, the mean of a real series from 413 to 473 K."""
    kelvin = np.arange(413.0, 474.0, 10.0)
    sigma = np.exp(10 - 0.6 / (K_EV * kelvin)) / kelvin
    one, two = (arrhenius(kelvin, sigma, form=f) for f in ("ln sigma T", "ln sigma"))
    difference = ev(one.activation_energy) - ev(two.activation_energy)
    assert difference == pytest.approx(K_EV * 443.0, rel=0.01)
    assert difference == pytest.approx(0.038, abs=0.0005)


def test_energy_from_the_slope_of_a_decadic_plot() -> None:
    sigma = conductivities()
    slope = linregress(1000 / T, np.log10(sigma * T)).slope
    assert ev(arrhenius(T, sigma).activation_energy) == pytest.approx(0.19842 * abs(slope), rel=2e-5)


@given(st.floats(1e-6, 1e6), st.floats(0.05, 1.5))
def test_a_factor_goes_into_a_alone(factor: float, energy: float) -> None:
    sigma = conductivities(energy)
    a, b = (arrhenius(T, s, uncertainty=0.03 * s) for s in (sigma, factor * sigma))
    assert b.activation_energy.value == pytest.approx(a.activation_energy.value, rel=1e-9)
    assert b.pre_exponential_factor.value == pytest.approx(factor * a.pre_exponential_factor.value, rel=1e-8)


def test_values_come_from_the_same_line() -> None:
    fit = arrhenius(T, conductivities(), at=[298.15, 360.0])
    for kelvin, estimate in fit.values:
        ln_a, e = math.log(fit.pre_exponential_factor.value), ev(fit.activation_energy)
        assert math.log(estimate.value * kelvin) == pytest.approx(ln_a - e / (K_EV * kelvin))
        cov = covariance([fit.pre_exponential_factor, fit.activation_energy])
        row = np.array([1.0, -1 / (Boltzmann * kelvin)])
        assert estimate.spread == pytest.approx(math.sqrt(row @ cov @ row))


def test_scatter_beyond_the_errors_is_added_and_said() -> None:
    sigma = conductivities(noise=0.10)
    fit = arrhenius(T, sigma, uncertainty=0.02 * sigma)
    assert fit.solution is not None
    r = fit.solution.residuals
    assert (r**2 / (0.02**2 + fit.solution.scatter**2)).sum() == pytest.approx(5)
    assert any("scatter more than their errors" in w and "Student" in w for w in fit.warnings)
    assert any("#" in name for name in fit.activation_energy.weights)
    stated = arrhenius(T, sigma, uncertainty=0.02 * sigma, scatter="stated")
    assert stated.activation_energy.spread < fit.activation_energy.spread / 2


def test_points_that_scatter_less_keep_their_errors() -> None:
    sigma = conductivities(noise=0.002)
    fit = arrhenius(T, sigma, uncertainty=0.02 * sigma)
    assert fit.solution is not None
    assert fit.solution.scatter == 0
    assert fit.activation_energy.shape is None
    assert fit.warnings == ()


def test_errors_of_temperature_act_through_the_slope() -> None:
    sigma = conductivities(energy=1.0, noise=0.0)
    fit = arrhenius(T, sigma, temperature_uncertainty=1.0, scatter="stated")
    # effective variance: sd(ln sigma T) = |E/kT - 1| sd(T)/T
    relative = (1.0 / (K_EV * T) - 1) / T
    _, cov = np.polyfit(1 / (K_EV * T), np.log(sigma * T), 1, w=1 / relative, cov="unscaled")
    assert fit.activation_energy.spread / elementary_charge == pytest.approx(cov[0, 0] ** 0.5, rel=1e-6)


def test_a_point_without_an_error_takes_that_of_its_neighbours() -> None:
    sigma = conductivities()
    sd = 0.02 * sigma
    sd[3] = 0.0
    some, all_ = (arrhenius(T, sigma, uncertainty=s) for s in (sd, 0.02 * sigma))
    assert some.activation_energy.value == pytest.approx(all_.activation_energy.value, rel=1e-9)
    assert some.activation_energy.spread == pytest.approx(all_.activation_energy.spread, rel=1e-9)
    assert any("1 of 7 points state no error" in w for w in some.warnings)


@pytest.mark.parametrize(
    ("kelvin", "why"),
    [
        ([300.0], "there is one"),
        ([], "there are none"),
        ([300.0, 300.0], "one temperature"),
        ([300.0, 320.0], "two points without uncertainties"),
    ],
)
def test_too_little_for_a_line_is_undetermined(kelvin: list[float], why: str) -> None:
    fit = arrhenius(kelvin, [1.0] * len(kelvin))
    for estimate in (fit.activation_energy, fit.pre_exponential_factor, fit.values[0][1], fit.at(300.0)):
        assert estimate.status == "undetermined"
        assert why in estimate.note
    with pytest.raises(InputError, match=why):
        fit.line([300.0])


def test_two_points_with_errors_make_an_exact_line() -> None:
    fit = arrhenius([300.0, 400.0], [1.0, 10.0], uncertainty=[0.05, 0.5])
    expected = math.log(10 * 400 / 300) * K_EV / (1 / 300 - 1 / 400)
    assert ev(fit.activation_energy) == pytest.approx(expected)
    assert fit.activation_energy.spread / elementary_charge == pytest.approx(
        math.sqrt(2) * 0.05 * K_EV / (1 / 300 - 1 / 400)
    )
    assert any("two points only" in w for w in fit.warnings)


def test_undetermined_points_are_left_out_and_named() -> None:
    points = [measured(s, 0.02 * s, S) for s in conductivities()]
    points[2] = undetermined(S, "the arc is cut")
    fit = arrhenius([exact(x, K) for x in T], points, labels=[f"spectrum {i}" for i in range(7)])
    assert len(fit.points) == 6
    assert fit.warnings == ("spectrum 2 is left out: its value is undetermined (the arc is cut)",)


def test_skewed_points_make_a_skewed_line() -> None:
    """One point with a long tail upwards dominates a two-point line."""
    draws = np.exp(np.random.default_rng(3).gamma(2.0, 0.1, 20_000) - 0.15)
    (skewed,) = from_draws("fit", draws[:, None], scales=["log"], dimensions=[S])
    fit = arrhenius([exact(300.0, K), exact(400.0, K)], [measured(1e-3, 1e-6, S), skewed])
    low, high = fit.activation_energy.interval(0.95)
    best = fit.activation_energy.value
    assert (high - best) > 1.3 * (best - low)


def test_a_viscosity_has_a_positive_barrier() -> None:
    eta = np.exp(-10 + 1.2 / (K_EV * T))
    fit = arrhenius(T, eta, uncertainty=0.01 * eta, dimension="Pa*s", at=[300.0])
    assert ev(fit.activation_energy) == pytest.approx(1.2, rel=1e-6)
    assert math.log(fit.pre_exponential_factor.value) == pytest.approx(-10, rel=1e-6)
    assert fit.values[0][1].value == pytest.approx(eta[0], rel=1e-6)
    best, low, high = fit.line(T)
    np.testing.assert_allclose(best, np.log(eta), rtol=1e-9)
    assert np.all((low < best) & (best < high))


def test_a_wanted_temperature_must_be_possible() -> None:
    with pytest.raises(InputError, match="positive kelvin"):
        arrhenius(T, conductivities(), at=[-5.0])


def test_an_extrapolation_over_more_than_five_decades_of_error_is_undetermined() -> None:
    kelvin = np.array([1000.0, 1005.0, 1010.0])
    fit = arrhenius(kelvin, np.exp(-1.0 / (K_EV * kelvin)), uncertainty=0.3 * np.exp(-1.0 / (K_EV * kelvin)))
    assert fit.values[0][1].status == "undetermined"
    assert "decades" in fit.values[0][1].note
    assert fit.at(1005.0).status == "determined"
