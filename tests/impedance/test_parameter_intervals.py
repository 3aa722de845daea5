"""Profile ends against a brute-force search by another optimiser."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats
from scipy.optimize import least_squares

from ionscape.impedance.circuit_fit import CircuitFit
from ionscape.impedance.spectrum_fit import fit

FloatArray = NDArray[np.float64]
F = np.geomspace(2e5, 0.1, 50)  # ends at a fifth of the bulk apex
TRUTH = np.array([1e4, 1.6e-11 * 1.6, 0.95, 3e4, 1e-8, 0.85, 1e-6, 0.8])
IS_EXPONENT = np.array([0, 0, 1, 0, 0, 1, 0, 1], dtype=bool)


def model(p: FloatArray) -> NDArray[np.complex128]:
    s = 2j * np.pi * F
    arcs = p[0] / (1 + p[0] * p[1] * s ** p[2]) + p[3] / (1 + p[3] * p[4] * s ** p[5])
    return np.asarray(arcs + 1 / (p[6] * s ** p[7]))


def least_cost(result: CircuitFit, held: int, value: float) -> float:
    """Sum of squares with one natural parameter held, by scipy on ln R, ln Q, alpha."""
    free = np.arange(8) != held

    def natural(x: FloatArray) -> FloatArray:
        p = np.empty(8)
        p[held] = value
        p[free] = np.where(IS_EXPONENT[free], x, np.exp(np.where(IS_EXPONENT[free], 0, x)))
        return p

    def residuals(x: FloatArray) -> FloatArray:
        r = (model(natural(x)) - result.impedance) * result.weights
        return np.concatenate([r.real, r.imag])

    start = np.where(IS_EXPONENT, np.minimum(result.values, 0.999), np.log(result.values))[free]
    upper = np.where(IS_EXPONENT, 1.0, np.inf)[free]
    found = least_squares(residuals, start, bounds=(-np.inf, upper), x_scale="jac", xtol=1e-12, ftol=1e-12)
    return 2 * float(found.cost)


@pytest.fixture(scope="module")
def cut() -> CircuitFit:
    rng = np.random.default_rng(1)
    z = model(TRUTH) * (1 + 7e-3 * (rng.normal(size=F.size) + 1j * rng.normal(size=F.size)))
    return fit(F, z, "(R1,Q1)-(R2,Q2)-Q3")


@pytest.mark.parametrize("name", ["R1", "Q1", "R2"])
def test_ends_are_where_the_cost_rises_by_students_t(cut: CircuitFit, name: str) -> None:
    j = cut.names.index(name)
    assert cut.profiled[j]
    for level, ends in ((0.6826894921370859, cut.intervals68), (0.95, cut.intervals95)):
        t = stats.t.ppf(0.5 + level / 2, cut.degrees_of_freedom)
        for end in ends[j]:
            rise = least_cost(cut, j, float(end)) - cut.chi_square
            variance = cut.chi_square / cut.degrees_of_freedom
            assert np.sqrt(rise / variance) == pytest.approx(t, rel=0.05)


def test_curvature_alone_on_request(cut: CircuitFit) -> None:
    plain = fit(cut.frequency, cut.impedance, "(R1,Q1)-(R2,Q2)-Q3", intervals=False)
    assert not any(plain.profiled)
    t = stats.t.ppf(0.975, plain.degrees_of_freedom)
    j = plain.names.index("R2")
    spread = plain.standard_uncertainty[j] / plain.values[j]
    assert plain.intervals95[j] == pytest.approx(plain.values[j] * np.exp([-t * spread, t * spread]))


def test_a_wider_probability_gives_a_wider_interval(cut: CircuitFit) -> None:
    assert np.all(cut.intervals95[:, 0] <= cut.intervals68[:, 0])
    assert np.all(cut.intervals95[:, 1] >= cut.intervals68[:, 1])
    assert np.all((cut.intervals68[:, 0] <= cut.values) & (cut.values <= cut.intervals68[:, 1]))
