"""Capacitances against closed forms and published numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ionscape.core.errors import InputError
from ionscape.core.estimate import Estimate, correlation, exact, joint, measured
from ionscape.core.quantity import DIMENSIONLESS, named_dimension
from ionscape.impedance.capacitance import (
    arc_capacitance,
    brug_capacitance,
    parallel_capacitance,
    permittivity,
    reference_capacitance,
)

OHM, SECOND, METRE = (named_dimension(n) for n in ("resistance", "time", "length"))
FARAD, AREA = named_dimension("capacitance"), named_dimension("area")


@given(
    q=st.floats(1e-13, 1e-3), alpha=st.floats(0.3, 1.0), r=st.floats(1.0, 1e9)
)  # fmt: skip
def test_tau_over_r_is_the_published_form(q: float, alpha: float, r: float) -> None:
    tau = (r * q) ** (1 / alpha)
    found = arc_capacitance(exact(r, OHM), exact(tau, SECOND))
    assert found.dimension == FARAD
    assert math.isclose(found.value, parallel_capacitance(q, alpha, r), rel_tol=1e-9)


def test_ideal_capacitor_needs_no_resistance() -> None:
    assert parallel_capacitance(3e-10, 1.0, 1e5) == pytest.approx(3e-10)


def test_published_capacitance_of_s04147() -> None:
    # separate fit at 413 K: R1, Q1, n1 -> 6.996e-12 F (EISFitpython report)
    assert parallel_capacitance(6.515e-11, 0.838222, 1.46223e5) == pytest.approx(6.996e-12, rel=2e-3)


@pytest.mark.parametrize(
    ("q", "alpha", "r"), [(0.0, 0.9, 1.0), (1.0, 0.9, -1.0), (1.0, 0.0, 1.0), (1.0, 1.2, 1.0)]
)
def test_impossible_parameters_are_refused(q: float, alpha: float, r: float) -> None:
    with pytest.raises(InputError):
        parallel_capacitance(q, alpha, r)


def test_errors_of_one_fit_are_joint() -> None:
    # ln R and ln tau fully correlated: their ratio is exact
    r, tau = joint("fit", [1e5, 1e-6], np.array([[0.01, 0.01], [0.01, 0.01]]), scales=["log", "log"],
                   dimensions=[OHM, SECOND])  # fmt: skip
    assert arc_capacitance(r, tau).spread == pytest.approx(0.0, abs=1e-6)
    r, tau = joint(
        "other", [1e5, 1e-6], np.diag([0.01, 0.04]), scales=["log", "log"], dimensions=[OHM, SECOND]
    )
    assert arc_capacitance(r, tau).spread == pytest.approx(math.sqrt(0.05))


def test_brug_is_the_capacitor_where_alpha_is_one() -> None:
    one, q = exact(1.0), exact(2e-6)
    found = brug_capacitance(q, one, exact(100.0, OHM))
    assert found.value == pytest.approx(2e-6)
    assert found.dimension == FARAD


def test_brug_of_a_distributed_surface() -> None:
    """Equal capacitors behind a spread of series resistances look like a CPE.

    At alpha = 0.8: C^0.8 = Q (1/R_s + 1/R_t)^(-0.2), solved here by bisection in place of the power.
    """
    q, alpha, rs, rt = 1e-5, 0.8, 50.0, 2000.0
    target = q * (1 / rs + 1 / rt) ** (alpha - 1)
    low, high = 1e-9, 1e-3
    for _ in range(200):
        middle = math.sqrt(low * high)
        low, high = (middle, high) if middle**alpha < target else (low, middle)
    found = brug_capacitance(exact(q), exact(alpha), exact(rs, OHM), exact(rt, OHM))
    assert found.value == pytest.approx(low, rel=1e-6)


def test_brug_spread_agrees_with_draws() -> None:
    covariance = np.array([[4e-4, -1.5e-4, 0], [-1.5e-4, 1e-4, 0], [0, 0, 4e-4]])
    rng = np.random.default_rng(0)
    ln_q, alpha, ln_r = rng.multivariate_normal(
        [math.log(1e-6), 0.85, math.log(1e3)],
        covariance, size=200_000,
    ).T  # fmt: skip
    expected = np.std(ln_q / alpha + (1 - alpha) / alpha * ln_r)
    q, a, r = joint(
        "tail", [1e-6, 0.85, 1e3], covariance, scales=["log", "linear", "log"],
        dimensions=[DIMENSIONLESS, DIMENSIONLESS, OHM],
    )  # fmt: skip
    assert brug_capacitance(q, a, r).spread == pytest.approx(float(expected), rel=0.02)


def test_permittivity_of_a_known_dielectric() -> None:
    length = measured(2e-3, 2e-5, METRE, source="t")
    area = measured(5e-5, 1e-6, AREA, source="a")
    cell = reference_capacitance(length, area)
    assert cell.value == pytest.approx(8.8541878188e-12 * 5e-5 / 2e-3)
    filled: Estimate = cell * 30.0
    epsilon = permittivity(filled, length, area)
    assert epsilon.value == pytest.approx(30.0)
    assert epsilon.dimension == DIMENSIONLESS
    assert epsilon.spread == pytest.approx(0.0, abs=1e-12)  # the same geometry cancels
    free = permittivity(exact(cell.value, FARAD), length, area)
    assert correlation(free, length) > 0


def test_a_badly_known_exponent_overflows_nowhere() -> None:
    """Draws of alpha near zero put Q^(1/alpha) beyond all numbers; warnings are errors here."""
    q = measured(1e-6, 1e-8, DIMENSIONLESS, source="q", scale="log")
    alpha = measured(0.3, 0.1, DIMENSIONLESS, source="a")
    found = brug_capacitance(q, alpha, measured(1e4, 10.0, OHM, source="r"))
    assert found.status != "determined" or np.all(np.isfinite(found.interval(0.95)))


@given(q=st.floats(1e-12, 1e-2), alpha=st.floats(0.3, 1.0), r=st.floats(1.0, 1e9))
def test_logarithms_change_no_value(q: float, alpha: float, r: float) -> None:
    found = brug_capacitance(exact(q), exact(alpha), exact(r, OHM))
    assert math.isclose(found.value, q ** (1 / alpha) * r ** ((1 - alpha) / alpha), rel_tol=1e-9)
