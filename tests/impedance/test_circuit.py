"""Circuits: impedance by hand, Jacobians by difference, natural and fitted parameters."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ionscape.core.errors import InputError
from ionscape.impedance.circuit import Circuit, ln_s
from ionscape.impedance.circuit_text import parse_circuit

FloatArray = NDArray[np.float64]
F = np.geomspace(1e-1, 1e6, 15)
S = 2j * np.pi * F

# Blocks that may stand side by side without being the same thing twice.
BLOCKS = ("(R,Q)", "(R,C)", "ZARC", "Q", "Wo", "Ws", "G", "(R-(R,Q),Q)", "(Q,R-W)", "(C,R-Wo)", "(L,R)")


@st.composite
def circuits(draw: st.DrawFn) -> Circuit:
    blocks = draw(st.lists(st.sampled_from(BLOCKS), min_size=1, max_size=3))
    return parse_circuit("-".join([*draw(st.sampled_from([[], ["R"], ["R", "L"], ["C"]])), *blocks]))


def typical(circuit: Circuit, shift: FloatArray) -> FloatArray:
    """Fitted parameters of reasonable size, moved by shift in -1..1."""
    centre = {"ohm": 6.0, "s": -6.0, "F": -12.0, "H": -8.0, "S s^alpha": -12.0, "ohm s^-0.5": 6.0}
    theta = [centre.get(p.unit, 0.75) for p in circuit.parameters]
    return np.array(theta) + np.where(circuit.is_log, 3.0, 0.2) * shift


def test_series_and_parallel_are_kirchhoffs() -> None:
    circuit = parse_circuit("R0-(R1,Q1)-(R2-C2,L3)-Q4")
    v = {"R0": 5.0, "R1": 100.0, "Q1": 1e-6, "Q1.alpha": 0.9, "R2": 20.0, "C2": 1e-3, "L3": 1e-2}
    v |= {"Q4": 1e-4, "Q4.alpha": 0.7}
    arc = 1 / (1 / 100 + 1e-6 * S**0.9)
    loop = 1 / (1 / (20 + 1 / (S * 1e-3)) + 1 / (S * 1e-2))
    assert circuit.impedance(F, v) == pytest.approx(5 + arc + loop + 1 / (1e-4 * S**0.7))


def test_fused_arc_is_fitted_by_its_time_constant() -> None:
    circuit = parse_circuit("(Q1,R1)")
    assert circuit.text == "(R1,Q1)"
    assert circuit.theta_names == ("ln R1", "ln Q1.tau", "Q1.alpha")
    theta = circuit.theta(np.array([1e4, 1e-9, 0.8]))
    assert theta == pytest.approx([np.log(1e4), np.log((1e4 * 1e-9) ** (1 / 0.8)), 0.8])


@given(circuit=circuits(), data=st.data())
def test_jacobian_is_the_derivative_of_the_impedance(circuit: Circuit, data: st.DataObject) -> None:
    p = circuit.n_parameters
    shift = np.array(data.draw(st.lists(st.floats(-1, 1), min_size=p, max_size=p)))
    theta, log_s, h = typical(circuit, shift), ln_s(F), 1e-5
    z, slopes = circuit.evaluate(theta, log_s)
    for j in range(p):
        step = h * (np.arange(p) == j)
        difference = (circuit.evaluate(theta + step, log_s)[0] - circuit.evaluate(theta - step, log_s)[0]) / (
            2 * h
        )
        assert slopes[j] == pytest.approx(difference, rel=1e-5, abs=1e-8 * float(np.max(np.abs(z))))


@given(circuit=circuits(), data=st.data())
def test_natural_parameters_go_back_and_forth(circuit: Circuit, data: st.DataObject) -> None:
    p = circuit.n_parameters
    shift = np.array(data.draw(st.lists(st.floats(-1, 1), min_size=p, max_size=p)))
    theta = typical(circuit, shift)
    values = circuit.values(theta)
    assert circuit.theta(values) == pytest.approx(theta)
    assert circuit.impedance(F, values.tolist()) == pytest.approx(circuit.evaluate(theta, ln_s(F))[0])
    h = 1e-6
    numeric = [(circuit.values(theta + h * e) - circuit.values(theta - h * e)) / (2 * h) for e in np.eye(p)]
    slope = circuit.values_jacobian(theta)
    assert slope == pytest.approx(np.array(numeric).T, rel=1e-5, abs=1e-8 * float(np.max(np.abs(slope))))


@given(circuit=circuits())
def test_text_parses_to_the_same_circuit(circuit: Circuit) -> None:
    again = parse_circuit(circuit.text)
    assert again == circuit
    assert again.names == circuit.names
    assert len(set(circuit.names)) == circuit.n_parameters == len(circuit.theta_names) == len(circuit.units)


@given(circuit=circuits(), scale=st.floats(0.01, 100))
def test_impedance_scales_with_its_parameters(circuit: Circuit, scale: float) -> None:
    """Every R, L up and every C, Q down by a factor: Z up by it. This is what starting values rely on."""
    theta = typical(circuit, np.zeros(circuit.n_parameters))
    powers = np.array([p.impedance_power for p in circuit.parameters])
    z = circuit.evaluate(theta, ln_s(F))[0]
    assert circuit.evaluate(theta + powers * np.log(scale), ln_s(F))[0] == pytest.approx(scale * z)


def test_many_parameter_sets_at_once_are_each_by_itself() -> None:
    circuit = parse_circuit("R0-(R1,Q1)-(Q2,R2-W2)")
    rng = np.random.default_rng(1)
    theta = np.array([typical(circuit, rng.uniform(-1, 1, circuit.n_parameters)) for _ in range(4)])
    z, slopes = circuit.evaluate(theta, ln_s(F))
    for row in range(4):
        alone, slope = circuit.evaluate(theta[row], ln_s(F))
        assert z[row] == pytest.approx(alone)
        assert slopes[row] == pytest.approx(slope)


def test_jacobian_of_natural_parameters() -> None:
    circuit = parse_circuit("(R1,Q1)")
    r, q, a = 1e3, 1e-7, 0.8
    y = 1 / r + q * S**a
    slopes = circuit.jacobian(F, [r, q, a])
    assert slopes[:, 0] == pytest.approx(1 / (r * y) ** 2)
    assert slopes[:, 1] == pytest.approx(-(S**a) / y**2)
    assert slopes[:, 2] == pytest.approx(-q * S**a * np.log(S) / y**2)


def test_values_that_cannot_be_are_refused() -> None:
    circuit = parse_circuit("R0-(R1,Q1)")
    with pytest.raises(InputError, match=r"missing: Q1\.alpha; unknown: n"):
        circuit.impedance(F, {"R0": 1, "R1": 1, "Q1": 1, "n": 1})
    with pytest.raises(InputError, match="R1 must be a positive number, not -5"):
        circuit.impedance(F, [1, -5, 1, 0.8])
    with pytest.raises(InputError, match="has 4 parameters, not 2"):
        circuit.impedance(F, [1, 5])
