"""Estimates: what comes from one cause stays correlated, through every step, file and process."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ionscape.core.errors import CorrelationError, UnitError
from ionscape.core.estimate import (
    Estimate,
    correlation,
    covariance,
    exact,
    from_draws,
    joint,
    lower_bound,
    measured,
    refused,
    undetermined,
    upper_bound,
)
from ionscape.core.propagation import exponential, logarithm, propagate
from ionscape.core.quantity import DIMENSIONLESS, dimension_of

LENGTH, RESISTANCE = dimension_of("m"), dimension_of("ohm")
positive = st.floats(1e-6, 1e6)
relative = st.floats(1e-4, 0.2)


def test_shared_thickness_is_not_averaged_away() -> None:
    thickness = measured(2.1e-3, 2.1e-5, LENGTH, source="pellet.thickness")
    resistances = [measured(1e5 * k, 1e3 * k, RESISTANCE) for k in range(1, 8)]
    mean_log = sum((logarithm(thickness / r) for r in resistances), exact(0.0)) / 7
    assert mean_log.standard_uncertainty == pytest.approx(math.hypot(0.01, 0.01 / math.sqrt(7)), rel=1e-12)


def test_a_shared_error_cancels_from_a_ratio() -> None:
    thickness = measured(2.1e-3, 2.1e-4, LENGTH, source="pellet.thickness")
    assert (thickness / thickness).standard_uncertainty == 0
    assert (thickness - thickness).standard_uncertainty == pytest.approx(0, abs=1e-18)
    assert correlation(thickness, thickness**-1) == pytest.approx(-1)


@given(positive, positive, relative, relative)
def test_a_product_of_logarithmic_estimates_is_exact(a: float, b: float, sa: float, sb: float) -> None:
    product = measured(a, a * sa, LENGTH) * measured(b, b * sb, RESISTANCE) ** -2
    assert product.value == pytest.approx(a / b**2, rel=1e-12)
    assert product.spread == pytest.approx(math.hypot(sa, 2 * sb), rel=1e-12)
    assert product.dimension == tuple(x - 2 * y for x, y in zip(LENGTH, RESISTANCE, strict=True))


@given(positive, positive, st.floats(-0.99, 0.99))
def test_joint_keeps_the_covariance_of_a_fit(sa: float, sb: float, rho: float) -> None:
    matrix = np.array([[sa**2, rho * sa * sb], [rho * sa * sb, sb**2]])
    fit = joint("fit", [1.0, 2.0], matrix, scales=["linear", "linear"], dimensions=[LENGTH, LENGTH])
    np.testing.assert_allclose(covariance(fit), matrix, rtol=1e-9, atol=1e-9 * max(sa, sb) ** 2)
    variance = sa**2 + sb**2 + 2 * rho * sa * sb
    assert (fit[0] + fit[1]).standard_uncertainty ** 2 == pytest.approx(
        variance, rel=1e-6, abs=1e-9 * max(sa, sb) ** 2
    )


def test_extrapolation_from_one_fit_needs_its_correlations() -> None:
    """A line's value far from its data: with the correlation of slope and intercept, and against numpy."""
    x = np.linspace(2.0, 2.5, 7)
    design = np.column_stack([np.ones_like(x), x])
    matrix = np.asarray(np.linalg.inv(design.T @ design) * 0.01**2, dtype=np.float64)
    a, b = joint("line", [1.0, -3.0], matrix, scales=["linear"] * 2, dimensions=[DIMENSIONLESS] * 2)
    at = np.array([1.0, 3.4])
    assert (a + b * 3.4).standard_uncertainty == pytest.approx(math.sqrt(at @ matrix @ at), rel=1e-9)


def test_two_processes_agree_on_the_draws() -> None:
    one = measured(1.0, 0.1, source="samples.a.thickness")
    two = Estimate.from_json(json.loads(json.dumps(one.to_json())))
    np.testing.assert_array_equal(one.draws(), two.draws())
    assert not np.allclose(one.draws(), measured(1.0, 0.1, source="samples.b.thickness").draws())


def test_losing_a_correlation_is_an_error() -> None:
    thickness = measured(2.1e-3, 2.1e-5, LENGTH)
    with pytest.raises(CorrelationError):
        float(thickness)
    with pytest.raises(CorrelationError):
        np.asarray([thickness, thickness], dtype=float)
    record = thickness.to_json()
    del record["weights"]
    with pytest.raises(CorrelationError):
        Estimate.from_json(record)


def test_dimensions_are_kept_apart() -> None:
    with pytest.raises(UnitError):
        measured(1.0, 0.1, LENGTH) + measured(1.0, 0.1, RESISTANCE)
    with pytest.raises(UnitError):
        measured(1.0, 0.1, LENGTH) + 1.0
    with pytest.raises(UnitError):
        measured(1.0, 0.1, LENGTH).to("S/cm")
    value, sd = measured(1.0, 0.1, LENGTH).to("cm")
    assert (value, sd) == (pytest.approx(100), pytest.approx(10))


def test_a_temperature_interval_has_no_offset() -> None:
    value, sd = measured(298.15, 1.0, dimension_of("K")).to("degC")
    assert (value, sd) == (pytest.approx(25), pytest.approx(1))


@pytest.mark.parametrize("spread", [0.05, 0.5])
def test_skewed_functions_cover_what_numpy_draws_cover(spread: float) -> None:
    """exp of a sum of two independent normals, against plain Monte Carlo with other random numbers."""
    a, b = measured(0.3, spread), measured(0.1, spread)
    result = propagate(lambda x, y: np.exp(x) + y**2, a, b)
    rng = np.random.default_rng(5)
    x, y = 0.3 + spread * rng.normal(size=400_000), 0.1 + spread * rng.normal(size=400_000)
    truth = np.quantile(np.exp(x) + y**2, [0.025, 0.158655, 0.841345, 0.975])
    width = truth[3] - truth[0]
    np.testing.assert_allclose([*result.interval(0.95)], truth[[0, 3]], atol=0.03 * width)
    np.testing.assert_allclose([*result.interval(0.6826895)], truth[[1, 2]], atol=0.03 * width)


@pytest.mark.parametrize("same", [True, False])
def test_a_product_of_wide_factors_has_the_shape_of_its_draws(same: bool) -> None:
    """Against plain Monte Carlo: each factor alone enters linearly, both together do not."""
    x = measured(1.0, 1.0, source="x")
    y = x if same else measured(1.0, 1.0, source="y")
    rng = np.random.default_rng(8)
    a = 1 + rng.normal(size=400_000)
    b = a if same else 1 + rng.normal(size=400_000)
    low, high = np.quantile(a * b, [0.025, 0.975])
    np.testing.assert_allclose((x * y).interval(), [low, high], atol=0.05 * (high - low))


def test_a_formula_without_a_value_is_undetermined_not_an_error() -> None:
    assert propagate(np.sqrt, measured(0.5, 1.0)).status == "undetermined"


def test_a_bound_moves_out_by_the_errors_of_its_partners() -> None:
    resistance = upper_bound(100.0, RESISTANCE, "the arc is cut")
    length = measured(10.0, 3.0, LENGTH)
    sigma = length / resistance
    assert sigma.side == "lower"
    assert sigma.value == pytest.approx(0.1 * math.exp(-1.6449 * 0.3), rel=0.03)


def test_a_normal_times_a_constant_stays_normal_and_mirrors_a_skewed_one() -> None:
    skewed = propagate(np.exp, measured(0.0, 0.5))
    low, high = skewed.interval()
    assert high - 1 > 1.5 * (1 - low)
    mirrored_low, mirrored_high = (skewed * -2.0).interval()
    assert (mirrored_low, mirrored_high) == (pytest.approx(-2 * high), pytest.approx(-2 * low))
    np.testing.assert_allclose((skewed * -2.0).draws(), -2 * skewed.draws())


def test_students_t_has_wider_tails() -> None:
    (narrow,) = joint("a", [0.0], np.eye(1), scales=["linear"], dimensions=[DIMENSIONLESS])
    (wide,) = joint(
        "a", [0.0], np.eye(1), scales=["linear"], dimensions=[DIMENSIONLESS], degrees_of_freedom=5
    )
    assert narrow.interval()[1] == pytest.approx(1.95996, rel=1e-4)
    assert wide.interval()[1] == pytest.approx(2.57058, rel=1e-4)  # printed tables of t, 5 degrees of freedom
    assert wide.standard_uncertainty == pytest.approx(1.1105, rel=1e-3)


def test_posterior_draws_keep_margins_and_correlation() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=20_000)
    draws = np.column_stack([np.exp(0.4 * x), 3 + x + 0.5 * rng.normal(size=x.size)])
    a, b = from_draws("posterior", draws, scales=["log", "linear"], dimensions=[LENGTH, DIMENSIONLESS])
    np.testing.assert_allclose(a.interval(), np.quantile(draws[:, 0], [0.025, 0.975]), rtol=0.03)
    np.testing.assert_allclose(b.interval(), np.quantile(draws[:, 1], [0.025, 0.975]), rtol=0.03)
    assert correlation(a, b) == pytest.approx(1 / math.sqrt(1.25), abs=0.01)


def test_exponential_and_logarithm_are_inverse_and_exact() -> None:
    energy = measured(0.4, 0.3, source="E")
    there = logarithm(exponential(energy))
    assert there.value == pytest.approx(0.4)
    assert there.weights == energy.weights


def test_bounds_turn_over_in_a_quotient() -> None:
    length = measured(1e-3, 1e-5, LENGTH)
    resistance = upper_bound(10.0, RESISTANCE, "the bulk arc lies above the window")
    conductance = 1 / resistance
    assert (conductance.status, conductance.side, conductance.value) == ("bound", "lower", pytest.approx(0.1))
    assert conductance.interval() == (pytest.approx(0.1), math.inf)
    assert (length * resistance).side == "upper"
    assert (-1.0 * resistance).side == "lower"
    assert (resistance * lower_bound(1.0, LENGTH, "x")).status == "undetermined"


def test_the_worst_status_wins_and_keeps_its_reason() -> None:
    blank = undetermined(RESISTANCE, "the arc is outside the window")
    total = blank + measured(1.0, 0.1, RESISTANCE)
    assert (total.status, total.note) == ("undetermined", "the arc is outside the window")
    assert (blank * refused(LENGTH, "no geometry")).note == "no geometry"
    assert math.isnan(total.standard_uncertainty)


def test_impossible_estimates_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="finite"):
        exact(math.nan)
    with pytest.raises(ValueError, match="standard uncertainty"):
        measured(1.0, -0.1)
    with pytest.raises(ValueError, match="positive"):
        measured(-1.0, 0.1, LENGTH, scale="log")
