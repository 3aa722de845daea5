"""Complex least squares: exact data, an independent optimiser, order of arcs, user's starts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import least_squares as scipy_least_squares

from ionscape.core.errors import InputError
from ionscape.impedance.circuit_text import parse_circuit
from ionscape.impedance.cnls import in_order, pose, solve, theta_from_user

F = np.geomspace(1e7, 0.1, 60)
TWO_ARCS = parse_circuit("(R1,Q1)-(R2,Q2)-Q3")
VALUES = [1e4, 1e-11, 0.95, 3e4, 1e-8, 0.85, 1e-6, 0.8]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("(R1,Q1)-(R2,Q2)-Q3", VALUES),
        ("R0-(R1,Q1)-W1", [50.0, 1e3, 1e-7, 0.85, 300.0]),
        ("L1-R0-(R1,C1)-C2", [1e-6, 20.0, 1e3, 1e-8, 1e-5]),
        ("R0-(Q1,R1-W1)", [100.0, 1e-6, 0.9, 1e3, 200.0]),
        ("R0-(R1,Q1)-Wo1", [100.0, 1e3, 1e-8, 0.9, 300.0, 1.0]),
        ("R0-G1", [100.0, 1e3, 1e-2]),
        ("(R1-(R2,Q2),Q1)", [1e3, 2e3, 1e-5, 0.9, 1e-8, 0.95]),
    ],
)
def test_exact_data_give_the_truth_without_a_guess(text: str, values: list[float]) -> None:
    circuit = parse_circuit(text)
    z = circuit.impedance(F, values)
    fit = solve(pose(circuit, F, z, 1 / np.abs(z)))
    assert circuit.values(fit.theta) == pytest.approx(values, rel=1e-5)
    assert fit.converged


def test_scipy_started_at_the_truth_finds_the_same_minimum() -> None:
    rng = np.random.default_rng(2)
    z = TWO_ARCS.impedance(F, VALUES)
    z = z * (1 + 5e-3 * (rng.normal(size=60) + 1j * rng.normal(size=60)))

    def residuals(x: np.ndarray) -> np.ndarray:
        r1, q1, r2, q2, q3 = np.exp(x[[0, 1, 3, 4, 6]])
        s = 2j * np.pi * F
        model = r1 / (1 + r1 * q1 * s ** x[2]) + r2 / (1 + r2 * q2 * s ** x[5]) + 1 / (q3 * s ** x[7])
        weighted = (model - z) / np.abs(z)
        return np.concatenate([weighted.real, weighted.imag])

    start = np.array(VALUES)
    start[[0, 1, 3, 4, 6]] = np.log(start[[0, 1, 3, 4, 6]])
    oracle = scipy_least_squares(residuals, start, xtol=1e-14, ftol=1e-14, gtol=1e-14)
    fit = solve(pose(TWO_ARCS, F, z, 1 / np.abs(z)))
    found = TWO_ARCS.values(fit.theta)
    found[[0, 1, 3, 4, 6]] = np.log(found[[0, 1, 3, 4, 6]])
    assert fit.cost == pytest.approx(2 * oracle.cost, rel=1e-8)
    assert found == pytest.approx(oracle.x, rel=1e-4)
    jacobian = np.asarray(oracle.jac, dtype=np.float64)
    covariance = 2 * oracle.cost / (120 - 8) * np.linalg.inv(jacobian.T @ jacobian)
    slope = (
        TWO_ARCS.values_jacobian(fit.theta)
        / np.where(TWO_ARCS.is_log, TWO_ARCS.values(fit.theta), 1)[:, None]
    )
    assert slope @ fit.covariance @ slope.T == pytest.approx(covariance, rel=1e-2)


@given(ln_tau=st.lists(st.floats(-20, 0), min_size=3, max_size=3, unique=True))
def test_arcs_are_ordered_from_high_to_low_frequency(ln_tau: list[float]) -> None:
    circuit = parse_circuit("R0-(R1,Q1)-(R2,Q2)-(R3,Q3)")
    theta = np.array([1.0, *(x for i, t in enumerate(ln_tau) for x in (float(i), t, 0.5 + 0.1 * i))])
    ordered = in_order(circuit, theta)
    assert np.all(np.diff(ordered[[2, 5, 8]]) > 0)
    z = circuit.evaluate(theta, np.log(2j * np.pi * F))[0]
    assert circuit.evaluate(ordered, np.log(2j * np.pi * F))[0] == pytest.approx(z)


def test_arcs_of_different_kind_keep_their_place() -> None:
    circuit = parse_circuit("(R1,Q1)-(R2,C2)")
    theta = np.array([1.0, 0.0, 0.9, 2.0, -5.0])
    assert np.array_equal(in_order(circuit, theta), theta)


def test_users_starting_values_are_kept_and_checked() -> None:
    z = TWO_ARCS.impedance(F, VALUES)
    problem = pose(TWO_ARCS, F, z, 1 / np.abs(z))
    starts = theta_from_user(problem, {"R1": 2e4, "Q3.alpha": 0.75})
    natural = TWO_ARCS.values(starts)
    assert natural[:, 0] == pytest.approx(2e4)
    assert natural[:, 7] == pytest.approx(0.75)
    with pytest.raises(InputError, match="starting value for 'R9'"):
        theta_from_user(problem, {"R9": 1.0})
    with pytest.raises(InputError, match="R1 = -1 must be a positive number"):
        theta_from_user(problem, {"R1": -1.0})
