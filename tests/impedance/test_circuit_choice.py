"""The circuit chosen from synthetic data whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from ionscape.core.errors import InputError
from ionscape.impedance.circuit_choice import CircuitChoice, Design, check_candidates
from ionscape.impedance.circuit_text import parse_circuit

F = np.geomspace(1e7, 0.1, 60)


def synthetic(
    text: str, values: list[float], noise: float = 2e-3, seed: int = 1, f: NDArray[np.float64] = F
) -> NDArray[np.complex128]:
    rng = np.random.default_rng(seed)
    z = parse_circuit(text).impedance(f, values)
    return np.asarray(z * (1 + noise / np.sqrt(2) * (rng.normal(size=f.size) + 1j * rng.normal(size=f.size))))


def choose(z: NDArray[np.complex128], f: NDArray[np.float64] = F) -> CircuitChoice:
    choice = CircuitChoice(f, z, 1 / np.abs(z))
    choice.choose()
    return choice


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("(R1,Q1)-(R2,Q2)-Q3", [1e4, 1e-11, 0.95, 3e4, 1e-8, 0.85, 1e-6, 0.8]),
        ("(R1,Q1)-Q2", [1e4, 1e-10, 0.9, 1e-6, 0.8]),
        ("R0-(R1,Q1)-Q2", [1e3, 1e4, 1e-8, 0.9, 1e-5, 0.8]),
        ("R0-(R1,Q1)", [1e3, 1e4, 1e-8, 0.9]),
        ("R0-Q1", [1e3, 1e-6, 0.8]),
        ("(R1,Q1)-(R2,Q2)", [1e4, 1e-11, 0.95, 3e4, 1e-8, 0.85]),
        ("(R1,Q1)-(R2,Q2)-(R3,Q3)-Q4", [1e4, 1e-11, 0.95, 3e4, 1e-8, 0.9, 3e4, 1e-6, 0.85, 1e-4, 0.8]),
        ("L0-R0-(R1,Q1)-Q2", [1e-5, 1e3, 1e4, 1e-8, 0.9, 1e-5, 0.8]),
        ("R0-W1", [1e2, 3e2]),
    ],
)
def test_the_true_circuit_is_chosen(text: str, values: list[float]) -> None:
    choice = CircuitChoice(F, z := synthetic(text, values), 1 / np.abs(z))
    assert choice.choose().circuit.text == text


def test_one_arc_is_not_split_in_two() -> None:
    """Ten noise draws of one depressed arc: never a second one."""
    for seed in range(10):
        z = synthetic("(R1,Q1)-Q2", [1e4, 1e-9, 0.8, 1e-6, 0.8], seed=seed)
        best = choose(z).table()[0]
        assert best.circuit.count("(") == 1


def test_structured_misfit_is_not_taken_for_arcs() -> None:
    """A smooth error of 1 % that no arc explains lowers the number of independent points."""
    z = synthetic("(R1,Q1)-(R2,Q2)-Q3", [1e4, 1e-11, 0.95, 3e4, 1e-8, 0.85, 1e-6, 0.8], noise=1e-4)
    wave = 1 + 0.01 * np.sin(6 * np.log10(F))
    choice = choose(z * wave)
    assert choice.table()[0].circuit == "(R1,Q1)-(R2,Q2)-Q3"
    assert choice.n_independent < 60


def test_table_is_sorted_and_names_what_is_wrong_with_the_losers() -> None:
    z = synthetic("(R1,Q1)-(R2,Q2)-Q3", [1e4, 1e-11, 0.95, 3e4, 1e-8, 0.85, 1e-6, 0.8])
    table = choose(z).table()
    assert table[0].refused == table[0].doubt == ""
    assert [c.refused != "" for c in table] == sorted(c.refused != "" for c in table)
    assert any(c.refused or c.doubt for c in table)
    assert len({c.circuit for c in table}) == len(table)


def test_few_points_give_a_simple_circuit() -> None:
    f = np.geomspace(1e5, 1e2, 4)
    best = choose(synthetic("R0-C1", [100.0, 1e-6], f=f), f).table()[0]
    assert parse_circuit(best.circuit).n_parameters < 7


def test_given_candidates_are_the_only_ones_tried() -> None:
    z = synthetic("R0-(R1,Q1)", [1e3, 1e4, 1e-8, 0.9])
    choice = CircuitChoice(F, z, 1 / np.abs(z))
    texts = ["R0-(R1,C1)", "R0-(R1,Q1)", "R0-(R1,Q1)-(R2,Q2)"]
    assert choice.choose(texts).circuit.text == "R0-(R1,Q1)"
    assert sorted(c.circuit for c in choice.table()) == sorted(texts)


def test_bad_candidates_are_refused_before_any_fit() -> None:
    with pytest.raises(InputError, match="at least one"):
        check_candidates([])
    with pytest.raises(InputError, match="unknown element"):
        check_candidates(["R0-(R1,Q1)", "R0-X1"])


def test_design_is_written_as_a_circuit() -> None:
    assert Design(2, True, "Q", True).text == "L0-R0-(R1,Q1)-(R2,Q2)-Q3"
    assert Design(0, True).text == "R0"
