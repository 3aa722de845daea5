"""Coordinates of the global fit: inverse of each other, slopes as finite differences say."""

from __future__ import annotations

import numpy as np
import pytest

from ionscape.core.errors import InputError
from ionscape.impedance.circuit_text import parse_circuit
from ionscape.impedance.shared_parameters import (
    check_shared,
    coordinates_of,
    plan_of,
    shareable_names,
    theta_of,
)

CIRCUIT = parse_circuit("R0-(R1,Q1)-(R2,C2)-Q3")
THETA = np.array(
    [[2.0, 9.0, -11.0, 0.8, 7.0, -5.0, -13.0, 0.9], [2.1, 8.0, -12.0, 0.85, 6.0, -6.0, -13.1, 0.88]]
)


@pytest.mark.parametrize(
    "shared", [(), ("Q1",), ("Q1.capacitance", "C2"), ("Q1.tau", "Q1.alpha", "R0", "Q3.alpha")]
)
def test_coordinates_and_back(shared: tuple[str, ...]) -> None:
    plan = plan_of(CIRCUIT, (), shared)
    u = coordinates_of(plan, THETA)
    slopes = np.empty((2, 8, 8))
    np.testing.assert_allclose(theta_of(plan, u, slopes), THETA, rtol=1e-12)
    for j in range(8):
        step = np.zeros(8)
        step[j] = 1e-6
        numerical = (theta_of(plan, u + step) - theta_of(plan, u - step)) / 2e-6
        np.testing.assert_allclose(slopes[:, :, j], numerical, atol=1e-6)
    assert plan.n_shared == len(shared)
    assert plan.n_local == 8 - len(shared)


def test_names_that_can_be_shared() -> None:
    assert {"R1", "Q1", "Q1.alpha", "Q1.tau", "Q1.capacitance", "C2", "Q3"} <= set(shareable_names(CIRCUIT))
    with pytest.raises(InputError, match="'Q2' is none"):
        check_shared(CIRCUIT, ("Q1", "Q2"))


def test_tied_and_shared_exclude_each_other() -> None:
    with pytest.raises(InputError, match="R1 cannot be tied"):
        plan_of(CIRCUIT, ("R1",), ("R1",))
