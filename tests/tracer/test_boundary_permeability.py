"""The ratio of gradient and step: exact intervals, bounds, and the paper's number."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ionscape.core.estimate import measured
from ionscape.core.quantity import named_dimension
from ionscape.tracer.boundary_permeability import step_ratio


def test_the_paper_s_boundary() -> None:
    """1.1 cm⁻¹, 0.02 and 2.6e-8 cm²/s give 1.43e-6 cm/s (printed as 1.5e-6, once in cm² s⁻¹)."""
    bulk = measured(2.6e-12, 0.0, named_dimension("diffusion coefficient"))
    found = bulk * step_ratio(110.0, 0.02, np.diag([1e-9, 1e-12]), "x")
    assert found.to("cm/s")[0] == pytest.approx(1.43e-6, rel=1e-3)


@given(sign=st.sampled_from([-1, 1]), correlation=st.floats(-0.8, 0.8))
def test_the_interval_holds_where_gradient_minus_p_step_is_compatible_with_zero(
    sign: int, correlation: float
) -> None:
    sd = np.array([20.0, 0.003])
    c = np.outer(sd, sd) * np.array([[1, correlation], [correlation, 1]])
    g, d = sign * 100.0, sign * 0.02
    found = step_ratio(g, d, c, "x")
    assert found.status == "determined"
    for p in found.interval(0.95):
        pull = (g - p * d) / np.sqrt(c[0, 0] - 2 * p * c[0, 1] + p**2 * c[1, 1])
        assert abs(pull) == pytest.approx(1.96, abs=0.01)


@pytest.mark.parametrize(
    ("gradient", "step", "status", "side"),
    [
        (10.0, 0.02, "bound", "upper"),
        (-10.0, -0.02, "bound", "upper"),
        (100.0, 0.001, "bound", "lower"),
        (10.0, 0.001, "undetermined", ""),
        (100.0, -0.02, "undetermined", ""),
        (-60.0, 0.02, "undetermined", ""),
    ],
)
def test_what_is_not_significant_is_a_bound_or_nothing(
    gradient: float, step: float, status: str, side: str
) -> None:
    found = step_ratio(gradient, step, np.diag([20.0**2, 0.002**2]), "x")
    assert (found.status, found.side) == (status, side)
    assert found.note


def test_all_intervals_together_cover_open_ones_included() -> None:
    """2000 boundaries whose gradient is two standard deviations large: 95 % of the sets hold the truth."""
    rng = np.random.default_rng(4)
    c = np.array([[50.0**2, 0.02], [0.02, 0.003**2]])
    held = []
    for k in range(2000):
        g, d = rng.multivariate_normal([100.0, 0.02], c)
        found = step_ratio(g, d, c, f"b{k}")
        if found.status == "undetermined":
            p = 5000.0
            held.append(abs(g - p * d) < 1.96 * np.sqrt(c[0, 0] - 2 * p * c[0, 1] + p**2 * c[1, 1]))
        else:
            low, high = found.interval(0.95)
            held.append(low <= 5000.0 <= high)
    assert np.mean(held) == pytest.approx(0.95, abs=0.015)
