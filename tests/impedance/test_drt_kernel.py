"""The non-negative solver and the linear problem, against scipy and against direct integration."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import nnls

from ionscape.impedance.drt_kernel import effective_parameters, non_negative, pose, solve


@given(st.integers(0, 2**31), st.integers(2, 25), st.booleans())
def test_non_negative_solution_is_that_of_lawson_and_hanson(seed: int, size: int, all_free: bool) -> None:
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(2 * size, size))
    target = rng.normal(size=2 * size)
    x, free = non_negative(matrix.T @ matrix, matrix.T @ target, np.full(size, all_free))
    expected, _ = nnls(matrix, target)
    assert x == pytest.approx(expected, abs=1e-8)
    assert np.all(x[~free] == 0)


def test_columns_are_the_kernel_integrated() -> None:
    omega = np.geomspace(1e6, 1, 30)
    z = np.full(30, 100 + 0j)
    problem = pose(
        omega,
        z,
        np.ones(30),
        tail_exponent=0.8,
        inductance=True,
        extension=3.0,
        low_frequency_extension=3.0,
        points_per_decade=7,
    )
    # a wide Gaussian distribution, integrated on a grid 400 times finer
    centre, width = -7.0, 1.5
    coarse = np.exp(-0.5 * ((problem.log_tau - centre) / width) ** 2)
    fine = np.linspace(centre - 12 * width, centre + 12 * width, 20_001)
    weight = np.exp(-0.5 * ((fine - centre) / width) ** 2) * (fine[1] - fine[0])
    exact = np.sum(weight / (1 + 1j * omega[:, None] * np.exp(fine)), axis=1)
    x = np.concatenate([np.zeros(problem.n_extra), coarse]) / problem.unit
    got = problem.matrix @ x * 100
    assert got == pytest.approx(np.concatenate([exact.real, exact.imag]), abs=1e-6)


def test_stronger_regularisation_uses_fewer_parameters() -> None:
    omega = np.geomspace(1e6, 1, 40)
    z = np.asarray(10 + 1e3 / (1 + (1j * omega * 1e-3) ** 0.8), dtype=np.complex128)
    problem = pose(
        omega,
        z,
        np.ones(40),
        tail_exponent=None,
        inductance=False,
        extension=1.0,
        low_frequency_extension=1.0,
        points_per_decade=7,
    )
    solutions = [solve(problem, strength) for strength in (1e-6, 1e-3, 1.0)]
    counts = [effective_parameters(problem, each) for each in solutions]
    assert counts == sorted(counts, reverse=True)
    squares = [each.sum_of_squares for each in solutions]
    assert squares == sorted(squares)
