"""Information criteria and the effective number of points."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ionscape.fit.information import aicc, bic, effective_count


def test_one_parameter_more_costs_ln_n() -> None:
    assert bic(1.0, 120, 5) - bic(1.0, 120, 4) == pytest.approx(math.log(120))


def test_differences_are_those_of_the_gaussian_likelihood() -> None:
    """-2 ln L at the best variance is n ln(SS/n) + n (1 + ln 2 pi)."""
    n, first, second = 50, 3.0, 2.0

    def likelihood(ss: float) -> float:
        variance = ss / n
        return -0.5 * n * math.log(2 * math.pi * variance) - ss / (2 * variance)

    expected = -2 * (likelihood(second) - likelihood(first))
    assert bic(second, n, 3) - bic(first, n, 3) == pytest.approx(expected)
    assert aicc(second, n, 3) - aicc(first, n, 3) == pytest.approx(expected)


def test_aicc_approaches_aic_and_refuses_too_few_points() -> None:
    n = 10_000
    assert aicc(1.0, n, 4) == pytest.approx(n * math.log(1 / n) + 2 * 5, abs=0.01)
    assert aicc(1.0, 6, 4) == math.inf


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.8])
def test_effective_count_of_an_autoregressive_series(rho: float) -> None:
    rng = np.random.default_rng(1)
    series = np.zeros((2, 20_000))
    for i in range(1, series.shape[1]):
        series[:, i] = rho * series[:, i - 1] + rng.normal(size=2)
    assert effective_count(series) == pytest.approx(series.size * (1 - rho) / (1 + rho), rel=0.1)
