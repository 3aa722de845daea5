"""Starting values come from the spectrum alone and lie near enough."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import nnls

from ionscape.impedance.circuit import ln_s
from ionscape.impedance.circuit_text import parse_circuit
from ionscape.impedance.starting_values import _solve, starting_values

F = np.geomspace(1e7, 0.1, 60)
LOG_S = ln_s(F)


def test_amplitudes_are_close_to_non_negative_least_squares() -> None:
    rng = np.random.default_rng(1)
    matrix = rng.random((12, 30))
    matrix /= np.linalg.norm(matrix, axis=1)[:, None]
    target = rng.normal(size=30)
    index = np.array([rng.choice(12, 4, replace=False) for _ in range(200)])
    amplitude, cost = _solve(matrix, target, index)
    best = np.array([nnls(matrix[i].T, target)[1] ** 2 for i in index])
    assert np.all(amplitude >= 0)
    assert np.all(cost >= best - 1e-6)
    assert np.mean(cost < best + 1e-3 * (target @ target)) > 0.9
    for i, x, c in zip(index[:20], amplitude, cost, strict=False):
        assert c == pytest.approx(np.sum((x @ matrix[i] - target) ** 2), abs=1e-6)


def test_two_arcs_and_a_tail_are_found_within_a_grid_step() -> None:
    circuit = parse_circuit("(R1,Q1)-(R2,Q2)-Q3")
    values = [1e4, 1e-11, 0.95, 3e4, 1e-8, 0.85, 1e-6, 0.8]
    z = circuit.impedance(F, values)
    starts = starting_values(circuit, LOG_S, z, 1 / np.abs(z), 8)
    assert starts.shape[1] == 8
    assert 1 <= len(starts) <= 8
    truth = circuit.theta(np.array(values))
    assert np.min(np.max(np.abs(starts - truth), axis=1)) < 2.0  # natural logarithms


def test_starts_differ_from_each_other() -> None:
    circuit = parse_circuit("(R1,Q1)-(R2,Q2)-Q3")
    z = circuit.impedance(F, [1e4, 1e-11, 0.95, 3e4, 1e-8, 0.85, 1e-6, 0.8])
    taus = starting_values(circuit, LOG_S, z, 1 / np.abs(z), 8)[:, [1, 4]]
    gaps = np.max(np.abs(taus[:, None] - taus[None]), axis=2)
    assert np.min(gaps[~np.eye(len(taus), dtype=bool)]) > 1.0
    assert np.all(taus[:, 0] < taus[:, 1])  # the faster arc comes first in the circuit


@pytest.mark.parametrize("text", ["R0-(Q1,R1-W1)", "(R1-(R2,Q2),Q1)", "R0-(C1,R1-Wo1)"])
def test_nested_circuits_start_with_the_size_of_the_data(text: str) -> None:
    circuit = parse_circuit(text)
    centre = {"ohm": 1e3, "s": 1e-2, "F": 1e-7, "S s^alpha": 1e-6, "ohm s^-0.5": 300.0, "": 0.9}
    z = circuit.impedance(F, [centre[u] for u in circuit.units])
    starts = starting_values(circuit, LOG_S, z, 1 / np.abs(z), 24)
    misfit = np.abs(circuit.evaluate(starts, LOG_S)[0] / z - 1)
    assert starts.shape == (24, circuit.n_parameters)
    assert np.median(misfit[0]) < 1.0


def test_the_same_spectrum_gives_the_same_starts() -> None:
    circuit = parse_circuit("R0-(Q1,R1-W1)")
    z = circuit.impedance(F, [10.0, 1e-6, 0.9, 1e3, 300.0])
    first = starting_values(circuit, LOG_S, z, 1 / np.abs(z), 5)
    assert np.array_equal(first, starting_values(circuit, LOG_S, z, 1 / np.abs(z), 5))
